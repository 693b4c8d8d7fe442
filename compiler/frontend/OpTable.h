// OpTable.h - the built-in ops of the language: names, signatures, named options. One row an op.
//
// The rows are what messages print and what arity and option names are checked against; the typing of each family is
// in Elaborate*.cpp, found by the op's name.
//
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_OPTABLE_H
#define BATTEN_COMPILER_FRONTEND_OPTABLE_H

#include <string>
#include <string_view>
#include <vector>

namespace batten::frontend {

struct OpParameter {
  const char *name;
  const char *core; ///< "(out, in)"; empty where it is no tensor
};

struct OpInfo {
  const char *name;
  std::vector<OpParameter> parameters;
  unsigned required;  ///< how many of them must be given
  const char *result; ///< "(out)"
  std::vector<const char *> options;
  unsigned requiredOptions = 0;                    ///< how many options, from the first, must be given
  bool takesOver = false;                          ///< `over` core dims
  bool takesOverBatch = false;                     ///< and `over batch`
  bool variadic = false;                           ///< the last parameter may repeat
  std::string signature() const;                   ///< "linear(x: (in), w: (out, in), b?: (out)) -> (out)"
  std::string parameterText(unsigned index) const; ///< "w: (out, in)"
};

const OpInfo *findOp(std::string_view name);
const std::vector<OpInfo> &opTable();

} // namespace batten::frontend

#endif
