// Values.h - what an expression is worth while a function body is walked.
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_VALUES_H
#define BATTEN_COMPILER_FRONTEND_VALUES_H

#include "compiler/frontend/Declarations.h"

namespace batten::frontend {

struct Instance;

/// A batch dim of the flat function: one of its symbols. While definitions are checked there are none.
struct Axis {
  std::string name;
  Dim size; ///< over runtime symbols
};

/// Literals, dims, `for` variables and what is computed from these alone (LANGUAGE.md, section 5): no dtype yet.
struct Number {
  bool real = false;     ///< else an exact integer
  Dim integer;           ///< not real: a polynomial; constant unless a dim of unknown size is in it
  bool least = false;    ///< -2^63, which no polynomial holds: `integer` is overflowed
  double value = 0;      ///< real and known
  bool known = true;     ///< real: `value` holds
  bool infinite = false; ///< made from a written `inf`: may be infinite
  int id = -1;           ///< real, not known, while elaborating: an f64 scalar of the function
};

struct Value {
  enum Kind {
    Poison,    ///< an error was reported: whatever uses it stays silent
    Tensor,    ///< `type`, `id`, `loop`
    Number,    ///< `number`
    List,      ///< brackets of numbers only: takes the dtype that it meets, as a number does
    Tuple,     ///< `elements`
    Tree,      ///< `type.tree`; `elements` are its leaves
    Instance,  ///< a model with its weights
    Instances, ///< a sub array
  };
  Kind kind = Poison;
  Type type;
  int id = -1;
  /// Inside an inlined callee: which of the frame's loop dims it has, outermost first. They stand left of type.batch.
  std::vector<Axis *> loop;
  frontend::Number number;
  std::vector<Value> elements;
  frontend::Instance *instance = nullptr;      ///< Instance; Instances: the representative
  std::vector<frontend::Instance *> instances; ///< Instances, when their number is known

  bool poisoned() const { return kind == Poison; }
};

/// A model with its generics bound and its weights in place: `sub mha: Mha<512, 8>`, `blocks.3`, or the `M` of `M(x)`.
struct Instance {
  ModelDecl *model = nullptr;
  std::string path, from;    ///< prefixes of its weights: "blocks.3.", "h.3."
  std::string root;          ///< the sub or model of the file that it belongs to
  SourceRange rootRange;     ///< of that one's name
  bool isNamed = false;      ///< a `from` of its own or of what it is part of is written
  std::vector<size_t> order; ///< where it is declared: position in its model and in its array, from the root
  std::map<const DimEntity *, Dim> sizes; ///< of the model's generics and dims
  /// What the model's static batch dims are to the world outside: one entity an instance (a sub array shares it).
  std::shared_ptr<std::map<const DimEntity *, const DimEntity *>> outward;
  std::shared_ptr<std::map<std::string, Value>> tree;  ///< `M(x; p)`: weights by path
  BatchList treeBatch;                                 ///< batch dims that stand in front of every leaf's own
  std::map<std::string, std::vector<Instance *>> subs; ///< made on first use
  bool incomplete = false;                             ///< generics are not known: only to infer them
};

/// A value with the place that it came from.
struct Operand {
  Value value;
  SourceRange range;
};

/// Several values as one; poison where one of them is.
inline Value tupleOf(std::vector<Value> elements) {
  for (const Value &element : elements)
    if (element.poisoned())
      return Value();
  Value tuple;
  tuple.kind = Value::Tuple;
  tuple.elements = std::move(elements);
  return tuple;
}

/// The tensors of a value, those within tuples and trees too.
inline void appendIds(const Value &value, std::vector<int> &ids) {
  if (value.kind == Value::Tensor)
    ids.push_back(value.id);
  for (const Value &element : value.elements)
    appendIds(element, ids);
}

} // namespace batten::frontend

#endif
