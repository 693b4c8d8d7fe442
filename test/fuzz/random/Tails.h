// Tails.h - every op at all sizes about the edges of vectors, tiles and panels.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_TAILS_H
#define BATTEN_TEST_FUZZ_RANDOM_TAILS_H

#include "compiler/Compiler.h"

namespace batten::fuzz {

/// Exit status. `name`: only the programs whose name contains it. `brief`: the part that runs with every test.
int runTails(Compiler &compiler, const std::string &name, bool brief, int64_t threads);

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_TAILS_H
