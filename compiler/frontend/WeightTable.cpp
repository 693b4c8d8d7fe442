// WeightTable.cpp - see WeightTable.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/WeightTable.h"

#include <algorithm>
#include <tuple>

namespace batten::frontend {

const Weight &WeightTable::use(const Weight &weight, const std::string &root, const std::vector<size_t> &position) {
  auto known = std::find(roots.begin(), roots.end(), root);
  size_t rootIndex = size_t(known - roots.begin());
  if (known == roots.end())
    roots.push_back(root);
  return entries.try_emplace(weight.from, Entry{weight, rootIndex, position}).first->second.weight;
}

std::vector<Weight> WeightTable::ordered() const {
  std::vector<const Entry *> sorted;
  for (const auto &[path, entry] : entries)
    sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const Entry *a, const Entry *b) {
    return std::tie(a->root, a->position) < std::tie(b->root, b->position);
  });
  std::vector<Weight> weights;
  for (const Entry *entry : sorted)
    weights.push_back(entry->weight);
  return weights;
}

} // namespace batten::frontend
