// Progress.cpp - see Progress.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Progress.h"
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <system_error>

namespace batten {

static const char *const phases[] = {"emit", "lower", "schedule", "codegen", "write"};
static const char *const clearLine = "\r\x1b[K";

/// Without a thread to paint it there is no status line.
Progress::Progress() : start(std::chrono::steady_clock::now()) {
  try {
    painter = std::thread([this] { paint(); });
  } catch (const std::system_error &) {
  }
}

Progress::~Progress() {
  {
    std::lock_guard lock(mutex);
    isDone = true;
  }
  ended.notify_one();
  if (painter.joinable())
    painter.join();
}

void Progress::phase(const std::string &next) {
  std::lock_guard lock(mutex);
  name = next;
  auto known = std::find(std::begin(phases), std::end(phases), next);
  number = std::max(number, int(known - std::begin(phases)) + 1);
}

void Progress::paint() {
  using namespace std::chrono_literals;
  std::unique_lock lock(mutex);
  bool isPainted = false;
  for (auto wait = 1000ms; !ended.wait_for(lock, wait, [this] { return isDone; }); wait = 100ms) {
    std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    fprintf(stderr, "%s[%d/%zu] %s  %.1f s", clearLine, number, std::size(phases), name.c_str(), elapsed.count());
    fflush(stderr);
    isPainted = true;
  }
  if (isPainted)
    fputs(clearLine, stderr);
}

} // namespace batten
