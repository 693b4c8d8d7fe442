// Attention.cpp - attention of the generator.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

static constexpr int64_t multiplications = 120000;

/// All options: keys and values of their own, a mask and a length with some of the batch dims, fewer queries than keys
/// under `causal`.
bool Generator::attention() {
  int q = anyFloat(2, 2);
  if (q < 0)
    return false;
  TensorType query = at(q).type;
  DType dtype = query.dtype;
  Dim queries = query.core[0], depth = query.core[1];
  bool causal = random.chance(0.4);
  Dim keys = random.chance(0.5) ? queries : anyCoreDim();
  bool comparable = keys == queries || (keys.isConstant() && queries.isConstant());
  if (causal && (!comparable || sizeOf(keys) < sizeOf(queries)))
    keys = queries;
  auto batchOf = [&]() -> Batch {
    if (scope->kind != ScopeKind::Entry)
      return {};
    return random.chance(0.6) ? query.batch : sublist(query.batch);
  };
  Dim columns = random.chance(0.5) ? depth : anyCoreDim();
  if (sizeOf(queries) * sizeOf(keys) * sizeOf(depth + columns) > multiplications)
    return false;
  std::vector<int> operands = {q, operandOf({dtype, batchOf(), {keys, depth}}),
                               operandOf({dtype, batchOf(), {keys, columns}})};
  std::string text = "attention($0, $1, $2";
  std::vector<std::string> features;
  auto option = [&](const std::string &name, int operand) {
    if (operand < 0)
      return;
    text += ", " + name + ": $" + std::to_string(operands.size());
    operands.push_back(operand);
    features.push_back("attention with " + name);
  };
  if (causal) {
    text += ", causal: true";
    features.push_back(keys == queries ? "attention, causal" : "attention, causal with fewer queries");
  }
  if (random.chance(0.35))
    option("mask", operandOf({DType::Bool, batchOf(), {queries, keys}}));
  if (random.chance(0.35))
    option("len", operandOf({DType::I32, batchOf(), {}}));
  if (random.chance(0.2)) {
    text += ", scale: 0.25";
    features.push_back("attention with a scale");
  }
  if (features.empty())
    features.push_back("attention without options");
  for (int operand : operands)
    if (operand < 0)
      return false;
  std::optional<Batch> batch = combine(operands);
  if (!batch)
    return false;
  TensorType type{dtype, *batch, {queries, columns}};
  if (elements(type) * sizeOf(keys) > multiplications || at(operands[2]).range.magnitude() > 4000)
    return false;
  double bound = at(operands[2]).range.magnitude();
  Dim cost = elementsOf({dtype, *batch, {queries, keys}}) * (depth + columns);
  moderate(emit(text + ")", operands, type, {-bound, bound}, cost, features));
  return true;
}

} // namespace batten::fuzz
