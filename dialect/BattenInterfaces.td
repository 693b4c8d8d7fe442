// BattenInterfaces.td - what every op on tensors answers: how it lifts over the batch, and what it costs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_BATTENINTERFACES_TD
#define BATTEN_BATTENINTERFACES_TD

include "mlir/IR/OpBase.td"

def Batten_BatchedOp : OpInterface<"BatchedOp"> {
  let cppNamespace = "::batten";
  let description = [{
    An op is written on cores and lifted over the batch. By default each operand's batch list is an in-order sublist of
    the result's (missing dims repeat), and each batch dim of the result comes from some operand.
  }];
  let methods = [
    InterfaceMethod<"Core rank of operand `i` in the op's own signature; nullopt where any rank will do.",
      "std::optional<unsigned>", "operandCoreRank", (ins "unsigned":$i), "",
      [{ return ::batten::coreRankIn(ConcreteOp::coreSignature, i); }]>,
    InterfaceMethod<"Checks the batch lists of operands and results against each other.",
      "::llvm::LogicalResult", "verifyBatch", (ins), "", [{ return ::batten::verifyLifted($_op); }]>,
    InterfaceMethod<"Batch symbols whose positions this op lets see each other.",
      "::llvm::SmallVector<::mlir::StringAttr>", "mixedSymbols", (ins), "", [{ return {}; }]>
  ];
  let verify = [{ return ::batten::verifyBatched(::llvm::cast<::batten::BatchedOp>($_op)); }];
}

def Batten_Costed : OpInterface<"Costed"> {
  let cppNamespace = "::batten";
  let description = [{
    Cost before fusion, as polynomials in the symbols of the function, batch symbols included. A multiply-add counts as
    two FLOPs and every other scalar operation, however dear, as one; moving elements counts as none.
  }];
  let methods = [
    InterfaceMethod<"Floating-point (or integer) operations.", "::batten::Dim", "flops", (ins), "",
      [{ return ::batten::Dim::constant(0); }]>,
    InterfaceMethod<"Bytes of all operands and results, each read or written once.",
      "::batten::Dim", "bytes", (ins), "", [{ return ::batten::bytesOfValues($_op); }]>
  ];
}

#endif // BATTEN_BATTENINTERFACES_TD
