// LayerTable.cpp - see LayerTable.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/LayerTable.h"
#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/Amounts.h"
#include "compiler/tools/TextTable.h"
#include <algorithm>

namespace batten {

using frontend::LayerRow;

/// What one of the samples of a call costs. What is there once whatever their number, as weights are, counts as it is.
/// Where each sample meets all others their number is a factor that stays.
static Dim perSample(const Dim &cost, const std::set<std::string> &samples) {
  if (cost.overflowed())
    return cost;
  Dim sum;
  for (const DimTerm &term : cost.terms()) {
    Dim product = Dim::constant(term.coefficient);
    std::set<std::string> left = samples;
    for (const Atom &atom : term.factors)
      if (atom.kind != Atom::Kind::Symbol || !left.erase(atom.name))
        product = product * Dim::of(atom);
    sum = sum + product;
  }
  return sum;
}

LayerTable::LayerTable(std::vector<LayerRow> rows, const std::vector<frontend::Symbol> &symbols, bool costsKnown)
    : rows(std::move(rows)), costsKnown(costsKnown) {
  for (const frontend::Symbol &symbol : symbols) {
    if (symbol.kind == frontend::Symbol::Unbounded)
      samples.insert(symbol.name);
    if (symbol.kind != frontend::Symbol::Bounded)
      continue;
    bounds[symbol.name] = symbol.value;
    boundTexts.push_back(symbol.name + " = " + std::to_string(symbol.value));
  }
  for (LayerRow &row : this->rows)
    row.cost = {perSample(row.cost.flops, samples), perSample(row.cost.bytes, samples)};
}

void LayerTable::sortBy(const std::string &by) {
  std::map<std::string, int64_t> sizes = bounds;
  for (const std::string &dim : samples)
    sizes[dim] = 1;
  auto sizeOf = [&](const LayerRow &row) {
    const Dim &cost = by == "flops" ? row.cost.flops : row.cost.bytes;
    return by == "params" ? row.parameters : cost.evaluate(sizes).value_or(0);
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const LayerRow &a, const LayerRow &b) { return sizeOf(a) > sizeOf(b); });
}

void LayerTable::setWeightStates(const std::function<std::string(const LayerRow &)> &stateOf) {
  states.clear();
  for (const LayerRow &row : rows)
    states.push_back(stateOf(row));
}

LayerRow LayerTable::total() const {
  LayerRow sum;
  for (const LayerRow &row : rows) {
    sum.parameters += row.parameters;
    sum.parameterBytes += row.parameterBytes;
    sum.cost += row.cost;
  }
  return sum;
}

//===- Text -------------------------------------------------------------------------------------------------------===//

/// A cost in a cell of the table; one that is no reading matter, as those of windows over runtime sizes are, by its
/// amount at the bounds.
std::string LayerTable::costText(const Dim &cost, const char *unit) const {
  constexpr size_t widest = 40;
  if (!costsKnown)
    return "-";
  std::string text = amount(cost, unit);
  std::optional<int64_t> most = cost.evaluate(bounds);
  return text.size() <= widest || !most ? text : amount(double(*most), unit) + " at bounds";
}

std::vector<std::string> LayerTable::cells(const std::string &name, const std::string &type, const LayerRow &row,
                                           const std::string &state) const {
  std::string parameters = row.parameters || row.name.empty() ? amount(double(row.parameters)) : "";
  return {name, type, row.isTied ? "(tied)" : parameters, costText(row.cost.flops, ""), costText(row.cost.bytes, "B"),
          state};
}

/// The cost at the largest sizes of what is bounded.
std::string LayerTable::totalText(const Dim &flops) const {
  std::optional<int64_t> most = flops.evaluate(bounds);
  return bounds.empty() || !most
             ? ""
             : "at " + frontend::joined(boundTexts) + ": " + amount(double(*most), "FLOP") + " / " + unit() + "\n";
}

/// What a sample is, where that is not plain: "a sample is one of B and T".
std::string LayerTable::sampleText(const Dim &flops) const {
  std::set<std::string> sizes = flops.symbols();
  bool meetsOthers = std::any_of(samples.begin(), samples.end(), [&](const auto &dim) { return sizes.count(dim); });
  if (samples.size() < 2 && !meetsOthers)
    return "";
  return "a sample is one of " + frontend::joined({samples.begin(), samples.end()}, " and ") +
         (meetsOthers ? ", and its cost grows with the others that it meets\n" : "\n");
}

std::string LayerTable::text() const {
  std::vector<std::vector<std::string>> table = {{"layer", "type after", "params", std::string("FLOP / ") + unit(),
                                                  std::string("bytes / ") + unit(), states.empty() ? "" : "weights"}};
  for (size_t i = 0; i < rows.size(); ++i)
    table.push_back(cells(rows[i].name, rows[i].type, rows[i], states.empty() ? "" : states[i]));
  LayerRow sum = total();
  table.push_back(cells("total", amount(double(sum.parameterBytes), "B") + " of weights", sum, ""));
  return tableText(table) + (costsKnown ? totalText(sum.cost.flops) + sampleText(sum.cost.flops) : "");
}

//===- JSON -------------------------------------------------------------------------------------------------------===//

std::string LayerTable::rowJson(const LayerRow &row, const std::string &more) const {
  std::string text = "{\"layer\":" + frontend::jsonString(row.name) + more;
  text += ",\"parameters\":" + std::to_string(row.parameters) +
          ",\"parameter_bytes\":" + std::to_string(row.parameterBytes) + ",\"tied\":" + (row.isTied ? "true" : "false");
  if (costsKnown)
    text += ",\"flops\":" + frontend::jsonString(row.cost.flops.str()) +
            ",\"bytes\":" + frontend::jsonString(row.cost.bytes.str());
  return text + "}";
}

std::string LayerTable::json() const {
  std::vector<std::string> layers;
  for (size_t i = 0; i < rows.size(); ++i) {
    std::string state = states.empty() ? "" : ",\"weights\":" + frontend::jsonString(states[i]);
    layers.push_back(rowJson(rows[i], ",\"type\":" + frontend::jsonString(rows[i].type) + state));
  }
  LayerRow sum = total();
  sum.name = "total";
  return "\"layers\":[" + frontend::joined(layers, ",") + "],\"total\":" + rowJson(sum, "");
}

} // namespace batten
