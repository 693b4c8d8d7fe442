// AstText.cpp - constructs of the syntax tree on one line, as they are written in a source.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AstPrinter.h"

namespace batten::frontend {

// Operands of a chain that are chains themselves stood in parentheses.
static std::string dimOperand(const DimExpr &dim) {
  return dim.kind == DimExpr::Kind::Chain ? "(" + toString(dim) + ")" : toString(dim);
}

static bool isSum(const DimExpr &dim) {
  return dim.kind == DimExpr::Kind::Chain && dim.links[0].op <= DimOperator::Sub;
}

std::string toString(const DimExpr &dim) {
  switch (dim.kind) {
  case DimExpr::Kind::Integer:
    return std::to_string(dim.value);
  case DimExpr::Kind::Name:
    return dim.name;
  case DimExpr::Kind::FloorDiv:
    return "div(" + toString(*dim.lhs) + ", " + toString(*dim.rhs) + ")";
  case DimExpr::Kind::Chain:
    break;
  }
  // A product needs none in a sum.
  auto operand = [&](const DimExpr &part) { return isSum(dim) && !isSum(part) ? toString(part) : dimOperand(part); };
  std::string text = operand(*dim.lhs);
  for (const DimLink &link : dim.links) {
    bool tight = link.op == DimOperator::Mul;
    text += (tight ? "" : " ") + std::string(spelling(link.op)) + (tight ? "" : " ") + operand(*link.operand);
  }
  return text;
}

std::string toString(const QualifiedName &name) {
  std::string text;
  for (const Identifier &part : name.parts)
    text += (text.empty() ? "" : ".") + part.name;
  return text;
}

static std::string dimList(const std::vector<TypeDim> &dims) {
  std::string text;
  for (const TypeDim &dim : dims) {
    text += text.empty() ? "" : ", ";
    text += dim.kind == TypeDim::Kind::Size     ? toString(*dim.size)
            : dim.kind == TypeDim::Kind::Binder ? "?" + dim.binder.name
                                                : "_";
  }
  return text;
}

static std::string withBar(const std::string &batch, const std::string &core) {
  return "[" + batch + (batch.empty() ? "|" : " |") + (core.empty() ? "" : " ") + core + "]";
}

std::string toString(const TypeExpr &type) {
  if (type.kind == TypeExpr::Kind::Params)
    return toString(type.model) + ".params";
  return type.hasDims ? type.dtype.name + withBar(dimList(type.batch), dimList(type.core)) : type.dtype.name;
}

static std::string patternDims(const std::vector<PatternDim> &dims) {
  std::string text;
  for (const PatternDim &dim : dims) {
    text += text.empty() ? "" : ", ";
    if (dim.kind == PatternDim::Kind::Integer) {
      text += std::to_string(dim.value);
      continue;
    }
    std::string names;
    for (const Identifier &name : dim.names)
      names += (names.empty() ? "" : dim.kind == PatternDim::Kind::Rename ? ":" : " ") + name.name;
    text += dim.kind == PatternDim::Kind::Group ? "(" + names + ")" : names;
  }
  return text;
}

std::string toString(const Pattern &pattern) { return withBar(patternDims(pattern.batch), patternDims(pattern.core)); }

} // namespace batten::frontend
