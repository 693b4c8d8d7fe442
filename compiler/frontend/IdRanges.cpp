// IdRanges.cpp - see IdRanges.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/IdRanges.h"
#include <algorithm>

namespace batten::frontend {
namespace {

/// Ops that give elements of their operands, all of them or some.
const std::set<std::string> moves = {"spread", "rearrange", "slice", "transpose", "concat", "stack", "cast"};

/// The keys that `len` of attention counts stand in its second operand; `len` is the last one.
bool hasLength(const Op &op) {
  const auto *given = op.attribute<std::vector<std::string>>("optional");
  return given && !given->empty() && given->back() == "len";
}

} // namespace

std::vector<size_t> argumentsBehind(const Function &function, int value, const std::set<std::string> &through) {
  std::set<int> behind = {value};
  for (auto op = function.ops.rbegin(); op != function.ops.rend(); ++op)
    if (through.count(op->name) && behind.count(op->results[0]))
      behind.insert(op->operands.begin(), op->operands.end());
  std::vector<size_t> found;
  for (size_t i = 0; i < function.arguments.size(); ++i)
    if (!function.arguments[i].weight && behind.count(function.arguments[i].value))
      found.push_back(i);
  return found;
}

std::vector<IdRange> idRangesOf(const Function &function) {
  constexpr int64_t longestText = 4096; // positions of rope have no end of their own
  std::vector<IdRange> ranges;
  auto add = [&](int ids, int64_t least, const Dim &end) {
    for (size_t index : argumentsBehind(function, ids, moves)) {
      IdRange range{index, least, end};
      if (!isFloat(function.arguments[index].type.dtype) &&
          std::find(ranges.begin(), ranges.end(), range) == ranges.end())
        ranges.push_back(range);
    }
  };
  for (const Op &op : function.ops) {
    auto core = [&](size_t operand) { return function.values[size_t(op.operands[operand])].core[0]; };
    if (op.name == "embed" || op.name == "cross_entropy")
      add(op.operands[1], 0, core(0));
    else if (op.name == "update")
      add(op.operands[2], 0, core(0));
    else if (op.name == "rope")
      add(op.operands[1], 0, Dim::constant(longestText));
    else if (op.name == "attention" && hasLength(op))
      add(op.operands.back(), 1, core(1) + Dim::constant(1)); // all keys hidden is no usual call
  }
  return ranges;
}

} // namespace batten::frontend
