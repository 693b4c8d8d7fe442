// Commands.h - the subcommands of `batten`. Each takes the words after its name and gives the exit status.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_COMMANDS_H
#define BATTEN_COMPILER_TOOLS_COMMANDS_H

#include "compiler/tools/CommandLine.h"

namespace batten {

int benchCommand(const std::vector<std::string> &words);
int buildCommand(const std::vector<std::string> &words);
int checkCommand(const std::vector<std::string> &words);
int explainCommand(const std::vector<std::string> &words);
int fmtCommand(const std::vector<std::string> &words);
int inspectCommand(const std::vector<std::string> &words);
int runCommand(const std::vector<std::string> &words);
int testCommand(const std::vector<std::string> &words);
/// The options of `batten build`.
std::vector<OptionSpec> buildOptions();
/// `battenc`: the build with the spelling of clang.
int battencCommand(const std::vector<std::string> &words);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_COMMANDS_H
