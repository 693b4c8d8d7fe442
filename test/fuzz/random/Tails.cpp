// Tails.cpp - see Tails.h.
//
// Sizes that fill a vector, a tile or a panel, that fall one short of it and one beyond it are where masks and edge
// tiles go wrong. So every op stands in a small program with a dim N, which takes all those sizes: once as a static
// dim, which the kernels know, and once as a runtime dim. Whole numbers make sums and products exact, so that they are
// also compared with the double-precision reference to the last bit.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Tails.h"
#include "test/fuzz/random/Checks.h"
#include "test/fuzz/random/Crash.h"
#include <atomic>

namespace batten::fuzz {

using frontend::Function;

namespace {

/// A few ops that share their operands: a program in which `F` is one of the dtypes, `A` what its sums have, and `N`
/// the size under test.
struct Form {
  const char *name;
  std::vector<const char *> dtypes;
  const char *text;
};

const std::vector<const char *> floats = {"f32", "f64", "f16", "bf16"};
const std::vector<const char *> integers = {"i32", "i64", "i8", "u8"};

// clang-format off
const std::vector<Form> forms = {
    {"unary", floats, R"(
pub fn f(x: F[B | N]) -> (F[B | N], F[B | N], F[B | N]) { return -x, relu(x), abs(x) })"},
    {"roots", floats, R"(
pub fn f(x: F[B | N]) -> (F[B | N], F[B | N]) { return sqrt(abs(x)), rsqrt(abs(x) + 1) })"},
    {"exponentials", floats, R"(
pub fn f(x: F[B | N]) -> (F[B | N], F[B | N], F[B | N], F[B | N]) {
  return exp(x), log(abs(x) + 1), sigmoid(x), softplus(x)
})"},
    {"activations", floats, R"(
pub fn f(x: F[B | N]) -> (F[B | N], F[B | N], F[B | N], F[B | N]) {
  return gelu(x), gelu(x, tanh: true), silu(x), tanh(x)
})"},
    {"trigonometric", floats, R"(
pub fn f(x: F[B | N]) -> (F[B | N], F[B | N]) { return sin(x), cos(x) })"},
    {"binary", floats, R"(
pub fn f(x: F[B | N], y: F[B | N], v: F[| N], s: F[B |], n: F) -> (F[B | N], F[B | N], F[B | N], F[B | N]) {
  return x + y, v - x, x * s, n / y
})"},
    {"extrema", floats, R"(
pub fn f(x: F[B | N], y: F[B | N], v: F[| N]) -> (F[B | N], F[B | N], F[B | N]) {
  return max(x, y), min(v, x), x % y
})"},
    {"pow", floats, R"(
pub fn f(x: F[B | N], y: F[B | N]) -> F[B | N] = pow(x, y))"},
    {"comparisons", {"f32", "f64", "bf16", "i32", "u8"}, R"(
pub fn f(x: F[B | N], v: F[| N], s: F[B |]) -> (F[B | N], bool[B | N], bool[B | N]) {
  let a = x < v || x == s
  let b = !(x >= s) && x != v
  return select(a, x, s), b, x > v && s <= v
})"},
    {"integers", integers, R"(
pub fn f(x: F[B | N], y: F[B | N], v: F[| N]) -> (F[B | N], F[B | N], F[B | N], F[B | N]) {
  return x + y * v, x - v, x / y, max(x % y, v)
})"},
    {"casts", {"f32", "f16", "i32", "u8"}, R"(
pub fn f(x: F[B | N]) -> (f64[B | N], bf16[B | N], i64[B | N], i8[B | N], bool[B | N]) {
  return x as f64, x as bf16, x as i64, x as i8, x as bool
})"},
    {"made", {"f32", "f64"}, R"(
pub fn f(x: F[B | N], s: F[B |]) -> (F[B | N], F[B | N], F[B | N], F[B | N]) {
  return x + iota(N) as F, x * N, fill(F[B | N], s), zeros(F[B | N]) + 1
})"},
    {"columns", {"f32", "f64", "f16", "bf16", "i8"}, R"(
pub fn f(x: F[B | 5], w: F[| 5, N]) -> A[B | N] = x @ w)"},
    {"depth", {"f32", "f64", "f16", "bf16", "i8", "u8", "i64", "bool"}, R"(
pub fn f(x: F[B | N], w: F[| N, 5]) -> A[B | 5] = x @ w)"},
    {"rows", floats, R"(
pub fn f(x: F[B | N, 5], w: F[| 5, 3]) -> F[B | N, 3] = x @ w)"},
    {"batched columns", {"f32", "bf16"}, R"(
pub fn f(x: F[B | 3, 5], w: F[B | 5, N]) -> F[B | 3, N] = x @ w)"},
    {"batched rows", {"f32", "bf16"}, R"(
pub fn f(x: F[B | N, 5], w: F[B | 5, 3]) -> F[B | N, 3] = x @ w)"},
    {"squares", {"f32"}, R"(
pub fn f(x: F[B | N, N], y: F[B | N, N]) -> F[B | N, N] = x @ y)"},
    {"turned left", {"f32", "f64"}, R"(
pub fn f(x: F[B | 5, N], w: F[B | 5, 3]) -> F[B | N, 3] = x.T @ w)"},
    {"turned right", {"f32", "f64"}, R"(
pub fn f(x: F[B | 3, 5], w: F[B | N, 5]) -> F[B | 3, N] = x @ w.T)"},
    {"linear", floats, R"(
pub fn f(x: F[B | N], w: F[| 3, N], b: F[| 3]) -> F[B | 3] = linear(x, w, b))"},
    {"linear outputs", floats, R"(
pub fn f(x: F[B | 3], w: F[| N, 3], b: F[| N]) -> F[B | N] = linear(x, w, b))"},
    {"linear of integers", {"i8", "u8", "i64", "bool"}, R"(
pub fn f(x: F[B | N], w: F[| 3, N], b: F[| 3], c: A[| 3]) -> (A[B | 3], A[B | 3]) {
  return linear(x, w, b), linear(x, w, c)
})"},
    {"epilogues", {"f32", "bf16"}, R"(
pub fn f(x: F[B | 5], w: F[| 5, N], b: F[| N], y: F[B | N]) -> F[B | N] = relu(x @ w + b) * 2 - y)"},
    {"long epilogues", {"f32", "bf16"}, R"(
pub fn f(x: F[B | 5], w: F[| 5, N], b: F[| N]) -> F[B | N] = tanh(gelu(x @ w + b)))"},
    {"depths in parts", {"f32", "bf16"}, R"(
pub fn f(x: F[B | 13, N], w: F[| N, 70], y: F[B | N, 70]) -> (F[B | 13, 70], F[B | 13, 70]) {
  return gelu(x @ w + 1), x @ y * 2
})"},
    {"convolution", {"f32", "f64", "f16", "bf16", "i8", "u8", "i64"}, R"(
pub fn f(x: F[B | 2, 3, N], w: F[| 7, 2, 3, 3], b: A[| 7]) -> A[B | 7, 3, N] = conv2d(x, w, b, pad: 1) * 2)"},
    {"convolution by twos", {"f32", "bf16"}, R"(
pub fn f(x: F[B | 2, 4, 2*N], w: F[| 3, 2, 2, 2]) -> F[B | 3, 2, N] = conv2d(x, w, stride: 2))"},
    {"outputs", {"f32", "bf16", "i8", "u8"}, R"(
pub fn f(x: F[B | 3, 2, 5], w: F[| N, 3, 1, 1]) -> A[B | N, 2, 5] = conv2d(x, w))"},
    {"channels", {"f32", "bf16", "i8", "u8"}, R"(
pub fn f(x: F[B | N, 3, 4], w: F[| 21, N, 2, 2]) -> A[B | 21, 4, 5] = conv2d(x, w, pad: 1))"},
    {"depthwise", {"f32", "bf16", "i8"}, R"(
pub fn f(x: F[B | 3, 4, N], w: F[| 3, 1, 3, 3]) -> A[B | 3, 4, N] = conv2d(x, w, pad: 1, groups: 3))"},
    {"pools", floats, R"(
pub fn f(x: F[B | 2, 4, 2*N]) -> (F[B | 2, 2, N], F[B | 2, 2, N]) { return max_pool2d(x, k: 2), avg_pool2d(x, k: 2) })"},
    {"pools of integers", integers, R"(
pub fn f(x: F[B | 2, 4, 2*N]) -> F[B | 2, 2, N] = max_pool2d(x, k: 2))"},
    {"matrix and vector", {"f32", "f64", "f16", "i8"}, R"(
pub fn f(x: F[B | 3, N], v: F[| N], y: F[B | N, 3], u: F[B | 3]) -> (A[B | 3], A[B | N]) { return x @ v, y @ u })"},
    {"dot", {"f32", "f64", "f16", "i8"}, R"(
pub fn f(x: F[B | N], y: F[B | N], v: F[| N]) -> (A[B |], A[B |]) { return x @ y, x @ v })"},
    {"outer", {"f32", "f64", "f16", "bf16", "i32", "i64", "i8", "u8"}, R"(
pub fn f(x: F[B | N], y: F[B | 3], v: F[| 3]) -> (F[B | N, 3], F[B | 3, N]) { return outer(x, y), outer(v, x) })"},
    {"sums", {"f32", "f64", "f16", "bf16"}, R"(
pub fn f(x: F[B | N]) -> (F[B |], F[B |], F[B |], F[B |], F[B |]) {
  return sum(x), mean(x), max(x), min(x), var(x)
})"},
    {"sums of integers", integers, R"(
pub fn f(x: F[B | N]) -> (A[B |], F[B |], F[B |]) { return sum(x), max(x), min(x) })"},
    {"sums over rows", {"f32", "f64", "bf16"}, R"(
pub fn f(x: F[B | N, J], y: F[B | J, N]) -> (F[B | J], F[B | J], F[B | J], F[B |]) {
  return sum(x over N), max(x over N), var(y over last), mean(x over core)
})"},
    {"sums beside rows", {"f32", "f64", "bf16"}, R"(
pub fn f(y: F[B | J, N]) -> (F[B | N], F[B | N], F[B | N]) {
  return sum(y over J), min(y over J), var(y over J)
})"},
    {"truths", {"bool"}, R"(
pub fn f(x: F[B | N]) -> (bool[B |], bool[B |], i32[B |], bool[| N], bool[| N]) {
  return any(x), all(x), sum(x), any(x over batch B), all(x over batch B)
})"},
    {"softmax", floats, R"(
pub fn f(x: F[B | N]) -> (F[B | N], F[B | N]) { return softmax(x), log_softmax(x) })"},
    {"softmax over rows", {"f32"}, R"(
pub fn f(x: F[B | N, J]) -> F[B | N, J] = softmax(x over N))"},
    {"softmax beside rows", {"f32"}, R"(
pub fn f(x: F[B | J, N]) -> F[B | J, N] = softmax(x over J))"},
    {"argmax", {"f32", "f64", "bf16", "i8", "u8", "i64"}, R"(
pub fn f(x: F[B | N], y: F[B | N, J], z: F[B | J, N]) -> (i32[B |], i32[B | J], i32[B | J], i32[B | N]) {
  return argmax(x), argmax(y over N), argmax(z over N), argmax(z over J)
})"},
    {"embed", {"f32", "f64", "bf16", "i8", "bool"}, R"(
pub fn f(t: F[| 9, N], id: i32[B |]) -> F[B | N] = embed(t, id))"},
    {"update", {"f32", "f64", "bf16", "i8", "bool"}, R"(
pub fn f(c: F[B | 5, N], r: F[B | N], d: F[B | N, 3], s: F[B | 3], at: i32[B |]) -> (F[B | 5, N], F[B | N, 3]) {
  return update(c, r, at: at), update(d, s, at: at)
})"},
    {"rope", floats, R"(
pub fn f(x: F[B | 34], y: F[B | 34], z: F[B | N], at: i32[B |]) -> (F[B | 34], F[B | 34], F[B | N]) {
  return rope(x, at: at), rope(y, at: at, interleaved: true), z * 2
})"},
    {"attention", floats, R"(
pub fn f(q: F[B | N, 5], k: F[B | N, 5], v: F[B | N, 3], len: i32[B |]) -> (F[B | N, 3], F[B | N, 3]) {
  return attention(q, k, v, causal: true), attention(q, k, v, len: len)
})"},
    {"attention of a few queries", floats, R"(
pub fn f(q: F[B | 3, 5], k: F[B | N, 5], v: F[B | N, 3], mask: bool[B | 3, N]) -> F[B | 3, 3] =
  attention(q, k, v, mask: mask))"},
    {"attention of a few keys", floats, R"(
pub fn f(q: F[B | N, 5], k: F[B | 3, 5], v: F[B | 3, 3], len: i32[B |]) -> F[B | N, 3] =
  attention(q, k, v, len: len))"},
    {"attention's columns", floats, R"(
pub fn f(q: F[B | 7, N], k: F[B | 9, N], v: F[B | 9, N]) -> F[B | 7, N] = attention(q, k, v, causal: true))"},
    {"topk", {"f32", "f64", "bf16", "i8", "u8", "i64"}, R"(
pub fn f(x: F[B | N], y: F[B | N, J], z: F[B | J, N]) -> (F[B | 1], i32[B | N], F[B | N, J], i32[B | 5, N]) {
  let (a, i) = topk(x, k: 1)
  let (b, j) = topk(x, k: N)
  let (c, l) = topk(y over N, k: N)
  let (d, m) = topk(z over J, k: 5)
  return a, j, c, m
})"},
    {"cumsum", {"f32", "f64", "f16", "bf16", "i8", "u8", "i64"}, R"(
pub fn f(x: F[B | N], y: F[B | N, J], z: F[B | J, N]) -> (A[B | N], A[B | N, J], A[B | J, N], A[B | J, N]) {
  return cumsum(x), cumsum(y over N), cumsum(z over N), cumsum(z over J)
})"},
    {"losses", floats, R"(
pub fn f(x: F[B | N], y: F[B | N]) -> (F[B |], F[B |], F[B |], F[B |]) {
  return cross_entropy(x, argmax(y)), mse(x, y), bce(sum(x), sigmoid(sum(y))), sq_norm((x, y))
})"},
    {"norms", floats, R"(
pub fn f(x: F[B | N], g: F[| N], b: F[| N]) -> (F[B | N], F[B | N]) {
  return layer_norm(x, g, b), rms_norm(x, g)
})"},
    {"batch sums", {"f32", "f64", "f16", "bf16", "i8"}, R"(
pub fn f(x: F[B | N]) -> A[| N] = sum(x over batch B))"},
    {"products-over-batch", {"f32", "f64", "f16", "bf16", "i32", "i64", "i8"}, R"(
pub fn f(x: F[B | N], y: F[B | 7], s: F[B |]) -> (A[| N, 7], A[| 7, N]) {
  return sum(outer(x, y) * s over batch B), sum(outer(y, x) over batch B)
})"},
    {"batch means", floats, R"(
pub fn f(x: F[B | N]) -> (F[| N], F[| N], F[| N], F[| N]) {
  return mean(x over batch B), max(x over batch B), min(x over batch B), var(x over batch B)
})"},
    {"batch sums of numbers", {"f32", "f64", "f16", "bf16"}, R"(
pub fn f(x: F[B | N]) -> (F, F) { return sum(max(x) over batch B), var(sum(x) over batch B) })"},
    {"transposes", {"f32", "f64", "bf16", "u8"}, R"(
pub fn f(x: F[B | N, J], y: F[B | J, N]) -> (F[B | J, N], F[B | N, J]) { return x.T, y.T })"},
    {"across the bar", {"f32", "bf16"}, R"(
pub fn f(x: F[B, N | J], y: F[B | J, N]) -> (F[B | N, J], F[N, B | J], F[B | J, N], F[N, B | J]) {
  return rearrange(x, [B, N | J] -> [B | N, J]), rearrange(x, [B, N | J] -> [N, B | J]),
         rearrange(x, [B, N | J] -> [B | J, N]), rearrange(y, [B | J, N] -> [N, B | J])
})"},
    {"join and split", {"f32", "u8"}, R"(
pub fn f(x: F[B | N, 3], y: F[B | 3*N], z: F[B | N, 3, 4])
    -> (F[B | 3*N], F[B | 3, N], F[B | 3*N], F[B | 4, 3*N], F[B | 3, 4, N]) {
  let t = rearrange(y, [B | (N K)] -> [B | K, N])
  return rearrange(x, [B | N, K] -> [B | (K N)]), t, flatten(t),
         rearrange(z, [B | N, K, L] -> [B | L, (N K)]), rearrange(z, [B | N, K, L] -> [B | K, L, N])
})"},
    {"slices", {"f32", "bf16", "i64"}, R"(
pub fn f(x: F[B | N, 7], y: F[B | 3*N]) -> (F[B | N], F[B | N, 3], F[B | N], F[B | N]) {
  let (a, b, c) = split(y, 3)
  return x[| :, 4], x[| :, 2:5], a * c, b
})"},
    {"concat", {"f32", "bf16", "u8"}, R"(
pub fn f(x: F[B | N], y: F[B | 3], v: F[| N]) -> (F[B | 2*N + 3], F[B | N + 3]) {
  return concat(x, y, v), concat(y, x)
})"},
    {"brackets", {"f32", "bf16", "u8"}, R"(
pub fn f(x: F[B | N], v: F[| N], s: F[B |]) -> (F[B | 3, N], F[B | 2]) { return [x, v, x], [s, s] })"},
    {"spread", {"f32", "bf16", "u8"}, R"(
pub fn f(x: F[B | N], v: F[| N], s: F[B |]) -> (F[B | N], F[B, N |]) {
  return spread(v, [B]), spread(s, [B, N])
})"},
};
// clang-format on

/// 1 .. 33, and about the widths of vectors, tiles and panels: multiples of 16 lanes, panels of 64 columns, blocks of
/// 120 rows, blocks of 256 positions, units of 4096 columns.
std::vector<int64_t> allSizes() {
  std::vector<int64_t> sizes;
  for (int64_t size = 1; size <= 33; ++size)
    sizes.push_back(size);
  for (int64_t edge : {48, 64, 96, 120, 128, 192, 256, 4096})
    sizes.insert(sizes.end(), {edge - 1, edge, edge + 1});
  return sizes;
}
const std::vector<int64_t> fewSizes = {1, 17, 33, 65};
constexpr int64_t batches[] = {257, 33, 32, 7, 3, 2, 1, 0};

/// Elements and multiplications of a call. Large batches meet small sizes only; a single sample meets all sizes, but
/// that a product of squares stays below 256.
constexpr int64_t costLimit = 150000, costLimitOfOne = 100 * costLimit;

int64_t costAt(const Function &function, const Sizes &sizes) {
  auto elementsAt = [&](int value) { return elementsOf(shapeAt(function.values[size_t(value)], sizes)); };
  int64_t cost = 0;
  for (const frontend::Op &op : function.ops) {
    int64_t terms = 1;
    if (op.name == "conv2d")
      terms = 18;
    if (op.name == "matmul" || op.name == "linear")
      terms = shapeAt(function.values[size_t(op.operands[0])], sizes).back();
    if (op.name == "attention") { // of one query and one column
      std::vector<int64_t> keys = shapeAt(function.values[size_t(op.operands[1])], sizes);
      terms = keys[keys.size() - 2] * (1 + keys.back());
    }
    for (int result : op.results)
      cost += terms * elementsAt(result);
    for (int operand : op.operands)
      cost += elementsAt(operand);
  }
  return cost;
}

/// One program: a form at a dtype, with the sizes that N takes, or the one that it has.
struct Job {
  const Form *form;
  std::string dtype;
  std::vector<int64_t> sizes;
  bool isStatic;
  std::string source() const;
};

std::string Job::source() const {
  std::string accumulator = dtype == "i8" || dtype == "u8" || dtype == "bool" ? "i32" : dtype;
  // J is no size of the sweep, so that `over N` is never ambiguous.
  return "type F = " + dtype + "\ntype A = " + accumulator + "\ndim B, N " +
         (isStatic ? "= " + std::to_string(sizes[0]) : "<= 8192") + ", J = 35, K = 3, L = 4" + form->text + "\n";
}

/// `brief`: all sizes of the first dtype of a form at run time, few of the others and few static ones.
std::vector<Job> makeJobs(const std::string &name, bool brief) {
  std::vector<Job> jobs;
  for (const Form &form : forms) {
    if (std::string(form.name).find(name) == std::string::npos)
      continue;
    for (const char *dtype : form.dtypes) {
      bool isFirst = dtype == form.dtypes[0];
      jobs.push_back({&form, dtype, isFirst || !brief ? allSizes() : fewSizes, false});
      for (int64_t size : brief ? fewSizes : allSizes())
        if (isFirst || !brief)
          jobs.push_back({&form, dtype, {size}, true});
    }
  }
  return jobs;
}

/// What one thread does.
class Sweep {
public:
  explicit Sweep(Compiler &compiler) : compiler(compiler) {}
  /// False, and the first failure is printed: other sizes would say the same again.
  bool run(const Job &job);
  int64_t calls = 0;
  Coverage coverage;

private:
  Compiler &compiler;
  WatchedThreads threads;
  static bool fail(const Job &job, const std::string &fault);
};

bool Sweep::fail(const Job &job, const std::string &fault) {
  printf("FAILED: %s of %s: %s\n%s\n", job.form->name, job.dtype.c_str(), fault.c_str(), job.source().c_str());
  fflush(stdout);
  return false;
}

bool Sweep::run(const Job &job) {
  setRepeatCommand("random-programs --tails --op='" + std::string(job.form->name) + "'");
  Checked checked(job.source());
  if (!checked.program)
    return fail(job, checked.diagnostics.render());
  const Function &function = checked.program->functions.at(0);
  countFunction(function, coverage);
  CheckOptions options;
  options.invariance = false;
  options.schedule = true;
  options.levels = !job.isStatic;
  options.data = Data::Whole;
  Checks checks(compiler, threads, coverage, checked, options, Random(uint64_t(job.sizes[0])));
  for (int64_t size : job.sizes)
    for (int64_t batch : batches) {
      Sizes sizes = {{"B", batch}, {"N", size}, {"J", 35}, {"K", 3}, {"L", 4}};
      if (costAt(function, sizes) > (batch > 1 ? costLimit : costLimitOfOne))
        continue;
      ++calls;
      std::string fault = checks.run(function, sizes);
      if (!fault.empty())
        return fail(job, "N = " + std::to_string(size) + ", B = " + std::to_string(batch) + ": " + fault);
    }
  return true;
}

} // namespace

int runTails(Compiler &compiler, const std::string &name, bool brief, int64_t threads) {
  std::vector<Job> jobs = makeJobs(name, brief);
  if (jobs.empty()) {
    fprintf(stderr, "random-programs: no op has '%s' in its name\n", name.c_str());
    return 64;
  }
  std::atomic<size_t> next = 0;
  std::atomic<int64_t> failed = 0, calls = 0;
  std::mutex mutex;
  Coverage coverage;
  std::vector<std::thread> workers;
  for (int64_t i = 0; i < threads; ++i)
    workers.emplace_back([&] {
      Sweep sweep(compiler);
      for (size_t job; (job = next++) < jobs.size();)
        failed += !sweep.run(jobs[job]);
      std::lock_guard lock(mutex);
      calls += sweep.calls;
      coverage.add(sweep.coverage);
    });
  for (std::thread &worker : workers)
    worker.join();
  report(coverage, /*complete=*/false);
  bool covered = true;
  for (const char *group : {"ops", "dtypes", "kernels"})
    covered &= !name.empty() || covers(coverage, group);
  printf("%zu programs, %lld calls, %lld failed\n", jobs.size(), (long long)calls, (long long)failed);
  return failed || !covered;
}

} // namespace batten::fuzz
