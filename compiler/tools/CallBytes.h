// CallBytes.h - the memory that a call cannot but touch.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_CALLBYTES_H
#define BATTEN_COMPILER_TOOLS_CALLBYTES_H

#include "compiler/Compiler.h"

namespace batten {

/// Bytes of arguments, weights and results at these sizes, each element once: of a table the rows that are picked, of a
/// slice what it keeps, of a cache that is only written to the rows that are written. Of a function without operations,
/// as a library describes it, all of each.
int64_t bytesOfCall(const frontend::Function &function, const std::map<std::string, int64_t> &sizes);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_CALLBYTES_H
