// Compiler.h - the compiler as the command line sees it: no LLVM in sight.
//
// The `batten` executable holds the front end and the runtime only and starts in milliseconds; what makes code lies in
// libbatten-compiler.so, which costs 30 ms to load (libMLIR, libLLVM) and is loaded when code must be made. This header
// is all that passes between the two.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_COMPILER_H
#define BATTEN_COMPILER_COMPILER_H

#include "compiler/Options.h"
#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Layers.h"
#include <cstdint>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace batten {

/// What a compilation can give, in the order in which it comes to be.
enum class Emission { Batten, Linalg, Scheduled, Llvm, Asm, Object, Archive, SharedLibrary, Header, Manifest, Weights };

/// Of a compilation with Options::timeLaunches: a step of an entry. Two words of the table NAME_launch_times, in this
/// order, count its cycles and how often it ran.
struct Launch {
  std::string kernel;
  frontend::Location location;
  std::optional<Dim> flops; ///< in the symbols of its entry; of moves there are none
};

/// How long a part of a compilation took, the passes that it ran included.
struct Phase {
  std::string name;
  double milliseconds = 0;
  std::vector<Phase> passes;
};

struct Compilation {
  std::map<Emission, std::string> files;            ///< bytes of each that was asked for
  std::string cpu;                                  ///< the levels by LLVM's names, best first, with commas between
  std::vector<Phase> phases;                        ///< in the order in which they ran
  std::function<void(const std::string &)> onPhase; ///< if set, told of each phase as it begins
  std::vector<Launch> launches;                     ///< where they are timed
};

/// Memory that begins at a cache line, as the buffers of the runtime do: no vector of a kernel lies in two.
template <typename T> struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t line{64};
  T *allocate(size_t count) { return static_cast<T *>(::operator new(count * sizeof(T), line)); }
  void deallocate(T *memory, size_t) { ::operator delete(memory, line); }
  bool operator==(const LineAllocator &) const = default;
};

/// A dense row-major tensor on its way to or from an evaluator; bool is a byte.
struct HostTensor {
  frontend::DType dtype = frontend::DType::F32;
  std::vector<int64_t> sizes;
  std::vector<char, LineAllocator<char>> bytes;
};

/// Which evaluator: in double precision, or in the dtype and in the order of dialect/NUMERICS.md.
enum class Evaluator { Reference, Exact };

/// Loaded from libbatten-compiler.so by `batten_compiler`.
class Compiler {
public:
  virtual ~Compiler() = default;
  /// Compiles every function of the program. false: `diagnostics` has the reasons, or an internal error.
  virtual bool compile(const frontend::Program &program, const Options &options, const std::vector<Emission> &wanted,
                       frontend::Diagnostics &diagnostics, Compilation &out) = 0;
  /// Evaluates one function; exactly, as at the first of the levels `cpu` that this machine has. `arguments`: one an
  /// Argument of the function, weights included. false: `error` has a sentence, or `diagnostics` the reasons or an
  /// internal error.
  virtual bool evaluate(const frontend::Program &program, const frontend::Function &function, Evaluator evaluator,
                        const std::string &cpu, const std::map<std::string, int64_t> &sizes,
                        const std::vector<HostTensor> &arguments, frontend::Diagnostics &diagnostics,
                        std::vector<HostTensor> &results, std::string &error) = 0;
  /// The cost of each op of the function. false: `diagnostics` says what is not compiled yet.
  virtual bool costs(const frontend::Program &program, const frontend::Function &function,
                     frontend::Diagnostics &diagnostics, std::vector<frontend::OpCost> &out) = 0;
  /// Of everything that was read: what an artifact says it was made of.
  virtual std::string sourceHash(const frontend::Sources &sources) = 0;
  /// The names of the passes that a compilation runs.
  virtual std::vector<std::string> passes() = 0;
  /// Why there is no code for CPUs of these names, a sentence; empty where there is.
  virtual std::string cpuFault(const std::string &cpu) = 0;
  /// What code for these CPUs may use and this machine has not, of the one that lacks least; empty where one can run
  /// (or there is no such CPU).
  virtual std::vector<std::string> lackingFeatures(const std::string &cpu) = 0;
};

} // namespace batten

/// The one symbol that libbatten-compiler.so exports. Lives until the process ends.
extern "C" batten::Compiler *batten_compiler();

#endif // BATTEN_COMPILER_COMPILER_H
