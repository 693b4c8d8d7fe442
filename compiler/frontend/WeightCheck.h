// WeightCheck.h - does a weights file fit a program? Names, dtypes and shapes, without reading data.
//
// Loading is strict (R12): every parameter is found with its dtype and shape. What the file holds besides is listed.
//
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_WEIGHTCHECK_H
#define BATTEN_COMPILER_FRONTEND_WEIGHTCHECK_H

#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/Program.h"

#include <map>

namespace batten::frontend {

struct FileTensor {
  std::string dtype; ///< "f32", or a name that the language has not, as "f8_e5m2"
  std::vector<int64_t> shape;
};

/// What the header of a .safetensors file says.
struct WeightFile {
  std::string name;
  std::map<std::string, FileTensor> tensors;
};

/// E0501 (once, however many are missing), E0502, E0504 at the parameters. True if everything fits.
bool checkWeights(const Program &program, const WeightFile &file, Diagnostics &diagnostics);
/// Tensors that no parameter of the program, its tests included, binds, in order of name.
std::vector<std::string> unusedTensors(const Program &program, const WeightFile &file);

} // namespace batten::frontend

#endif
