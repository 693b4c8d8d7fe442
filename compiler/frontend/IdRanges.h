// IdRanges.h - arguments that number something: rows, classes, positions, keys.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_IDRANGES_H
#define BATTEN_COMPILER_FRONTEND_IDRANGES_H

#include "compiler/frontend/Program.h"
#include <set>

namespace batten::frontend {

/// The arguments, weights aside, whose elements `value` has: positions in the function's, where nothing but ops of the
/// names `through` stands between.
std::vector<size_t> argumentsBehind(const Function &function, int value, const std::set<std::string> &through);

/// Of each use of whole numbers as those of something, those alike once.
std::vector<IdRange> idRangesOf(const Function &function);

} // namespace batten::frontend
#endif // BATTEN_COMPILER_FRONTEND_IDRANGES_H
