// HostTensors.h - tensors of the command line: made, shown, written.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_HOSTTENSORS_H
#define BATTEN_COMPILER_TOOLS_HOSTTENSORS_H

#include "compiler/Compiler.h"
#include "runtime/batten.h"
#include <optional>

namespace batten {

/// f16 or bf16: `.npy` files hold them as f32.
bool is16BitFloat(frontend::DType dtype);
std::string shapeText(const std::vector<int64_t> &shape);
int64_t elementsOf(const std::vector<int64_t> &shape);

/// The shape of a type at these sizes; nullopt where one does not fit into 64 bits.
std::optional<std::vector<int64_t>> shapeAt(const frontend::TensorType &type,
                                            const std::map<std::string, int64_t> &sizes);

/// Why this machine cannot hold such a tensor, as the rest of a sentence; empty where it can.
std::string sizeFault(frontend::DType dtype, const std::vector<int64_t> &shape);
/// All zeros, of a shape without a sizeFault.
HostTensor emptyTensor(frontend::DType dtype, std::vector<int64_t> shape);

/// 16-bit floats as f32, which every tool reads; others as they are.
HostTensor widened(const HostTensor &tensor);
/// An element, of no 16-bit float.
long double elementAt(const HostTensor &tensor, size_t index);

/// The same bytes as the runtime sees them.
batten_tensor view(const HostTensor &tensor);

/// Fills with what `how` says: zeros, iota, normal:SEED, a number, true or false. What is wrong with it, or empty. Each
/// `stream` has its own numbers of one seed.
std::string fillTensor(HostTensor &tensor, const std::string &how, const std::string &stream = "");
/// "@FILE.npy, .., normal:SEED or a number": all that an input of this dtype may be given as, any:SEED aside.
std::string inputForms(frontend::DType dtype);
/// Whole numbers of a normal:SEED or any:SEED, each from `least` to `end` - 1 as likely as the others.
std::string fillIds(HostTensor &tensor, const std::string &how, int64_t least, int64_t end,
                    const std::string &stream = "");

/// Name (if it has one), dtype, shape and the first values, to standard output.
void printTensor(const HostTensor &tensor, const std::string &name);
/// Writes a tensor as .npy: bf16 and f16 as f32. The sentence of the fault, or empty.
std::string saveTensor(const std::string &path, const HostTensor &tensor);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_HOSTTENSORS_H
