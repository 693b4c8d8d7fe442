// IdChecks.h - arguments that number something: rows, classes, positions, keys.
//
// What --check-ids means where nothing is compiled (`run --evaluate` and `--exact`), and what random numbers of such an
// argument are drawn from.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_IDCHECKS_H
#define BATTEN_COMPILER_TOOLS_IDCHECKS_H

#include "compiler/Compiler.h"

namespace batten {

/// What the elements of an argument may be: from `least` to `end` - 1.
struct IdRange {
  size_t argument = 0; ///< its position in the function's
  int64_t least = 0;
  Dim end;
};

/// Of each use as a number of something; an argument with several uses has several.
std::vector<IdRange> idRanges(const frontend::Function &function);

/// The first element of an argument that is to number rows and does not, in the words of a compiled call; empty: there
/// is none. `arguments`: one an Argument. As there, numbers that the program computes are not looked at.
std::string idFault(const frontend::Function &function, const std::map<std::string, int64_t> &sizes,
                    const std::vector<HostTensor> &arguments);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_IDCHECKS_H
