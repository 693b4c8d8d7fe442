// Elaborate.cpp - frames, symbols and emission of the evaluator, and its two top levels; see Elaborate.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

Elaborator::Elaborator(Context &context, bool checking, WeightTable *weights)
    : context(context), checking(checking), weightTable(weights),
      facts([this](const std::string &symbol) { return entityOf(symbol); }) {
  if (!checking)
    turnsLeft = int64_t(1) << 20;
}

const DimEntity *Elaborator::entityOf(const std::string &symbol) const {
  if (checking)
    return context.entityOf(symbol);
  auto found = symbolEntities.find(symbol);
  return found == symbolEntities.end() ? nullptr : found->second;
}

void Elaborator::begin(Module &module, ModelDecl *model, FunctionDecl *function) {
  frames.push_back(std::make_unique<Frame>());
  frame = frames.back().get();
  frame->module = &module;
  frame->model = model;
  frame->function = function;
}

//===- Checking ---------------------------------------------------------------------------------------------------===//

void Elaborator::ensureChecked(Context &context, FunctionDecl &function, SourceRange call) {
  if (function.state != FunctionDecl::Unchecked)
    return;
  function.state = FunctionDecl::Checking;
  const void *outer = context.owner;
  context.owner = function.item;
  context.checkStack.push_back({&function, call});
  Elaborator(context, /*checking=*/true).check(function);
  context.checkStack.pop_back();
  context.owner = outer;
  function.state = FunctionDecl::Checked;
}

void Elaborator::check(FunctionDecl &function) {
  begin(*function.module, function.model, &function);
  if (function.model)
    for (const Condition &condition : function.model->conditions)
      facts.assume(condition);
  for (const Condition &condition : function.conditions) {
    if (facts.holds(condition.lhs, condition.relation, condition.rhs) == Truth::False)
      context.error("E0217", condition.range, "`where` is false: " + context.text(condition.range))
          .label("this is " + str(condition.lhs) + " " + spelling(condition.relation) + " " + str(condition.rhs));
    facts.assume(condition);
  }
  std::vector<Value> values;
  arguments(function, values);
  runBlock(function.item->body, function.results);
}

/// Values of the parameters, declared as locals; elaborating, their Arguments too.
std::vector<Argument> Elaborator::arguments(FunctionDecl &function, std::vector<Value> &values) {
  std::vector<Argument> result;
  for (size_t i = 0; i < function.parameters.size(); ++i) {
    const Parameter &node = function.item->parameters[i];
    Value value;
    registerSymbols(function.parameters[i]);
    value.type = toHere(function.parameters[i]);
    auto add = [&](Value &one, const std::string &path, const std::string &tree) {
      one.kind = Value::Tensor;
      one.id = newValue(one, node.name.range);
      Argument argument;
      argument.name = node.name.name;
      argument.type = out.values[one.id];
      argument.inout = node.isInout;
      argument.path = path;
      argument.tree = tree;
      argument.location = context.location(node.name.range);
      argument.value = one.id;
      result.push_back(std::move(argument));
    };
    if (!value.type.poisoned && value.type.tree) {
      value.kind = Value::Tree;
      for (const Leaf &leaf : value.type.tree->leaves) {
        Value one;
        one.type = toHere(leaf.type);
        add(one, leaf.path, value.type.tree->model);
        value.elements.push_back(std::move(one));
      }
    } else if (!value.type.poisoned) {
      add(value, "", "");
    }
    Local local;
    local.name = node.name.name;
    local.value = value;
    local.range = node.name.range;
    local.assignable = local.inout = node.isInout;
    if (node.isInout)
      local.declared = value.type;
    values.push_back(value);
    declareLocal(node.name, std::move(local));
  }
  return result;
}

/// Runtime dims become symbols in the order of the text: it is the order of the C arguments.
void Elaborator::registerSymbols(const Type &declared) {
  if (checking || declared.poisoned)
    return;
  for (const DimEntity *dim : declared.batch)
    axisIn(*frame, dim);
  for (const CoreDim &dim : declared.core)
    if (dim.entity)
      sizeOf(*dim.entity);
}

//===- Symbols and sizes ------------------------------------------------------------------------------------------===//

/// The flat function's symbol of a dim, made on first use. The first dim of a name has the plain name.
Axis *Elaborator::symbolOf(const DimEntity &dim) {
  Axis *&axis = symbolAxes[&dim];
  if (axis)
    return axis;
  axisPool.push_back(std::make_unique<Axis>());
  axis = axisPool.back().get();
  axis->name = dim.name;
  for (int i = 2; !symbolNames.insert(axis->name).second; ++i)
    axis->name = dim.name + "_" + std::to_string(i);
  symbolEntities[axis->name] = &dim;
  Symbol symbol;
  symbol.name = axis->name;
  symbol.kind = dim.kind == DimEntity::Unbounded ? Symbol::Unbounded
                : dim.kind == DimEntity::Bounded ? Symbol::Bounded
                                                 : Symbol::Static;
  if (symbol.kind == Symbol::Bounded)
    symbol.value = toHere(*dim.bound).constantValue().value_or(INT64_MAX);
  if (symbol.kind == Symbol::Static) {
    auto fresh = freshSizes.find(&dim);
    Dim size = fresh != freshSizes.end() ? fresh->second : toHere(dim.size);
    symbol.value = size.constantValue().value_or(0);
    if (!size.isConstant())
      context.error("E0602", dim.range,
                    "`" + dim.name + "` is " + str(size) +
                        " here; a batch dim of a computed size is "
                        "not compiled yet");
  }
  out.symbols.push_back(symbol);
  return axis;
}

/// What a dim of the frame's function is left of the bar in the flat function: its caller's dim where it is bound, else
/// its own symbol. A static dim that the callee makes up beside a loop dim of the same symbol gets a symbol of its own.
Axis *Elaborator::axisIn(Frame &where, const DimEntity *dim) {
  Axis *&axis = where.axes[dim];
  if (axis)
    return axis;
  axis = where.caller ? axisIn(*where.caller, callerEntity(*where.caller, *where.binding, dim)) : symbolOf(*dim);
  bool taken = std::find(where.loops.begin(), where.loops.end(), axis) != where.loops.end();
  const DimEntity *declared = taken ? symbolEntities[axis->name] : nullptr;
  if (!declared || declared->kind == DimEntity::Unbounded || declared->kind == DimEntity::Bounded)
    return axis;
  int64_t size = 0;
  for (const Symbol &symbol : out.symbols)
    if (symbol.name == axis->name)
      size = symbol.value;
  axisPool.push_back(std::make_unique<Axis>());
  Axis *copy = axisPool.back().get();
  for (int i = 2; copy->name.empty(); ++i)
    if (symbolNames.insert(declared->name + "_" + std::to_string(i)).second)
      copy->name = declared->name + "_" + std::to_string(i);
  symbolEntities[copy->name] = declared;
  out.symbols.push_back({copy->name, Symbol::Static, size});
  return axis = copy;
}

Dim Elaborator::sizeFor(const Instance *instance, const DimEntity &dim) {
  if (instance) {
    auto found = instance->sizes.find(&dim);
    if (found != instance->sizes.end())
      return found->second;
  }
  auto fresh = freshSizes.find(&dim);
  if (fresh != freshSizes.end())
    return fresh->second;
  if (checking)
    return dim.size;
  if (dim.kind == DimEntity::Unbounded || dim.kind == DimEntity::Bounded)
    return Dim::symbol(symbolOf(dim)->name);
  if (dim.size.isConstant())
    return dim.size;
  std::map<std::string, Dim> values;
  for (const std::string &symbol : dim.size.symbols())
    if (const DimEntity *part = context.entityOf(symbol); part && part != &dim)
      values[symbol] = sizeFor(instance, *part);
  return dim.size.substitute(values);
}

Dim Elaborator::sizeIn(Frame &where, const DimEntity &dim) {
  auto found = where.sizes.find(&dim);
  return found != where.sizes.end() ? found->second : sizeFor(where.self, dim);
}

Dim Elaborator::sizeOf(const DimEntity &dim) { return sizeIn(*frame, dim); }

Dim Elaborator::toHere(const Dim &declared) {
  if (declared.isConstant())
    return declared;
  std::map<std::string, Dim> values;
  for (const std::string &symbol : declared.symbols())
    if (const DimEntity *dim = context.entityOf(symbol))
      values[symbol] = sizeOf(*dim);
  return declared.substitute(values);
}

Type Elaborator::toHere(const Type &declared) {
  Type type = declared;
  for (CoreDim &dim : type.core)
    dim.size = toHere(dim.size);
  return type;
}

/// Dims as the body's text sees them. In a core a generic must be bounded and an unbounded dim may not stand.
DimScope Elaborator::scopeHere(bool inCore) {
  DimScope scope;
  DimScope declared = context.declarationScope(*frame->module, frame->model, frame->function);
  scope.lookup = [this, lookup = declared.lookup](const std::string &name) -> const DimEntity * {
    for (size_t i = frame->locals.size(); i-- > 0;)
      if (frame->locals[i].name == name)
        return frame->locals[i].dim;
    return lookup(name);
  };
  scope.names = [this, names = declared.names] {
    std::vector<std::string> all = names();
    for (const Local &local : frame->locals)
      if (local.dim)
        all.push_back(local.name);
    return all;
  };
  scope.size = [this](const DimEntity &dim) { return sizeOf(dim); };
  if (inCore && checking)
    scope.usedInCore = [this](const DimEntity &dim, SourceRange range) {
      if (dim.kind == DimEntity::Unbounded)
        context.unboundedInCore(dim, range);
      else if (dim.kind == DimEntity::Generic && frame->function)
        frame->function->bounded.try_emplace(&dim, range);
    };
  return scope;
}

//===- Emission ---------------------------------------------------------------------------------------------------===//

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
  for (size_t i = 0; i < type.batch.size() && !checking; ++i)
    if (std::find(type.batch.begin(), type.batch.begin() + long(i), type.batch[i]) != type.batch.begin() + long(i))
      context.error("E0602", range,
                    "`" + type.batch[i] +
                        "` stands twice in the batch dims of this value once the call "
                        "is inlined, which is not compiled yet");
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

/// Whatever an op does, it may combine the positions of a dim that stands right of the bar of what it reads or makes.
void Elaborator::append(Op op, SourceRange range) {
  out.ops.push_back(std::move(op));
  out.ops.back().layer = layer();
  opMixes.emplace_back();
  if (checking)
    return;
  const Op &added = out.ops.back();
  std::set<std::string> symbols;
  for (const std::vector<int> *values : {&added.operands, &added.results})
    for (int value : *values)
      for (const Dim &dim : out.values[size_t(value)].core)
        symbols.merge(dim.symbols());
  for (const std::string &symbol : symbols)
    addMix(symbol, range);
}

Value Elaborator::emit(SourceRange range, const std::string &name, const std::vector<const Value *> &operands,
                       Type type, Attributes attributes) {
  return emitMany(range, name, operands, {std::move(type)}, std::move(attributes))[0];
}

/// The last op mixes positions of a dim.
void Elaborator::mark(const DimEntity *dim, SourceRange range) {
  if (dim->kind == DimEntity::Static)
    return;
  if (!opMixes.empty())
    opMixes.back().push_back({dim, range});
  if (checking) {
    if (frame->function)
      frame->function->mixes.push_back({dim, range});
    return;
  }
  const DimEntity *declared = symbolEntities[axisIn(*frame, dim)->name];
  if (declared->kind == DimEntity::Unbounded || declared->kind == DimEntity::Bounded)
    addMix(axisIn(*frame, dim)->name, range);
}

/// The last op mixes positions of a runtime dim.
void Elaborator::addMix(const std::string &symbol, SourceRange range) {
  std::vector<Mix> &mixes = out.ops.back().mixes;
  if (std::none_of(mixes.begin(), mixes.end(), [&](const Mix &known) { return known.dim == symbol; }))
    mixes.push_back({symbol, context.text(range), context.location(range)});
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
