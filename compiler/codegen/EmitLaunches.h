// EmitLaunches.h - the launches of a plan, as calls in the function under way.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_EMITLAUNCHES_H
#define BATTEN_COMPILER_CODEGEN_EMITLAUNCHES_H

#include "compiler/codegen/CodeBuilder.h"
#include "compiler/codegen/ProgramInfo.h"

namespace batten {

/// What a function under way knows while its launches are emitted.
struct Frame {
  std::map<std::string, mlir::Value> sizes;          ///< of the symbols
  llvm::DenseMap<mlir::Value, mlir::Value> pointers; ///< where the plan's tensors lie, but those of program memory
  mlir::Value bound;                                 ///< program memory
  mlir::Value record;                                ///< the batten_launch, one for all
  mlir::Value further, room;                         ///< above all buffers: for the scratch of further threads
  mlir::Value call;                                  ///< const batten_call *, may be null
};

/// Emits what entries and the bind have in common. One for all plans of a program, so that what they share is made
/// once.
class LaunchEmitter {
public:
  LaunchEmitter(mlir::ModuleOp module, const ProgramInfo &program, CodeBuilder &code)
      : module(module), program(program), code(code) {}

  /// Room for one batten_launch of any of the plans, on the stack.
  mlir::Value record(llvm::ArrayRef<VersionInfo> versions);
  /// Where the buffers lie, above each other from `workspace`, and what is left.
  void placeBuffers(PlanOp plan, mlir::Value workspace, mlir::Value workspaceBytes, Frame &frame);
  /// The launches in order; `launchOn` is batten_support_launch.
  llvm::LogicalResult emit(PlanOp plan, mlir::LLVM::LLVMFuncOp launchOn, Frame &frame);

private:
  mlir::LLVM::LLVMFuncOp unpacking(mlir::LLVM::LLVMFuncOp kernel);
  llvm::LogicalResult placeConstants(PlanOp plan, Frame &frame);
  mlir::Value pointerTo(mlir::Value tensor, const Frame &frame);
  llvm::LogicalResult emitLaunch(LaunchOp launch, mlir::LLVM::LLVMFuncOp launchOn, const Frame &frame);

  void emitTimed(LaunchOp launch, llvm::function_ref<void()> work);

  mlir::ModuleOp module;
  const ProgramInfo &program;
  CodeBuilder &code;
  llvm::DenseMap<mlir::Operation *, mlir::LLVM::LLVMFuncOp> unpackings;
  llvm::DenseMap<mlir::Attribute, std::string> constants; ///< names of their globals
};

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_EMITLAUNCHES_H
