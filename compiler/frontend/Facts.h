// Facts.h - what is known of sizes: equality, order and divisibility of dim polynomials under `where` conditions.
//
// Equality follows from the normal form (Dims.h) and from the known equations, each used as a rewrite of one symbol
// (R3). Order follows from intervals: a bounded or static dim is at least 1, a bounded one at most its bound. Nothing
// else is tried: what stays open is Maybe, and the user is asked for a `where` (E0216).
//
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_FACTS_H
#define BATTEN_COMPILER_FRONTEND_FACTS_H

#include "compiler/frontend/AST.h"
#include "compiler/frontend/Types.h"

#include <functional>

namespace batten::frontend {

/// `lhs relation rhs`, as polynomials.
struct Condition {
  Dim lhs, rhs;
  DimRelation relation = DimRelation::Eq;
  SourceRange range;
};

enum class Truth { False, Maybe, True };

class Facts {
public:
  using EntityOf = std::function<const DimEntity *(const std::string &symbol)>;
  explicit Facts(EntityOf entityOf) : entityOf(std::move(entityOf)) {}

  void assume(const Condition &condition);

  Truth equal(const Dim &lhs, const Dim &rhs) const;
  Truth holds(const Dim &lhs, DimRelation relation, const Dim &rhs) const;
  Truth lessEqual(const Dim &lhs, const Dim &rhs) const { return holds(lhs, DimRelation::Le, rhs); }
  /// The first condition that cannot hold where `symbol` is `size`.
  const Condition *brokenBy(const std::string &symbol, int64_t size) const;
  /// The dim with the known equations applied.
  Dim normal(const Dim &dim) const;
  /// It depends on a `for` variable whose range is unknown: decided when the loop is unrolled.
  bool dependsOnTurn(const Dim &dim) const;

private:
  struct Interval {
    std::optional<int64_t> low, high; // nullopt: unbounded
  };
  Interval signs(const Dim &dim, unsigned depth) const;
  void tighten(Interval &range, const Dim &dim) const;
  Interval interval(const Dim &dim) const;
  Interval interval(const Atom &atom) const;
  static Interval product(const Interval &a, const Interval &b);

  EntityOf entityOf;
  std::map<std::string, Dim> equations; // symbol -> what it equals
  std::vector<Condition> conditions;
};

/// The divisions within a polynomial (`/`, `div`, `%`), inner ones first.
void collectDivisions(const Dim &dim, std::vector<Atom> &found);

} // namespace batten::frontend

#endif
