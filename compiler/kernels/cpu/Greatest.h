// Greatest.h - the builder of the k greatest elements of a row: see Greatest.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_GREATEST_H
#define BATTEN_COMPILER_KERNELS_CPU_GREATEST_H

#include "compiler/kernels/cpu/Candidates.h"
#include "compiler/kernels/cpu/DimWalk.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace batten {

class Greatest {
public:
  Greatest(GreatestOp op, mlir::func::FuncOp function, Operand x, KernelFrame &frame, const Level &level);
  Kernel build();

private:
  KernelFrame &frame;
  const Level &level;
  mlir::OpBuilder &b;
  llvm::SmallVector<Dim> extents;
  size_t dim;
  Dim count; ///< of the elements that are wanted
  Operand x;
  std::optional<Operand> values, indices; ///< what of it the group returns
  OrderedKeys order;
  EntryFormat format;
  VectorCode code;    ///< lanes of keys
  VectorCode entries; ///< lanes of i64
  int64_t registers;  ///< of a sorted block
  Dim scratchBytes;
  std::optional<Candidates> candidates;
  std::optional<EntrySort> sorted; ///< what is greatest so far, and behind it what is new
  mlir::Value sortedKeys, sortedInverses;
  mlir::Value wanted, length, room, xStride;
  mlir::Value firstOfX, firstOfNext; ///< of this row; of the next one, or of this one again where it is the last

  LoopCode loopCode() const { return {b, code.loc}; }
  std::optional<int64_t> knownRoom() const;
  int64_t mostSampled() const;
  bool allFit() const;
  bool samples() const;
  Dim roomBound() const;
  mlir::Value roomOf();
  void makeScratch();

  // GreatestOfShortRows.cpp.
  bool takesRowsInLanes() const;
  bool sortsInNetwork() const;
  int64_t rowsAtOnce() const;
  void shortRows(const DimWalk &rows);
  void rowsInLanes(const DimWalk &rows, mlir::Value index, bool areWhole);
  EntrySort::Block sortColumns(const OrderedKeys &keys, const EntryFormat &format, llvm::ArrayRef<mlir::Value> columns);
  EntrySort::Block insertColumns(const OrderedKeys &keys, llvm::ArrayRef<mlir::Value> columns);

  void row(const DimWalk &rows, mlir::Value index);
  mlir::Value turn(mlir::Value from);
  mlir::Value begin();
  mlir::Value sampleThreshold();
  void takeAll(llvm::ArrayRef<mlir::Value> firsts);
  void takeFirst();
  void fetch(mlir::Value memory, mlir::Value first, mlir::Value at, bool toWrite) const;
  void fetchNext(mlir::Value at) const;
  mlir::Value takeAbove(mlir::Value from, mlir::Value threshold, bool orEqual);
  void sort(mlir::Value first);
  mlir::Value threshold();
  void giveResults(llvm::ArrayRef<mlir::Value> firsts);
  bool areDense() const;
  bool givesVectors() const;
  void giveVectors(llvm::ArrayRef<mlir::Value> firsts);
  mlir::Value indexAt(mlir::Value rank);

  mlir::Value load(mlir::Value at, mlir::Value mask = {}) {
    return order.load(x.memory, code.add(firstOfX, code.times(at, xStride)), xStride, mask);
  }
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value lhs, mlir::Value rhs) {
    return mlir::arith::CmpIOp::create(b, code.loc, predicate, lhs, rhs);
  }
  mlir::Value subtract(mlir::Value lhs, mlir::Value rhs) {
    return b.createOrFold<mlir::arith::SubIOp>(code.loc, lhs, rhs);
  }
  mlir::Value least(mlir::Value lhs, mlir::Value rhs) {
    return b.createOrFold<mlir::arith::MinUIOp>(code.loc, lhs, rhs);
  }
  mlir::Value remainder(mlir::Value lhs, mlir::Value rhs) {
    return b.createOrFold<mlir::arith::RemUIOp>(code.loc, lhs, rhs);
  }
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_GREATEST_H
