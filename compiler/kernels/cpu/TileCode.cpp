// TileCode.cpp - see TileCode.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/TileCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace batten {

Value TileCode::shape(int64_t size) const {
  return arith::ConstantOp::create(builder, loc, builder.getI16IntegerAttr(int16_t(size)));
}

Value TileCode::number(Value index) const {
  return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
}

/// A place in a memref as LLVM's intrinsics take it.
Value TileCode::pointer(Value memory, Value byte) const {
  auto address = [&](Value index) {
    return LLVM::IntToPtrOp::create(builder, loc, LLVM::LLVMPointerType::get(builder.getContext()), number(index));
  };
  Value base = address(memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, memory));
  return LLVM::GEPOp::create(builder, loc, base.getType(), builder.getI8Type(), base, ValueRange{number(byte)});
}

Value TileCode::call(StringRef intrinsic, ValueRange operands) const {
  auto type = LLVM::LLVMX86AMXType::get(builder.getContext());
  auto name = builder.getStringAttr(intrinsic);
  return LLVM::CallIntrinsicOp::create(builder, loc, type, name, operands).getResult(0);
}

Value TileCode::zero() const { return call("llvm.x86.tilezero.internal", {shape(amxTileRows), shape(tileRowBytes)}); }

Value TileCode::load(Value memory, Value byte, Value rowBytes) const {
  return call("llvm.x86.tileloadd64.internal",
              {shape(amxTileRows), shape(tileRowBytes), pointer(memory, byte), number(rowBytes)});
}

void TileCode::store(Value tile, Value memory, Value byte, Value rowBytes) const {
  Value operands[] = {shape(amxTileRows), shape(tileRowBytes), pointer(memory, byte), number(rowBytes), tile};
  LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr("llvm.x86.tilestored64.internal"), operands);
}

Value TileCode::multiply(Value sum, Value left, Value right, Type element, bool isSigned) const {
  StringRef intrinsic = element.isBF16() ? "llvm.x86.tdpbf16ps.internal"
                        : isSigned       ? "llvm.x86.tdpbssd.internal"
                                         : "llvm.x86.tdpbuud.internal";
  return call(intrinsic, {shape(amxTileRows), shape(tileRowBytes), shape(tileRowBytes), sum, left, right});
}

} // namespace batten
