// Progress.h - what is being done, for what takes long.
//
// On a terminal one line after a second, `[3/5] schedule  1.4 s`, which is gone at the end. In a log, where nothing can
// be taken back, a line for each phase once ten seconds have passed.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_PROGRESS_H
#define BATTEN_COMPILER_TOOLS_PROGRESS_H

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace batten {

/// Of one compilation, on standard error, as long as this lives.
class Progress {
public:
  explicit Progress(bool isTerminal);
  ~Progress();
  void phase(const std::string &name);

private:
  const bool isTerminal;
  std::chrono::steady_clock::time_point start;
  std::mutex mutex; ///< of what follows
  std::condition_variable ended;
  std::string name;
  int number = 0;
  bool isDone = false, isLong = false; ///< isLong: each phase is told
  std::thread painter;

  std::string line() const;
  void paint();
  void paintOnTerminal(std::unique_lock<std::mutex> &lock);
  void beginLog(std::unique_lock<std::mutex> &lock);
};

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_PROGRESS_H
