// ElaborateShapes.cpp - index and slice, split, concat, flatten, spread: values whose elements are those of others.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

//===- Slices -----------------------------------------------------------------------------------------------------===//

static std::vector<std::string> texts(const std::vector<Dim> &dims) {
  std::vector<std::string> result;
  for (const Dim &dim : dims)
    result.push_back(dim.str());
  return result;
}

Value Elaborator::slice(const Value &value, const std::vector<Dim> &offsets, const std::vector<Dim> &sizes,
                        const std::vector<int64_t> &dropped, std::vector<CoreDim> core, SourceRange range) {
  Type type = value.type;
  type.core = std::move(core);
  Value part = emit(range, "slice", {&value}, type,
                    {{"offsets", texts(offsets)}, {"sizes", texts(sizes)}, {"dropped", dropped}});
  if (!checking)
    for (const Dim &offset : offsets)
      for (const std::string &symbol : offset.symbols())
        addMix(symbol, range);
  return part;
}

/// 0 <= lower < upper <= dim, proved.
bool Elaborator::checkSlice(const CoreDim &dim, const Dim &lower, const Dim &upper, SourceRange range) {
  struct Bound {
    Dim low, high;
    DimRelation relation;
  };
  const Bound bounds[] = {
      {Dim(), lower, DimRelation::Le}, {lower, upper, DimRelation::Lt}, {upper, dim.size, DimRelation::Le}};
  for (const Bound &bound : bounds) {
    Truth truth = facts.holds(bound.low, bound.relation, bound.high);
    if (truth == Truth::True || (truth == Truth::Maybe && facts.dependsOnTurn(bound.low - bound.high)))
      continue;
    if (truth == Truth::False) {
      bool empty = bound.relation == DimRelation::Lt;
      Diagnostic &error = context.error("E0219", range, "`" + context.text(range) + "` is out of range");
      error.label(empty
                      ? "no element from " + str(lower) + " to " + str(upper)
                      : "the dim is " + str(dim, true) + ", its elements are 0 to " + str(dim.size - Dim::constant(1)));
      bool fromEnd = lower.constantValue().value_or(0) < 0 || upper.constantValue().value_or(0) < 0; // `x[| :-1]`
      if (fromEnd)
        error.help("elements are counted from the first: `" + str(dim) + " - 1` in place of `-1`");
      return false;
    }
    std::string condition = str(bound.low) + " " + spelling(bound.relation) + " " + str(bound.high);
    context.error("E0216", range, "cannot prove that `" + context.text(range) + "` is within " + str(dim, true))
        .label("needs " + condition)
        .help(adviceForCondition(condition));
    return false;
  }
  return true;
}

/// What an entry of an index takes of its dim.
struct Elaborator::Cut {
  Dim offset;
  CoreDim dim; ///< what is left
  bool whole;  ///< `:`
};

std::optional<Elaborator::Cut> Elaborator::cutOf(const Slice &node, const CoreDim &dim, const DimScope &scope) {
  if (node.isRange && !node.lower && !node.upper)
    return Cut{Dim(), dim, true};
  std::optional<Dim> lower = Dim(), upper = dim.size;
  if (!node.isRange) {
    lower = evalDimExpr(*node.index, scope);
    upper = lower ? std::optional<Dim>(*lower + Dim::constant(1)) : std::nullopt;
  }
  if (node.lower)
    lower = evalDimExpr(*node.lower, scope);
  if (node.upper)
    upper = evalDimExpr(*node.upper, scope);
  if (!lower || !upper || !checkSlice(dim, *lower, *upper, node.range))
    return std::nullopt;
  CoreDim part{*upper - *lower, "", nullptr};
  if (node.upper && lower->isConstant(0)) { // `0:N` is called N
    const auto *name = node.lower ? nullptr : dynCast<NameExpr>(*node.upper);
    part = {part.size, context.text(node.upper->range), name ? scope.lookup(name->name) : nullptr};
  }
  return Cut{*lower, part, false};
}

/// What to do about the number of entries: who gives more than there are core dims often means batch dims too.
static std::string entriesAdvice(const std::string &text, const Type &type, size_t entries) {
  size_t moved = entries > type.core.size() ? entries - type.core.size() : 0;
  bool isNamed = std::all_of(type.core.begin(), type.core.end(), [](const CoreDim &dim) { return dim.entity; });
  if (moved == 0 || moved > type.batch.size() || !isNamed)
    return "one entry a core dim; `:` takes all of it";
  BatchList left = type.batch;
  std::vector<std::string> core, unbounded;
  for (size_t i = left.size() - moved; i < left.size(); ++i) {
    core.push_back(left[i]->name);
    if (left[i]->kind == DimEntity::Unbounded)
      unbounded.push_back("`dim " + left[i]->name + " <= 4096`");
  }
  std::string names = "`" + joined(core, "`, `") + "`",
              before = str(type).substr(std::string(dtypeName(type.dtype)).size());
  left.resize(left.size() - moved);
  for (const CoreDim &dim : type.core)
    core.push_back(dim.entity->name);
  std::string after = str(left);
  after.pop_back();
  after += (left.empty() ? "| " : " | ") + joined(core) + "]";
  return "batch dims cannot be indexed; bring " + names + " right of the bar first: `rearrange(" + text + ", " +
         before + " -> " + after + ")`" +
         (unbounded.empty() ? "" : ", for which it needs a bound: " + joined(unbounded));
}

/// What `x[0:2]` or `x[:, 0:2]` means: the same entries for the core dims of every sample.
std::string Elaborator::adviceForIndex(const IndexExpr &expr, const Type &type) {
  std::string text = context.text(expr.base->range);
  size_t rank = type.core.size(), count = expr.slices.size(), batch = count - std::min(rank, count);
  bool wholeBatch = batch <= type.batch.size() && rank != 0, cuts = false;
  std::vector<std::string> entries;
  for (size_t i = 0; i < count; ++i) {
    std::string entry = context.text(expr.slices[i].range);
    cuts |= expr.slices[i].isRange;
    if (i >= batch)
      entries.push_back(entry);
    else
      wholeBatch &= entry == ":";
  }
  entries.resize(std::max(entries.size(), rank), ":");
  std::string written = text + "[| " + joined(entries) + "]";
  if (wholeBatch && cuts)
    return "of every sample: `" + written + "`; one sample is chosen by the caller, not by the program";
  return "feature 0 of every sample: `" + text + "[| 0]`; one sample is chosen by the caller, not by the program";
}

Value Elaborator::evalIndex(const IndexExpr &expr) {
  Operand base{eval(*expr.base), expr.base->range};
  base.value = tensor(base.value, std::nullopt, base.range);
  if (!isTensor("[..]", expr.bracketRange, base))
    return Value();
  const Type &type = base.value.type;
  std::string text = context.text(expr.base->range);
  if (!expr.hasBar) {
    context.error("E0211", expr.range, "an index needs a bar; batch dims cannot be indexed")
        .label(str(type))
        .help(adviceForIndex(expr, type));
    return Value();
  }
  if (expr.slices.size() != type.core.size()) {
    context
        .error("E0215", expr.bracketRange,
               counted(expr.slices.size(), "entry", "entries") + " for " +
                   counted(type.core.size(), "core dim", "core dims"))
        .label("`" + text + "` is " + str(type))
        .help(entriesAdvice(text, type, expr.slices.size()));
    return Value();
  }
  std::vector<Dim> offsets, sizes;
  std::vector<int64_t> dropped;
  std::vector<CoreDim> core;
  DimScope scope = scopeHere(true);
  bool whole = true;
  for (size_t i = 0; i < expr.slices.size(); ++i) {
    std::optional<Cut> cut = cutOf(expr.slices[i], type.core[i], scope);
    if (!cut)
      return Value();
    whole &= cut->whole;
    offsets.push_back(cut->offset);
    sizes.push_back(cut->dim.size);
    if (expr.slices[i].isRange)
      core.push_back(cut->dim);
    else
      dropped.push_back(int64_t(i));
  }
  return whole ? base.value : slice(base.value, offsets, sizes, dropped, core, expr.range);
}

//===- Cutting and joining ----------------------------------------------------------------------------------------===//

/// The size of each of `count` parts of the last core dim, or E0219, E0216.
std::optional<Dim> Elaborator::partSize(const Operand &x, int64_t count, SourceRange range) {
  const Type &type = x.value.type;
  if (type.core.empty() || count < 1 || count > 4096) {
    context
        .error("E0219", range,
               type.core.empty() ? "`split` cuts the last core dim, and there is none"
                                 : "`split` into " + std::to_string(count) + " parts")
        .secondary(x.range)
        .label(str(type));
    return std::nullopt;
  }
  const CoreDim &last = type.core.back();
  Dim parts = Dim::constant(count);
  std::optional<Dim> size = Dim::exactDiv(last.size, parts);
  if (!size || size->overflowed()) {
    context.error("E0219", range, "`split` into " + std::to_string(count) + " parts of a dim of " + str(last, true))
        .secondary(x.range)
        .label("it leaves a remainder");
    return std::nullopt;
  }
  bool known = facts.equal(Dim::modulo(last.size, parts), Dim()) == Truth::True;
  if (known || !checking || facts.dependsOnTurn(last.size))
    return size;
  context.error("E0216", range, "cannot prove that " + str(last) + " splits into " + std::to_string(count) + " parts")
      .secondary(x.range)
      .label("it may leave a remainder")
      .help(adviceForCondition(str(last) + " % " + std::to_string(count) + " == 0"));
  return std::nullopt;
}

/// A part as a dim: `3*D` cut in three is `D` and shown by that name.
CoreDim Elaborator::partOf(const CoreDim &whole, const Dim &size, int64_t count) {
  if (size.symbolName())
    if (const DimEntity *dim = entityOf(*size.symbolName()))
      return {size, dim->name, dim};
  if (whole.text.rfind(std::to_string(count) + "*", 0) != 0)
    return {size, "", nullptr};
  std::string name = whole.text.substr(whole.text.find('*') + 1);
  return {size, name, scopeHere(false).lookup(name)};
}

Value Elaborator::opSplit(OpCall &call) {
  Operand &x = call.operands[0];
  SourceRange range = call.operands[1].range;
  std::optional<Dim> parts = evalDimExpr(*call.given[1], scopeHere(true));
  takeBrackets({&x});
  if (!isTensor("split", call.name, x) || !parts)
    return Value();
  std::optional<int64_t> count = constantOf(*parts, range, "the number of parts");
  std::optional<Dim> size = count ? partSize(x, *count, range) : std::nullopt;
  if (!size)
    return Value();
  std::vector<CoreDim> core = x.value.type.core;
  core.back() = partOf(core.back(), *size, *count);
  std::vector<Dim> offsets(core.size()), sizes;
  for (const CoreDim &dim : core)
    sizes.push_back(dim.size);
  std::vector<Value> cut;
  for (int64_t part = 0; part < *count; ++part) {
    offsets.back() = Dim::constant(part) * *size;
    cut.push_back(slice(x.value, offsets, sizes, {}, core, call.expr->range));
  }
  return tupleOf(std::move(cut));
}

Value Elaborator::opConcat(OpCall &call) {
  std::vector<Operand *> all;
  std::vector<const Operand *> operands;
  std::vector<const Value *> values;
  for (Operand &operand : call.operands)
    all.push_back(&operand);
  if (!meet("concat", call.name, all) || !allTensors(call))
    return Value();
  Type type = call.operands[0].value.type;
  Dim last;
  for (Operand &operand : call.operands) {
    const std::vector<CoreDim> &core = operand.value.type.core;
    auto report = [&] {
      context.error("E0206", call.name, "`concat` joins the last core dim, the others must be equal")
          .secondary(call.operands[0].range)
          .secondary(operand.range)
          .label(str(type, true) + " with " + str(operand.value.type, true))
          .help(core.empty() ? "a number has no core dim to join; there is no axis to give"
                             : "another dim is brought last by `rearrange` first");
    };
    if (core.empty() || core.size() != type.core.size()) {
      report();
      return Value();
    }
    for (size_t i = 0; i + 1 < core.size(); ++i)
      if (!requireEqual(type.core[i], core[i], call.name, report))
        return Value();
    last = last + core.back().size;
    operands.push_back(&operand);
    values.push_back(&operand.value);
  }
  std::optional<BatchList> batch = combine("concat", call.name, operands, false);
  if (!batch)
    return Value();
  type.batch = *batch;
  type.core.back() = {last, "", nullptr};
  return emit(call.expr->range, "concat", values, type);
}

/// The normal form of a rearrangement; `permutation` counts own batch dims, loop dims come in front unmoved.
Value Elaborator::rearranged(const Value &value, const std::vector<std::vector<Dim>> &splits,
                             std::vector<int64_t> permutation, const std::vector<int64_t> &joins, Type type,
                             SourceRange range) {
  int64_t loops = int64_t(value.loop.size());
  for (int64_t &position : permutation)
    position += loops;
  for (int64_t i = loops; i-- > 0;)
    permutation.insert(permutation.begin(), i);
  std::vector<std::vector<std::string>> factors;
  for (const std::vector<Dim> &split : splits)
    factors.push_back(texts(split));
  return emit(range, "rearrange", {&value}, std::move(type),
              {{"splits", factors}, {"permutation", permutation}, {"joins", joins}});
}

Value Elaborator::opFlatten(OpCall &call) {
  Operand &x = call.operands[0];
  if (!meet("flatten", call.name, {&x}) || !allTensors(call))
    return Value();
  Type type = x.value.type;
  if (type.core.size() == 1)
    return x.value;
  Dim product = Dim::constant(1);
  std::vector<std::vector<Dim>> splits;
  std::vector<int64_t> permutation;
  for (const CoreDim &dim : type.core) {
    product = product * dim.size;
    splits.push_back({dim.size});
  }
  for (size_t i = 0; i < type.batch.size() + splits.size(); ++i)
    permutation.push_back(int64_t(i));
  type.core = {{product, "", nullptr}};
  return rearranged(x.value, splits, permutation, {int64_t(splits.size())}, type, call.expr->range);
}

Value Elaborator::opSpread(OpCall &call) {
  Operand &x = call.operands[0];
  x.value = tensor(x.value, std::nullopt, x.range);
  if (!isTensor("spread", call.name, x))
    return Value();
  const auto *list = dynCast<ArrayExpr>(*call.given[1]);
  SourceRange range = call.operands[1].range;
  if (!list) {
    context.error("E0215", range, "`spread` takes a list of batch dims").help("write `spread(x, [B, T])`");
    return Value();
  }
  Type type = x.value.type;
  type.batch.clear();
  DimScope scope = scopeHere(false);
  for (const ExprPtr &element : list->elements) {
    const auto *name = dynCast<NameExpr>(*element);
    if (!name) {
      context
          .error(dynCast<NumberExpr>(*element) ? "E0214" : "E0215", element->range,
                 "a batch dim is a name, found `" + context.text(element->range) + "`")
          .help("declare it: `dim N = " + context.text(element->range) + "`");
      return Value();
    }
    const DimEntity *dim = context.findDim(name->name, name->range, scope);
    if (!dim || dim->poisoned || !context.isBatchDim(*dim, name->range))
      return Value();
    type.batch.push_back(dim);
  }
  if (!context.checkType(type, range))
    return Value();
  if (!isSublist(x.value.type.batch, type.batch)) {
    context.error("E0205", call.name, "`spread` to " + str(type.batch) + " of batch dims " + str(x.value.type.batch))
        .secondary(x.range)
        .secondary(range)
        .label(str(x.value.type) + ": its batch dims must stand in the list, in their order");
    return Value();
  }
  return emit(call.expr->range, "spread", {&x.value}, type);
}

} // namespace batten::frontend
