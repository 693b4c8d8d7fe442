// Layers.cpp - see Layers.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Layers.h"
#include "compiler/frontend/Types.h"
#include <algorithm>
#include <map>
#include <set>

namespace batten::frontend {
namespace {

bool isNumber(const std::string &text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::string> partsOf(const std::string &path) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < path.size();) {
    size_t end = std::min(path.find('.', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// The first `depth` names of a path; the position in an array belongs to its name.
std::string upTo(const std::string &path, int64_t depth) {
  std::string text;
  for (const std::string &part : partsOf(path)) {
    if (!isNumber(part) && depth-- <= 0)
      break;
    text += (text.empty() ? "" : ".") + part;
  }
  return text;
}

/// "a, b, c, ..."
std::string shortList(std::vector<std::string> names) {
  if (names.size() > 3) {
    names.resize(3);
    names.push_back("...");
  }
  return joined(names);
}

/// In the sizes of a call alone.
OpCost substituted(const OpCost &cost, const std::map<std::string, Dim> &definitions) {
  return {cost.flops.substitute(definitions), cost.bytes.substitute(definitions), cost.atBind};
}

class LayerReader {
public:
  LayerReader(const Function &function, const std::vector<OpCost> &costs, int64_t depth)
      : function(function), costs(costs), depth(depth) {
    for (const Symbol &symbol : function.symbols)
      if (!symbol.isRuntime())
        definitions[symbol.name] = symbol.definition();
  }

  /// A layer is one row, also where another one is called within it; at the file's level each run of operations is.
  /// What is computed from constants alone goes with what follows it.
  std::vector<LayerRow> read() {
    std::vector<std::pair<std::string, std::vector<size_t>>> groups;
    std::map<std::string, size_t> known;
    std::vector<size_t> waiting;
    for (size_t i = 0; i < function.ops.size(); ++i) {
      waiting.push_back(i);
      if (isConstant(function.ops[i]) && i + 1 < function.ops.size())
        continue;
      std::string layer = upTo(function.ops[i].layer, depth);
      size_t last = groups.size() - 1;
      size_t group = !groups.empty() && groups[last].first == layer ? last : groups.size();
      if (!layer.empty())
        group = known.try_emplace(layer, group).first->second;
      if (group == groups.size())
        groups.push_back({layer, {}});
      groups[group].second.insert(groups[group].second.end(), waiting.begin(), waiting.end());
      waiting.clear();
    }
    std::vector<LayerRow> rows;
    for (const auto &[layer, ops] : groups)
      rows.push_back(readRow(layer, ops));
    return rows;
  }

private:
  const Function &function;
  const std::vector<OpCost> &costs;
  int64_t depth;
  std::map<std::string, Dim> definitions;
  std::set<int> seen;      // weights of the rows before
  std::set<int> constants; // values that no argument takes part in

  bool isConstant(const Op &op) {
    bool all = std::all_of(op.operands.begin(), op.operands.end(), [&](int value) { return constants.count(value); });
    if (all)
      constants.insert(op.results.begin(), op.results.end());
    return all;
  }

  LayerRow readRow(const std::string &layer, const std::vector<size_t> &ops) {
    LayerRow row;
    std::vector<std::string> read, names;
    const Op *last = &function.ops[ops.back()];
    for (size_t i : ops) {
      const Op &op = function.ops[i];
      for (int operand : op.operands)
        readOperand(operand, row, read);
      bool isNamed = !constants.count(op.results[0]) || constants.count(last->results[0]);
      if (isNamed && std::find(names.begin(), names.end(), op.name) == names.end())
        names.push_back(op.name);
      if (i < costs.size() && !costs[i].atBind)
        row.cost += substituted(costs[i], definitions);
    }
    row.isTied = !row.weights.empty() && read.empty();
    row.name = !layer.empty() ? layer : shortList(read.empty() ? names : read);
    row.type = function.values[size_t(last->results[0])].str();
    return row;
  }

  /// Counts a weight, or a leaf of a parameter tree, where it is read first.
  void readOperand(int value, LayerRow &row, std::vector<std::string> &read) {
    for (size_t i = 0; i < function.arguments.size(); ++i) {
      const Argument &argument = function.arguments[i];
      if (argument.value != value || !(argument.weight || !argument.tree.empty()))
        continue;
      if (std::find(row.weights.begin(), row.weights.end(), int(i)) == row.weights.end())
        row.weights.push_back(int(i));
      if (!seen.insert(int(i)).second)
        continue;
      int64_t count = 1;
      for (const Dim &dim : argument.type.core)
        count *= dim.constantValue().value_or(0);
      row.parameters += count;
      row.parameterBytes += count * dtypeBytes(argument.type.dtype);
      read.push_back(argument.path);
    }
  }
};

//===- Rows alike -------------------------------------------------------------------------------------------------===//

/// A name around its first position in an array: "blocks.", 3, ".mlp"; no position: -1.
struct IndexedName {
  std::string before, after;
  int64_t index = -1;
};

IndexedName indexedName(const std::string &name) {
  IndexedName found;
  for (const std::string &part : partsOf(name)) {
    std::string &side = found.index < 0 ? found.before : found.after;
    if (found.index < 0 && isNumber(part) && part.size() < 10)
      found.index = std::stoll(part);
    else
      side += (found.index < 0 ? "" : ".") + part + (found.index < 0 ? "." : "");
  }
  return found;
}

bool isNext(const LayerRow &first, const LayerRow &later, int64_t steps) {
  IndexedName a = indexedName(first.name), b = indexedName(later.name);
  return a.index >= 0 && a.before == b.before && a.after == b.after && a.index + steps == b.index &&
         first.type == later.type && first.parameters == later.parameters && first.isTied == later.isTied &&
         first.cost.flops == later.cost.flops && first.cost.bytes == later.cost.bytes;
}

/// How often the `period` rows from `begin` on come again, each time at the next position of the array.
size_t repeatsOf(const std::vector<LayerRow> &rows, size_t begin, size_t period) {
  size_t repeats = 1;
  for (; begin + (repeats + 1) * period <= rows.size(); ++repeats)
    for (size_t i = begin; i < begin + period; ++i)
      if (!isNext(rows[i], rows[i + repeats * period], int64_t(repeats)))
        return repeats;
  return repeats;
}

LayerRow joinedRows(const std::vector<LayerRow> &rows, size_t begin, size_t period, size_t repeats) {
  LayerRow row = rows[begin];
  for (size_t k = 1; k < repeats; ++k) {
    const LayerRow &other = rows[begin + k * period];
    row.parameters += other.parameters;
    row.parameterBytes += other.parameterBytes;
    row.cost += other.cost;
    row.weights.insert(row.weights.end(), other.weights.begin(), other.weights.end());
  }
  IndexedName name = indexedName(row.name);
  row.name =
      name.before + std::to_string(name.index) + ".." + std::to_string(name.index + int64_t(repeats) - 1) + name.after;
  return row;
}

std::vector<LayerRow> joinAlike(const std::vector<LayerRow> &rows) {
  constexpr size_t longestPeriod = 16;
  std::vector<LayerRow> out;
  for (size_t begin = 0; begin < rows.size();) {
    size_t period = 1, repeats = 1;
    for (; period <= longestPeriod && begin + 2 * period <= rows.size() && repeats < 2; ++period)
      repeats = repeatsOf(rows, begin, period);
    period -= repeats >= 2;
    if (repeats < 2) {
      out.push_back(rows[begin++]);
      continue;
    }
    for (size_t i = 0; i < period; ++i)
      out.push_back(joinedRows(rows, begin + i, period, repeats));
    begin += period * repeats;
  }
  return out;
}

} // namespace

std::vector<LayerRow> layersOf(const Function &function, const std::vector<OpCost> &costs, int64_t depth) {
  return joinAlike(LayerReader(function, costs, depth).read());
}

OpCost costAtBind(const Function &function, const std::vector<OpCost> &costs) {
  std::map<std::string, Dim> definitions;
  for (const Symbol &symbol : function.symbols)
    definitions[symbol.name] = symbol.definition();
  OpCost sum{{}, {}, true};
  for (const OpCost &cost : costs)
    if (cost.atBind)
      sum += substituted(cost, definitions);
  return sum;
}

} // namespace batten::frontend
