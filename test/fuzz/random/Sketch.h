// Sketch.h - a program as the generator makes it: values, statements and functions that print as source text.
//
// It is kept apart from the text so that a failing program can be made smaller: a statement can be left out, or its
// result turned into an argument, and the rest prints again.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_SKETCH_H
#define BATTEN_TEST_FUZZ_RANDOM_SKETCH_H

#include "compiler/frontend/Program.h"
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace batten::fuzz {

using frontend::DType;
using frontend::TensorType; // batch: names of dims as the source spells them

/// The values that an element can have, roughly: what keeps programs finite and moderate.
struct Interval {
  double low = 0, high = 0;
  double magnitude() const { return std::max(std::abs(low), std::abs(high)); }
};

struct Value {
  std::string name;
  TensorType type;
  Interval range;
  std::set<std::string> mixed; ///< batch dims whose samples it has seen together
  int uses = 0;
};

/// `let NAME = TEXT`, where `$0`, `$1`, ... are the operands; several results are taken apart: `let (a, b) = TEXT`.
struct Statement {
  std::vector<int> results, operands; ///< values of the body
  std::string text;
  Dim cost;                          ///< multiplications or elements, in the sizes of the scope
  std::vector<std::string> calls;    ///< functions and models of the sketch that the text names
  std::vector<std::string> features; ///< rules and forms that it is an example of, for the coverage
  bool inlined = false;              ///< printed where it is used, which is once
  bool annotated = false;            ///< `let x: f32[..] = ..`
};

/// A function's inside. Parameters and weights are values that no statement makes.
struct Body {
  std::vector<Value> values;
  std::vector<int> parameters, weights;
  std::vector<Statement> statements;
  std::vector<int> results;
  std::vector<std::pair<int, int>> updates; ///< inout parameters, and what becomes of each at the end
};

/// A function, or a model with its weights and one function `apply`.
struct Item {
  std::string name;
  bool model = false;
  std::vector<std::string> generics;
  std::string literal;                 ///< text of the whole item instead of a body
  std::vector<std::string> conditions; ///< of its `where`, on its generics
  std::string tree; ///< of a model called on weights of the caller's: "t: Model.params", a parameter of the entry
  Body body;
};

struct StaticDim {
  std::string name;
  int64_t size;
};

/// A dim of the call.
struct RuntimeDim {
  std::string name;
  int64_t bound = 0;                   ///< 0: unbounded
  int64_t size = 1;                    ///< in the call that is tested
  int64_t least = 1, most = INT64_MAX; ///< what guards at entry allow
  int64_t step = 1;                    ///< they allow multiples of this alone, `least` being one
  int64_t stated = 0;                  ///< what a `where` of the entry says it is at least; 0: there is none

  /// Keeps the size to multiples of `multiple` from `from` to `to` on; false, with nothing done, where none is left.
  bool keepTo(int64_t from, int64_t to = INT64_MAX, int64_t multiple = 1) {
    int64_t both = std::lcm(step, multiple), first = (std::max(from, least) + both - 1) / both * both;
    if (first > std::min({to, most, bound ? bound : INT64_MAX}))
      return false;
    least = first, most = std::min(to, most), step = both;
    return true;
  }
};

struct Sketch {
  std::vector<RuntimeDim> runtimeDims;
  std::vector<StaticDim> staticDims;
  std::vector<Item> items; ///< what `entry` calls, in an order in which they may be declared
  Item entry;
  std::vector<std::pair<std::string, int64_t>> specialized; ///< sizes that the entry has versions for

  std::string source() const;
  /// As the source spells it: a static dim by its name where it has one.
  std::string typeText(const TensorType &type) const;
  /// The runtime dims that parameters of the entry have: only of these it may speak.
  std::set<std::string> dimsOfEntry() const;
  /// Sizes of all dims by name.
  std::map<std::string, int64_t> sizes() const;
  /// Multiplications and elements of one call.
  int64_t cost() const;
  /// What all statements are examples of, with repetitions.
  std::vector<std::string> features() const;
  /// Leaves out statements, parameters and functions that no result needs.
  void prune();
};

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_SKETCH_H
