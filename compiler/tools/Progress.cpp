// Progress.cpp - see Progress.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Progress.h"
#include "compiler/tools/Amounts.h"
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <system_error>

namespace batten {

using namespace std::chrono_literals;

static const char *const phases[] = {"emit", "lower", "schedule", "codegen", "write"};
static const char *const clearLine = "\r\x1b[K";

/// Without a thread to paint it there is none.
Progress::Progress(bool isTerminal) : isTerminal(isTerminal), start(std::chrono::steady_clock::now()) {
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

std::string Progress::line() const {
  std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return "[" + std::to_string(number) + "/" + std::to_string(std::size(phases)) + "] " + name +
         decimalText(elapsed.count(), "  %.1f s");
}

void Progress::phase(const std::string &next) {
  std::lock_guard lock(mutex);
  name = next;
  auto known = std::find(std::begin(phases), std::end(phases), next);
  number = std::max(number, int(known - std::begin(phases)) + 1);
  if (isLong)
    fprintf(stderr, "%s\n", line().c_str());
}

void Progress::paint() {
  std::unique_lock lock(mutex);
  isTerminal ? paintOnTerminal(lock) : beginLog(lock);
}

void Progress::paintOnTerminal(std::unique_lock<std::mutex> &lock) {
  bool isPainted = false;
  for (auto wait = 1000ms; !ended.wait_for(lock, wait, [this] { return isDone; }); wait = 100ms) {
    fprintf(stderr, "%s%s", clearLine, line().c_str());
    fflush(stderr);
    isPainted = true;
  }
  if (isPainted)
    fputs(clearLine, stderr);
}

/// The phases that are over by then were short.
void Progress::beginLog(std::unique_lock<std::mutex> &lock) {
  isLong = !ended.wait_until(lock, start + 10s, [this] { return isDone; });
  if (isLong)
    fprintf(stderr, "%s\n", line().c_str());
}

} // namespace batten
