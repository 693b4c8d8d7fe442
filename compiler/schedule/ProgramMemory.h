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
  /// What a call at bind reads: a weight as its file has it (by path), what the bind has made before (by offset), or a
  /// constant.
  struct Source {
    std::string path;
    int64_t offset = 0;
    mlir::ElementsAttr constant = {};
  };
  /// Offsets of what the kernel of `call` makes of `sources`, one a result, which takes so many bytes.
  llvm::SmallVector<int64_t> made(mlir::func::CallOp call, llvm::ArrayRef<Source> sources,
                                  llvm::ArrayRef<int64_t> bytes);
  void finish();

private:
  mlir::ModuleOp module;
  KernelSet &kernels;
  PlanOp plan;
  llvm::StringMap<std::pair<mlir::Value, TensorType>> pointers; // by weight path
  llvm::StringMap<int64_t> offsets;                             // of plain weights, by path
  llvm::StringMap<llvm::SmallVector<int64_t>> results;          // of what is made, by kernel and sources
  int64_t end = 0;
  int64_t scratchOffset = 0, scratchBytes = 0;

  std::pair<int64_t, mlir::Value> allocate(mlir::OpBuilder &b, mlir::Location loc, int64_t bytes);
  mlir::Value pointerTo(mlir::OpBuilder &b, mlir::Location loc, const Source &source);
  mlir::Value scratchOf(mlir::OpBuilder &b, mlir::func::CallOp call);
  mlir::OpBuilder builder();
};

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_PROGRAMMEMORY_H
