// Lowering.h - what the families of the linalg lowering share.
//
// Takes one batten.func at a time; gives a func.func of the linalg form: natural-rank tensors, one linalg.generic a
// step of an op, sizes as arithmetic on the symbol arguments. Every family is a few free functions that lower one op
// and set the value of its result.
//
// Iteration dims are always the result's dims in order, then the reduced ones, so a result's map is an identity prefix
// and only the inputs state which iteration dims their own dims run along ("axes"). Broadcasting over the batch, an
// empty core and a spread are nothing but axes that an input lacks.
//
// A constant that has one value everywhere is not a tensor at all until somebody needs it as one: regions take it as a
// scalar, which saves the kernels an operand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_LOWER_LOWERING_H
#define BATTEN_COMPILER_LOWER_LOWERING_H

#include "dialect/Batten.h"
#include "dialect/Dims.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <map>

namespace batten {

using Extents = llvm::SmallVector<Dim>;
using Axes = llvm::SmallVector<unsigned>;

//===- Scalars (LowerScalars.cpp) ---------------------------------------------------------------------------------===//

/// What the linalg form keeps an element as: u8 is i8 there, everything else is itself.
mlir::Type storedAs(mlir::Type element);
/// The type that an element-wise op computes in: f32 for f16 and bf16, else the stored one.
mlir::Type computedAs(mlir::Type element);

/// `value` (of dtype `from`) as dtype `to`, by the rules of `as`.
mlir::Value castScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, mlir::Type from, mlir::Type to);
/// A term of a contraction: scalars[2] + scalars[0] * scalars[1], these of `dtype`, in accumulatorType(dtype).
mlir::Value multiplyAdd(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange scalars, mlir::Type dtype);
/// A size as a number of dtype `to`, rounded once.
mlir::Value castSize(mlir::OpBuilder &b, mlir::Location loc, mlir::Value size, mlir::Type to);
/// a / b and a % b of integers, defined for all operands: x / 0 is 0, x % 0 is x, the least number / -1 is itself.
mlir::Value divideIntegers(mlir::OpBuilder &b, mlir::Location loc, mlir::Value lhs, mlir::Value rhs, bool isUnsigned);
mlir::Value remainderOfIntegers(mlir::OpBuilder &b, mlir::Location loc, mlir::Value lhs, mlir::Value rhs,
                                bool isUnsigned);
/// `value` as an attribute of the stored type: 2.0 for f16, 2 for u8.
mlir::TypedAttr numberAttr(mlir::Type element, double value);

//===- Sizes (LowerSizes.cpp) -------------------------------------------------------------------------------------===//

/// Index values of dim polynomials at the head of a function, each made once.
class SizeBuilder {
public:
  /// Symbols are the index arguments that carry the attribute batten.symbol.
  explicit SizeBuilder(mlir::func::FuncOp function);

  mlir::Value value(const Dim &dim);
  /// The same, an attribute where the dim is a number.
  mlir::OpFoldResult size(const Dim &dim);
  llvm::SmallVector<mlir::OpFoldResult> sizes(llvm::ArrayRef<Dim> dims);

private:
  mlir::Value compute(const Dim &dim);
  mlir::Value constant(int64_t value);
  mlir::Value product(const DimTerm &term);
  mlir::Value factor(const Atom &atom);

  mlir::OpBuilder builder; ///< stands behind the sizes made so far
  mlir::Location loc;
  std::map<std::string, mlir::Value> symbols;
  std::map<Dim, mlir::Value> made;
};

//===- Functions (LowerFunctions.cpp) -----------------------------------------------------------------------------===//

/// An operand of a generic: dim i of the tensor runs along iteration dim axes[i]. A splat needs no tensor, and a
/// uniform value that the call decides has one of rank 0, filled with it, that no kernel writes.
struct Input {
  mlir::Value tensor;
  Axes axes;
  mlir::TypedAttr splat;
};

/// first, first + 1, ..., count of them.
Axes axisRange(unsigned first, unsigned count);

/// The region of a generic: from its scalars, a reduction's accumulator last, to the value that it yields.
using Region = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// The order of arithmetic in a reduction (dialect/NUMERICS.md), attribute batten.order of its generic.
struct Order {
  llvm::StringLiteral name;
  bool lanesInBlocks = false; ///< attribute batten.lanes: a block is summed by the lane tree, not as one chain
};
inline constexpr Order orderChain{"chain"}, orderPairs{"pairs"}, orderLanes{"lanes"}, orderBlocks{"blocks"},
    orderLaneBlocks{"blocks", true};

/// Of the sums of a contraction or convolution.
inline const Order &orderOfSums(mlir::Type dtype) { return dtype.isBF16() ? orderPairs : orderChain; }

/// One function on its way to linalg.
class FunctionLowering {
public:
  /// Makes an empty func.func in front of `source`.
  explicit FunctionLowering(FuncOp source);

  mlir::func::FuncOp target;
  mlir::OpBuilder builder; ///< stands at the end of the target
  SizeBuilder sizes;

  // What the batten values have become.
  mlir::Value tensor(mlir::Value source);          ///< in memory: what is uniform is then written there
  std::optional<Input> uniform(mlir::Value) const; ///< nullopt unless it is known to have one value everywhere
  mlir::TypedAttr splat(mlir::Value source) const; ///< the same, null also where the call decides the value
  void set(mlir::Value source, mlir::Value tensor) { tensors[source] = tensor; }
  void setUniform(mlir::Value source, Input value) { uniforms[source] = std::move(value); }

  // Shapes, over runtime symbols: static and computed ones are replaced by what they stand for.
  Dim dim(llvm::StringRef text) const;
  Extents batchExtents(TensorType type) const;
  Extents coreExtents(TensorType type) const;
  Extents extents(TensorType type) const; ///< batch, then core
  Extents values(llvm::ArrayRef<Dim> dims) const;
  mlir::RankedTensorType typeOf(llvm::ArrayRef<Dim> extents, mlir::Type element) const;

  /// `source` as an input whose batch dims run along the iteration dims named so in `batch` (the first ones) and whose
  /// core dims run along `core`.
  Input input(mlir::Value source, llvm::ArrayRef<mlir::StringAttr> batch, llvm::ArrayRef<unsigned> core);
  /// The same, never uniform: where the iteration space is known by its operands only.
  Input tensorInput(mlir::Value source, llvm::ArrayRef<mlir::StringAttr> batch, llvm::ArrayRef<unsigned> core);

  // Operations.
  mlir::Value empty(mlir::Location loc, llvm::ArrayRef<Dim> extents, mlir::Type element);
  mlir::Value fill(mlir::Location loc, llvm::ArrayRef<Dim> extents, mlir::TypedAttr value);
  /// One element at each point of `extents`.
  mlir::Value pointwise(mlir::Location loc, llvm::ArrayRef<Input> inputs, llvm::ArrayRef<Dim> extents,
                        mlir::Type element, Region region);
  /// The same with `numReduced` further iteration dims, folded from `identity`.
  mlir::Value reduction(mlir::Location loc, llvm::ArrayRef<Input> inputs, llvm::ArrayRef<Dim> extents,
                        unsigned numReduced, mlir::TypedAttr identity, const Order &order, Region region);
  /// The elements of `input` in memory of their own.
  mlir::Value copy(mlir::Location loc, const Input &input, llvm::ArrayRef<Dim> extents, mlir::Type element);
  /// The same element type, or a generic that casts.
  mlir::Value castTo(mlir::Location loc, mlir::Value tensor, llvm::ArrayRef<Dim> extents, mlir::Type from,
                     mlir::Type to);
  /// A size as a scalar operand: a splat where it is a number, else a tensor of rank 0 filled with it.
  Input number(mlir::Location loc, const Dim &value, mlir::Type element);

private:
  mlir::Value generic(mlir::Location loc, llvm::ArrayRef<Input> inputs, mlir::Value init, unsigned numReduced,
                      const Order &order, Region region);

  std::map<std::string, Dim> definitions;
  llvm::DenseMap<mlir::Value, mlir::Value> tensors;
  llvm::DenseMap<mlir::Value, Input> uniforms;
};

//===- Families ---------------------------------------------------------------------------------------------------===//
// Each sets the lowered value of the op's result, or fails with "is not compiled yet" at its location.

llvm::LogicalResult notCompiled(mlir::Operation *op);

llvm::LogicalResult lowerElementwise(mlir::Operation *op, FunctionLowering &lowering); // every op of that .td

llvm::LogicalResult lowerMatmul(MatmulOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerLinear(LinearOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerOuter(OuterOp op, FunctionLowering &lowering);

llvm::LogicalResult lowerReduce(ReduceOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerReduceBatch(ReduceBatchOp op, FunctionLowering &lowering);

llvm::LogicalResult lowerSoftmax(SoftmaxOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerLogSoftmax(LogSoftmaxOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerLayerNorm(LayerNormOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerRmsNorm(RmsNormOp op, FunctionLowering &lowering);

llvm::LogicalResult lowerCrossEntropy(CrossEntropyOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerMse(MseOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerBce(BceOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerSqNorm(SqNormOp op, FunctionLowering &lowering);

llvm::LogicalResult lowerArgmax(ArgmaxOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerAttention(AttentionOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerTopk(TopkOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerCumsum(CumsumOp op, FunctionLowering &lowering);

llvm::LogicalResult lowerConstant(ConstantOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerFill(FillOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerDim(DimOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerIota(IotaOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerSpread(SpreadOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerTranspose(TransposeOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerRearrange(RearrangeOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerSlice(SliceOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerConcat(ConcatOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerStack(StackOp op, FunctionLowering &lowering);

llvm::LogicalResult lowerConv2d(Conv2dOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerMaxPool2d(MaxPool2dOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerAvgPool2d(AvgPool2dOp op, FunctionLowering &lowering);

llvm::LogicalResult lowerEmbed(EmbedOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerUpdate(UpdateOp op, FunctionLowering &lowering);
llvm::LogicalResult lowerRope(RopeOp op, FunctionLowering &lowering);

//===- Views (LowerShapes.cpp) ------------------------------------------------------------------------------------===//

/// Dim i of `tensor` becomes counts[i] dims; `extents` are those of the result.
mlir::Value expand(mlir::Location loc, mlir::Value tensor, llvm::ArrayRef<int64_t> counts, llvm::ArrayRef<Dim> extents,
                   FunctionLowering &lowering);
/// counts[i] dims of `tensor`, which is dense, become dim i.
mlir::Value collapse(mlir::Location loc, mlir::Value tensor, llvm::ArrayRef<int64_t> counts,
                     llvm::ArrayRef<Dim> extents, FunctionLowering &lowering);

//===- Steps of reductions (LowerReductions.cpp) ------------------------------------------------------------------===//

/// One operand and the dims that it is folded over, core or batch.
struct Folding {
  mlir::Location loc;
  Input x;          ///< axes: the result's dims, then the reduced ones
  mlir::Type dtype; ///< of x
  Extents extents;  ///< of the result
  Extents reduced;  ///< of the reduced dims
  Order order;
};

/// The lesser or greater of two numbers of `dtype`, NaN wins; and what every number of it is no less or greater than.
mlir::Value extremeOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Type dtype, mlir::Value lhs, mlir::Value rhs,
                      bool least);
mlir::TypedAttr extremeAttr(mlir::Type dtype, bool greatest);
/// The sum of x; of x * x, or of (x - mean) * (x - mean) by multiply-adds. In the accumulator's type.
mlir::Value foldSum(const Folding &folding, FunctionLowering &lowering);
mlir::Value foldSquares(const Folding &folding, mlir::Value mean, FunctionLowering &lowering);
/// The least or greatest x, as a number of dtype `as`, which has all of x's; NaN wins.
mlir::Value foldExtreme(const Folding &folding, bool least, mlir::Type as, FunctionLowering &lowering);
/// total / (number of reduced elements - correction), rounded to dtype `to`.
mlir::Value divideByCount(const Folding &folding, mlir::Value total, int64_t correction, mlir::Type to,
                          FunctionLowering &lowering);
/// A whole reduction of this kind, in dtype `to`.
mlir::Value fold(const Folding &folding, llvm::StringRef kind, int64_t correction, mlir::Type to,
                 FunctionLowering &lowering);

//===- Steps along rows (LowerNormalise.cpp) ----------------------------------------------------------------------===//

/// Rows along one core dim: the operand, and the iteration spaces with and without that dim.
struct RowSpace {
  Input whole; ///< the operand in the space of all elements
  Axes perRow; ///< axes of a value a row in that space
  Axes folded; ///< axes of a whole tensor where the row's dim is the reduction
  Extents extents, rowExtents, length;
  mlir::Type dtype, accumulator;
};
/// Of `source` in the batch and core of `type`, whose core is the operand's.
RowSpace rowsAlong(mlir::Value source, TensorType type, unsigned dim, FunctionLowering &lowering);
/// `input`, which is in the space of all elements, folded along the rows.
Folding alongRows(mlir::Location loc, const RowSpace &rows, Input input, mlir::Type dtype);
/// x - m of the scalars x and m, in the accumulator's type.
mlir::Value shifted(mlir::OpBuilder &b, mlir::Location loc, const RowSpace &rows, mlir::ValueRange scalars);

/// The greatest element of each row, exp(x - max), and the sum of these. `toBf16`: by the short exponential.
struct SoftmaxSteps {
  mlir::Value max, exps, total;
};
SoftmaxSteps softmaxSteps(mlir::Location loc, const RowSpace &rows, bool toBf16, FunctionLowering &lowering);
/// The logarithm of one value a row.
mlir::Value logarithm(mlir::Location loc, const RowSpace &rows, mlir::Value perRow, FunctionLowering &lowering);

} // namespace batten
#endif // BATTEN_COMPILER_LOWER_LOWERING_H
