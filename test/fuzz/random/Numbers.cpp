// Numbers.cpp - sizes of the call as numbers, constants of the file and wider accumulators in the generator.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

namespace {
struct SizeNumber {
  std::string text;
  double low, high; ///< at all sizes that there may be
};
} // namespace

/// Whole numbers of a dim, which the dtype holds at each of its sizes.
static SizeNumber numberOf(const RuntimeDim &dim, const std::string &name, DType dtype, Random &random) {
  const double bound = double(dim.bound), most = dtype == DType::I32 || dtype == DType::I64 ? 1e6 : 100;
  std::vector<SizeNumber> choices = {{name + " % 3", 0, 2}};
  for (const SizeNumber &number : {SizeNumber{name, 1, bound}, SizeNumber{name + " - 1", 0, bound - 1},
                                   SizeNumber{"2 * " + name + " - 1", 1, 2 * bound - 1}})
    if (number.high <= most)
      choices.push_back(number);
  if (dtype != DType::U8)
    choices.push_back({name + " % 7 - 3", -3, 3});
  return random.pick(choices);
}

/// "[[$0, $0]]" for a core of 1, 2; empty where that is long or unknown here.
static std::string bracketsOf(const std::vector<Dim> &core) {
  std::string text = "$0";
  int64_t elements = 1;
  for (auto dim = core.rbegin(); dim != core.rend(); ++dim) {
    elements *= dim->constantValue().value_or(9);
    if (elements > 4)
      return "";
    std::string list = text;
    for (int64_t i = 1; i < dim->constantValue(); ++i)
      list += ", " + text;
    text = "[" + list + "]";
  }
  return text;
}

/// Each element is a number made of a bounded dim; -1 where there is none. What follows depends on the dim's size, so
/// its positions count as mixed.
int Generator::sizeOfTheCall(const TensorType &type) {
  auto dim = std::find_if(sketch.runtimeDims.begin(), sketch.runtimeDims.end(),
                          [](const RuntimeDim &known) { return known.bound != 0; });
  if (scope->bounded.empty() || dim == sketch.runtimeDims.end() || !type.batch.empty() || type.dtype == DType::Bool)
    return -1;
  const std::string &name = *scope->bounded.begin();
  SizeNumber number = numberOf(*dim, name, type.dtype, random);
  Interval range{number.low, number.high};
  std::vector<std::string> features = {"dim as an operand"};
  std::string list = bracketsOf(type.core);
  int made;
  if (!list.empty() || random.chance(0.5)) {
    bool annotated = random.chance(0.5); // `let v: f32 = T`
    std::string text = annotated ? number.text : "(" + number.text + ") as " + frontend::dtypeName(type.dtype);
    made = emit(text, {}, {type.dtype, {}, {}}, range, Dim(), features);
    Statement &statement = scope->body->statements.back();
    statement.annotated |= annotated;
    statement.inlined &= !annotated;
    scope->body->values[size_t(made)].mixed.insert(name);
    if (!type.core.empty())
      made = emit(list.empty() ? "fill(" + sketch.typeText(type) + ", $0)" : list, {made}, type, range);
    return made;
  }
  made = emit("fill(" + sketch.typeText(type) + ", " + number.text + ")", {}, type, range, Dim(), features);
  scope->body->values[size_t(made)].mixed.insert(name);
  return made;
}

/// A bounded dim as a number, beside floats or by itself.
bool Generator::dimAsNumber() {
  if (random.chance(0.7)) {
    DType dtype =
        wish ? *wish : random.pick({mainType, mainType, DType::I32, DType::I32, DType::I8, DType::U8, DType::I64});
    std::vector<Dim> core(size_t(random.pick({0, 0, 1, 1, 2, 2, 3})), Dim::constant(random.pick({1, 1, 2})));
    if (random.chance(0.4))
      for (Dim &dim : core)
        dim = anyCoreDim();
    TensorType type{dtype, {}, core};
    return elements(type) <= 20000 && sizeOfTheCall(type) >= 0;
  }
  int x = anyFloat();
  if (x < 0 || scope->kind != ScopeKind::Entry || !scope->bounded.count("T"))
    return false;
  // f16 and bf16 do not hold every size of T, and then a whole number of it is refused.
  bool wide = at(x).type.dtype == DType::F32 || at(x).type.dtype == DType::F64;
  std::string text = wide ? random.pick({"$0 / T", "$0 * rsqrt(T)", "$0 + 1.0 / T", "$0 / (2 * T)"})
                          : random.pick({"$0 * rsqrt(T)", "$0 + 1.0 / T"});
  int made = emit(text, {x}, at(x).type, {-1 - at(x).range.magnitude(), 1 + at(x).range.magnitude()}, Dim(),
                  {"dim as a number"});
  scope->body->values[size_t(made)].mixed.insert("T");
  return true;
}

/// A constant of the file; -1 where that would be long or is not known here.
int Generator::constantOfTheFile(const TensorType &type) {
  std::string text = bracketsOf(type.core), filled;
  if (text.empty() || !type.batch.empty() || type.dtype == DType::Bool)
    return -1;
  for (size_t i = 0; i < text.size(); ++i)
    filled += text[i] != '$' ? std::string(1, text[i]) : (++i, literal(type.dtype));
  Item item;
  item.name = freshName("c");
  item.literal = "const " + item.name + ": " + sketch.typeText(type) + " = " + filled + "\n";
  int made = emit(item.name, {}, type, {0, 7}, Dim(), {"a constant of the file"});
  scope->body->statements.back().calls = {item.name};
  sketch.items.push_back(std::move(item));
  return made;
}

/// ", acc: f64" for a sum of elements of `dtype`, or nothing; a wider integer is what the sum then gives.
std::string Generator::wider(DType dtype, DType &result, std::vector<std::string> &features) {
  if (!random.chance(0.1))
    return "";
  features.push_back("a wider accumulator");
  if (frontend::isFloat(dtype))
    return ", acc: f64";
  result = DType::I64;
  return ", acc: i64";
}

} // namespace batten::fuzz
