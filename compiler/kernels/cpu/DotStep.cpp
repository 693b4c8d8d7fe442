// DotStep.cpp - see DotStep.h.
//
// Instructions are named as LLVM intrinsics on whole registers. Code generation spells out those that a level lacks.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/DotStep.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

DotStep::DotStep(linalg::GenericOp product, const Level &level, bool mayBeOff) : product(product) {
  element = cast<RankedTensorType>(product.getDpsInputs()[1].getType()).getElementType();
  granule = granuleElements(element);
  if (granule == 1)
    return;
  if (element.isInteger(8))
    means = level.hasVnni && mayBeOff ? Means::ByteDots : Means::WordProducts;
  else
    means = level.usesBf16Dots ? Means::Bf16Dots : Means::Bf16Fmas;
  isSigned = !product.getBody()->getOps<arith::ExtSIOp>().empty();
}

DotStep::DotStep(Type element, const Level &level) : granule(granuleElements(element)), element(element) {
  means = granule == 1 ? Means::Fma : level.usesBf16Dots ? Means::Bf16Dots : Means::Bf16Fmas;
}

static Value bitcast(const VectorCode &v, Value value, Type element) {
  auto from = cast<VectorType>(value.getType());
  int64_t bits = from.getNumElements() * from.getElementTypeBitWidth();
  auto to = VectorType::get({bits / int64_t(element.getIntOrFloatBitWidth())}, element);
  return from == to ? value : vector::BitCastOp::create(v.builder, v.loc, to, value).getResult();
}

static Value call(const VectorCode &v, StringRef intrinsic, Type result, ValueRange operands) {
  auto name = v.builder.getStringAttr(intrinsic);
  return LLVM::CallIntrinsicOp::create(v.builder, v.loc, result, name, operands).getResult(0);
}

static Value words(const VectorCode &v, int64_t value) {
  Type type = v.type(v.builder.getI32Type());
  return arith::ConstantOp::create(v.builder, v.loc, DenseElementsAttr::get(cast<ShapedType>(type), int32_t(value)));
}

Value DotStep::asWords(const VectorCode &v, Value elements) const {
  return bitcast(v, elements, v.builder.getI32Type());
}

Value DotStep::ofPanel(const VectorCode &v, Value memory, Value at) const {
  if (!takesGranules())
    return v.load(memory, at, v.index(1), element, {});
  auto type = VectorType::get({v.lanes * granule}, storageType(element));
  return asWords(v, vector::LoadOp::create(v.builder, v.loc, type, memory, ValueRange{at}));
}

Value DotStep::ofRows(const VectorCode &v, const GranuleRows &rows, Value mask, Value rest) const {
  if (!takesGranules())
    return v.load(rows.memory, rows.at, rows.columnStride, element, mask);
  return asWords(v, loadGranules(v, rows, mask, rest));
}

Value DotStep::ofLeft(const VectorCode &v, Value memory, Value at, Value stride, Value rest) const {
  if (!takesGranules())
    return v.loadSplat(memory, at, element);
  Value granule = splatGranule(v, memory, at, stride, element, rest);
  Value zeros = ofLeftZeros(v);
  return zeros ? arith::XOrIOp::create(v.builder, v.loc, granule, zeros).getResult() : granule;
}

Value DotStep::packLeft(const VectorCode &v, const GranuleRows &rows, Value mask, Value rest) const {
  Value granules = loadGranules(v, rows, mask, rest), zeros = ofLeftZeros(v);
  if (means == Means::Region)
    return granules;
  return zeros ? arith::XOrIOp::create(v.builder, v.loc, asWords(v, granules), zeros).getResult()
               : asWords(v, granules);
}

Type DotStep::packedElement() const {
  return means == Means::Region ? element : IntegerType::get(element.getContext(), 32);
}

Value DotStep::ofPackedLeft(const VectorCode &v, Value memory, Value at) const {
  return v.loadSplat(memory, at, packedElement());
}

/// VPDPBUSD multiplies unsigned bytes by signed ones. A byte whose upper bit is flipped is of the other kind and off by
/// 128: a - 128 for unsigned a, a + 128 for signed a. Either way the sum is off by what zeros on the left would give,
/// whatever the right side is, and sums that wrap take that back exactly.
Value DotStep::ofLeftZeros(const VectorCode &v) const {
  return means == Means::ByteDots ? words(v, 0x80808080) : Value();
}

/// Element 1 or 0 of granules of bf16 as f32.
static Value widenPair(const VectorCode &v, Value granules, bool odd) {
  if (odd)
    return arith::AndIOp::create(v.builder, v.loc, granules, words(v, 0xffff0000));
  return arith::ShLIOp::create(v.builder, v.loc, granules, words(v, 16));
}

/// Bytes 1 and 3 of granules as words, or 0 and 2.
static Value widenBytes(const VectorCode &v, Value granules, bool odd, bool isSigned) {
  OpBuilder &b = v.builder;
  Value bytes = bitcast(v, granules, b.getI16Type());
  auto eight =
      arith::ConstantOp::create(b, v.loc, DenseElementsAttr::get(cast<ShapedType>(bytes.getType()), int16_t(8)));
  if (!odd)
    bytes = arith::ShLIOp::create(b, v.loc, bytes, eight);
  return isSigned ? arith::ShRSIOp::create(b, v.loc, bytes, eight).getResult()
                  : arith::ShRUIOp::create(b, v.loc, bytes, eight).getResult();
}

/// The odd part comes first.
Value DotStep::partOf(const VectorCode &v, Value granules, int64_t part) const {
  if (means == Means::Bf16Fmas)
    return widenPair(v, granules, part == 0);
  if (means == Means::WordProducts)
    return asWords(v, widenBytes(v, granules, part == 0, isSigned));
  return granules;
}

Value DotStep::partOfRows(const VectorCode &v, const GranuleRows &rows, Value mask, Value rest, int64_t part) const {
  if (means != Means::Bf16Fmas)
    return partOf(v, ofRows(v, rows, mask, rest), part);
  Value at = v.add(rows.at, v.times(v.index(1 - part), rows.depthStride));
  Value bits = v.load(rows.memory, at, rows.columnStride, storageType(element), mask);
  bits = arith::ExtUIOp::create(v.builder, v.loc, v.type(v.builder.getI32Type()), bits);
  return arith::ShLIOp::create(v.builder, v.loc, bits, words(v, 16));
}

/// A product of two bytes fits 16 bits with its sign or 17, two of them 32.
static Value addWordProducts(const VectorCode &v, Value left, Value right, Value sum) {
  StringRef intrinsic = v.lanes == 16 ? "llvm.x86.avx512.pmaddw.d.512" : "llvm.x86.avx2.pmadd.wd";
  Type word = v.builder.getI16Type();
  Value products = call(v, intrinsic, sum.getType(), {bitcast(v, left, word), bitcast(v, right, word)});
  return arith::AddIOp::create(v.builder, v.loc, sum, products);
}

Value DotStep::add(const VectorCode &v, Value left, Value right, Value sum) const {
  for (int64_t part = 0; part < parts(); ++part)
    sum = addPart(v, partOf(v, left, part), partOf(v, right, part), sum);
  return sum;
}

Value DotStep::addPart(const VectorCode &v, Value left, Value right, Value sum) const {
  if (means == Means::Region)
    return v.cloneBody(product, {left, right, sum}, {})[0];
  if (means == Means::Fma)
    return math::FmaOp::create(v.builder, v.loc, left, right, sum);
  if (means == Means::ByteDots) {
    Value bytes[] = {bitcast(v, left, v.builder.getI8Type()), bitcast(v, right, v.builder.getI8Type())};
    if (!isSigned) // then the flipped left side is the signed one
      std::swap(bytes[0], bytes[1]);
    return call(v, "llvm.x86.avx512.vpdpbusd.512", sum.getType(), {sum, bytes[0], bytes[1]});
  }
  if (means == Means::WordProducts)
    return addWordProducts(v, left, right, sum);
  if (means == Means::Bf16Dots) {
    Type bf16 = v.builder.getBF16Type();
    Value operands[] = {sum, bitcast(v, left, bf16), bitcast(v, right, bf16)};
    return call(v, "llvm.x86.avx512bf16.dpbf16ps.512", sum.getType(), operands);
  }
  Type f32 = v.builder.getF32Type();
  return math::FmaOp::create(v.builder, v.loc, bitcast(v, left, f32), bitcast(v, right, f32), sum);
}

/// It changes a sum of -0, so LLVM keeps it.
Value DotStep::addNothing(const VectorCode &v, Value sum) const {
  Value zeros = arith::ConstantOp::create(v.builder, v.loc, v.builder.getZeroAttr(sum.getType()));
  return arith::AddFOp::create(v.builder, v.loc, sum, zeros);
}

/// Else LLVM reads what both parts multiply at the beginning of a step and keeps it, for which it moves sums to memory.
/// An empty instruction, of which it knows only that the sums and the place go through it and that it may change
/// memory, costs nothing and holds each product in its part.
Value DotStep::endPart(const VectorCode &v, Value at, MutableArrayRef<Value> sums) const {
  if (parts() == 1)
    return at;
  OpBuilder &b = v.builder;
  SmallVector<Value> through(sums);
  through.push_back(arith::IndexCastOp::create(b, v.loc, b.getI64Type(), at));
  std::string results, operands;
  for (auto [i, value] : llvm::enumerate(through)) {
    results += isa<VectorType>(value.getType()) ? "=v," : "=r,";
    operands += std::to_string(i) + ",";
  }
  auto all = LLVM::LLVMStructType::getLiteral(b.getContext(), llvm::to_vector(ValueRange(through).getTypes()));
  auto nothing = LLVM::InlineAsmOp::create(b, v.loc, TypeRange(all), through, "", results + operands + "~{memory}",
                                           /*has_side_effects=*/true, /*is_align_stack=*/false,
                                           LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr());
  for (auto [i, value] : llvm::enumerate(through))
    value = LLVM::ExtractValueOp::create(b, v.loc, nothing.getResult(0), ArrayRef<int64_t>{int64_t(i)});
  llvm::copy(ArrayRef(through).drop_back(), sums.begin());
  return arith::IndexCastOp::create(b, v.loc, b.getIndexType(), through.back());
}

SmallVector<Value> DotStep::addTile(const VectorCode &v, Value at, int64_t vectors, Granules left, Granules right,
                                    ValueRange sums) const {
  if (parts() > 1)
    return addParts(
        v, at, vectors, [&](Value at, int64_t i, int64_t part) { return partOf(v, left(at, i), part); }, right, sums);
  SmallVector<Value> columns, next;
  for (int64_t j = 0; j < vectors; ++j)
    columns.push_back(right(at, j));
  for (int64_t i = 0, rows = sums.size() / vectors; i < rows; ++i) {
    Value row = left(at, i);
    for (Value column : columns)
      next.push_back(add(v, row, column, sums[next.size()]));
  }
  return next;
}

SmallVector<Value> DotStep::addParts(const VectorCode &v, Value at, int64_t vectors, Parts left, Granules right,
                                     ValueRange sums) const {
  SmallVector<Value> next(sums);
  for (int64_t part = 0; part < parts(); ++part) {
    SmallVector<Value> columns;
    for (int64_t j = 0; j < vectors; ++j)
      columns.push_back(partOf(v, right(at, j), part));
    for (int64_t i = 0, rows = sums.size() / vectors; i < rows; ++i) {
      Value row = left(at, i, part);
      for (int64_t j = 0; j < vectors; ++j)
        next[i * vectors + j] = addPart(v, row, columns[j], next[i * vectors + j]);
    }
    at = endPart(v, at, next);
  }
  return next;
}

} // namespace batten
