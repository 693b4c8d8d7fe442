// Inputs.h - the arguments of `batten run`: files, generators and numbers become tensors, dims get their sizes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_INPUTS_H
#define BATTEN_COMPILER_TOOLS_INPUTS_H

#include "compiler/tools/HostTensors.h"
#include "compiler/tools/Session.h"

namespace batten {

class Inputs {
public:
  Inputs(Session &session, const CommandLine &options, const frontend::Function &function)
      : dims(options.dims()), session(session), options(options), function(function) {}

  /// Reads the files, finds every runtime dim and makes what is generated: `@x.npy`, `@w.safetensors:name`, `zeros`,
  /// `iota`, `normal:SEED` or a number. false: the session has all that is wrong.
  bool prepare();
  /// The same for the weights that the function reads, for an evaluator.
  bool prepareWeights(const std::string &path);
  /// A part of `prepare` that needs no weights: inputs that no argument has the name of.
  bool refuseUnknownNames();

  std::map<std::string, int64_t> dims;  ///< what --dim says; may be set before `prepare`
  std::string otherwise;                ///< "normal:": what is not given is random; empty: it is missing
  std::map<std::string, int64_t> sizes; ///< of every symbol, static ones included
  std::vector<HostTensor> tensors;      ///< one an Argument; weights stay empty without prepareWeights

private:
  Session &session;
  const CommandLine &options;
  const frontend::Function &function;
  std::map<std::string, std::string> boundBy; ///< symbol -> the argument that gave its size; empty: --dim
  std::vector<bool> read;                     ///< tensors[i] comes from a file
  bool failed = false;

  void refuseUnknownDims();
  void refuseMissing();
  void readFiles();
  bool readFile(size_t index, const std::string &path);
  void bindSizes(size_t index);
  void bindSize(const std::string &symbol, int64_t size, const std::string &argument);
  std::string shapeOf(const std::string &argument) const;
  std::optional<std::string> unknownIn(const Dim &dim) const;
  bool solveShape(size_t index);
  bool solveShapes();
  bool solveGuards();
  void refuseUnknownSizes();
  std::string brokenSize() const;
  void refuseSize(const std::string &otherwise);
  void refuseImpossibleResults();
  void checkShape(size_t index);
  std::string fill(size_t index, const std::string &how, const std::string &stream);
  void generate(size_t index);
  const std::string *givenTo(const frontend::Argument &argument) const;
  frontend::Diagnostic &refuse(Exit exit, const std::string &sentence, const std::string &code = "");
};

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_INPUTS_H
