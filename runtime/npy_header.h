// npy_header.h - the header of a .npy file: a Python dict, of which exactly three keys are understood.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_NPY_HEADER_H
#define BATTEN_RUNTIME_NPY_HEADER_H

#include "batten.h"

namespace batten::runtime {

/// Magic, version and the shorter form of the length: what every .npy file has at least.
constexpr int64_t npyPreambleBytes = 10;

/// The header that 16 dims need is far below this; NumPy's own limit for a header it did not write is 10,000.
constexpr int64_t maximumNpyHeaderBytes = 65536;

/// `text[length]` is read: a NUL. Gives dtype and shape.
int parseNpyHeader(const char *text, int64_t length, const char *fileName, batten_tensor &out, batten_error *error);

/// Preamble and header of version 1.0 for a dense tensor, padded so that the elements begin at a multiple of 64.
/// `out` has room for npyHeaderRoom bytes; returns how many are used, or -1 for a dtype that NumPy has not.
constexpr int64_t npyHeaderRoom = 512;
int64_t formatNpyHeader(const batten_tensor &tensor, char *out);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_NPY_HEADER_H
