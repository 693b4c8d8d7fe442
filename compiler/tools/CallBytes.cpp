// CallBytes.cpp - see CallBytes.h. Ids are taken to differ: a row that is picked twice counts twice, up to the table.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/CallBytes.h"
#include "compiler/tools/HostTensors.h"
#include <algorithm>

namespace batten {
namespace {

class Reader {
public:
  Reader(const frontend::Function &function, const std::map<std::string, int64_t> &sizes)
      : function(function), sizes(sizes) {}

  int64_t bytesOf(int value) const {
    const frontend::TensorType &type = function.values[size_t(value)];
    return elementsOf(*shapeAt(type, sizes)) * frontend::dtypeBytes(type.dtype);
  }

  int64_t touchedBytes(const frontend::Argument &argument) const {
    bool isReplaced = argument.inout && !isWrittenByRows(argument);
    return function.ops.empty() || isReplaced ? bytesOf(argument.value) : touchedBytes(argument.value, argument.inout);
  }

private:
  const frontend::Function &function;
  const std::map<std::string, int64_t> &sizes;

  /// By updates of what it was, if at all.
  bool isWrittenByRows(const frontend::Argument &argument) const {
    int value = argument.updated;
    for (auto op = function.ops.rbegin(); op != function.ops.rend(); ++op)
      if (op->results[0] == value && op->name == "update")
        value = op->operands[0];
    return value == argument.value;
  }

  /// Of what lies where `value` does; updates happen there where it is `inPlace`.
  int64_t touchedBytes(int value, bool inPlace) const {
    int64_t whole = bytesOf(value), touched = 0;
    if (std::count(function.results.begin(), function.results.end(), value))
      return whole;
    for (const frontend::Op &op : function.ops)
      for (size_t i = 0; i < op.operands.size() && touched < whole; ++i)
        if (op.operands[i] == value)
          touched += bytesThrough(op, i, inPlace);
    return std::min(touched, whole);
  }

  int64_t bytesThrough(const frontend::Op &op, size_t operand, bool inPlace) const {
    int result = op.results[0];
    if (operand == 0 && op.name == "embed")
      return bytesOf(result);
    if (operand == 0 && op.name == "slice")
      return touchedBytes(result, false);
    if (operand == 0 && op.name == "update" && inPlace)
      return rowBytes(result) + touchedBytes(result, true);
    return bytesOf(op.operands[operand]);
  }

  /// Of one row of each sample.
  int64_t rowBytes(int value) const {
    int64_t rows = function.values[size_t(value)].core[0].evaluate(sizes).value_or(1);
    return bytesOf(value) / std::max<int64_t>(1, rows);
  }
};

} // namespace

int64_t bytesOfCall(const frontend::Function &function, const std::map<std::string, int64_t> &sizes) {
  Reader reader(function, sizes);
  int64_t bytes = 0;
  for (const frontend::Argument &argument : function.arguments)
    bytes += reader.touchedBytes(argument);
  for (int result : function.results)
    bytes += reader.bytesOf(result);
  return bytes;
}

} // namespace batten
