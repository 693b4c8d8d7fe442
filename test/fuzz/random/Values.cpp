// Values.cpp - operands and results of the generator's statements.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

bool isInteger(DType dtype) { return dtype >= DType::I64 && dtype <= DType::U8; }

DType accumulatorOf(DType dtype) {
  if (frontend::isFloat(dtype))
    return dtype;
  return dtype == DType::I64 ? DType::I64 : DType::I32;
}

/// Beyond this a value is brought back before it is used.
static double limitOf(DType dtype) {
  switch (dtype) {
  case DType::F16:
    return 200;
  case DType::I32:
  case DType::I64:
    return 1e6;
  case DType::I8:
  case DType::U8:
  case DType::Bool:
    return 256;
  default:
    return 4000;
  }
}

//===- Types ------------------------------------------------------------------------------------------------------===//

bool Generator::fits(const TensorType &type) {
  std::set<std::string> names(type.batch.begin(), type.batch.end());
  return type.batch.size() <= 4 && type.core.size() <= 4 && names.size() == type.batch.size();
}

Dim Generator::elementsOf(const TensorType &type) const {
  Dim elements = Dim::constant(1);
  for (const std::string &batch : type.batch)
    elements = elements * Dim::symbol(batch);
  for (const Dim &dim : type.core)
    elements = elements * dim;
  return elements;
}

int64_t Generator::elements(const TensorType &type) const { return sizeOf(elementsOf(type)); }

Dim Generator::anyCoreDim() {
  std::vector<Dim> choices;
  for (int64_t size : favourites)
    choices.push_back(Dim::constant(size));
  if (scope->kind == ScopeKind::Entry && scope->bounded.count("T"))
    choices.push_back(Dim::symbol("T"));
  Dim dim = random.pick(choices);
  if (dim.symbolName() && random.chance(0.15)) // at least 1, and from a T of 6 on a division of a negative number
    return *Dim::parse(random.pick({"div(5 - T, T + 1) + 2", "(5 - T) % (T + 1) + 1"}));
  return dim;
}

/// Of an argument of the entry.
TensorType Generator::anyType(DType dtype) {
  TensorType type{dtype, {}, {}};
  for (const RuntimeDim &dim : sketch.runtimeDims)
    if (random.chance(dim.name == "B" ? 0.85 : 0.4))
      type.batch.push_back(dim.name);
  if (random.chance(0.08))
    type.batch.push_back(nameOf(random.pick({2, 3, 4}), {}));
  int64_t rank = random.pick({0, 1, 1, 1, 1, 2, 2, 2, 3});
  for (int64_t i = 0; i < rank; ++i)
    type.core.push_back(anyCoreDim());
  while (!type.core.empty() && elements(type) > 20000)
    type.core.pop_back();
  return type;
}

Generator::Batch Generator::sublist(const Batch &batch) {
  Batch part;
  for (const std::string &dim : batch)
    if (random.chance(0.6))
      part.push_back(dim);
  return part;
}

/// With some more of the scope's batch dims, in the order of the program.
Generator::Batch Generator::superlist(const Batch &batch) {
  if (scope->kind != ScopeKind::Entry)
    return batch;
  Batch wide, order;
  for (const RuntimeDim &dim : sketch.runtimeDims)
    if (std::count(batch.begin(), batch.end(), dim.name) || random.chance(0.5))
      order.push_back(dim.name);
  // Only where the operand's dims stand in that order; static ones come last.
  size_t next = 0;
  for (const std::string &dim : batch)
    if (next < order.size() && std::count(order.begin(), order.end(), dim)) {
      while (next < order.size() && order[next] != dim)
        wide.push_back(order[next++]);
      if (next == order.size())
        return batch;
      wide.push_back(order[next++]);
    } else {
      wide.push_back(dim);
    }
  wide.insert(wide.end(), order.begin() + int64_t(next), order.end());
  return std::set<std::string>(wide.begin(), wide.end()).size() == wide.size() && wide.size() <= 4 ? wide : batch;
}

static bool isSublist(const std::vector<std::string> &part, const std::vector<std::string> &whole) {
  size_t next = 0;
  for (const std::string &dim : whole)
    if (next < part.size() && part[next] == dim)
      ++next;
  return next == part.size();
}

/// R5.
std::optional<Generator::Batch> Generator::combine(const std::vector<int> &operands) const {
  Batch longest;
  for (int operand : operands)
    if (at(operand).type.batch.size() > longest.size())
      longest = at(operand).type.batch;
  for (int operand : operands)
    if (!isSublist(at(operand).type.batch, longest))
      return std::nullopt;
  return longest;
}

std::vector<std::string> Generator::broadcastFeatures(const std::vector<int> &operands,
                                                      const TensorType &result) const {
  std::vector<std::string> features;
  for (int operand : operands) {
    const TensorType &type = at(operand).type;
    if (type.core.empty() && !result.core.empty())
      features.push_back("R6 an empty core stretches");
    if (type.batch.size() >= result.batch.size())
      continue;
    size_t have = type.batch.size(), all = result.batch.size();
    bool prefix = std::equal(type.batch.begin(), type.batch.end(), result.batch.begin());
    bool suffix = std::equal(type.batch.rbegin(), type.batch.rend(), result.batch.rbegin());
    features.push_back(have == 0         ? "R5 shared by the batch"
                       : prefix          ? "R5 outer batch dims"
                       : suffix          ? "R5 inner batch dims"
                       : have + 1 == all ? "R5 all but one in the middle"
                                         : "R5 scattered batch dims");
  }
  return features;
}

//===- Operands ---------------------------------------------------------------------------------------------------===//

/// One of the values so far, of the dtype wished for where there is one. -1: none.
int Generator::pick(const std::function<bool(const Value &)> &accepts) {
  int found = wish ? pickAny([&](const Value &value) { return value.type.dtype == *wish && accepts(value); }) : -1;
  return found >= 0 ? found : pickAny(accepts);
}

/// Rather a late one and one that nothing has used yet.
int Generator::pickAny(const std::function<bool(const Value &)> &accepts) {
  std::vector<int> choices;
  const std::vector<Value> &values = scope->body->values;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].range.magnitude() > limitOf(values[i].type.dtype) || !accepts(values[i]))
      continue;
    int weight = (values[i].uses ? 1 : 4) * (i + 4 >= values.size() ? 3 : 1);
    choices.insert(choices.end(), size_t(weight), int(i));
  }
  return choices.empty() ? -1 : random.pick(choices);
}

int Generator::anyFloat(size_t lowRank, size_t highRank) {
  int found = pick([&](const Value &value) {
    size_t rank = value.type.core.size();
    return frontend::isFloat(value.type.dtype) && rank >= lowRank && rank <= highRank;
  });
  if (found >= 0)
    return found;
  TensorType type = anyType(mainType);
  type.core.resize(std::clamp(type.core.size(), lowRank, highRank), anyCoreDim());
  return elements(type) <= 20000 ? fresh(type) : -1;
}

/// Without an argument: by a constant, a fill or an iota. Cores only.
int Generator::madeOf(const TensorType &type) {
  if (!type.batch.empty() || type.dtype == DType::Bool)
    return -1;
  if (int made = random.chance(0.3) ? constantOfTheFile(type) : -1; made >= 0)
    return made;
  bool real = frontend::isFloat(type.dtype);
  if (type.core.size() == 1 && type.dtype != DType::U8 && random.chance(0.5)) {
    std::string size = type.core[0].str();
    std::string cast = type.dtype == DType::I32 ? "" : std::string(" as ") + frontend::dtypeName(type.dtype);
    double last = double(sizeOf(type.core[0]));
    if (!real && last > 100)
      return -1;
    std::string text = "iota(" + size + ")" + cast;
    return emit(real ? "(" + text + ") * 0.0625 - 1.0" : text, {}, type, {-1, last}, Dim(), {"iota in a scope"});
  }
  return emit("fill(" + sketch.typeText(type) + ", " + (real ? "0.75" : "2") + ")", {}, type, {0.75, 2});
}

/// A new argument of the entry, weight of the model, constant, or number that the call's sizes give.
int Generator::fresh(TensorType type, Interval range) {
  Body &body = *scope->body;
  if (elements(type) > 60000)
    return -1;
  if (int made = random.chance(0.1) ? sizeOfTheCall(type) : -1; made >= 0)
    return made;
  if (scope->kind == ScopeKind::Function || (random.chance(0.08) && type.batch.empty()))
    return madeOf(type);
  if (scope->kind == ScopeKind::Model) {
    bool fixed = type.batch.empty();
    for (const Dim &dim : type.core)
      fixed &= dim.isConstant();
    if (!fixed || body.weights.size() >= 5)
      return madeOf(type);
  } else if (body.parameters.size() >= 9) {
    return -1;
  }
  if (isInteger(type.dtype))
    range = type.dtype == DType::U8 ? Interval{0, 9} : Interval{-9, 9};
  if (type.dtype == DType::Bool)
    range = {0, 1};
  bool weight = scope->kind == ScopeKind::Model;
  body.values.push_back({freshName(weight ? "w" : "x"), std::move(type), range, {}, 0});
  (weight ? body.weights : body.parameters).push_back(int(body.values.size()) - 1);
  return int(body.values.size()) - 1;
}

int Generator::operandOf(const TensorType &type, double newChance) {
  int found = random.chance(newChance) ? -1 : pick([&](const Value &value) { return value.type == type; });
  return found >= 0 ? found : fresh(type);
}

int Generator::peerOf(int value, DType dtype, const std::vector<Dim> *core) {
  if (random.chance(0.55)) {
    int found = pick([&](const Value &other) {
      const TensorType &type = at(value).type;
      bool cores = core ? other.type.core == *core
                        : other.type.core == type.core || other.type.core.empty() || type.core.empty();
      bool batches = isSublist(other.type.batch, type.batch) || isSublist(type.batch, other.type.batch);
      TensorType both{dtype,
                      std::max(other.type.batch, type.batch, [](auto &a, auto &b) { return a.size() < b.size(); }),
                      core || other.type.core.empty() ? type.core : other.type.core};
      return other.type.dtype == dtype && cores && batches && elements(both) <= 60000;
    });
    if (found >= 0 && (found != value || random.chance(0.2)))
      return found;
  }
  TensorType type{dtype, at(value).type.batch, core ? *core : at(value).type.core};
  if (!core && random.chance(0.3))
    type.core.clear();
  if (random.chance(0.5))
    type.batch = sublist(type.batch);
  else if (random.chance(0.3))
    type.batch = superlist(type.batch);
  if (scope->kind != ScopeKind::Entry)
    type.batch.clear();
  return fresh(type);
}

/// An integer a position, whose batch goes with that of `value`: one of the values so far or new, of any width.
int Generator::indexFor(int value) {
  const Batch batch = at(value).type.batch;
  int found = random.chance(0.6) ? -1 : pick([&](const Value &other) {
    const TensorType &type = other.type;
    return isInteger(type.dtype) && type.core.empty() && (isSublist(type.batch, batch) || isSublist(batch, type.batch));
  });
  if (found >= 0)
    return found;
  TensorType type{random.pick({DType::I32, DType::I32, DType::I64, DType::I8, DType::U8}), batch, {}};
  if (int made = random.chance(0.15) ? sizeOfTheCall({type.dtype, {}, {}}) : -1; made >= 0)
    return made;
  if (random.chance(0.3))
    type.batch = sublist(batch);
  else if (random.chance(0.3))
    type.batch = superlist(batch);
  if (scope->kind != ScopeKind::Entry)
    type.batch.clear();
  return fresh(type);
}

//===- Results ----------------------------------------------------------------------------------------------------===//

/// Room for rounding, of narrow dtypes above all; integers that may wrap can be anything.
static Interval widened(Interval range, DType dtype) {
  if (frontend::isFloat(dtype)) {
    double slack = 0.02 * range.magnitude();
    return {range.low > slack ? range.low - slack : range.low - slack - 1e-3, range.high + slack + 1e-3};
  }
  auto clamp = [&](double low, double high) {
    return range.low >= low && range.high <= high ? range : Interval{low, high};
  };
  switch (dtype) {
  case DType::I8:
    return clamp(-128, 127);
  case DType::U8:
    return clamp(0, 255);
  case DType::I32:
    return clamp(-2147483648.0, 2147483647.0);
  case DType::I64:
    return clamp(-9.2e18, 9.2e18);
  default:
    return {0, 1};
  }
}

std::vector<int> Generator::emitMany(std::string text, std::vector<int> operands, const std::vector<TensorType> &types,
                                     Interval range, Dim cost, std::vector<std::string> features) {
  Body &body = *scope->body;
  Statement statement;
  std::set<std::string> mixed;
  for (int operand : operands) {
    ++body.values[size_t(operand)].uses;
    mixed.insert(at(operand).mixed.begin(), at(operand).mixed.end());
  }
  for (const TensorType &type : types) {
    statement.results.push_back(int(body.values.size()));
    body.values.push_back({freshName("v"), type, widened(range, type.dtype), mixed, 0});
    cost = cost + elementsOf(type);
  }
  statement.operands = std::move(operands);
  statement.text = std::move(text);
  statement.cost = cost;
  statement.features = std::move(features);
  statement.inlined = random.chance(0.3);
  statement.annotated = random.chance(0.3);
  body.statements.push_back(statement);
  return statement.results;
}

int Generator::emit(std::string text, std::vector<int> operands, TensorType type, Interval range, Dim cost,
                    std::vector<std::string> features) {
  for (const std::string &feature : broadcastFeatures(operands, type))
    features.push_back(feature);
  return emitMany(std::move(text), std::move(operands), {type}, range, cost, std::move(features))[0];
}

/// What has grown large is scaled or squashed, so that the next op meets ordinary numbers.
int Generator::moderate(int value) {
  Interval range = at(value).range;
  TensorType type = at(value).type;
  double limit = limitOf(type.dtype);
  if (range.magnitude() <= limit)
    return value;
  if (isInteger(type.dtype))
    return emit("$0 % 97", {value}, type, {-96, 96});
  if (random.chance(0.3))
    return emit("tanh($0)", {value}, type, {-1, 1});
  double scale = 1;
  int digits = 0;
  for (; range.magnitude() * scale > limit / 20; ++digits)
    scale /= 10;
  std::string factor = "1e-" + std::to_string(digits);
  if (type.dtype == DType::F16 && digits > 4) // below the smallest normal number
    return emit("sin($0)", {value}, type, {-1, 1});
  return emit("$0 * " + factor, {value}, type, {range.low * scale, range.high * scale});
}

std::string Generator::literal(DType dtype) {
  if (frontend::isFloat(dtype))
    return random.pick({"0.5", "2.0", "1.5", "0.125", "3.0", "0.1", "1.0"});
  return random.pick({"1", "2", "3", "5", "7"});
}

} // namespace batten::fuzz
