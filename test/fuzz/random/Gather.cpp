// Gather.cpp - embed, update and rope of the generator, and what the entry updates in place.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/fuzz/random/Generator.h"

namespace batten::fuzz {

static constexpr int64_t mostElements = 60000;

static Interval both(Interval a, Interval b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

/// Ids are mostly inside of the table; what is not gives NaN, which the next statement takes out again.
bool Generator::embed() {
  int table = pick([](const Value &value) { return value.type.core.size() == 2; });
  if (table < 0)
    table = anyFloat(2, 2);
  int id = table < 0 ? -1 : indexFor(table);
  std::optional<Batch> batch = id < 0 ? std::nullopt : combine({table, id});
  if (!batch)
    return false;
  TensorType type{at(table).type.dtype, *batch, {at(table).type.core[1]}};
  std::optional<int64_t> rows = at(table).type.core[0].constantValue();
  if (elements(type) > mostElements)
    return false;
  bool isNarrow = at(id).type.dtype == DType::I8 || at(id).type.dtype == DType::U8;
  bool isInside = rows && *rows < (isNarrow ? 60 : 1000) && random.chance(0.7);
  std::string v = std::to_string(rows.value_or(0));
  std::string text = isInside ? "embed($0, ($1 % " + v + " + " + v + ") % " + v + ")" : "embed($0, $1)";
  int made = emit(text, {table, id}, type, both(at(table).range, {0, 0}), Dim(),
                  {isInside ? "embed inside" : "embed inside or outside"});
  if (!isInside && frontend::isFloat(type.dtype))
    emit("select($0 == $0, $0, 0.25)", {made}, type, both(at(made).range, {0.25, 0.25}));
  return true;
}

bool Generator::update() {
  int c = pick([](const Value &value) { return value.type.core.size() == 2; });
  if (c < 0)
    c = anyFloat(2, 2);
  if (c < 0)
    return false;
  std::vector<Dim> core = {at(c).type.core[1]};
  int row = peerOf(c, at(c).type.dtype, &core);
  if (row < 0 || at(row).type.core != core)
    return false;
  int index = indexFor(row);
  std::optional<Batch> batch = index < 0 ? std::nullopt : combine({c, row, index});
  if (!batch)
    return false;
  TensorType type = at(c).type;
  type.batch = *batch;
  if (elements(type) > mostElements)
    return false;
  emit("update($0, $1, at: $2)", {c, row, index}, type, both(at(c).range, at(row).range), Dim(), {"update"});
  return true;
}

bool Generator::rope() {
  RuntimeDim *ofTheCall = random.chance(0.4) ? dimOfTheCall() : nullptr;
  int x = pick([&](const Value &value) {
    const TensorType &type = value.type;
    return frontend::isFloat(type.dtype) && type.core.size() == 1 && type.core[0].isConstant() == !ofTheCall &&
           type.core[0].constantValue().value_or(0) % 2 == 0;
  });
  if (x < 0 || (ofTheCall && random.chance(0.5))) {
    TensorType type = anyType(mainType);
    type.core = {Dim::constant(random.pick({2, 6, 16, 34}))};
    if (ofTheCall)
      type.core = {Dim::symbol(ofTheCall->name) * Dim::constant(random.pick({1, 2}))};
    type.batch.erase(std::remove(type.batch.begin(), type.batch.end(), ofTheCall ? ofTheCall->name : ""),
                     type.batch.end());
    x = fresh(type);
  }
  int index = x < 0 ? -1 : indexFor(x);
  std::optional<Batch> batch = index < 0 ? std::nullopt : combine({x, index});
  if (!batch)
    return false;
  TensorType type = at(x).type;
  type.batch = *batch;
  if (elements(type) > mostElements || !isMultiple(type.core[0], 2))
    return false;
  std::string options = random.pick({"", "", ", interleaved: true", ", base: 100.0"});
  double bound = 1.5 * at(x).range.magnitude();
  emit("rope($0, at: $1" + options + ")", {x, index}, type, {-bound, bound}, elementsOf(type) * Dim::constant(8),
       {options.find("inter") == std::string::npos ? "rope of halves" : "rope of neighbours",
        ofTheCall ? "rope of a size of the call" : "rope of a known size"});
  return true;
}

/// Some arguments become what a statement made of the same type, written back at the end.
void Generator::chooseUpdates() {
  Body &body = sketch.entry.body;
  if (!random.chance(0.4))
    return;
  for (int parameter : body.parameters) {
    std::vector<int> choices;
    for (const Statement &statement : body.statements)
      for (int result : statement.results)
        if (at(result).type == at(parameter).type)
          choices.push_back(result);
    if (!choices.empty() && random.chance(0.7))
      body.updates.push_back({parameter, random.pick(choices)});
  }
}

} // namespace batten::fuzz
