// Types.h - dims as declared things, tensor types over them, and how both are shown to people.
//
// Left of the bar a dim is a DimEntity, compared by identity (R3: nominal). Right of it it is a CoreDim: a polynomial,
// compared by value, that remembers how it was written, for messages and to find the name again when it crosses the
// bar. A polynomial's symbols are those of entities (`DimEntity::symbol`), unique in the whole compilation.
//
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_TYPES_H
#define BATTEN_COMPILER_FRONTEND_TYPES_H

#include "compiler/frontend/Program.h"
#include "compiler/frontend/Source.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace batten::frontend {

/// A declared dim, a generic, or what a `?Hc` binds.
struct DimEntity {
  enum Kind {
    Unbounded, ///< `dim B`, or a generic of a `pub fn`
    Bounded,   ///< `dim T <= 2048`
    Static,    ///< `dim D = 512`, `dim Dh = D / H`, a size bound to a name
    Generic,   ///< `<N>` of a function or a model while its definition is checked
    Turn,      ///< a `for` variable whose range is not known yet
  };
  Kind kind = Static;
  std::string name;
  std::string symbol;       ///< in polynomials; unique, `name` or `name'2`
  SourceRange range;        ///< of the name where it is declared
  Dim size;                 ///< Static: its polynomial. Others: the symbol
  std::optional<Dim> bound; ///< Bounded
  bool generic = false;     ///< declared in a `<...>` list
  bool poisoned = false;    ///< its declaration was refused: whatever uses it stays silent
};

/// A dim right of the bar.
struct CoreDim {
  Dim size;
  std::string text;                  ///< as written ("3*D"); empty: show the polynomial
  const DimEntity *entity = nullptr; ///< written as one name: what it names
};

struct Leaf;

/// `M.params`: the weights of a model in order of declaration, subs flattened.
struct TreeShape {
  std::string model;
  std::vector<Leaf> leaves;
  std::map<std::string, std::string> parts; ///< path of a sub (no array) -> its model: `p.mlp` is a tree again
};

struct Type {
  DType dtype = DType::F32;
  std::vector<const DimEntity *> batch;
  std::vector<CoreDim> core;
  const TreeShape *tree = nullptr; ///< a parameter tree: `batch` stands in front of every leaf's own
  bool poisoned = false;
};

struct Leaf {
  std::string path; ///< "mlp.up"
  Type type;
};

/// Trees are the same when their leaves are: `p.mlp` fits where `Mlp.params` is wanted.
bool sameShape(const TreeShape *a, const TreeShape *b);

using BatchList = std::vector<const DimEntity *>;

std::optional<DType> dtypeFromName(std::string_view name);
bool isInteger(DType dtype); ///< i64 i32 i8 u8
/// R9: what sums and products of this dtype are accumulated in.
DType accumulatorOf(DType dtype);

/// "D", "D = 512" (with values), "1536".
std::string str(const CoreDim &dim, bool values = false);
/// "f32[B, T | 512]"; with values "f32[B, T | D = 512]". A plain scalar is "f32[|]".
std::string str(const Type &type, bool values = false);
/// A polynomial with the names of its dims.
std::string str(const Dim &dim);
/// "[B, T]"
std::string str(const BatchList &batch);
/// "B, T"
std::string joined(const std::vector<std::string> &parts, const char *separator = ", ");
/// "`B`, `T`"
std::string quotedList(const std::vector<std::string> &names);

/// "1 entry", "3 entries".
std::string counted(size_t count, const char *one, const char *many);

/// True if `part` is an in-order sublist of `whole`.
bool isSublist(const BatchList &part, const BatchList &whole);
/// The longest list that all others are in-order sublists of (R5); nullopt: there is none, and `left` and `right` are
/// the positions of two lists that disagree.
std::optional<BatchList> combineBatch(const std::vector<BatchList> &lists, size_t *left = nullptr,
                                      size_t *right = nullptr);

/// The nearest of `candidates` to a misspelt `word`, if one is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string> &candidates);
/// Case-insensitive edit distance with swaps, capped at `limit` + 1.
unsigned editDistance(std::string_view a, std::string_view b, unsigned limit);

} // namespace batten::frontend

#endif
