// weights.h - holding a set of tensors against what a program reads.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_WEIGHTS_H
#define BATTEN_RUNTIME_WEIGHTS_H

#include "batten.h"
#include "memory.h"
#include "safetensors.h"

namespace batten::runtime {

/// Hears every problem, passes it on, and keeps the first for the sentence of the result.
class ProblemList {
public:
  explicit ProblemList(const batten_report *report) : report(report) { first[0] = 0; }
  void add(int32_t kind, int64_t weight, const char *tensor, const char *message, const char *help);
  bool wantsHelp() const { return report && report->problem; }
  /// 0 when nothing but warnings was heard.
  int result(const char *origin, batten_error *error) const;

private:
  const batten_report *report;
  int64_t errors = 0;
  char first[200];
};

/// Compares one tensor's dtype and shape with what weight `index` must be. `name` is printable.
void compareWeight(const batten_description &description, int64_t index, const char *name, const batten_tensor &found,
                   ProblemList &problems);

/// The tensor of the file that each weight reads, in `outTensors`; reports all that does not fit and all that is left.
int matchWeights(const batten_description &description, const batten_safetensors &file, ProblemList &problems,
                 Array<int64_t> &outTensors, batten_error *error);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_WEIGHTS_H
