// Kernels.h - the kernel builders: what the schedule may ask for.
//
// A group arrives as an outlined function on tensors: index arguments (attribute batten.symbol), tensor arguments and
// results (attribute batten.dims), a body of linalg.generic, fills and views. A builder leaves it as it is and makes
//   func.func @NAME(%begin, %end, %sizes..., %pointers of the tensor arguments, then of the results, %scratch)
// beside it: the same computation restricted to [begin, end) of its range, on bare pointers (rank-0 memrefs).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_KERNELS_H
#define BATTEN_COMPILER_KERNELS_KERNELS_H

#include "compiler/kernels/Access.h"
#include "dialect/Numerics.h"

namespace batten {

/// The type that a tensor element has in memory: i1 is a byte; f16 and bf16 are i16, because a masked load or a select
/// of them makes LLVM call a library where the CPU has no arithmetic on them; everything else is itself.
mlir::Type storageType(mlir::Type element);
inline int64_t elementBytes(mlir::Type element) { return storageType(element).getIntOrFloatBitWidth() / 8; }

inline constexpr int64_t lineBytes = 64; ///< of a cache line
/// Pixels a multiple of this many bytes apart meet in a few sets of L1, which hold less than a tile's: such a pixel is
/// a line longer.
inline constexpr int64_t conflictBytes = 1024;

/// What a builder may know of the CPU. It changes tiles and speed, never the order of arithmetic; whether subnormals
/// are flushed, only where dialect/NUMERICS.md says so.
struct Level {
  std::string name;               ///< LLVM CPU name: "x86-64-v3", "znver5"
  int64_t vectorBytes = 32;       ///< of the widest register
  int64_t tileRows = 6;           ///< rows of the f32 register tile
  int64_t tileVectors = 2;        ///< vectors of the f32 register tile
  int64_t cacheBytesL1 = 32768;   ///< data cache a core
  int64_t cacheBytesL2 = 1048576; ///< a core
  int64_t cacheBytesL3 = 33554432;
  bool usesBf16Dots = false; ///< sums of bf16 by VDPBF16PS: where it is there and the fastest way to them
  bool hasVnni = false;      ///< VPDPBUSD on whole registers
  bool hasTiles = false;     ///< AMX: products of tiles of bf16 and of bytes

  // What comes with registers of 64 bytes: AVX-512.
  int64_t vectorRegisters() const { return vectorBytes == 64 ? 32 : 16; }
  bool hasManyRegisters() const { return vectorRegisters() == 32; }
  bool hasCompress() const { return vectorBytes == 64; } ///< moves the lanes of a mask side by side
  bool hasLongMin() const { return vectorBytes == 64; }  ///< the least of 64-bit integers by one instruction
  bool hasScale() const { return vectorBytes == 64; }    ///< multiplies floats by powers of two by one instruction

  /// Steps of the depth side by side in the loop of a tall tile: what addresses and prefetches take, once for all of
  /// them. Zen 3 beside a busy neighbour, with which it shares the decoding of instructions, products: 0.87 to 0.92 of
  /// the time; alone 1. The wider registers of AVX-512 have twice the multiply-adds in a step.
  int64_t stepsTogether() const { return hasManyRegisters() ? 1 : 4; }
  /// Pixels of a convolution's register tile of `vectors` vectors of outputs: the rest of the registers, but for the
  /// vectors of weights and one of a pixel.
  int64_t convolutionPixels(int64_t vectors) const { return (vectorRegisters() - 1 - vectors) / vectors; }
  /// Elements of one register; bool counts as a byte.
  int64_t lanes(mlir::Type element) const { return vectorBytes / elementBytes(element); }
};

/// A kernel and how to launch it: over [0, range), cut anywhere, with `scratch` bytes a thread.
struct Kernel {
  mlir::func::FuncOp function;
  Dim range;
  Dim work; ///< of all the range, in multiply-adds of f32 that take about as long: what is worth a thread's while
  Dim scratchBytes;
};

/// Rows: element-wise operations, reductions over core dims and anything made of them that runs one row at a time.
mlir::FailureOr<Kernel> buildRows(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// A reduction over batch dims in blocks of 256 positions.
mlir::FailureOr<Kernel> buildBatchReduction(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// Operands side by side on the last dim.
mlir::FailureOr<Kernel> buildConcat(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// linalg.pack of a contraction's right-hand side into panels.
mlir::FailureOr<Kernel> buildPack(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// Rows of a table picked by number; rows of the destination replaced by number.
mlir::FailureOr<Kernel> buildGatherRows(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
mlir::FailureOr<Kernel> buildUpdateRows(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// batten.scan: sums of the first elements along a dim.
mlir::FailureOr<Kernel> buildScan(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// batten.greatest: the k greatest elements along a dim.
mlir::FailureOr<Kernel> buildGreatest(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// A contraction with an element-wise epilogue on its accumulators: register tiles over packed panels.
mlir::FailureOr<Kernel> buildTiledContraction(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// A contraction whose right-hand side is row-major, small, and read where it lies.
mlir::FailureOr<Kernel> buildInPlaceContraction(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// A contraction of few rows whose right-hand side is row-major, and read where it lies, row by row.
mlir::FailureOr<Kernel> buildFewRowsContraction(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// A contraction of bf16 or of bytes by products of AMX tiles.
mlir::FailureOr<Kernel> buildTileProducts(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// Softmax of products with keys, times values, a block of queries at a time.
mlir::FailureOr<Kernel> buildAttention(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);

/// A convolution with an element-wise epilogue on its accumulators: outputs in lanes, of packed weights.
mlir::FailureOr<Kernel> buildOutputConvolution(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// The same with pixels in lanes: few outputs, or a number of them that only the call knows.
mlir::FailureOr<Kernel> buildPixelConvolution(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// A convolution of bf16 or of bytes by products of AMX tiles.
mlir::FailureOr<Kernel> buildTileConvolution(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);
/// A pool likewise.
mlir::FailureOr<Kernel> buildPool(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);

/// The empty kernel of a group: signature, one-dimensional views of its pointers, sizes. Shared by all builders.
class KernelFrame {
public:
  KernelFrame(mlir::func::FuncOp group, mlir::StringRef name, const Level &level);

  mlir::func::FuncOp function;
  mlir::OpBuilder builder; ///< stands at the end of the body, before the return
  mlir::Value begin, end;
  mlir::Value scratch; ///< memref<?xi8>, this thread's

  /// memref<?xT> of a tensor argument of the group, of its storageType.
  mlir::Value memory(mlir::Value tensorArgument) const { return memories.lookup(tensorArgument); }
  /// memref<?xT> of the group's result `index`.
  mlir::Value resultMemory(unsigned index) const { return results[index]; }
  /// A dim polynomial as an index value at the builder's place.
  mlir::Value size(const Dim &dim) { return sizes.get(builder, function.getLoc(), dim); }
  /// The kernel's sums are of this order, which some levels only have: the program's id will say so.
  void setRoute(Bf16Sums sums);
  /// memref<?xT> at a byte offset of the scratch.
  mlir::Value scratchView(mlir::Value byteOffset, mlir::Type element);
  mlir::Value scratchView(const Dim &byteOffset, mlir::Type element) { return scratchView(size(byteOffset), element); }

private:
  llvm::DenseMap<mlir::Value, mlir::Value> memories;
  llvm::SmallVector<mlir::Value> results;
  SizeValues sizes{{}};
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_KERNELS_H
