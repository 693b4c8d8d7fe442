// CodeOptions.cpp - see CodeOptions.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/CodeOptions.h"

namespace batten {

std::vector<OptionSpec> codeOptions(std::vector<OptionSpec> own) {
  own.insert(own.end(),
             {
                 {"--target", "cpu[:LEVEL,..]",
                  "native (default), x86-64-v3, x86-64-v4, LLVM CPU names; several: bind chooses", /*repeats=*/true},
                 {"--emulate", "", "code of these levels that runs without their instructions, slowly; the same bits"},
                 {"-O", "0..3", "effort of the code generator (3)"},
                 {"--fuse", "on|off", "off: one operation a kernel; the same bits, slower"},
                 {"--check-ids", "", "calls refuse an id or a position that is out of range"},
             });
  return own;
}

std::string optionsOfSource(const CommandLine &options, const std::string &library, std::vector<std::string> others) {
  for (const OptionSpec &spec : codeOptions({}))
    others.push_back(spec.name);
  for (const std::string &option : others)
    if (options.has(option))
      return "'" + library + "' is a compiled library: " + option + " needs its source";
  return "";
}

/// One device; `--target` may be given once for each.
static std::string readTarget(const std::string &target, Options &out) {
  std::string device = target.substr(0, target.find(':'));
  if (device == "cuda")
    return "target 'cuda' is not compiled yet; this version makes CPU code";
  if (device != "cpu")
    return "unknown target '" + target + "'; wanted cpu or cpu:LEVEL, such as cpu:x86-64-v3";
  if (target.size() > device.size())
    out.cpu = target.substr(device.size() + 1);
  if (("," + out.cpu + ",").find(",,") != std::string::npos)
    return "'--target=" + target + "' names no level; wanted --target=cpu or, for example, --target=cpu:x86-64-v3";
  return "";
}

std::string readCodeOptions(const CommandLine &options, Options &out) {
  out.optimise = int(options.number("-O", out.optimise));
  out.emulate = options.has("--emulate");
  out.fuse = options.get("--fuse", "on") == "on";
  out.checkIds = options.has("--check-ids");
  std::string previous;
  for (const std::string &target : options.all("--target")) {
    if (std::string fault = readTarget(target, out); !fault.empty())
      return fault;
    if (!previous.empty())
      return "device 'cpu' is given twice, by --target=" + previous + " and --target=" + target +
             "; levels of one device are a list: --target=cpu:x86-64-v3,x86-64-v4";
    previous = target;
  }
  return "";
}

} // namespace batten
