// Pool.cpp - the builder of pools: each row of the result is a walk over its columns, and each vector of columns a fold
// over the window's taps, in order; then the epilogue and one store. Where channels lie side by side, or an image
// becomes one pixel, the walk is over the channels of each pixel. Lanes whose windows lie far apart read the rows of
// their windows, and squares of windows and taps are turned in registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/Extremes.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "compiler/kernels/cpu/WindowBuilder.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace batten {
namespace {

/// Vectors a turn: independent folds that hide each other's latency.
constexpr int64_t turnVectors = 4;
/// Windows of neighbouring lanes farther apart than this are read by their rows: a vector of a tap then takes fewer
/// shuffles than one for each vector of elements that it is spread over.
constexpr int64_t nearWindows = 5;
/// Larger windows fold their maxima tap by tap.
constexpr int64_t longestDownFirst = 3;
/// From a load to what its prefetch fetches.
constexpr int64_t bytesAhead = 4096;
/// Larger windows are loops over their rows, and those of longer rows over all taps.
constexpr int64_t unrolledTaps = 16;

class Pool : WindowBuilder {
public:
  using WindowBuilder::WindowBuilder;
  FailureOr<Kernel> build();

private:
  Value identity;
  std::optional<Extremes> extremes; ///< of a maximum of floats: what its folds are integers for
  int64_t side = 0;                 ///< of the window
  Values digits;                    ///< batch.., channel, row, column of the current walk, which begins with a 0

  Dim laneStride() const;
  bool areFar() const;
  Value foldOne(Value x, Value before);
  Values turnedTaps(Value at, Value first, int64_t count);
  Value foldRun(Value at, int64_t count, Value first, Value folded);
  Value foldRuns(Value base, Value first);
  bool isOverChannels() const { return lanesLoop == window.channelLoop(); }
  SmallVector<Dim> unitExtents() const;
  void unit(Value index);
  void walk(Value base);
  Values folds(Value base, Value first, ArrayRef<Value> masks);
  bool areInPairs() const;
  Values tap(Value at, std::optional<int64_t> ofPair, ArrayRef<Value> masks, ValueRange folded);
  void prefetch(Value at, int64_t count);
  Values tapsInPairs(Value row, ArrayRef<Value> masks, ValueRange folded);
  SmallVector<int64_t> pairs() const;
  bool goesDownFirst() const;
  Values downThenAlong(Value from, ArrayRef<Value> masks);
  Values taps(bool unrolled, Value at, Value step, ValueRange folded, function_ref<Values(Value, ValueRange)> body);
};

/// body for a row or a column of taps, which lie `step` apart.
Pool::Values Pool::taps(bool unrolled, Value at, Value step, ValueRange folded,
                        function_ref<Values(Value, ValueRange)> body) {
  if (!unrolled)
    return fold(code.index(0), code.index(side), folded,
                [&](Value i, ValueRange values) { return body(code.add(at, code.times(i, step)), values); });
  Values values(folded);
  for (int64_t i = 0; i < side; ++i)
    values = body(code.add(at, code.times(code.index(i), step)), values);
  return values;
}

Value Pool::foldOne(Value x, Value before) {
  if (extremes)
    return extremes->combine(code, before, extremes->toIntegers(code, x));
  return code.cloneBody(window.op, {x, x, before}, {})[0]; // the shape of the window is never read
}

/// Whether two taps side by side of neighbouring windows are the pairs of a run of elements.
bool Pool::areInPairs() const {
  return window.image.columnStride.isConstant(1) && laneStride().isConstant(2) && side >= 2 && side <= unrolledTaps;
}

/// One tap of every vector of a turn: that at `at`, or one of the pair of taps there.
Pool::Values Pool::tap(Value at, std::optional<int64_t> ofPair, ArrayRef<Value> masks, ValueRange folded) {
  const Image &image = window.image;
  Dim stride = laneStride();
  Values next;
  for (auto [j, mask] : llvm::enumerate(masks)) {
    Value from = code.add(at, frame.size(stride * Dim::constant(int64_t(j) * code.lanes)));
    if (ofPair == 0 && !extremes)
      prefetch(from, 2 * code.lanes);
    Value x = ofPair ? code.loadOfPairs(image.memory, from, *ofPair, image.element, code.repeatLanes(mask, 2))
                     : code.load(image.memory, from, frame.size(stride), image.element, mask);
    next.push_back(foldOne(x, folded[j]));
  }
  return next;
}

/// Of the lines of `count` elements, those that are read a few rows later. Sums are so few instructions that LLVM reads
/// lines of several rows in turn, which the hardware does not foresee; the folds of extremes keep them in order.
void Pool::prefetch(Value at, int64_t count) {
  const Image &image = window.image;
  code.prefetchLines(image.memory, at, bytesAhead / elementBytes(image.element), count, image.element, Cache::L2);
}

/// The last tap of an odd number is of a pair with the one before it.
Pool::Values Pool::tapsInPairs(Value row, ArrayRef<Value> masks, ValueRange folded) {
  Values values(folded);
  SmallVector<int64_t> firsts = pairs();
  for (int64_t column = 0; column < side; ++column) {
    int64_t pair = firsts[size_t(column / 2)];
    values = tap(code.add(row, code.index(pair)), column - pair, masks, values);
  }
  return values;
}

/// The first taps of the pairs that cover a row of the window; an odd tap is the second of its pair.
SmallVector<int64_t> Pool::pairs() const {
  SmallVector<int64_t> firsts;
  for (int64_t column = 0; column < side; column += 2)
    firsts.push_back(std::min(column, side - 2));
  return firsts;
}

/// Extremes have no order: they are folded down the rows as the elements lie, before pairs are taken apart (Zen 3, 16 x
/// 64 images of 113 x 113 in bf16: 3.6 ms, so 2.5). Not where the folds of many pairs would wait in registers.
bool Pool::goesDownFirst() const { return extremes && areInPairs() && side <= longestDownFirst; }

Pool::Values Pool::downThenAlong(Value from, ArrayRef<Value> masks) {
  const Image &image = window.image;
  VectorCode whole{b, code.loc, 2 * code.lanes};
  SmallVector<int64_t> firsts = pairs();
  Values identities(masks.size() * firsts.size(),
                    extremes->toIntegers(whole, whole.splat(scalars.uniform(window.op.getDpsInits()[0]))));
  Values down = taps(true, from, size(image.rowStride), identities, [&](Value row, ValueRange folded) {
    Values next;
    for (auto [i, before] : llvm::enumerate(folded)) {
      size_t j = i / firsts.size();
      Value at = code.add(row, code.index(firsts[i % firsts.size()] + 2 * code.lanes * int64_t(j)));
      Value x = whole.load(image.memory, at, code.index(1), image.element, code.repeatLanes(masks[j], 2));
      next.push_back(extremes->combine(whole, before, extremes->toIntegers(whole, x)));
    }
    return next;
  });
  Values along;
  for (size_t i = 0; i < down.size(); ++i) {
    bool isOdd = side % 2 && (i + 1) % firsts.size() == 0;
    Value second = code.halfOfPairs(down[i], 1, extremes->integer());
    Value folded = isOdd ? second : extremes->combine(code, code.halfOfPairs(down[i], 0, extremes->integer()), second);
    if (i % firsts.size() == 0)
      along.push_back(folded);
    else
      along.back() = extremes->combine(code, along.back(), folded);
  }
  return along;
}

Pool::Values Pool::folds(Value base, Value first, ArrayRef<Value> masks) {
  const Image &image = window.image;
  Value from = code.add(base, code.times(first, size(laneStride())));
  if (goesDownFirst())
    return downThenAlong(from, masks);
  Values identities(masks.size(), identity);
  return taps(side * side <= unrolledTaps, from, size(image.rowStride), identities, [&](Value row, ValueRange folded) {
    if (areInPairs())
      return tapsInPairs(row, masks, folded);
    return taps(side <= unrolledTaps, row, size(image.columnStride), folded,
                [&](Value at, ValueRange values) { return tap(at, std::nullopt, masks, values); });
  });
}

/// Whether the windows of neighbouring lanes are far apart, and their taps lie one behind the other.
bool Pool::areFar() const {
  std::optional<int64_t> stride = laneStride().constantValue();
  return (!stride || *stride > nearWindows) && window.image.columnStride.isConstant(1);
}

/// `count` taps at `at`, one behind the other, of the windows from `first`: a vector each. The last window stands for
/// those behind it.
Pool::Values Pool::turnedTaps(Value at, Value first, int64_t count) {
  const Image &image = window.image;
  Value last = minus(size(window.extents[lanesLoop]), code.index(1));
  Values windows;
  for (int64_t lane = 0; lane < code.lanes; ++lane)
    windows.push_back(
        code.add(at, code.times(signedLeast(code.add(first, code.index(lane)), last), size(laneStride()))));
  if (!level.hasManyRegisters()) // Zen 3, 8 x 8 of 112 x 112 in f64: 14.2 ms, so 9.1
    for (Value place : windows)
      prefetch(place, count);
  return code.loadTurned(image.memory, windows, count, image.element, /*areDense=*/false);
}

/// The fold of `count` taps from `at`, one behind the other and in order, of a vector of windows.
Value Pool::foldRun(Value at, int64_t count, Value first, Value folded) {
  int64_t tail = count % code.lanes;
  auto combine = [&](ArrayRef<Value> taps, Value before) {
    for (Value x : taps)
      before = foldOne(x, before);
    return before;
  };
  folded = fold(code.index(0), code.index(count / code.lanes), folded, [&](Value square, ValueRange before) -> Values {
    Value from = code.add(at, code.times(square, code.index(code.lanes)));
    return {combine(turnedTaps(from, first, code.lanes), before[0])};
  })[0];
  if (!tail)
    return folded;
  return combine(turnedTaps(code.add(at, code.index(count - tail)), first, tail), folded);
}

/// All taps: one run where the rows of a window follow each other.
Value Pool::foldRuns(Value base, Value first) {
  if (window.image.rowStride.isConstant(side))
    return foldRun(base, side * side, first, identity);
  return fold(code.index(0), code.index(side), identity, [&](Value row, ValueRange before) -> Values {
    return {foldRun(code.add(base, code.times(row, size(window.image.rowStride))), side, first, before[0])};
  })[0];
}

/// How far apart in the image the windows of neighbouring lanes begin.
Dim Pool::laneStride() const {
  return lanesLoop == window.channelLoop() ? window.image.channelStride
                                           : window.image.columnStride * Dim::constant(window.stride);
}

/// Loops whose digits number the units, after the batch loops: rows, of one channel or of all.
SmallVector<Dim> Pool::unitExtents() const {
  if (isOverChannels())
    return {window.extents[window.rowLoop()]};
  return {window.extents[window.channelLoop()], window.extents[window.rowLoop()]};
}

void Pool::unit(Value index) {
  const Image &image = window.image;
  digits = digitsOfUnit(index, unitExtents());
  if (isOverChannels())
    digits.insert(digits.end() - 1, code.index(0));
  digits.push_back(code.index(0));
  Value base = imageOf(ArrayRef<Value>(digits).take_front(window.batch));
  base = code.add(base, code.times(digits[window.channelLoop()], size(image.channelStride)));
  Value rowStep = size(image.rowStride * Dim::constant(window.stride));
  base = code.add(base, code.times(digits[window.rowLoop()], rowStep));
  if (!isOverChannels())
    return walk(base);
  loop(code.index(0), size(window.extents[window.columnLoop()]), 1, [&](Value column) {
    digits.back() = column;
    walk(code.add(base, code.times(column, size(image.columnStride * Dim::constant(window.stride)))));
  });
}

/// The range of the lanes' loop, whose first window begins at `base`.
void Pool::walk(Value base) {
  Dim lanes = window.extents[lanesLoop];
  ColumnRange range{code.index(0), size(lanes), lanes.constantValue()};
  int64_t most = goesDownFirst() ? turnVectors / int64_t(pairs().size()) : turnVectors;
  // Of a range that the call decides only its last vector is masked then.
  int64_t known = range.constant.value_or(code.lanes), vectors = std::clamp<int64_t>(known / code.lanes, 1, most);
  if (areFar())
    vectors = 1;
  walkColumns(code, range, vectors, /*tailVectors=*/1, {}, [&](Value first, ArrayRef<Value> masks, ValueRange) {
    Values folded = areFar() ? Values{foldRuns(base, first)} : folds(base, first, masks);
    SmallVector<Result> results;
    for (auto [j, mask] : llvm::enumerate(masks))
      results.push_back({extremes ? extremes->toFloats(code, folded[j]) : folded[j], digits,
                         code.add(first, code.index(j * code.lanes)), mask});
    finish(results);
    return Values();
  });
}

FailureOr<Kernel> Pool::build() {
  if (failed(resolve()))
    return failure();
  side = *window.extents[window.tapRowLoop()].constantValue();
  bool isOnePixel = window.extents[window.rowLoop()].isConstant(1) && window.extents[window.columnLoop()].isConstant(1);
  if (isOnePixel || (out.strides[window.channelLoop()].isConstant(1) && window.image.channelStride.isConstant(1)))
    lanesLoop = window.channelLoop();
  while (2 * window.extents[lanesLoop].constantValue().value_or(code.lanes) <= code.lanes)
    code.lanes /= 2; // few windows leave most of a vector of 16-bit numbers idle
  identity = code.splat(scalars.uniform(window.op.getDpsInits()[0]));
  Operation *operation = window.op.getBody()->getTerminator()->getOperand(0).getDefiningOp();
  if (isExtremeOfFloats(operation)) {
    extremes.emplace(operation);
    identity = extremes->toIntegers(code, identity);
  }
  loop(frame.begin, frame.end, 1, [&](Value index) { unit(index); });
  return finished(numUnits(unitExtents()), workOfElements(folded()), Dim());
}

} // namespace

FailureOr<Kernel> buildPool(func::FuncOp group, StringRef name, const Level &level) {
  return buildWindow<Pool>(group, name, level);
}

} // namespace batten
