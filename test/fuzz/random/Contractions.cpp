// Contractions.cpp - products of the generator.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

static constexpr int64_t multiplications = 120000;

static std::string rankText(size_t rank) { return rank == 2 ? "matrix" : "vector"; }

/// `a @ b` in all four core ranks; right-hand sides shared and batched, as they are or transposed, or both sides so
/// far.
bool Generator::product() {
  bool whole = random.chance(0.1);
  int a = whole ? integerOrBool(random.chance(0.5) ? 1 : 2) : anyFloat(1, 2);
  if (a < 0)
    return false;
  TensorType left = at(a).type;
  bool turned = left.core.size() == 2 && random.chance(0.2); // `a.T @ b`
  if (turned)
    std::swap(left.core[0], left.core[1]);
  size_t rightRank = random.chance(0.7) ? 2 : 1;
  TensorType right{left.dtype, {}, {left.core.back()}};
  if (rightRank == 2)
    right.core.push_back(anyCoreDim());
  bool turnedRight = rightRank == 2 && random.chance(0.3);
  if (turnedRight)
    std::swap(right.core[0], right.core[1]);
  int b = -1;
  if (random.chance(0.5))
    b = pick([&](const Value &value) {
      const TensorType &type = value.type;
      return type.dtype == left.dtype && type.core.size() == rightRank &&
             type.core[turnedRight ? 1 : 0] == left.core.back();
    });
  if (b >= 0 && !combine({a, b}))
    b = -1;
  if (b < 0) {
    right.batch = random.chance(0.5) || scope->kind != ScopeKind::Entry ? Batch() : sublist(left.batch);
    b = fresh(right, {-1, 1});
  }
  if (b < 0)
    return false;
  right = at(b).type;
  if (turnedRight)
    std::swap(right.core[0], right.core[1]);
  TensorType type{accumulatorOf(left.dtype), *combine({a, b}), {}};
  if (left.core.size() == 2)
    type.core.push_back(left.core[0]);
  if (rightRank == 2)
    type.core.push_back(right.core[1]);
  Dim depth = left.core.back();
  if (elements(type) * sizeOf(depth) > multiplications)
    return false;
  double bound = double(sizeOf(depth)) * at(a).range.magnitude() * at(b).range.magnitude();
  std::string x = turned ? "$0.T" : "$0", y = turnedRight ? "$1.T" : "$1", text = x + " @ " + y;
  std::string form = "product of " + rankText(left.core.size()) + " and " + rankText(rightRank);
  std::vector<std::string> features = {form + (right.batch.empty() ? ", shared" : ", batched")};
  if (turned || turnedRight)
    features.push_back(turned ? "transposed left operand" : "transposed right operand");
  if (left.dtype == DType::BF16 && random.chance(0.4)) {
    type.dtype = DType::F32;
    text = "matmul(" + x + ", " + y + ", out: f32)";
    features.push_back("matmul with another result dtype");
  } else if (std::string acc = wider(left.dtype, type.dtype, features); !acc.empty()) {
    text = "matmul(" + x + ", " + y + acc + ")";
  }
  moderate(emit(text, {a, b}, type, {-bound, bound}, elementsOf(type) * depth, features));
  return true;
}

/// One of the values so far or new, with this many core dims. -1: none.
int Generator::integerOrBool(size_t rank) {
  int found =
      pick([&](const Value &value) { return !frontend::isFloat(value.type.dtype) && value.type.core.size() == rank; });
  if (found >= 0)
    return found;
  TensorType type = anyType(random.pick({DType::I64, DType::I32, DType::I8, DType::U8, DType::Bool}));
  type.core.resize(rank, anyCoreDim());
  return elements(type) <= 20000 ? fresh(type) : -1;
}

bool Generator::linear() {
  int x = random.chance(0.25) ? integerOrBool(1) : anyFloat(1, 1);
  if (x < 0)
    return false;
  Dim in = at(x).type.core[0], out = anyCoreDim();
  DType dtype = at(x).type.dtype, result = accumulatorOf(dtype);
  Batch some = random.chance(0.2) && scope->kind == ScopeKind::Entry ? sublist(at(x).type.batch) : Batch();
  int w = operandOf({dtype, some, {out, in}}, 0.7);
  DType added = random.chance(0.5) ? dtype : result;
  int b = random.chance(0.7) ? operandOf({added, random.chance(0.15) ? some : Batch(), {out}}, 0.7) : -1;
  if (w < 0)
    return false;
  std::vector<int> operands = {x, w};
  if (b >= 0)
    operands.push_back(b);
  std::optional<Batch> batch = combine(operands);
  if (!batch)
    return false;
  TensorType type{result, *batch, {out}};
  if (elements(type) * sizeOf(in) > multiplications)
    return false;
  double bound =
      double(sizeOf(in)) * at(x).range.magnitude() * at(w).range.magnitude() + (b < 0 ? 0 : at(b).range.magnitude());
  std::vector<std::string> features = {b < 0             ? "linear without bias"
                                       : added != result ? "linear with a bias of the operands' dtype"
                                                         : "linear with bias"};
  std::string acc = b < 0 || frontend::isFloat(dtype) ? wider(dtype, type.dtype, features) : "";
  moderate(emit((b < 0 ? "linear($0, $1" : "linear($0, $1, $2") + acc + ")", operands, type, {-bound, bound},
                elementsOf(type) * in, features));
  return true;
}

bool Generator::outer() {
  int a = pick([](const Value &value) { return value.type.core.size() == 1 && value.type.dtype != DType::Bool; });
  if (a < 0)
    return false;
  std::vector<Dim> core = {anyCoreDim()};
  int b = peerOf(a, at(a).type.dtype, random.chance(0.5) ? &at(a).type.core : &core);
  std::optional<Batch> batch = b < 0 ? std::nullopt : combine({a, b});
  if (!batch || at(b).type.core.size() != 1)
    return false;
  TensorType type{at(a).type.dtype, *batch, {at(a).type.core[0], at(b).type.core[0]}};
  if (elements(type) > 60000)
    return false;
  double bound = at(a).range.magnitude() * at(b).range.magnitude();
  int product = moderate(emit("outer($0, $1)", {a, b}, type, {-bound, bound}));
  if (!batch->empty() && random.chance(0.5)) // gradients of weights are such sums
    reduceBatch(product, {"a batch reduction of products"});
  return true;
}

bool Generator::transposition() {
  int x = pick([](const Value &value) { return value.type.core.size() == 2; });
  if (x < 0)
    return false;
  TensorType type = at(x).type;
  std::swap(type.core[0], type.core[1]);
  emit("$0.T", {x}, type, at(x).range);
  return true;
}

} // namespace batten::fuzz
