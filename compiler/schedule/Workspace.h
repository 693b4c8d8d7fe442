// Workspace.h - places buffers over one another where their lives allow.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_SCHEDULE_WORKSPACE_H
#define BATTEN_COMPILER_SCHEDULE_WORKSPACE_H

#include "dialect/Dims.h"
#include <cstddef>
#include <vector>

namespace batten {

/// A buffer that holds a value from step `first` to step `last`, both included.
struct Buffer {
  Dim sizeBytes;
  size_t first = 0, last = 0;
};

/// Where a buffer lies: at the greatest end of the buffers `above`, which stand before it in `order`.
struct WorkspacePlan {
  std::vector<size_t> order;              ///< buffers, lowest first
  std::vector<std::vector<size_t>> above; ///< by buffer
};

/// Plans at sample sizes and keeps only the relation "lies above": so the plan is valid at every size, and as good as
/// the sample's where the sizes grow together. `bounds` gives the bound of the bounded symbols.
WorkspacePlan planWorkspace(const std::vector<Buffer> &buffers, const std::map<std::string, int64_t> &bounds);

} // namespace batten
#endif // BATTEN_COMPILER_SCHEDULE_WORKSPACE_H
