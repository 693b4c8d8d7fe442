// Artifact.cpp - see Artifact.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Artifact.h"
#include <algorithm>
#include <bit>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace batten::fuzz {

//===- Tensors ----------------------------------------------------------------------------------------------------===//

int64_t elementsOf(const std::vector<int64_t> &sizes) {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  return count;
}

std::vector<int> valuesGiven(const frontend::Function &function) {
  std::vector<int> values = function.results;
  for (const frontend::Argument &argument : function.arguments)
    if (argument.inout)
      values.push_back(argument.updated);
  return values;
}

HostTensor emptyTensor(frontend::DType dtype, std::vector<int64_t> sizes) {
  HostTensor tensor{dtype, std::move(sizes), {}};
  tensor.bytes.resize(size_t(elementsOf(tensor.sizes) * frontend::dtypeBytes(dtype)));
  return tensor;
}

std::vector<int64_t> shapeAt(const frontend::TensorType &type, const Sizes &sizes) {
  std::vector<int64_t> shape;
  for (const std::string &symbol : type.batch)
    shape.push_back(sizes.at(symbol));
  for (const Dim &dim : type.core)
    shape.push_back(dim.evaluate(sizes).value_or(-1));
  return shape;
}

namespace {
/// Mappings with a guard page at their end, in powers of two. Making one takes longer than most calls, so each thread
/// keeps what it has.
class Mappings {
public:
  char *take(size_t length) {
    if (auto found = spare.find(length); found != spare.end())
      return spare.extract(found).mapped();
    void *mapped = mmap(nullptr, length + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED || mprotect(static_cast<char *>(mapped) + length, page, PROT_NONE)) {
      perror("random-programs: memory");
      abort();
    }
    return static_cast<char *>(mapped);
  }
  void give(char *memory, size_t length) { spare.insert({length, memory}); }
  ~Mappings() {
    for (auto [length, memory] : spare)
      munmap(memory, length + page);
  }
  const size_t page = size_t(sysconf(_SC_PAGESIZE));

private:
  std::multimap<size_t, char *> spare;
};
thread_local Mappings mappings;
} // namespace

ZonedBytes::ZonedBytes(size_t needed) : length(std::max(mappings.page, std::bit_ceil(needed))) {
  memory = mappings.take(length);
  memset(memory, pattern, length);
}

ZonedBytes::ZonedBytes(size_t bytes, size_t offset) : ZonedBytes(bytes + 2 * zone + 64) {
  begin = zone + offset % 64; // zone is a multiple of 64
  this->bytes = bytes;
}

ZonedBytes ZonedBytes::beforeGuard(size_t bytes) {
  ZonedBytes made(bytes + zone);
  made.begin = made.length - bytes;
  made.bytes = bytes;
  return made;
}

ZonedBytes::ZonedBytes(ZonedBytes &&other) noexcept
    : memory(std::exchange(other.memory, nullptr)), length(other.length), begin(other.begin), bytes(other.bytes) {}

ZonedBytes::~ZonedBytes() {
  if (memory)
    mappings.give(memory, length);
}

bool ZonedBytes::intact() const {
  auto isPattern = [](char byte) { return byte == pattern; };
  return std::all_of(memory, memory + begin, isPattern) &&
         std::all_of(memory + begin + bytes, memory + length, isPattern);
}

//===- Threads ----------------------------------------------------------------------------------------------------===//

WatchedThreads::WatchedThreads() { batten_pool_create(2, &pool, nullptr); }
WatchedThreads::~WatchedThreads() { batten_pool_destroy(pool); }

batten_call WatchedThreads::service(batten_error *error) {
  batten_call call = batten_pool_call(pool, error);
  call.parallel_for = parallelFor;
  call.pool = this;
  return call;
}

void WatchedThreads::parallelFor(void *self, int64_t count, Body body, void *context) {
  auto *threads = static_cast<WatchedThreads *>(self);
  threads->ranges.clear();
  threads->body = body;
  threads->context = context;
  batten_pool_parallel_for(threads->pool, count, record, threads);
  threads->check(count);
}

void WatchedThreads::record(void *self, int64_t begin, int64_t end) {
  auto *threads = static_cast<WatchedThreads *>(self);
  {
    std::lock_guard lock(threads->mutex);
    threads->ranges.push_back({begin, end, std::this_thread::get_id()});
  }
  threads->body(threads->context, begin, end);
}

void WatchedThreads::check(int64_t count) {
  std::sort(ranges.begin(), ranges.end(), [](const Range &a, const Range &b) { return a.begin < b.begin; });
  int64_t next = 0;
  for (const Range &range : ranges) {
    if (range.begin != next || range.end <= range.begin)
      fault = "parallel_for was given ranges that overlap or leave something out";
    next = range.end;
  }
  if (next != count)
    fault = "parallel_for did " + std::to_string(next) + " of " + std::to_string(count);
  ++calls;
  shared += ranges.size() == 2 && ranges[0].thread != ranges[1].thread;
}

//===- Programs ---------------------------------------------------------------------------------------------------===//

std::string reason(const std::string &error, const frontend::Diagnostics &diagnostics) {
  if (!error.empty())
    return error;
  const std::optional<frontend::InternalError> &fault = diagnostics.internalError();
  return diagnostics.render() + (fault ? "internal error in " + fault->phase + ": " + fault->report : "");
}

std::unique_ptr<Artifact> Artifact::make(Compiler &compiler, const frontend::Program &program, const Options &options,
                                         frontend::Diagnostics &diagnostics, std::string &error,
                                         std::vector<Emission> also) {
  auto artifact = std::make_unique<Artifact>();
  also.push_back(Emission::SharedLibrary);
  std::sort(also.begin(), also.end());
  if (!compiler.compile(program, options, also, diagnostics, artifact->compilation)) {
    error = "it is not compiled:\n" + reason("", diagnostics);
    return nullptr;
  }
  const std::string &bytes = artifact->compilation.files[Emission::SharedLibrary];
  // Open as long as the program: the dynamic linker takes two libraries of one path for one.
  artifact->file = memfd_create("batten", MFD_CLOEXEC);
  if (artifact->file < 0 || write(artifact->file, bytes.data(), bytes.size()) != ssize_t(bytes.size())) {
    error = "no memory file";
    return nullptr;
  }
  batten_error cause{};
  std::string path = "/proc/self/fd/" + std::to_string(artifact->file);
  int result = batten_program_open(path.c_str(), program.name.c_str(), &artifact->opened, &cause);
  if (result) {
    error = std::string("it does not load: ") + cause.message;
    return nullptr;
  }
  artifact->described = batten_program_describe(artifact->opened);
  artifact->compilation.files.erase(Emission::SharedLibrary);
  return artifact;
}

Artifact::~Artifact() {
  batten_program_close(opened);
  if (file >= 0)
    close(file);
}

const batten_entry &Artifact::entry(const frontend::Function &function) const {
  return described->entries[batten_program_find(opened, function.name.c_str())];
}

bool Artifact::bind(const std::vector<HostTensor> &weights, std::string &error) {
  memory = std::make_unique<ZonedBytes>(size_t(described->program_bytes), 0);
  std::vector<ZonedBytes> buffers;
  std::vector<const void *> pointers;
  buffers.reserve(weights.size());
  for (const HostTensor &weight : weights) {
    buffers.push_back(ZonedBytes::beforeGuard(weight.bytes.size()));
    memcpy(buffers.back().data(), weight.bytes.data(), weight.bytes.size());
    pointers.push_back(buffers.back().data());
  }
  batten_error cause{};
  if (described->bind(memory->data(), int64_t(memory->size()), pointers.empty() ? nullptr : pointers.data(), &bound,
                      &cause)) {
    error = std::string("the bind refuses: ") + cause.message;
    return false;
  }
  if (memory->intact())
    return true;
  error = "the bind writes beside the program's memory";
  return false;
}

std::optional<std::vector<HostTensor>> Artifact::call(const frontend::Function &function, const Sizes &sizes,
                                                      const std::vector<HostTensor> &arguments, WatchedThreads *threads,
                                                      std::string &error, int *status) const {
  const batten_entry &entry = this->entry(function);
  std::vector<int64_t> sizeList;
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    sizeList.push_back(sizes.at(entry.symbols[i].name));
  std::vector<HostTensor> results;
  for (int value : function.results)
    results.push_back(
        emptyTensor(function.values[size_t(value)].dtype, shapeAt(function.values[size_t(value)], sizes)));
  std::vector<ZonedBytes> buffers;
  std::vector<void *> pointers;
  buffers.reserve(arguments.size() + results.size());
  auto add = [&](const HostTensor &tensor) {
    // Each at another distance from a vector's alignment; in the call on threads at the end of memory.
    size_t offset = size_t(frontend::dtypeBytes(tensor.dtype)) * (buffers.size() + 1);
    buffers.push_back(threads ? ZonedBytes::beforeGuard(tensor.bytes.size()) : ZonedBytes(tensor.bytes.size(), offset));
    pointers.push_back(buffers.back().data());
  };
  for (const HostTensor &argument : arguments) {
    add(argument);
    memcpy(buffers.back().data(), argument.bytes.data(), argument.bytes.size());
  }
  for (const HostTensor &result : results)
    add(result);
  int64_t bytes = entry.workspace(sizeList.data());
  if (bytes < 0) {
    error = "the workspace refuses the sizes";
    if (!status)
      return std::nullopt;
  }
  ZonedBytes workspace(size_t(std::max<int64_t>(bytes, 0) + (threads ? entry.thread_bytes : 0)), 0);
  batten_error cause{};
  batten_call service = threads ? threads->service(&cause)
                                : batten_call{sizeof(batten_call), 1, nullptr, nullptr, nullptr, &cause, nullptr};
  int result =
      entry.call(bound, sizeList.data(), pointers.data(), workspace.data(), int64_t(workspace.size()), &service);
  if (status)
    *status = result;
  if (result) {
    error = std::string("the call refuses: ") + cause.message;
    return std::nullopt;
  }
  if (threads && !threads->fault.empty())
    error = threads->fault;
  if (!workspace.intact() || !memory->intact())
    error = !workspace.intact() ? "it writes beside the workspace" : "it writes beside the program's memory";
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (!buffers[i].intact())
      error = std::string("it writes beside ") + entry.arguments[i].name;
    if (entry.arguments[i].kind == BATTEN_INOUT)
      results.push_back(
          {arguments[i].dtype, arguments[i].sizes, {buffers[i].data(), buffers[i].data() + buffers[i].size()}});
    else if (i < arguments.size() && memcmp(buffers[i].data(), arguments[i].bytes.data(), buffers[i].size()) != 0)
      error = std::string("it writes to ") + entry.arguments[i].name;
    if (i >= arguments.size())
      memcpy(results[i - arguments.size()].bytes.data(), buffers[i].data(), buffers[i].size());
  }
  if (!error.empty())
    return std::nullopt;
  return results;
}

} // namespace batten::fuzz
