// Accuracy.cpp - the exact evaluator against the reference, op by op.
//
// Errors of a whole program would have to be propagated; errors of one op need no more than its own bound. So the exact
// evaluator gives every value of the program, and the reference computes each op once from those operands: one function
// whose arguments are all values. What a sum or product may differ by follows from the same op on absolute values.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Checks.h"
#include <algorithm>
#include <cmath>

namespace batten::fuzz {

using frontend::DType;
using frontend::Function;
using frontend::Op;

namespace {

const std::set<std::string> sums = {"matmul", "linear", "conv2d", "avg_pool2d", "reduce", "reduce_batch", "cumsum"};
/// In units in the last place of the result, as dialect/NUMERICS.md publishes them.
const std::map<std::string, double> unaryBounds = {{"gelu", 4}, {"silu", 3.5},   {"tanh", 1.5},  {"sigmoid", 2},
                                                   {"exp", 1},  {"log", 1},      {"rsqrt", 1.5}, {"sin", 2},
                                                   {"cos", 2},  {"softplus", 3}, {"pow", 4}};

/// gelu of x < -1 in f32 is within four of these.
constexpr double leastUnitOfGelu = 0x1p-25;

/// Half the distance between 1 and the next number.
double unitOf(DType dtype) {
  switch (dtype) {
  case DType::F64:
    return 0x1p-53;
  case DType::F16:
    return 0x1p-11;
  case DType::BF16:
    return 0x1p-8;
  default:
    return 0x1p-24;
  }
}

/// The distance to the next number of the dtype.
double ulpOf(double value, DType dtype) {
  double smallest = dtype == DType::F64    ? 0x1p-1074
                    : dtype == DType::F16  ? 0x1p-24
                    : dtype == DType::BF16 ? 0x1p-133
                                           : 0x1p-149;
  if (value == 0 || !std::isfinite(value))
    return smallest;
  return std::max(smallest, std::ldexp(2 * unitOf(dtype), std::ilogb(value)));
}

double accumulatorUnit(DType dtype) { return dtype == DType::F64 ? 0x1p-53 : 0x1p-24; }

double largest(const HostTensor &tensor) {
  double most = 0;
  for (int64_t i = 0, count = elementsOf(tensor.sizes); i < count; ++i)
    if (double value = std::abs(elementOf(tensor, i)); std::isfinite(value))
      most = std::max(most, value);
  return most;
}

/// The function that computes each op of `function` from arguments: value i is argument i.
Function opByOp(const Function &function, bool sumsOnly) {
  Function apart;
  apart.name = apart.cName = function.name;
  apart.symbols = function.symbols;
  apart.guards = function.guards;
  apart.values = function.values;
  apart.location = function.location;
  for (size_t i = 0; i < function.values.size(); ++i) {
    frontend::Argument argument;
    argument.name = "v" + std::to_string(i);
    argument.type = function.values[i];
    argument.value = int(i);
    apart.arguments.push_back(argument);
  }
  for (Op op : function.ops) {
    if (sumsOnly && !sums.count(op.name))
      continue;
    for (int &result : op.results) {
      apart.values.push_back(function.values[size_t(result)]);
      result = int(apart.values.size()) - 1;
      apart.results.push_back(result);
    }
    apart.ops.push_back(op);
  }
  return apart;
}

HostTensor magnitudes(HostTensor tensor) {
  if (frontend::isFloat(tensor.dtype))
    for (int64_t i = 0, count = elementsOf(tensor.sizes); i < count; ++i)
      setElement(tensor, i, std::abs(elementOf(tensor, i)));
  return tensor;
}

/// How far a result of one op may be from the reference.
class Bound {
public:
  Bound(const Function &function, const Op &op, size_t number, const std::vector<HostTensor> &values, Data data)
      : op(op), result(values[size_t(op.results[number])]) {
    for (int operand : op.operands)
      operands.push_back(&values[size_t(operand)]);
    unit = accumulatorUnit(result.dtype);
    terms = countTerms(function);
    whole = data == Data::Whole && sums.count(op.name) && std::all_of(operands.begin(), operands.end(), isWhole);
    most = operands.empty() ? 0 : largest(*operands[0]);
    if (op.name == "layer_norm" || op.name == "rms_norm")
      norm = ofNorm();
  }

  double at(double wanted, double magnitude) const {
    if (!frontend::isFloat(result.dtype))
      return 0;
    double ulp = ulpOf(wanted, result.dtype);
    bool narrow = unitOf(result.dtype) > 0x1p-24;
    if (op.name == "gelu" && result.dtype == DType::F32 && wanted < 0)
      ulp = std::max(ulp, leastUnitOfGelu);
    if (auto unary = unaryBounds.find(op.name); unary != unaryBounds.end())
      return narrow ? ulp : (unary->second + 1) * ulp;
    double rounding = narrow ? ulp : 0;
    if (sums.count(op.name))
      return rounding + ofSum(wanted, magnitude, ulp);
    if (op.name == "rope") // an angle of half a unit, sine and cosine of two, on each of a pair
      return rounding + ulp + 16 * unit * most;
    if (op.name == "softmax")
      return rounding + ulp + (terms + 16 + 4 * most) * unit * wanted;
    if (op.name == "log_softmax")
      return rounding + ulp + (terms + 16 + 8 * most) * unit;
    if (op.name == "layer_norm" || op.name == "rms_norm")
      return rounding + ulp + norm;
    if (op.name == "attention")
      return rounding + ulp + ofAttention();
    if (op.name == "cross_entropy")
      return rounding + ulp + (terms + 16 + 8 * most) * unit;
    if (op.name == "mse" || op.name == "sq_norm") // sums of squares, so no term is larger than the sum
      return rounding + ulp +
             (terms + 8) * (unit * wanted + ulpOf(0, result.dtype == DType::F64 ? DType::F64 : DType::F32));
    if (op.name == "bce")
      return rounding + 4 * ulp + 4 * unit * (most * (1 + largest(*operands[1])) + 1);
    return 0;
  }

private:
  const Op &op;
  std::vector<const HostTensor *> operands;
  const HostTensor &result;
  double unit = 0;
  double terms = 1;   ///< of a sum
  double most = 0;    ///< the largest magnitude of the first operand
  double norm = 0;    ///< what a norm may be off by
  bool whole = false; ///< all operands are whole numbers: their sums are exact

  static bool isWhole(const HostTensor *tensor) {
    for (int64_t i = 0, count = elementsOf(tensor->sizes); i < count; ++i)
      if (double value = elementOf(*tensor, i); value != std::floor(value))
        return false;
    return true;
  }

  double countTerms(const Function &function) const {
    if (operands.empty())
      return 1;
    double in = double(elementsOf(operands[0]->sizes)), out = double(elementsOf(result.sizes));
    const frontend::TensorType &type = function.values[size_t(op.operands[0])];
    if (op.name == "reduce" || op.name == "reduce_batch")
      return out ? in / out : 1;
    if (const int64_t *dim = op.attribute<int64_t>("dim"); dim && op.name == "cumsum")
      return double(operands[0]->sizes[type.batch.size() + size_t(*dim)]);
    if (op.name == "sq_norm") {
      double all = 0;
      for (const HostTensor *leaf : operands)
        all += double(elementsOf(leaf->sizes));
      return all;
    }
    if (op.name == "conv2d")
      return double(elementsOf({operands[1]->sizes.end() - 3, operands[1]->sizes.end()}));
    if (const int64_t *side = op.attribute<int64_t>("k"))
      return double(*side * *side);
    return type.core.empty() ? 1 : double(operands[0]->sizes.back());
  }

  double ofSum(double wanted, double magnitude, double ulp) const {
    const std::string *kind = op.attribute<std::string>("kind");
    if (kind && (*kind == "max" || *kind == "min"))
      return 0;
    if (kind && *kind == "var")
      return ulp + 4 * (terms + 16) * unit * most * most;
    if (whole && magnitude < 0x1p20)
      return 0;
    return ulp + (terms + 4) * (unit * magnitude + smallest());
  }

  /// What a step may lose where it is subnormal; where pairs are flushed, also with what a subnormal operand met.
  double smallest() const {
    bool isPairs = (op.name == "matmul" || op.name == "linear" || op.name == "conv2d" || op.name == "attention") &&
                   operands[0]->dtype == DType::BF16;
    if (isPairs)
      return 0x1p-126 * std::max({1.0, most, largest(*operands[1])});
    return ulpOf(0, result.dtype == DType::F64 ? DType::F64 : DType::F32);
  }

  /// What a score is off by changes its exponential by as much, relatively; then a chain over the keys.
  double ofAttention() const {
    const double *given = op.attribute<double>("scale");
    double depth = double(operands[0]->sizes.back()), keys = double(operands[2]->sizes[operands[2]->sizes.size() - 2]);
    double score = depth * most * largest(*operands[1]) * (given ? *given : 1 / std::sqrt(depth));
    double weights = (2 * (depth + 6) * score + 2 * keys + 40) * unit;
    if (result.dtype == DType::BF16)
      weights += unitOf(DType::BF16) * 2; // their own rounding, and that of their sum
    return weights * largest(*operands[2]) + keys * smallest();
  }

  /// The scale is at most 1/sqrt(eps), and the sum of squares at least one n-th of the largest square.
  double ofNorm() const {
    double scale = 0;
    const double *eps = op.attribute<double>("eps");
    int64_t n = operands[0]->sizes.back(), rows = elementsOf(operands[0]->sizes) / std::max<int64_t>(n, 1);
    for (int64_t row = 0; row < rows; ++row) {
      double mean = 0, squares = 0;
      for (int64_t i = 0; i < n; ++i)
        mean += op.name == "layer_norm" ? elementOf(*operands[0], row * n + i) / double(n) : 0;
      for (int64_t i = 0; i < n; ++i)
        squares += std::pow(elementOf(*operands[0], row * n + i) - mean, 2) / double(n);
      if (std::isfinite(squares))
        scale = std::max(scale, 1 / std::sqrt(squares + *eps));
    }
    double bias = operands.size() > 2 ? largest(*operands[2]) : 0;
    return (2 * terms + 24) * unit * (most * scale * largest(*operands[1]) + bias);
  }
};

std::string opText(const Function &function, const Op &op) {
  std::string text = op.name;
  for (const auto &[name, value] : op.attributes)
    if (const auto *kind = std::get_if<std::string>(&value))
      text += " " + *kind;
  for (int operand : op.operands)
    text += " " + function.values[size_t(operand)].str();
  return text + " -> " + function.values[size_t(op.results[0])].str() + " at line " + std::to_string(op.location.line);
}

/// Result `number` of one op: `wanted` from the reference.
std::string compareOp(const Function &function, const Op &op, size_t number, const std::vector<HostTensor> &values,
                      const HostTensor &wanted, const HostTensor *magnitude, Data data) {
  const HostTensor &found = values[size_t(op.results[number])];
  if (found.sizes != wanted.sizes)
    return "the evaluators disagree about the shape of " + opText(function, op);
  Bound bound(function, op, number, values, data);
  for (int64_t i = 0, count = elementsOf(found.sizes); i < count; ++i) {
    double a = elementOf(found, i), b = elementOf(wanted, i);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double difference = std::abs(a - b), most = bound.at(b, magnitude ? elementOf(*magnitude, i) : std::abs(b));
    if (difference <= most)
      continue;
    char text[200];
    snprintf(text, sizeof text, "element %lld of ", static_cast<long long>(i));
    std::string where = text + opText(function, op);
    snprintf(text, sizeof text, ": exactly %.9g, the reference has %.9g, at most %.3g apart", a, b, most);
    return where + text;
  }
  return "";
}

} // namespace

std::string checkAccuracy(Compiler &compiler, Checked &checked, const Function &function, const Sizes &sizes,
                          const std::vector<HostTensor> &arguments, Data data, std::vector<HostTensor> &values) {
  auto evaluate = [&](const Function &which, Evaluator evaluator, const std::vector<HostTensor> &given,
                      std::vector<HostTensor> &found) {
    std::string error;
    if (compiler.evaluate(*checked.program, which, evaluator, "native", sizes, given, checked.diagnostics, found,
                          error))
      return std::string();
    return (evaluator == Evaluator::Exact ? "the exact evaluator: " : "the reference: ") +
           reason(error, checked.diagnostics);
  };
  Function all = function;
  all.results.clear();
  for (frontend::Argument &argument : all.arguments)
    argument.inout = false;
  for (const Op &op : function.ops)
    all.results.insert(all.results.end(), op.results.begin(), op.results.end());
  std::vector<HostTensor> made;
  if (std::string fault = evaluate(all, Evaluator::Exact, arguments, made); !fault.empty())
    return fault;
  values.assign(function.values.size(), HostTensor());
  for (size_t i = 0; i < arguments.size(); ++i)
    values[size_t(function.arguments[i].value)] = arguments[i];
  for (size_t i = 0; i < made.size(); ++i)
    values[size_t(all.results[i])] = std::move(made[i]);

  Function apart = opByOp(function, false), summed = opByOp(function, true);
  std::vector<HostTensor> wanted, magnitude, absolute;
  for (const HostTensor &value : values)
    absolute.push_back(magnitudes(value));
  if (std::string fault = evaluate(apart, Evaluator::Reference, values, wanted); !fault.empty())
    return fault;
  if (!summed.ops.empty())
    if (std::string fault = evaluate(summed, Evaluator::Reference, absolute, magnitude); !fault.empty())
      return fault;
  size_t next = 0, nextSum = 0;
  for (const Op &op : function.ops)
    for (size_t number = 0; number < op.results.size(); ++number) {
      const HostTensor *bound = sums.count(op.name) ? &magnitude[nextSum++] : nullptr;
      if (std::string fault = compareOp(function, op, number, values, wanted[next++], bound, data); !fault.empty())
        return "accuracy: " + fault;
    }
  return "";
}

} // namespace batten::fuzz
