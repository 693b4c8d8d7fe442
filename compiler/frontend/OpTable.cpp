// OpTable.cpp - the rows of OpTable.h: section 4 of LANGUAGE.md.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/OpTable.h"

#include <algorithm>

namespace batten::frontend {

namespace {

OpInfo unary(const char *name, std::vector<const char *> options = {}) {
  return {name, {{"x", "(..)"}}, 1, "(..)", std::move(options)};
}

OpInfo reduction(const char *name, std::vector<const char *> options = {}) {
  return {name, {{"x", "(.. n ..)"}}, 1, "(.. ..)", std::move(options), 0, true, true};
}

OpInfo alongDim(const char *name, const char *result, std::vector<const char *> options = {}, unsigned required = 0) {
  return {name, {{"x", "(n)"}}, 1, result, std::move(options), required, true};
}

std::vector<OpInfo> makeTable() {
  std::vector<OpInfo> table = {
      {"matmul", {{"a", "(m, k)"}, {"b", "(k, n)"}}, 2, "(m, n)", {"acc", "out"}},
      {"outer", {{"a", "(m)"}, {"b", "(n)"}}, 2, "(m, n)", {}},
      {"linear", {{"x", "(in)"}, {"w", "(out, in)"}, {"b", "(out)"}}, 2, "(out)", {"acc", "out"}},
      {"conv2d",
       {{"x", "(ci, h, w)"}, {"w", "(co, ci/g, kh, kw)"}, {"b", "(co)"}},
       2,
       "(co, ho, wo)",
       {"stride", "pad", "dilation", "groups", "acc", "out"}},
      {"max_pool2d", {{"x", "(c, h, w)"}}, 1, "(c, ho, wo)", {"k", "stride"}, 1},
      {"avg_pool2d", {{"x", "(c, h, w)"}}, 1, "(c, ho, wo)", {"k", "stride"}, 1},
      reduction("sum", {"acc", "out"}),
      reduction("mean", {"acc", "out"}),
      reduction("var", {"correction", "acc", "out"}),
      reduction("any"),
      reduction("all"),
      alongDim("argmax", "()"),
      alongDim("topk", "(k), (k)", {"k"}, 1),
      alongDim("cumsum", "(n)"),
      {"sq_norm", {{"tree", ""}}, 1, "()", {}},
      alongDim("softmax", "(n)"),
      alongDim("log_softmax", "(n)"),
      {"layer_norm", {{"x", "(n)"}, {"g", "(n)"}, {"b", "(n)"}}, 3, "(n)", {"eps"}},
      {"rms_norm", {{"x", "(n)"}, {"g", "(n)"}}, 2, "(n)", {"eps"}},
      unary("relu"),
      unary("gelu", {"tanh"}),
      unary("silu"),
      unary("tanh"),
      unary("sigmoid"),
      unary("exp"),
      unary("log"),
      unary("sqrt"),
      unary("rsqrt"),
      unary("sin"),
      unary("cos"),
      unary("abs"),
      unary("softplus"),
      {"pow", {{"a", "(..)"}, {"b", "(..)"}}, 2, "(..)", {}},
      {"select", {{"c", "(..)"}, {"a", "(..)"}, {"b", "(..)"}}, 3, "(..)", {}},
      {"split", {{"x", "(.. m*n)"}, {"m", ""}}, 2, "(.. n), ..", {}},
      {"concat", {{"a", "(.. n)"}, {"b", "(.. m)"}}, 1, "(.. n + m)", {}, 0, false, false, true},
      {"flatten", {{"x", "(..)"}}, 1, "(product)", {}},
      {"spread", {{"x", "(..)"}, {"dims", ""}}, 2, "(..)", {}},
      {"iota", {{"n", ""}}, 1, "(n)", {}},
      {"embed", {{"table", "(v, d)"}, {"id", "()"}}, 2, "(d)", {}},
      {"update", {{"c", "(s, d)"}, {"row", "(d)"}}, 2, "(s, d)", {"at"}, 1},
      {"rope", {{"x", "(d)"}}, 1, "(d)", {"at", "base", "interleaved"}, 1},
      {"attention",
       {{"q", "(t, d)"}, {"k", "(s, d)"}, {"v", "(s, e)"}},
       3,
       "(t, e)",
       {"causal", "mask", "len", "scale"}},
      {"cross_entropy", {{"logits", "(c)"}, {"y", "()"}}, 2, "()", {}},
      {"mse", {{"a", "(n)"}, {"b", "(n)"}}, 2, "()", {}},
      {"bce", {{"l", "()"}, {"y", "()"}}, 2, "()", {}},
  };
  // With one operand a reduction, with two element-wise.
  for (const char *name : {"max", "min"}) {
    OpInfo op = reduction(name);
    op.parameters = {{"x", "(.. n ..)"}, {"b", "(..)"}};
    table.push_back(op);
  }
  std::sort(table.begin(), table.end(),
            [](const OpInfo &a, const OpInfo &b) { return std::string_view(a.name) < b.name; });
  return table;
}

} // namespace

const std::vector<OpInfo> &opTable() {
  static const std::vector<OpInfo> table = makeTable();
  return table;
}

const OpInfo *findOp(std::string_view name) {
  const std::vector<OpInfo> &table = opTable();
  auto found = std::lower_bound(table.begin(), table.end(), name,
                                [](const OpInfo &op, std::string_view wanted) { return op.name < wanted; });
  return found != table.end() && found->name == name ? &*found : nullptr;
}

std::string OpInfo::parameterText(unsigned index) const {
  const OpParameter &parameter = parameters[index];
  std::string text = parameter.name;
  if (index >= required)
    text += "?";
  return *parameter.core ? text + ": " + parameter.core : text;
}

std::string OpInfo::signature() const {
  std::string text = std::string(name) + "(";
  for (unsigned i = 0; i < parameters.size(); ++i)
    text += (i ? ", " : "") + parameterText(i);
  if (variadic)
    text += ", ..";
  for (unsigned i = 0; i < requiredOptions; ++i)
    text += std::string(", ") + options[i] + ":";
  return text + ") -> " + result;
}

} // namespace batten::frontend
