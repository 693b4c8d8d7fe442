// PixelConvolution.cpp - convolutions with pixels in lanes: register tiles of outputs by pixels, straight from the
// image.
//
//   for each unit: a batch entry, a group and a block of pixels
//     for each block of outputs of the group     (its weights stay in the caches over the block)
//       for each tile of pixels                  (rows of the result by vectors along a row)
//         for kh, for kw, for each granule of channels    every accumulator is one chain in this order, from zero
//           a vector of pixels by one weight in every lane
//         the epilogue, one store
//
// The lanes run along the result's rows, so image and result are read and written as they lie; but a line of elements
// that are multiplied in granules is packed once a unit, as all outputs would interleave the same channels. A tap
// beside the image is left out: rows by a shorter loop over kh (or, in a tile of several rows, lanes that keep their
// sum), columns by lanes that keep theirs; neither reads memory there. A window of one tap without padding has no rows:
// an image is one line.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/DotStep.h"
#include "compiler/kernels/cpu/WindowBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace batten {
namespace {

/// More vectors of pixels a tile hide no more latency.
constexpr int64_t mostVectors = 8;
/// Pixels of a unit, about: their part of the image stays in L2 while all outputs pass over it.
constexpr int64_t unitPixels = 256;
/// What a width that only the call knows is taken for.
constexpr int64_t usualWidth = 64;
/// Multiply-adds of a row of taps that are still unrolled.
constexpr int64_t unrolledProducts = 128;

/// A tap: its numbers as values, and kw where it is known.
struct Tap {
  Value row, column;
  std::optional<int64_t> knownColumn;
};

class PixelConvolution : WindowBuilder {
public:
  using WindowBuilder::WindowBuilder;
  FailureOr<Kernel> build();

private:
  Operand weights;
  DotStep dot;
  Value onStack;   ///< accumulators, for a long epilogue
  Value imagePart; ///< scratch, of a packed unit: [granule of channels][pixel]

  // Shapes of the nest.
  Dim outputs, height, width; ///< of a group's result
  int64_t groups = 1;
  bool isLine = false; ///< an image is one row
  int64_t tileOutputs = 0, tileRows = 0, tileVectors = 0;
  int64_t unitRows = 0, unitColumns = 0; ///< multiples of the tile's

  // Of the unit and the tile that are being built.
  Values batch;
  Value unitColumn;                         ///< its first one
  Value firstOutput, imageBase, weightBase; ///< of the group
  Value output, row, column;
  int64_t numOutputs = 0;
  Values exists, tails; ///< by row and by vector of the tile; null: all

  LogicalResult resolve();
  void chooseTile();
  Dim blocks() const;
  Value both(Value a, Value c);
  Value allLanes(Value flag) { return flag ? code.splat(flag) : Value(); }

  bool isPacked() const { return isLine && dot.elements() > 1 && window.extents[window.depthLoop()].isConstant(); }
  int64_t granules() const;
  void unit(Value index);
  void packUnit(Value from, Value to);
  Value placeInPart(Value granule, Value pixel);
  void tilesOfOutputs(Value rowEnd, Value columnEnd, Value rowBegin, Value columnBegin);
  void tile();
  void findEdges();
  Values accumulate();
  Values tapsOfRow(Value tapRow, ValueRange sums);
  Values tap(const Tap &tap, ArrayRef<Value> rowsInside, ValueRange sums);
  Values eachGranule(ValueRange carried, function_ref<Values(Value, Value, ValueRange)> body);
  Values granule(const Tap &tap, ArrayRef<Value> inside, ArrayRef<Value> read, Value depth, Value rest,
                 ValueRange sums);
  Value insideRow(Value tapRow, int64_t r);
  Value insideColumns(const Tap &tap, int64_t q);
  void store(ValueRange sums);
  Result resultOf(Value sum, Value o, Value r, Value rowExists, int64_t q);
};

//===- What is built ----------------------------------------------------------------------------------------------===//

LogicalResult PixelConvolution::resolve() {
  if (failed(WindowBuilder::resolve()))
    return failure();
  auto right = resolveOperand(window.op.getDpsInputs()[1], window.op.getIndexingMapsArray()[1], shapes, frame);
  if (!right)
    return window.op.emitError("the weights of this convolution are no view of memory");
  weights = *right;
  dot = DotStep(window.op, level, /*mayBeOff=*/false); // a lane may leave a tap out
  if (dot.flushes())
    frame.setRoute(Bf16Sums::FlushedPairs);
  outputs = window.extents[window.channelLoop()];
  if (window.inGroups) {
    groups = *window.image.channels.constantValue() / *window.extents[window.depthLoop()].constantValue();
    outputs = Dim::constant(*outputs.constantValue() / groups);
  }
  height = window.extents[window.rowLoop()];
  width = window.extents[window.columnLoop()];
  const Image &image = window.image;
  isLine = window.isPointwise() && image.rowStride == image.columnStride * image.width &&
           epilogue.joins(window.rowLoop(), window.columnLoop(), width);
  if (isLine) {
    width = width * height;
    height = Dim::constant(1);
  }
  return success();
}

/// As many accumulators as the registers hold: 6 outputs where there are so many, the rest pixels; where a row of the
/// result is short, of several rows.
void PixelConvolution::chooseTile() {
  int64_t registers = level.tileRows * level.tileVectors;
  std::optional<int64_t> known = outputs.constantValue(), columns = width.constantValue(),
                         rows = height.constantValue();
  tileOutputs = std::min(level.tileRows, known.value_or(level.tileRows));
  int64_t most = std::min(mostVectors, registers / tileOutputs);
  tileVectors = most;
  if (columns) {
    int64_t vectors = llvm::divideCeilSigned(*columns, code.lanes);
    tileVectors = isLine ? tileVectorsOfLine(vectors, level)
                         : llvm::divideCeilSigned(vectors, llvm::divideCeilSigned(vectors, most));
  }
  tileRows = std::max<int64_t>(1, std::min(most / tileVectors, rows.value_or(most)));
  tileOutputs = std::min(registers / (tileRows * tileVectors), known.value_or(registers));
  int64_t tileWidth = tileVectors * code.lanes;
  unitRows = tileRows * std::max<int64_t>(1, unitPixels / (tileRows * columns.value_or(usualWidth)));
  int64_t pixelBytes =
      window.extents[window.depthLoop()].constantValue().value_or(1) * elementBytes(window.image.element);
  int64_t fitting = std::min(unitPixels, level.cacheBytesL2 / 2 / pixelBytes);
  unitColumns = tileWidth * std::max<int64_t>(1, fitting / tileWidth);
}

/// Units of one image: blocks of rows, or of the columns of a line.
Dim PixelConvolution::blocks() const { return isLine ? ceilDiv(width, unitColumns) : ceilDiv(height, unitRows); }

//===- Small steps ------------------------------------------------------------------------------------------------===//

/// Conjunction of two masks; null is true.
Value PixelConvolution::both(Value a, Value c) {
  return a && c ? arith::AndIOp::create(b, code.loc, a, c).getResult() : a ? a : c;
}

//===- Units and tiles --------------------------------------------------------------------------------------------===//

void PixelConvolution::unit(Value index) {
  const Image &image = window.image;
  Values digits = digitsOfUnit(index, {Dim::constant(groups), blocks()});
  batch.assign(digits.begin(), digits.end() - 2);
  Value groupNumber = groups == 1 ? code.index(0) : digits[window.batch], block = digits.back();
  imageBase = imageOf(batch);
  weightBase = size(weights.offset);
  for (auto [i, digit] : llvm::enumerate(batch))
    weightBase = code.add(weightBase, code.times(digit, size(weights.strides[i])));
  Dim channels = window.extents[window.depthLoop()];
  imageBase = code.add(imageBase, code.times(groupNumber, size(channels * image.channelStride)));
  firstOutput = code.times(groupNumber, size(outputs));
  weightBase = code.add(weightBase, code.times(firstOutput, size(weights.strides[window.channelLoop()])));
  Value zero = code.index(0);
  Value from = code.times(block, code.index(isLine ? unitColumns : unitRows));
  Value to = least(size(isLine ? width : height), code.add(from, code.index(isLine ? unitColumns : unitRows)));
  unitColumn = from;
  if (isPacked())
    packUnit(from, to);
  if (isLine)
    tilesOfOutputs(code.index(1), to, zero, from);
  else
    tilesOfOutputs(to, size(width), from, zero);
}

int64_t PixelConvolution::granules() const {
  return llvm::divideCeilSigned(*window.extents[window.depthLoop()].constantValue(), dot.elements());
}

/// Pixels [from, to) of a line in whole vectors.
void PixelConvolution::packUnit(Value from, Value to) {
  const Image &image = window.image;
  eachGranule({}, [&](Value depth, Value rest, ValueRange) {
    Value plane = code.add(imageBase, code.times(depth, size(image.channelStride)));
    Value number = arith::DivUIOp::create(b, code.loc, depth, code.index(dot.elements()));
    walkColumns(code, {from, minus(to, from), {}}, 1, 1, {}, [&](Value pixel, auto masks, auto) {
      Value at = code.add(plane, code.times(pixel, size(image.columnStride)));
      GranuleRows rows{image.memory, at, size(image.columnStride), size(image.channelStride), image.element};
      code.store(dot.ofRows(code, rows, masks[0], rest), imagePart, placeInPart(number, pixel), {});
      return Values();
    });
    return Values();
  });
}

Value PixelConvolution::placeInPart(Value granule, Value pixel) {
  return code.add(code.times(granule, code.index(unitColumns)), minus(pixel, unitColumn));
}

/// All outputs of the group for these rows and columns.
void PixelConvolution::tilesOfOutputs(Value rowEnd, Value columnEnd, Value rowBegin, Value columnBegin) {
  int64_t tileWidth = tileVectors * code.lanes;
  auto pixels = [&](Value first, int64_t count) {
    output = first;
    numOutputs = count;
    loop(rowBegin, rowEnd, tileRows, [&](Value tileRow) {
      row = tileRow;
      column = columnBegin;
      if (std::optional<int64_t> known = width.constantValue(); !isLine && known && *known <= tileWidth)
        return tile(); // its columns are known
      loop(columnBegin, columnEnd, tileWidth, [&](Value tileColumn) {
        column = tileColumn;
        tile();
      });
    });
  };
  std::optional<int64_t> known = outputs.constantValue();
  Value all = size(outputs), left = arith::RemUIOp::create(b, code.loc, all, code.index(tileOutputs));
  Value full = known ? code.index(*known / tileOutputs * tileOutputs) : minus(all, left);
  loop(code.index(0), full, tileOutputs, [&](Value first) { pixels(first, tileOutputs); });
  if (!known)
    loop(full, all, 1, [&](Value first) { pixels(first, 1); });
  else if (int64_t rest = *known % tileOutputs)
    pixels(full, rest);
}

void PixelConvolution::tile() {
  findEdges();
  store(accumulate());
}

/// Which rows of the tile exist, and which lanes.
void PixelConvolution::findEdges() {
  exists.assign(tileRows, Value());
  tails.assign(tileVectors, Value());
  std::optional<int64_t> rows = height.constantValue(), columns = width.constantValue();
  if (tileRows > 1 && !(rows && *rows % tileRows == 0))
    for (int64_t r = 0; r < tileRows; ++r)
      exists[r] =
          arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::slt, code.add(row, code.index(r)), size(height));
  if (columns && *columns % (tileVectors * code.lanes) == 0)
    return;
  for (int64_t q = 0; q < tileVectors; ++q) {
    Value first = code.add(column, code.index(q * code.lanes));
    std::optional<int64_t> known = constantIndex(first);
    if (!(columns && known && *known + code.lanes <= *columns))
      tails[q] = code.firstLanes(minus(size(width), first));
  }
}

//===- Chains -----------------------------------------------------------------------------------------------------===//

PixelConvolution::Values PixelConvolution::accumulate() {
  Value none = arith::ConstantOp::create(b, code.loc, b.getZeroAttr(code.type(accumulator)));
  Values zeros(numOutputs * tileRows * tileVectors, none);
  Value from = code.index(0), to = size(window.extents[window.tapRowLoop()]);
  if (tileRows == 1)
    std::tie(from, to) = tapRowsInside(row);
  else if (std::optional<int64_t> known = window.extents[window.tapRowLoop()].constantValue())
    to = code.index(*known);
  return fold(from, to, zeros, [&](Value tapRow, ValueRange sums) { return tapsOfRow(tapRow, sums); });
}

PixelConvolution::Values PixelConvolution::tapsOfRow(Value tapRow, ValueRange sums) {
  Values rowsInside;
  for (int64_t r = 0; r < tileRows; ++r)
    rowsInside.push_back(insideRow(tapRow, r));
  Dim count = window.extents[window.tapColumnLoop()];
  std::optional<int64_t> known = count.constantValue();
  if (!known || *known * int64_t(sums.size()) > unrolledProducts)
    return fold(code.index(0), size(count), sums, [&](Value tapColumn, ValueRange values) {
      return tap({tapRow, tapColumn, constantIndex(tapColumn)}, rowsInside, values);
    });
  Values values(sums);
  for (int64_t k = 0; k < *known; ++k)
    values = tap({tapRow, code.index(k), k}, rowsInside, values);
  return values;
}

/// Whether row r of the tile meets the image in this row of taps; null: it does.
Value PixelConvolution::insideRow(Value tapRow, int64_t r) {
  if (window.pad == 0 || tileRows == 1)
    return {};
  Value at = code.add(code.times(code.add(row, code.index(r)), code.index(window.stride)),
                      code.times(tapRow, code.index(window.dilation)));
  at = minus(at, code.index(window.pad)); // below 0 is beyond every height as an unsigned number
  return arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::ult, at, size(window.image.height));
}

/// Lanes of vector q that meet the image at this tap; null: all that exist do.
Value PixelConvolution::insideColumns(const Tap &tap, int64_t q) {
  if (window.pad == 0)
    return {};
  Value first = code.add(column, code.index(q * code.lanes));
  std::optional<int64_t> place = constantIndex(first), columns = width.constantValue(),
                         imageWidth = window.image.width.constantValue();
  int64_t stride = window.stride;
  bool fromStart = false, toEnd = false;
  if (tap.knownColumn) {
    int64_t shift = *tap.knownColumn * window.dilation - window.pad;
    fromStart = shift >= 0 || (place && *place * stride + shift >= 0);
    int64_t last = columns && place ? std::min(*place + code.lanes, *columns) - 1 : columns ? *columns - 1 : 0;
    toEnd = columns && imageWidth && last * stride + shift < *imageWidth;
  }
  Value before = minus(code.index(window.pad), code.times(tap.column, code.index(window.dilation))), mask;
  if (!toEnd)
    mask = code.firstLanes(minus(firstInside(code.add(before, size(window.image.width)), stride), first));
  if (fromStart)
    return mask;
  Value outside = code.firstLanes(minus(firstInside(before, stride), first));
  Value ones = arith::ConstantOp::create(b, code.loc, b.getOneAttr(outside.getType()));
  return both(mask, arith::XOrIOp::create(b, code.loc, outside, ones));
}

PixelConvolution::Values PixelConvolution::tap(const Tap &tap, ArrayRef<Value> rowsInside, ValueRange sums) {
  Values inside, read;
  for (int64_t q = 0; q < tileVectors; ++q)
    inside.push_back(insideColumns(tap, q));
  Values columns(inside);
  inside.clear();
  for (int64_t r = 0; r < tileRows; ++r)
    for (int64_t q = 0; q < tileVectors; ++q) {
      inside.push_back(both(columns[q], allLanes(rowsInside[r])));
      read.push_back(both(inside.back(), both(tails[q], allLanes(exists[r]))));
    }
  return eachGranule(sums, [&](Value depth, Value rest, ValueRange values) {
    return granule(tap, inside, read, depth, rest, values);
  });
}

/// carried = body(first channel, how many channels there are; null: a whole granule, carried) for each granule.
PixelConvolution::Values PixelConvolution::eachGranule(ValueRange carried,
                                                       function_ref<Values(Value, Value, ValueRange)> body) {
  const Dim &channels = window.extents[window.depthLoop()];
  Dim elements = Dim::constant(dot.elements()), rest = Dim::modulo(channels, elements);
  Dim whole = Dim::floorDiv(channels, elements);
  auto granules = [&](const Dim &from, const Dim &to, Value rest, ValueRange values) {
    return fold(size(from), size(to), values, [&](Value number, ValueRange values) {
      return body(code.times(number, code.index(dot.elements())), rest, values);
    });
  };
  Values values = granules(Dim::constant(0), whole, {}, carried);
  return rest.isConstant(0) ? values : granules(whole, ceilDiv(channels, dot.elements()), size(rest), values);
}

/// The channels from `depth` on of one tap, as many as a granule holds: a vector of pixels by each output's weight.
PixelConvolution::Values PixelConvolution::granule(const Tap &tap, ArrayRef<Value> inside, ArrayRef<Value> read,
                                                   Value depth, Value rest, ValueRange sums) {
  const Image &image = window.image;
  auto place = [&](Value at, Value tapNumber) { // of the image's row or column
    Value from = code.times(at, code.index(window.stride));
    return minus(code.add(from, code.times(tapNumber, code.index(window.dilation))), code.index(window.pad));
  };
  Value plane = code.add(imageBase, code.times(depth, size(image.channelStride)));
  Value number = arith::DivUIOp::create(b, code.loc, depth, code.index(dot.elements()));
  Value x = code.add(plane, code.times(place(column, tap.column), size(image.columnStride)));
  Dim lanesApart = image.columnStride * Dim::constant(window.stride);
  Values pixels;
  for (int64_t i = 0; i < tileRows * tileVectors; ++i) {
    if (isPacked()) {
      Value at = placeInPart(number, code.add(column, code.index(i * code.lanes)));
      pixels.push_back(code.load(imagePart, at, code.index(1), dot.packedElement(), {}));
      continue;
    }
    Value tileRow = code.add(row, code.index(i / tileVectors));
    Value at = code.add(x, code.times(place(tileRow, tap.row), size(image.rowStride)));
    at = code.add(at, size(lanesApart * Dim::constant(i % tileVectors * code.lanes)));
    GranuleRows rows{image.memory, at, size(lanesApart), size(image.channelStride), image.element};
    pixels.push_back(dot.ofRows(code, rows, read[i], rest));
  }
  Value w = code.add(weightBase, code.times(depth, size(weights.strides[window.depthLoop()])));
  w = code.add(w, code.times(tap.row, size(weights.strides[window.tapRowLoop()])));
  w = code.add(w, code.times(tap.column, size(weights.strides[window.tapColumnLoop()])));
  Value outputStride = size(weights.strides[window.channelLoop()]);
  Value channelStride = size(weights.strides[window.depthLoop()]);
  Values next;
  for (int64_t o = 0; o < numOutputs; ++o) {
    Value at = code.add(w, code.times(code.add(output, code.index(o)), outputStride));
    Value weight = dot.ofLeft(code, weights.memory, at, channelStride, rest);
    for (auto [i, pixel] : llvm::enumerate(pixels)) {
      Value sum = sums[next.size()], more = dot.add(code, weight, pixel, sum);
      next.push_back(inside[i] ? arith::SelectOp::create(b, code.loc, inside[i], more, sum).getResult() : more);
    }
  }
  return next;
}

//===- Results ----------------------------------------------------------------------------------------------------===//

void PixelConvolution::store(ValueRange sums) {
  int64_t pixels = tileRows * tileVectors;
  if (!onStack) {
    SmallVector<Result> results;
    for (auto [i, sum] : llvm::enumerate(sums)) {
      int64_t r = i % pixels / tileVectors;
      results.push_back(resultOf(sum, code.index(i / pixels), code.index(r), exists[r], i % tileVectors));
    }
    return finish(results);
  }
  for (auto [i, sum] : llvm::enumerate(sums))
    code.store(sum, onStack, code.index(i * code.lanes), {});
  loop(code.index(0), code.index(numOutputs * tileRows), 1, [&](Value i) {
    Value o = arith::DivUIOp::create(b, code.loc, i, code.index(tileRows));
    Value r = arith::RemUIOp::create(b, code.loc, i, code.index(tileRows)), rowExists;
    if (exists[0])
      rowExists = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::slt, code.add(row, r), size(height));
    SmallVector<Result> results;
    for (int64_t q = 0; q < tileVectors; ++q) {
      Value at = code.add(code.times(i, code.index(tileVectors * code.lanes)), code.index(q * code.lanes));
      results.push_back(resultOf(code.load(onStack, at, code.index(1), accumulator, {}), o, r, rowExists, q));
    }
    finish(results);
  });
}

/// Vector q of row r of output o.
PixelConvolution::Result PixelConvolution::resultOf(Value sum, Value o, Value r, Value rowExists, int64_t q) {
  Values digits(batch);
  digits.push_back(code.add(code.add(firstOutput, output), o));
  digits.push_back(code.add(row, r));
  if (rowExists) // what is the same in all lanes is read whatever the mask says
    digits.back() = least(digits.back(), minus(size(height), code.index(1)));
  return {sum, digits, code.add(column, code.index(q * code.lanes)), both(tails[q], allLanes(rowExists))};
}

FailureOr<Kernel> PixelConvolution::build() {
  if (failed(resolve()))
    return failure();
  chooseTile();
  Dim scratchBytes;
  if (isPacked()) {
    scratchBytes = Dim::constant(granules() * unitColumns * elementBytes(dot.packedElement()));
    imagePart = frame.scratchView(Dim::constant(0), dot.packedElement());
  }
  if (epilogue.isLong()) {
    auto type = MemRefType::get({tileOutputs * tileRows * tileVectors * code.lanes}, accumulator);
    onStack = memref::AllocaOp::create(b, code.loc, type, b.getI64IntegerAttr(64));
  }
  loop(frame.begin, frame.end, 1, [&](Value index) { unit(index); });
  return finished(numUnits({Dim::constant(groups), blocks()}), 1, scratchBytes);
}

} // namespace

FailureOr<Kernel> buildPixelConvolution(func::FuncOp group, StringRef name, const Level &level) {
  return buildWindow<PixelConvolution>(group, name, level);
}

} // namespace batten
