// Evaluate.cpp - dense values, and the loop over the ops of a function. See Evaluate.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluate.h"
#include "dialect/DimsRelation.h"
#include "dialect/Evaluation.h"
#include "dialect/Independence.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <cstring>

using namespace mlir;

namespace batten {

//===- Dense values -----------------------------------------------------------------------------------------------===//

ElementKind elementKind(Type element) {
  if (element.isF64())
    return ElementKind::F64;
  if (element.isF32())
    return ElementKind::F32;
  if (element.isF16())
    return ElementKind::F16;
  if (element.isBF16())
    return ElementKind::BF16;
  if (element.isInteger(64))
    return ElementKind::I64;
  if (element.isInteger(32))
    return ElementKind::I32;
  if (element.isInteger(1))
    return ElementKind::Bool;
  return element.isUnsignedInteger() ? ElementKind::U8 : ElementKind::I8;
}

DenseValue::DenseValue(ElementKind element, std::vector<int64_t> shape) : element(element), shape(std::move(shape)) {
  bytes.resize(numElements() * elementBytes());
}

int64_t DenseValue::numElements() const { return evaluation::numElements(shape); }

int64_t DenseValue::elementBytes() const {
  switch (element) {
  case ElementKind::F64:
  case ElementKind::I64:
    return 8;
  case ElementKind::F32:
  case ElementKind::I32:
    return 4;
  case ElementKind::F16:
  case ElementKind::BF16:
    return 2;
  default:
    return 1;
  }
}

template <typename T> static T read(const DenseValue &value, int64_t index) {
  T result;
  std::memcpy(&result, value.bytes.data() + index * sizeof(T), sizeof(T));
  return result;
}

template <typename T> static void write(DenseValue &value, int64_t index, T number) {
  std::memcpy(value.bytes.data() + index * sizeof(T), &number, sizeof(T));
}

static const llvm::fltSemantics &narrowFormat(ElementKind element) {
  return element == ElementKind::F16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat();
}

double DenseValue::real(int64_t index) const {
  switch (element) {
  case ElementKind::F64:
    return read<double>(*this, index);
  case ElementKind::F32:
    return read<float>(*this, index);
  case ElementKind::F16:
  case ElementKind::BF16: {
    llvm::APFloat number(narrowFormat(element), llvm::APInt(16, read<uint16_t>(*this, index)));
    return number.convertToDouble();
  }
  default:
    return static_cast<double>(integer(index));
  }
}

int64_t DenseValue::integer(int64_t index) const {
  switch (element) {
  case ElementKind::I64:
    return read<int64_t>(*this, index);
  case ElementKind::I32:
    return read<int32_t>(*this, index);
  case ElementKind::I8:
    return read<int8_t>(*this, index);
  case ElementKind::U8:
    return read<uint8_t>(*this, index);
  default:
    return read<uint8_t>(*this, index) != 0;
  }
}

void DenseValue::setReal(int64_t index, double value) {
  if (element == ElementKind::F64)
    return write(*this, index, value);
  if (element == ElementKind::F32)
    return write(*this, index, static_cast<float>(value));
  llvm::APFloat number(value);
  bool losesInformation;
  number.convert(narrowFormat(element), llvm::APFloat::rmNearestTiesToEven, &losesInformation);
  write(*this, index, static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue()));
}

void DenseValue::setInteger(int64_t index, int64_t value) {
  switch (element) {
  case ElementKind::I64:
    return write(*this, index, value);
  case ElementKind::I32:
    return write(*this, index, static_cast<int32_t>(value));
  case ElementKind::I8:
  case ElementKind::U8:
    return write(*this, index, static_cast<uint8_t>(value));
  default:
    return write(*this, index, static_cast<uint8_t>(value != 0));
  }
}

//===- Functions --------------------------------------------------------------------------------------------------===//

namespace {

using evaluation::Step;
using evaluation::Tensor;

class Evaluator {
public:
  Evaluator(FuncOp function, Evaluation how, std::string &error) : function(function), how(how), error(error) {}
  std::optional<std::vector<DenseValue>> run(const std::map<std::string, int64_t> &given,
                                             ArrayRef<DenseValue> arguments);
  EvaluationFault fault = EvaluationFault::Other;

private:
  FuncOp function;
  Evaluation how;
  std::string &error;
  std::map<std::string, int64_t> sizes;
  llvm::DenseMap<Value, DenseValue> values;

  bool bindSizes(const std::map<std::string, int64_t> &given);
  bool checkRange(SymbolAttr symbol, int64_t size, bool mayBeEmpty);
  bool checkGuards(const std::string &last);
  std::string sizeText(const std::string &name, int64_t size);
  bool bindArguments(ArrayRef<DenseValue> arguments);
  bool evaluateOp(Operation &op);
  std::optional<std::vector<int64_t>> shapeOf(TensorType type);
  bool fail(const Twine &why, EvaluationFault kind = EvaluationFault::Other) {
    error = why.str();
    fault = kind;
    return false;
  }
};

} // namespace

/// In the order of the compiled program: each size, then the guards of which it is the last. Computed sizes follow.
bool Evaluator::bindSizes(const std::map<std::string, int64_t> &given) {
  auto symbols = function.getSymbols().getAsRange<SymbolAttr>();
  for (SymbolAttr symbol : symbols)
    if (symbol.getKind() == SymbolKind::Static)
      sizes[symbol.getName().str()] = symbol.getValue();
  SmallVector<StringAttr> notEmpty = symbolsNotEmpty(function);
  for (SymbolAttr symbol : symbols) {
    if (!symbol.isRuntime())
      continue;
    std::string name = symbol.getName().str();
    auto size = given.find(name);
    if (size == given.end())
      return fail(name + " has no size");
    sizes[name] = size->second;
    if (!checkRange(symbol, size->second, !llvm::is_contained(notEmpty, symbol.getName())) || !checkGuards(name))
      return false;
  }
  for (SymbolAttr symbol : symbols) {
    if (symbol.getKind() != SymbolKind::Computed)
      continue;
    std::optional<int64_t> size = symbol.definition().evaluate(sizes);
    if (!size || *size < 0)
      return fail("a batch dim of " + symbol.definition().str() + " has no size here");
    sizes[symbol.getName().str()] = *size;
  }
  return true;
}

/// `x: B is 0`: a size has no name of its own for the user, it is a dim of the first tensor that shows it.
std::string Evaluator::sizeText(const std::string &name, int64_t size) {
  std::string text = name + " is " + std::to_string(size);
  for (BlockArgument argument : function.getTensorArguments()) {
    auto type = cast<TensorType>(argument.getType());
    bool shows = llvm::any_of(type.getBatch(), [&](StringAttr symbol) { return symbol == name; }) ||
                 llvm::any_of(type.coreDims(), [&](const Dim &dim) { return dim.symbols().count(name) != 0; });
    if (auto source = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), attr::name); shows && source)
      return source.str() + ": " + text;
  }
  return text;
}

bool Evaluator::checkRange(SymbolAttr symbol, int64_t size, bool mayBeEmpty) {
  bool isBounded = symbol.getKind() == SymbolKind::Bounded;
  bool isAtLeast = size >= (isBounded || !mayBeEmpty ? 1 : 0);
  if (isAtLeast && (!isBounded || size <= symbol.getValue()))
    return true;
  std::string text = sizeText(symbol.getName().str(), size);
  if (!isBounded && size == 0)
    return fail(text + ", but a mean, max, min or var over it needs at least one sample", EvaluationFault::EmptyBatch);
  if (!isBounded)
    return fail(text + ", it must not be negative", EvaluationFault::Size);
  return fail(isAtLeast ? text + ", it must be at most " + Twine(symbol.getValue()) : text + ", it must be at least 1",
              EvaluationFault::Size);
}

/// A guard is the text "lhs relation rhs".
bool Evaluator::checkGuards(const std::string &last) {
  if (!function.getGuards())
    return true;
  for (auto guard : function.getGuards()->getAsRange<StringAttr>()) {
    StringRef text = guard.getValue();
    size_t at = text.find_first_of("=!<>"), end = text.find_first_not_of("=!<>", at);
    std::optional<Dim> lhs = Dim::parse(text.take_front(at).trim().str());
    std::optional<Dim> rhs = Dim::parse(text.drop_front(end).trim().str());
    if (!lhs || !rhs)
      return fail("`" + text + "` is no condition");
    std::set<std::string> names = lhs->symbols(), more = rhs->symbols();
    names.insert(more.begin(), more.end());
    bool isDue = names.count(last) && llvm::all_of(names, [&](const std::string &name) { return sizes.count(name); });
    if (!isDue)
      continue;
    std::optional<int64_t> left = lhs->evaluate(sizes), right = rhs->evaluate(sizes);
    if (!left || !right || !holds(*left, text.slice(at, end), *right))
      return fail(sizeText(last, sizes[last]) + ", but it must hold that " + text, EvaluationFault::Size);
  }
  return true;
}

std::optional<std::vector<int64_t>> Evaluator::shapeOf(TensorType type) {
  std::vector<int64_t> shape;
  int64_t elements = 1;
  for (StringAttr symbol : type.getBatch())
    shape.push_back(sizes.at(symbol.str()));
  for (const Dim &dim : type.coreDims()) {
    std::optional<int64_t> extent = dim.evaluate(sizes);
    if (!extent || *extent < 0) {
      fail("a core dim of " + dim.str() + " has no size here");
      return std::nullopt;
    }
    shape.push_back(*extent);
  }
  for (int64_t extent : shape)
    if (llvm::MulOverflow(elements, extent, elements) || elements > int64_t(1) << 40) {
      fail("a tensor is too large to evaluate");
      return std::nullopt;
    }
  return shape;
}

bool Evaluator::bindArguments(ArrayRef<DenseValue> arguments) {
  auto expected = function.getTensorArguments();
  if (arguments.size() != expected.size())
    return fail("the function takes " + Twine(expected.size()) + " tensors, " + Twine(arguments.size()) + " are given");
  for (auto [argument, value] : llvm::zip_equal(expected, arguments)) {
    auto type = cast<TensorType>(argument.getType());
    std::optional<std::vector<int64_t>> shape = shapeOf(type);
    if (!shape)
      return false;
    size_t bytes = value.numElements() * value.elementBytes();
    if (value.element != elementKind(type.getElementType()) || value.shape != *shape || value.bytes.size() != bytes)
      return fail("argument " + Twine(argument.getArgNumber() - function.numRuntimeSymbols()) +
                  " has another dtype or shape than the function says");
    values[argument] = value;
  }
  return true;
}

bool Evaluator::evaluateOp(Operation &op) {
  std::vector<DenseValue> made;
  for (Type each : op.getResultTypes()) {
    auto type = cast<TensorType>(each);
    std::optional<std::vector<int64_t>> shape = shapeOf(type);
    if (!shape)
      return false;
    made.emplace_back(elementKind(type.getElementType()), *shape);
  }
  Step step{&op, {}, {}, {}, sizes, how.bf16Sums, error};
  for (auto [value, type] : llvm::zip_equal(made, op.getResultTypes()))
    step.results.push_back({cast<TensorType>(type), &value});
  step.result = step.results.front();
  for (Value operand : op.getOperands())
    step.operands.push_back({cast<TensorType>(operand.getType()), &values.find(operand)->second});
  bool isDone = evaluation::evaluateShape(step) || evaluation::evaluateGather(step);
  if (!isDone && error.empty())
    isDone =
        how.mode == EvaluationMode::Reference ? evaluation::evaluateReference(step) : evaluation::evaluateExact(step);
  if (!isDone && error.empty())
    step.fail("has no evaluation");
  for (auto [value, result] : llvm::zip_equal(made, op.getResults()))
    values[result] = std::move(value);
  return isDone;
}

std::optional<std::vector<DenseValue>> Evaluator::run(const std::map<std::string, int64_t> &given,
                                                      ArrayRef<DenseValue> arguments) {
  if (!bindSizes(given) || !bindArguments(arguments))
    return std::nullopt;
  for (Operation &op : function.getBody().front().without_terminator())
    if (!evaluateOp(op))
      return std::nullopt;
  std::vector<DenseValue> results;
  for (Value value : function.getBody().front().getTerminator()->getOperands())
    results.push_back(values.find(value)->second);
  return results;
}

std::optional<std::vector<DenseValue>> evaluate(FuncOp function, const std::map<std::string, int64_t> &sizes,
                                                ArrayRef<DenseValue> arguments, Evaluation how, std::string *error,
                                                EvaluationFault *fault) {
  std::string sentence;
  Evaluator evaluator(function, how, sentence);
  auto results = evaluator.run(sizes, arguments);
  if (!results && error)
    *error = sentence;
  if (!results && fault)
    *fault = evaluator.fault;
  return results;
}

} // namespace batten
