// workspace.cpp - creating, growing and destroying workspaces.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "workspace.h"

#include "memory.h"
#include "status.h"

namespace batten::runtime {

Block::~Block() { release(memory); }

bool Block::reserve(int64_t wanted) {
  if (wanted <= bytes)
    return true;
  // Freed first: nothing in it is worth keeping, and both at once might not fit.
  release(memory);
  memory = allocate(wanted);
  bytes = memory ? wanted : 0;
  return memory;
}

} // namespace batten::runtime

using namespace batten::runtime;

int batten_workspace_create(batten_workspace **out_workspace, batten_error *error) {
  if (!out_workspace)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "out_workspace is NULL");
  batten_workspace *workspace = create<batten_workspace>();
  if (!workspace)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a workspace");
  *out_workspace = workspace;
  return 0;
}

void batten_workspace_destroy(batten_workspace *workspace) { destroy(workspace); }

int64_t batten_workspace_bytes(const batten_workspace *workspace) {
  return !workspace ? 0 : workspace->tables.size() + workspace->memory.size();
}
