// Progress.h - one line on a terminal that says what is being done, for what takes longer than a second.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_PROGRESS_H
#define BATTEN_COMPILER_TOOLS_PROGRESS_H

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace batten {

/// `[3/5] schedule  1.4 s` on standard error; gone when this is.
class Progress {
public:
  Progress();
  ~Progress();
  void phase(const std::string &name);

private:
  std::chrono::steady_clock::time_point start;
  std::mutex mutex; ///< of what follows
  std::condition_variable ended;
  std::string name;
  int number = 0;
  bool isDone = false;
  std::thread painter;

  void paint();
};

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_PROGRESS_H
