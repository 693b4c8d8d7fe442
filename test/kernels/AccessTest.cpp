// AccessTest.cpp - sizes as index values, and back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/Access.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <gtest/gtest.h>

using namespace mlir;

namespace batten {
namespace {

class Sizes : public testing::Test {
protected:
  Sizes() {
    context.loadDialect<func::FuncDialect, arith::ArithDialect>();
    auto type = FunctionType::get(&context, SmallVector<Type>(3, builder.getIndexType()), {});
    function = func::FuncOp::create(builder, location, "f", type);
    builder.setInsertionPointToStart(function->addEntryBlock());
    std::map<std::string, Value> symbols;
    static const StringRef names[] = {"K", "S", "T"};
    for (auto [i, name] : llvm::enumerate(names)) {
      function->setArgAttr(i, attr::symbol, builder.getStringAttr(name));
      symbols[name.str()] = function->getArgument(i);
    }
    values.emplace(std::move(symbols));
  }
  Value valueOf(const Dim &dim) { return values->get(builder, location, dim); }

  MLIRContext context;
  OpBuilder builder{&context};
  Location location = builder.getUnknownLoc();
  OwningOpRef<func::FuncOp> function;
  std::optional<SizeValues> values;
};

TEST_F(Sizes, TheValueOfADimIsReadAsThatDim) {
  for (const char *text : {"7", "T", "3*K*T - S + 2", "div(T + 7, 8)", "T % 8", "div(T - S, K)", "(T - S) % K", "T % K",
                           "div(T - S, K) % 4", "div(T - S, K) % (K + 1)", "(T - S) % (div(S - T, 3) % 7 + 1)"}) {
    Dim dim = *Dim::parse(text);
    EXPECT_EQ(Shapes(*function).ofIndex(valueOf(dim)), dim) << text;
  }
}

TEST_F(Sizes, DivisionsAreUnsignedWhereNoNumeratorIsNegative) {
  for (const char *text : {"div(T + 7, 8)", "T % 8", "div(T*S + 1, K) % 4"})
    valueOf(*Dim::parse(text));
  EXPECT_TRUE(function->getOps<arith::FloorDivSIOp>().empty());
  for (const char *text : {"div(T - S, K)", "div(T - S, K) % 4", "div(div(T - S, K) + 3, 4)"}) {
    Operation *last = valueOf(*Dim::parse(text)).getDefiningOp();
    EXPECT_FALSE((isa<arith::DivUIOp, arith::RemUIOp>(last))) << text;
  }
}

} // namespace
} // namespace batten
