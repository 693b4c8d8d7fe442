// IndependenceTest.cpp - the front end and the dialect say the same of every dim: kept apart, or mixed and where.
//
// `batten check --independent` asks the front end, which knows the source; the manifest, chunking and sharding ask the
// analysis of the dialect, which knows only the ops. Each finds the mixes in its own way.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Independence.h"
#include "compiler/frontend/EmitBatten.h"
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Sema.h"
#include "dialect/CombiningOps.h"
#include "gtest/gtest.h"
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace batten;

namespace {

/// Of every runtime dim: the places in the source where its positions meet, "f.btn:3:45"; none: they do not.
using Facts = std::map<std::string, std::set<std::string>>;

std::string placeOf(const frontend::Location &location) {
  return std::filesystem::path(location.file).filename().string() + ":" + std::to_string(location.line) + ":" +
         std::to_string(location.column);
}

Facts factsOfFrontEnd(const frontend::Function &function) {
  Facts facts;
  for (const frontend::Symbol &symbol : function.symbols)
    if (symbol.isRuntime())
      facts[symbol.name];
  std::set<std::tuple<std::string, std::string, std::string>> known;
  for (const frontend::Mix &mix : function.mixes) {
    // The dialect has no place of an argument but its function's.
    bool isArgument =
        std::any_of(function.arguments.begin(), function.arguments.end(),
                    [&](const frontend::Argument &argument) { return argument.location == mix.location; });
    std::string place = placeOf(isArgument ? function.location : mix.location);
    EXPECT_TRUE(facts.count(mix.dim)) << mix.dim << " is no runtime dim";
    facts[mix.dim].insert(place); // of `softmax(x) @ v` two begin there
    EXPECT_FALSE(mix.what.empty());
    EXPECT_TRUE(known.emplace(mix.dim, mix.what, place).second) << mix.dim << ": " << mix.what << " twice";
  }
  return facts;
}

Facts factsOfDialect(FuncOp function) {
  Facts facts;
  for (const IndependenceFact &fact : analyseIndependence(function)) {
    facts[fact.symbol.getName().str()];
    for (const MixingOp &mix : fact.mixes)
      facts[fact.symbol.getName().str()].insert(placeInSource(mix.op));
  }
  return facts;
}

/// Compares the entries that the dialect has ops for; how many.
int compareEntries(const std::string &path, const std::string &text) {
  frontend::Sources sources;
  frontend::Diagnostics diagnostics(sources);
  frontend::FileNode tree = frontend::parse(sources, sources.add(path, text), diagnostics);
  frontend::SemaOptions options;
  options.loadImport = frontend::importFromFiles(sources);
  std::optional<frontend::Program> program = frontend::analyse(tree, diagnostics, options);
  if (!program) {
    ADD_FAILURE() << path << "\n" << diagnostics.render();
    return 0;
  }
  int compared = 0;
  for (const frontend::Function &function : program->functions) {
    frontend::Diagnostics refusals(sources); // of an op that only the front end knows
    mlir::MLIRContext context;
    auto module = emitBatten({program->name, program->weights, {function}, {}}, context, refusals);
    if (!module)
      continue;
    ++compared;
    EXPECT_EQ(factsOfFrontEnd(function), factsOfDialect(*module->getOps<FuncOp>().begin()))
        << path << ": " << function.name;
  }
  return compared;
}

std::string read(const std::filesystem::path &path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The programs of a folder of folders.
int compareFolder(const std::filesystem::path &folder) {
  int compared = 0;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".btn")
      compared += compareEntries(entry.path().string(), read(entry.path()));
  return compared;
}

} // namespace

// Both ask one list of the ops that combine positions, by name.
TEST(Independence, ListsOpsOfTheDialectAndGradients) {
  mlir::MLIRContext context;
  context.loadDialect<BattenDialect>();
  for (std::string_view op : combiningOps)
    EXPECT_TRUE(op == "grad" || mlir::RegisteredOperationName::lookup("batten." + std::string(op), &context)) << op;
}

// So that a new op is thought about: one that combines and is not listed would be called independent.
TEST(Independence, KnowsOfEveryOpWhetherItCombines) {
  const std::set<std::string_view> others = {
      "abs",       "add", "and",   "bce",      "cast",   "concat", "constant", "cos",   "div",    "eq",        "exp",
      "fill",      "ge",  "gelu",  "gt",       "iota",   "le",     "log",      "lt",    "max",    "min",       "mul",
      "ne",        "neg", "not",   "or",       "pow",    "relu",   "rem",      "rsqrt", "select", "sigmoid",   "silu",
      "rearrange", "sin", "slice", "softplus", "spread", "sqrt",   "stack",    "sub",   "tanh",   "transpose",
  };
  mlir::MLIRContext context;
  context.loadDialect<BattenDialect>();
  for (mlir::RegisteredOperationName op : context.getRegisteredOperations()) {
    std::string_view name = op.stripDialect();
    if (op.getDialectNamespace() == "batten" && op.hasInterface<BatchedOp>())
      EXPECT_EQ(std::count(std::begin(combiningOps), std::end(combiningOps), name) + others.count(name), 1u) << name;
  }
}

TEST(Independence, OfEveryExampleIsAgreedOn) {
  EXPECT_GE(compareFolder(std::filesystem::path(BATTEN_TEST_SOURCE_DIR) / "../examples"), 7);
}

TEST(Independence, OfEveryFixtureIsAgreedOn) {
  EXPECT_GE(compareFolder(std::filesystem::path(BATTEN_TEST_SOURCE_DIR) / "fixtures"), 100);
}

TEST(Independence, OfEveryFamilyOfOpsIsAgreedOn) {
  const char *const functions[] = {
      // element-wise
      "pub fn f(x: f32[B, T | D]) -> f32[B, T | D] = gelu(x) + exp(x)",
      "pub fn f(x: f32[B, T | D], y: f32[T |]) -> f32[B, T | D] = select(x < y, x, y)",
      "pub fn f(x: f32[B | T]) -> f32[B | T] = tanh(x)",
      "pub fn f(x: i32[B |]) -> f32[B |] = x as f32",
      // linear
      "pub fn f(x: f32[B, T | D], w: f32[| D, 3]) -> f32[B, T | 3] = x @ w",
      "pub fn f(q: f32[B | T, D], k: f32[B | S, D]) -> f32[B | T, S] = q @ k.T",
      "pub fn f(x: f32[B | D], y: f32[B | D]) -> f32[B |] = x @ y",
      "pub fn f(x: f32[B | D], w: f32[| 3, D], b: f32[| 3]) -> f32[B | 3] = linear(x, w, b)",
      "pub fn f(x: f32[B | D], y: f32[B | T]) -> f32[B | D, T] = outer(x, y)",
      // reductions
      "pub fn f(x: f32[B, T | D]) -> f32[B, T |] = sum(x)",
      "pub fn f(x: f32[B, T | D]) -> f32[B | D] = sum(x over batch T)",
      "pub fn f(x: f32[B, T | D]) -> f32[| D] = mean(x over batch B, T)",
      "pub fn f(x: f32[B | T]) -> f32[B |] = max(x)",
      "pub fn f(x: bool[B, T |]) -> bool = any(any(x over batch T) over batch B)",
      "pub fn f(x: f32[B, N | D]) -> f32[N | D] = var(x over batch B)",
      // normalise
      "pub fn f(x: f32[B, T | D]) -> f32[B, T | D] = softmax(x)",
      "pub fn f(x: f32[B | D, T]) -> f32[B | D, T] = log_softmax(x over last)",
      "pub fn f(x: f32[B, T | D], g: f32[| D], b: f32[| D]) -> f32[B, T | D] = layer_norm(x, g, b)",
      "pub fn f(x: f32[B | T], g: f32[| T]) -> f32[B | T] = rms_norm(x, g)",
      // shape
      "pub fn f(x: f32[B, T | D]) -> f32[B | T, D] = rearrange(x, [B, T | D] -> [B | T, D])",
      "pub fn f(x: f32[B | T, D]) -> f32[B, T | D] = rearrange(x, [B | T, D] -> [B, T | D])",
      "pub fn f(x: f32[B, T | D]) -> f32[T, B | D] = rearrange(x, [B, T | D] -> [T, B | D])",
      "pub fn f(x: f32[T | D], y: f32[S | D]) -> f32[T | D] where T == S = x + rearrange(y, [S | D] -> [T:S | D])",
      "pub fn f(x: f32[B | D], y: f32[B | 4]) -> f32[B | D + 4] = concat(x, y)",
      "pub fn f(x: f32[B | D], y: f32[B | T]) -> f32[B | D + T] = concat(x, y)",
      "pub fn f(x: f32[B | 64]) -> f32[B | T] = x[| 0:T]",
      "pub fn f(x: f32[B | 128]) -> f32[B | 4] = x[| T:T + 4]",
      "pub fn f(x: f32[B | 64, D]) -> f32[B | D] = x[| T - 1, :]",
      "pub fn f(x: f32[B, T | 3, D]) -> f32[B, T | 3 * D] = flatten(x)",
      "pub fn f(x: f32[B | D]) -> f32[B, T | D] = spread(x, [B, T])",
      "pub fn f(x: f32[B | D, 3]) -> f32[B | 3, D] = x.T",
      "pub fn f(x: f32[B | 6]) -> (f32[B | 3], f32[B | 3]) { let (a, b) = split(x, 2) return a, b }",
      // numbers and constants
      "pub fn f(x: f32[B | D]) -> f32[B | D] = x * rsqrt(T)\ntest \"\" { expect 1.0 ~ 1.0 }",
      "pub fn f(x: f32[B, T | D]) -> f32[B, T | D] = x * T",
      "pub fn f(x: i32[B, T |]) -> bool[B, T | T] = iota(T) <= x",
      "pub fn f(x: f32[B |]) -> f32[B | T] = fill(f32[B | T], 2.0) * x",
      "pub fn f(x: f32[B |]) -> f32[B | D] = zeros(f32[B | D]) + x",
      "pub fn f(x: f32[B |]) -> f32[B | 3] = x * [1.0, 2.0, 3.0]",
      // what nobody reads mixes nothing
      "pub fn f(x: f32[B, T | D]) -> f32[B, T | D] { let n = T * 2 let s = sum(x over batch B) return exp(x) }",
      // arguments that are handed on or not read
      "pub fn f(x: f32[B | T]) -> f32[B | T] = x",
      "pub fn f(x: f32[B | D], y: f32[| T]) -> f32[B | D] = exp(x)",
      "pub fn f(x: f32[B, T | D]) -> f32[B, T | D] = x",
      // calls: what the callee mixes is the caller's dim
      "fn g<M>(x: f32[M | D]) -> f32[| D] = sum(x over batch M)\npub fn f(x: f32[B, T | D]) -> f32[B | D] = g(x)",
      "fn g(x: f32[| D]) -> f32[| D] = softmax(x)\npub fn f(x: f32[B, T | D]) -> f32[B, T | D] = g(x)",
      "fn g<M>(x: f32[| D], y: f32[M | D]) -> f32[| D] = sum(y * x over batch M)\n"
      "pub fn f(x: f32[B | D]) -> f32[B | D] = g(x, x)",
      "fn g<M>(x: f32[| D], y: f32[M | D]) -> f32[| D] { let a = x * y return x }\n"
      "pub fn f(x: f32[B | D]) -> f32[B | D] = g(x, x)",
      "fn g<M>(x: f32[| M, D]) -> f32[| D] = sum(rearrange(x, [| M, D] -> [M | D]) over batch M)\n"
      "pub fn f(x: f32[B | T, D]) -> f32[B | D] where 1 < T = g(x[| 1:T, :])",
      "model M<K> { dim L = K + 1 fn apply(x: f32[| D]) -> f32[| D] = sum(spread(x, [L]) over batch L) }\n"
      "sub m: M<T>\npub fn f(x: f32[B | D]) -> f32[B | D] = m(x)",
      "fn g<M>(x: f32[M | D]) -> f32[| M, D] = rearrange(x, [M | D] -> [| M, D])\n"
      "pub fn f(x: f32[B, T | D]) -> f32[B | D, D] { let a = g(x) return a.T @ a }",
  };
  for (const char *function : functions)
    EXPECT_EQ(compareEntries("f.btn", std::string("dim B, N, T <= 64, S <= 64, D = 8\n") + function + "\n"), 1)
        << function;
}
