// joined.h - requests, and running several of them as one call.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_JOINED_H
#define BATTEN_RUNTIME_JOINED_H

#include "call.h"

namespace batten::runtime {

/// A call that somebody wants made, on tensors that stay where they are until it is done.
struct Request {
  Request *next = nullptr; ///< in whatever list it is
  int64_t *sizes = nullptr;
  void **pointers = nullptr;
  int64_t samples = 0;
  int64_t arrivalNs = 0;
  void (*done)(void *context, const batten_error *error) = nullptr; ///< null: somebody waits for `finished`
  void *context = nullptr;
  std::atomic<uint32_t> finished{0};
  batten_error error{}; ///< how it ended
};

/// What the entry would check of plain pointers, for those that it may never see: NULL, alignment, overlap.
int checkPointers(const batten_entry &entry, const int64_t *sizes, void *const *pointers, batten_error *error);

/// Runs requests of one kind (equal sizes but for the batch dim, equal pointers where a tensor has it not) together:
/// copies their samples side by side, makes one call, and hands the results out. What joins them changes no bit.
class JoinedCall {
public:
  /// `first`: a list. Leaves in each how it ended; one that is refused takes no other with it.
  void run(const batten_program &program, const batten_entry &entry, int64_t symbol, Request *first, batten_pool *pool);

private:
  int callTogether(const batten_program &program, const batten_entry &entry, int64_t symbol, Request *first,
                   batten_pool *pool);
  int callAlone(const batten_program &program, const batten_entry &entry, Request &request, batten_pool *pool);
  bool layOut(const batten_entry &entry, int64_t symbol, const Request &request, int64_t samples);

  Block tables, staging, memory;
};

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_JOINED_H
