// Inputs.cpp - see Inputs.h. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Inputs.h"
#include "runtime/batten.h"
#include <charconv>
#include <cmath>
#include <cstring>
#include <numbers>

namespace batten {

using frontend::DType;

//===- Tensors ------------------------------------------------------------------------------------------------------===//

static batten_dtype runtimeDType(DType dtype) {
  switch (dtype) {
  case DType::F64:
    return BATTEN_F64;
  case DType::F32:
    return BATTEN_F32;
  case DType::F16:
    return BATTEN_F16;
  case DType::BF16:
    return BATTEN_BF16;
  case DType::I64:
    return BATTEN_I64;
  case DType::I32:
    return BATTEN_I32;
  case DType::I8:
    return BATTEN_I8;
  case DType::U8:
    return BATTEN_U8;
  case DType::Bool:
    return BATTEN_BOOL;
  }
  return BATTEN_F32;
}

static bool is16BitFloat(DType dtype) { return dtype == DType::F16 || dtype == DType::BF16; }

static int64_t elementsOf(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

static std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

static HostTensor emptyTensor(DType dtype, std::vector<int64_t> shape) {
  HostTensor tensor{dtype, std::move(shape), {}};
  tensor.bytes.resize(size_t(elementsOf(tensor.sizes) * frontend::dtypeBytes(dtype)));
  return tensor;
}

static batten_tensor view(const HostTensor &tensor) {
  batten_tensor made;
  batten_tensor_make(runtimeDType(tensor.dtype), int32_t(tensor.sizes.size()), tensor.sizes.data(),
                     const_cast<char *>(tensor.bytes.data()), &made, nullptr);
  return made;
}

std::optional<std::vector<int64_t>> shapeAt(const frontend::TensorType &type,
                                            const std::map<std::string, int64_t> &sizes) {
  std::vector<int64_t> shape;
  for (const std::string &symbol : type.batch) {
    auto found = sizes.find(symbol);
    if (found == sizes.end())
      return std::nullopt;
    shape.push_back(found->second);
  }
  for (const Dim &dim : type.core) {
    std::optional<int64_t> size = dim.evaluate(sizes);
    if (!size || *size < 0)
      return std::nullopt;
    shape.push_back(*size);
  }
  return shape;
}

std::string saveTensor(const std::string &path, const HostTensor &tensor) {
  batten_error error{};
  batten_tensor from = view(tensor);
  HostTensor wide;
  if (is16BitFloat(tensor.dtype)) {
    wide = emptyTensor(DType::F32, tensor.sizes);
    batten_tensor to = view(wide);
    if (batten_tensor_convert(&from, &to, &error))
      return error.message;
    from = to;
  }
  return batten_npy_save(path.c_str(), &from, &error) ? error.message : "";
}

//===- Reading ------------------------------------------------------------------------------------------------------===//

bool Inputs::fail(std::string sentence) {
  error = function.name + "(): " + sentence;
  return false;
}

/// A tensor that was loaded, as this argument's dtype; 16-bit floats also come as f32.
static std::string takeLoaded(batten_tensor &loaded, const frontend::Argument &argument, HostTensor &out) {
  batten_error error{};
  std::string fault;
  out = emptyTensor(argument.type.dtype, {loaded.sizes, loaded.sizes + loaded.rank});
  batten_tensor to = view(out);
  if (loaded.dtype == to.dtype)
    memcpy(out.bytes.data(), loaded.data, out.bytes.size());
  else if (!is16BitFloat(argument.type.dtype) || loaded.dtype != BATTEN_F32)
    fault = "argument `" + argument.name + "` is " + frontend::dtypeName(argument.type.dtype) + ", the file has " +
            batten_dtype_name(loaded.dtype);
  else if (batten_tensor_convert(&loaded, &to, &error))
    fault = error.message;
  batten_tensor_release(&loaded);
  return fault;
}

static std::string loadFromSafetensors(const std::string &path, const std::string &name, batten_tensor &loaded) {
  batten_error error{};
  batten_safetensors *file = nullptr;
  if (batten_safetensors_open(path.c_str(), &file, &error))
    return error.message;
  std::string fault;
  int64_t index = batten_safetensors_find(file, name.c_str());
  if (index < 0)
    fault = path + " has no tensor `" + name + "`";
  else if (batten_safetensors_load(file, index, &loaded, &error))
    fault = error.message;
  batten_safetensors_close(file);
  return fault;
}

bool Inputs::readFile(size_t index, const std::string &path) {
  batten_error cause{};
  batten_tensor loaded{};
  size_t colon = path.rfind(':');
  std::string fault;
  const frontend::Argument &argument = function.arguments[index];
  if (!argument.tree.empty() && path.ends_with(".safetensors")) // one file for all leaves, by their paths
    fault = loadFromSafetensors(path, argument.path, loaded);
  else if (colon != std::string::npos && path.substr(0, colon).ends_with(".safetensors"))
    fault = loadFromSafetensors(path.substr(0, colon), path.substr(colon + 1), loaded);
  else if (batten_npy_load(path.c_str(), &loaded, &cause))
    fault = cause.message;
  if (fault.empty())
    fault = takeLoaded(loaded, argument, tensors[index]);
  if (!fault.empty())
    return fail(fault);
  read[index] = true;
  return true;
}

bool Inputs::prepareWeights(const std::string &path) {
  for (size_t i = 0; i < function.arguments.size(); ++i) {
    const frontend::Argument &argument = function.arguments[i];
    if (!argument.weight)
      continue;
    if (path.empty())
      return fail("weight `" + argument.path + "` is " + argument.type.str() + "; give --weights=FILE.safetensors");
    batten_tensor loaded{};
    std::string fault = loadFromSafetensors(path, argument.from, loaded);
    if (fault.empty())
      fault = takeLoaded(loaded, argument, tensors[i]);
    if (!fault.empty())
      return fail(fault);
    if (!checkShape(i))
      return false;
  }
  return true;
}

//===- Sizes --------------------------------------------------------------------------------------------------------===//

bool Inputs::bindSize(const std::string &symbol, int64_t size, const std::string &argument) {
  auto [found, fresh] = sizes.try_emplace(symbol, size);
  if (fresh)
    boundBy[symbol] = argument;
  if (found->second == size)
    return true;
  auto giver = boundBy.find(symbol);
  std::string before = giver == boundBy.end() ? "it is " + std::to_string(found->second)
                       : giver->second.empty()
                           ? "--dim says " + std::to_string(found->second)
                           : symbol + " was bound to " + std::to_string(found->second) + " by argument `" + giver->second + "`";
  return fail("argument `" + argument + "`: dim " + symbol + " is " + std::to_string(size) + ", but " + before +
              " [R0001]");
}

bool Inputs::bindSizes(size_t index) {
  const frontend::Argument &argument = function.arguments[index];
  const frontend::TensorType &type = argument.type;
  const std::vector<int64_t> &shape = tensors[index].sizes;
  if (shape.size() != type.batch.size() + type.core.size())
    return fail("argument `" + argument.name + "` is " + type.str() + ", the file has shape " + shapeText(shape) +
                " [R0001]");
  for (size_t i = 0; i < type.batch.size(); ++i)
    if (!bindSize(type.batch[i], shape[i], argument.name))
      return false;
  for (size_t i = 0; i < type.core.size(); ++i)
    if (auto symbol = type.core[i].symbolName(); symbol && !bindSize(*symbol, shape[type.batch.size() + i], argument.name))
      return false;
  return true;
}

/// What no input fixes may follow from an equation that the call must keep anyway: `S:T` gives S the size of T.
void Inputs::solveGuards() {
  bool found = true;
  while (found) {
    found = false;
    for (const frontend::Guard &guard : function.guards)
      for (auto [unknown, known] : {std::pair(&guard.lhs, &guard.rhs), std::pair(&guard.rhs, &guard.lhs)}) {
        std::optional<std::string> symbol = unknown->symbolName();
        if (guard.relation != "==" || !symbol || sizes.count(*symbol))
          continue;
        std::optional<int64_t> size = known->evaluate(sizes);
        if (size && *size >= 0)
          found = sizes.emplace(*symbol, *size).second;
      }
  }
}

bool Inputs::shapeOf(const frontend::TensorType &type, std::vector<int64_t> &shape) {
  auto found = shapeAt(type, sizes);
  if (!found)
    return false;
  shape = *found;
  return true;
}

bool Inputs::checkShape(size_t index) {
  const frontend::Argument &argument = function.arguments[index];
  std::vector<int64_t> wanted;
  if (!shapeOf(argument.type, wanted))
    return fail("the size of argument `" + argument.name + "` does not fit in 64 bits");
  if (wanted == tensors[index].sizes)
    return true;
  return fail("argument `" + argument.name + "` is " + argument.type.str() + ", so " + shapeText(wanted) +
              "; the file has shape " + shapeText(tensors[index].sizes) + " [R0001]");
}

//===- Generators -----------------------------------------------------------------------------------------------------===//

/// Standard normal numbers that depend on the seed alone (splitmix64, Steele et al. 2014; Box-Muller).
class Normal {
public:
  explicit Normal(uint64_t seed) : state(seed) {}
  double next() {
    double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

private:
  uint64_t state;
  double uniform() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return double((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }
};

template <class T> static void put(HostTensor &tensor, int64_t i, T value) {
  memcpy(tensor.bytes.data() + size_t(i) * sizeof(T), &value, sizeof(T));
}

static void putNumber(HostTensor &tensor, int64_t i, double value) {
  switch (tensor.dtype) {
  case DType::F64:
    return put(tensor, i, value);
  case DType::I64:
    return put(tensor, i, int64_t(std::llround(value)));
  case DType::I32:
    return put(tensor, i, int32_t(std::llround(value)));
  case DType::I8:
    return put(tensor, i, int8_t(std::llround(value)));
  case DType::U8:
    return put(tensor, i, uint8_t(std::llround(std::abs(value))));
  case DType::Bool:
    return put(tensor, i, uint8_t(value > 0));
  default:
    return put(tensor, i, float(value));
  }
}

static bool parseNumber(const std::string &text, double &value) {
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool Inputs::generate(size_t index, const std::string &how) {
  const frontend::Argument &argument = function.arguments[index];
  std::vector<int64_t> shape;
  if (!shapeOf(argument.type, shape))
    return fail("the sizes of argument `" + argument.name + "` (" + argument.type.str() +
                ") are not known; give them with --dim");
  int64_t bytes = 8;
  for (int64_t size : shape)
    if (__builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes) || bytes > int64_t(1) << 40)
      return fail("argument `" + argument.name + "` would have the shape " + shapeText(shape) + ", more than a TiB");
  bool narrow = is16BitFloat(argument.type.dtype);
  HostTensor made = emptyTensor(narrow ? DType::F32 : argument.type.dtype, shape);
  double number = 0;
  uint64_t seed = 0;
  bool normal = how.starts_with("normal:");
  if (normal) {
    auto [end, code] = std::from_chars(how.data() + 7, how.data() + how.size(), seed);
    if (code != std::errc() || end != how.data() + how.size())
      return fail("argument `" + argument.name + "`: 'normal:' needs a whole number as seed, '" + how + "' given");
  } else if (how != "zeros" && how != "iota" && !parseNumber(how, number)) {
    return fail("argument `" + argument.name + "`: '" + how + "' is none of @FILE.npy, @FILE.safetensors:NAME, zeros, "
                "iota, normal:SEED or a number");
  }
  Normal source(seed);
  // Whole numbers take three times the deviation, or most of them would be 0.
  double scale = frontend::isFloat(argument.type.dtype) ? 1.0 : 3.0;
  for (int64_t i = 0, count = elementsOf(shape); i < count; ++i)
    putNumber(made, i, normal ? scale * source.next() : how == "iota" ? double(i) : number);
  if (!narrow) {
    tensors[index] = std::move(made);
    return true;
  }
  tensors[index] = emptyTensor(argument.type.dtype, shape);
  batten_tensor from = view(made), to = view(tensors[index]);
  batten_error cause{};
  return batten_tensor_convert(&from, &to, &cause) ? fail(cause.message) : true;
}

//===- All together -------------------------------------------------------------------------------------------------===//

static const std::string *findInput(const GivenInputs &given, const std::string &name) {
  for (const auto &[key, value] : given)
    if (key == name)
      return &value;
  return nullptr;
}

bool Inputs::prepare(const GivenInputs &given, const std::map<std::string, int64_t> &dims) {
  size_t count = function.arguments.size();
  tensors.resize(count);
  read.assign(count, false);
  for (const auto &[key, value] : given) {
    bool known = false;
    for (const frontend::Argument &argument : function.arguments)
      known |= !argument.weight && argument.name == key;
    if (!known)
      return fail("it has no argument `" + key + "`");
  }
  for (const frontend::Symbol &symbol : function.symbols) {
    auto found = dims.find(symbol.name);
    if (symbol.kind == frontend::Symbol::Static)
      sizes[symbol.name] = symbol.value;
    else if (found != dims.end()) {
      sizes[symbol.name] = found->second;
      boundBy[symbol.name] = "";
    }
  }
  for (size_t i = 0; i < count; ++i) {
    const frontend::Argument &argument = function.arguments[i];
    const std::string *how = argument.weight ? nullptr : findInput(given, argument.name);
    if (!argument.weight && !how)
      notes.push_back("missing input: --" + argument.name +
                      (argument.tree.empty() ? "=... (" : "=@FILE.safetensors (`" + argument.path + "`: ") +
                      argument.type.str() + ")");
    else if (how && how->starts_with("@") && !(readFile(i, how->substr(1)) && bindSizes(i)))
      return false;
  }
  if (!notes.empty())
    return fail(std::to_string(notes.size()) + (notes.size() == 1 ? " input is" : " inputs are") + " missing");
  solveGuards();
  for (size_t i = 0; i < count; ++i) {
    const frontend::Argument &argument = function.arguments[i];
    if (argument.weight)
      continue;
    if (read[i] ? !checkShape(i) : !generate(i, *findInput(given, argument.name)))
      return false;
  }
  return true;
}

} // namespace batten
