// ElaborateCalls.cpp - what a name can be called as; calls of built-in ops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/Elaborate.h"

#include <algorithm>
#include <utility>

namespace batten::frontend {

//===- Callees ----------------------------------------------------------------------------------------------------===//

Elaborator::Callee Elaborator::resolveFileName(Module &module, const std::string &name, SourceRange range) {
  Callee callee;
  auto found = module.names.find(name);
  if (found == module.names.end())
    return callee;
  FileName &entry = found->second;
  switch (entry.kind) {
  case FileName::Function:
    callee.kind = Callee::Function;
    callee.function = entry.function.get();
    break;
  case FileName::Model:
    callee.kind = Callee::Model;
    callee.model = entry.model.get();
    break;
  case FileName::Import:
    callee.kind = entry.import ? Callee::Import : Callee::Error;
    callee.module = entry.import;
    break;
  case FileName::Sub: {
    Value value = subValue(*entry.sub, nullptr);
    callee.kind = value.kind == Value::Instance    ? Callee::Instance
                  : value.kind == Value::Instances ? Callee::Instances
                                                   : Callee::Error;
    callee.self = value.instance;
    callee.value = value;
    break;
  }
  default:
    callee.kind = Callee::Value;
    break;
  }
  return callee;
}

Elaborator::Callee Elaborator::calleeOf(Value value) {
  Callee callee;
  callee.kind = value.poisoned()                 ? Callee::Error
                : value.kind == Value::Instance  ? Callee::Instance
                : value.kind == Value::Instances ? Callee::Instances
                                                 : Callee::Value;
  callee.self = value.instance;
  callee.value = std::move(value);
  return callee;
}

/// A local, a member of the model, what the file declares, a generic, a built-in op: in this order.
Elaborator::Callee Elaborator::resolveName(const NameExpr &expr) {
  Callee callee;
  if (findLocal(expr.name))
    return calleeOf(evalName(expr));
  if (ModelDecl *model = frame->model) {
    if (FunctionDecl *function = model->function(expr.name)) {
      callee.kind = Callee::Function;
      callee.function = function;
      callee.self = frame->self;
      return callee;
    }
    if (SubDecl *sub = model->sub(expr.name))
      return calleeOf(subValue(*sub, frame->self));
    if (model->param(expr.name) || model->constants.count(expr.name) || model->dimNames.count(expr.name))
      return calleeOf(evalName(expr));
  }
  callee = resolveFileName(*frame->module, expr.name, expr.range);
  if (callee.kind == Callee::Value)
    return calleeOf(evalName(expr));
  if (callee.kind == Callee::None && frame->function)
    for (const DimEntity *generic : frame->function->generics)
      if (generic->name == expr.name)
        return calleeOf(evalName(expr));
  if (callee.kind == Callee::None) {
    callee.op = findOp(expr.name);
    callee.kind = callee.op ? Callee::Op : Callee::None;
  }
  return callee;
}

Elaborator::Callee Elaborator::importMember(Module &module, const MemberExpr &expr) {
  const std::string &name = expr.name.name;
  Callee callee = resolveFileName(module, name, expr.name.range);
  if (callee.kind == Callee::Value) { // a constant, a dim or a type alias
    FileName &entry = module.names.find(name)->second;
    if (entry.kind == FileName::Const)
      return calleeOf(evalConst(*entry.constant, expr.range));
    context.error("E0105", expr.name.range, "`" + context.text(expr.range) + "` is not a value")
        .note("declared at " + context.at(entry.range), entry.range)
        .help("an import's dims and types are its own");
    callee.kind = Callee::Error;
    return callee;
  }
  if (callee.kind != Callee::None)
    return callee;
  Diagnostic &error = context.notFound("E0101", expr.name.range, name,
                                       "cannot find `" + name + "` in `" + context.text(expr.base->range) + "`");
  if (std::optional<std::string> similar = nearest(name, module.order))
    error.help("did you mean `" + *similar + "`?");
  callee.kind = Callee::Error;
  return callee;
}

/// A function of a model or an instance, or a sub or weight of an instance.
Elaborator::Callee Elaborator::modelMember(const Callee &base, const MemberExpr &expr) {
  const std::string &name = expr.name.name;
  ModelDecl *model = base.kind == Callee::Model ? base.model : base.self->model;
  context.prepare(*model);
  Callee callee;
  callee.function = model->function(name);
  if (callee.function) {
    callee.kind = Callee::Function;
    callee.self = base.kind == Callee::Model ? directInstance(*model, expr.range) : base.self;
    return callee;
  }
  if (base.kind == Callee::Instance) {
    if (SubDecl *sub = model->sub(name))
      return calleeOf(subValue(*sub, base.self));
    if (ParamDecl *param = model->param(name))
      return calleeOf(weight(base.self, *param, expr.range));
  }
  reportUnknownMember(*model, expr.name);
  callee.kind = Callee::Error;
  return callee;
}

void Elaborator::reportUnknownMember(ModelDecl &model, const Identifier &name) {
  const std::string &owner = model.item->name.name;
  if (model.param(name.name)) {
    context.error("E0101", name.range, "`" + name.name + "` is a param of model `" + owner + "`, not a function")
        .help("its functions read it as `" + name.name + "`; those of an instance, `sub m: " + owner +
              "`, others read as `m." + name.name + "`");
    return;
  }
  if (model.sub(name.name)) {
    context.error("E0101", name.range, "`" + name.name + "` is a sub of model `" + owner + "`, not a function")
        .help("its functions call it, `" + name.name + "(..)`; of an instance, `sub m: " + owner + "`, it is `m." +
              name.name + "(..)`");
    return;
  }
  std::vector<std::string> names;
  for (const auto &[text, function] : model.functions)
    names.push_back(text);
  Diagnostic &error =
      context.notFound("E0101", name.range, name.name, "cannot find `" + name.name + "` in model `" + owner + "`");
  if (std::optional<std::string> similar = nearest(name.name, names))
    error.help("did you mean `" + *similar + "`?");
  else if (!names.empty())
    error.help("its functions are " + quotedList(names));
}

Elaborator::Callee Elaborator::resolveCallee(const Expr &expr) {
  if (const auto *node = dynCast<NameExpr>(expr))
    return resolveName(*node);
  const auto *member = dynCast<MemberExpr>(expr);
  if (!member)
    return calleeOf(eval(expr));
  Callee base = resolveCallee(*member->base), callee;
  switch (base.kind) {
  case Callee::Import:
    return importMember(*base.module, *member);
  case Callee::Model:
  case Callee::Instance:
    return modelMember(base, *member);
  case Callee::Instances:
    context.error("E0105", member->name.range, "`" + context.text(member->base->range) + "` is a sub array")
        .help("call it to chain its elements, or `for b in " + context.text(member->base->range) + "` to reach each");
    callee.kind = Callee::Error;
    return callee;
  case Callee::Error:
  case Callee::None:
    callee.kind = base.kind;
    return callee;
  case Callee::Value:
    return calleeOf(memberOf({base.value, member->base->range}, *member));
  default:
    context.error("E0105", member->range,
                  "`" + context.text(member->base->range) + "` is " +
                      (base.kind == Callee::Op ? "an op" : "a function") + "; it has no members");
    callee.kind = Callee::Error;
    return callee;
  }
}

/// `M(x)` of a model or an instance: its `apply`.
Value Elaborator::callModel(const CallExpr &expr, const Callee &callee) {
  ModelDecl *model = callee.kind == Callee::Model ? callee.model : callee.self->model;
  context.prepare(*model);
  if (FunctionDecl *apply = model->function("apply")) {
    Instance *self = callee.kind == Callee::Model ? directInstance(*model, expr.callee->range) : callee.self;
    return self ? call(expr, *apply, self) : Value();
  }
  std::string written = context.text(expr.callee->range);
  std::vector<std::string> calls;
  for (const auto &[name, function] : model->functions)
    calls.push_back(written + "." + name + "(..)");
  context.notFound("E0101", expr.callee->range, "apply", "model `" + model->item->name.name + "` has no `apply`")
      .note("declared at " + context.at(model->item->name.range))
      .help(calls.empty() ? "`" + written + "(..)` calls its `fn apply`: declare one"
                          : "`" + written + "(..)` calls `apply`; what it has is " + quotedList(calls));
  return Value();
}

/// `lib.twice` of an import that has a function or model of this name; empty where none has.
static std::string inImports(const Module &module, const std::string &name) {
  for (const auto &[alias, entry] : module.names) {
    if (!entry.import)
      continue;
    auto found = entry.import->names.find(name);
    if (found != entry.import->names.end() &&
        (found->second.kind == FileName::Function || found->second.kind == FileName::Model))
      return alias + "." + name;
  }
  return "";
}

Value Elaborator::unknownCallee(const CallExpr &expr) {
  std::string name = context.text(expr.callee->range);
  std::string first = name.substr(0, name.find('.')); // of a model or import that a syntax error has taken
  Diagnostic &error = context.notFound("E0101", expr.callee->range, first, "cannot find op or function `" + name + "`");
  if (std::string member = inImports(*frame->module, name); !member.empty()) {
    error.help("did you mean `" + member + "`? What is imported is called by the name of its import");
    return Value();
  }
  if (std::string advice = adviceForFunction(name); !advice.empty()) {
    error.help(advice);
    return Value();
  }
  std::vector<std::string> names = visibleNames(true);
  for (const OpInfo &op : opTable())
    names.push_back(op.name);
  if (std::optional<std::string> similar = nearest(name, names)) {
    const OpInfo *op = findOp(*similar);
    error.help("did you mean `" + (op ? op->signature() : *similar) + "`?");
  }
  return Value();
}

Value Elaborator::evalCall(const CallExpr &expr) {
  Callee callee = resolveCallee(*expr.callee);
  switch (callee.kind) {
  case Callee::Error:
    return Value();
  case Callee::Op:
    return callOp(expr, *callee.op);
  case Callee::Function:
    if (callee.function->model && !callee.self && callee.function->model != frame->model)
      return Value();
    return call(expr, *callee.function, callee.self);
  case Callee::Instances:
    return callChain(expr, callee.value);
  case Callee::Model:
  case Callee::Instance:
    return callModel(expr, callee);
  case Callee::Import:
  case Callee::Value:
    context.error("E0101", expr.callee->range, "`" + context.text(expr.callee->range) + "` is not a function or model");
    return Value();
  case Callee::None:
    return unknownCallee(expr);
  }
  return Value();
}

//===- Built-in ops -----------------------------------------------------------------------------------------------===//

static std::string count(size_t number) { return std::to_string(number); }

/// `name: value`: a parameter by its name, or an option; E0106 where it is neither, or was given before.
bool Elaborator::assignOption(OpCall &call, const CallArgument &argument, std::vector<const CallArgument *> &given) {
  const OpInfo &op = *call.op;
  const std::string &name = argument.name->name;
  auto parameter = std::find_if(op.parameters.begin(), op.parameters.end(),
                                [&](const OpParameter &parameter) { return parameter.name == name; });
  std::vector<std::string> known(op.options.begin(), op.options.end());
  bool isParameter = parameter != op.parameters.end();
  if (isParameter || std::find(known.begin(), known.end(), name) != known.end()) {
    const CallArgument *&place = isParameter ? given[size_t(parameter - op.parameters.begin())] : call.options[name];
    if (place)
      context.error("E0106", argument.name->range, "`" + name + "` is given twice").note(op.signature());
    return !std::exchange(place, &argument);
  }
  Diagnostic &error =
      context.error("E0106", argument.name->range, std::string("`") + op.name + "` has no option `" + name + "`");
  std::string advice = adviceForOption(name);
  std::optional<std::string> similar = nearest(name, known);
  if (similar && advice.empty())
    error.help("did you mean `" + *similar + ":`?");
  else
    error.note(op.signature() + (known.empty() ? "" : "; options: " + joined(known)));
  if (!advice.empty())
    error.help(advice);
  return false;
}

/// E0102: arguments that are missing or too many, options that must be given, `over` where there is none.
bool Elaborator::checkGiven(OpCall &call, const std::vector<const CallArgument *> &given, size_t positional) {
  const OpInfo &op = *call.op;
  std::string name = std::string("`") + op.name + "`";
  std::vector<std::string> missing;
  for (unsigned i = 0; i < op.required; ++i)
    if (!given[i])
      missing.push_back("`" + op.parameterText(i) + "`");
  if (!missing.empty() || positional > given.size()) {
    size_t most = op.parameters.size();
    std::string takes = count(op.required) + (most > op.required ? " or " + count(most) : "") +
                        (most == 1 ? " argument" : " arguments");
    if (op.variadic)
      takes = "at least " + count(op.required) + (op.required == 1 ? " argument" : " arguments");
    Diagnostic &error =
        context.error("E0102", call.expr->range, name + " takes " + takes + ", " + count(positional) + " given");
    error.label(missing.empty() ? "too many" : "missing " + joined(missing, " and ")).note(op.signature());
    if (missing.empty() && op.takesOver)
      error.help(adviceForOption("dim"));
    return false;
  }
  for (unsigned i = 0; i < op.requiredOptions; ++i)
    if (!call.options.count(op.options[i])) {
      context.error("E0102", call.expr->range, name + " needs `" + op.options[i] + ":`")
          .label("missing `" + std::string(op.options[i]) + ":`")
          .note(op.signature());
      return false;
    }
  if (!call.over || op.takesOver)
    return true;
  context.error("E0102", call.over->overRange.to(call.over->range), name + " takes no `over`").note(op.signature());
  return false;
}

Value Elaborator::callOp(const CallExpr &expr, const OpInfo &op) {
  OpCall call;
  call.expr = &expr;
  call.op = &op;
  call.name = expr.callee->range;
  std::vector<const CallArgument *> given(op.parameters.size());
  size_t positional = 0;
  for (const CallArgument &argument : expr.arguments) {
    if (argument.over)
      call.over = &*argument.over;
    if (argument.name) {
      if (!assignOption(call, argument, given))
        return Value();
      continue;
    }
    if (op.variadic && positional >= given.size())
      given.push_back(nullptr);
    if (positional < given.size() && given[positional]) { // by its name, before
      context
          .error("E0106", argument.value->range, std::string("`") + op.parameters[positional].name + "` is given twice")
          .note(op.signature());
      return Value();
    }
    if (positional < given.size())
      given[positional] = &argument;
    ++positional;
  }
  if (expr.tree) {
    context.error("E0102", expr.tree->range, std::string("`") + op.name + "` takes no parameter tree");
    return Value();
  }
  if (!checkGiven(call, given, positional))
    return Value();
  bool poisoned = false;
  for (size_t i = 0; i < given.size(); ++i) {
    if (!given[i])
      continue;
    bool evaluated = *op.parameters[std::min(i, op.parameters.size() - 1)].core;
    call.operands.push_back({evaluated ? eval(*given[i]->value) : Value(), given[i]->value->range});
    call.given.push_back(given[i]->value.get());
    poisoned |= evaluated && call.operands.back().value.poisoned();
  }
  return poisoned ? Value() : dispatch(call);
}

Value Elaborator::dispatch(OpCall &call) {
  using Handler = Value (Elaborator::*)(OpCall &);
  static const std::map<std::string, Handler> handlers = {
      {"matmul", &Elaborator::opMatmul},
      {"outer", &Elaborator::opOuter},
      {"linear", &Elaborator::opLinear},
      {"conv2d", &Elaborator::opConv2d},
      {"max_pool2d", &Elaborator::opPool2d},
      {"avg_pool2d", &Elaborator::opPool2d},
      {"sum", &Elaborator::opReduce},
      {"mean", &Elaborator::opReduce},
      {"var", &Elaborator::opReduce},
      {"any", &Elaborator::opReduce},
      {"all", &Elaborator::opReduce},
      {"max", &Elaborator::opExtremum},
      {"min", &Elaborator::opExtremum},
      {"argmax", &Elaborator::opArgmax},
      {"topk", &Elaborator::opTopk},
      {"cumsum", &Elaborator::opCumsum},
      {"sq_norm", &Elaborator::opSqNorm},
      {"softmax", &Elaborator::opSoftmax},
      {"log_softmax", &Elaborator::opSoftmax},
      {"layer_norm", &Elaborator::opNorm},
      {"rms_norm", &Elaborator::opNorm},
      {"pow", &Elaborator::opPow},
      {"select", &Elaborator::opSelect},
      {"split", &Elaborator::opSplit},
      {"concat", &Elaborator::opConcat},
      {"flatten", &Elaborator::opFlatten},
      {"spread", &Elaborator::opSpread},
      {"iota", &Elaborator::opIota},
      {"embed", &Elaborator::opEmbed},
      {"update", &Elaborator::opUpdate},
      {"rope", &Elaborator::opRope},
      {"attention", &Elaborator::opAttention},
      {"cross_entropy", &Elaborator::opCrossEntropy},
      {"mse", &Elaborator::opMse},
      {"bce", &Elaborator::opBce},
  };
  auto found = handlers.find(call.op->name);
  return (this->*(found == handlers.end() ? &Elaborator::opUnary : found->second))(call);
}

} // namespace batten::frontend
