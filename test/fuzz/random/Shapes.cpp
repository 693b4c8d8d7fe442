// Shapes.cpp - shape statements of the generator.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

//===- Across the bar (R7) ----------------------------------------------------------------------------------------===//

/// A batch dim of the operand, or a factor of one of its core dims.
struct Generator::Part {
  std::string name;
  Dim size;
  bool batch, mayGoLeft, mayGoRight;
};

/// A factor pair of a number, (0, 0) for a prime.
static std::pair<int64_t, int64_t> factors(int64_t n, Random &random) {
  std::vector<std::pair<int64_t, int64_t>> found;
  for (int64_t a = 2; a <= n / 2; ++a)
    if (n % a == 0)
      found.push_back({a, n / a});
  return found.empty() ? std::pair<int64_t, int64_t>(0, 0) : random.pick(found);
}

bool Generator::rearrange() {
  int x = pick([](const Value &value) { return value.type.batch.size() + value.type.core.size() >= 2; });
  if (x < 0)
    return false;
  TensorType type = at(x).type;
  bool entry = scope->kind == ScopeKind::Entry;
  // The outer batch dims need not be spoken of.
  size_t lifted = random.chance(0.3) && !type.batch.empty() ? size_t(random.below(int64_t(type.batch.size()))) : 0;
  std::set<std::string> taken(type.batch.begin(), type.batch.begin() + int64_t(lifted));
  std::vector<Part> parts;
  std::vector<std::string> pattern;
  auto add = [&](std::string name, Dim size, bool batch, bool left, bool right) {
    parts.push_back({name, size, batch, left, right});
    return taken.insert(name).second;
  };
  for (size_t i = lifted; i < type.batch.size(); ++i) {
    bool known = !entry || type.batch[i][0] == 'D' || scope->bounded.count(type.batch[i]);
    if (!add(type.batch[i], Dim::symbol(type.batch[i]), true, true,
             known && (entry || scope->bounded.count(type.batch[i]))))
      return false;
    pattern.push_back(type.batch[i]);
  }
  pattern.push_back("|");
  for (const Dim &dim : type.core) {
    std::optional<int64_t> constant = dim.constantValue();
    auto [a, b] = constant && random.chance(0.4) ? factors(*constant, random) : std::pair<int64_t, int64_t>(0, 0);
    if (constant && a == 0) {
      std::string name = nameOf(*constant, taken);
      if (!add(name, dim, false, entry && *constant <= 17, true))
        return false;
      pattern.push_back(name);
    } else if (constant) {
      std::string first = nameOf(a, taken);
      add(first, Dim::constant(a), false, entry && a <= 8, true);
      std::string second = nameOf(b, taken);
      add(second, Dim::constant(b), false, entry && b <= 8, true);
      pattern.push_back("(" + first + " " + second + ")");
    } else if (std::optional<std::string> symbol = dim.symbolName()) {
      if (!add(*symbol, dim, false, entry, true))
        return false;
      pattern.push_back(*symbol);
    } else {
      return false;
    }
  }
  return arrange(x, parts, lifted, pattern);
}

static std::string patternText(const std::vector<std::string> &entries) {
  std::string text = "[";
  for (size_t i = 0; i < entries.size(); ++i)
    text += (i == 0 || text.back() == '[' ? "" : entries[i] == "|" || entries[i - 1] == "|" ? " " : ", ") + entries[i];
  return text + "]";
}

/// Gives every part its place in the result.
bool Generator::arrange(int x, const std::vector<Part> &parts, size_t lifted, const std::vector<std::string> &pattern) {
  TensorType type = at(x).type;
  type.batch.resize(lifted);
  type.core.clear();
  std::vector<Part> left, right;
  for (const Part &part : parts) {
    bool moves = random.chance(0.3) && (part.batch ? part.mayGoRight : part.mayGoLeft);
    (part.batch != moves ? left : right).push_back(part);
  }
  if (random.chance(0.3))
    random.shuffle(left);
  if (random.chance(0.5))
    random.shuffle(right);
  std::set<std::string> features, crossed;
  std::vector<std::string> result;
  for (const Part &part : left) {
    type.batch.push_back(part.name);
    result.push_back(part.name);
    features.insert(part.batch ? "R7 stays left" : "R7 core dim goes left");
  }
  result.push_back("|");
  for (size_t i = 0; i < right.size();) {
    size_t joined = random.chance(0.25) ? std::min<size_t>(right.size() - i, size_t(random.between(2, 3))) : 1;
    Dim size = Dim::constant(1);
    std::string text;
    for (size_t end = i + joined; i < end; ++i) {
      size = size * right[i].size;
      text += (text.empty() ? "" : " ") + right[i].name;
      if (right[i].batch) {
        crossed.insert(right[i].name);
        features.insert("R7 batch dim goes right");
      }
    }
    if (joined > 1)
      features.insert("R7 join");
    result.push_back(joined > 1 ? "(" + text + ")" : text);
    // A static dim that stood left is its number on the right.
    std::map<std::string, Dim> numbers;
    for (const StaticDim &dim : sketch.staticDims)
      numbers[dim.name] = Dim::constant(dim.size);
    type.core.push_back(size.substitute(numbers));
  }
  if (random.chance(0.06)) {
    result.push_back("1");
    type.core.push_back(Dim::constant(1));
    features.insert("R7 a dim of size 1");
  }
  if (parts.size() > pattern.size() - 1)
    features.insert("R7 split");
  if (!fits(type) || elements(type) > 60000)
    return false;
  std::string text = "rearrange($0, " + patternText(pattern) + " -> " + patternText(result) + ")";
  int made = emitMany(text, {x}, {type}, at(x).range, Dim(), {features.begin(), features.end()})[0];
  scope->body->values[size_t(made)].mixed.insert(crossed.begin(), crossed.end());
  return true;
}

bool Generator::flatten() {
  int x = pick([](const Value &value) { return value.type.core.size() >= 2; });
  if (x < 0)
    return false;
  TensorType type = at(x).type;
  Dim all = Dim::constant(1);
  for (const Dim &dim : type.core)
    all = all * dim;
  type.core = {all};
  emit("flatten($0)", {x}, type, at(x).range, Dim(), {"flatten"});
  return true;
}

//===- Parts ------------------------------------------------------------------------------------------------------===//

bool Generator::slice() {
  int x = pick([](const Value &value) {
    bool constant = false;
    for (const Dim &dim : value.type.core)
      constant |= dim.isConstant() && !dim.isConstant(1);
    return constant;
  });
  if (x < 0)
    return false;
  TensorType type = at(x).type;
  std::vector<std::string> entries;
  std::vector<Dim> core;
  std::set<std::string> features;
  for (const Dim &dim : type.core) {
    int64_t n = dim.constantValue().value_or(0);
    int64_t from = n ? random.below(n) : 0, to = n ? random.between(from + 1, n) : 0;
    if (!n || random.chance(0.3)) {
      entries.push_back(":");
      core.push_back(dim);
    } else if (random.chance(0.25)) {
      entries.push_back(std::to_string(from));
      features.insert("index");
    } else {
      std::string low = from || random.chance(0.5) ? std::to_string(from) : "";
      std::string high = to < n || random.chance(0.5) ? std::to_string(to) : "";
      entries.push_back(low + ":" + high);
      core.push_back(Dim::constant(to - from));
      features.insert("slice");
    }
  }
  if (std::all_of(entries.begin(), entries.end(), [](const std::string &entry) { return entry == ":"; }))
    return false; // the operand itself under another name, which an update in place would take away
  std::string text = "$0[|";
  for (size_t i = 0; i < entries.size(); ++i)
    text += (i ? ", " : " ") + entries[i];
  type.core = core;
  emit(text + "]", {x}, type, at(x).range, Dim(), {features.begin(), features.end()});
  return true;
}

bool Generator::split() {
  int parts = random.pick({2, 3});
  int x = pick([&](const Value &value) {
    if (value.type.core.empty())
      return false;
    std::optional<int64_t> n = value.type.core.back().constantValue();
    return n && *n % parts == 0;
  });
  if (x < 0)
    return false;
  TensorType type = at(x).type;
  type.core.back() = Dim::constant(*type.core.back().constantValue() / parts);
  emitMany("split($0, " + std::to_string(parts) + ")", {x}, std::vector<TensorType>(size_t(parts), type), at(x).range,
           Dim(), {"split"});
  return true;
}

//===- Together ---------------------------------------------------------------------------------------------------===//

bool Generator::concat() {
  int x = pick([](const Value &value) { return !value.type.core.empty(); });
  if (x < 0)
    return false;
  std::vector<int> operands = {x};
  TensorType type = at(x).type;
  Dim last = type.core.back();
  Interval range = at(x).range;
  for (int64_t more = random.pick({1, 1, 2}); more > 0; --more) {
    std::vector<Dim> core = type.core;
    if (random.chance(0.6))
      core.back() = anyCoreDim();
    int other = peerOf(x, type.dtype, &core);
    if (other < 0 || at(other).type.core.size() != core.size())
      return false;
    operands.push_back(other);
    last = last + at(other).type.core.back();
    range = {std::min(range.low, at(other).range.low), std::max(range.high, at(other).range.high)};
  }
  std::optional<Batch> batch = combine(operands);
  if (!batch)
    return false;
  if (random.chance(0.5))
    random.shuffle(operands);
  type.batch = *batch;
  type.core.back() = last;
  if (elements(type) > 60000)
    return false;
  emit(operands.size() == 2 ? "concat($0, $1)" : "concat($0, $1, $2)", operands, type, range, Dim(), {"concat"});
  return true;
}

bool Generator::brackets() {
  int x = pick([](const Value &value) { return value.type.core.size() <= 2; });
  if (x < 0)
    return false;
  std::vector<int> operands = {x};
  TensorType type = at(x).type;
  std::vector<Dim> core = type.core;
  Interval range = at(x).range;
  std::string text = "[$0";
  for (int64_t more = random.pick({0, 1, 2, 3}); more > 0; --more) {
    int other = peerOf(x, type.dtype, &core);
    if (other < 0 || at(other).type.core != core)
      return false;
    text += ", $" + std::to_string(operands.size());
    operands.push_back(other);
    range = {std::min(range.low, at(other).range.low), std::max(range.high, at(other).range.high)};
  }
  std::optional<Batch> batch = combine(operands);
  if (!batch)
    return false;
  type.batch = *batch;
  int64_t count = int64_t(operands.size());
  if (core.empty() && type.dtype != DType::Bool && random.chance(0.3)) {
    text += ", " + literal(type.dtype);
    ++count;
    range.high = std::max(range.high, 7.0);
  }
  type.core.insert(type.core.begin(), Dim::constant(count));
  if (elements(type) > 60000)
    return false;
  emit(text + "]", operands, type, range, Dim(), {"brackets"});
  return true;
}

bool Generator::spread() {
  int x = pick([](const Value &) { return true; });
  if (x < 0 || scope->kind != ScopeKind::Entry)
    return false;
  TensorType type = at(x).type;
  Batch batch = superlist(type.batch);
  if (batch == type.batch)
    return false;
  type.batch = batch;
  if (elements(type) > 30000)
    return false;
  std::string list;
  for (const std::string &dim : batch)
    list += (list.empty() ? "" : ", ") + dim;
  emit("spread($0, [" + list + "])", {x}, type, at(x).range, Dim(), {"spread"});
  return true;
}

/// iota, fill, zeros, constants in brackets.
bool Generator::making() {
  int x = pick([](const Value &value) { return !value.type.core.empty(); });
  if (x < 0)
    return false;
  TensorType type = at(x).type;
  bool real = frontend::isFloat(type.dtype), isBool = type.dtype == DType::Bool;
  std::string number = isBool ? "true" : literal(type.dtype);
  switch (isBool ? random.pick({1, 3}) : random.below(4)) {
  case 0: {
    std::string size = type.core.back().str();
    std::string cast = type.dtype == DType::I32 ? "" : std::string(" as ") + frontend::dtypeName(type.dtype);
    if (type.core.size() != 1 || (isInteger(type.dtype) && sizeOf(type.core[0]) > 100))
      return false;
    TensorType made{type.dtype, {}, type.core};
    emit("iota(" + size + ")" + cast, {}, made, {0, double(std::max<int64_t>(sizeOf(type.core[0]), 70))}, Dim(),
         {"iota"});
    return true;
  }
  case 1:
    type.batch.clear();
    emit("fill(" + sketch.typeText(type) + ", " + number + ")", {}, type, {0, 7}, Dim(), {"fill"});
    return true;
  case 2:
    if (scope->kind == ScopeKind::Entry && random.chance(0.5))
      type.batch = superlist(type.batch);
    emit("zeros(" + sketch.typeText(type) + ") + " + number, {}, type, {0, 7}, Dim(), {"zeros"});
    return true;
  default: {
    // fill of a value: one a position.
    int s = pick([&](const Value &value) { return value.type.dtype == type.dtype && value.type.core.empty(); });
    if (s < 0 && real) {
      s = emit("mean($0 over core)", {x}, {type.dtype, type.batch, {}}, at(x).range, elementsOf(type));
    }
    if (s < 0)
      return false;
    type.batch = at(s).type.batch;
    emit("fill(" + sketch.typeText(type) + ", $0)", {s}, type, at(s).range, Dim(), {"fill with a value"});
    return true;
  }
  }
}

} // namespace batten::fuzz
