// CodeBuilder.cpp - see CodeBuilder.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/CodeBuilder.h"

using namespace mlir;

namespace batten {

CodeBuilder::CodeBuilder(ModuleOp module)
    : b(module.getContext()), loc(module.getLoc()), i32(b.getI32Type()), i64(b.getI64Type()),
      pointer(LLVM::LLVMPointerType::get(b.getContext())), none(LLVM::LLVMVoidType::get(b.getContext())),
      module(module) {}

LLVM::LLVMFuncOp CodeBuilder::declareFunction(StringRef name, ArrayRef<Type> inputs, Type output) {
  b.setInsertionPointToEnd(module.getBody());
  auto function = LLVM::LLVMFuncOp::create(b, loc, name, LLVM::LLVMFunctionType::get(output, inputs));
  function.setNoUnwind(true);
  return function;
}

LLVM::LLVMFuncOp CodeBuilder::beginFunction(const Twine &name, ArrayRef<Type> inputs, Type output, bool isPublic) {
  LLVM::LLVMFuncOp function = declareFunction(name.str(), inputs, output);
  function.setVisibility_(isPublic ? LLVM::Visibility::Default : LLVM::Visibility::Hidden);
  function.setDsoLocal(!isPublic);
  b.setInsertionPointToStart(function.addEntryBlock(b));
  return function;
}

Value CodeBuilder::number(int64_t value) { return LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(value)); }
Value CodeBuilder::isEqual(Value x, int64_t value) {
  Value other = LLVM::ConstantOp::create(b, loc, x.getType(), b.getIntegerAttr(x.getType(), value));
  return LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, x, other);
}
Value CodeBuilder::null() { return LLVM::ZeroOp::create(b, loc, pointer); }
Value CodeBuilder::add(Value x, Value y) { return LLVM::AddOp::create(b, loc, x, y); }
Value CodeBuilder::subtract(Value x, Value y) { return LLVM::SubOp::create(b, loc, x, y); }
Value CodeBuilder::multiply(Value x, Value y) { return LLVM::MulOp::create(b, loc, x, y); }
Value CodeBuilder::greater(Value x, Value y) { return LLVM::SMaxOp::create(b, loc, x, y); }
Value CodeBuilder::roundUp(Value x) { return LLVM::AndOp::create(b, loc, add(x, number(63)), number(-64)); }

Value CodeBuilder::divide(Value x, Value y, bool remainder) {
  Value rest = LLVM::SRemOp::create(b, loc, x, y);
  Value below = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::slt, rest, number(0));
  if (remainder)
    return LLVM::SelectOp::create(b, loc, below, add(rest, y), rest);
  Value quotient = LLVM::SDivOp::create(b, loc, x, y);
  return add(quotient, LLVM::SExtOp::create(b, loc, i64, below));
}

Value CodeBuilder::size(const Dim &dim, const std::map<std::string, Value> &symbols) {
  auto factor = [&](const Atom &atom) {
    if (atom.kind == Atom::Kind::Symbol)
      return symbols.at(atom.name);
    Value lhs = size(atom.lhs, symbols), rhs = size(atom.rhs, symbols);
    if (atom.kind == Atom::Kind::Least)
      return Value(LLVM::SMinOp::create(b, loc, lhs, rhs));
    return divide(lhs, rhs, atom.kind == Atom::Kind::Mod);
  };
  Value sum;
  for (const DimTerm &term : dim.terms()) {
    Value product;
    for (const Atom &atom : term.factors)
      product = product ? multiply(product, factor(atom)) : factor(atom);
    if (!product)
      product = number(term.coefficient);
    else if (term.coefficient != 1)
      product = multiply(product, number(term.coefficient));
    sum = sum ? add(sum, product) : product;
  }
  return sum ? sum : number(0);
}

Value CodeBuilder::at(Value base, Value bytes) {
  return LLVM::GEPOp::create(b, loc, pointer, b.getI8Type(), base, ArrayRef<LLVM::GEPArg>{bytes});
}
Value CodeBuilder::at(Value base, int64_t bytes) { return at(base, number(bytes)); }
Value CodeBuilder::cycles() {
  return LLVM::CallIntrinsicOp::create(b, loc, i64, b.getStringAttr("llvm.readcyclecounter"), {}).getResult(0);
}
Value CodeBuilder::unlessNull(Value pointer, Value address, Value otherwise) {
  return LLVM::SelectOp::create(b, loc, LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, pointer, null()),
                                otherwise, address);
}
Value CodeBuilder::load(Type type, Value address) { return LLVM::LoadOp::create(b, loc, type, address); }
void CodeBuilder::store(Value value, Value address) { LLVM::StoreOp::create(b, loc, value, address); }
Value CodeBuilder::words(int64_t count) {
  return LLVM::AllocaOp::create(b, loc, pointer, i64, number(count), /*alignment=*/8);
}
Value CodeBuilder::addressOf(StringRef symbol) { return LLVM::AddressOfOp::create(b, loc, pointer, symbol); }

Value CodeBuilder::call(LLVM::LLVMFuncOp function, ValueRange arguments) {
  auto op = LLVM::CallOp::create(b, loc, function, arguments);
  return op.getNumResults() ? op.getResult() : Value();
}
void CodeBuilder::give(ValueRange value) { LLVM::ReturnOp::create(b, loc, value); }

Block *CodeBuilder::block() {
  OpBuilder::InsertionGuard guard(b);
  Region *region = b.getBlock()->getParent();
  return b.createBlock(region, region->end());
}
void CodeBuilder::goTo(Block *target) { LLVM::BrOp::create(b, loc, target); }

void CodeBuilder::goOnIf(Value condition, Block *otherwise) {
  Block *next = block();
  LLVM::CondBrOp::create(b, loc, condition, next, otherwise);
  b.setInsertionPointToStart(next);
}

void CodeBuilder::giveUnlessZero(Value result) {
  Block *refused = block();
  goOnIf(isEqual(result, 0), refused);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(refused);
  give(result);
}

} // namespace batten
