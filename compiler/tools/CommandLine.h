// CommandLine.h - the options of one subcommand, declared as data.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_COMMANDLINE_H
#define BATTEN_COMPILER_TOOLS_COMMANDLINE_H

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace batten {

/// Exit statuses of every subcommand.
enum Exit { ExitOk = 0, ExitRefused = 1, ExitUsage = 2, ExitFiles = 3, ExitInternal = 70 };

/// One option. A value follows as `--name=value` or `--name value`; a short one also as `-ovalue`.
struct OptionSpec {
  std::string name;          ///< "--target", "-o"
  std::string value;         ///< what its value is called in --help; empty: a flag
  std::string help;
  bool repeats = false;
};

class CommandLine {
public:
  /// Names that are not in `specs` go to `free` if `takesFree` (inputs of `run`); else they are errors.
  CommandLine(std::vector<OptionSpec> specs, bool takesFree = false) : specs(std::move(specs)), takesFree(takesFree) {}

  /// false: `error` says what was found, what was wanted and the nearest name.
  bool parse(const std::vector<std::string> &words, std::string &error);

  bool has(const std::string &name) const { return values.count(name) != 0; }
  std::string get(const std::string &name, std::string otherwise = {}) const;
  std::vector<std::string> all(const std::string &name) const;
  const std::vector<std::string> &positional() const { return words; }
  /// `--x=value` pairs that no spec names, without the dashes.
  const std::vector<std::pair<std::string, std::string>> &inputs() const { return free; }
  /// The option lines of --help.
  std::string describe() const;

private:
  std::vector<OptionSpec> specs;
  bool takesFree;
  std::map<std::string, std::vector<std::string>> values;
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> free;

  const OptionSpec *find(std::string_view name) const;
  bool parseOption(const std::vector<std::string> &all, size_t &at, std::string &error);
};

/// The candidate nearest to `word` by edit distance; empty where none is near.
std::string nearestName(std::string_view word, const std::vector<std::string> &candidates);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_COMMANDLINE_H
