#ifndef BATTEN_PASSES_TD
#define BATTEN_PASSES_TD
include "mlir/Pass/PassBase.td"
// Each stage adds its passes here: summary, contract, options.

//===- lower ------------------------------------------------------------------------------------------------------===//

def DescribeEntries : Pass<"batten-describe", "mlir::ModuleOp"> {
  let summary = "say of every batten.func what its C interface must know";
  let description = [{
    Sets `batten.arguments` (those of the C function, without weights), `batten.independent` (dims whose positions never
    meet), `batten.mixes` (where the others do) and `batten.nonempty` (dims that must not be 0). Runs before the lowering,
    which keeps them.
  }];
}

def LowerToLinalg : Pass<"batten-lower", "mlir::ModuleOp"> {
  let summary = "every batten.func becomes a func.func on plain tensors";
  let description = [{
    Takes verified batten.funcs. Leaves the linalg form: natural-rank tensors, linalg.generic with projected-permutation
    maps, views, and every size as index arithmetic on the symbol arguments (attribute `batten.symbol`). Tensor arguments
    and results carry `batten.dims` and `batten.type`. What has no lowering is an error at its op.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::func::FuncDialect", "mlir::linalg::LinalgDialect",
                           "mlir::math::MathDialect", "mlir::tensor::TensorDialect"];
}

//===- schedule ---------------------------------------------------------------------------------------------------===//

def Fuse : Pass<"batten-fuse", "mlir::ModuleOp"> {
  let summary = "form fusion groups and outline each into a function of its own";
  let description = [{
    Takes entries in the linalg form. Leaves entries that only call: every group is a private function on tensors with
    the attribute `batten.kind`, equal groups only once. Right-hand sides that the batch shares are packed by a group of
    their own. Changes no value's bits.
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", "\"x86-64-v4\"", "LLVM name of the CPU to schedule for">,
    Option<"fuse", "fuse", "bool", "true", "false: one operation a group">
  ];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect", "mlir::tensor::TensorDialect"];
}

def BuildKernels : Pass<"batten-build-kernels", "mlir::ModuleOp"> {
  let summary = "build the kernel of every group and plan every entry";
  let description = [{
    Takes the form that batten-fuse leaves. Leaves kernels on bare pointers (attribute `batten.kernel`) and one
    batten.plan an entry, plus the plan of the bind where there are weights. A group that no builder takes is an error.
  }];
  let options = [Option<"cpu", "cpu", "std::string", "\"x86-64-v4\"", "LLVM name of the CPU to build for">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::scf::SCFDialect", "mlir::vector::VectorDialect",
                           "mlir::memref::MemRefDialect", "mlir::math::MathDialect", "mlir::LLVM::LLVMDialect",
                           "batten::BattenDialect"];
}

//===- codegen ----------------------------------------------------------------------------------------------------===//

def LowerToLLVM : Pass<"batten-lower-to-llvm", "mlir::ModuleOp"> {
  let summary = "kernels and plans become functions of the LLVM dialect";
  let description = [{
    Takes the scheduled form. Leaves llvm.funcs only: kernels with the target of their level, and for each plan the
    functions of the C interface, which call those of codegen/support/ and name tables that exist in LLVM IR only.
  }];
  let options = [Option<"cpu", "cpu", "std::string", "\"\"", "LLVM name of the CPU; empty: the module's batten.level">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::cf::ControlFlowDialect", "mlir::LLVM::LLVMDialect",
                           "mlir::math::MathDialect", "mlir::ub::UBDialect", "mlir::vector::VectorDialect"];
}
#endif
