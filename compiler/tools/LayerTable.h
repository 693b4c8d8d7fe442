// LayerTable.h - an entry's layers and their costs as `batten inspect` shows them, of a source or of a library.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_LAYERTABLE_H
#define BATTEN_COMPILER_TOOLS_LAYERTABLE_H

#include "compiler/frontend/Layers.h"
#include <functional>
#include <map>
#include <set>

namespace batten {

class LayerTable {
public:
  /// `rows`: with the costs of a call, not known where `costsKnown` is false. `symbols`: the entry's.
  LayerTable(std::vector<frontend::LayerRow> rows, const std::vector<frontend::Symbol> &symbols, bool costsKnown);

  /// The largest first of flops, bytes or params, at the bounds; those alike as they stood.
  void sortBy(const std::string &by);
  /// A further column: whether a file has the weights of a row.
  void setWeightStates(const std::function<std::string(const frontend::LayerRow &)> &stateOf);
  /// The table, its total, and lines that say what a sample is and what it costs at the bounds.
  std::string text() const;
  /// "layers":[...],"total":{...}
  std::string json() const;

private:
  std::vector<frontend::LayerRow> rows; ///< with the costs of one sample
  std::vector<std::string> states;      ///< one a row, or none
  std::set<std::string> samples;        ///< the unbounded dims: their product is how many samples a call has
  std::vector<std::string> boundTexts;  ///< "T = 16"
  std::map<std::string, int64_t> bounds;
  bool costsKnown;

  const char *unit() const { return samples.empty() ? "call" : "sample"; }
  frontend::LayerRow total() const;
  std::vector<std::string> cells(const std::string &name, const std::string &type, const frontend::LayerRow &row,
                                 const std::string &state) const;
  std::string costText(const Dim &cost, const char *unit) const;
  std::string totalText(const Dim &flops) const;
  std::string sampleText(const Dim &flops) const;
  std::string rowJson(const frontend::LayerRow &row, const std::string &more) const;
};

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_LAYERTABLE_H
