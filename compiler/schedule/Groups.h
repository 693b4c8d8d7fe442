// Groups.h - fusion groups: which operations of an entry run as one kernel.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_GROUPS_H
#define BATTEN_COMPILER_SCHEDULE_GROUPS_H

#include "compiler/kernels/Access.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace batten {

enum class GroupKind {
  Rows,
  Contraction,
  BatchReduction,
  Concat,
  Pack,
  Gather,
  Update,
  Attention,
  Scan,
  Greatest,
  Convolution,
  Pool
};
llvm::StringRef groupKindName(GroupKind kind);
/// Of an outlined group, by its attribute; nullopt where that names no kind.
std::optional<GroupKind> kindOf(mlir::func::FuncOp group);

/// Operations in program order that become one kernel. A rows group runs over `domain`; of a group with reductions or
/// per-row values the first `split` dims number the rows and the others the columns.
struct Group {
  GroupKind kind;
  llvm::SmallVector<mlir::Operation *> operations;
  llvm::SmallVector<Dim> domain;
  std::optional<size_t> split;
};

/// The compute operations of `entry` in groups, in an order in which they may run. `fuse` false: one operation a group.
std::vector<Group> formGroups(mlir::func::FuncOp entry, Shapes &shapes, bool fuse);

/// Dims as operands in `entry`: arithmetic on its symbols, made anew.
llvm::SmallVector<mlir::OpFoldResult> operandsOf(mlir::OpBuilder &builder, mlir::Location loc, mlir::func::FuncOp entry,
                                                 llvm::ArrayRef<Dim> dims);

/// A dense copy of `source`, whose sizes are given: an identity generic.
mlir::Value createCopy(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value source,
                       llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// What `op` may run after alone: what it reads and, where it updates a tensor in place, whatever reads the tensor as
/// it was.
llvm::SmallVector<mlir::Operation *> predecessors(mlir::Operation *op);

/// The memory that a dense value lies in: splits and joins of dims keep it where it is.
mlir::Value throughReshapes(mlir::Value value);

/// The operations that read the memory of `value`, by way of views or not.
llvm::SmallVector<mlir::Operation *> readersOf(mlir::Value value);

/// By result of `entry`: the inout argument that it is written back to, or null.
llvm::SmallVector<mlir::Value> updatedArguments(mlir::func::FuncOp entry);

/// Erases what nobody reads.
void eraseUnread(mlir::func::FuncOp entry);

/// True for what has a kernel of its own; everything else of the linalg form is a view, a size or an init and is cloned
/// into the groups that read it.
bool isCompute(mlir::Operation *op);

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_GROUPS_H
