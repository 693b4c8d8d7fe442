// batcher.h - the state of a batcher: the queue, the nodes of its requests, the threads.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_BATCHER_H
#define BATTEN_RUNTIME_BATCHER_H

#include "joined.h"
#include "memory.h"

#include <pthread.h>

namespace batten::runtime {

/// A list that is taken from at the front and added to at the end.
struct Queue {
  Request *first = nullptr, **end = &first;
  void add(Request *request) {
    request->next = nullptr;
    *end = request;
    end = &request->next;
  }
  /// Takes out what `link` points to.
  Request *take(Request **link) {
    Request *request = *link;
    *link = request->next;
    if (!*link)
      end = link;
    return request;
  }
};

struct Worker {
  batten_batcher *batcher = nullptr;
  pthread_t thread{};
};

} // namespace batten::runtime

struct batten_batcher {
  template <class T> using Array = batten::runtime::Array<T>;
  using JoinedCall = batten::runtime::JoinedCall;
  using Queue = batten::runtime::Queue;
  using Request = batten::runtime::Request;
  using Worker = batten::runtime::Worker;

  const batten_model *model = nullptr;
  int64_t entry = 0, symbol = 0;
  int64_t symbolCount = 0, argumentCount = 0;
  batten_batcher_options options{};
  Array<uint8_t> joins; ///< of each argument: whether it leads with the dim

  Array<Request> nodes;
  Array<int64_t> nodeSizes;
  Array<void *> nodePointers;
  Array<Worker> workers;
  int32_t started = 0;

  mutable pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t work{}, unused = PTHREAD_COND_INITIALIZER; ///< unused: all nodes came back
  Request *free = nullptr;
  int64_t nodesOut = 0;
  Queue waiting;
  int64_t waitingSamples = 0, waitingRequests = 0;
  int64_t latestNs = 0;       ///< when the last request came
  int64_t lastBatchCount = 1; ///< how many requests were together last time
  int64_t requests = 0, batches = 0;
  bool closed = false;

  batten_batcher();
  ~batten_batcher();
  int prepare(const batten_model *served, int64_t number, const batten_batcher_options &given, batten_error *error);
  int start(batten_error *error);
  int submit(const batten_tensor *tensors, int64_t count, void (*done)(void *, const batten_error *), void *context,
             Request *&outRequest, batten_error *error);
  void giveBack(Request *request);
  void close();
  void runBatches();

private:
  int fill(Request &request, const batten_tensor *tensors, int64_t count, batten_error *error) const;
  int enqueue(Request *request, batten_error *error);
  bool sameKind(const Request &a, const Request &b) const;
  bool isComplete() const;
  bool mayBeComplete() const;
  int64_t startNs() const;
  void awaitBatch();
  Request *takeBatch();
  void runBatch(JoinedCall &joined, Request *first);
};

#endif // BATTEN_RUNTIME_BATCHER_H
