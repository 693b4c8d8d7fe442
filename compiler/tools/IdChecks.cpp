// IdChecks.cpp - see IdChecks.h. DescribeEntries.cpp finds the same arguments for compiled calls.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/IdChecks.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/HostTensors.h"
#include <algorithm>

namespace batten {
namespace {

/// The argument whose elements `value` has, all of them; null: it has others.
const frontend::Argument *argumentBehind(const frontend::Function &function, int value) {
  for (auto op = function.ops.rbegin(); op != function.ops.rend(); ++op)
    if (std::find(op->results.begin(), op->results.end(), value) != op->results.end()) {
      if (op->name != "spread" && op->name != "rearrange")
        return nullptr;
      value = op->operands[0];
    }
  for (const frontend::Argument &argument : function.arguments)
    if (argument.value == value)
      return argument.weight ? nullptr : &argument;
  return nullptr;
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

} // namespace

std::string idFault(const frontend::Function &function, const std::map<std::string, int64_t> &sizes,
                    const std::vector<HostTensor> &arguments) {
  for (const auto &[name, operand] : {std::pair("embed", 1), std::pair("update", 2)})
    for (const frontend::Op &op : function.ops) {
      const frontend::Argument *ids =
          op.name == name ? argumentBehind(function, op.operands[size_t(operand)]) : nullptr;
      if (!ids)
        continue;
      const frontend::TensorType &table = function.values[size_t(op.operands[0])];
      std::string fault =
          faultOf(ids->path.empty() ? ids->name : ids->name + "." + ids->path,
                  arguments[size_t(ids - function.arguments.data())], table.core[0].evaluate(sizes).value_or(0));
      if (!fault.empty())
        return fault;
    }
  return "";
}

} // namespace batten
