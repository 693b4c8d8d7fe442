// Emit.h - the steps inside code generation, in their order.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_EMIT_H
#define BATTEN_COMPILER_CODEGEN_EMIT_H

#include "compiler/codegen/ProgramInfo.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace batten {

/// Kernels (func.func) become llvm.func, each for the level that it names, or for the only one; plans stay.
llvm::LogicalResult lowerKernels(mlir::ModuleOp module, llvm::ArrayRef<CpuLevel> levels);

/// Instructions that the kernel names and the level lacks become operations with the same bits. Fails on one that is
/// not known here.
llvm::LogicalResult spellOutInstructions(mlir::func::FuncOp kernel, const CpuLevel &level);

/// Roundings from f32 to bf16 become operations on bits, or an instruction of the level with a question before it.
void spellOutRoundings(mlir::func::FuncOp kernel, const CpuLevel &level);

/// Plans become the C functions of the program, as llvm.func that call the kernels; the plans go.
llvm::LogicalResult emitEntries(mlir::ModuleOp module, const ProgramInfo &program);

/// Fills in the tables that the entries name: those of batten_description.
void defineDescription(llvm::Module &module, const ProgramInfo &program);

/// Masked loads and stores of first lanes in parts, in kernels of a CPU without quick masks.
void spellOutFirstLanes(llvm::Module &module, llvm::TargetMachine &machine);

/// Rewrites masked loads and stores that LLVM 22 would make wrong accesses of; the last step before instruction
/// selection.
void mendMaskedMemory(llvm::Module &module);

/// Attribute of an LLVM function that is one launch after the other.
inline constexpr llvm::StringLiteral launchesAttribute = "batten-launches";

/// Names that entries and tables share. A dot keeps them apart from anything that C can name.
inline std::string descriptionName(const ProgramInfo &program) { return program.name + ".description"; }
inline std::string entriesName(const ProgramInfo &program) { return program.name + ".entries"; }
inline std::string codeBytesName(const ProgramInfo &program) { return program.name + ".code_bytes"; }
inline std::string launchTimesName(const ProgramInfo &program) { return program.name + "_launch_times"; }
inline std::string uniformCallName(const EntryInfo &entry) { return entry.cSymbol + ".call"; }
inline std::string uniformWorkspaceName(const EntryInfo &entry) { return entry.cSymbol + ".bytes"; }
inline std::string uniformBindName(const ProgramInfo &program) { return program.name + ".bind"; }

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_EMIT_H
