// Invariance.cpp - a sample's bits may depend on nothing but the sample: not on the size of the batch, its place in it,
// its neighbours.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Checks.h"
#include <algorithm>
#include <cmath>
#include <cstring>

namespace batten::fuzz {

using frontend::DType;
using frontend::Symbol;
using frontend::TensorType;

namespace {

/// Where `dim` stands among the dims of the type; -1: it does not.
int64_t axisOf(const TensorType &type, const std::string &dim) {
  auto found = std::find(type.batch.begin(), type.batch.end(), dim);
  return found == type.batch.end() ? -1 : found - type.batch.begin();
}

/// Calls `visit(offset, bytes)` for each contiguous piece of position `index` of an axis.
template <class Visit> void forEachPiece(const HostTensor &tensor, int64_t axis, int64_t index, Visit visit) {
  int64_t inner = frontend::dtypeBytes(tensor.dtype), outer = 1;
  for (size_t i = 0; i < tensor.sizes.size(); ++i)
    (int64_t(i) < axis ? outer : inner) *= int64_t(i) == axis ? 1 : tensor.sizes[i];
  for (int64_t i = 0; i < outer; ++i)
    visit(size_t((i * tensor.sizes[size_t(axis)] + index) * inner), size_t(inner));
}

/// Position `index` of an axis, which keeps size 1.
HostTensor taken(const HostTensor &tensor, int64_t axis, int64_t index) {
  std::vector<int64_t> sizes = tensor.sizes;
  sizes[size_t(axis)] = 1;
  HostTensor part{tensor.dtype, sizes, {}};
  forEachPiece(tensor, axis, index, [&](size_t offset, size_t bytes) {
    part.bytes.insert(part.bytes.end(), tensor.bytes.begin() + int64_t(offset),
                      tensor.bytes.begin() + int64_t(offset + bytes));
  });
  return part;
}

/// What no sample should ever see of another: NaN, or the largest integer.
double poison(DType dtype) {
  switch (dtype) {
  case DType::I64:
    return 9e18;
  case DType::I32:
    return 2147483647;
  case DType::I8:
    return 127;
  case DType::U8:
    return 255;
  case DType::Bool:
    return 1;
  default:
    return NAN;
  }
}

/// A batch of `count` poisoned samples but for one, which `part` gives, at `place`.
HostTensor embedded(const HostTensor &part, int64_t axis, int64_t place, int64_t count) {
  std::vector<int64_t> sizes = part.sizes;
  sizes[size_t(axis)] = count;
  HostTensor whole = emptyTensor(part.dtype, sizes);
  for (int64_t i = 0, all = elementsOf(sizes); i < all; ++i)
    setElement(whole, i, poison(part.dtype));
  size_t from = 0;
  forEachPiece(whole, axis, place, [&](size_t offset, size_t bytes) {
    memcpy(whole.bytes.data() + offset, part.bytes.data() + from, bytes);
    from += bytes;
  });
  return whole;
}

bool standsRight(const frontend::Function &function, const std::string &dim) {
  for (const TensorType &type : function.values)
    for (const Dim &core : type.core)
      if (core.symbols().count(dim))
        return true;
  return false;
}

} // namespace

/// The sample alone (`count` 1) or among poisoned ones gives what it gave in the whole batch.
std::string Checks::checkSample(const Artifact &native, const std::string &dim, int64_t sample, int64_t count) {
  int64_t place = random.below(count);
  std::vector<HostTensor> some;
  size_t next = 0;
  for (const frontend::Argument &argument : function->arguments) {
    if (argument.weight)
      continue;
    const HostTensor &input = inputs[next++];
    int64_t axis = axisOf(argument.type, dim);
    some.push_back(axis < 0 ? input : embedded(taken(input, axis, sample), axis, place, count));
  }
  Sizes at = sizes;
  at[dim] = count;
  std::string error, what = "sample " + std::to_string(sample) + " of " + std::to_string(sizes[dim]) + " along " + dim +
                            ", alone at place " + std::to_string(place) + " of " + std::to_string(count);
  auto found = native.call(*function, at, some, random.chance(0.3) ? &threads : nullptr, error);
  if (!found)
    return what + ": " + error;
  coverage.add("calls", "of single samples");
  std::vector<int> given = valuesGiven(*function);
  for (size_t i = 0; i < results.size(); ++i) {
    int64_t axis = axisOf(function->values[size_t(given[i])], dim);
    std::string fault = axis < 0 ? firstDifference((*found)[i], results[i])
                                 : firstDifference(taken((*found)[i], axis, place), taken(results[i], axis, sample));
    if (!fault.empty())
      return what + ": result " + std::to_string(i) + ", " + fault;
  }
  return "";
}

std::string Checks::checkInvariance(const Artifact &native, const std::string &dim) {
  int64_t size = sizes[dim], bound = INT64_MAX;
  for (const Symbol &symbol : function->symbols)
    if (symbol.name == dim && symbol.kind == Symbol::Bounded)
      bound = symbol.value;
  if (size == 0)
    return "";
  std::set<int64_t> samples = {0, size - 1, random.below(size)};
  for (int64_t sample : samples)
    for (int64_t count : {int64_t(1), random.pick<int64_t>({2, 3, 7}), random.pick<int64_t>({5, 8, 13, 97})}) {
      if (count > bound || (count > 7 && sample != 0))
        continue;
      if (std::string fault = checkSample(native, dim, sample, count); !fault.empty())
        return fault;
    }
  return "";
}

/// A mean, max, min or var over `dim` has no value where there is no sample.
static bool needsSamples(const frontend::Function &function, const std::string &dim) {
  static const std::set<std::string> kinds = {"mean", "max", "min", "var"};
  for (const frontend::Op &op : function.ops) {
    const auto *dims = op.attribute<std::vector<std::string>>("dims");
    const auto *kind = op.attribute<std::string>("kind");
    if (op.name == "reduce_batch" && kinds.count(*kind) && std::count(dims->begin(), dims->end(), dim))
      return true;
  }
  return false;
}

/// A batch of nothing: refused where a mean, max, min or var asks for a sample, otherwise it does what it says.
std::string Checks::checkEmpty(const Artifact &native, const std::string &dim) {
  bool refused = needsSamples(*function, dim);
  Sizes at = sizes;
  at[dim] = 0;
  std::vector<HostTensor> none;
  for (const frontend::Argument &argument : function->arguments)
    if (!argument.weight)
      none.push_back(randomTensor(argument.type, at, options.data, 2.0, random));
  std::string error;
  int status = 0;
  auto found = native.call(*function, at, none, nullptr, error, &status);
  std::string what = "with " + dim + " = 0: ";
  coverage.add("calls", refused ? "of an empty batch, refused" : "of an empty batch");
  if (refused)
    return BATTEN_STATUS(status) == BATTEN_E_EMPTY ? "" : what + "it is not refused";
  if (!found)
    return what + error;
  bool reduced = false;
  for (const frontend::Op &op : function->ops)
    reduced |= op.name == "reduce_batch";
  if (!reduced || weights.size())
    return "";
  std::vector<HostTensor> wanted;
  if (!compiler.evaluate(*checked.program, *function, Evaluator::Exact, "native", at, none, checked.diagnostics, wanted,
                         error))
    return what + "the exact evaluator: " + reason(error, checked.diagnostics);
  return compare(*found, wanted, what + "against the exact evaluator");
}

/// A size that a `where` speaks of may not be chosen freely.
static bool isGuarded(const frontend::Function &function, const std::string &dim) {
  return std::any_of(function.guards.begin(), function.guards.end(), [&](const frontend::Guard &guard) {
    return guard.lhs.symbols().count(dim) || guard.rhs.symbols().count(dim);
  });
}

std::string Checks::checkIndependence(const Artifact &native) {
  const batten_entry &entry = native.entry(*function);
  std::set<std::string> independent;
  for (int64_t i = 0; i < entry.independent_count; ++i)
    independent.insert(entry.independent[i]);
  for (const Symbol &symbol : function->symbols) {
    if (symbol.kind == Symbol::Unbounded) {
      bool expected = !options.independent || options.independent->count(symbol.name);
      if (options.independent && independent.count(symbol.name) != size_t(expected))
        return "samples along " + symbol.name + (expected ? " do not mix" : " mix") +
               ", the description says otherwise";
      if (std::string fault = checkEmpty(native, symbol.name); !fault.empty())
        return fault;
    }
    if (!symbol.isRuntime() || !independent.count(symbol.name) || isGuarded(*function, symbol.name))
      continue;
    if (standsRight(*function, symbol.name))
      return symbol.name + " stands right of a bar, and the description calls its positions independent";
    coverage.add("invariance", symbol.kind == Symbol::Bounded ? "along a bounded dim" : "along an unbounded dim");
    if (std::string fault = checkInvariance(native, symbol.name); !fault.empty())
      return fault;
  }
  return "";
}

} // namespace batten::fuzz
