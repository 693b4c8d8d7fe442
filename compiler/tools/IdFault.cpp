// IdFault.cpp - see IdFault.h. DescribeEntries.cpp finds the same arguments for compiled calls.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/IdFault.h"
#include "compiler/frontend/IdRanges.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/HostTensors.h"

namespace batten {
namespace {

/// Ops that give all elements of their operands, and no others.
const std::set<std::string> moves = {"spread", "rearrange"};

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
      if (op.name != name)
        continue;
      int64_t rows = function.values[size_t(op.operands[0])].core[0].evaluate(sizes).value_or(0);
      for (size_t index : frontend::argumentsBehind(function, op.operands[size_t(operand)], moves)) {
        const frontend::Argument &ids = function.arguments[index];
        std::string path = ids.path.empty() ? ids.name : ids.name + "." + ids.path;
        if (std::string fault = faultOf(path, arguments[index], rows); !fault.empty())
          return fault;
      }
    }
  return "";
}

} // namespace batten
