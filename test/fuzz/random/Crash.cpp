// Crash.cpp - see Crash.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Crash.h"
#include <csignal>
#include <cstdio>
#include <sys/mman.h>
#include <unistd.h>

namespace batten::fuzz {

static thread_local char repeatCommand[120] = "random-programs";

/// A handler of a stack that has overflowed needs another one. A thread's lives as long as the process.
static void giveOtherStack() {
  static thread_local bool isGiven = false;
  constexpr size_t bytes = 1 << 16;
  if (isGiven)
    return;
  isGiven = true;
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t other{memory, 0, bytes};
  if (memory != MAP_FAILED)
    sigaltstack(&other, nullptr);
}

void setRepeatCommand(const std::string &command) {
  giveOtherStack();
  snprintf(repeatCommand, sizeof repeatCommand, "%s", command.c_str());
}

static void sayCommand(int signal) {
  char text[200];
  int length = snprintf(text, sizeof text, "random-programs: signal %d; repeat: %s\n", signal, repeatCommand);
  if (write(STDERR_FILENO, text, size_t(length)) < 0) // nothing more can be done
    _exit(128 + signal);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

static void takeSignal(int signal) {
  struct sigaction action{};
  action.sa_handler = sayCommand;
  action.sa_flags = SA_ONSTACK;
  sigaction(signal, &action, nullptr);
}

void reportCrashes() {
  for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL})
    takeSignal(signal);
}

} // namespace batten::fuzz
