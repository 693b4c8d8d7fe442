// ElaborateEmission.cpp - flat ops with their values, layers and mixes, as the evaluator finds them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

TensorType Elaborator::flatType(const Value &value) {
  TensorType type;
  type.dtype = value.type.dtype;
  for (const Axis *axis : value.loop)
    type.batch.push_back(axis->name);
  for (const DimEntity *dim : value.type.batch)
    type.batch.push_back(checking ? dim->symbol : axisIn(*frame, dim)->name);
  for (const CoreDim &dim : value.type.core)
    type.core.push_back(dim.size);
  return type;
}

int Elaborator::newValue(const Value &value, SourceRange range) {
  TensorType type = flatType(value);
  context.checkRank(type.batch.size() + type.core.size(), type.str(), range);
  out.values.push_back(std::move(type));
  valueRanges.push_back(range);
  return int(out.values.size()) - 1;
}

/// E0601: a size or a tensor beyond 64 bits, too many dims, or a function that grows without end.
bool Elaborator::withinLimits(const Type &type, SourceRange range) {
  static constexpr size_t maxOps = size_t(1) << 18;
  if (out.ops.size() >= maxOps && !stopped) {
    context.error("E0601", range, "more than " + std::to_string(maxOps) + " ops once every call is inlined");
    stopped = true;
  }
  if (!context.checkRank(type.batch.size() + type.core.size(), str(type), range))
    return false;
  int64_t bytes = dtypeBytes(type.dtype);
  for (const CoreDim &dim : type.core) {
    std::optional<int64_t> size = dim.size.constantValue();
    if (!dim.size.overflowed() && !(size && __builtin_mul_overflow(bytes, *size, &bytes)))
      continue;
    context
        .error("E0601", range,
               dim.size.overflowed() ? "a size overflows 64 bits"
                                     : "a value of type " + str(type, true) + " is larger than 2^63 - 1 bytes")
        .note("dims are 64-bit and a tensor may hold at most 2^63 - 1 bytes");
    return false;
  }
  return !stopped;
}

/// Of the innermost call of a model's function; what that calls outside the model belongs to it too.
std::string Elaborator::layer() const {
  for (const Frame *at = frame; at; at = at->caller)
    if (at->self)
      return at->self->path.substr(0, at->self->path.find_last_not_of('.') + 1);
  return "";
}

std::vector<Value> Elaborator::emitMany(SourceRange range, const std::string &name,
                                        const std::vector<const Value *> &operands, std::vector<Type> types,
                                        Attributes attributes) {
  for (const Type &type : types)
    if (!withinLimits(type, range))
      return std::vector<Value>(types.size());
  Op op;
  op.name = name;
  op.attributes = std::move(attributes);
  op.location = context.location(range);
  std::vector<Axis *> loop;
  for (Axis *axis : frame->loops)
    for (const Value *operand : operands)
      if (std::find(operand->loop.begin(), operand->loop.end(), axis) != operand->loop.end()) {
        loop.push_back(axis);
        break;
      }
  for (const Value *operand : operands)
    op.operands.push_back(operand->id);
  std::vector<Value> results;
  for (Type &type : types) {
    Value result;
    result.kind = Value::Tensor;
    result.type = std::move(type);
    result.loop = loop;
    result.id = newValue(result, range);
    op.results.push_back(result.id);
    results.push_back(std::move(result));
  }
  append(std::move(op), range);
  return results;
}

/// Runtime dims whose positions lie beside each other in a value of this type: those that stand twice left of the bar,
/// and those that a batch dim is computed from.
std::set<std::string> Elaborator::besideThemselves(const TensorType &type) const {
  std::set<std::string> found, seen;
  for (const std::string &name : type.batch) {
    const Dim &size = axesByName.at(name)->size;
    for (const std::string &symbol : size.symbols())
      if (!seen.insert(symbol).second || size.symbolName() != symbol)
        found.insert(symbol);
  }
  return found;
}

/// Whatever an op does, it may combine the positions of a dim that stands right of the bar of what it reads or makes. A
/// cast does not: that dim is mixed by what made its operand, or stands in an argument.
void Elaborator::append(Op op, SourceRange range) {
  out.ops.push_back(std::move(op));
  out.ops.back().layer = layer();
  opMixes.emplace_back();
  const Op &added = out.ops.back();
  if (checking || added.name == "cast")
    return;
  std::set<std::string> symbols, beside;
  for (const std::vector<int> *values : {&added.operands, &added.results})
    for (int value : *values) {
      for (const Dim &dim : out.values[size_t(value)].core)
        symbols.merge(dim.symbols());
      beside.merge(besideThemselves(out.values[size_t(value)]));
    }
  for (const std::string &symbol : symbols)
    addMix(symbol, range);
  for (const std::string &symbol : beside)
    addMix(symbol, range, /*beside=*/true);
}

Value Elaborator::emit(SourceRange range, const std::string &name, const std::vector<const Value *> &operands,
                       Type type, Attributes attributes) {
  return emitMany(range, name, operands, {std::move(type)}, std::move(attributes))[0];
}

/// The last op mixes positions of a dim.
void Elaborator::mark(const DimEntity *dim, SourceRange range, std::optional<std::vector<int>> through) {
  if (checking && dim->kind == DimEntity::Static)
    return;
  if (!opMixes.empty())
    opMixes.back().push_back({dim, range, std::move(through)});
  if (checking) {
    if (frame->function)
      frame->function->mixes.push_back({dim, range});
    return;
  }
  for (const std::string &symbol : axisIn(*frame, dim)->size.symbols())
    addMix(symbol, range);
}

/// The last op mixes positions of a runtime dim, or has them beside each other.
void Elaborator::addMix(const std::string &symbol, SourceRange range, bool beside) {
  std::vector<Mix> &mixes = out.ops.back().mixes;
  auto known = std::find_if(mixes.begin(), mixes.end(), [&](const Mix &mix) { return mix.dim == symbol; });
  if (known == mixes.end())
    mixes.push_back({symbol, context.text(range), context.location(range), beside});
  else
    known->beside &= beside;
}

/// A dim as a number of this dtype, known to the call only.
Value Elaborator::emitDim(const Dim &size, Type type, SourceRange range) {
  if (checking)
    return emit(range, "dim", {}, type);
  Value value = emit(range, "dim", {}, type, {{"value", size.str()}});
  for (const std::string &symbol : size.symbols())
    addMix(symbol, range);
  return value;
}

/// `value` under the batch names that `as` has here: the same elements, another symbol of the same size.
Value Elaborator::renamed(const Value &value, const Value &as, SourceRange range) {
  Value result = as;
  result.id = value.id;
  TensorType wanted = flatType(as);
  if (out.values[size_t(value.id)].batch == wanted.batch)
    return result;
  std::vector<std::vector<std::string>> splits;
  std::vector<int64_t> permutation, joins(value.type.core.size(), 1);
  for (const CoreDim &dim : value.type.core)
    splits.push_back({dim.size.str()});
  for (size_t i = 0; i < wanted.batch.size() + splits.size(); ++i)
    permutation.push_back(int64_t(i));
  result.id = newValue(as, range);
  Op op{"rearrange", {value.id}, {result.id}, {}, context.location(range)};
  op.attributes = {{"splits", splits}, {"permutation", permutation}, {"joins", joins}};
  append(std::move(op), range);
  return result;
}

/// A condition on runtime sizes, checked at entry of the flat function.
void Elaborator::guard(const Condition &condition) {
  for (const Guard &known : out.guards)
    if (known.lhs == condition.lhs && known.rhs == condition.rhs && known.relation == spelling(condition.relation))
      return;
  out.guards.push_back({condition.lhs, condition.rhs, spelling(condition.relation), context.location(condition.range)});
  facts.assume(condition);
}

} // namespace batten::frontend
