// DescribeEntries.cpp - batten-describe: what the C interface and the manifest say of each entry.
//
// Runs before the lowering, while batch and core are still told apart, and writes attributes that later forms of the
// function carry along. The list of arguments is that of the C function: an inout argument stands there once.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Passes.h"
#include "dialect/AtBind.h"
#include "dialect/Batten.h"
#include "dialect/Independence.h"
#include "dialect/IndexChecks.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;

namespace batten {
#define GEN_PASS_DEF_DESCRIBEENTRIES
#include "compiler/Passes.h.inc"

/// An argument of the function as one of the C function.
static ArgumentAttr describeArgument(FuncOp func, unsigned position) {
  MLIRContext *context = func.getContext();
  auto text = [&](StringRef name) {
    auto attribute = func.getArgAttrOfType<StringAttr>(position, name);
    return attribute ? attribute : StringAttr::get(context, "");
  };
  bool inout = static_cast<bool>(func.getArgAttr(position, attr::inout));
  return ArgumentAttr::get(context, text(attr::name), cast<TensorType>(func.getArgumentTypes()[position]),
                           inout ? ArgumentKind::Inout : ArgumentKind::Input, text(attr::path), text(attr::from),
                           text(attr::tree), static_cast<bool>(func.getArgAttr(position, attr::scalar)));
}

static ArgumentAttr describeWeight(FuncOp func, unsigned position) {
  StringAttr path = func.getArgAttrOfType<StringAttr>(position, attr::weight);
  StringAttr from = func.getArgAttrOfType<StringAttr>(position, attr::from);
  return ArgumentAttr::get(func.getContext(), path, cast<TensorType>(func.getArgumentTypes()[position]),
                           ArgumentKind::Weight, path, from ? from : path, StringAttr::get(func.getContext(), ""),
                           /*scalar=*/false);
}

/// Arguments but weights, then results but what is written back to an inout: `out`, or `out0`, `out1`, ...;
/// then the weights, which are no arguments in C.
static ArrayAttr describeArguments(FuncOp func) {
  Builder builder(func.getContext());
  SmallVector<Attribute> arguments;
  llvm::SmallSet<int64_t, 8> writtenBack;
  for (unsigned i = func.numRuntimeSymbols(); i < func.getNumArguments(); ++i) {
    if (auto inout = func.getArgAttrOfType<IntegerAttr>(i, attr::inout))
      writtenBack.insert(inout.getInt());
    if (!func.getArgAttr(i, attr::weight))
      arguments.push_back(describeArgument(func, i));
  }
  size_t numOuts = func.getNumResults() - writtenBack.size(), out = 0;
  StringAttr none = builder.getStringAttr("");
  for (auto [i, type] : llvm::enumerate(func.getResultTypes())) {
    if (writtenBack.contains(i))
      continue;
    StringAttr name = builder.getStringAttr(numOuts == 1 ? "out" : "out" + std::to_string(out));
    ++out;
    arguments.push_back(ArgumentAttr::get(func.getContext(), name, cast<TensorType>(type), ArgumentKind::Result, none,
                                          none, none, /*scalar=*/false));
  }
  for (unsigned i = func.numRuntimeSymbols(); i < func.getNumArguments(); ++i)
    if (func.getArgAttr(i, attr::weight))
      arguments.push_back(describeWeight(func, i));
  return builder.getArrayAttr(arguments);
}

/// Those of a call: what the bind has computed costs it nothing.
static void describeCosts(FuncOp func) {
  Dim flops, bytes;
  llvm::DenseSet<Operation *> atBind = operationsAtBind(func);
  func.walk([&](Costed op) {
    if (atBind.contains(op))
      return;
    flops = flops + op.flops();
    bytes = bytes + op.bytes();
  });
  Builder builder(func.getContext());
  if (!flops.overflowed())
    func->setAttr(attr::flops, builder.getStringAttr(flops.str()));
  if (!bytes.overflowed())
    func->setAttr(attr::bytes, builder.getStringAttr(bytes.str()));
}

/// The argument whose elements `value` has, all of them; -1: it has others.
static int argumentBehind(FuncOp func, Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<SpreadOp, RearrangeOp>(op))
      return -1;
    value = op->getOperand(0);
  }
  int position = 0;
  for (unsigned i = func.numRuntimeSymbols(); func.getArgument(i) != value; ++i)
    position += !func.getArgAttr(i, attr::weight);
  return func.getArgAttr(cast<BlockArgument>(value).getArgNumber(), attr::weight) ? -1 : position;
}

/// Which arguments hold row numbers of what. Numbers that are computed have no argument to blame.
static void describeIndices(FuncOp func) {
  llvm::SetVector<Attribute> checks;
  auto check = [&](Value index, const Dim &rows) {
    if (int position = argumentBehind(func, index); position >= 0)
      checks.insert(StringAttr::get(func.getContext(), std::to_string(position) + " < " + rows.str()));
  };
  func.walk([&](EmbedOp op) { check(op.getId(), op.getTable().getType().coreDim(0)); });
  func.walk([&](UpdateOp op) { check(op.getAt(), op.getC().getType().coreDim(0)); });
  if (!checks.empty())
    func->setAttr(attr::indexChecks, ArrayAttr::get(func.getContext(), checks.getArrayRef()));
}

static void describe(FuncOp func) {
  Builder builder(func.getContext());
  SmallVector<Attribute> independent;
  llvm::SetVector<Attribute> mixes; // what a loop or a sub array repeats is one place
  for (const IndependenceFact &fact : analyseIndependence(func)) {
    if (fact.independent()) {
      independent.push_back(fact.symbol.getName());
      continue;
    }
    for (const MixingOp &mix : fact.mixes) {
      std::string where = placeInSource(mix.op);
      mixes.insert(
          builder.getStringAttr(fact.symbol.getName().str() + ": " + mix.how + (where.empty() ? "" : " at " + where)));
    }
  }
  func->setAttr(attr::arguments, describeArguments(func));
  func->setAttr(attr::independent, builder.getArrayAttr(independent));
  func->setAttr(attr::mixes, builder.getArrayAttr(mixes.getArrayRef()));
  SmallVector<StringAttr> nonempty = symbolsNotEmpty(func);
  describeCosts(func);
  func->setAttr(attr::nonempty, builder.getArrayAttr(SmallVector<Attribute>(nonempty.begin(), nonempty.end())));
}

namespace {
struct DescribeEntries : impl::DescribeEntriesBase<DescribeEntries> {
  void runOnOperation() override {
    bool checksIds = getOperation()->hasAttr(attr::checkIds);
    for (FuncOp func : getOperation().getOps<FuncOp>()) {
      describe(func);
      if (checksIds)
        describeIndices(func);
    }
  }
};
} // namespace
} // namespace batten
