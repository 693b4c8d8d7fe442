// Tails.h - every op at all sizes about the edges of vectors, tiles and panels; and very many samples.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_TAILS_H
#define BATTEN_TEST_FUZZ_RANDOM_TAILS_H

#include "compiler/Compiler.h"

namespace batten::fuzz {

/// Exit status. `op`: only those whose name contains it.
int runTails(Compiler &compiler, const std::string &op, int64_t jobs);
int runLarge(Compiler &compiler);

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_TAILS_H
