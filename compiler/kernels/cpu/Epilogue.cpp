// Epilogue.cpp - see Epilogue.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Epilogue.h"

using namespace mlir;

namespace batten {

/// Operations of an epilogue that are still unrolled.
constexpr unsigned unrolledOperations = 8;

LogicalResult Epilogue::resolve(ArrayRef<linalg::GenericOp> given, Value accumulated, Shapes &shapes,
                                KernelFrame &frame, GroupScalars &scalars) {
  generics.assign(given.begin(), given.end());
  Value chain = accumulated;
  for (linalg::GenericOp generic : generics) {
    SmallVector<Input> read;
    for (OpOperand *input : generic.getDpsInputOperands()) {
      Input &made = read.emplace_back();
      made.chain = input->get() == chain;
      made.scalar = made.chain ? Value() : scalars.uniform(input->get());
      if (made.chain || made.scalar)
        continue;
      auto operand = resolveOperand(input->get(), generic.getMatchingIndexingMap(input), shapes, frame);
      if (!operand)
        return generic.emitError("an operand of this epilogue is no view of memory");
      made.operand = *operand;
    }
    inputs.push_back(std::move(read));
    chain = generic.getResult(0);
  }
  return success();
}

bool Epilogue::isLong() const {
  unsigned operations = 0;
  for (linalg::GenericOp generic : generics)
    generic.getBody()->walk([&](Operation *op) {
      operations += op->getDialect()->getNamespace() == "math" ? unrolledOperations : 1; // erf, exp: long expansions
    });
  return operations > unrolledOperations;
}

SmallVector<Value> Epilogue::apply(const VectorCode &code, KernelFrame &frame, ValueRange accumulators,
                                   int64_t lanesLoop, function_ref<Value(size_t, const Operand &)> at,
                                   ArrayRef<Value> masks) const {
  SmallVector<Value> chains(accumulators);
  for (auto [generic, read] : llvm::zip_equal(generics, inputs))
    for (auto [i, chain] : llvm::enumerate(chains)) {
      SmallVector<Value> arguments;
      for (const Input &input : read) {
        if (input.chain || input.scalar) {
          arguments.push_back(input.chain ? chain : code.splat(input.scalar));
          continue;
        }
        const Operand &operand = input.operand;
        Value stride = frame.size(operand.strides[lanesLoop]);
        arguments.push_back(code.load(operand.memory, at(i, operand), stride, operand.element, masks[i]));
      }
      arguments.push_back(chain); // the unread init of an element-wise generic
      chain = code.cloneBody(generic, arguments, {})[0];
    }
  return chains;
}

SmallVector<const Operand *> Epilogue::operandsAlong(int64_t loop) const {
  SmallVector<const Operand *> operands;
  for (const SmallVector<Input> &read : inputs)
    for (const Input &input : read)
      if (!input.chain && !input.scalar && !input.operand.strides[loop].isConstant(0))
        operands.push_back(&input.operand);
  return operands;
}

bool Epilogue::joins(int64_t outer, int64_t inner, const Dim &innerExtent) const {
  return llvm::all_of(inputs, [&](ArrayRef<Input> read) {
    return llvm::all_of(read, [&](const Input &input) {
      return input.chain || input.scalar || input.operand.strides[outer] == input.operand.strides[inner] * innerExtent;
    });
  });
}

} // namespace batten
