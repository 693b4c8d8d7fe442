// Crash.h - a crash of the compiler or of compiled code still says how to repeat it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_CRASH_H
#define BATTEN_TEST_FUZZ_RANDOM_CRASH_H

#include <string>

namespace batten::fuzz {

/// The fatal signals end in a sentence with the command of the thread that met one.
void reportCrashes();
/// What repeats what this thread does from here on.
void setRepeatCommand(const std::string &command);

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_CRASH_H
