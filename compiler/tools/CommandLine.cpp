// CommandLine.cpp - see CommandLine.h. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/CommandLine.h"
#include <algorithm>

namespace batten {

static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string nearestName(std::string_view word, const std::vector<std::string> &candidates) {
  std::string best;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string &candidate : candidates)
    if (size_t distance = editDistance(word, candidate); distance < least) {
      least = distance;
      best = candidate;
    }
  return best;
}

const OptionSpec *CommandLine::find(std::string_view name) const {
  for (const OptionSpec &spec : specs)
    if (spec.name == name)
      return &spec;
  return nullptr;
}

bool CommandLine::parseOption(const std::vector<std::string> &all, size_t &at, std::string &error) {
  const std::string &word = all[at];
  size_t equals = word.find('=');
  std::string name = word.substr(0, equals);
  std::optional<std::string> value;
  if (equals != std::string::npos)
    value = word.substr(equals + 1);
  const OptionSpec *spec = find(name);
  if (!spec && word.size() > 2 && word[1] != '-') { // -O3, -omodel.so
    spec = find(word.substr(0, 2));
    if (spec && !spec->value.empty()) {
      name = spec->name;
      value = word.substr(2);
    } else {
      spec = nullptr;
    }
  }
  if (!spec) {
    if (takesFree && value && name.starts_with("--")) {
      free.emplace_back(name.substr(2), *value);
      return true;
    }
    std::vector<std::string> names;
    for (const OptionSpec &known : specs)
      names.push_back(known.name);
    std::string near = nearestName(name, names);
    error = "unknown option '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?");
    return false;
  }
  if (spec->value.empty()) {
    if (value)
      return error = "option '" + name + "' takes no value, '" + *value + "' given", false;
    values[name].push_back("");
    return true;
  }
  if (!value) {
    if (at + 1 == all.size())
      return error = "option '" + name + "' needs a value: " + name + (name.size() > 2 ? "=" : " ") + spec->value, false;
    value = all[++at];
  }
  if (!spec->repeats && values.count(name))
    return error = "option '" + name + "' is given twice", false;
  values[name].push_back(*value);
  return true;
}

bool CommandLine::parse(const std::vector<std::string> &all, std::string &error) {
  bool options = true;
  for (size_t at = 0; at < all.size(); ++at) {
    if (options && all[at] == "--")
      options = false;
    else if (options && all[at].size() > 1 && all[at][0] == '-') {
      if (!parseOption(all, at, error))
        return false;
    } else
      words.push_back(all[at]);
  }
  return true;
}

std::string CommandLine::get(const std::string &name, std::string otherwise) const {
  auto found = values.find(name);
  return found == values.end() ? otherwise : found->second.back();
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
      left += (spec.name.starts_with("--") ? "=" : " ") + spec.value;
    left.resize(std::max<size_t>(left.size() + 2, 28), ' ');
    text += left + spec.help + "\n";
  }
  return text;
}

} // namespace batten
