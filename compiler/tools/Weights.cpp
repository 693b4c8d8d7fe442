// Weights.cpp - see Weights.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Weights.h"
#include "compiler/frontend/Types.h"
#include "compiler/frontend/WeightCheck.h"
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

namespace batten {

namespace {

struct CloseSafetensors {
  void operator()(batten_safetensors *file) const { batten_safetensors_close(file); }
};
using SafetensorsFile = std::unique_ptr<batten_safetensors, CloseSafetensors>;

SafetensorsFile openSafetensors(const std::string &path, batten_error &error) {
  batten_safetensors *file = nullptr;
  batten_safetensors_open(path.c_str(), &file, &error);
  return SafetensorsFile(file);
}

frontend::WeightFile readHeader(const std::string &path, const batten_safetensors &file) {
  frontend::WeightFile header{path, {}};
  for (int64_t i = 0; i < batten_safetensors_count(&file); ++i) {
    batten_tensor tensor;
    batten_safetensors_shape(&file, i, &tensor, nullptr);
    header.tensors[batten_safetensors_name(&file, i)] = {batten_dtype_name(tensor.dtype),
                                                         {tensor.sizes, tensor.sizes + tensor.rank}};
  }
  return header;
}

} // namespace

void warnOfUnused(Session &session, const frontend::Program &program, const frontend::WeightFile &file) {
  std::string list;
  for (const std::string &name : unusedTensors(program, file))
    list += (list.empty() ? "`" : ", `") + name + "`";
  if (!list.empty())
    session.diagnostics().warning("unused-tensor", std::nullopt, file.name + ": the program does not read " + list);
}

std::optional<frontend::WeightFile> readWeightFile(Session &session, const std::string &path) {
  batten_error error{};
  if (SafetensorsFile file = openSafetensors(path, error))
    return readHeader(path, *file);
  session.refuse(ExitFiles, error.message, BATTEN_CODE(error.result) == BATTEN_E_FORMAT ? "E0505" : "");
  return std::nullopt;
}

bool checkWeights(Session &session, const std::string &path, const frontend::Program &needed,
                  const frontend::Program &program) {
  std::optional<frontend::WeightFile> header = readWeightFile(session, path);
  if (!header || !frontend::checkWeights(needed, *header, session.diagnostics()))
    return false;
  warnOfUnused(session, program, *header);
  return !session.diagnostics().hasErrors(); // with -Werror
}

int requireWeights(Session &session, const std::string &path, const frontend::Program &needed,
                   const frontend::Program &program, const std::string &help, const std::string &reader) {
  if (!path.empty())
    return checkWeights(session, path, needed, program) ? ExitOk : session.finish();
  const std::vector<frontend::Weight> &weights = needed.weights;
  if (weights.empty())
    return ExitOk;
  frontend::Diagnostic &error = session.refuse(
      ExitUsage, (reader.empty() ? needed.functions[0].name + "()" : reader) + " reads " +
                     frontend::counted(weights.size(), "weight", "weights") + ": give --weights=FILE.safetensors");
  size_t shown = std::min<size_t>(weights.size(), 8), more = weights.size() - shown;
  for (size_t i = 0; i < shown; ++i)
    error.note("`" + weights[i].from + "` " + weights[i].type.str());
  if (more)
    error.note("and " + std::to_string(more) + " more");
  if (!help.empty())
    error.help(help);
  return session.finish();
}

/// "; it has `a`, `b` and 5 more": first one that ends in `.name`, which is that tensor of a model around it.
static std::string someOf(std::vector<std::string> names, const std::string &name) {
  static constexpr size_t maxListed = 3;
  auto inner =
      std::find_if(names.begin(), names.end(), [&](const std::string &other) { return other.ends_with("." + name); });
  if (inner != names.end())
    std::rotate(names.begin(), inner, inner + 1);
  std::string list;
  for (size_t i = 0; i < std::min(names.size(), maxListed); ++i)
    list += (list.empty() ? "; it has `" : ", `") + names[i] + "`";
  return list + (names.size() > maxListed ? " and " + std::to_string(names.size() - maxListed) + " more" : "");
}

std::string loadFromSafetensors(const std::string &path, const std::string &name, batten_tensor &loaded) {
  batten_error error{};
  SafetensorsFile file = openSafetensors(path, error);
  if (!file)
    return error.message;
  int64_t index = batten_safetensors_find(file.get(), name.c_str());
  if (index >= 0)
    return batten_safetensors_load(file.get(), index, &loaded, &error) ? error.message : "";
  std::vector<std::string> names;
  for (int64_t i = 0; i < batten_safetensors_count(file.get()); ++i)
    names.push_back(batten_safetensors_name(file.get(), i));
  std::string refusal = "`" + path + "` has no tensor `" + name + "`";
  if (std::optional<std::string> near = frontend::nearest(name, names))
    return refusal + "; did you mean `" + *near + "`?";
  return refusal + someOf(names, name);
}

/// How many elements are NaN or infinite, their exponent being all ones, and the first of them.
template <typename Bits> static std::pair<int64_t, int64_t> nonFinite(const char *data, int64_t bytes, Bits exponent) {
  int64_t count = 0, elements = bytes / int64_t(sizeof(Bits));
  auto isNonFinite = [&](int64_t i) {
    Bits bits;
    memcpy(&bits, data + i * int64_t(sizeof bits), sizeof bits);
    return (bits & exponent) == exponent;
  };
  for (int64_t i = 0; i < elements; ++i)
    count += isNonFinite(i);
  int64_t first = 0;
  while (count && !isNonFinite(first))
    ++first;
  return {count, first};
}

static void warnOfNonFinite(Session &session, const std::string &path, const std::string &name,
                            const batten_tensor &tensor, const char *data) {
  int64_t bytes = batten_tensor_bytes(&tensor);
  auto [count, first] = tensor.dtype == BATTEN_F64    ? nonFinite<uint64_t>(data, bytes, 0x7ff0000000000000)
                        : tensor.dtype == BATTEN_F32  ? nonFinite<uint32_t>(data, bytes, 0x7f800000)
                        : tensor.dtype == BATTEN_F16  ? nonFinite<uint16_t>(data, bytes, 0x7c00)
                        : tensor.dtype == BATTEN_BF16 ? nonFinite<uint16_t>(data, bytes, 0x7f80)
                                                      : std::pair<int64_t, int64_t>();
  if (!count)
    return;
  std::vector<int64_t> place(size_t(tensor.rank));
  for (size_t i = place.size(); i-- > 0; first /= tensor.sizes[i])
    place[i] = first % tensor.sizes[i];
  session.diagnostics().warning("non-finite", std::nullopt,
                                path + ": `" + name + "` has " +
                                    frontend::counted(size_t(count), "element that is", "elements that are") +
                                    " NaN or infinite, the first at " + shapeText(place));
}

std::string placeWeights(Session &session, const std::string &path, const frontend::Program &program,
                         PlacedWeights &out) {
  batten_error error{};
  SafetensorsFile file = openSafetensors(path, error);
  if (!file)
    return error.message;
  std::map<std::string, int64_t> places;          // a tensor that two weights name lies there once
  std::vector<std::pair<int64_t, int64_t>> parts; // of the file: tensor and bytes
  int64_t total = 0;
  for (const frontend::Weight &weight : program.weights) {
    auto [place, isNew] = places.try_emplace(weight.from, total);
    out.offsets.push_back(place->second);
    if (!isNew)
      continue;
    batten_tensor tensor;
    int64_t index = batten_safetensors_find(file.get(), weight.from.c_str());
    if (batten_safetensors_shape(file.get(), index, &tensor, &error))
      return error.message;
    parts.emplace_back(index, batten_tensor_bytes(&tensor));
    total += (parts.back().second + 63) / 64 * 64; // no overflow: all of them lie in one file
  }
  // Code reaches its data within 2 GiB, and the code itself needs some of that.
  if (total > (int64_t(1) << 31) - (int64_t(64) << 20))
    return "`" + path + "` has " + std::to_string(total) +
           " bytes of weights, more than the 1.9 GiB that fit into a program; give --weights=FILE:runtime";
  out.bytes.resize(size_t(total));
  char *next = out.bytes.data();
  for (auto [index, bytes] : parts) {
    batten_tensor tensor;
    if (batten_safetensors_read(file.get(), index, next, bytes, &error) ||
        batten_safetensors_shape(file.get(), index, &tensor, &error))
      return error.message;
    warnOfNonFinite(session, path, batten_safetensors_name(file.get(), index), tensor, next);
    next += (bytes + 63) / 64 * 64;
  }
  return "";
}

bool takeLoaded(batten_tensor &loaded, frontend::DType dtype, HostTensor &out) {
  HostTensor empty{dtype, {}, {}};
  bool fits = loaded.dtype == view(empty).dtype || (is16BitFloat(dtype) && loaded.dtype == BATTEN_F32);
  if (fits) {
    out = emptyTensor(dtype, {loaded.sizes, loaded.sizes + loaded.rank});
    batten_tensor to = view(out);
    batten_tensor_convert(&loaded, &to, nullptr); // equal dtypes are copied
  }
  batten_tensor_release(&loaded);
  return fits;
}

} // namespace batten
