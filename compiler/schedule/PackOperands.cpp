// PackOperands.cpp - see PackOperands.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/schedule/PackOperands.h"
#include "compiler/kernels/cpu/Contraction.h"
#include "compiler/kernels/cpu/Granules.h"
#include "compiler/kernels/cpu/TileRows.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "compiler/kernels/cpu/Window.h"
#include "compiler/schedule/Grouping.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace batten {

static int64_t lanesOf(linalg::GenericOp product, const Level &level) {
  return level.lanes(cast<RankedTensorType>(product.getResult(0).getType()).getElementType());
}

/// Panels of `width` along dim order.front(), the other dims inside in their order; so many elements of the last one
/// lie together behind the columns: granules, or rows of tiles.
static linalg::PackOp packOperand(func::FuncOp entry, OpOperand *operand, Shapes &shapes, ArrayRef<int64_t> order,
                                  int64_t width, int64_t granule) {
  OpBuilder b(operand->getOwner());
  Location loc = operand->getOwner()->getLoc();
  Value source = operand->get();
  auto element = cast<RankedTensorType>(source.getType()).getElementType();
  ArrayRef<Dim> extents = shapes.of(source);
  SmallVector<Dim> packed = llvm::map_to_vector(order, [&](int64_t dim) { return extents[dim]; });
  packed.front() = ceilDiv(packed.front(), width);
  packed.push_back(Dim::constant(width));
  SmallVector<int64_t> tiled{order.front()};
  SmallVector<OpFoldResult> tiles{b.getIndexAttr(width)};
  if (granule > 1) {
    packed[order.size() - 1] = ceilDiv(packed[order.size() - 1], granule);
    packed.push_back(Dim::constant(granule));
    tiled.push_back(order.back());
    tiles.push_back(b.getIndexAttr(granule));
  }
  // Not by createDestinationTensor, which asks the tensor for its sizes (tensor.dim) where they are dynamic.
  Value empty = tensor::EmptyOp::create(b, loc, operandsOf(b, loc, entry, packed), element);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
  auto pack = linalg::PackOp::create(b, loc, source, empty, tiled, tiles, zero, order);
  Value plain = tensor::EmptyOp::create(b, loc, operandsOf(b, loc, entry, extents), element);
  operand->set(linalg::UnPackOp::create(b, loc, pack.getResult(), plain, tiled, tiles, order).getResult());
  return pack;
}

//===- Products ---------------------------------------------------------------------------------------------------===//

/// True of what only the call has, so that panels of it would be packed in every call.
static bool isOfCall(func::FuncOp entry, Value tensor, const OperationTimes &times) {
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return !entry.getArgAttr(argument.getArgNumber(), attr::weight);
  return times.lookup(tensor.getDefiningOp()) == OperationTime::Call;
}

/// 1 where there are more rows than `most`, else 0.
static Dim ifMoreRows(const Dim &rows, int64_t most) {
  Dim times = Dim::floorDiv(rows, Dim::constant(most + 1));
  return ceilDiv(times, times + Dim::constant(1));
}

/// The product reads what its right side `right` is packed from as well, and calls of few rows pack nothing.
static void packForManyRows(Contraction &c, Value right, linalg::PackOp pack, const Level &level) {
  auto unpack = c.product.getDpsInputs()[1].getDefiningOp<linalg::UnPackOp>();
  unpack.getDestMutable().assign(right);
  Dim needed = ifMoreRows(c.count(c.rows), mostRowsInPlace(c.product, level));
  pack->setAttr(attr::needed, StringAttr::get(pack.getContext(), needed.str()));
}

static void packRightSide(func::FuncOp entry, linalg::GenericOp product, Shapes &shapes, const OperationTimes &times,
                          const Level &level) {
  OpOperand *right = product.getDpsInputOperand(1);
  AffineMap map = product.getMatchingIndexingMap(right);
  unsigned column = product.getNumParallelLoops() - 1;
  std::optional<unsigned> position = map.getResultPosition(getAffineDimExpr(column, entry.getContext()));
  if (!position || !llvm::is_contained(map.getResults(), getAffineDimExpr(column + 1, entry.getContext())))
    return; // the other dim is a batch dim: a row vector a position
  std::optional<Contraction> c = contractionOf(product, shapes);
  FewRows few = c && isOfCall(entry, right->get(), times) ? fewRowsOf(*c, shapes, level) : FewRows::Never;
  if (few == FewRows::Always)
    return;
  Value plain = right->get();
  auto element = cast<RankedTensorType>(plain.getType()).getElementType();
  int64_t columns = panelShape(shapes.of(plain)[*position], product, level).columns();
  linalg::PackOp pack =
      packOperand(entry, right, shapes, {*position, 1 - *position}, columns, granuleElements(element));
  if (few == FewRows::Sometimes)
    packForManyRows(*c, plain, pack, level);
}

//===- Convolutions -----------------------------------------------------------------------------------------------===//

/// What the kernel with outputs in lanes unrolls at the ends of a row.
constexpr int64_t mostTapColumns = 11, mostPad = 7;
/// Percent, for which lanes run along a line of pixels.
constexpr int64_t leastUsedLanes = 95;

/// What a row of the result costs in one channel of one tap with panels of `vectors`: the multiply-adds, idle lanes
/// included, and the loads beside them, of which those of weights come from L2.
static int64_t costOf(int64_t outputs, int64_t width, int64_t lanes, int64_t vectors, const Level &level) {
  int64_t panels = llvm::divideCeilSigned(outputs, vectors * lanes);
  int64_t tiles = llvm::divideCeilSigned(width, level.convolutionPixels(vectors));
  return panels * (2 * width * vectors + width + 3 * vectors * tiles);
}

/// True if lanes along the pixels would do with fewer vectors: few outputs. Strided pixels are two loads a vector. A
/// line of pixels needs no transposed result, unless its channels are innermost; of bytes the image would have to be
/// off, which outputs in lanes do at once.
static bool pixelsFillLanes(const Window &window, int64_t outputs, int64_t height, int64_t width, int64_t lanes,
                            bool channelsLast, const Level &level) {
  int64_t vectors = llvm::divideCeilSigned(height * width, lanes);
  int64_t used = 100 * height * width / (lanes * vectors);
  if (window.isPointwise() && used >= leastUsedLanes && granuleElements(window.image.element) <= 2 && !channelsLast)
    return true;
  int64_t inOutputs = llvm::divideCeilSigned(outputs, lanes) * height * width;
  int64_t inPixels = window.isPointwise() ? outputs * vectors : outputs * height * llvm::divideCeilSigned(width, lanes);
  return inPixels * std::min<int64_t>(window.stride, 2) < inOutputs;
}

/// Vectors of a panel of outputs; 0 where lanes had better run along the pixels, or where the call decides more than
/// the size of an image.
static int64_t panelVectors(const Window &window, int64_t lanes, bool channelsLast, const Level &level) {
  SmallVector<int64_t> known;
  for (const Dim &extent : ArrayRef<Dim>(window.extents).drop_front(window.batch))
    known.push_back(extent.constantValue().value_or(0));
  for (int64_t &extent : MutableArrayRef<int64_t>(known).slice(1, 2)) // rows and columns of the result
    extent = extent ? extent : usual::width;
  std::optional<int64_t> imageChannels = window.image.channels.constantValue();
  if (llvm::is_contained(known, 0) || !imageChannels)
    return 0;
  int64_t groups = *imageChannels / known[5], outputs = known[0] / groups, width = known[2], best = 0, least = 0;
  if (known[4] > mostTapColumns || window.pad > mostPad ||
      pixelsFillLanes(window, outputs, known[1], width, lanes, channelsLast, level))
    return 0;
  bool isByTaps = passesByTap(window, level);
  for (int64_t vectors = 1; vectors <= level.tileVectors; ++vectors) {
    int64_t cost = costOf(outputs, width, lanes, vectors, level);
    int64_t panelBytes = known[3] * known[4] * known[5] * vectors * lanes * elementBytes(window.image.element);
    bool isWhole = groups == 1 || outputs % (vectors * lanes) == 0;
    bool fits = vectors == 1 || isByTaps || panelBytes <= level.cacheBytesL2 / 4 * 3;
    if (isWhole && fits && (best == 0 || cost < least)) {
      best = vectors;
      least = cost;
    }
  }
  return best;
}

/// A convolution whose weights are the same for the whole batch.
static bool isOfSharedWeights(linalg::GenericOp product) {
  int64_t rank = cast<RankedTensorType>(product.getDpsInputs()[1].getType()).getRank();
  return isWindow(product) && product.getNumReductionLoops() == 3 && rank == 4;
}

bool mayHaveOutputsInLanes(linalg::GenericOp convolution, Shapes &shapes, const Level &level) {
  if (!isOfSharedWeights(convolution))
    return false;
  Window window = describeWindow(convolution, shapes);
  return !isOfTiles(window, level) &&
         panelVectors(window, lanesOf(convolution, level), /*channelsLast=*/true, level) != 0;
}

static void packWeights(func::FuncOp entry, linalg::GenericOp convolution, Shapes &shapes, bool channelsLast,
                        const Level &level) {
  int64_t lanes = lanesOf(convolution, level);
  OpOperand *weights = convolution.getDpsInputOperand(1);
  auto element = cast<RankedTensorType>(weights->get().getType()).getElementType();
  Window window = describeWindow(convolution, shapes);
  if (isOfTiles(window, level))
    packOperand(entry, weights, shapes, {0, 2, 3, 1}, amxTileRows, tileDepth(element));
  else if (int64_t vectors = panelVectors(window, lanes, channelsLast, level))
    packOperand(entry, weights, shapes, {0, 2, 3, 1}, lanes * vectors, granuleElements(element));
}

void packSharedOperands(func::FuncOp entry, Shapes &shapes, const ImageLayout &images, const Level &level) {
  SmallVector<linalg::GenericOp> products;
  for (auto generic : entry.getOps<linalg::GenericOp>())
    if (auto order = generic->getAttrOfType<StringAttr>(attr::order);
        order && (order.getValue() == "chain" || order.getValue() == "pairs"))
      products.push_back(generic);
  OperationTimes times = timesOf(entry);
  for (linalg::GenericOp product : products) {
    int64_t rank = cast<RankedTensorType>(product.getDpsInputs()[1].getType()).getRank();
    if (isOfSharedWeights(product))
      packWeights(entry, product, shapes, images.windows.contains(product), level);
    else if (!isWindow(product) && rank == 2)
      packRightSide(entry, product, shapes, times, level);
  }
}

} // namespace batten
