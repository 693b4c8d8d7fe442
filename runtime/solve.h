// solve.h - from the shapes of tensors to the runtime dims of an entry.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_SOLVE_H
#define BATTEN_RUNTIME_SOLVE_H

#include "batten.h"

namespace batten::runtime {

/// Holds the first `count` tensors against the entry's arguments; fills the sizes that are BATTEN_UNKNOWN.
int solveSizes(const batten_entry &entry, const batten_tensor *tensors, int64_t count, int64_t *sizes,
               batten_error *error);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_SOLVE_H
