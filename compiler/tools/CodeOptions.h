// CodeOptions.h - the options of every subcommand that makes code.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_CODEOPTIONS_H
#define BATTEN_COMPILER_TOOLS_CODEOPTIONS_H

#include "compiler/Options.h"
#include "compiler/tools/CommandLine.h"

namespace batten {

/// --target, -O, --fuse and --check-ids, to be put among a subcommand's own.
std::vector<OptionSpec> codeOptions(std::vector<OptionSpec> own);

/// The sentence of the fault, or empty.
/// Why these options cannot be had of a library, which is compiled already; empty: none of them is given. `others` need
/// the source too.
std::string optionsOfSource(const CommandLine &options, const std::string &library, std::vector<std::string> others);
std::string readCodeOptions(const CommandLine &options, Options &out);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_CODEOPTIONS_H
