// ElaborateContractions.cpp - `@`, matmul, linear, outer, transpose.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

/// A size for a sentence: the number where it is known.
static std::string sizeText(const CoreDim &dim) { return dim.size.isConstant() ? str(dim.size) : str(dim); }

void Elaborator::contractionMismatch(const std::string &op, SourceRange opRange, const Operand &lhs, const Operand &rhs,
                                     const CoreDim &left, const CoreDim &right, size_t rightPosition) {
  Diagnostic &error =
      context.error("E0201", opRange, "`" + op + "` contracts " + sizeText(left) + " with " + sizeText(right));
  error.secondary(lhs.range).secondary(rhs.range);
  std::string label = str(lhs.value.type, true) + " with " + str(rhs.value.type, true);
  std::vector<std::string> origins;
  for (const CoreDim *dim : {&left, &right})
    if (dim->entity)
      origins.push_back(dim->entity->name + " is bound at " + context.at(dim->entity->range));
  error.label(label + (origins.empty() ? "" : "; " + joined(origins, ", ")));

  if (rhs.value.type.core.size() == 2 &&
      facts.equal(left.size, rhs.value.type.core[1 - rightPosition].size) == Truth::True) {
    error.help(transposedAdvice(op, lhs, rhs));
    return;
  }
  if (op == "conv2d" && lhs.value.type.core.size() == 3 &&
      facts.equal(lhs.value.type.core[2].size, right.size) == Truth::True) {
    error.help("channels come first: `rearrange(" + context.text(lhs.range) +
               ", [H, W, C] -> [C, H, W])`, right of the bar");
    return;
  }
  std::string name = context.text(rhs.range);
  if (!declaresType(name))
    return;
  Type wanted = rhs.value.type;
  wanted.core[rightPosition] = left;
  std::string aside;
  const BatchList &batch = lhs.value.type.batch;
  if (!batch.empty()) {
    std::string names = str(batch);
    names = names.substr(1, names.size() - 2);
    aside = batch.size() == 1 ? " (the batch dim " + names + " takes no part in `" + op + "`)"
                              : " (the batch dims " + names + " take no part in `" + op + "`)";
  }
  error.help("if `" + name + "` should accept `" + context.text(lhs.range) + "`, write `" + name + ": " + str(wanted) +
             "`" + aside);
}

/// Whether `name` is declared with a type that the user can change.
bool Elaborator::declaresType(const std::string &name) {
  Local *local = findLocal(name);
  return (local && local->declared) || (frame->model && frame->model->param(name)) || isParameter(name);
}

/// The sizes match the other way round. PyTorch stores Linear weights as (out, in), and `linear` takes them so; `@`
/// takes (in, out).
std::string Elaborator::transposedAdvice(const std::string &op, const Operand &lhs, const Operand &rhs) {
  auto operand = [&](SourceRange range) {
    std::string text = context.text(range);
    bool simple = text.find_first_of(" \n") == std::string::npos;
    return simple ? text : "(" + text + ")";
  };
  std::string x = operand(lhs.range), w = operand(rhs.range);
  if (op != "linear")
    return lhs.value.type.core.size() == 1 ? "the sizes match after a transpose: a weight stored as (out, in), as "
                                             "PyTorch does, goes into `linear(" +
                                                 x + ", " + w + ")`, which is `" + x + " @ " + w + ".T`"
                                           : "the sizes match after a transpose: `" + x + " @ " + w + ".T`";
  Type swapped = rhs.value.type;
  std::swap(swapped.core[0], swapped.core[1]);
  std::string stored = "`linear` takes its weight as (out, in), as PyTorch stores it";
  if (declaresType(context.text(rhs.range)))
    stored += ": `" + w + ": " + str(swapped) + "`";
  return stored + "; for one stored as (in, out) write `" + x + " @ " + w + "`";
}

DType Elaborator::accumulated(DType dtype) {
  // Integer products give the accumulator, floats are rounded back.
  return isFloat(dtype) ? dtype : accumulatorOf(dtype);
}

/// `acc:` and `out:`, and `#[acc(..)]` of the function, for an op at `range`.
Elaborator::Accumulation Elaborator::accumulation(OpCall *call, SourceRange range, DType operand, DType result) {
  auto option = [&](const char *name) -> std::optional<DType> {
    if (!call || !call->options.count(name))
      return std::nullopt;
    const Expr &value = *call->options[name]->value;
    if (const auto *dtype = dynCast<DTypeExpr>(value))
      return context.resolveDType(dtype->dtype, *frame->module);
    if (const auto *alias = dynCast<NameExpr>(value))
      return context.resolveDType({alias->name, false, alias->range}, *frame->module);
    context.error("E0219", value.range, std::string("`") + name + "` takes a dtype");
    return std::nullopt;
  };
  auto refuse = [&](SourceRange place, const std::string &message) {
    context.error("E0303", place, message).help("cast operands or the result with `as`");
  };
  Accumulation how{std::nullopt, result};
  DType usual = accumulatorOf(operand);
  std::optional<DType> acc = option("acc"), out = option("out");
  SourceRange place = acc ? call->options["acc"]->value->range : range;
  FunctionDecl *function = frame->function;
  if (!acc && function && function->accumulator && isFloat(*function->accumulator) == isFloat(operand)) {
    acc = function->accumulator;
    function->accumulates = true;
  }
  if (acc && (isFloat(*acc) != isFloat(operand) || dtypeBytes(*acc) < dtypeBytes(usual))) {
    refuse(place, std::string(dtypeName(operand)) + " is accumulated in " + dtypeName(usual) + " or wider, not in " +
                      dtypeName(*acc));
    acc.reset();
  }
  if (acc && *acc != usual) {
    how.wide = acc;
    how.result = isFloat(operand) ? result : *acc;
  }
  if (out && isFloat(*out) != isFloat(operand)) {
    refuse(call->options["out"]->value->range,
           std::string("the result of ") + dtypeName(operand) + " cannot be " + dtypeName(*out));
    out.reset();
  }
  if (out) {
    how.result = *out;
    if (!how.wide && *out != usual && *out != result)
      how.wide = usual;
  }
  return how;
}

/// A wider accumulator is the op on widened operands, which is exact; its result is rounded once.
Value Elaborator::accumulate(SourceRange range, const std::string &name, const std::vector<const Value *> &operands,
                             Type type, const Attributes &attributes, const Accumulation &how) {
  type.dtype = how.result;
  if (!how.wide)
    return emit(range, name, operands, type, attributes);
  auto cast = [&](const Value &value, DType dtype) {
    Type target = value.type;
    target.dtype = dtype;
    return value.type.dtype == dtype ? value : emit(range, "cast", {&value}, target);
  };
  std::vector<Value> widened;
  std::vector<const Value *> pointers;
  for (const Value *operand : operands)
    widened.push_back(cast(*operand, *how.wide));
  for (const Value &value : widened)
    pointers.push_back(&value);
  type.dtype = *how.wide;
  return cast(emit(range, name, pointers, type, attributes), how.result);
}

Value Elaborator::matmul(const std::string &op, SourceRange opRange, Operand lhs, Operand rhs, SourceRange range,
                         OpCall *call) {
  for (Operand *operand : {&lhs, &rhs})
    if (operand->value.kind != Value::List && !isTensor(op, opRange, *operand)) // a number is no matrix
      return Value();
  if (!meet(op, opRange, {&lhs, &rhs}))
    return Value();
  for (const Operand *operand : {&lhs, &rhs}) {
    size_t rank = operand->value.type.core.size();
    if (rank == 1 || rank == 2)
      continue;
    Diagnostic &error =
        context.error("E0215", opRange, "`" + op + "` takes core ranks 1 and 2, found rank " + std::to_string(rank))
            .secondary(operand->range)
            .label(str(operand->value.type));
    if (rank == 0)
      error.help("a product with a scalar is `*`");
    else
      error.help("move dims that take no part left of the bar with `rearrange`");
    return Value();
  }
  const std::vector<CoreDim> &a = lhs.value.type.core, &b = rhs.value.type.core;
  const CoreDim &left = a.back(), &right = b.front();
  if (!requireEqual(left, right, opRange, [&] { contractionMismatch(op, opRange, lhs, rhs, left, right, 0); }))
    return Value();
  std::optional<BatchList> batch = combine(op, opRange, {&lhs, &rhs}, call == nullptr);
  if (!batch)
    return Value();
  Type type;
  DType operand = lhs.value.type.dtype;
  type.dtype = accumulated(operand);
  type.batch = *batch;
  if (a.size() == 2)
    type.core.push_back(a[0]);
  if (b.size() == 2)
    type.core.push_back(b[1]);
  return accumulate(range, "matmul", {&lhs.value, &rhs.value}, type, {},
                    accumulation(call, opRange, operand, type.dtype));
}

Value Elaborator::opMatmul(OpCall &call) {
  return matmul("matmul", call.name, call.operands[0], call.operands[1], call.expr->range, &call);
}

/// Operands with a fixed core rank, as their row of the table says.
bool Elaborator::coreRank(OpCall &call, size_t index, size_t rank) {
  const Operand &operand = call.operands[index];
  if (operand.value.type.core.size() == rank)
    return true;
  std::string name = call.op->name;
  Diagnostic &error = context
                          .error("E0215", operand.range,
                                 "`" + name + "` takes `" + call.op->parameters[index].name + "` of core " +
                                     call.op->parameters[index].core)
                          .label("this is " + str(operand.value.type))
                          .note(call.op->signature());
  std::string text = context.text(operand.range);
  if (operand.value.type.core.size() == rank + 1 && name != "linear" && rank < 2) {
    Type rows = operand.value.type;
    rows.core.erase(rows.core.begin());
    bool hasT =
        std::any_of(rows.batch.begin(), rows.batch.end(), [](const DimEntity *dim) { return dim->name == "T"; });
    std::string shown = str(rows), fresh = hasT ? "N " : "T ";
    if (rows.batch.empty())
      shown.replace(shown.find('|'), 0, fresh);
    else
      shown.replace(shown.find(" |"), 1, ", " + fresh);
    error.help("what has several stands left of the bar: `" + shown + "`");
  }
  if (name == "linear" && index == 0 && operand.value.type.core.size() > 1)
    error.help("all core dims are joined by `flatten(" + text + ")`");
  if (name == "embed" && index == 0 && call.operands[1].value.type.core.size() == 2)
    error.help("the table comes first: `embed(" + context.text(call.operands[1].range) + ", " + text + ")`");
  return false;
}

Value Elaborator::opLinear(OpCall &call) {
  std::vector<Operand *> all;
  std::vector<const Operand *> operands;
  for (Operand &operand : call.operands) {
    all.push_back(&operand);
    operands.push_back(&operand);
  }
  takeProductBrackets(call);
  if (!allTensors(call) || !coreRank(call, 0, 1) || !coreRank(call, 1, 2) || (all.size() == 3 && !coreRank(call, 2, 1)))
    return Value();
  Operand &x = call.operands[0], &w = call.operands[1];
  if (!meet("linear", call.name, {&x, &w}))
    return Value();
  // Copies: where the bias meets x, the operands are made anew.
  const CoreDim in = x.value.type.core[0], out = w.value.type.core[0], columns = w.value.type.core[1];
  if (!requireEqual(in, columns, call.name, [&] { contractionMismatch("linear", call.name, x, w, in, columns, 1); }))
    return Value();
  Type type;
  type.dtype = accumulated(x.value.type.dtype);
  if (all.size() == 3) {
    Operand &b = call.operands[2];
    if (b.value.type.dtype != type.dtype && !meet("linear", call.name, all))
      return Value();
    if (!equalDims(call, w, out, b, b.value.type.core[0]))
      return Value();
  }
  std::optional<BatchList> batch = combine("linear", call.name, operands, false);
  if (!batch)
    return Value();
  type.batch = *batch;
  type.core = {out};
  std::vector<const Value *> values;
  for (const Operand &operand : call.operands)
    values.push_back(&operand.value);
  return accumulate(call.expr->range, "linear", values, type, {},
                    accumulation(&call, call.name, x.value.type.dtype, type.dtype));
}

Value Elaborator::opOuter(OpCall &call) {
  Operand &a = call.operands[0], &b = call.operands[1];
  takeBrackets({&a, &b});
  if (!allTensors(call) || !coreRank(call, 0, 1) || !coreRank(call, 1, 1) || !meet("outer", call.name, {&a, &b}))
    return Value();
  if (a.value.type.dtype == DType::Bool) {
    wrongDType("outer", call.name, a, "numbers");
    return Value();
  }
  std::optional<BatchList> batch = combine("outer", call.name, {&a, &b}, false);
  if (!batch)
    return Value();
  Type type = a.value.type;
  type.batch = *batch;
  type.core.push_back(b.value.type.core[0]);
  return emit(call.expr->range, "outer", {&a.value, &b.value}, type);
}

Value Elaborator::transpose(const Operand &operand, SourceRange range) {
  Type type = operand.value.type;
  if (type.core.size() != 2) {
    context.error("E0215", range, "`.T` swaps two core dims, found rank " + std::to_string(type.core.size()))
        .label(str(type))
        .help(
            type.core.size() == 1 && !type.batch.empty()
                ? "a batch dim stays left: products summed over it are `sum(outer(x, x) over batch B)`; a bounded one "
                  "is brought right by `rearrange(x, [B, T | D] -> [B | D, T])`"
                : "any other order of dims: `rearrange(x, [B, T | D] -> [B | D, T])`");
    return Value();
  }
  std::swap(type.core[0], type.core[1]);
  return emit(range, "transpose", {&operand.value}, type);
}

} // namespace batten::frontend
