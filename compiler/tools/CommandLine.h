// CommandLine.h - the options of one subcommand, declared as data.
//
// What an option's value may be follows from what --help calls it: `on|off` takes these words only, `0..3` a whole
// number in that range, `N` any whole number, `NAME=SIZE` a dim's size; everything else is text. So a value is checked
// in one place, and the help cannot say something else.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_COMMANDLINE_H
#define BATTEN_COMPILER_TOOLS_COMMANDLINE_H

#include <cstdint>
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
  std::string name;  ///< "--target", "-o"
  std::string value; ///< what its value is called in --help; empty: a flag
  std::string help;
  bool repeats = false;
};

class CommandLine {
public:
  /// Names that are not in `specs` are inputs if `takesInputs` (of `run`); else they are errors.
  explicit CommandLine(std::vector<OptionSpec> specs, bool takesInputs = false)
      : specs(std::move(specs)), takesInputs(takesInputs) {}

  /// Reads the words. An exit status where the command ends here: --help was printed, or what is wrong was said.
  std::optional<int> begin(const std::vector<std::string> &words, const char *usage, const char *examples);

  bool has(const std::string &name) const { return values.count(name) != 0; }
  std::string get(const std::string &name, std::string otherwise = {}) const;
  /// Of an option whose value is a number.
  int64_t number(const std::string &name, int64_t otherwise) const;
  std::vector<std::string> all(const std::string &name) const;
  /// What `--dim` says.
  const std::map<std::string, int64_t> &dims() const { return sizes; }
  const std::vector<std::string> &positional() const { return words; }
  /// `--x=value` pairs that no spec names, without the dashes, and those of --arg.
  const std::map<std::string, std::string> &inputs() const { return given; }
  /// True if `--NAME` is an option, so that an input of that name is given by --arg.
  bool isOption(const std::string &name) const { return find("--" + name); }
  /// "; did you mean '--x'?" for the option or the other name that is nearest; empty where none is near.
  std::string suggest(const std::string &name, std::vector<std::string> others = {}) const;

private:
  std::vector<OptionSpec> specs;
  bool takesInputs;
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, int64_t> sizes;
  std::vector<std::string> words;
  std::map<std::string, std::string> given;

  const OptionSpec *find(std::string_view name) const;
  std::string describe() const;
  // Each gives the sentence of the fault, or an empty one.
  std::string parse(const std::vector<std::string> &all);
  std::string parseOption(const std::vector<std::string> &all, size_t &at);
  std::string unknown(const std::string &name, const std::optional<std::string> &value);
  std::string add(const OptionSpec &spec, const std::string &value);
  std::string addLint(const std::string &option, const std::string &lint);
  std::string addDim(const std::string &text);
  std::string addInput(const std::string &name, const std::string &value);
};

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_COMMANDLINE_H
