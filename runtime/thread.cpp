// thread.cpp - threads that take no signals.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "thread.h"

#include <signal.h>

namespace batten::runtime {

bool startThread(pthread_t &out, void *(*run)(void *), void *argument) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int result = pthread_create(&out, nullptr, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return result == 0;
}

} // namespace batten::runtime
