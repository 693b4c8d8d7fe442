// WeightTable.h - the weights of a program, collected function by function.
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_WEIGHTTABLE_H
#define BATTEN_COMPILER_FRONTEND_WEIGHTTABLE_H

#include "compiler/frontend/Program.h"
#include <map>

namespace batten::frontend {

/// Weights that elaborated functions read, in the order of the header. Parameters that name one tensor share it.
class WeightTable {
public:
  /// The weight of this tensor: the first that was used, or this one.
  const Weight &use(const Weight &weight, const std::string &root, const std::vector<size_t> &position);
  /// By root in order of first use, then by declaration.
  std::vector<Weight> ordered() const;

private:
  struct Entry {
    Weight weight;
    size_t root;
    std::vector<size_t> position;
  };
  std::vector<std::string> roots;
  std::map<std::string, Entry> entries; // by name in the weights file
};

} // namespace batten::frontend

#endif
