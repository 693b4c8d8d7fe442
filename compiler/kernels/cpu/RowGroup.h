// RowGroup.h - what a rows group computes, found once and then built.
//
// The loops of every operation are a prefix of one domain (d0 .. dr-1), cut at `split`: dims before it number the rows,
// the others the columns. An element-wise operation may state another order of the same loops (`loopsAttribute`): where
// the columns are not the innermost dims of its result. An operation is computed once an element (`column`), folds all
// columns of a row (`reduction`) or is computed once a row (`row`).
//
// Columns are walked in steps: a reduction of step p is known after the walk p, so what reads it belongs to step p + 1
// or later. A column value that a later step needs is either kept in memory or computed again, whichever is cheaper;
// both give the same bits.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_ROWGROUP_H
#define BATTEN_COMPILER_KERNELS_CPU_ROWGROUP_H

#include "compiler/kernels/cpu/GroupScalars.h"
#include "compiler/kernels/cpu/Operand.h"

namespace batten {

/// Of an operation of a group: by its loops, the dims of the domain that they run along. Absent: 0, 1, 2, ..
inline constexpr llvm::StringLiteral loopsAttribute = "batten.loops";
llvm::SmallVector<int64_t> loopsOf(mlir::linalg::GenericOp op);

/// True for what VectorMath expands to a polynomial or a long division: tens of operations.
bool isHeavy(mlir::Operation *op);

/// Where an operation of a group finds the value of a block argument.
struct RowInput {
  enum Kind { memory, node, scalar } kind = scalar;
  unsigned index = 0; ///< of RowGroup::accesses or RowGroup::nodes
  mlir::Value value;  ///< the scalar
};

struct RowNode {
  enum Kind { column, reduction, row } kind = column;
  mlir::linalg::GenericOp op;
  llvm::SmallVector<RowInput> inputs; ///< one a block argument; a reduction's last one is its identity
  std::optional<unsigned> result;     ///< the access that it is written to, where the group returns it
  unsigned step = 0;  ///< the walk over the columns that computes it; for rows: before which it is known
  bool heavy = false; ///< has a function that expands to tens of operations
  bool kept = false;  ///< a column value that a later step reads from memory
  mlir::Type element() const { return mlir::getElementTypeOrSelf(op->getResult(0).getType()); }
  mlir::Block *body() const { return mlir::linalg::GenericOp(op).getBody(); }
};

struct RowGroup {
  llvm::SmallVector<Dim> domain;
  size_t split = 0;
  llvm::SmallVector<RowNode> nodes; ///< producers before consumers
  llvm::SmallVector<Operand> accesses;
  llvm::SmallVector<bool> indexed; ///< domain dims whose index a region asks for
  unsigned steps = 1;

  bool hasReduction() const;
  bool hasTurnedLoops() const; ///< an operation states its loops
  bool readsRows() const;      ///< has row nodes: the split is given, not free
  mlir::ArrayRef<Dim> rows() const { return mlir::ArrayRef<Dim>(domain).take_front(split); }
  mlir::ArrayRef<Dim> columns() const { return mlir::ArrayRef<Dim>(domain).drop_front(split); }
  /// Bits of the elements that fill a register: the widest of the heavy operations, where there are some, or of all
  /// that are not computed once a row.
  unsigned laneBits() const;
  /// Numbers the steps and decides what is kept. `inRegisters`: a row stays in registers, nothing needs keeping.
  /// `unrolled`: copies of its code that a reduction takes.
  void plan(bool inRegisters, int64_t unrolled);
  /// Sets the split of a group without reductions and tells each operation by it.
  void splitAt(size_t position);

private:
  void numberSteps(bool unrollsHeavy);
  void demand(unsigned index, unsigned step);
  bool cheapAgain(unsigned index, unsigned &operations, unsigned &loads) const;
  bool heavyAt(unsigned index, unsigned step) const;
};

/// Reads the group; fails, with an error at the operation, where it is not rows over one domain.
mlir::FailureOr<RowGroup> matchRows(mlir::func::FuncOp group, Shapes &shapes, KernelFrame &frame,
                                    GroupScalars &scalars);

/// Product of extents.
Dim countOf(mlir::ArrayRef<Dim> extents);

/// The one stride by which `operand` meets domain dims [from, to) counted row-major; nullopt where there is no such
/// stride. Dims of extent 1 do not matter.
std::optional<Dim> flatStride(const Operand &operand, mlir::ArrayRef<Dim> domain, size_t from, size_t to);

/// The elements that an operand has along the columns: `stride` apart, each for `repeat` columns, and, where `period`
/// is not 0, so many that come again and again, in every row alike.
struct ColumnElements {
  Dim stride;
  int64_t repeat = 1, period = 0;
};
/// The same where the innermost dims may repeat elements, a part of a vector of `lanes` each, or the outer ones all of
/// them.
std::optional<ColumnElements> columnElements(const Operand &operand, mlir::ArrayRef<Dim> domain, size_t from,
                                             int64_t lanes);
/// The index of domain dim `dim` in lane l, (l / inner) % extent, is that of every vector of `lanes` columns.
struct LanePeriod {
  int64_t inner, extent;
};
std::optional<LanePeriod> lanePeriod(mlir::ArrayRef<Dim> domain, size_t dim, int64_t lanes);

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_ROWGROUP_H
