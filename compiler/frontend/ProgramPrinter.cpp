// ProgramPrinter.cpp - the flat program as text, for tests and `--emit=program`.
//
//   fn forward[B] "forward"
//     %0: f32[B | 10] = x
//     %1: f32[| 5, 10] = weight "weight" from "fc.weight"
//     %3: f32[B | 5] = linear %0, %1, %2
//     return %3
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Program.h"

#include <charconv>

namespace batten::frontend {

namespace {

std::string list(const std::vector<std::string> &parts, const char *open, const char *close) {
  std::string text = open;
  for (size_t i = 0; i < parts.size(); ++i)
    text += (i ? ", " : "") + parts[i];
  return text + close;
}

std::string quoted(const std::string &text) { return "\"" + text + "\""; }

std::string text(double value) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string digits(buffer, end);
  return digits.find_first_of(".en") == std::string::npos ? digits + ".0" : digits;
}

struct AttributePrinter {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return text(value); }
  std::string operator()(const std::string &value) const { return quoted(value); }
  std::string operator()(const std::vector<int64_t> &values) const {
    std::vector<std::string> parts;
    for (int64_t value : values)
      parts.push_back(std::to_string(value));
    return list(parts, "[", "]");
  }
  std::string operator()(const std::vector<std::string> &values) const {
    std::vector<std::string> parts;
    for (const std::string &value : values)
      parts.push_back(quoted(value));
    return list(parts, "[", "]");
  }
  std::string operator()(const std::vector<std::vector<std::string>> &values) const {
    std::vector<std::string> parts;
    for (const auto &value : values)
      parts.push_back((*this)(value));
    return list(parts, "[", "]");
  }
};

std::string value(int id) { return "%" + std::to_string(id); }

std::string define(const Function &function, int id) { return value(id) + ": " + function.values[size_t(id)].str(); }

std::string printSymbol(const Symbol &symbol) {
  if (symbol.kind == Symbol::Bounded)
    return symbol.name + " <= " + std::to_string(symbol.value);
  return symbol.name + (symbol.isRuntime() ? "" : " = " + symbol.definition().str());
}

std::string printArgument(const Function &function, const Argument &argument) {
  std::string text = "  " + define(function, argument.value) + " = ";
  if (argument.weight)
    return text + "weight " + quoted(argument.path) + " from " + quoted(argument.from) + "\n";
  text += argument.inout ? "inout " + argument.name : argument.name;
  if (!argument.tree.empty())
    text += "." + argument.path + " of " + argument.tree + ".params";
  return text + "\n";
}

std::string printOp(const Function &function, const Op &op) {
  std::vector<std::string> results, operands, attributes;
  for (int result : op.results)
    results.push_back(define(function, result));
  for (int operand : op.operands)
    operands.push_back(value(operand));
  for (const auto &[name, attribute] : op.attributes)
    attributes.push_back(name + ": " + std::visit(AttributePrinter(), attribute));
  return "  " + list(results, "", "") + " = " + op.name + (operands.empty() ? "" : " ") + list(operands, "", "") +
         (attributes.empty() ? "" : list(attributes, " {", "}")) + "\n";
}

} // namespace

std::string printFunction(const Function &function) {
  std::vector<std::string> symbols;
  for (const Symbol &symbol : function.symbols)
    symbols.push_back(printSymbol(symbol));
  std::string text = "fn " + function.name + list(symbols, "[", "]") + " " + quoted(function.cName) +
                     (function.fast ? " fast" : "") + "\n";
  if (!function.signature.empty())
    text += "  // " + function.signature + "\n";
  for (const auto &[dim, sizes] : function.specialize)
    text += "  specialize " + dim + " = " + AttributePrinter()(sizes) + "\n";
  for (const Guard &guard : function.guards)
    text += "  guard " + guard.lhs.str() + " " + guard.relation + " " + guard.rhs.str() + "\n";
  for (const Mix &mix : function.mixes)
    text += "  mixes " + mix.dim + ": " + mix.what + "\n";
  for (const Argument &argument : function.arguments)
    text += printArgument(function, argument);
  for (const Op &op : function.ops)
    text += printOp(function, op);
  std::vector<std::string> results;
  for (int result : function.results)
    results.push_back(value(result));
  text += "  return " + list(results, "", "") + "\n";
  for (const Argument &argument : function.arguments)
    if (argument.inout)
      text += "  update " + argument.name + (argument.tree.empty() ? "" : "." + argument.path) + " = " +
              value(argument.updated) + "\n";
  return text;
}

std::string printProgram(const Program &program) {
  std::string text = "program " + program.name + "\n";
  for (const Weight &weight : program.weights)
    text += "weight " + weight.path + ": " + weight.type.str() + " from " + quoted(weight.from) + "\n";
  for (const Function &function : program.functions)
    text += printFunction(function);
  for (const Test &test : program.tests) {
    text += "test " + quoted(test.name) + "\n" + printFunction(test.function);
    for (const Expectation &expectation : test.expectations)
      text += "  expect result " + std::to_string(expectation.actual) + " ~ result " +
              std::to_string(expectation.expected) + " tol " + AttributePrinter()(expectation.tolerance) + "\n";
  }
  return text;
}

} // namespace batten::frontend
