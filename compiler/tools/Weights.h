// Weights.h - the .safetensors file of a program's weights.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_WEIGHTS_H
#define BATTEN_COMPILER_TOOLS_WEIGHTS_H

#include "compiler/frontend/WeightCheck.h"
#include "compiler/tools/HostTensors.h"
#include "compiler/tools/Session.h"

namespace batten {

/// The header of a .safetensors file; nullopt: refused.
std::optional<frontend::WeightFile> readWeightFile(Session &session, const std::string &path);

/// Warns of the tensors of the file that no function and no test of the program reads.
void warnOfUnused(Session &session, const frontend::Program &program, const frontend::WeightFile &file);

/// Reads the header and holds every weight of `needed` against it; what `program` (of which `needed` may be a part)
/// does not read is a warning. false: the session has all that does not fit.
bool checkWeights(Session &session, const std::string &path, const frontend::Program &needed,
                  const frontend::Program &program);

/// checkWeights, where the one function of `needed` reads weights; without a path (empty) it is then refused, with
/// `help` where that is given; `reader` is what a user calls the function, empty: its name. The exit status; the
/// session has said what is wrong.
int requireWeights(Session &session, const std::string &path, const frontend::Program &needed,
                   const frontend::Program &program, const std::string &help = "", const std::string &reader = "");

/// The tensors of a file that fits the program, as they are to lie in what is built; warns of NaN and infinities in
/// them. The sentence of the fault, or empty.
std::string placeWeights(Session &session, const std::string &path, const frontend::Program &program,
                         PlacedWeights &out);

/// One tensor of a .safetensors file. The sentence of the fault, or empty.
std::string loadFromSafetensors(const std::string &path, const std::string &name, batten_tensor &loaded);

/// Moves a tensor that was loaded into `out`, as `dtype`: equal, or a 16-bit float that comes as f32. false: neither.
bool takeLoaded(batten_tensor &loaded, frontend::DType dtype, HostTensor &out);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_WEIGHTS_H
