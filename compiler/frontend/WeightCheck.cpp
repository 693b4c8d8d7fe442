// WeightCheck.cpp - parameters against the header of a weights file; see WeightCheck.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/WeightCheck.h"

#include "compiler/frontend/Types.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace batten::frontend {

namespace {

/// The program keeps lines and columns, diagnostics want bytes: columns count characters.
SourceRange rangeOf(const Location &location, const Sources &sources) {
  for (uint32_t index = 0; index < sources.size(); ++index) {
    const SourceFile &file = sources.file(index);
    if (file.name() != location.file || location.line < 1 || uint32_t(location.line) > file.lineCount())
      continue;
    std::string_view line = file.line(uint32_t(location.line));
    auto offsetOf = [&](int column) {
      size_t offset = 0;
      for (int i = 1; i < column && offset < line.size(); ++i)
        offset += std::max(1u, utf8SequenceLength(line, offset));
      return file.lineBegin(uint32_t(location.line)) + uint32_t(offset);
    };
    return {index, offsetOf(location.column), offsetOf(location.endColumn)};
  }
  return {};
}

std::vector<int64_t> shapeOf(const Weight &weight) {
  std::vector<int64_t> shape;
  for (const Dim &dim : weight.type.core)
    shape.push_back(dim.constantValue().value_or(0));
  return shape;
}

std::string text(const std::vector<int64_t> &shape) {
  std::vector<std::string> parts;
  for (int64_t size : shape)
    parts.push_back(std::to_string(size));
  return "[" + joined(parts) + "]";
}

using NamedTensor = std::pair<std::string, FileTensor>;

/// The two tensors most like the one that is missing: of its model and of its type first, then by their names.
std::vector<NamedTensor> nearestTensors(const Weight &weight, const WeightFile &file) {
  std::vector<NamedTensor> found(file.tensors.begin(), file.tensors.end());
  std::vector<int64_t> shape = shapeOf(weight);
  auto rank = [&](const NamedTensor &tensor) {
    bool near = tensor.first.starts_with(weight.prefix);
    bool fits = tensor.second.dtype == dtypeName(weight.type.dtype) && tensor.second.shape == shape;
    return std::make_tuple(!near, !fits, editDistance(tensor.first, weight.from, 64), tensor.first);
  };
  size_t kept = std::min<size_t>(2, found.size());
  std::partial_sort(found.begin(), found.begin() + long(kept), found.end(),
                    [&](const NamedTensor &a, const NamedTensor &b) { return rank(a) < rank(b); });
  found.resize(kept);
  return found;
}

void reportMissing(const std::vector<const Weight *> &missing, const WeightFile &file, Diagnostics &diagnostics) {
  const Weight &first = *missing.front();
  Diagnostic &error = diagnostics.error("E0501", rangeOf(first.location, diagnostics.sources()),
                                        file.name + " has no tensor `" + first.from + "`");
  error.label(first.type.str() + " expected");
  std::vector<NamedTensor> near = nearestTensors(first, file);
  std::string note = near.empty() ? "the file holds no tensors" : "nearest names in the file: ";
  for (size_t i = 0; i < near.size(); ++i) {
    note += (i ? ", `" : "`") + near[i].first + "`";
    if (i == 0)
      note += " " + near[i].second.dtype + " " + text(near[i].second.shape);
  }
  error.note(note);
  if (missing.size() > 1) {
    std::string rest = counted(missing.size() - 1, "more param is", "more params are") + " missing: ";
    for (size_t i = 1; i < missing.size(); ++i)
      rest += (i > 1 ? ", `" : "`") + missing[i]->from + "`";
    error.note(rest);
  }
  bool fits = !near.empty() && near[0].second.dtype == dtypeName(first.type.dtype) &&
              near[0].second.shape == shapeOf(first) && near[0].first.rfind(first.prefix, 0) == 0;
  if (fits)
    error.help("param " + first.declared + " from \"" + near[0].first.substr(first.prefix.size()) + "\"");
}

void reportShape(const Weight &weight, const FileTensor &tensor, Diagnostics &diagnostics) {
  std::vector<int64_t> wanted = shapeOf(weight);
  Diagnostic &error = diagnostics.error("E0502", rangeOf(weight.typeLocation, diagnostics.sources()),
                                        "tensor `" + weight.from + "` has shape " + text(tensor.shape) +
                                            ", the program says " + text(wanted));
  if (wanted.size() != 2 || !std::equal(wanted.begin(), wanted.end(), tensor.shape.rbegin(), tensor.shape.rend()))
    return;
  TensorType transposed = weight.type;
  std::swap(transposed.core[0], transposed.core[1]);
  error.help("the sizes match after a transpose: PyTorch stores Linear weights as [Out, In]; declare `" +
             transposed.str() + "` and use `linear`");
}

} // namespace

bool checkWeights(const Program &program, const WeightFile &file, Diagnostics &diagnostics) {
  std::vector<const Weight *> missing;
  bool fits = true;
  for (const Weight &weight : program.weights) {
    auto found = file.tensors.find(weight.from);
    if (found == file.tensors.end()) {
      missing.push_back(&weight);
      continue;
    }
    const FileTensor &tensor = found->second;
    if (tensor.dtype != dtypeName(weight.type.dtype))
      diagnostics
          .error("E0504", rangeOf(weight.typeLocation, diagnostics.sources()),
                 "tensor `" + weight.from + "` is " + tensor.dtype + ", the program says " +
                     dtypeName(weight.type.dtype))
          .help("declare the parameter in the file's dtype and cast where it is used, `x as " +
                std::string(dtypeName(weight.type.dtype)) + "`; or convert the file");
    else if (tensor.shape != shapeOf(weight))
      reportShape(weight, tensor, diagnostics);
    else
      continue;
    fits = false;
  }
  if (!missing.empty())
    reportMissing(missing, file, diagnostics);
  return fits && missing.empty();
}

std::vector<std::string> unusedTensors(const Program &program, const WeightFile &file) {
  std::set<std::string> bound;
  for (const Weight &weight : program.weights)
    bound.insert(weight.from);
  std::vector<std::string> unused;
  for (const auto &[name, tensor] : file.tensors)
    if (!bound.count(name))
      unused.push_back(name);
  return unused;
}

} // namespace batten::frontend
