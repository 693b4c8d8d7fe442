// DescribeEntries.cpp - pass batten-describe: what the C interface says of an entry, written down before it is lowered.
//
// Takes batten.func; leaves attributes on it that the lowering carries along and the plan takes over: the arguments in
// their order, over which batch symbols its positions are independent and where the others meet, and which symbols must
// not be 0 (a mean over no position has no value).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Passes.h"
#include "dialect/Batten.h"
#include "dialect/Independence.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace batten {
#define GEN_PASS_DEF_DESCRIBEENTRIES
#include "compiler/Passes.h.inc"

namespace {

class Description {
public:
  explicit Description(FuncOp function) : function(function), b(function.getContext()) {}
  void run();

private:
  FuncOp function;
  Builder b;

  ArgumentAttr input(unsigned index, BlockArgument argument);
  ArgumentAttr result(unsigned index, unsigned count);
  void describeArguments();
  void describeIndependence();
};

ArgumentAttr Description::input(unsigned index, BlockArgument argument) {
  auto text = [&](StringRef name) {
    auto found = function.getArgAttrOfType<StringAttr>(index, name);
    return found ? found : b.getStringAttr("");
  };
  ArgumentKind kind = function.getArgAttr(index, attr::inout) ? ArgumentKind::Inout : ArgumentKind::Input;
  return ArgumentAttr::get(b.getContext(), text(attr::name), cast<TensorType>(argument.getType()), kind,
                           text(attr::path), text(attr::from), text(attr::tree),
                           function.getArgAttr(index, attr::scalar) != nullptr);
}

/// `out`, or `out0`, `out1`, ...
ArgumentAttr Description::result(unsigned index, unsigned count) {
  StringAttr name = b.getStringAttr(count == 1 ? "out" : "out" + Twine(index));
  StringAttr none = b.getStringAttr("");
  return ArgumentAttr::get(b.getContext(), name, cast<TensorType>(function.getResultTypes()[index]),
                           ArgumentKind::Result, none, none, none, /*scalar=*/false);
}

void Description::describeArguments() {
  SmallVector<Attribute> arguments;
  unsigned updated = 0;
  for (BlockArgument argument : function.getTensorArguments()) {
    unsigned index = argument.getArgNumber();
    if (function.getArgAttr(index, attr::weight))
      continue;
    updated += function.getArgAttr(index, attr::inout) != nullptr;
    arguments.push_back(input(index, argument));
  }
  unsigned count = function.getResultTypes().size() - updated;
  for (unsigned i = 0; i < count; ++i)
    arguments.push_back(result(i, count));
  function->setAttr(attr::arguments, b.getArrayAttr(arguments));
}

void Description::describeIndependence() {
  SmallVector<Attribute> independent, mixes;
  for (const IndependenceFact &fact : analyseIndependence(function)) {
    if (fact.independent())
      independent.push_back(fact.symbol.getName());
    else
      mixes.push_back(b.getStringAttr(fact.symbol.getName().getValue() + ": " + fact.how));
  }
  function->setAttr(attr::independent, b.getArrayAttr(independent));
  function->setAttr(attr::mixes, b.getArrayAttr(mixes));
}

void Description::run() {
  describeArguments();
  describeIndependence();
  SmallVector<StringAttr> nonempty = symbolsNotEmpty(function);
  function->setAttr(attr::nonempty, b.getArrayAttr(SmallVector<Attribute>(nonempty.begin(), nonempty.end())));
}

struct DescribeEntriesPass : impl::DescribeEntriesBase<DescribeEntriesPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<FuncOp>())
      Description(function).run();
  }
};

} // namespace
} // namespace batten
