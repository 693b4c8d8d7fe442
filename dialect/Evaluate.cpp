// Evaluate.cpp - dense values, and the loop over the ops of a function. See Evaluate.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Evaluate.h"
#include "dialect/Evaluation.h"
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
  Evaluator(FuncOp function, EvaluationMode mode, std::string &error) : function(function), mode(mode), error(error) {}
  std::optional<std::vector<DenseValue>> run(const std::map<std::string, int64_t> &given,
                                             ArrayRef<DenseValue> arguments);

private:
  FuncOp function;
  EvaluationMode mode;
  std::string &error;
  std::map<std::string, int64_t> sizes;
  llvm::DenseMap<Value, DenseValue> values;

  bool bindSizes(const std::map<std::string, int64_t> &given);
  bool checkGuards();
  bool bindArguments(ArrayRef<DenseValue> arguments);
  bool evaluateOp(Operation &op);
  std::optional<std::vector<int64_t>> shapeOf(TensorType type);
  bool fail(const Twine &why) {
    error = why.str();
    return false;
  }
};

} // namespace

bool Evaluator::bindSizes(const std::map<std::string, int64_t> &given) {
  for (auto symbol : function.getSymbols().getAsRange<SymbolAttr>()) {
    std::string name = symbol.getName().str();
    if (!symbol.isRuntime()) {
      sizes[name] = symbol.getValue();
      continue;
    }
    auto size = given.find(name);
    if (size == given.end())
      return fail(name + " has no size");
    bool isBounded = symbol.getKind() == SymbolKind::Bounded;
    int64_t least = isBounded ? 1 : 0;
    if (size->second < least || (isBounded && size->second > symbol.getValue()))
      return fail(name + " is " + Twine(size->second) + ", out of its range");
    sizes[name] = size->second;
  }
  return checkGuards();
}

/// A guard is the text "lhs relation rhs".
bool Evaluator::checkGuards() {
  if (!function.getGuards())
    return true;
  for (auto guard : function.getGuards()->getAsRange<StringAttr>()) {
    StringRef text = guard.getValue();
    size_t at = text.find_first_of("=!<>"), end = text.find_first_not_of("=!<>", at);
    StringRef relation = text.slice(at, end);
    auto side = [&](StringRef part) -> std::optional<int64_t> {
      std::optional<Dim> dim = Dim::parse(part.trim().str());
      return dim ? dim->evaluate(sizes) : std::nullopt;
    };
    std::optional<int64_t> lhs = side(text.take_front(at)), rhs = side(text.drop_front(end));
    if (!lhs || !rhs)
      return fail("`" + text + "` has no value at these sizes");
    bool holds = relation == "=="   ? *lhs == *rhs
                 : relation == "!=" ? *lhs != *rhs
                 : relation == "<"  ? *lhs < *rhs
                 : relation == "<=" ? *lhs <= *rhs
                 : relation == ">"  ? *lhs > *rhs
                                    : *lhs >= *rhs;
    if (!holds)
      return fail("`" + text + "` does not hold: " + Twine(*lhs) + " and " + Twine(*rhs));
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
  auto type = cast<TensorType>(op.getResult(0).getType());
  std::optional<std::vector<int64_t>> shape = shapeOf(type);
  if (!shape)
    return false;
  DenseValue result(elementKind(type.getElementType()), *shape);
  Step step{&op, {}, {type, &result}, sizes, error};
  for (Value operand : op.getOperands())
    step.operands.push_back({cast<TensorType>(operand.getType()), &values.find(operand)->second});
  bool isDone = evaluation::evaluateShape(step);
  if (!isDone && error.empty())
    isDone = mode == EvaluationMode::Reference ? evaluation::evaluateReference(step) : evaluation::evaluateExact(step);
  if (!isDone && error.empty())
    step.fail("has no evaluation");
  values[op.getResult(0)] = std::move(result);
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
                                                ArrayRef<DenseValue> arguments, EvaluationMode mode,
                                                std::string *error) {
  std::string sentence;
  auto results = Evaluator(function, mode, sentence).run(sizes, arguments);
  if (!results && error)
    *error = sentence;
  return results;
}

} // namespace batten
