// ElaborateArguments.cpp - the arguments of a call of a function: which parameter each is of, and its dtype.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AstPrinter.h"
#include "compiler/frontend/Elaborate.h"

#include <algorithm>

namespace batten::frontend {

static std::string signatureOf(const FunctionItem &item) {
  std::vector<std::string> parameters, results;
  for (const Parameter &parameter : item.parameters)
    parameters.push_back((parameter.isInout ? "inout " : "") + parameter.name.name + ": " + toString(parameter.type));
  for (const TypeExpr &result : item.results)
    results.push_back(toString(result));
  return item.name.name + "(" + joined(parameters) + ") -> " +
         (item.tupleResult ? "(" + joined(results) + ")" : joined(results));
}

bool Elaborator::gatherArguments(const CallExpr &expr, FunctionDecl &function,
                                 std::vector<const CallArgument *> &given) {
  const FunctionItem &item = *function.item;
  given.assign(item.parameters.size(), nullptr);
  size_t positional = 0;
  bool extra = false;
  for (const CallArgument &argument : expr.arguments) {
    if (argument.over) {
      context.error("E0102", argument.over->overRange.to(argument.over->range),
                    "`" + item.name.name + "` takes no `over`; only built-in ops do");
      return false;
    }
    size_t index = positional;
    if (argument.name) {
      auto found = std::find_if(item.parameters.begin(), item.parameters.end(),
                                [&](const Parameter &parameter) { return parameter.name.name == argument.name->name; });
      index = size_t(found - item.parameters.begin());
      if (found == item.parameters.end() || given[index]) {
        context
            .error("E0106", argument.name->range,
                   found == item.parameters.end()
                       ? "`" + item.name.name + "` has no parameter `" + argument.name->name + "`"
                       : "`" + argument.name->name + "` is given twice")
            .note(signatureOf(item));
        return false;
      }
    } else {
      ++positional;
    }
    if (index >= given.size())
      extra = true;
    else
      given[index] = &argument;
  }
  std::vector<std::string> missing;
  for (size_t i = 0; i < given.size(); ++i)
    if (!given[i])
      missing.push_back("`" + item.parameters[i].name.name + ": " + toString(item.parameters[i].type) + "`");
  if (missing.empty() && !extra)
    return true;
  context
      .error("E0102", expr.range,
             "`" + item.name.name + "` takes " + counted(given.size(), "argument", "arguments") + ", " +
                 std::to_string(expr.arguments.size()) + " given")
      .label(missing.empty() ? "too many" : "missing " + joined(missing, " and "))
      .note(signatureOf(item));
  return false;
}

/// Checks the callee's definition first; a call that closes a cycle is E0104.
bool Elaborator::checkCallee(const CallExpr &expr, FunctionDecl &function) {
  if (!checking)
    return true;
  function.called = true;
  if (function.state != FunctionDecl::Checking) {
    ensureChecked(context, function, expr.range);
    if (frame->function)
      frame->function->hasGrad |= function.hasGrad;
    return true;
  }
  auto &stack = context.checkStack;
  auto first = std::find_if(stack.begin(), stack.end(), [&](const auto &entry) { return entry.first == &function; });
  std::vector<std::string> cycle, calls;
  for (auto entry = first; entry != stack.end(); ++entry) {
    std::string name = "`" + entry->first->item->name.name + "`";
    if (!cycle.empty())
      calls.push_back(cycle.back() + " calls " + name + " at " + context.at(entry->second));
    cycle.push_back(name);
  }
  cycle.push_back(cycle.front());
  std::string story = joined(calls);
  context.error("E0104", expr.range, "recursive call: " + joined(cycle, " -> "))
      .label("closes the cycle")
      .note(story + (story.empty() ? "" : "; ") +
            "every call is inlined, so repeat a model with `sub blocks[N]: Block` or use `for`");
  return false;
}

/// Kind, dtype and ranks of an argument; numbers become scalars of the parameter's dtype.
bool Elaborator::fitArgument(const Type &parameter, Operand &operand, const std::string &what) {
  Value &value = operand.value;
  if (value.poisoned() || parameter.poisoned)
    return false;
  std::string wanted = what + " is " + str(parameter, true);
  if (value.kind == Value::Number && (parameter.tree || !parameter.core.empty() || !parameter.batch.empty())) {
    context.error("E0215", operand.range, wanted + ", found a number")
        .help("repeat it: `fill(" + str(parameter) + ", " + context.text(operand.range) + ")`");
    return false;
  }
  if (!parameter.tree)
    value = tensor(value, parameter.dtype, operand.range);
  if (value.poisoned())
    return false;
  bool kinds = parameter.tree ? value.kind == Value::Tree && sameShape(value.type.tree, parameter.tree)
                              : value.kind == Value::Tensor;
  if (!kinds) {
    std::string found = value.kind == Value::Tensor || value.kind == Value::Tree ? str(value.type, true)
                        : value.kind == Value::Tuple                             ? "several values"
                                                                                 : "a model";
    context.error("E0215", operand.range, wanted + ", found " + found);
    return false;
  }
  if (parameter.tree)
    return true;
  if (value.type.dtype != parameter.dtype) {
    context
        .error("E0301", operand.range,
               what + " is " + dtypeName(parameter.dtype) + ", found " + dtypeName(value.type.dtype))
        .label(str(value.type))
        .help("no implicit promotion: `" + context.text(operand.range) + " as " + dtypeName(parameter.dtype) + "`");
    return false;
  }
  bool core = value.type.core.size() == parameter.core.size();
  if (core && value.type.batch.size() >= parameter.batch.size())
    return true;
  Diagnostic &error = context.error("E0215", operand.range, wanted + ", found " + str(value.type, true));
  if (core)
    error.help("the argument needs at least the parameter's batch dims; `spread` adds some");
  else
    error.label("core rank " + std::to_string(value.type.core.size()) + ", wanted " +
                std::to_string(parameter.core.size()));
  return false;
}

} // namespace batten::frontend
