// Independence.cpp - see Independence.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialect/Independence.h"
#include "dialect/CombiningOps.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace batten;

static bool names(const Dim &dim, StringRef symbol) { return dim.symbols().count(symbol.str()) != 0; }

/// What a batch dim counts: itself, or what it is computed from.
static Dim sizeOf(FuncOp func, StringAttr batch) {
  SymbolAttr symbol = func.lookupSymbol(batch);
  return symbol ? symbol.definition() : Dim::symbol(batch.str());
}

static bool names(ArrayAttr texts, StringRef symbol) {
  return llvm::any_of(texts, [&](Attribute text) { return names(toDim(text), symbol); });
}

static bool inCore(TypeRange types, StringRef symbol) {
  return llvm::any_of(types, [&](Type type) {
    auto tensor = dyn_cast<batten::TensorType>(type);
    return tensor && llvm::any_of(tensor.coreDims(), [&](const Dim &dim) { return names(dim, symbol); });
  });
}

/// A value with such batch dims holds positions of `symbol` beside each other: it has the dim twice (`B_2 = B`), or its
/// positions are numbered by a size that is computed from it, and then no part of them belongs to a part of `symbol`.
static bool inBatchTwice(FuncOp func, TypeRange types, StringRef symbol) {
  return llvm::any_of(types, [&](Type type) {
    auto tensor = dyn_cast<batten::TensorType>(type);
    if (!tensor)
      return false;
    auto batch = llvm::map_to_vector(tensor.getBatch(), [&](StringAttr name) { return sizeOf(func, name); });
    int64_t count = llvm::count_if(batch, [&](const Dim &size) { return names(size, symbol); });
    return count > 1 || (count == 1 && !llvm::is_contained(batch, Dim::symbol(symbol.str())));
  });
}

/// Whether such a dim stays left of the bar under another name.
static bool renames(FuncOp func, RearrangeOp op, StringRef symbol) {
  ArrayRef<StringAttr> batch = op.getX().getType().getBatch(), result = op.getType().getBatch();
  return llvm::any_of(llvm::zip(result, op.getPermutation()), [&](auto pair) {
    auto [name, source] = pair;
    return source < int64_t(batch.size()) && batch[source] != name && names(sizeOf(func, batch[source]), symbol);
  });
}

/// How this op lets positions of `symbol` see each other; empty if it does not.
static std::string howMixed(FuncOp func, Operation *op, StringRef symbol) {
  auto isOfSymbol = [&](StringAttr name) { return names(sizeOf(func, name), symbol); };
  if (auto reduction = dyn_cast<ReduceBatchOp>(op); reduction && llvm::any_of(reduction.mixedSymbols(), isOfSymbol))
    return ("`" + reduction.getKind() + "` over batch " + symbol).str();
  if (auto batched = dyn_cast<BatchedOp>(op); batched && llvm::any_of(batched.mixedSymbols(), isOfSymbol))
    return "moves right of the bar";
  if (auto rearrange = dyn_cast<RearrangeOp>(op); rearrange && renames(func, rearrange, symbol))
    return "gets another name";
  if (auto dim = dyn_cast<DimOp>(op); dim && names(toDim(dim.getValueAttr()), symbol))
    return "is used as a number";
  if (auto slice = dyn_cast<SliceOp>(op); slice && names(slice.getOffsets(), symbol))
    return "says where a slice begins";
  if (inCore(op->getOperandTypes(), symbol) || inCore(op->getResultTypes(), symbol))
    return "stands right of the bar of `" + op->getName().stripDialect().str() + "`";
  return "";
}

static bool combines(Operation *op) {
  std::vector<Dim> offsets;
  if (auto slice = dyn_cast<SliceOp>(op))
    for (Attribute offset : slice.getOffsets())
      offsets.push_back(toDim(offset));
  return combines(op->getName().stripDialect().str(), offsets);
}

/// Where no op combines positions, one that has the dim right of its bar stands for all, last of all one that only
/// brings it there; where there is no op at all, an argument that is handed on, or an op that has it beside itself.
static IndependenceFact analyse(FuncOp func, SymbolAttr symbol) {
  IndependenceFact fact{symbol, {}};
  std::optional<MixingOp> other, moving;
  for (Operation &op : func.getBody().front()) {
    if (isa<ReturnOp, CastOp>(op))
      continue;
    std::string how = howMixed(func, &op, symbol.getName());
    if (how.empty())
      continue;
    std::optional<MixingOp> &stands = isa<RearrangeOp>(op) ? moving : other;
    if (combines(&op))
      fact.mixes.push_back({&op, how});
    else if (!stands)
      stands = {&op, how};
  }
  if (fact.independent() && (other || moving))
    fact.mixes.push_back(other ? *other : *moving);
  if (fact.independent() && inCore(func.getArgumentTypes(), symbol.getName()))
    fact.mixes.push_back({func, "stands right of the bar"});
  if (!fact.independent())
    return fact;
  for (Operation &op : func.getBody().front())
    if (!isa<ReturnOp, CastOp>(op) && (inBatchTwice(func, op.getOperandTypes(), symbol.getName()) ||
                                       inBatchTwice(func, op.getResultTypes(), symbol.getName()))) {
      fact.mixes.push_back({&op, "meets itself left of the bar"});
      break;
    }
  return fact;
}

SmallVector<IndependenceFact> batten::analyseIndependence(FuncOp func) {
  SmallVector<IndependenceFact> facts;
  for (SymbolAttr symbol : func.getSymbols().getAsRange<SymbolAttr>())
    if (symbol.isRuntime())
      facts.push_back(analyse(func, symbol));
  return facts;
}

std::string batten::placeInSource(Operation *op) {
  auto loc = op->getLoc()->findInstanceOf<FileLineColLoc>();
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
    for (StringAttr name : op.mixedSymbols()) {
      std::optional<std::string> size = sizeOf(func, name).symbolName();
      if (SymbolAttr symbol = size ? func.lookupSymbol(*size) : SymbolAttr(); symbol && func.isUnbounded(symbol))
        found.insert(symbol.getName());
    }
  });
  return found.takeVector();
}
