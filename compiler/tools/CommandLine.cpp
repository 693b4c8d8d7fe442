// CommandLine.cpp - see CommandLine.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/CommandLine.h"
#include "compiler/frontend/Sema.h"
#include "compiler/frontend/Types.h"
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace batten {

//===- Values -----------------------------------------------------------------------------------------------------===//

static std::optional<int64_t> wholeNumber(std::string_view text) {
  int64_t number = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

static std::string checkWord(const std::string &allowed, const std::string &value) {
  std::vector<std::string> choices;
  for (size_t begin = 0; begin <= allowed.size();) {
    size_t end = std::min(allowed.find('|', begin), allowed.size());
    choices.push_back(allowed.substr(begin, end - begin));
    begin = end + 1;
  }
  if (std::find(choices.begin(), choices.end(), value) != choices.end())
    return "";
  std::string list = choices[0];
  for (size_t i = 1; i < choices.size(); ++i)
    list += (i + 1 < choices.size() ? ", " : " or ") + choices[i];
  return "wanted " + list;
}

/// What is wrong with a value, by what --help calls it; empty where nothing is.
static std::string checkValue(const std::string &kind, const std::string &value) {
  if (kind.find('|') != std::string::npos)
    return checkWord(kind, value);
  size_t dots = kind.find("..");
  if (kind != "N" && (dots == std::string::npos || !isdigit(kind[0])))
    return "";
  std::string least = kind == "N" ? "0" : kind.substr(0, dots), most = kind == "N" ? "" : kind.substr(dots + 2);
  std::optional<int64_t> number = wholeNumber(value);
  if (number && *number >= *wholeNumber(least) && (most.empty() || *number <= *wholeNumber(most)))
    return "";
  return "wanted a whole number from " + least + (most.empty() ? " on" : " to " + most);
}

/// As the user writes it: `--threads=2`, `-O3`.
static std::string spelled(const std::string &name, const std::string &value) {
  return "'" + name + (name.size() > 2 ? "=" : "") + value + "'";
}

std::string CommandLine::addDim(const std::string &text) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return "'--dim " + text + "': wanted --dim NAME=SIZE, as in --dim B=4";
  std::string name = text.substr(0, equals);
  std::optional<int64_t> size = wholeNumber(std::string_view(text).substr(equals + 1));
  if (!size || *size < 0)
    return "'--dim " + text + "': wanted a size from 0 to 2^63 - 1";
  auto [found, fresh] = sizes.emplace(name, *size);
  return fresh ? ""
               : "dim `" + name + "` is given twice, by --dim " + name + "=" + std::to_string(found->second) +
                     " and --dim " + text;
}

std::string CommandLine::addInput(const std::string &name, const std::string &value) {
  bool fresh = given.emplace(name, value).second;
  return fresh ? "" : "input '--" + name + "' is given twice, as '" + given[name] + "' and as '" + value + "'";
}

std::string CommandLine::add(const OptionSpec &spec, const std::string &value) {
  if (spec.value == "NAME=SIZE")
    return addDim(value);
  if (spec.value == "NAME=INPUT") {
    size_t equals = value.find('=');
    return equals == std::string::npos || equals == 0
               ? "'" + spec.name + " " + value + "': wanted " + spec.name + " NAME=INPUT"
               : addInput(value.substr(0, equals), value.substr(equals + 1));
  }
  if (!spec.repeats && values.count(spec.name))
    return "option '" + spec.name + "' is given twice";
  if (std::string fault = checkValue(spec.value, value); !fault.empty())
    return spelled(spec.name, value) + ": " + fault;
  values[spec.name].push_back(value);
  return "";
}

//===- Words ------------------------------------------------------------------------------------------------------===//

const OptionSpec *CommandLine::find(std::string_view name) const {
  for (const OptionSpec &spec : specs)
    if (spec.name == name)
      return &spec;
  return nullptr;
}

std::string CommandLine::suggest(const std::string &name, std::vector<std::string> others) const {
  if (name.size() == 2) // of one letter
    return "";
  for (const OptionSpec &known : specs)
    others.push_back(known.name);
  std::string near = frontend::nearest(name, others).value_or("");
  return near.empty() ? "" : "; did you mean '" + near + "'?";
}

std::string CommandLine::unknown(const std::string &name, const std::optional<std::string> &value) {
  bool isInput = takesInputs && name.starts_with("--");
  if (isInput && value)
    return addInput(name.substr(2), *value);
  if (takesInputs && value && name.size() > 1 && !name.starts_with("--"))
    return "unknown option '" + name + "'; an input is given as -" + name + "=" + *value;
  std::string near = suggest(name);
  return "unknown option '" + name + "'" + near +
         (isInput && near.empty() ? "; an input is given as " + name + "=INPUT" : "");
}

std::string CommandLine::addLint(const std::string &option, const std::string &lint) {
  const std::vector<std::string> &known = frontend::knownLints();
  if (std::find(known.begin(), known.end(), lint) == known.end())
    return "unknown lint in '" + option + lint + "'; did you mean '" + option +
           frontend::nearest(lint, known).value_or(known.back()) + "'?";
  values[option].push_back(lint);
  return "";
}

std::string CommandLine::parseOption(const std::vector<std::string> &all, size_t &at) {
  const std::string &word = all[at];
  for (const std::string option : {"-Wno-", "-W"})
    if (word.starts_with(option) && find(option) && !find(word))
      return addLint(option, word.substr(option.size()));
  size_t equals = word.find('=');
  std::string name = word.substr(0, equals);
  std::optional<std::string> value;
  if (equals != std::string::npos)
    value = word.substr(equals + 1);
  const OptionSpec *spec = find(name == "-h" ? "--help" : name);
  if (!spec && word.size() > 2 && word[1] != '-') { // -O3, -omodel.so
    spec = find(word.substr(0, 2));
    if (spec && spec->value.empty())
      spec = nullptr;
    if (spec)
      value = word.substr(2);
  }
  if (!spec)
    return unknown(name, value);
  if (spec->value.empty()) {
    values[spec->name].push_back("");
    return value ? "option '" + name + "' takes no value, '" + *value + "' given" : "";
  }
  if (!value && at + 1 == all.size())
    return "option '" + name + "' needs a value: " + name + (name.size() > 2 ? "=" : " ") + spec->value;
  return add(*spec, value ? *value : all[++at]);
}

std::string CommandLine::parse(const std::vector<std::string> &all) {
  bool options = true;
  for (size_t at = 0; at < all.size(); ++at) {
    if (options && all[at] == "--")
      options = false;
    else if (options && all[at].size() > 1 && all[at][0] == '-') {
      if (std::string fault = parseOption(all, at); !fault.empty())
        return fault;
    } else
      words.push_back(all[at]);
  }
  return "";
}

std::optional<int> CommandLine::begin(const std::vector<std::string> &all, const char *usage, const char *examples) {
  std::string fault = parse(all);
  if (!fault.empty()) {
    fprintf(stderr, "batten: error: %s\n", fault.c_str());
    return ExitUsage;
  }
  if (!has("--help"))
    return std::nullopt;
  printf("%s\n\n%s%s", usage, describe().c_str(), examples);
  return ExitOk;
}

std::string CommandLine::get(const std::string &name, std::string otherwise) const {
  auto found = values.find(name);
  return found == values.end() ? otherwise : found->second.back();
}

int64_t CommandLine::number(const std::string &name, int64_t otherwise) const {
  return wholeNumber(get(name)).value_or(otherwise);
}

std::vector<std::string> CommandLine::all(const std::string &name) const {
  auto found = values.find(name);
  return found == values.end() ? std::vector<std::string>() : found->second;
}

std::string CommandLine::describe() const {
  std::string text;
  for (const OptionSpec &spec : specs) {
    std::string left = "  " + spec.name;
    if (!spec.value.empty())
      left += (spec.name.starts_with("--") ? "=" : spec.name.starts_with("-W") ? "" : " ") + spec.value;
    left.resize(std::max<size_t>(left.size() + 2, 28), ' ');
    text += left + spec.help + "\n";
  }
  return text;
}

} // namespace batten
