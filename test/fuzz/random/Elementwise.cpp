// Elementwise.cpp - element-wise statements of the generator.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

//===- Unary ------------------------------------------------------------------------------------------------------===//

/// Ops that are infinite or undefined somewhere get an operand that stays away from there. -1: not such an op.
int Generator::guarded(const std::string &op, int value, Interval &range) {
  TensorType type = at(value).type;
  if (op == "exp" && range.high > 6) {
    std::string text = random.chance(0.5) ? "min($0, 4.0)" : "-abs($0)";
    range = {-range.magnitude(), text[0] == 'm' ? 4.0 : 0.0};
    return emit(text, {value}, type, range);
  }
  bool positive = op == "log" || op == "rsqrt" || op == "sqrt";
  if (!positive || range.low > (op == "sqrt" ? 0 : 0.05))
    return value;
  double offset = op == "sqrt" ? 0.0 : op == "log" ? 1.0 : 0.25;
  range = {offset, range.magnitude() + offset};
  std::string text = op == "sqrt" ? "abs($0)" : op == "log" ? "abs($0) + 1.0" : "abs($0) + 0.25";
  int made = emit(text, {value}, type, range);
  range.low *= 0.9;
  return made;
}

static Interval unaryRange(const std::string &op, Interval x) {
  auto monotone = [&](double (*f)(double)) { return Interval{f(x.low), f(x.high)}; };
  if (op == "neg")
    return {-x.high, -x.low};
  if (op == "abs")
    return {x.low > 0 ? x.low : x.high < 0 ? -x.high : 0, x.magnitude()};
  if (op == "relu")
    return {std::max(0.0, x.low), std::max(0.0, x.high)};
  if (op == "gelu" || op == "silu")
    return {-0.3, std::max(0.0, x.high)};
  if (op == "tanh" || op == "sin" || op == "cos")
    return {-1, 1};
  if (op == "sigmoid")
    return {0, 1};
  if (op == "softplus")
    return {0, std::max(0.0, x.high) + 0.7};
  if (op == "exp")
    return monotone([](double v) { return std::exp(v); });
  if (op == "log")
    return monotone([](double v) { return std::log(v); });
  if (op == "sqrt")
    return {0, std::sqrt(std::max(0.0, x.high))};
  return {1 / std::sqrt(x.high), 1 / std::sqrt(x.low)}; // rsqrt
}

bool Generator::unary() {
  static const std::vector<std::string> floats = {"neg", "relu", "gelu",  "silu", "tanh", "sigmoid", "exp",
                                                  "log", "sqrt", "rsqrt", "sin",  "cos",  "abs",     "softplus"};
  bool whole = random.chance(0.12);
  int x = whole ? pick([](const Value &value) { return isInteger(value.type.dtype); }) : anyFloat();
  if (x < 0)
    return false;
  std::string op = whole ? random.pick({"neg", "abs"}) : random.pick(floats);
  Interval range = at(x).range;
  if (!whole)
    x = guarded(op, x, range);
  std::string text = op == "neg" ? "-$0" : op + "($0)";
  if (op == "gelu" && random.chance(0.4))
    text = "gelu($0, tanh: true)";
  Interval result = at(x).type.dtype == DType::U8 ? Interval{0, 255} : unaryRange(op, range);
  moderate(emit(text, {x}, at(x).type, result));
  return true;
}

bool Generator::cast() {
  static const std::vector<DType> all = {DType::F64, DType::F32, DType::F32, DType::F32, DType::F16, DType::BF16,
                                         DType::I64, DType::I32, DType::I8,  DType::U8,  DType::Bool};
  int x = pick([](const Value &) { return true; });
  DType to = random.pick(all);
  if (x < 0 || at(x).type.dtype == to)
    return false;
  TensorType type = at(x).type;
  type.dtype = to;
  Interval range = at(x).range;
  if (to == DType::U8 && frontend::isFloat(at(x).type.dtype))
    range = {0, 255};
  if (to == DType::Bool)
    range = {0, 1};
  emit(std::string("$0 as ") + frontend::dtypeName(to), {x}, type, range);
  return true;
}

//===- Binary -----------------------------------------------------------------------------------------------------===//

static Interval productRange(Interval a, Interval b) {
  double corners[] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
  return {*std::min_element(corners, corners + 4), *std::max_element(corners, corners + 4)};
}

static bool excludesZero(Interval range) { return range.low > 0.1 || range.high < -0.1; }

/// A number or bool, element-wise with another.
bool Generator::binary() {
  int a = pick([](const Value &value) { return value.type.dtype != DType::Bool; });
  int b = a < 0 ? -1 : peerOf(a, at(a).type.dtype);
  if (b < 0)
    return false;
  if (random.chance(0.5))
    std::swap(a, b);
  std::optional<Batch> batch = combine({a, b});
  if (!batch)
    return false;
  TensorType type{at(a).type.dtype, *batch, at(a).type.core.empty() ? at(b).type.core : at(a).type.core};
  if (elements(type) > 60000)
    return false;
  bool real = frontend::isFloat(type.dtype);
  Interval x = at(a).range, y = at(b).range;
  std::string op = random.pick({"+", "+", "+", "-", "-", "*", "*", "*", "/", "%", "max", "min", "pow"});
  if (op == "+")
    moderate(emit("$0 + $1", {a, b}, type, {x.low + y.low, x.high + y.high}));
  else if (op == "-")
    moderate(emit("$0 - $1", {a, b}, type, {x.low - y.high, x.high - y.low}));
  else if (op == "*")
    moderate(emit("$0 * $1", {a, b}, type, productRange(x, y)));
  else if (op == "max" || op == "min")
    moderate(emit(op + "($0, $1)", {a, b}, type, {std::min(x.low, y.low), std::max(x.high, y.high)}));
  else if (!real) // a division by zero is defined
    moderate(emit("$0 " + (op == "%" ? op : "/") + " $1", {a, b}, type, {-x.magnitude(), x.magnitude()}));
  else if (op == "pow")
    moderate(emit("pow(abs($0) + 0.5, tanh($1))", {a, b}, type, {0, x.magnitude() + 3}, Dim(), {"pow"}));
  else if (op == "/" && excludesZero(y))
    moderate(emit("$0 / $1", {a, b}, type, {-10 * x.magnitude(), 10 * x.magnitude()}));
  else if (op == "%")
    moderate(emit("$0 % (abs($1) + 0.5)", {a, b}, type, {-x.magnitude(), x.magnitude()}));
  else
    moderate(emit("$0 / (abs($1) + 0.5)", {a, b}, type, {-2 * x.magnitude(), 2 * x.magnitude()}));
  return true;
}

/// With a literal.
bool Generator::number() {
  int x = pick([](const Value &value) { return value.type.dtype != DType::Bool; });
  if (x < 0)
    return false;
  TensorType type = at(x).type;
  Interval range = at(x).range;
  double most = range.magnitude();
  std::string c = literal(type.dtype);
  double n = std::stod(c);
  switch (random.below(7)) {
  case 0:
    moderate(emit("$0 + " + c, {x}, type, {range.low + n, range.high + n}));
    break;
  case 1:
    moderate(emit(c + " - $0", {x}, type, {n - range.high, n - range.low}));
    break;
  case 2:
    moderate(emit("$0 * " + c, {x}, type, {range.low * n, range.high * n}));
    break;
  case 3:
    moderate(emit("$0 / " + c, {x}, type, {-most / n, most / n}));
    break;
  case 4:
    emit("max($0, " + c + ")", {x}, type, {std::max(range.low, n), std::max(range.high, n)});
    break;
  case 5:
    if (!frontend::isFloat(type.dtype))
      emit("$0 % " + c, {x}, type, {-n, n});
    else if (most < 8)
      moderate(emit("pow($0, " + std::string(random.chance(0.5) ? "2.0" : "3.0") + ")", {x}, type,
                    {-most * most * most - 1, most * most * most + most * most}, Dim(), {"pow"}));
    else
      return false;
    break;
  default:
    emit("min(" + c + ", $0)", {x}, type, {std::min(range.low, n), std::min(range.high, n)});
  }
  return true;
}

//===- Bools ------------------------------------------------------------------------------------------------------===//

bool Generator::comparison() {
  int a = pick([](const Value &value) { return value.type.dtype != DType::Bool; });
  if (a < 0)
    return false;
  static const std::vector<std::string> ops = {"==", "!=", "<", "<=", ">", ">="};
  std::string op = wish ? ops[turn % ops.size()] : random.pick(ops);
  TensorType type{DType::Bool, at(a).type.batch, at(a).type.core};
  if (random.chance(0.4)) {
    emit("$0 " + op + " " + literal(at(a).type.dtype), {a}, type, {0, 1});
    ++turn;
    return true;
  }
  int b = peerOf(a, at(a).type.dtype);
  std::optional<Batch> batch = b < 0 ? std::nullopt : combine({a, b});
  if (!batch)
    return false;
  type = {DType::Bool, *batch, at(a).type.core.empty() ? at(b).type.core : at(a).type.core};
  if (elements(type) > 60000)
    return false;
  emit("$0 " + op + " $1", {a, b}, type, {0, 1});
  ++turn;
  return true;
}

bool Generator::logic() {
  int a = pick([](const Value &value) { return value.type.dtype == DType::Bool; });
  if (a < 0)
    return comparison();
  if (random.chance(0.3)) {
    emit("!$0", {a}, at(a).type, {0, 1});
    return true;
  }
  int b = peerOf(a, DType::Bool);
  std::optional<Batch> batch = b < 0 ? std::nullopt : combine({a, b});
  if (!batch)
    return false;
  TensorType type{DType::Bool, *batch, at(a).type.core.empty() ? at(b).type.core : at(a).type.core};
  emit("$0 " + random.pick<std::string>({"&&", "||", "==", "!="}) + " $1", {a, b}, type, {0, 1});
  return true;
}

bool Generator::selection() {
  int c = pick([](const Value &value) { return value.type.dtype == DType::Bool; });
  bool ofBools = random.chance(0.1);
  int a = pick([&](const Value &value) { return ofBools == (value.type.dtype == DType::Bool); });
  if (a < 0)
    return false;
  auto compatible = [&](int other) {
    const TensorType &x = at(a).type, &y = at(other).type;
    return (x.core == y.core || x.core.empty() || y.core.empty()) && combine({a, other});
  };
  if (c < 0 || !compatible(c)) {
    std::string text = ofBools ? "!$0" : "$0 > " + literal(at(a).type.dtype);
    c = emit(text, {a}, {DType::Bool, at(a).type.batch, at(a).type.core}, {0, 1});
  }
  TensorType type = at(a).type;
  if (type.core.empty())
    type.core = at(c).type.core;
  int b = random.chance(0.3) ? -1 : peerOf(a, type.dtype);
  if (b >= 0 && compatible(b) && combine({a, b, c}) &&
      (at(b).type.core.empty() || type.core.empty() || at(b).type.core == type.core)) {
    if (type.core.empty())
      type.core = at(b).type.core;
    type.batch = *combine({a, b, c});
    if (elements(type) > 60000)
      return false;
    Interval range{std::min(at(a).range.low, at(b).range.low), std::max(at(a).range.high, at(b).range.high)};
    emit("select($0, $1, $2)", {c, a, b}, type, range);
    return true;
  }
  type.batch = *combine({a, c});
  double n = ofBools ? 1 : std::stod(literal(type.dtype));
  bool real = frontend::isFloat(type.dtype);
  std::string number = ofBools ? "true" : real ? std::to_string(n) : std::to_string(int(n));
  emit("select($0, $1, " + number + ")", {c, a}, type, {std::min(at(a).range.low, n), std::max(at(a).range.high, n)});
  return true;
}

} // namespace batten::fuzz
