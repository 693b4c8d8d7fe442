// tensor.h - what the rest of the runtime asks of tensors beyond the public functions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_TENSOR_H
#define BATTEN_RUNTIME_TENSOR_H

#include "batten.h"

namespace batten::runtime {

constexpr int dtypeBits(batten_dtype dtype) { return (int)(dtype >> 8 & 0xff); }

/// Sets sizes and dense strides; false when the rank, a size or the bytes are out of range. `out` is then unchanged.
bool makeDense(batten_dtype dtype, int32_t rank, const int64_t *sizes, void *data, batten_tensor &out);

bool sameShape(int32_t rank, const int64_t *sizes, int32_t otherRank, const int64_t *otherSizes);

/// 0 when the tensor is dense, on the CPU, and has data where it has elements; else a refusal that calls it `what`.
int requireDenseCpu(const batten_tensor *tensor, const char *what, batten_error *error);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_TENSOR_H
