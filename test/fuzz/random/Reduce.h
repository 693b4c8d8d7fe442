// Reduce.h - makes a failing program smaller.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_REDUCE_H
#define BATTEN_TEST_FUZZ_RANDOM_REDUCE_H

#include "test/fuzz/random/Sketch.h"
#include <functional>

namespace batten::fuzz {

/// A sketch for which `fails` still holds: fewer results and statements, arguments instead of what went before, smaller
/// sizes. Asks `fails` some dozens of times.
Sketch reduced(Sketch sketch, const std::function<bool(const Sketch &)> &fails);

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_REDUCE_H
