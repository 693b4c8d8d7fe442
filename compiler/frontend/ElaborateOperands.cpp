// ElaborateOperands.cpp - what all ops share: tensors for brackets and numbers, meeting dtypes (R9), broadcast (R5,
// R6).
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

static std::string listed(const std::vector<CoreDim> &dims) {
  std::vector<std::string> parts;
  for (const CoreDim &dim : dims)
    parts.push_back(str(dim, true));
  return "[" + joined(parts) + "]";
}

/// What one of two operands with unequal core dims should have been.
std::string Elaborator::adviceForCores(const Operand &first, const Operand &second) {
  for (const Operand *unit : {&first, &second}) {
    Type dropped = unit->value.type;
    if (dropped.core.size() != 1 || !dropped.core[0].size.isConstant(1))
      continue;
    dropped.core.clear();
    return "only an empty core stretches, size 1 never does; to drop the unit dim write `" + context.text(unit->range) +
           "[| 0]`, which is " + str(dropped);
  }
  const std::vector<CoreDim> &before = first.value.type.core, &after = second.value.type.core;
  std::string idiom = adviceForOneDim(first, second);
  if (idiom.empty())
    idiom = adviceForOneDim(second, first);
  if (idiom.empty())
    idiom = adviceForWindows(after, before);
  if (idiom.empty())
    idiom = adviceForWindows(before, after);
  if (!idiom.empty())
    return idiom;
  return after.size() == before.size()
             ? "only an empty core stretches over the other operand's"
             : "only an empty core stretches; a dim whose positions are independent stands left of the bar";
}

/// Whether two operands, neither of them with an empty core, have the same core dims: E0206, E0216.
bool Elaborator::equalCores(const std::string &op, SourceRange opRange, const Operand &first, const Operand &second) {
  const std::vector<CoreDim> &before = first.value.type.core, &after = second.value.type.core;
  auto report = [&] {
    context
        .error("E0206", opRange,
               "`" + op + "` needs equal core dims, found " + listed(before) + " and " + listed(after))
        .secondary(first.range)
        .secondary(second.range)
        .label(str(first.value.type) + " with " + str(second.value.type))
        .help(adviceForCores(first, second));
  };
  bool differ = after.size() != before.size();
  for (size_t i = 0; !differ && i < after.size(); ++i)
    differ = facts.equal(before[i].size, after[i].size) == Truth::False;
  if (differ) {
    report();
    return false;
  }
  for (size_t i = 0; i < after.size(); ++i)
    if (!requireEqual(before[i], after[i], opRange, report))
      return false;
  return true;
}

/// Whether a core dim of one operand equals one of another, which `secondIs` says what it is: E0206, E0216.
bool Elaborator::equalDims(OpCall &call, const Operand &first, const CoreDim &ofFirst, const Operand &second,
                           const CoreDim &ofSecond, const std::string &secondIs) {
  auto report = [&] {
    context
        .error("E0206", call.name,
               "`" + std::string(call.op->name) + "` needs equal core dims, found " + listed({ofFirst}) + " and " +
                   listed({ofSecond}))
        .secondary(first.range)
        .secondary(second.range)
        .label(str(first.value.type) + " with " + secondIs + str(second.value.type));
  };
  return requireEqual(ofFirst, ofSecond, call.name, report);
}

std::optional<Type> Elaborator::elementwise(const std::string &op, SourceRange opRange,
                                            const std::vector<const Operand *> &operands, bool infix) {
  const Operand *full = nullptr;
  for (const Operand *operand : operands) {
    if (operand->value.type.core.empty())
      continue;
    if (!full)
      full = operand;
    else if (!equalCores(op, opRange, *full, *operand))
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

} // namespace batten::frontend
