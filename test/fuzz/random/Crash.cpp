// Crash.cpp - see Crash.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Crash.h"
#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace batten::fuzz {

static thread_local char repeatCommand[120] = "random-programs";

void setRepeatCommand(const std::string &command) {
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

void reportCrashes() {
  for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL})
    std::signal(signal, sayCommand);
}

} // namespace batten::fuzz
