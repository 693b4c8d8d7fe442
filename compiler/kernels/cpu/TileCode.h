// TileCode.h - AMX tiles of 16 rows of 64 bytes, named as LLVM intrinsics like other instructions.
//
// All tiles have one shape, so that a kernel has one configuration, which LLVM puts around its tiles. A tile is no
// value like others: multiply() takes its sum over, which must not be used again, so that what spells tiles out may
// keep them in memory.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_TILECODE_H
#define BATTEN_COMPILER_KERNELS_CPU_TILECODE_H

#include "mlir/IR/Builders.h"

namespace batten {

inline constexpr int64_t amxTileRows = 16, tileRowBytes = 64, tileBytes = amxTileRows * tileRowBytes;

struct TileCode {
  mlir::OpBuilder &builder;
  mlir::Location loc;

  /// Zeros.
  mlir::Value zero() const;
  /// Rows `rowBytes` (an index value) apart, from `byte` bytes into `memory` on.
  mlir::Value load(mlir::Value memory, mlir::Value byte, mlir::Value rowBytes) const;
  void store(mlir::Value tile, mlir::Value memory, mlir::Value byte, mlir::Value rowBytes) const;
  /// sum + left right, of elements of bf16 or bytes: granules of a row of the left side meet rows of the right one.
  mlir::Value multiply(mlir::Value sum, mlir::Value left, mlir::Value right, mlir::Type element, bool isSigned) const;

private:
  mlir::Value call(mlir::StringRef intrinsic, mlir::ValueRange operands) const;
  mlir::Value shape(int64_t size) const;
  mlir::Value pointer(mlir::Value memory, mlir::Value byte) const;
  mlir::Value number(mlir::Value index) const;
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_TILECODE_H
