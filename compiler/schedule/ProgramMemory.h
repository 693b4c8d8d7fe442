// ProgramMemory.h - what lies in the program object, and the plan that puts it there.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_PROGRAMMEMORY_H
#define BATTEN_COMPILER_SCHEDULE_PROGRAMMEMORY_H

#include "compiler/schedule/KernelSet.h"

namespace batten {

/// What the bind prepares from the weights, and where it lies.
class ProgramMemory {
public:
  ProgramMemory(mlir::ModuleOp module, KernelSet &kernels) : module(module), kernels(kernels) {}

  /// Opens the plan of the bind.
  void begin();
  /// Offset of the weight as it is.
  mlir::FailureOr<int64_t> plain(llvm::StringRef path, mlir::Location loc);
  /// Offset of what the kernel of a pack call makes of it.
  int64_t packed(llvm::StringRef path, mlir::func::CallOp call, int64_t bytes);
  void finish();

private:
  mlir::ModuleOp module;
  KernelSet &kernels;
  PlanOp plan;
  llvm::StringMap<std::pair<mlir::Value, TensorType>> pointers; // by weight path
  llvm::StringMap<int64_t> offsets;                             // by path and kernel
  int64_t end = 0;

  std::pair<int64_t, mlir::Value> allocate(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef key, int64_t bytes);
  mlir::OpBuilder builder();
};

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_PROGRAMMEMORY_H
