// Inputs.h - the arguments of `batten run`: files, generators and scalars become tensors, dims get their sizes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_INPUTS_H
#define BATTEN_COMPILER_TOOLS_INPUTS_H

#include "compiler/Compiler.h"
#include <optional>

namespace batten {

/// What the user gives: `x` -> `@x.npy`, `@w.safetensors:name`, `zeros`, `iota`, `normal:SEED` or a number.
using GivenInputs = std::vector<std::pair<std::string, std::string>>;

class Inputs {
public:
  explicit Inputs(const frontend::Function &function) : function(function) {}

  /// Reads the files, finds every runtime dim (those of `dims` are given) and makes what is generated. false: `error` has
  /// a sentence, and `notes` what goes with it.
  bool prepare(const GivenInputs &given, const std::map<std::string, int64_t> &dims);
  /// The same for the weights that the function reads, from a .safetensors file.
  bool prepareWeights(const std::string &path);

  std::map<std::string, int64_t> sizes;   ///< of every symbol, static ones included
  std::vector<HostTensor> tensors;        ///< one an Argument; weights stay empty without prepareWeights
  std::string error;
  std::vector<std::string> notes;

private:
  const frontend::Function &function;
  std::map<std::string, std::string> boundBy; ///< symbol -> the argument that gave its size
  std::vector<bool> read;                     ///< tensors[i] comes from a file

  bool readFile(size_t index, const std::string &path);
  bool generate(size_t index, const std::string &how);
  bool bindSizes(size_t index);
  bool bindSize(const std::string &symbol, int64_t size, const std::string &argument);
  void solveGuards();
  bool shapeOf(const frontend::TensorType &type, std::vector<int64_t> &shape);
  bool checkShape(size_t index);
  bool fail(std::string sentence);
};

/// The shape of a result at these sizes; nullopt on overflow.
std::optional<std::vector<int64_t>> shapeAt(const frontend::TensorType &type,
                                            const std::map<std::string, int64_t> &sizes);

/// Writes a tensor as .npy: bf16 and f16 as f32. The sentence of the fault, or empty.
std::string saveTensor(const std::string &path, const HostTensor &tensor);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_INPUTS_H
