// Epilogue.h - the element-wise operations that run on the accumulators of a contraction or a window.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_EPILOGUE_H
#define BATTEN_COMPILER_KERNELS_CPU_EPILOGUE_H

#include "compiler/kernels/cpu/GroupScalars.h"
#include "compiler/kernels/cpu/Operand.h"
#include "compiler/kernels/cpu/VectorCode.h"

namespace batten {

class Epilogue {
public:
  /// `generics` in order, each reads the one before, the first reads `accumulated`.
  llvm::LogicalResult resolve(llvm::ArrayRef<mlir::linalg::GenericOp> generics, mlir::Value accumulated, Shapes &shapes,
                              KernelFrame &frame, GroupScalars &scalars);
  /// True where it is so long that a tile had better run it in a loop than unrolled on its accumulators: a quarter of
  /// the code and of the compile time at the same speed.
  bool isLong() const;
  /// The result's elements of vectors along `lanesLoop`; `at` gives an operand's first one for vector `index`. All
  /// vectors take one operation before any of them takes the next one, so that their roundings stand together.
  llvm::SmallVector<mlir::Value> apply(const VectorCode &code, KernelFrame &frame, mlir::ValueRange accumulators,
                                       int64_t lanesLoop,
                                       llvm::function_ref<mlir::Value(size_t index, const Operand &)> at,
                                       llvm::ArrayRef<mlir::Value> masks) const;
  /// Its operands in memory that vary along `loop`.
  llvm::SmallVector<const Operand *> operandsAlong(int64_t loop) const;
  /// True if every operand meets loops `outer` and `inner`, `innerExtent` long, as one loop.
  bool joins(int64_t outer, int64_t inner, const Dim &innerExtent) const;

private:
  /// What a block argument is: the value of the chain, one scalar, or memory.
  struct Input {
    bool chain = false;
    mlir::Value scalar;
    Operand operand;
  };
  llvm::SmallVector<mlir::linalg::GenericOp> generics;
  llvm::SmallVector<llvm::SmallVector<Input>> inputs;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_EPILOGUE_H
