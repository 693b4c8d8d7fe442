// workspace.h - the memory that calls reuse.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_WORKSPACE_H
#define BATTEN_RUNTIME_WORKSPACE_H

#include "batten.h"

#include <atomic>

namespace batten::runtime {

/// A block that grows. What was in it is lost when it does.
class Block {
public:
  Block() = default;
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;
  ~Block();
  bool reserve(int64_t bytes);
  void *data() const { return memory; }
  int64_t size() const { return bytes; }

private:
  void *memory = nullptr;
  int64_t bytes = 0;
};

} // namespace batten::runtime

struct batten_workspace {
  std::atomic<bool> busy{false};
  batten::runtime::Block tables; ///< sizes and pointers of the call
  batten::runtime::Block memory; ///< what the entry works in
};

namespace batten::runtime {

/// A workspace that one call has for itself: the caller's, or its own where there is none.
class Lease {
public:
  explicit Lease(batten_workspace *lent) : workspace(lent ? lent : &own), taken(!workspace->busy.exchange(true)) {}
  Lease(const Lease &) = delete;
  Lease &operator=(const Lease &) = delete;
  ~Lease() {
    if (taken)
      workspace->busy.store(false);
  }
  explicit operator bool() const { return taken; }
  batten_workspace &operator*() const { return *workspace; }

private:
  batten_workspace own;
  batten_workspace *workspace;
  bool taken;
};

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_WORKSPACE_H
