// ElaborateElementwise.cpp - element-wise ops, and what all ops share: meeting dtypes (R9), broadcast (R5, R6).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

//===- Operands ---------------------------------------------------------------------------------------------------===//

/// A tensor, or one error that says what it is instead. Poison is silent.
bool Elaborator::isTensor(const std::string &op, SourceRange opRange, const Operand &operand) {
  if (operand.value.kind == Value::Tensor)
    return true;
  if (operand.value.poisoned())
    return false;
  Diagnostic &error = context.error("E0215", operand.range, "`" + op + "` takes tensors");
  if (operand.value.kind == Value::Tree)
    error.label("this is " + str(operand.value.type))
        .help("map over it: `each w in " + context.text(operand.range) + " { return ... }`");
  else if (operand.value.kind == Value::Tuple)
    error.label("these are " + std::to_string(operand.value.elements.size()) + " values")
        .help("take them apart: `let (a, b) = ...`");
  else if (operand.value.kind == Value::Number)
    error.label("this is a number").help("give it a type: `fill(f32[| ..], " + context.text(operand.range) + ")`");
  else
    error.label("this is a model; call it");
  return false;
}

bool Elaborator::allTensors(OpCall &call) {
  bool all = true;
  for (Operand &operand : call.operands)
    all &= isTensor(call.op->name, call.name, operand);
  return all;
}

/// Brackets of numbers are a tensor here, of the dtype of the first tensor among these operands, alone f32 or i32.
void Elaborator::takeBrackets(std::initializer_list<Operand *> operands) {
  std::optional<DType> dtype;
  bool real = false;
  for (const Operand *operand : operands) {
    if (operand->value.kind == Value::Tensor && !dtype)
      dtype = operand->value.type.dtype;
    real |= operand->value.kind == Value::List && isReal(operand->value);
  }
  for (Operand *operand : operands)
    if (operand->value.kind == Value::List)
      operand->value = tensor(operand->value, dtype.value_or(real ? DType::F32 : DType::I32), operand->range);
}

/// Of `x, w, b?`: the bias has the dtype of the product.
void Elaborator::takeProductBrackets(OpCall &call) {
  Operand &x = call.operands[0];
  takeBrackets({&x, &call.operands[1]});
  if (call.operands.size() < 3)
    return;
  Operand &bias = call.operands[2];
  if (bias.value.kind == Value::List && x.value.kind == Value::Tensor)
    bias.value = tensor(bias.value, accumulated(x.value.type.dtype), bias.range);
  takeBrackets({&bias});
}

Diagnostic &Elaborator::wrongDType(const std::string &op, SourceRange opRange, const Operand &operand,
                                   const std::string &takes) {
  return context.error("E0303", opRange, "`" + op + "` is not defined for " + dtypeName(operand.value.type.dtype))
      .secondary(operand.range)
      .label(str(operand.value.type) + "; it takes " + takes);
}

bool Elaborator::requireFloat(const std::string &op, SourceRange opRange, const Operand &operand) {
  if (isFloat(operand.value.type.dtype))
    return true;
  wrongDType(op, opRange, operand, "floats").help("cast it: `" + context.text(operand.range) + " as f32`");
  return false;
}

/// A left operand in parentheses unless it binds tighter than a cast.
static std::string parenthesised(const std::string &text) {
  bool simple = std::all_of(text.begin(), text.end(),
                            [](char c) { return c == '_' || c == '.' || std::isalnum(static_cast<unsigned char>(c)); });
  return simple || text.front() == '(' ? text : "(" + text + ")";
}

bool Elaborator::meet(const std::string &op, SourceRange opRange, std::vector<Operand *> operands, SourceRange) {
  const Operand *typed = nullptr;
  bool real = false;
  for (const Operand *operand : operands) {
    const Value &value = operand->value;
    if (value.poisoned())
      return false;
    if (value.kind == Value::Tensor && !typed)
      typed = operand;
    real |= (value.kind == Value::Number || value.kind == Value::List) && isReal(value);
    if (value.kind != Value::Tensor || typed == operand || value.type.dtype == typed->value.type.dtype)
      continue;
    std::string left = dtypeName(typed->value.type.dtype), right = dtypeName(value.type.dtype);
    bool infix = typed->range.end <= opRange.begin && opRange.end <= operand->range.begin;
    Diagnostic &error = context.error("E0301", opRange, "`" + op + "` on " + left + " and " + right)
                            .secondary(typed->range)
                            .secondary(operand->range)
                            .label(str(typed->value.type) + " with " + str(value.type));
    std::string a = context.text(typed->range), b = context.text(operand->range), hint;
    bool narrow = accumulatorOf(typed->value.type.dtype) == DType::F32 && typed->value.type.dtype != DType::F32;
    if (narrow && isFloat(typed->value.type.dtype) && a.find('@') != std::string::npos)
      hint = " (and `@` on " + left + " accumulates in f32 anyway)";
    std::string castRight = b + " as " + left, castLeft = parenthesised(a) + " as " + right;
    bool fromBool = operand->value.type.dtype == DType::Bool, toBool = typed->value.type.dtype == DType::Bool;
    if (infix && fromBool != toBool) // nobody wants the number as a bool
      error.help("no implicit promotion: `" +
                 (fromBool ? a + " " + op + " " + castRight : castLeft + " " + op + " " + b) + "`");
    else if (infix)
      error.help("no implicit promotion" + hint + ": `" + a + " " + op + " " + castRight + "`, or `" + castLeft + " " +
                 op + " " + b + "`");
    else
      error.help("no implicit promotion: `" + castRight + "`, or `" + castLeft + "`");
    return false;
  }
  DType dtype = typed ? typed->value.type.dtype : real ? DType::F32 : DType::I32;
  for (Operand *operand : operands) {
    operand->value = tensor(operand->value, dtype, operand->range);
    if (operand->value.poisoned())
      return false;
  }
  return true;
}

//===- Broadcast --------------------------------------------------------------------------------------------------===//

void Elaborator::unproved(const CoreDim &a, const CoreDim &b, SourceRange range) {
  if (facts.dependsOnTurn(a.size - b.size))
    return;
  std::string left = str(a), right = str(b);
  Diagnostic &error = context.error("E0216", range, "cannot prove that " + left + " equals " + right);
  error.label("equality does not follow from the known sizes");
  auto origin = [&](const CoreDim &dim) {
    if (dim.entity && dim.entity->kind != DimEntity::Static)
      error.note("`" + dim.entity->name + "` is bound at " + context.at(dim.entity->range), dim.entity->range);
  };
  origin(a);
  if (b.entity != a.entity)
    origin(b);
  error.help(adviceForCondition(left + " == " + right));
}

std::string Elaborator::adviceForCondition(const std::string &condition) const {
  if (!frame->function)
    return "a `test` has no `where`: write the size under one name, or call a `fn` that says `where " + condition + "`";
  return "say so in the signature: `where " + condition + "`";
}

bool Elaborator::requireEqual(const CoreDim &a, const CoreDim &b, SourceRange range,
                              const std::function<void()> &report) {
  switch (facts.equal(a.size, b.size)) {
  case Truth::True:
    return true;
  case Truth::False:
    report();
    return false;
  case Truth::Maybe:
    break;
  }
  if (facts.dependsOnTurn(a.size - b.size))
    return true;
  unproved(a, b, range);
  return false;
}

std::optional<BatchList> Elaborator::combine(const std::string &op, SourceRange opRange,
                                             const std::vector<const Operand *> &operands, bool infix) {
  std::vector<BatchList> lists;
  for (const Operand *operand : operands)
    lists.push_back(operand->value.type.batch);
  size_t left = 0, right = 0;
  std::optional<BatchList> batch = combineBatch(lists, &left, &right);
  if (batch)
    return batch;
  const Operand &a = *operands[left], &b = *operands[right];
  BatchList together = lists[left];
  for (const DimEntity *dim : lists[right])
    if (std::find(together.begin(), together.end(), dim) == together.end())
      together.push_back(dim);
  std::string spread = "`spread(" + context.text(a.range) + ", " + str(together) + ")";
  Diagnostic &error =
      context
          .error("E0205", opRange,
                 "ambiguous broadcast of batch dims " + str(lists[left]) + " and " + str(lists[right]))
          .secondary(a.range)
          .secondary(b.range)
          .label(str(a.value.type) + " with " + str(b.value.type) + ": neither list contains the other");
  if (isSublist(lists[right], together))
    error.help("no outer product is formed silently; if you want one: " + spread +
               (infix ? " " + op + " " + context.text(b.range) + "`" : "`"));
  else
    error.help("they hold the same dims in another order; `rearrange` one of them");
  return std::nullopt;
}

/// `[B, H, W | C]`
static std::string pattern(const std::vector<std::string> &batch, const std::vector<std::string> &core) {
  return "[" + joined(batch) + (batch.empty() ? "| " : " | ") + joined(core) + "]";
}

/// `scale[| :, 0, 0]` of a core with dims of size 1; else nothing.
std::string Elaborator::withoutUnits(const Operand &operand) {
  std::vector<std::string> entries;
  for (const CoreDim &dim : operand.value.type.core)
    entries.push_back(dim.size.isConstant(1) ? "0" : ":");
  bool hasUnits = std::find(entries.begin(), entries.end(), "0") != entries.end();
  return hasUnits ? context.text(operand.range) + "[| " + joined(entries) + "]" : "";
}

/// The one dim of `full` that is the only one of `few`, sizes of 1 apart.
std::optional<size_t> Elaborator::commonDim(const Type &full, const Type &few) {
  std::vector<CoreDim> own = few.core;
  std::erase_if(own, [](const CoreDim &dim) { return dim.size.isConstant(1); });
  std::vector<size_t> found;
  for (size_t i = 0; i < full.core.size() && own.size() == 1; ++i)
    if (facts.equal(full.core[i].size, own[0].size) == Truth::True)
      found.push_back(i);
  return found.size() == 1 ? std::optional(found[0]) : std::nullopt;
}

/// What has a number for each channel of an image meets it where the other dims stand left of the bar.
std::string Elaborator::adviceForOneDim(const Operand &full, const Operand &few) {
  static const char *const matrix[] = {"T", "D"}, *const image[] = {"C", "H", "W"};
  const Type &type = full.value.type;
  size_t rank = type.core.size();
  std::optional<size_t> kept = commonDim(type, few.value.type);
  if (!kept || (rank != 2 && rank != 3))
    return "";
  std::vector<std::string> names, batch, declared;
  for (const DimEntity *dim : type.batch)
    batch.push_back(dim->name);
  for (size_t i = 0; i < rank; ++i) {
    const CoreDim &dim = type.core[i];
    names.push_back(dim.entity ? dim.entity->name : rank == 2 ? matrix[i] : image[i]);
    if (!dim.entity)
      declared.push_back(names.back() + " = " + str(dim));
  }
  std::string before = pattern(batch, names);
  for (size_t i = 0; i < rank; ++i)
    if (i != *kept)
      batch.push_back(names[i]);
  std::set<std::string> distinct(batch.begin(), batch.end());
  if (distinct.size() != batch.size() || distinct.count(names[*kept]))
    return "";
  std::string narrow = withoutUnits(few);
  return "only an empty core stretches; move the other dims left for it, `rearrange(" + context.text(full.range) +
         ", " + before + " -> " + pattern(batch, {names[*kept]}) + ")`, and back" +
         (declared.empty() ? "" : ", where `dim " + joined(declared) + "`") +
         (narrow.empty() ? "" : "; `" + narrow + "` drops sizes of 1");
}

std::optional<Type> Elaborator::elementwise(const std::string &op, SourceRange opRange,
                                            const std::vector<const Operand *> &operands, bool infix) {
  const Operand *full = nullptr;
  for (const Operand *operand : operands) {
    const std::vector<CoreDim> &core = operand->value.type.core;
    if (core.empty())
      continue;
    if (!full) {
      full = operand;
      continue;
    }
    const std::vector<CoreDim> &first = full->value.type.core;
    auto list = [](const std::vector<CoreDim> &dims) {
      std::vector<std::string> parts;
      for (const CoreDim &dim : dims)
        parts.push_back(str(dim, true));
      return "[" + joined(parts) + "]";
    };
    auto report = [&] {
      Diagnostic &error = context
                              .error("E0206", opRange,
                                     "`" + op + "` needs equal core dims, found " + list(first) + " and " + list(core))
                              .secondary(full->range)
                              .secondary(operand->range)
                              .label(str(full->value.type) + " with " + str(operand->value.type));
      for (const Operand *unit : {full, operand}) {
        const Type &type = unit->value.type;
        if (type.core.size() != 1 || !type.core[0].size.isConstant(1))
          continue;
        Type dropped = type;
        dropped.core.clear();
        error.help("only an empty core stretches, size 1 never does; to drop the unit dim write `" +
                   context.text(unit->range) + "[| 0]`, which is " + str(dropped));
        return;
      }
      std::string idiom = adviceForOneDim(*full, *operand);
      if (idiom.empty())
        idiom = adviceForOneDim(*operand, *full);
      if (idiom.empty())
        idiom = adviceForWindows(core, first);
      if (idiom.empty())
        idiom = adviceForWindows(first, core);
      error.help(!idiom.empty() ? idiom
                 : core.size() == first.size()
                     ? "only an empty core stretches over the other operand's"
                     : "only an empty core stretches; a dim whose positions are independent stands left of the bar");
    };
    if (core.size() != first.size()) {
      report();
      return std::nullopt;
    }
    for (size_t i = 0; i < core.size(); ++i)
      if (facts.equal(first[i].size, core[i].size) == Truth::False) {
        report();
        return std::nullopt;
      }
    for (size_t i = 0; i < core.size(); ++i)
      if (!requireEqual(first[i], core[i], opRange, report))
        return std::nullopt;
  }
  std::optional<BatchList> batch = combine(op, opRange, operands, infix);
  if (!batch)
    return std::nullopt;
  Type type = (full ? full : operands.back())->value.type;
  type.dtype = operands.back()->value.type.dtype;
  type.batch = *batch;
  return type;
}

//===- Operators --------------------------------------------------------------------------------------------------===//

Value Elaborator::binary(BinaryOperator op, SourceRange opRange, const Operand &left, const Operand &right) {
  Operand lhs = left, rhs = right;
  if (lhs.value.poisoned() || rhs.value.poisoned())
    return Value();
  SourceRange range = lhs.range.to(rhs.range);
  const char *text = spelling(op);
  if (op == BinaryOperator::Matmul)
    return matmul(text, opRange, std::move(lhs), std::move(rhs), range, nullptr);
  bool logical = op == BinaryOperator::And || op == BinaryOperator::Or;
  if (lhs.value.kind == Value::Number && rhs.value.kind == Value::Number && !logical)
    return foldBinary(op, lhs.value.number, rhs.value.number, range);
  for (Operand *operand : {&lhs, &rhs})
    if (operand->value.kind != Value::Number && operand->value.kind != Value::List &&
        !isTensor(text, opRange, *operand))
      return Value();
  if (!meet(text, opRange, {&lhs, &rhs}))
    return Value();
  bool comparison = op >= BinaryOperator::Eq && op <= BinaryOperator::Ge;
  bool equality = op == BinaryOperator::Eq || op == BinaryOperator::Ne;
  bool isBool = lhs.value.type.dtype == DType::Bool;
  if (logical != isBool && !equality) {
    Diagnostic &error = wrongDType(text, opRange, lhs, logical ? "bool" : "numbers");
    if (!logical && !comparison)
      error.help("cast it, or choose with `select(c, a, b)`");
    return Value();
  }
  std::optional<Type> type = elementwise(text, opRange, {&lhs, &rhs}, true);
  if (!type)
    return Value();
  if (comparison)
    type->dtype = DType::Bool;
  static const char *const names[] = {"or", "and", "eq",  "ne",  "lt",  "le", "gt",
                                      "ge", "add", "sub", "mul", "div", "rem"};
  return emit(range, names[size_t(op)], {&lhs.value, &rhs.value}, *type);
}

//===- Functions --------------------------------------------------------------------------------------------------===//

Value Elaborator::opUnary(OpCall &call) {
  std::string name = call.op->name;
  Operand &x = call.operands[0];
  Attributes attributes;
  bool tanh = false;
  if (auto option = call.options.find("tanh"); option != call.options.end()) {
    const auto *flag = dynCast<BoolExpr>(*option->second->value);
    if (!flag) {
      context.error("E0219", option->second->value->range, "`tanh` takes true or false");
      return Value();
    }
    tanh = flag->value;
  }
  if (x.value.kind == Value::Number && !tanh)
    return foldFunction(name, {x.value.number}, call.expr->range);
  x.value = tensor(x.value, std::nullopt, x.range);
  if (!isTensor(name, call.name, x))
    return Value();
  bool whole = name == "abs" || name == "relu";
  if (whole && x.value.type.dtype == DType::Bool) {
    wrongDType(name, call.name, x, "numbers");
    return Value();
  }
  // relu is an activation, abs is not (section 1.5).
  if (name != "abs" && !requireFloat(name, call.name, x))
    return Value();
  if (name == "gelu")
    attributes = {{"tanh", tanh}};
  return emit(call.expr->range, name, {&x.value}, x.value.type, attributes);
}

static bool isTwo(const Value &value) {
  if (value.kind != Value::Number)
    return false;
  const frontend::Number &number = value.number;
  return number.real ? number.known && number.value == 2.0 : number.integer.isConstant(2);
}

/// With a written 2 a product: rounded once, special cases the same, and a twentieth of the time.
Value Elaborator::opPow(OpCall &call) {
  Operand &a = call.operands[0], &b = call.operands[1];
  if (a.value.kind == Value::Number && b.value.kind == Value::Number)
    return foldFunction("pow", {a.value.number, b.value.number}, call.expr->range);
  if (a.value.kind == Value::Tensor && isTwo(b.value)) {
    if (!requireFloat("pow", call.name, a))
      return Value();
    std::optional<Type> type = elementwise("mul", call.name, {&a, &a}, false);
    return type ? emit(call.expr->range, "mul", {&a.value, &a.value}, *type) : Value();
  }
  if (!meet("pow", call.name, {&a, &b}) || !allTensors(call) || !requireFloat("pow", call.name, a))
    return Value();
  std::optional<Type> type = elementwise("pow", call.name, {&a, &b}, false);
  return type ? emit(call.expr->range, "pow", {&a.value, &b.value}, *type) : Value();
}

/// max and min of two operands; of one they reduce.
Value Elaborator::opExtremum(OpCall &call) {
  if (call.operands.size() == 1)
    return opReduce(call);
  std::string name = call.op->name;
  Operand &a = call.operands[0], &b = call.operands[1];
  if (call.over) {
    context.error("E0102", call.over->range, "`" + name + "` of two operands is element-wise; `over` is for one");
    return Value();
  }
  if (a.value.kind == Value::Number && b.value.kind == Value::Number)
    return foldFunction(name, {a.value.number, b.value.number}, call.expr->range);
  if (!meet(name, call.name, {&a, &b}) || !allTensors(call))
    return Value();
  if (a.value.type.dtype == DType::Bool) {
    wrongDType(name, call.name, a, "numbers");
    return Value();
  }
  std::optional<Type> type = elementwise(name, call.name, {&a, &b}, false);
  return type ? emit(call.expr->range, name, {&a.value, &b.value}, *type) : Value();
}

Value Elaborator::opSelect(OpCall &call) {
  Operand &c = call.operands[0], &a = call.operands[1], &b = call.operands[2];
  c.value = tensor(c.value, std::nullopt, c.range);
  if (!meet("select", call.name, {&a, &b}) || !allTensors(call))
    return Value();
  if (c.value.type.dtype != DType::Bool) {
    wrongDType("select", call.name, c, "bool first").help("compare: `" + context.text(c.range) + " != 0`");
    return Value();
  }
  std::optional<Type> type = elementwise("select", call.name, {&c, &a, &b}, false);
  return type ? emit(call.expr->range, "select", {&c.value, &a.value, &b.value}, *type) : Value();
}

} // namespace batten::frontend
