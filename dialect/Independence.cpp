// Independence.cpp - see Independence.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Independence.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace batten;

static bool names(const Dim &dim, StringRef symbol) { return dim.symbols().count(symbol.str()) != 0; }

static bool names(ArrayAttr texts, StringRef symbol) {
  return llvm::any_of(texts, [&](Attribute text) { return names(toDim(text), symbol); });
}

static bool inCore(TypeRange types, StringRef symbol) {
  return llvm::any_of(types, [&](Type type) {
    auto tensor = dyn_cast<batten::TensorType>(type);
    return tensor && llvm::any_of(tensor.coreDims(), [&](const Dim &dim) { return names(dim, symbol); });
  });
}

/// How this op lets positions of `symbol` see each other; empty if it does not.
static std::string howMixed(Operation *op, StringRef symbol) {
  if (auto reduction = dyn_cast<ReduceBatchOp>(op); reduction && llvm::is_contained(reduction.mixedSymbols(), symbol))
    return ("`" + reduction.getKind() + "` over batch " + symbol).str();
  if (auto batched = dyn_cast<BatchedOp>(op); batched && llvm::is_contained(batched.mixedSymbols(), symbol))
    return "moves right of the bar";
  if (auto dim = dyn_cast<DimOp>(op); dim && names(toDim(dim.getValueAttr()), symbol))
    return "is used as a number";
  if (auto slice = dyn_cast<SliceOp>(op); slice && names(slice.getOffsets(), symbol))
    return "says where a slice begins";
  if (inCore(op->getOperandTypes(), symbol) || inCore(op->getResultTypes(), symbol))
    return "stands right of the bar";
  return "";
}

static IndependenceFact analyse(FuncOp func, SymbolAttr symbol) {
  StringRef name = symbol.getName();
  for (Operation &op : func.getBody().front())
    if (!isa<ReturnOp, CastOp>(op))
      if (std::string how = howMixed(&op, name); !how.empty())
        return {symbol, &op, how};
  // No op combines what is in such an argument, but it may be handed on.
  if (inCore(func.getArgumentTypes(), name))
    return {symbol, func, "stands right of the bar"};
  return {symbol, nullptr, ""};
}

SmallVector<IndependenceFact> batten::analyseIndependence(FuncOp func) {
  SmallVector<IndependenceFact> facts;
  for (SymbolAttr symbol : func.getSymbols().getAsRange<SymbolAttr>())
    if (symbol.isRuntime())
      facts.push_back(analyse(func, symbol));
  return facts;
}

std::string batten::whereMixed(const IndependenceFact &fact) {
  auto loc = fact.mixedBy ? fact.mixedBy->getLoc()->findInstanceOf<FileLineColLoc>() : FileLineColLoc();
  if (!loc)
    return "";
  std::string text;
  llvm::raw_string_ostream(text) << llvm::sys::path::filename(loc.getFilename()) << ':' << loc.getLine() << ':'
                                 << loc.getColumn();
  return text;
}

SmallVector<StringAttr> batten::symbolsNotEmpty(FuncOp func) {
  llvm::SetVector<StringAttr> found;
  func.getBody().walk([&](ReduceBatchOp op) {
    if (!llvm::is_contained({"mean", "max", "min", "var"}, op.getKind()))
      return;
    for (StringAttr name : op.mixedSymbols())
      if (SymbolAttr symbol = func.lookupSymbol(name); symbol && symbol.getKind() == SymbolKind::Unbounded)
        found.insert(name);
  });
  return found.takeVector();
}
