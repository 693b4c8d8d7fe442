// LowerFunctions.cpp - batten-lower: every batten.func becomes a func.func in the linalg form; see Lowering.h.
//
// The symbols become index arguments, the tensors natural-rank builtin ones (u8 is i8 from here on; batten.type keeps
// what it was), the attributes go along. Functions are straight-line code, so ops are lowered in program order, each by
// its family.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Passes.h"
#include "compiler/lower/Lowering.h"
#include "dialect/LaunchTimes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace batten {
#define GEN_PASS_DEF_LOWERTOLINALG
#include "compiler/Passes.h.inc"

LogicalResult notCompiled(Operation *op) { return op->emitOpError("is not compiled yet"); }

static LogicalResult lowerOp(Operation *op, FunctionLowering &lowering) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](MatmulOp op) { return lowerMatmul(op, lowering); })
      .Case([&](LinearOp op) { return lowerLinear(op, lowering); })
      .Case([&](OuterOp op) { return lowerOuter(op, lowering); })
      .Case([&](ReduceOp op) { return lowerReduce(op, lowering); })
      .Case([&](ReduceBatchOp op) { return lowerReduceBatch(op, lowering); })
      .Case([&](SoftmaxOp op) { return lowerSoftmax(op, lowering); })
      .Case([&](LogSoftmaxOp op) { return lowerLogSoftmax(op, lowering); })
      .Case([&](LayerNormOp op) { return lowerLayerNorm(op, lowering); })
      .Case([&](RmsNormOp op) { return lowerRmsNorm(op, lowering); })
      .Case([&](CrossEntropyOp op) { return lowerCrossEntropy(op, lowering); })
      .Case([&](MseOp op) { return lowerMse(op, lowering); })
      .Case([&](BceOp op) { return lowerBce(op, lowering); })
      .Case([&](SqNormOp op) { return lowerSqNorm(op, lowering); })
      .Case([&](ArgmaxOp op) { return lowerArgmax(op, lowering); })
      .Case([&](AttentionOp op) { return lowerAttention(op, lowering); })
      .Case([&](TopkOp op) { return lowerTopk(op, lowering); })
      .Case([&](CumsumOp op) { return lowerCumsum(op, lowering); })
      .Case([&](Conv2dOp op) { return lowerConv2d(op, lowering); })
      .Case([&](MaxPool2dOp op) { return lowerMaxPool2d(op, lowering); })
      .Case([&](AvgPool2dOp op) { return lowerAvgPool2d(op, lowering); })
      .Case([&](ConstantOp op) { return lowerConstant(op, lowering); })
      .Case([&](FillOp op) { return lowerFill(op, lowering); })
      .Case([&](DimOp op) { return lowerDim(op, lowering); })
      .Case([&](IotaOp op) { return lowerIota(op, lowering); })
      .Case([&](SpreadOp op) { return lowerSpread(op, lowering); })
      .Case([&](TransposeOp op) { return lowerTranspose(op, lowering); })
      .Case([&](RearrangeOp op) { return lowerRearrange(op, lowering); })
      .Case([&](SliceOp op) { return lowerSlice(op, lowering); })
      .Case([&](ConcatOp op) { return lowerConcat(op, lowering); })
      .Case([&](StackOp op) { return lowerStack(op, lowering); })
      .Case([&](EmbedOp op) { return lowerEmbed(op, lowering); })
      .Case([&](UpdateOp op) { return lowerUpdate(op, lowering); })
      .Case([&](RopeOp op) { return lowerRope(op, lowering); })
      .Case<NegOp, NotOp, AbsOp, ReluOp, GeluOp, SiluOp, TanhOp, SigmoidOp, ExpOp, LogOp, SqrtOp, RsqrtOp, SinOp, CosOp,
            SoftplusOp, CastOp>([&](Operation *op) { return lowerElementwise(op, lowering); })
      .Case<AddOp, SubOp, MulOp, DivOp, RemOp, PowOp, MaxOp, MinOp, AndOp, OrOp, EqOp, NeOp, LtOp, LeOp, GtOp, GeOp,
            SelectOp>([&](Operation *op) { return lowerElementwise(op, lowering); })
      .Default([](Operation *op) { return notCompiled(op); });
}

//===- The function and its arguments -----------------------------------------------------------------------------===//

static ArrayAttr dimTexts(Builder &b, ArrayRef<Dim> dims) {
  return b.getArrayAttr(
      llvm::map_to_vector(dims, [&](const Dim &dim) -> Attribute { return b.getStringAttr(dim.str()); }));
}

static RankedTensorType plainType(ArrayRef<Dim> extents, Type element) {
  auto shape =
      llvm::map_to_vector(extents, [](const Dim &dim) { return dim.constantValue().value_or(ShapedType::kDynamic); });
  return RankedTensorType::get(shape, element);
}

static Dim withValues(const Dim &dim, const std::map<std::string, Dim> &values) {
  return values.empty() ? dim : dim.substitute(values);
}

static Extents extentsOf(TensorType type, const std::map<std::string, Dim> &values) {
  return llvm::map_to_vector(type.dims(), [&](const Dim &dim) { return withValues(dim, values); });
}

/// Symbols get their name, tensors their dims and what type they were; all else stays.
static DictionaryAttr valueAttributes(Builder &b, DictionaryAttr given, TensorType type, ArrayRef<Dim> extents) {
  NamedAttrList attributes(given);
  attributes.set(attr::dims, dimTexts(b, extents));
  attributes.set("batten.type", TypeAttr::get(type));
  return attributes.getDictionary(b.getContext());
}

static func::FuncOp makeTarget(FuncOp source) {
  OpBuilder b(source);
  std::map<std::string, Dim> values = source.definitions();
  SmallVector<Type> inputs, results;
  SmallVector<DictionaryAttr> inputAttributes, resultAttributes;
  for (SymbolAttr symbol : source.getSymbols().getAsRange<SymbolAttr>())
    if (symbol.isRuntime()) {
      inputs.push_back(b.getIndexType());
      inputAttributes.push_back(b.getDictionaryAttr(b.getNamedAttr(attr::symbol, symbol.getName())));
    }
  for (BlockArgument argument : source.getTensorArguments()) {
    auto type = cast<TensorType>(argument.getType());
    Extents extents = extentsOf(type, values);
    inputs.push_back(plainType(extents, storedAs(type.getElementType())));
    DictionaryAttr given = mlir::function_interface_impl::getArgAttrDict(source, argument.getArgNumber());
    inputAttributes.push_back(valueAttributes(b, given, type, extents));
  }
  for (auto [i, result] : llvm::enumerate(source.getResultTypes())) {
    auto type = cast<TensorType>(result);
    Extents extents = extentsOf(type, values);
    results.push_back(plainType(extents, storedAs(type.getElementType())));
    DictionaryAttr given = mlir::function_interface_impl::getResultAttrDict(source, i);
    resultAttributes.push_back(valueAttributes(b, given, type, extents));
  }
  auto target = func::FuncOp::create(b, source.getLoc(), source.getSymName(), b.getFunctionType(inputs, results));
  target.setAllArgAttrs(inputAttributes);
  target.setAllResultAttrs(resultAttributes);
  for (NamedAttribute attribute : source->getAttrs())
    if (!target->hasAttr(attribute.getName()))
      target->setAttr(attribute.getName(), attribute.getValue());
  target.addEntryBlock();
  return target;
}

FunctionLowering::FunctionLowering(FuncOp source)
    : target(makeTarget(source)), builder(OpBuilder::atBlockEnd(&target.getBody().front())), sizes(target),
      definitions(source.definitions()) {
  for (auto [from, to] : llvm::zip_equal(source.getBody().getArguments(), target.getArguments()))
    set(from, to);
}

//===- Values and shapes ------------------------------------------------------------------------------------------===//

/// What is uniform is written by a generic: fills are the inits of reductions and no buffer of their own.
Value FunctionLowering::tensor(Value source) {
  if (Value found = tensors.lookup(source))
    return found;
  auto type = cast<TensorType>(source.getType());
  Value made = copy(source.getLoc(), uniforms.at(source), extents(type), storedAs(type.getElementType()));
  set(source, made);
  return made;
}

std::optional<Input> FunctionLowering::uniform(Value source) const {
  auto found = uniforms.find(source);
  return found == uniforms.end() ? std::nullopt : std::optional(found->second);
}

TypedAttr FunctionLowering::splat(Value source) const { return uniforms.lookup(source).splat; }

Dim FunctionLowering::dim(StringRef text) const { return withValues(*Dim::parse(text), definitions); }

Extents FunctionLowering::extents(TensorType type) const { return extentsOf(type, definitions); }

Extents FunctionLowering::values(ArrayRef<Dim> dims) const {
  return llvm::map_to_vector(dims, [&](const Dim &dim) { return withValues(dim, definitions); });
}

RankedTensorType FunctionLowering::typeOf(ArrayRef<Dim> extents, Type element) const {
  return plainType(extents, element);
}

Extents FunctionLowering::batchExtents(TensorType type) const {
  Extents all = extents(type);
  all.truncate(type.batchRank());
  return all;
}

Extents FunctionLowering::coreExtents(TensorType type) const {
  return llvm::to_vector(ArrayRef<Dim>(extents(type)).drop_front(type.batchRank()));
}

Axes axisRange(unsigned first, unsigned count) { return llvm::to_vector(llvm::seq(first, first + count)); }

Input FunctionLowering::input(Value source, ArrayRef<StringAttr> batch, ArrayRef<unsigned> core) {
  if (std::optional<Input> value = uniform(source))
    return *value;
  return tensorInput(source, batch, core);
}

Input FunctionLowering::tensorInput(Value source, ArrayRef<StringAttr> batch, ArrayRef<unsigned> core) {
  Axes axes;
  for (StringAttr name : cast<TensorType>(source.getType()).getBatch())
    axes.push_back(llvm::find(batch, name) - batch.begin());
  llvm::append_range(axes, core);
  return {tensor(source), axes, {}};
}

//===- Operations -------------------------------------------------------------------------------------------------===//

Value FunctionLowering::empty(Location loc, ArrayRef<Dim> extents, Type element) {
  return tensor::EmptyOp::create(builder, loc, sizes.sizes(extents), element);
}

Value FunctionLowering::fill(Location loc, ArrayRef<Dim> extents, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(builder, loc, value);
  return linalg::FillOp::create(builder, loc, scalar, empty(loc, extents, value.getType())).getResult(0);
}

/// Splats are constants within the region; those that the region saw through (an extended bf16) vanish again.
static void buildRegion(OpBuilder &b, Location loc, ArrayRef<Input> inputs, bool reduces, ValueRange arguments,
                        Region region) {
  SmallVector<Value> scalars;
  unsigned next = 0;
  for (const Input &input : inputs)
    scalars.push_back(input.splat ? arith::ConstantOp::create(b, loc, input.splat).getResult() : arguments[next++]);
  if (reduces)
    scalars.push_back(arguments.back());
  linalg::YieldOp::create(b, loc, region(b, loc, scalars));
  for (auto [input, scalar] : llvm::zip(inputs, scalars))
    if (input.splat && scalar.use_empty())
      scalar.getDefiningOp()->erase();
}

Value FunctionLowering::generic(Location loc, ArrayRef<Input> inputs, Value init, unsigned numReduced,
                                const Order &order, Region region) {
  unsigned rank = cast<RankedTensorType>(init.getType()).getRank(), numDims = rank + numReduced;
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (const Input &input : inputs)
    if (!input.splat) {
      operands.push_back(input.tensor);
      maps.push_back(AffineMap::getMultiDimMapWithTargets(numDims, input.axes, builder.getContext()));
    }
  maps.push_back(AffineMap::getMultiDimMapWithTargets(numDims, axisRange(0, rank), builder.getContext()));
  SmallVector<utils::IteratorType> iterators(numDims, utils::IteratorType::parallel);
  std::fill(iterators.begin() + rank, iterators.end(), utils::IteratorType::reduction);
  auto op = linalg::GenericOp::create(builder, loc, init.getType(), operands, init, maps, iterators,
                                      [&](OpBuilder &b, Location, ValueRange arguments) {
                                        buildRegion(b, loc, inputs, numReduced > 0, arguments, region);
                                      });
  if (numReduced > 0)
    op->setAttr(attr::order, builder.getStringAttr(order.name));
  if (numReduced > 0 && order.lanesInBlocks)
    op->setAttr(attr::lanes, builder.getUnitAttr());
  return op.getResult(0);
}

Value FunctionLowering::pointwise(Location loc, ArrayRef<Input> inputs, ArrayRef<Dim> extents, Type element,
                                  Region region) {
  return generic(loc, inputs, empty(loc, extents, element), 0, orderChain, region);
}

Value FunctionLowering::reduction(Location loc, ArrayRef<Input> inputs, ArrayRef<Dim> extents, unsigned numReduced,
                                  TypedAttr identity, const Order &order, Region region) {
  return generic(loc, inputs, fill(loc, extents, identity), numReduced, order, region);
}

Value FunctionLowering::copy(Location loc, const Input &input, ArrayRef<Dim> extents, Type element) {
  return pointwise(loc, input, extents, element, [](OpBuilder &, Location, ValueRange scalars) { return scalars[0]; });
}

Value FunctionLowering::castTo(Location loc, Value tensor, ArrayRef<Dim> extents, Type from, Type to) {
  if (from == to)
    return tensor;
  Input input{tensor, axisRange(0, extents.size()), {}};
  return pointwise(loc, input, extents, storedAs(to), [&](OpBuilder &b, Location loc, ValueRange scalars) {
    return castScalar(b, loc, scalars[0], from, to);
  });
}

Input FunctionLowering::number(Location loc, const Dim &value, Type element) {
  if (std::optional<int64_t> constant = value.constantValue())
    return {{}, {}, numberAttr(element, *constant)};
  Value scalar = castSize(builder, loc, sizes.value(value), element);
  Value place = empty(loc, {}, storedAs(element));
  return {linalg::FillOp::create(builder, loc, scalar, place).getResult(0), {}, {}};
}

//===- The pass ---------------------------------------------------------------------------------------------------===//

static void lowerReturn(ReturnOp op, FunctionLowering &lowering) {
  auto values = llvm::map_to_vector(op.getValues(), [&](Value value) { return lowering.tensor(value); });
  func::ReturnOp::create(lowering.builder, op.getLoc(), values);
}

/// What `op` costs goes with the last of the computations that it became, `first` and those after it.
static void keepCost(Operation &op, Block::iterator first, Block &block, const std::map<std::string, Dim> &values) {
  auto costed = dyn_cast<Costed>(op);
  auto isComputation = [](Operation &lowered) {
    return isa<DestinationStyleOpInterface, tensor::ConcatOp>(lowered) && !isa<linalg::FillOp>(lowered);
  };
  auto last = llvm::find_if(llvm::reverse(llvm::make_range(first, block.end())), isComputation);
  if (costed && last.base() != first)
    last->setAttr(attr::launchFlops, StringAttr::get(op.getContext(), withValues(costed.flops(), values).str()));
}

static LogicalResult lowerFunction(FuncOp source, bool keepsCosts) {
  FunctionLowering lowering(source);
  Block &target = lowering.target.getBody().front();
  for (Operation &op : source.getBody().front()) {
    Operation *before = target.empty() ? nullptr : &target.back();
    if (auto ret = dyn_cast<ReturnOp>(op))
      lowerReturn(ret, lowering);
    else if (failed(lowerOp(&op, lowering)))
      return failure();
    if (keepsCosts)
      keepCost(op, before ? std::next(before->getIterator()) : target.begin(), target, source.definitions());
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(lowering.target.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
  source.erase();
  return success();
}

namespace {
struct LowerToLinalg : impl::LowerToLinalgBase<LowerToLinalg> {
  void runOnOperation() override {
    for (FuncOp function : llvm::make_early_inc_range(getOperation().getOps<FuncOp>()))
      if (failed(lowerFunction(function, getOperation()->hasAttr(attr::timeLaunches))))
        return signalPassFailure();
  }
};
} // namespace
} // namespace batten
