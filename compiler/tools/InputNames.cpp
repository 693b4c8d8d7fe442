// InputNames.cpp - what of a call's inputs and dims is missing, or there by a name that nothing has.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Types.h"
#include "compiler/tools/Inputs.h"
#include <algorithm>

namespace batten {

bool Inputs::refuseUnknownNames() {
  std::vector<std::string> names;
  for (const frontend::Argument &argument : function.arguments)
    if (!argument.weight)
      names.push_back("--" + argument.name);
  for (const auto &[name, how] : options.inputs()) {
    bool isDim = std::any_of(function.symbols.begin(), function.symbols.end(),
                             [&](const frontend::Symbol &symbol) { return symbol.isRuntime() && symbol.name == name; });
    if (isDim)
      refuse(ExitUsage, "`" + name + "` is a dim, no argument; its size is given as --dim " + name + "=" + how);
    else if (std::find(names.begin(), names.end(), "--" + name) == names.end())
      refuse(ExitUsage, "it has no argument `" + name + "`" + options.suggest("--" + name, names));
  }
  return !failed;
}

void Inputs::refuseUnknownDims() {
  std::vector<std::string> names;
  for (const frontend::Symbol &symbol : function.symbols)
    if (symbol.isRuntime())
      names.push_back(symbol.name);
  for (const auto &[name, size] : dims) {
    if (session.fixes(name) || std::find(names.begin(), names.end(), name) != names.end())
      continue;
    std::string near = frontend::nearest(name, names).value_or("");
    refuse(ExitUsage, "--dim " + name + "=" + std::to_string(size) + ": it has no runtime dim `" + name + "`" +
                          (!near.empty()   ? "; did you mean `" + near + "`?"
                           : names.empty() ? "; it has none"
                                           : "; it has " + frontend::quotedList(names)));
  }
}

void Inputs::refuseMissing() {
  if (!otherwise.empty())
    return;
  std::vector<std::string> missing;
  for (const frontend::Argument &argument : function.arguments)
    if (!argument.weight && !givenTo(argument))
      missing.push_back(std::string("missing input: ") + (options.isOption(argument.name) ? "--arg " : "--") +
                        argument.name +
                        (argument.tree.empty() ? "=... (" : "=@FILE.safetensors (`" + argument.path + "`: ") +
                        argument.type.str() + ")");
  if (missing.empty())
    return;
  frontend::Diagnostic &error = refuse(ExitUsage, std::to_string(missing.size()) +
                                                      (missing.size() == 1 ? " input is" : " inputs are") + " missing");
  for (const std::string &note : missing)
    error.note(note);
}

void Inputs::refuseUnknownSizes() {
  std::vector<std::string> unknown;
  std::string options;
  for (const frontend::Symbol &symbol : function.symbols)
    if (symbol.isRuntime() && !sizes.count(symbol.name)) {
      unknown.push_back(symbol.name);
      options += " --dim " + symbol.name + "=SIZE";
    }
  if (!unknown.empty())
    refuse(ExitUsage, (unknown.size() == 1 ? "dim " : "dims ") + frontend::quotedList(unknown) +
                          (unknown.size() == 1 ? " has" : " have") + " no size: no input fixes " +
                          (unknown.size() == 1 ? "it" : "them") + ", give" + options);
}

} // namespace batten
