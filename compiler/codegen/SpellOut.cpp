// SpellOut.cpp - instructions that a level lacks, in operations that every level has and with the same bits.
//
// Kernels name instructions as LLVM intrinsics, a few of them whether their level has them or not. The same kernel is
// compiled for less where a level is emulated, so that its kernels can be tested on any machine. All of it works on
// vectors of 32-bit lanes; registers that the CPU lacks are LLVM's to split. A tile becomes memory on the stack, and
// where it was a value, there is a pointer to it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Emit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

namespace {

/// A call and the operations that do the same, in its place or in a function of their own.
struct Spelling {
  LLVM::CallIntrinsicOp call;
  int64_t laneCount;
  OpBuilder b{call};
  Location loc = call.getLoc();

  Value operand(unsigned i) { return call.getArgs()[i]; }
  VectorType lanes(Type element) { return VectorType::get({laneCount}, element); }
  Value constant(Type element, TypedAttr value) {
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(lanes(element), Attribute(value)));
  }
  Value word(int32_t value) { return constant(b.getI32Type(), b.getI32IntegerAttr(value)); }
  Value wide(double value) { return constant(b.getF64Type(), b.getF64FloatAttr(value)); }
  Value words(Value value) { return b.createOrFold<vector::BitCastOp>(loc, lanes(b.getI32Type()), value); }
  Value floats(Value words) { return arith::BitcastOp::create(b, loc, lanes(b.getF32Type()), words); }
  Value bits(Value floats) { return arith::BitcastOp::create(b, loc, lanes(b.getI32Type()), floats); }

  /// Part `i` of `count` in every word, extended to the whole word.
  Value part(Value words, int64_t i, int64_t count, bool isSigned) {
    int32_t width = 32 / count;
    Value raised = arith::ShLIOp::create(b, loc, words, word(32 - width * (i + 1)));
    return isSigned ? arith::ShRSIOp::create(b, loc, raised, word(32 - width)).getResult()
                    : arith::ShRUIOp::create(b, loc, raised, word(32 - width)).getResult();
  }
  /// sum + the products of all parts; what a sum of 32 bits loses, it loses in any order.
  Value products(Value left, Value right, int64_t count, bool isLeftSigned, bool isRightSigned, Value sum) {
    for (int64_t i = 0; i < count; ++i) {
      Value l = part(words(left), i, count, isLeftSigned), r = part(words(right), i, count, isRightSigned);
      Value product = arith::MulIOp::create(b, loc, l, r);
      sum = sum ? arith::AddIOp::create(b, loc, sum, product).getResult() : product;
    }
    return sum;
  }
  Value zeroOfSign(Value number) { return floats(arith::AndIOp::create(b, loc, bits(number), word(INT32_MIN))); }
  Value flushed(Value number) {
    Value magnitude = arith::AndIOp::create(b, loc, bits(number), word(INT32_MAX));
    Value isTiny = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, magnitude, word(0x00800000));
    return arith::SelectOp::create(b, loc, isTiny, zeroOfSign(number), number);
  }
  Value multiplyAddFlushed(Value left, Value right, Value sum);
  Value odd(Value pairs) { return floats(arith::AndIOp::create(b, loc, pairs, word(int32_t(0xffff0000)))); }
  Value even(Value pairs) { return floats(arith::ShLIOp::create(b, loc, pairs, word(16))); }
  Value dotOfBf16();
  Value roundedToBf16(Value number);
  Value roundedHalves();
  Value scale();
  Value areSubnormal();
};

/// A call of a tile's intrinsic, whose tiles are pointers to 16 rows of 16 words.
struct TileSpelling : Spelling {
  static constexpr int64_t rows = 16, rowBytes = 64;
  explicit TileSpelling(LLVM::CallIntrinsicOp call) : Spelling{call, 16} {}

  void spell();

private:
  Value number(int64_t value) { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value)); }
  Value place(Value base, Value bytes) {
    return LLVM::GEPOp::create(b, loc, base.getType(), b.getI8Type(), base, ValueRange{bytes});
  }
  Value row(Value tile, Value row) { return place(tile, arith::MulIOp::create(b, loc, row, number(rowBytes))); }
  Value wordsAt(Value pointer) { return LLVM::LoadOp::create(b, loc, lanes(b.getI32Type()), pointer, /*alignment=*/1); }
  void storeAt(Value words, Value pointer) { LLVM::StoreOp::create(b, loc, words, pointer, /*alignment=*/1); }
  Value newTile();
  void forEachRow(llvm::function_ref<void(Value)> body);
  void copyRows(Value from, Value fromStride, Value to, Value toStride);
  void multiply(Value sum, Value left, Value right);
  SmallVector<Value> termsOf(Value leftRow, Value right, SmallVector<Value> sums);
};

} // namespace

/// dialect/NUMERICS.md, flushed pairs: the product is exact in f64, and so is the sum where it is about to vanish.
Value Spelling::multiplyAddFlushed(Value left, Value right, Value sum) {
  left = flushed(left), right = flushed(right), sum = flushed(sum);
  auto extend = [&](Value value) -> Value { return arith::ExtFOp::create(b, loc, lanes(b.getF64Type()), value); };
  Value product = arith::MulFOp::create(b, loc, extend(left), extend(right));
  Value exact = math::AbsFOp::create(b, loc, arith::AddFOp::create(b, loc, product, extend(sum)));
  Value isTiny = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, exact, wide(0x1p-126 - 0x1p-151));
  Value rounded = math::FmaOp::create(b, loc, left, right, sum);
  return arith::SelectOp::create(b, loc, isTiny, zeroOfSign(rounded), rounded);
}

Value Spelling::dotOfBf16() {
  Value left = words(operand(1)), right = words(operand(2)), sum = operand(0);
  sum = multiplyAddFlushed(odd(left), odd(right), sum);
  return multiplyAddFlushed(even(left), even(right), sum);
}

/// Halfwords: to the nearest, ties to even; subnormals are zeros of their sign, a NaN stays one.
Value Spelling::roundedToBf16(Value number) {
  Value exact = bits(flushed(number));
  Value lowest = arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, exact, word(16)), word(1));
  Value half = arith::AddIOp::create(b, loc, word(0x7fff), lowest);
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, number, number);
  Value rounded = arith::SelectOp::create(b, loc, isNan, arith::OrIOp::create(b, loc, exact, word(0x400000)),
                                          arith::AddIOp::create(b, loc, exact, half));
  return arith::TruncIOp::create(b, loc, lanes(b.getI16Type()), arith::ShRUIOp::create(b, loc, rounded, word(16)));
}

/// The second operand, then the first.
Value Spelling::roundedHalves() {
  Value lower = roundedToBf16(operand(1)), upper = roundedToBf16(operand(0));
  int64_t count = 2 * cast<VectorType>(lower.getType()).getNumElements();
  Value both = vector::ShuffleOp::create(b, loc, lower, upper, llvm::to_vector(llvm::seq<int64_t>(count)));
  return vector::BitCastOp::create(b, loc, call.getResult(0).getType(), both);
}

/// x 2^n, as kernels ask for it: n is a whole number (or NaN), and far beyond 512 of either sign the result is the
/// same. In f64 the power and the product are exact, so that the one rounding is that to f32.
Value Spelling::scale() {
  Type f64 = b.getF64Type(), i64 = b.getI64Type();
  Value x = arith::ExtFOp::create(b, loc, lanes(f64), operand(0)),
        n = arith::ExtFOp::create(b, loc, lanes(f64), operand(1));
  Value isNumber = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, n, n);
  Value within = arith::MaxNumFOp::create(b, loc, arith::MinNumFOp::create(b, loc, n, wide(512)), wide(-512));
  Value whole = arith::FPToSIOp::create(b, loc, lanes(i64), within);
  Value biased = arith::AddIOp::create(b, loc, whole, constant(i64, b.getI64IntegerAttr(1023)));
  Value power = arith::BitcastOp::create(b, loc, lanes(f64),
                                         arith::ShLIOp::create(b, loc, biased, constant(i64, b.getI64IntegerAttr(52))));
  Value factor = arith::SelectOp::create(b, loc, isNumber, power, n);
  return arith::TruncFOp::create(b, loc, lanes(b.getF32Type()), arith::MulFOp::create(b, loc, x, factor));
}

/// Of the classes, kernels ask for this one alone.
Value Spelling::areSubnormal() {
  auto type = cast<VectorType>(operand(0).getType());
  auto number = [&](int32_t value) { return constant(b.getI32Type(), b.getI32IntegerAttr(value)); };
  Value bits = arith::BitcastOp::create(b, loc, type.clone(b.getI32Type()), operand(0));
  Value magnitude = arith::AndIOp::create(b, loc, bits, number(INT32_MAX));
  Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, magnitude, number(0));
  Value isTiny = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, magnitude, number(0x00800000));
  return arith::SelectOp::create(b, loc, isZero, constant(b.getI1Type(), b.getBoolAttr(false)), isTiny);
}

namespace {
/// An intrinsic of x86 that kernels name.
struct Instruction {
  StringRef name;              ///< without what all begin with
  StringRef feature;           ///< that has it; empty: every level has it
  Value (*spell)(Spelling &s); ///< where a level lacks it; null: it is a tile's
};
} // namespace

static constexpr StringLiteral prefix = "llvm.x86.";

static const Instruction instructions[] = {
    {"avx512bf16.dpbf16ps.512", "avx512bf16", [](Spelling &s) { return s.dotOfBf16(); }},
    {"avx512bf16.cvtne2ps2bf16.512", "avx512bf16", [](Spelling &s) { return s.roundedHalves(); }},
    {"avx512bf16.cvtne2ps2bf16.256", "avx512bf16", [](Spelling &s) { return s.roundedHalves(); }},
    {"avx512.fpclass.ps.512", "avx512dq", [](Spelling &s) { return s.areSubnormal(); }},
    {"avx512.mask.scalef.ps.512", "avx512f", [](Spelling &s) { return s.scale(); }},
    {"avx512.pmaddw.d.512", "avx512bw",
     [](Spelling &s) { return s.products(s.operand(0), s.operand(1), 2, true, true, {}); }},
    {"avx512.vpdpbusd.512", "avx512vnni",
     [](Spelling &s) { return s.products(s.operand(1), s.operand(2), 4, false, true, s.operand(0)); }},
    {"avx2.pmadd.wd", "", nullptr},
    {"avx2.permd", "", nullptr},
    {"avx2.pmovmskb", "", nullptr},
    {"bmi.pext.32", "", nullptr},
    {"sse.sfence", "", nullptr},
    {"tilezero.internal", "amx-tile", nullptr},
    {"tileloadd64.internal", "amx-tile", nullptr},
    {"tilestored64.internal", "amx-tile", nullptr},
    {"tdpbf16ps.internal", "amx-bf16", nullptr},
    {"tdpbssd.internal", "amx-int8", nullptr},
    {"tdpbuud.internal", "amx-int8", nullptr},
};

static Value spelledAt(LLVM::CallIntrinsicOp call, const Instruction &instruction) {
  auto type = cast<VectorType>(call.getArgs()[0].getType());
  Spelling s{call, type.getNumElements() * int64_t(type.getElementTypeBitWidth()) / 32};
  return instruction.spell(s);
}

/// A function of the kernel's own, once for all its calls. In their places the dot products of a tile are thousands of
/// operations: the products of test/e2e/Inputs/dots.btn for znver4 took 55 s of CPU time to compile, and take 26 s.
static func::FuncOp spellingOf(LLVM::CallIntrinsicOp call, const Instruction &instruction) {
  auto kernel = call->getParentOfType<func::FuncOp>();
  std::string name = (kernel.getName() + ".spelled" + Twine(&instruction - instructions)).str();
  if (auto known = kernel->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(name))
    return known;
  OpBuilder b(kernel);
  auto type = b.getFunctionType(call.getArgs().getTypes(), call.getResultTypes());
  auto spelling = func::FuncOp::create(b, call.getLoc(), name, type);
  if (Attribute level = kernel->getAttr(attr::level))
    spelling->setAttr(attr::level, level);
  Block *body = spelling.addEntryBlock();
  b.setInsertionPointToStart(body);
  auto asked = cast<LLVM::CallIntrinsicOp>(b.clone(*call));
  asked.getArgsMutable().assign(body->getArguments());
  func::ReturnOp::create(b, call.getLoc(), spelledAt(asked, instruction));
  asked.erase();
  return spelling;
}

/// What LLVM has for all targets is its own to expand.
static LogicalResult spellOut(LLVM::CallIntrinsicOp call, const CpuLevel &level) {
  StringRef name = call.getIntrin();
  if (!name.consume_front(prefix))
    return success();
  auto instruction = llvm::find_if(instructions, [&](const Instruction &known) { return known.name == name; });
  if (instruction == std::end(instructions))
    return call.emitError("internal error: no feature is known to have ") << call.getIntrin();
  if (instruction->feature.empty() || level.uses(instruction->feature))
    return success();
  if (!instruction->spell)
    return call.emitError("internal error: tiles without ") << instruction->feature;
  Value spelled;
  if (level.isEmulated()) {
    OpBuilder b(call);
    spelled = func::CallOp::create(b, call.getLoc(), spellingOf(call, *instruction), call.getArgs()).getResult(0);
  } else {
    spelled = spelledAt(call, *instruction);
  }
  call.getResult(0).replaceAllUsesWith(spelled);
  call.erase();
  return success();
}

//===- Tiles ------------------------------------------------------------------------------------------------------===//

/// Memory of the call's own, in the function's first block: this may be in a loop.
Value TileSpelling::newTile() {
  OpBuilder first = OpBuilder::atBlockBegin(&call->getParentOfType<func::FuncOp>().getBody().front());
  Value bytes = arith::ConstantOp::create(first, loc, first.getI64IntegerAttr(rows * rowBytes));
  auto pointer = LLVM::LLVMPointerType::get(first.getContext());
  return LLVM::AllocaOp::create(first, loc, pointer, first.getI8Type(), bytes, /*alignment=*/rowBytes);
}

void TileSpelling::forEachRow(llvm::function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, loc, number(0), number(rows), number(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void TileSpelling::copyRows(Value from, Value fromStride, Value to, Value toStride) {
  forEachRow([&](Value row) {
    Value source = place(from, arith::MulIOp::create(b, loc, row, fromStride));
    storeAt(wordsAt(source), place(to, arith::MulIOp::create(b, loc, row, toStride)));
  });
}

/// Sums of bf16 are two, of the even and of the odd elements.
SmallVector<Value> TileSpelling::termsOf(Value leftRow, Value right, SmallVector<Value> sums) {
  auto loop = scf::ForOp::create(b, loc, number(0), number(rows), number(1), sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value k = loop.getInductionVar(), four = number(4);
  Value granule = LLVM::LoadOp::create(b, loc, b.getI32Type(), place(leftRow, arith::MulIOp::create(b, loc, k, four)));
  Value l = vector::BroadcastOp::create(b, loc, lanes(b.getI32Type()), granule), r = wordsAt(row(right, k));
  ValueRange before = loop.getRegionIterArgs();
  SmallVector<Value> after;
  if (before.size() == 2) {
    after.push_back(multiplyAddFlushed(even(l), even(r), before[0]));
    after.push_back(multiplyAddFlushed(odd(l), odd(r), before[1]));
  } else {
    bool isSigned = call.getIntrin().contains("tdpbssd");
    after.push_back(products(l, r, 4, isSigned, isSigned, before[0]));
  }
  scf::YieldOp::create(b, loc, after);
  return loop.getResults();
}

/// dialect/NUMERICS.md, tiles: the sums of a step begin at zero and are then added to the tile's.
void TileSpelling::multiply(Value sum, Value left, Value right) {
  bool isBf16 = call.getIntrin().contains("bf16");
  auto one = constant(b.getF32Type(), b.getF32FloatAttr(1));
  auto add = [&](Value a, Value d) { return multiplyAddFlushed(a, one, d); };
  forEachRow([&](Value m) {
    Value sums = row(sum, m), before = wordsAt(sums);
    if (!isBf16)
      return storeAt(termsOf(row(left, m), right, {before})[0], sums);
    Value none = constant(b.getF32Type(), b.getF32FloatAttr(0));
    SmallVector<Value> terms = termsOf(row(left, m), right, {none, none});
    storeAt(bits(add(floats(before), add(terms[0], terms[1]))), sums);
  });
}

void TileSpelling::spell() {
  StringRef intrinsic = call.getIntrin();
  Value result;
  if (intrinsic.contains("tilezero")) {
    result = newTile();
    Value none = word(0);
    forEachRow([&](Value m) { storeAt(none, row(result, m)); });
  } else if (intrinsic.contains("tileload")) {
    result = newTile();
    copyRows(operand(2), operand(3), result, number(rowBytes));
  } else if (intrinsic.contains("tilestore")) {
    copyRows(operand(4), number(rowBytes), operand(2), operand(3));
  } else {
    result = operand(3); // which nobody else uses (TileCode.h)
    multiply(result, operand(4), operand(5));
  }
  if (result)
    call.getResult(0).replaceAllUsesWith(result);
  call.erase();
}

static void spellOutTiles(func::FuncOp kernel) {
  auto becomePointers = [](ValueRange values) {
    for (Value value : values)
      if (isa<LLVM::LLVMX86AMXType>(value.getType()))
        value.setType(LLVM::LLVMPointerType::get(value.getContext()));
  };
  SmallVector<LLVM::CallIntrinsicOp> calls;
  kernel.walk([&](Operation *op) {
    becomePointers(op->getResults());
    for (Region &region : op->getRegions())
      for (Block &block : region)
        becomePointers(block.getArguments());
    auto call = dyn_cast<LLVM::CallIntrinsicOp>(op);
    if (call && (call.getIntrin().starts_with("llvm.x86.tile") || call.getIntrin().starts_with("llvm.x86.tdp")))
      calls.push_back(call);
  });
  for (LLVM::CallIntrinsicOp call : calls)
    TileSpelling(call).spell();
}

/// Empty instructions that sums go through in registers of 64 bytes (kernels/cpu/DotStep.h): here there are none.
static void skipWide(func::FuncOp kernel) {
  SmallVector<LLVM::InlineAsmOp> wide;
  kernel.walk([&](LLVM::InlineAsmOp nothing) {
    auto sum = cast<VectorType>(nothing.getOperands().front().getType());
    if (sum.getNumElements() * sum.getElementTypeBitWidth() == 512)
      wide.push_back(nothing);
  });
  for (LLVM::InlineAsmOp nothing : wide) {
    for (Operation *user : llvm::make_early_inc_range(nothing->getUsers())) {
      auto result = cast<LLVM::ExtractValueOp>(user);
      result.replaceAllUsesWith(nothing.getOperands()[result.getPosition().front()]);
      result.erase();
    }
    nothing.erase();
  }
}

LogicalResult spellOutInstructions(func::FuncOp kernel, const CpuLevel &level) {
  if (!level.uses("amx-tile"))
    spellOutTiles(kernel);
  if (!level.uses("avx512f"))
    skipWide(kernel);
  SmallVector<LLVM::CallIntrinsicOp> calls;
  kernel.walk([&](LLVM::CallIntrinsicOp call) { calls.push_back(call); });
  return success(llvm::all_of(calls, [&](LLVM::CallIntrinsicOp call) { return succeeded(spellOut(call, level)); }));
}

} // namespace batten
