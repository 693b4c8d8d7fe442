// batch_dim.h - the dims along which calls of an entry may be cut and joined.
//
// That is so for a dim whose samples do not see each other, which the description tells, and which is the first of
// every tensor that has it: then a part of the samples is a range of bytes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_BATCH_DIM_H
#define BATTEN_RUNTIME_BATCH_DIM_H

#include "batten.h"

namespace batten::runtime {

/// The number of that dim among the entry's symbols; NULL: of the first dim of its first
/// result, or input where no result begins with one.
int findBatchDim(const batten_entry &entry, const char *name, int64_t &outSymbol, batten_error *error);

bool leadsWith(const batten_argument &argument, int64_t symbol);

/// Bytes of one sample of an argument that leads with the symbol; -1 where they do not fit into 63 bits.
int64_t sampleBytes(const batten_argument &argument, const int64_t *sizes);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_BATCH_DIM_H
