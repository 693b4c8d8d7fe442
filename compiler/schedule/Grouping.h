// Grouping.h - the operations of an entry become groups, one by one; see Groups.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_GROUPING_H
#define BATTEN_COMPILER_SCHEDULE_GROUPING_H

#include "compiler/schedule/Groups.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SparseBitVector.h"

namespace batten {

/// What compiling the code of operations takes, in that of one addition: about 0.2 ms on Zen 3.
int64_t codeOf(llvm::ArrayRef<mlir::Operation *> operations);
/// Of a kernel of several operations, at most: 50 ms. A softmax is 71, a cross entropy 134, which is the most that
/// models have in one group; a chain of a hundred softmaxes in one took 3 s.
inline constexpr int64_t mostCode = 256;

/// What is made of constants alone runs with what reads it, what is made of weights and nothing of the call at the
/// bind.
enum class OperationTime { Any, Bind, Call };
using OperationTimes = llvm::DenseMap<mlir::Operation *, OperationTime>;
OperationTimes timesOf(mlir::func::FuncOp entry);

class Grouping {
public:
  Grouping(mlir::func::FuncOp entry, Shapes &shapes, bool fuse) : shapes(shapes), fuse(fuse), times(timesOf(entry)) {
    if (auto symbols = entry->getAttrOfType<mlir::ArrayAttr>("symbols"))
      bounds = upperBounds(symbols);
  }
  void add(mlir::Operation *op);
  std::vector<Group> take() {
    llvm::erase_if(groups, [](const Group &group) { return group.operations.empty(); }); // merged into others
    return std::move(groups);
  }

private:
  using Loops = llvm::SmallVector<int64_t>; ///< dims of a group's domain by loop of an operation

  Shapes &shapes;
  bool fuse;
  OperationTimes times;
  std::map<std::string, int64_t> bounds; ///< of bounded symbols
  std::vector<Group> groups;
  llvm::DenseMap<mlir::Operation *, size_t> groupOf;
  std::vector<llvm::SparseBitVector<>> needs; ///< by group: all groups that must have run before it

  // GroupTimes.cpp
  bool haveOneTime(mlir::Operation *op, const Group &group) const;

  // Groups.cpp
  bool takeLoopsOf(mlir::Operation *op, Group &group);
  bool join(mlir::Operation *op, size_t index);
  bool joinEpilogue(mlir::linalg::GenericOp op, Group &group);
  llvm::SparseBitVector<> groupsBehind(mlir::Operation *op);
  llvm::SparseBitVector<> sourcesOf(mlir::Operation *op);
  bool outsideIsIndependent(mlir::Operation *op, size_t index);
  void require(size_t index, const llvm::SparseBitVector<> &sources);
  void append(mlir::Operation *op, size_t index);

  // GroupRows.cpp
  bool areBounded(llvm::ArrayRef<Dim> extents) const;
  std::optional<Loops> loopsWithin(mlir::linalg::GenericOp op, const Group &group);
  bool joinTurned(mlir::linalg::GenericOp op, llvm::ArrayRef<int64_t> loops, const Group &group);
  bool joinRows(mlir::linalg::GenericOp op, Group &group);
  bool endInBatchReduction(mlir::linalg::GenericOp op, Group &group);
  bool canStandBeside(mlir::Value part) const;
  bool joinTogether(mlir::Operation *op, llvm::ArrayRef<size_t> producers);
  void merge(size_t source, size_t target);
  bool joinConcat(mlir::tensor::ConcatOp op);
};

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_GROUPING_H
