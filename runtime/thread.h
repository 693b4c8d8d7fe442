// thread.h - starting threads of the library's own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_THREAD_H
#define BATTEN_RUNTIME_THREAD_H

#include <pthread.h>

namespace batten::runtime {

/// False when the system gives none. Signals are the host's business: its handlers shall not run on this thread.
bool startThread(pthread_t &out, void *(*run)(void *), void *argument);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_THREAD_H
