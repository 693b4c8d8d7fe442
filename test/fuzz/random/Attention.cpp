// Attention.cpp - attention of the generator.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

static constexpr int64_t multiplications = 120000;

/// Are there as many keys as queries, which `causal` takes? Where a size of the call decides, it is kept in that range.
bool Generator::keepsOrder(const Dim &queries, const Dim &keys) {
  std::optional<int64_t> numQueries = queries.constantValue(), numKeys = keys.constantValue();
  if (queries == keys || (numQueries && numKeys))
    return queries == keys || *numQueries <= *numKeys;
  bool ofTheCall = scope->kind == ScopeKind::Entry && (queries.symbolName() || keys.symbolName());
  std::string name = queries.symbolName().value_or(keys.symbolName().value_or(""));
  for (RuntimeDim &dim : sketch.runtimeDims) {
    if (!ofTheCall || dim.name != name || (!numQueries && !numKeys))
      continue;
    return dim.bound && dim.keepTo(numQueries.value_or(1), numKeys.value_or(INT64_MAX));
  }
  return false;
}

/// All options: keys and values of their own, more and fewer of them than queries, a mask and a length with some of the
/// batch dims.
bool Generator::attention() {
  int q = anyFloat(2, 2);
  if (q < 0)
    return false;
  TensorType query = at(q).type;
  DType dtype = query.dtype;
  Dim queries = query.core[0], depth = query.core[1];
  bool causal = random.chance(0.4);
  Dim keys = random.chance(0.5) ? queries : anyCoreDim();
  if (causal && !keepsOrder(queries, keys))
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
    bool known = keys == queries || (keys.isConstant() && queries.isConstant());
    features.push_back(!known            ? "attention, causal where the call says so"
                       : keys == queries ? "attention, causal"
                                         : "attention, causal with fewer queries");
  } else if (keys.isConstant() && queries.isConstant() && sizeOf(keys) < sizeOf(queries)) {
    features.push_back("attention with fewer keys");
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
