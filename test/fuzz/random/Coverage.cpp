// Coverage.cpp - what a long run must have met, and how it is printed.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Coverage.h"
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <set>
#include <sstream>

namespace batten::fuzz {

namespace {

// clang-format off
const std::map<std::string, std::vector<std::string>> required = {
    {"ops",
     {"abs",    "add",     "and",    "argmax",       "cast",   "concat", "constant",     "cos",    "dim",        "div",
      "attention", "avg_pool2d", "conv2d", "embed", "bce", "cross_entropy", "cumsum", "mse", "sq_norm", "topk",
      "eq",     "exp",     "fill",      "ge",     "gelu",   "gelu tanh",    "gt",     "iota",       "layer_norm",
      "le",     "linear",  "log",       "log_softmax", "lt", "matmul 1x1",  "matmul 1x2", "matmul 2x1", "matmul 2x2",
      "max",    "max_pool2d", "min",  "mul",       "ne",     "neg",    "not",          "or",     "outer",      "pow",
      "rearrange", "reduce all", "reduce any", "reduce max", "reduce mean", "reduce min", "reduce sum", "reduce var",
      "reduce_batch all", "reduce_batch any", "reduce_batch max", "reduce_batch mean", "reduce_batch min",
      "reduce_batch sum", "reduce_batch var", "relu", "rem", "rms_norm", "rope", "rsqrt", "select", "sigmoid", "silu", "sin",
      "slice",  "softmax", "softplus",  "spread", "sqrt",   "stack",        "sub",    "tanh",       "transpose", "update"}},
    {"dtypes", {"f64", "f32", "f16", "bf16", "i64", "i32", "i8", "u8", "bool"}},
    {"batch ranks", {"0", "1", "2", "3"}},
    {"core ranks", {"0", "1", "2", "3", "4"}},
    {"core dims", {"known", "of the call"}},
    {"rules",
     {"R4 function", "R4 model", "R4 0 loop dims", "R4 1 loop dims", "R4 2 loop dims", "R4 3 loop dims",
      "R4 arguments with different loop dims", "R4 the parameter speaks of a batch dim", "R5 shared by the batch",
      "R5 outer batch dims", "R5 inner batch dims", "R5 all but one in the middle", "R6 an empty core stretches",
      "R7 batch dim goes right", "R7 core dim goes left", "R7 split", "R7 join", "R7 a dim of size 1", "R8 sum over core",
      "R8 mean over core", "R8 sum over batch", "R8 mean over batch", "R8 last core dims", "R8 outer core dims",
      "R8 whole core"}},
    {"forms",
     {"product of matrix and matrix, shared", "product of matrix and matrix, batched", "product of vector and matrix, shared",
      "product of vector and matrix, batched", "product of matrix and vector, shared", "product of matrix and vector, batched",
      "product of vector and vector, shared", "product of vector and vector, batched", "transposed left operand",
      "transposed right operand", "matmul with another result dtype", "linear with bias", "linear without bias",
      "softmax over the last dim", "softmax over an outer dim", "argmax over the last dim", "argmax over an outer dim", "topk over the last dim", "topk over an outer dim", "cumsum over the last dim", "cumsum over an outer dim", "loss", "norm", "norm with eps", "slice", "index", "split", "concat",
      "brackets", "spread", "iota", "fill", "zeros", "fill with a value", "dim as a number", "flatten",
      "layer norm in the language", "for and var", "functions that call functions", "a sub array chains its blocks",
      "a generic model", "embed inside", "embed inside or outside", "update", "rope of halves", "rope of neighbours", "rope of a known size", "rope of a size of the call",
      "an inout", "several inouts", "a parameter tree", "a tree of sub models and arrays", "versions for a size",
     "a batch reduction of products", "topk of a known size", "topk of few of the call's", "topk of all of the call's", "convolution with a size of the call",
      "convolution in groups of the call", "convolution with channels of the call", "convolutions one after the other",
      "an image beside a convolution", "a number for each channel", "dim as an operand", "a constant of the file",
      "a wider accumulator", "a where of a function",
      "attention without options", "attention, causal", "attention, causal with fewer queries",
      "attention with mask", "attention with len", "attention with a scale", "attention with fewer keys",
      "attention, causal where the call says so", "linear with a bias of the operands' dtype",
      "convolution with a bias of the operands' dtype",
      "convolution with bias", "convolution without bias", "convolution with stride",
      "convolution with pad", "convolution with dilation", "convolution with groups", "depthwise convolution",
      "pool whose windows overlap", "pool whose windows leave gaps", "pool whose windows tile"}},
    {"sizes as operands",
     {"add", "attention", "avg_pool2d", "bce", "concat", "conv2d", "cross_entropy", "cumsum", "embed", "layer_norm", "linear",
      "matmul", "max_pool2d", "mse", "mul", "outer", "rearrange", "reduce", "rms_norm", "rope", "select", "slice", "softmax",
      "spread", "sq_norm", "stack", "topk", "transpose", "update"}},
    {"kernels", {"rows", "tiled contraction", "in-place contraction", "batch reduction", "concat", "pack", "gather rows", "update rows", "attention", "scan", "greatest", "output convolution", "pixel convolution", "pool"}},
    {"calls",
     {"with 2 threads that both worked", "of single samples", "of an empty batch", "of an empty batch, refused"}},
    {"invariance", {"along an unbounded dim", "along a bounded dim"}},
};

const char *const floats = "f64 f32 f16 bf16", *const numbers = "f64 f32 f16 bf16 i64 i32 i8 u8",
                  *const all = "f64 f32 f16 bf16 i64 i32 i8 u8 bool";
/// The dtypes that the language has each op for: a long run must meet every pair.
const std::vector<std::pair<const char *, const char *>> dtypesOfOps = {
    {"relu gelu silu tanh sigmoid exp log sqrt rsqrt sin cos softplus pow softmax log_softmax layer_norm rms_norm rope "
     "attention cross_entropy mse bce sq_norm avg_pool2d", floats},
    {"iota", "i32"},
    {"dim neg abs add sub mul div rem max min lt le gt ge argmax topk max_pool2d outer", numbers},
    {"eq ne select embed update concat slice rearrange transpose spread stack cumsum linear matmul conv2d cast "
     "reduce reduce_batch fill constant", all},
};
// clang-format on

/// The operand that says what an op is computed on.
std::string dtypeOf(const frontend::Function &function, const frontend::Op &op) {
  size_t typed = op.name == "select" ? 1 : 0;
  int value = op.operands.size() > typed ? op.operands[typed] : op.results[0];
  return frontend::dtypeName(function.values[size_t(value)].dtype);
}

std::string opName(const frontend::Function &function, const frontend::Op &op) {
  if (op.name == "matmul")
    return "matmul " + std::to_string(function.values[size_t(op.operands[0])].core.size()) + "x" +
           std::to_string(function.values[size_t(op.operands[1])].core.size());
  if (const auto *kind = op.attribute<std::string>("kind"))
    return op.name + " " + *kind;
  const auto *tanh = op.attribute<bool>("tanh");
  return op.name + (tanh && *tanh ? " tanh" : "");
}

} // namespace

void Coverage::add(const Coverage &other) {
  for (const auto &[group, names] : other.counts)
    for (const auto &[name, count] : names)
      counts[group][name] += count;
  lengths.insert(lengths.end(), other.lengths.begin(), other.lengths.end());
}

/// The ops that a size of the call reaches as a number, by no more than what gives it a shape.
static void countSizes(const frontend::Function &function, Coverage &coverage) {
  const std::set<std::string> shaping = {"stack", "fill", "spread"};
  std::set<int> sizes;
  for (const frontend::Op &op : function.ops) {
    auto isSize = [&](int operand) { return sizes.count(operand) != 0; };
    if (std::any_of(op.operands.begin(), op.operands.end(), isSize))
      coverage.add("sizes as operands", op.name);
    bool isShaped = shaping.count(op.name) && std::all_of(op.operands.begin(), op.operands.end(), isSize);
    if (op.name == "dim" || isShaped)
      sizes.insert(op.results.begin(), op.results.end());
  }
}

void countFunction(const frontend::Function &function, Coverage &coverage) {
  coverage.lengths.push_back(int64_t(function.ops.size()));
  countSizes(function, coverage);
  for (const frontend::Op &op : function.ops) {
    coverage.add("ops", opName(function, op));
    coverage.add("dtypes of ops", op.name + " " + dtypeOf(function, op));
    for (int result : op.results) {
      const frontend::TensorType &type = function.values[size_t(result)];
      coverage.add("dtypes", frontend::dtypeName(type.dtype));
      coverage.add("batch ranks", std::to_string(type.batch.size()));
      coverage.add("core ranks", std::to_string(type.core.size()));
      for (const Dim &dim : type.core)
        coverage.add("core dims", dim.isConstant() ? "known" : "of the call");
    }
  }
}

void countFeatures(const std::vector<std::string> &features, Coverage &coverage) {
  for (const std::string &feature : features)
    coverage.add(feature[0] == 'R' && isdigit(feature[1]) ? "rules" : "forms", feature);
}

bool covers(const Coverage &coverage, const std::string &group) {
  bool covered = true;
  auto met = coverage.counts.find(group);
  for (const std::string &name : required.at(group)) {
    if (met != coverage.counts.end() && met->second.count(name))
      continue;
    printf("never generated: %s: %s\n", group.c_str(), name.c_str());
    covered = false;
  }
  return covered;
}

static std::vector<std::string> wordsOf(const char *text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

/// True if each op was met with every dtype that the language has it for; prints where not.
static bool coversDTypes(const Coverage &coverage) {
  auto met = coverage.counts.find("dtypes of ops");
  std::string unmet;
  for (auto [ops, dtypes] : dtypesOfOps)
    for (const std::string &op : wordsOf(ops))
      for (const std::string &dtype : wordsOf(dtypes))
        if (met == coverage.counts.end() || !met->second.count(op + " " + dtype))
          unmet += (unmet.empty() ? "" : ", ") + op + " " + dtype;
  if (!unmet.empty())
    printf("never generated: dtypes of ops: %s\n", unmet.c_str());
  return unmet.empty();
}

bool coversLanguage(const Coverage &coverage) {
  bool covered = coversDTypes(coverage);
  for (const auto &[group, names] : required)
    if (group != "kernels" && group != "calls" && group != "invariance")
      covered &= covers(coverage, group);
  return covered;
}

bool report(const Coverage &coverage, bool complete) {
  bool covered = true;
  for (const auto &[group, names] : coverage.counts) {
    std::string line = group + ":";
    for (const auto &[name, count] : names)
      line += " " + name + " " + std::to_string(count) + (&name == &names.rbegin()->first ? "" : ",");
    puts(line.c_str());
  }
  std::vector<int64_t> lengths = coverage.lengths;
  std::sort(lengths.begin(), lengths.end());
  int64_t median = lengths.empty() ? 0 : lengths[lengths.size() / 2];
  if (!lengths.empty())
    printf("ops of a program: median %lld, at most %lld\n", (long long)median, (long long)lengths.back());
  if (!complete)
    return true;
  covered &= coversLanguage(coverage);
  for (const char *group : {"kernels", "calls", "invariance"})
    covered &= covers(coverage, group);
  if (median < 8)
    printf("the median program has fewer than 8 ops\n");
  return covered && median >= 8;
}

} // namespace batten::fuzz
