// KernelSet.h - the kernels of a program under way.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_KERNELSET_H
#define BATTEN_COMPILER_SCHEDULE_KERNELSET_H

#include "compiler/kernels/Kernels.h"
#include "compiler/schedule/Remarks.h"
#include "dialect/Batten.h"
#include "llvm/ADT/StringMap.h"

namespace batten {

/// The kernels of a program, by the names of their groups.
class KernelSet {
public:
  KernelSet(mlir::ModuleOp module, const Level &level) : module(module), level(level) {}

  mlir::LogicalResult buildAll();
  /// nullptr where no group of this name has been built.
  const Kernel *lookup(llvm::StringRef group) const {
    auto found = kernels.find(group);
    return found == kernels.end() ? nullptr : &found->second;
  }
  /// Whether this result of `call` may lie in one place with all the operands that are there.
  bool mayShareMemory(mlir::func::CallOp call, unsigned result,
                      llvm::function_ref<bool(mlir::Value operand)> isThere) const;
  /// It will: the kernel no longer says that they are apart.
  void shareMemory(mlir::func::CallOp call, unsigned result, llvm::function_ref<bool(mlir::Value operand)> isThere);
  /// What -Wperf says of a launch of the kernel of `call` in every call of its entry.
  std::optional<Remark> remarkOn(mlir::func::CallOp call) const;
  /// A kernel that copies n elements, made when first asked for.
  mlir::FailureOr<std::string> copyKernel(mlir::Type element);
  /// Appends a launch. `sizes` are the kernel's size operands, `scratch` is a buffer or none; `binding` rewrites the
  /// kernel's own symbols in its range and scratch.
  LaunchOp launch(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef kernel, llvm::ArrayRef<Dim> sizes,
                  mlir::Value scratch, mlir::ValueRange pointers, const std::map<std::string, Dim> &binding = {});

private:
  mlir::ModuleOp module;
  const Level &level;
  llvm::StringMap<Kernel> kernels;
  llvm::StringMap<std::optional<Remark>> remarks;                              ///< by kernel
  llvm::StringMap<llvm::SmallDenseSet<std::pair<unsigned, unsigned>>> sharing; ///< by kernel: see sharedMemory
  mlir::LogicalResult build(mlir::func::FuncOp group);
};

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_KERNELSET_H
