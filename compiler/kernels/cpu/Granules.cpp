// Granules.cpp - see Granules.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Granules.h"
#include "compiler/kernels/Kernels.h"
#include "dialect/Batten.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

int64_t granuleElements(Type element) { return element.isBF16() ? 2 : element.isInteger(8) ? 4 : 1; }

/// a0 b0 a1 b1 ..
static Value interleave(const VectorCode &v, Value a, Value b) {
  int64_t lanes = cast<VectorType>(a.getType()).getNumElements();
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < lanes; ++i)
    order.append({i, lanes + i});
  return vector::ShuffleOp::create(v.builder, v.loc, a, b, order);
}

static Value isBefore(const VectorCode &v, int64_t element, Value rest) {
  return arith::CmpIOp::create(v.builder, v.loc, arith::CmpIPredicate::ult, v.index(element), rest);
}

Value loadGranules(const VectorCode &v, const GranuleRows &rows, Value mask, Value rest) {
  int64_t count = granuleElements(rows.element);
  if (count == 1)
    return v.toStorage(v.load(rows.memory, rows.at, rows.columnStride, rows.element, mask));
  SmallVector<Value> loaded;
  for (int64_t i = 0; i < count; ++i) {
    Value inside = mask;
    if (rest && i > 0) { // there is a first one
      inside = v.splat(isBefore(v, i, rest));
      if (mask)
        inside = arith::AndIOp::create(v.builder, v.loc, mask, inside);
    }
    Value at = v.add(rows.at, v.times(v.index(i), rows.depthStride));
    loaded.push_back(v.load(rows.memory, at, rows.columnStride, storageType(rows.element), inside));
  }
  // Halves first: elements 0 and 2, then 1 and 3, then both.
  for (; loaded.size() > 1; loaded.resize(loaded.size() / 2))
    for (size_t i = 0, half = loaded.size() / 2; i < half; ++i)
      loaded[i] = interleave(v, loaded[i], loaded[i + half]);
  return loaded.front();
}

/// Elements that lie apart, or of which some are missing, put together in a register.
static Value gatherGranule(const VectorCode &v, Value memory, Value at, Value stride, Type element, Value rest) {
  OpBuilder &b = v.builder;
  Type word = b.getI32Type();
  int64_t count = granuleElements(element);
  Value granule = arith::ConstantIntOp::create(b, v.loc, word, 0);
  for (int64_t i = 0; i < count; ++i) {
    Value from = v.add(at, v.times(v.index(i), stride)), inside;
    if (rest && i > 0) { // reads the first one instead of what is not there
      inside = isBefore(v, i, rest);
      from = arith::SelectOp::create(b, v.loc, inside, from, at);
    }
    Value bits = arith::ExtUIOp::create(b, v.loc, word, v.loadScalar(memory, from, storageType(element)));
    if (inside) {
      Value none = arith::ConstantIntOp::create(b, v.loc, word, 0);
      bits = arith::SelectOp::create(b, v.loc, inside, bits, none);
    }
    Value shift = arith::ConstantIntOp::create(b, v.loc, word, i * 32 / count);
    granule = arith::OrIOp::create(b, v.loc, granule, arith::ShLIOp::create(b, v.loc, bits, shift));
  }
  return granule;
}

/// A row of an odd number of elements is read as well as one of whole granules: x86 needs no alignment.
Value splatGranule(const VectorCode &v, Value memory, Value at, Value stride, Type element, Value rest) {
  OpBuilder &b = v.builder;
  if (rest || constantIndex(stride) != 1)
    return v.splat(gatherGranule(v, memory, at, stride, element, rest));
  auto elements = VectorType::get({granuleElements(element)}, storageType(element));
  Value loaded = vector::LoadOp::create(b, v.loc, elements, memory, ValueRange{at});
  Value granule = vector::BitCastOp::create(b, v.loc, VectorType::get({1}, b.getI32Type()), loaded);
  return v.splat(vector::ExtractOp::create(b, v.loc, granule, ArrayRef<int64_t>{0}));
}

} // namespace batten
