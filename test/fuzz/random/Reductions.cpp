// Reductions.cpp - reductions, softmax and norms of the generator (R8).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

/// The text after `over`, empty where it may be left out, and the core positions it means.
std::optional<std::pair<std::string, std::vector<int64_t>>> Generator::axesOf(const Value &value, bool single) {
  const std::vector<Dim> &core = value.type.core;
  int64_t rank = int64_t(core.size());
  if (rank == 0)
    return std::nullopt;
  int64_t axis = random.below(rank);
  bool alone = true; // the only dim of its size, also once generics are bound: it can be named
  for (int64_t i = 0; i < rank; ++i)
    alone &= i == axis || sizeOf(core[size_t(i)]) != sizeOf(core[size_t(axis)]);
  std::optional<std::string> symbol = core[size_t(axis)].symbolName();
  bool known = symbol && !(scope->kind != ScopeKind::Entry && *symbol == "T" && !scope->sizes.count("T"));
  if (alone && (known || core[size_t(axis)].isConstant()) && random.chance(0.6)) {
    std::string name = symbol ? *symbol : nameOf(*core[size_t(axis)].constantValue(), {});
    return std::pair(" over " + name, std::vector<int64_t>{axis});
  }
  if (rank == 1 && random.chance(0.6))
    return std::pair(std::string(), std::vector<int64_t>{0});
  if (single || random.chance(0.5))
    return std::pair(std::string(" over last"), std::vector<int64_t>{rank - 1});
  int64_t count = random.between(1, rank);
  std::vector<int64_t> axes;
  for (int64_t i = rank - count; i < rank; ++i)
    axes.push_back(i);
  return std::pair(count == rank && random.chance(0.5) ? " over core" : " over last " + std::to_string(count), axes);
}

static std::vector<std::string> kindsOf(DType dtype) {
  if (dtype == DType::Bool)
    return {"any", "all", "sum"};
  if (isInteger(dtype))
    return {"sum", "max", "min"};
  return {"sum", "sum", "mean", "mean", "max", "min", "var"};
}

static Interval reducedRange(const std::string &kind, Interval x, double n) {
  if (kind == "sum")
    return {std::min(0.0, n * x.low), std::max(0.0, n * x.high)};
  if (kind == "var")
    return {0, 2 * (x.high - x.low) * (x.high - x.low)};
  return x;
}

bool Generator::reduction() {
  int x = pick([](const Value &value) { return !value.type.core.empty(); });
  if (x < 0)
    return false;
  auto axes = axesOf(at(x), false);
  if (!axes)
    return false;
  TensorType type = at(x).type;
  std::string kind = random.pick(kindsOf(type.dtype));
  if (kind == "sum")
    type.dtype = accumulatorOf(type.dtype);
  int64_t n = 1;
  for (size_t i = axes->second.size(); i-- > 0;) {
    n *= sizeOf(type.core[size_t(axes->second[i])]);
    type.core.erase(type.core.begin() + axes->second[i]);
  }
  bool runtime = false;
  for (const Dim &dim : at(x).type.core)
    runtime |= !dim.isConstant();
  bool corrected = kind == "var" && n > 1 && !runtime && random.chance(0.5);
  std::vector<std::string> features = {"R8 " + kind + " over core"};
  std::string acc =
      kind == "sum" || kind == "mean" || kind == "var" ? wider(at(x).type.dtype, type.dtype, features) : "";
  std::string text = kind + "($0" + axes->first + (corrected ? ", correction: 1" : "") + acc + ")";
  size_t left = type.core.size(), all = at(x).type.core.size();
  bool inner = axes->second.back() + 1 != int64_t(all);
  features.push_back(std::string("R8 ") + (left == 0 ? "whole core" : inner ? "outer core dims" : "last core dims"));
  moderate(emit(text, {x}, type, reducedRange(kind, at(x).range, double(n)), elementsOf(at(x).type), features));
  return true;
}

bool Generator::batchReduction() {
  int x = pick([](const Value &value) { return !value.type.batch.empty(); });
  return x >= 0 && reduceBatch(x);
}

bool Generator::reduceBatch(int x, std::vector<std::string> features) {
  TensorType type = at(x).type;
  std::string kind = random.pick(kindsOf(type.dtype));
  if (kind == "sum")
    type.dtype = accumulatorOf(type.dtype);
  std::vector<std::string> kept, over;
  for (const std::string &dim : type.batch)
    (random.chance(0.6) ? over : kept).push_back(dim);
  if (over.empty())
    return false;
  type.batch = kept;
  double n = 1;
  std::string list;
  for (const std::string &dim : over) {
    n *= 300; // the size is chosen later
    list += (list.empty() ? "" : ", ") + dim;
  }
  features.push_back("R8 " + kind + " over batch");
  std::string acc =
      kind == "sum" || kind == "mean" || kind == "var" ? wider(at(x).type.dtype, type.dtype, features) : "";
  int result = emitMany(kind + "($0 over batch " + list + acc + ")", {x}, {type}, reducedRange(kind, at(x).range, n),
                        elementsOf(at(x).type), features)[0];
  scope->body->values[size_t(result)].mixed.insert(over.begin(), over.end());
  moderate(result);
  return true;
}

bool Generator::softmax() {
  int x = anyFloat(1, 4);
  auto axes = x < 0 ? std::nullopt : axesOf(at(x), true);
  if (!axes)
    return false;
  bool log = random.chance(0.35);
  Interval range = log ? Interval{-2 * at(x).range.magnitude() - 12, 0} : Interval{0, 1};
  bool last = axes->second[0] + 1 == int64_t(at(x).type.core.size());
  moderate(emit((log ? "log_softmax($0" : "softmax($0") + axes->first + ")", {x}, at(x).type, range,
                elementsOf(at(x).type), {last ? "softmax over the last dim" : "softmax over an outer dim"}));
  return true;
}

bool Generator::norm() {
  int x = anyFloat(1, 1);
  if (x < 0)
    return false;
  std::vector<Dim> core = at(x).type.core;
  DType dtype = at(x).type.dtype;
  bool layer = random.chance(0.5);
  auto parameter = [&] {
    return scope->kind == ScopeKind::Entry && random.chance(0.2) ? peerOf(x, dtype, &core)
                                                                 : operandOf({dtype, {}, core});
  };
  int g = parameter(), b = layer ? parameter() : -1;
  if (g < 0 || (layer && b < 0))
    return false;
  std::vector<int> operands = layer ? std::vector<int>{x, g, b} : std::vector<int>{x, g};
  std::optional<Batch> batch = combine(operands);
  if (!batch || at(g).type.core != core || (layer && at(b).type.core != core))
    return false;
  TensorType type{dtype, *batch, core};
  if (elements(type) > 60000)
    return false;
  double bound = std::sqrt(double(sizeOf(core[0]))) * at(g).range.magnitude() + (layer ? at(b).range.magnitude() : 0);
  std::string eps = random.chance(0.3) ? ", eps: 1e-3" : "";
  moderate(emit(layer ? "layer_norm($0, $1, $2" + eps + ")" : "rms_norm($0, $1" + eps + ")", operands, type,
                {-bound, bound}, elementsOf(type), {eps.empty() ? "norm" : "norm with eps"}));
  return true;
}

} // namespace batten::fuzz
