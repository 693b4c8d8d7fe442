// Parts.cpp - the kernels of a program compiled side by side.
//
// A module that is worth it is cut into parts: the first has entries and tables, and the kernels are dealt over all. An
// LLVM context serves one thread only, so the module travels as bitcode, of which each thread reads the bodies of its
// part. Where to cut depends on the module alone, so the bytes are the same on every machine.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Backend.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include <atomic>
#include <system_error>
#include <thread>

namespace batten {

/// More parts than this leave no core of a usual machine idle for long.
static constexpr size_t mostParts = 8;
/// Of LLVM IR, about 20 ms of work: less costs as much to send as it saves.
static constexpr size_t leastInstructions = 1500;

namespace {
struct Part {
  size_t instructions = 0;
  llvm::StringSet<> kernels;
  std::string object, error;
};
} // namespace

/// Only kernels, and what is spelled out for them, have a CPU level of their own.
static bool isKernel(const llvm::Function &function) {
  return !function.isDeclaration() && function.hasFnAttribute("target-cpu");
}

/// Deals the kernels, the longest first, each to the part that has the least so far.
static std::vector<Part> dealKernels(const llvm::Module &module) {
  std::vector<std::pair<size_t, llvm::StringRef>> kernels;
  size_t instructions = 0, others = 0;
  for (const llvm::Function &function : module) {
    instructions += function.getInstructionCount();
    if (isKernel(function))
      kernels.push_back({function.getInstructionCount(), function.getName()});
    else
      others += function.getInstructionCount();
  }
  std::vector<Part> parts(std::clamp<size_t>(instructions / leastInstructions, 1, mostParts));
  parts[0].instructions = others;
  llvm::sort(kernels,
             [](const auto &a, const auto &b) { return std::tie(b.first, a.second) < std::tie(a.first, b.second); });
  auto lighter = [](const Part &a, const Part &b) { return a.instructions < b.instructions; };
  for (auto [size, kernel] : kernels) {
    auto least = std::min_element(parts.begin(), parts.end(), lighter);
    least->instructions += size;
    least->kernels.insert(kernel);
  }
  return parts;
}

static std::string bitcodeOf(const llvm::Module &module) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::WriteBitcodeToFile(module, stream);
  return std::string(bytes.begin(), bytes.end());
}

/// Reads the bodies of the kernels of `part`, and with `others` those of what is no kernel. The rest is declared only;
/// tables are in each part, and those unused are dropped before any other pass.
static llvm::Error readBodies(llvm::Module &module, const Part &part, bool others) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    if (isKernel(function) ? part.kernels.contains(function.getName()) : others) {
      if (llvm::Error failure = function.materialize())
        return failure;
    } else {
      function.deleteBody();
      function.setComdat(nullptr);
    }
  }
  if (llvm::Error failure = module.materializeAll())
    return failure;
  for (llvm::GlobalVariable &table : module.globals())
    if (!others && !table.hasLocalLinkage())
      table.setInitializer(nullptr);
  return llvm::Error::success();
}

static void compilePart(Part &part, bool isFirst, const std::string &bitcode, unsigned optLevel) {
  llvm::LLVMContext context;
  auto module = llvm::getLazyBitcodeModule(llvm::MemoryBufferRef(bitcode, "part"), context);
  llvm::Error failure = module ? readBodies(**module, part, isFirst) : module.takeError();
  if (failure) {
    part.error = "internal error: a part of the program cannot be read: " + llvm::toString(std::move(failure));
    return;
  }
  auto machine = createTargetMachine(optLevel, part.error);
  if (!machine)
    return;
  optimize(**module, *machine, optLevel);
  part.object = generate(**module, *machine, llvm::CodeGenFileType::ObjectFile, part.error).value_or("");
}

/// This thread works too, alone where the system gives no other: parts are taken one by one, so any number does.
static void runParts(std::vector<Part> &parts, const std::string &bitcode, unsigned optLevel) {
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t part; (part = next++) < parts.size();)
      compilePart(parts[part], part == 0, bitcode, optLevel);
  };
  const size_t wanted = std::min<size_t>(parts.size(), std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::thread> others;
  others.reserve(wanted);
  try {
    while (others.size() + 1 < wanted)
      others.emplace_back(work);
  } catch (const std::system_error &) { // a limit on processes, say
  }
  work();
  for (std::thread &other : others)
    other.join();
}

std::optional<std::vector<std::string>> compileParts(llvm::Module &module, unsigned optLevel, std::string &error) {
  std::vector<Part> parts = dealKernels(module);
  for (llvm::Function &function : module)
    if (parts.size() > 1 && isKernel(function)) {
      function.setLinkage(llvm::GlobalValue::ExternalLinkage);
      function.setVisibility(llvm::GlobalValue::HiddenVisibility);
    }
  runParts(parts, bitcodeOf(module), optLevel);
  std::vector<std::string> objects;
  for (Part &part : parts) {
    if (!part.error.empty()) {
      error = part.error;
      return std::nullopt;
    }
    objects.push_back(std::move(part.object));
  }
  return objects;
}

} // namespace batten
