// IdChecks.cpp - see IdChecks.h. DescribeEntries.cpp finds the same arguments for compiled calls.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/IdChecks.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/HostTensors.h"
#include <set>

namespace batten {
namespace {

/// Ops that give elements of their operands, and no others.
const std::set<std::string> moves = {"spread", "rearrange"};
const std::set<std::string> partialMoves = {"spread", "rearrange", "slice", "transpose", "concat", "stack", "cast"};

/// The arguments whose elements `value` has, of `moves` all of them.
std::vector<size_t> argumentsBehind(const frontend::Function &function, int value,
                                    const std::set<std::string> &through) {
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

/// "ids[1, 2] is 5, it must be at least 0 and below 5"
std::string faultOf(const std::string &name, const HostTensor &ids, int64_t rows) {
  for (int64_t i = 0; i < elementsOf(ids.sizes); ++i) {
    int64_t id = int64_t(elementAt(ids, size_t(i)));
    if (id >= 0 && id < rows)
      continue;
    std::vector<std::string> place(ids.sizes.size());
    int64_t rest = i;
    for (size_t d = place.size(); d-- > 0; rest /= ids.sizes[d])
      place[d] = std::to_string(rest % ids.sizes[d]);
    return name + (place.empty() ? "" : "[" + frontend::joined(place) + "]") + " is " + std::to_string(id) +
           ", it must be at least 0 and below " + std::to_string(rows);
  }
  return "";
}

/// The keys that `len` of attention counts stand in its second operand; `len` is the last one.
bool hasLength(const frontend::Op &op) {
  for (const auto &[name, value] : op.attributes)
    if (name == "optional") {
      const auto &given = std::get<std::vector<std::string>>(value);
      return !given.empty() && given.back() == "len";
    }
  return false;
}

} // namespace

std::vector<IdRange> idRanges(const frontend::Function &function) {
  constexpr int64_t longestText = 4096; // positions of rope have no end of their own
  std::vector<IdRange> ranges;
  auto add = [&](int ids, int64_t least, const Dim &end) {
    for (size_t index : argumentsBehind(function, ids, partialMoves))
      ranges.push_back({index, least, end});
  };
  for (const frontend::Op &op : function.ops) {
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

std::string idFault(const frontend::Function &function, const std::map<std::string, int64_t> &sizes,
                    const std::vector<HostTensor> &arguments) {
  for (const auto &[name, operand] : {std::pair("embed", 1), std::pair("update", 2)})
    for (const frontend::Op &op : function.ops) {
      if (op.name != name)
        continue;
      int64_t rows = function.values[size_t(op.operands[0])].core[0].evaluate(sizes).value_or(0);
      for (size_t index : argumentsBehind(function, op.operands[size_t(operand)], moves)) {
        const frontend::Argument &ids = function.arguments[index];
        std::string path = ids.path.empty() ? ids.name : ids.name + "." + ids.path;
        if (std::string fault = faultOf(path, arguments[index], rows); !fault.empty())
          return fault;
      }
    }
  return "";
}

} // namespace batten
