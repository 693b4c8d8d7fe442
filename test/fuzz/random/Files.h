// Files.h - the checks of random programs on programs from files.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_FILES_H
#define BATTEN_TEST_FUZZ_RANDOM_FILES_H

#include "test/fuzz/random/Artifact.h"

namespace batten::fuzz {

/// Checks every function of every file at a few sizes, on all levels of the machine; prints what fails. The exit
/// status.
int runFiles(Compiler &compiler, const std::vector<std::string> &paths);

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_FILES_H
