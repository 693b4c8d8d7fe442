// SemaAttributes.cpp - `#[...]` before an item: which there are, and what each takes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Declarations.h"
#include "compiler/frontend/Sema.h"

#include <algorithm>
#include <cctype>

namespace batten::frontend {

static const std::vector<std::string> lintNames = {"dropped-rows", "no-costs",      "non-finite",
                                                   "perf",         "shared-weight", "unused-fn",
                                                   "unused-let",   "unused-param",  "unused-tensor"};
static const std::vector<std::string> quietLintNames = {"dropped-rows", "perf"};
static const std::vector<std::string> attributeNames = {"acc", "allow", "checkpoint", "fast", "name", "specialize"};

const std::vector<std::string> &knownLints() { return lintNames; }
const std::vector<std::string> &quietLints() { return quietLintNames; }

/// An earlier one of the item says another thing; only of these there can be but one.
static bool isSecond(const AttributeNode &attribute, const Item &item) {
  const std::string &name = attribute.name.name;
  return (name == "acc" || name == "name") &&
         std::any_of(item.attributes.begin(), item.attributes.end(),
                     [&](auto &other) { return other.name.name == name && other.range.begin < attribute.range.begin; });
}

static bool isCName(const std::vector<AttributeToken> &arguments) {
  auto isInWord = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)); };
  return arguments.size() == 1 && arguments[0].kind == AttributeToken::Kind::String && !arguments[0].text.empty() &&
         std::all_of(arguments[0].text.begin(), arguments[0].text.end(), isInWord);
}

/// `B = 1, 8`
static bool isSizesOfDim(const std::vector<AttributeToken> &arguments) {
  using Token = AttributeToken::Kind;
  if (arguments.size() < 3 || arguments.size() % 2 == 0 || arguments[0].kind != Token::Identifier ||
      arguments[1].text != "=")
    return false;
  for (size_t i = 2; i < arguments.size(); ++i)
    if (i % 2 == 0 ? arguments[i].kind != Token::Number : arguments[i].text != ",")
      return false;
  return true;
}

static void suggest(Diagnostic &error, const std::string &word, const std::vector<std::string> &known) {
  if (std::optional<std::string> similar = nearest(word, known))
    error.help("did you mean `" + *similar + "`?");
  else
    error.help("known are " + joined(known));
}

/// Whether the attribute may stand there at all.
bool Context::checkPlace(const AttributeNode &attribute, const Item &item) {
  const std::string &name = attribute.name.name;
  SourceRange range = attribute.name.range;
  if (std::find(attributeNames.begin(), attributeNames.end(), name) == attributeNames.end()) {
    suggest(error("E0106", range, "unknown attribute `" + name + "`"), name, attributeNames);
    return false;
  }
  if (name != "allow" && item.kind != ItemKind::Function) {
    error("E0106", range, "`#[" + name + "]` stands before a function");
    return false;
  }
  if (isSecond(attribute, item))
    error("E0106", range, "`" + name + "` is given twice");
  if ((name == "name" || name == "specialize") && !cast<FunctionItem>(item).isPublic) {
    error("E0106", range, "`#[" + name + "]` stands before a `pub fn`")
        .label("this function is inlined into its callers");
    return false;
  }
  return true;
}

void Context::checkArguments(const AttributeNode &attribute) {
  const std::string &name = attribute.name.name;
  const std::vector<AttributeToken> &arguments = attribute.arguments;
  if (name == "acc") {
    std::optional<DType> dtype = arguments.size() == 1 ? dtypeFromName(arguments[0].text) : std::nullopt;
    if (!dtype)
      error("E0106", attribute.range, "`acc` takes a dtype").help("write `#[acc(f64)]`");
    else if (accumulatorOf(*dtype) != *dtype)
      error("E0303", arguments[0].range, std::string("nothing is accumulated in ") + dtypeName(*dtype))
          .help("accumulators are f32, f64, i32 and i64");
  } else if (name == "name") {
    if (!isCName(arguments))
      error("E0106", attribute.range, "`name` takes a C name in quotes").help("write `#[name(\"c_name\")]`");
  } else if (name == "specialize") {
    if (!isSizesOfDim(arguments))
      error("E0106", attribute.range, "`specialize` takes a dim and sizes").help("write `#[specialize(B = 1, 8)]`");
  } else if (attribute.hasArguments) {
    error("E0106", attribute.range, "`" + name + "` takes nothing in parentheses");
  }
}

void Context::allowLint(const AttributeNode &attribute, SourceRange where) {
  std::string lint; // `dropped-rows` is three tokens
  for (const AttributeToken &token : attribute.arguments)
    lint += token.text;
  if (std::find(lintNames.begin(), lintNames.end(), lint) == lintNames.end())
    suggest(error("E0106", attribute.range, "unknown lint `" + lint + "`"), lint, lintNames);
  diagnostics.allow(lint, where);
}

void Context::checkAttributes(const Item &item) {
  for (const AttributeNode &attribute : item.attributes) {
    if (!checkPlace(attribute, item))
      continue;
    if (attribute.name.name == "allow")
      allowLint(attribute, item.range);
    else
      checkArguments(attribute);
  }
}

} // namespace batten::frontend
