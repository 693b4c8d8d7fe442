// Program.h - what the front end hands to the compiler: flat, typed, everything inlined. No MLIR.
//
// `analyse` (Sema.h) checks a file and elaborates each `pub fn` into one Function: calls inlined, generics bound,
// static dims folded to numbers, loop dims of R4 in front of every batch list. An op's name and attributes are those
// of the batten dialect without the prefix, so that emission is one generic loop; ops that no later stage knows yet
// stand here under their own names.
//
// What surprises: a batch list holds names of the Function's symbols and nothing else. Two batch dims that the source
// spells alike but that are different dims (an imported `T` beside one's own) have different symbols here. A static
// dim left of a bar (`H = 8` in f32[H | N, Dh]) is a symbol too, of kind Static; right of the bar it is its number. So
// is one of a size of the call (`N` that met `T - 1`): of kind Computed, and right of the bar its polynomial. A call
// within which a dim is both a loop around it and a dim of its own has it twice, as `B` and `B_2`, which is B.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_PROGRAM_H
#define BATTEN_COMPILER_FRONTEND_PROGRAM_H

#include "dialect/Dims.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace batten::frontend {

enum class DType { F64, F32, F16, BF16, I64, I32, I8, U8, Bool };

/// "f32", "u8", "bool": as the source and the dialect's text spell it.
const char *dtypeName(DType dtype);
bool isFloat(DType dtype);
/// Size of one element in memory; bool is a byte.
int64_t dtypeBytes(DType dtype);

struct IntegerLimits {
  int64_t low, high;
};
/// Of an integer dtype.
IntegerLimits integerLimits(DType dtype);

/// Dims of a tensor, batch and core together: what the runtime's batten_tensor has room for.
constexpr size_t maxRank = 16;

/// Where something stands in the source. Lines and columns count from 1, `endColumn` is one past the end.
struct Location {
  std::string file;
  int line = 0, column = 0, endColumn = 0;
  bool operator==(const Location &other) const = default;
};

struct SourceRange;
class Sources;
/// Where a location lies in the sources, for diagnostics; the beginning where it is not found.
SourceRange rangeOf(const Location &location, const Sources &sources);

/// `dtype[batch | core]`. Batch entries are symbols of the Function; core entries are polynomials over its bounded
/// symbols (a static dim is its number).
struct TensorType {
  DType dtype = DType::F32;
  std::vector<std::string> batch;
  std::vector<Dim> core;
  bool operator==(const TensorType &other) const = default;
  /// "f32[B, T | 512]"; a plain scalar is "f32[|]".
  std::string str() const;
};

struct Symbol {
  enum Kind { Unbounded, Bounded, Static, Computed };
  std::string name;
  Kind kind = Unbounded;
  int64_t value = 0; ///< Bounded: the bound. Static: the size.
  Dim size = {};     ///< Computed: over runtime symbols

  /// The call gives it.
  bool isRuntime() const { return kind == Unbounded || kind == Bounded; }
  /// What it counts: a number, a polynomial over runtime symbols, or itself.
  Dim definition() const { return kind == Static ? Dim::constant(value) : kind == Computed ? size : Dim::symbol(name); }
};

/// A relation between runtime sizes (`where`, exact division), checked once at entry.
struct Guard {
  Dim lhs, rhs;
  std::string relation; ///< "==", "!=", "<", "<=", ">", ">="
  Location location;
};

using Attribute = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<std::string>,
                               std::vector<std::vector<std::string>>>; ///< the last: `splits` of rearrange

/// A place where positions of a runtime dim see each other: `over batch B`, a dim moved right of the bar, a bounded dim
/// that stands there, is used as a number or says where a slice begins.
struct Mix {
  std::string dim;
  std::string what; ///< the source text, "mean(x over batch B)"
  Location location;
  bool beside = false; ///< the positions only come to lie beside each other: some later op brings them together
};

struct Op {
  std::string name; ///< of the dialect, without "batten."
  std::vector<int> operands, results;
  std::vector<std::pair<std::string, Attribute>> attributes;
  Location location;
  std::vector<Mix> mixes = {}; ///< of each dim one
  std::string layer = {};      ///< path of the model's instance that it belongs to (`blocks.3.mlp`); empty: the file's

  /// The attribute of this name; null where there is none, or it is of another type.
  template <typename T> const T *attribute(std::string_view name) const {
    for (const auto &[key, value] : attributes)
      if (key == name)
        return std::get_if<T>(&value);
    return nullptr;
  }
};

struct Argument {
  std::string name; ///< as in the source; a weight's is its path
  TensorType type;
  bool inout = false;
  bool weight = false;
  std::string path; ///< of a weight (`blocks.3.mlp.up`), or of a leaf within its parameter tree (`w1`)
  std::string from; ///< a weight's name in the safetensors file
  std::string tree; ///< the model of a parameter tree `p: Mlp.params`: one Argument a leaf, all named `p`
  Location location;
  int value = -1;   ///< the SSA value that it is on entry
  int updated = -1; ///< inout: the SSA value to be written back at the end
};

/// What to draw the elements of an argument from that numbers rows, classes, positions or keys: `least` to `end` - 1.
/// No condition of a call.
struct IdRange {
  size_t argument = 0; ///< its position in the function's
  int64_t least = 0;
  Dim end;
  bool operator==(const IdRange &other) const = default;
};

struct Function {
  std::string name;            ///< in the source
  std::string cName;           ///< of the C symbol without the program's prefix: `name`, or what `#[name("...")]` says
  std::vector<Symbol> symbols; ///< runtime ones first, in order of first use in the signature, then the others
  std::vector<Argument> arguments; ///< signature order, then the weights it reads in header order
  std::vector<TensorType> values;  ///< type of SSA value i
  std::vector<Op> ops;             ///< in execution order
  std::vector<int> results;        ///< the returned values; updated inouts are in `Argument::updated`
  std::vector<Guard> guards;
  std::vector<Mix> mixes;                                               ///< of each dim that is mixed its places
  std::vector<std::pair<std::string, std::vector<int64_t>>> specialize; ///< `#[specialize(B = 1, 8)]`
  std::vector<IdRange> idRanges;                                        ///< an argument may have several, or none
  bool fast = false;     ///< `#[fast]`: order and use of FMA are free inside this function
  std::string signature; ///< "pub fn forward(x: f32[B | 10]) -> f32[B | 5]", for comments
  Location location;     ///< of its name
};

/// A tensor that `NAME_bind` takes.
struct Weight {
  std::string path, from;
  TensorType type;       ///< static: no batch dims, constant core
  Location location;     ///< of its name
  Location typeLocation; ///< of its type
  std::string declared;  ///< "up: f32[| D, F]", as written
  std::string prefix;    ///< of `from`: what its model's path adds, "h.0.mlp."
  std::string root;      ///< the sub or model of the file that it belongs to
  Location rootLocation; ///< of that one's name
  bool isNamed = false;  ///< `from` is written, not made of the path
};

/// `expect actual ~ expected tol tolerance`: both are positions in the test function's results.
struct Expectation {
  int actual = 0, expected = 0;
  double tolerance = 0.0; ///< |actual - expected| <= tolerance * max(1, |expected|); 0 for integers
  Location location;
};

/// A `test` block: a function without arguments (but weights) whose dims are all Static.
struct Test {
  std::string name;
  Function function;
  std::vector<Expectation> expectations;
  Location location;
};

struct Program {
  std::string name;            ///< the file's stem as a C identifier
  std::vector<Weight> weights; ///< in header order: by declaration, models by first use
  std::vector<Function> functions;
  std::vector<Test> tests;
};

/// A textual form for tests and `--emit=program` (ProgramPrinter.cpp).
std::string printProgram(const Program &program);
std::string printFunction(const Function &function);

} // namespace batten::frontend

#endif // BATTEN_COMPILER_FRONTEND_PROGRAM_H
