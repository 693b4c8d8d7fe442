// description_fuzzer.cpp - any description that a compiler may write, and any tensors: solved, shaped and called.
//
// An artifact is code, so its tables are trusted to be well-formed; what they say may be anything. The bytes make an
// entry (dims, formulas, guards, independence), weights, and tensors that fit or nearly fit. What must hold: a call
// that is not refused has sizes at which every dim has the tensor's extent; calls in chunks take every sample once and
// the bytes of their own chunk; a refusal has its status and a sentence.
//
// Seeds: corpus/description.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FuzzFile.h"
#include "runtime/batch_dim.h"
#include "runtime/batten.h"

#include <cstring>
#include <deque>
#include <fuzzer/FuzzedDataProvider.h>
#include <vector>

using batten::fuzz::require;

namespace {

constexpr int64_t largestTensorBytes = 1 << 12, largestWorkspaceBytes = 1 << 16, hostBytes = 1 << 20;
constexpr int64_t mostCalls = 100;

constexpr const char *names[] = {"A", "B", "C", "D", "E"};
constexpr batten_dtype dtypes[] = {BATTEN_I8,  BATTEN_I32, BATTEN_I64,  BATTEN_U8,  BATTEN_F16,
                                   BATTEN_F32, BATTEN_F64, BATTEN_BF16, BATTEN_BOOL};

/// The entry under test and what its calls were: the description's functions get no context of their own.
struct Recorded {
  const batten_entry *entry = nullptr;
  const batten_tensor *tensors = nullptr;
  int64_t calls = 0;
  int64_t samples = 0;    ///< over all calls, of the dim that is cut
  int64_t cutSymbol = -1; ///< -1: the tensors are whole
} recorded;

int64_t workspaceBytes(const int64_t *sizes) {
  int64_t bytes;
  const batten_entry &entry = *recorded.entry;
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    if (sizes[i] < 0)
      return -1;
  const bool fits = batten_formula_evaluate(&entry.workspace_bytes, sizes, &bytes) && bytes >= 0;
  return fits && bytes <= largestWorkspaceBytes ? bytes : -1;
}

int refuse(const batten_call *call, int status, int64_t position) {
  const int result = status | static_cast<int>(position) << 8;
  if (call && call->error)
    *call->error = {result, "refused by the entry"};
  return result;
}

/// Reads every byte of every argument and writes every byte of the workspace: the sanitizer sees what is not there.
int callEntry(const void *program, const int64_t *sizes, void *const *tensors, void *workspace, int64_t bytes,
              const batten_call *call) {
  const batten_entry &entry = *recorded.entry;
  require(program);
  const int64_t needed = workspaceBytes(sizes);
  if (needed < 0)
    return refuse(call, BATTEN_E_SIZE, 1);
  for (int64_t i = 0; i < entry.argument_count; ++i) {
    int64_t elements = 1, extent;
    for (int32_t dim = 0; dim < entry.arguments[i].rank; ++dim) {
      require(batten_formula_evaluate(&entry.arguments[i].dims[dim], sizes, &extent) && extent >= 0);
      require(recorded.cutSymbol >= 0 || extent == recorded.tensors[i].sizes[dim]);
      elements *= extent;
    }
    uint8_t sum = 0;
    for (int64_t b = 0; tensors[i] && b < elements * BATTEN_DTYPE_BYTES(entry.arguments[i].dtype); ++b)
      sum = static_cast<uint8_t>(sum + static_cast<const volatile uint8_t *>(tensors[i])[b]);
    require(sum + 1 != 0);
  }
  if (recorded.calls == mostCalls)
    return refuse(call, BATTEN_E_INDEX, 1);
  if (needed > bytes || (needed && !workspace))
    return refuse(call, BATTEN_E_WORKSPACE, entry.symbol_count + entry.argument_count + 2);
  if (workspace)
    memset(workspace, 1, static_cast<size_t>(bytes));
  ++recorded.calls;
  recorded.samples += recorded.cutSymbol >= 0 ? sizes[recorded.cutSymbol] : 0;
  return 0;
}

int bindProgram(void *memory, int64_t, const void *const *, const void **program, batten_error *) {
  *static_cast<batten_program_header *>(memory) = {};
  *program = memory;
  return 0;
}

/// Everything that a description points to. Deques: what was handed out stays where it is.
class Maker {
public:
  explicit Maker(FuzzedDataProvider &bytes) : bytes(bytes) {}
  batten_entry makeEntry();
  std::vector<batten_weight> makeWeights();
  std::vector<batten_tensor> makeTensors(const batten_entry &entry);
  batten_tensor makeTensor(batten_dtype dtype, const std::vector<int64_t> &extents);

  std::vector<int64_t> truth; ///< the sizes that the tensors are made for

private:
  batten_formula makeFormula(std::initializer_list<int64_t> last = {});
  void addTerms(std::vector<int64_t> &code, int depth);
  batten_argument makeArgument(int64_t position);
  const char *makeName();
  template <class T> const T *keep(std::deque<std::vector<T>> &kept, std::vector<T> made) {
    return kept.emplace_back(std::move(made)).data();
  }

  FuzzedDataProvider &bytes;
  std::deque<std::string> texts;
  std::deque<std::vector<int64_t>> words;
  std::deque<std::vector<uint8_t>> memory;
  std::deque<std::vector<batten_formula>> formulas;
  std::deque<std::vector<batten_argument>> arguments;
  std::deque<std::vector<batten_guard>> guards;
  std::deque<std::vector<batten_symbol>> symbols;
  std::deque<std::vector<const char *>> lists;
};

const char *Maker::makeName() { return texts.emplace_back(bytes.ConsumeRandomLengthString(12)).c_str(); }

/// The compiler keeps a formula's stack below BATTEN_FORMULA_DEPTH, and names only sizes that there are.
void Maker::addTerms(std::vector<int64_t> &code, int depth) {
  const int kind = bytes.ConsumeIntegralInRange(0, depth < 5 ? 7 : 1);
  if (kind == BATTEN_SIZE && !truth.empty()) {
    code.insert(code.end(), {BATTEN_SIZE, bytes.ConsumeIntegralInRange<int64_t>(0, int64_t(truth.size()) - 1)});
  } else if (kind <= BATTEN_SIZE) {
    const int64_t small = bytes.ConsumeIntegral<int8_t>();
    code.insert(code.end(), {BATTEN_CONSTANT, small == -128 ? bytes.ConsumeIntegral<int64_t>() : small});
  } else {
    addTerms(code, depth + 1);
    addTerms(code, depth + 1);
    code.push_back(kind);
  }
}

batten_formula Maker::makeFormula(std::initializer_list<int64_t> last) {
  std::vector<int64_t> code;
  addTerms(code, 0);
  code.insert(code.end(), last);
  const int64_t length = static_cast<int64_t>(code.size());
  return {"formula", keep(words, std::move(code)), length};
}

batten_argument Maker::makeArgument(int64_t position) {
  const int32_t rank = bytes.ConsumeIntegralInRange(0, 4);
  std::vector<batten_formula> dims;
  for (int32_t i = 0; i < rank; ++i)
    dims.push_back(makeFormula());
  return {makeName(),
          bytes.ConsumeIntegralInRange<int32_t>(0, 2),
          bytes.PickValueInArray(dtypes),
          bytes.ConsumeIntegralInRange(0, rank),
          rank,
          keep(formulas, std::move(dims)),
          static_cast<int32_t>(position),
          0};
}

batten_entry Maker::makeEntry() {
  batten_entry entry{};
  entry.name = entry.signature = "entry";
  entry.c_symbol = "fuzz_entry";
  entry.call = callEntry;
  entry.workspace = workspaceBytes;
  std::vector<batten_symbol> dims;
  std::vector<const char *> independent, mixes;
  for (int64_t count = bytes.ConsumeIntegralInRange(0, 5); entry.symbol_count < count; ++entry.symbol_count) {
    const int64_t bound = bytes.ConsumeIntegral<uint8_t>();
    truth.push_back(bytes.ConsumeIntegralInRange<int64_t>(bound ? 1 : 0, bound ? bound : 9));
    dims.push_back({names[dims.size()], bound, static_cast<int32_t>(1 + dims.size()), 0});
    if (bytes.ConsumeBool())
      independent.push_back(dims.back().name);
    else
      mixes.push_back("A: mean over batch");
  }
  std::vector<batten_argument> made;
  for (int64_t count = bytes.ConsumeIntegralInRange(0, 4); entry.argument_count < count; ++entry.argument_count)
    made.push_back(makeArgument(1 + entry.symbol_count + entry.argument_count));
  std::vector<batten_guard> left;
  if (bytes.ConsumeBool())
    left.push_back({"guard", makeFormula(), makeFormula(), BATTEN_EQ, 0});
  entry.workspace_bytes = makeFormula();
  entry.scratch_bytes = makeFormula({BATTEN_CONSTANT, 0, BATTEN_MAX}); // never negative
  entry.flops = entry.bytes = makeFormula();
  entry.independent_count = static_cast<int64_t>(independent.size());
  entry.mixes_count = static_cast<int64_t>(mixes.size());
  entry.guard_count = static_cast<int64_t>(left.size());
  entry.symbols = keep(symbols, std::move(dims));
  entry.independent = keep(lists, std::move(independent));
  entry.mixes = keep(lists, std::move(mixes));
  entry.arguments = keep(arguments, std::move(made));
  entry.guards = keep(guards, std::move(left));
  return entry;
}

std::vector<batten_weight> Maker::makeWeights() {
  std::vector<batten_weight> weights;
  for (int count = bytes.ConsumeIntegralInRange(0, 3); count > 0; --count) {
    std::vector<int64_t> shape;
    for (int32_t rank = bytes.ConsumeIntegralInRange(0, 3); rank > 0; --rank)
      shape.push_back(bytes.ConsumeIntegralInRange(1, 9));
    const char *path = makeName();
    const int32_t rank = static_cast<int32_t>(shape.size());
    weights.push_back(
        {path, makeName(), path, bytes.PickValueInArray(dtypes), rank, keep(words, std::move(shape)), nullptr, 0});
  }
  return weights;
}

/// Dense memory for these extents where they are few, else none; one time in a while not as it should be.
batten_tensor Maker::makeTensor(batten_dtype dtype, const std::vector<int64_t> &extents) {
  batten_tensor tensor{};
  if (batten_tensor_make(dtype, static_cast<int32_t>(extents.size()), extents.data(), nullptr, &tensor, nullptr)) {
    const int64_t nothing = 0;
    batten_tensor_make(dtype, 1, &nothing, nullptr, &tensor, nullptr);
  }
  const uint8_t fault = bytes.ConsumeIntegral<uint8_t>();
  if (fault == 1)
    tensor.dtype = bytes.ConsumeIntegral<uint32_t>();
  if (fault == 2)
    tensor.rank = bytes.ConsumeIntegral<int32_t>();
  if (fault == 3)
    tensor.sizes[bytes.ConsumeIntegralInRange(0, 3)] = bytes.ConsumeIntegral<int64_t>();
  if (fault == 4)
    tensor.strides[bytes.ConsumeIntegralInRange(0, 3)] = bytes.ConsumeIntegral<int64_t>();
  if (fault == 5)
    tensor.device = bytes.ConsumeIntegral<int32_t>();
  const int64_t size = batten_tensor_bytes(&tensor);
  if (size >= 0 && size <= largestTensorBytes)
    tensor.data = memory.emplace_back(static_cast<size_t>(size)).data();
  return tensor;
}

std::vector<batten_tensor> Maker::makeTensors(const batten_entry &entry) {
  std::vector<batten_tensor> tensors;
  for (int64_t i = 0; i < entry.argument_count; ++i) {
    std::vector<int64_t> extents(static_cast<size_t>(entry.arguments[i].rank));
    for (size_t dim = 0; dim < extents.size(); ++dim)
      batten_formula_evaluate(&entry.arguments[i].dims[dim], truth.data(), &extents[dim]);
    tensors.push_back(makeTensor(entry.arguments[i].dtype, extents));
  }
  return tensors;
}

void requireRefusal(int result, const batten_error &error) {
  require(result == error.result && error.message[0] && memchr(error.message, 0, sizeof error.message));
  require(strcmp(batten_status_name(BATTEN_CODE(result)), "unknown status") != 0);
}

void solve(const batten_program *program, const batten_entry &entry, const std::vector<batten_tensor> &tensors,
           std::vector<int64_t> sizes) {
  batten_error error{};
  const int64_t count = static_cast<int64_t>(tensors.size());
  if (const int result = batten_program_solve(program, 0, tensors.data(), count, sizes.data(), &error))
    return requireRefusal(result, error);
  for (int64_t i = 0; i < count; ++i) {
    batten_tensor shape;
    for (int32_t dim = 0; dim < entry.arguments[i].rank; ++dim) {
      int64_t extent;
      require(batten_formula_evaluate(&entry.arguments[i].dims[dim], sizes.data(), &extent));
      require(extent == tensors[static_cast<size_t>(i)].sizes[dim]);
    }
    require(!batten_program_shape(program, 0, i, sizes.data(), &shape, &error));
    require(batten_tensor_bytes(&shape) == batten_tensor_bytes(&tensors[static_cast<size_t>(i)]));
  }
}

/// Once whole, and if that is not refused, in chunks: on one thread that stands for several.
void call(const batten_program *program, const std::vector<batten_tensor> &tensors, const std::vector<int64_t> &sizes,
          const char *dim, int64_t budget, int32_t threads) {
  batten_error error{};
  batten_call services{sizeof(batten_call), threads, nullptr, nullptr, nullptr, &error, nullptr};
  services.parallel_for = [](void *, int64_t count, void (*body)(void *, int64_t, int64_t), void *context) {
    for (int64_t i = 0; i < count; ++i)
      body(context, i, i + 1);
  };
  batten::runtime::hooks.allocate = [](int64_t bytes) { return bytes <= hostBytes; };
  const int64_t count = static_cast<int64_t>(tensors.size());
  recorded.calls = recorded.samples = 0;
  recorded.cutSymbol = -1;
  const int whole = batten_program_call(program, 0, sizes.data(), tensors.data(), count, nullptr, &services);
  require(recorded.calls == !whole);
  if (whole)
    return requireRefusal(whole, error);
  std::vector<int64_t> found = sizes;
  require(!batten_program_solve(program, 0, tensors.data(), count, found.data(), &error));
  const bool canCut = !batten::runtime::findBatchDim(*recorded.entry, dim, recorded.cutSymbol, nullptr);
  const int result =
      batten_program_call_chunked(program, 0, dim, budget, sizes.data(), tensors.data(), count, nullptr, &services);
  if (result)
    return requireRefusal(result, error);
  require(canCut && recorded.samples == found[static_cast<size_t>(recorded.cutSymbol)]);
}

/// Weights as they must be or nearly so, then a file of the remaining bytes.
bool bind(batten_program *program, const std::vector<batten_weight> &weights, Maker &maker,
          const std::vector<uint8_t> &file) {
  const batten_report report = {[](void *, const batten_problem *problem) {
                                  require(problem->tensor && problem->message && problem->message[0]);
                                },
                                nullptr};
  batten_error error{};
  if (const int result =
          batten_program_check_file(program, batten::fuzz::fileOf(file.data(), file.size()), &report, &error))
    requireRefusal(result, error);
  batten::runtime::hooks.allocate = nullptr;
  std::vector<batten_tensor> tensors;
  for (const batten_weight &weight : weights)
    tensors.push_back(maker.makeTensor(weight.dtype, {weight.shape, weight.shape + weight.rank}));
  const int result =
      batten_program_bind(program, tensors.data(), static_cast<int64_t>(tensors.size()), &report, &error);
  if (result)
    requireRefusal(result, error);
  return !result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  FuzzedDataProvider bytes(data, size);
  Maker maker(bytes);
  const batten_entry entry = maker.makeEntry();
  const std::vector<batten_weight> weights = maker.makeWeights();
  const std::vector<batten_tensor> tensors = maker.makeTensors(entry);
  recorded = {&entry, tensors.data()};
  std::vector<int64_t> sizes;
  for (int64_t truth : maker.truth)
    sizes.push_back(bytes.ConsumeBool()   ? BATTEN_UNKNOWN
                    : bytes.ConsumeBool() ? truth
                                          : bytes.ConsumeIntegral<int64_t>());
  const char *dim = bytes.ConsumeBool() ? names[bytes.ConsumeIntegralInRange(0, 4)] : nullptr;
  const int64_t budget = bytes.ConsumeIntegralInRange<int64_t>(-1, 1000);
  const int32_t threads = bytes.ConsumeIntegralInRange(1, 4);

  batten_description description{};
  description.abi = BATTEN_ABI;
  description.size = sizeof description;
  description.name = "fuzz";
  description.program_bytes = sizeof(batten_program_header);
  description.bind = bindProgram;
  description.entries = &entry;
  description.entry_count = 1;
  description.weights = weights.data();
  description.weight_count = static_cast<int64_t>(weights.size());
  batten_program *program = nullptr;
  require(!batten_program_from(&description, &program, nullptr));
  solve(program, entry, tensors, sizes);
  if (bind(program, weights, maker, bytes.ConsumeRemainingBytes<uint8_t>()))
    call(program, tensors, sizes, dim, budget, threads);
  batten_program_close(program);
  return 0;
}
