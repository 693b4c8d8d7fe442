// Checks.h - what every program must satisfy: bits, accuracy, batch invariance, threads, levels, fusion, workspace.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_FUZZ_RANDOM_CHECKS_H
#define BATTEN_TEST_FUZZ_RANDOM_CHECKS_H

#include "test/fuzz/random/Artifact.h"
#include "test/fuzz/random/Coverage.h"
#include "test/fuzz/random/Random.h"
#include <set>

namespace batten::fuzz {

enum class Data { Real, Whole, Sparse };

/// A source text on its way through the front end.
struct Checked {
  explicit Checked(const std::string &source);
  frontend::Sources sources;
  frontend::Diagnostics diagnostics;
  std::optional<frontend::Program> program;
};

struct CheckOptions {
  bool levels = false;   ///< all CPU levels of the machine
  bool schedule = false; ///< also look at the plan: kernels and workspace
  bool invariance = true;
  Data data = Data::Real;
  std::optional<std::set<std::string>> independent; ///< unbounded dims whose samples may not see each other, if known
};

/// Checks one function of a program at one choice of sizes.
class Checks {
public:
  Checks(Compiler &compiler, WatchedThreads &threads, Coverage &coverage, Checked &checked, CheckOptions options,
         Random random);

  /// Empty, or one sentence about the first thing that is wrong.
  std::string run(const frontend::Function &function, const Sizes &sizes);

private:
  Compiler &compiler;
  WatchedThreads &threads;
  Coverage &coverage;
  Checked &checked;
  CheckOptions options;
  Random random;
  std::map<std::string, std::unique_ptr<Artifact>> artifacts; ///< by level and fusion
  // Of the run under way.
  const frontend::Function *function = nullptr;
  Sizes sizes;
  std::vector<HostTensor> arguments, inputs; ///< with and without weights
  std::vector<HostTensor> weights;           ///< of the program
  std::vector<HostTensor> results;           ///< of the serial call

  void makeInputs();
  const Artifact *artifact(const std::string &level, bool fuse, std::string &error);
  std::string compare(const std::vector<HostTensor> &found, const std::vector<HostTensor> &wanted,
                      const std::string &what) const;
  std::string checkBits(const Artifact &native);
  std::string checkThreads(const Artifact &native);
  std::string exactAt(const std::string &level, std::vector<HostTensor> &values);
  std::string checkVariants(const Artifact &native);
  std::string checkSchedule(const Artifact &native);
  std::string checkIndependence(const Artifact &native);
  std::string checkInvariance(const Artifact &native, const std::string &dim);
  std::string checkSample(const Artifact &native, const std::string &dim, int64_t sample, int64_t count);
  std::string checkEmpty(const Artifact &native, const std::string &dim);
};

/// The exact evaluator's values of all ops of `function`, and the reference's of each op from those operands: what
/// differs by more than the op may. Empty: nothing. `values`: one an SSA value.
std::string checkAccuracy(Compiler &compiler, Checked &checked, const frontend::Function &function, const Sizes &sizes,
                          const std::vector<HostTensor> &arguments, Data data, std::vector<HostTensor> &values);

/// Bytes of the largest set of buffers that are needed at once, and the buffers, by the plan of an entry in the text of
/// the scheduled form.
struct PlanFacts {
  int64_t peak = 0, buffers = 0, scratch = 0;
  std::vector<std::string> builders; ///< of its kernels
};
std::optional<PlanFacts> readPlan(const std::string &scheduled, const std::string &entry, const Sizes &sizes);

std::vector<std::string> levelsToRun(Compiler &compiler);
HostTensor randomTensor(const frontend::TensorType &type, const Sizes &sizes, Data data, double scale, Random &random);
/// The first element whose bits differ; two NaNs are equal. Empty: none.
std::string firstDifference(const HostTensor &found, const HostTensor &wanted);
double elementOf(const HostTensor &tensor, int64_t index);
void setElement(HostTensor &tensor, int64_t index, double value);

} // namespace batten::fuzz
#endif // BATTEN_TEST_FUZZ_RANDOM_CHECKS_H
