// Attention.cpp - the builder of attention: scores of a few queries at a time never leave the cache.
//
//   for each unit: some queries of one batch entry
//     [pack the entry's keys, transposed, into panels; once an entry and thread where all are one block]
//     for each block of keys                 (all of them up to 2048, else 1024; none beyond what a query may see)
//       scores = q k^T * scale               tiles of 6 queries and a panel of keys, which know their maxima
//       each row: maximum, exponentials, sum; hidden keys become -0, which no exponential is
//       totals = scores v                    tiles of 6 queries and 4 vectors of columns, every sum a chain over keys
//     totals / sum
//
// In bf16 what is multiplied stays bf16, in granules: pairs of depth for the scores, pairs of keys for the totals. So
// exponentials become bf16 in the place of their scores, and values are packed with two keys side by side.
//
// Where the level has AMX tiles, both products of bf16 are made of them: AttentionTiles.cpp.
//
// The order of arithmetic stands in dialect/NUMERICS.md. Keys beyond what `causal` and `len` allow are not visited, so
// causal attention costs about half.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Attention.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "compiler/kernels/cpu/VectorMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {

/// Queries of a unit: their scores of 2048 keys are 384 KiB of f32.
static constexpr int64_t queriesOfUnit = 48, queriesOfTiledUnit = 64;
/// dialect/NUMERICS.md: so many keys are one block, else blocks of the smaller number.
static constexpr int64_t singleBlockKeys = 2048, onlineBlockKeys = 1024;

//===- What the group says ----------------------------------------------------------------------------------------===//

LogicalResult Attention::resolve(func::FuncOp group) {
  numBatch = op.mapOf(op.getInitMutable()).getNumDims() - 4;
  SmallVector<Dim> extents(numBatch + 4);
  bool isResolved = true;
  auto operandOf = [&](OpOperand &use) {
    AffineMap map = op.mapOf(use);
    for (auto [position, expression] : llvm::enumerate(map.getResults()))
      extents[cast<AffineDimExpr>(expression).getPosition()] = shapes.of(use.get())[position];
    std::optional<Operand> operand =
        &use == &op.getInitMutable() ? Operand() : resolveOperand(use.get(), map, shapes, frame);
    isResolved &= operand.has_value();
    return operand.value_or(Operand());
  };
  q = operandOf(op.getQMutable());
  k = operandOf(op.getKMutable());
  v = operandOf(op.getVMutable());
  if (op.getMask())
    mask = operandOf(op.getMaskMutable()[0]);
  if (op.getLen())
    len = operandOf(op.getLenMutable()[0]);
  operandOf(op.getInitMutable());
  if (!isResolved)
    return op.emitError("an operand of this attention is no view of memory");
  out = resultOperand(group, 0, shapes, frame);
  batch.assign(extents.begin(), extents.begin() + numBatch);
  queries = extents[numBatch];
  columns = extents[numBatch + 1];
  keys = extents[numBatch + 2];
  depth = extents[numBatch + 3];
  valuesInPlace = v.element == real && stride(v, columnLoop).isConstant(1);
  online = int64_t(op.getMaxKeys()) > singleBlockKeys;
  chooseTiles();
  layOutScratch();
  return success();
}

/// No more of a tile than the sizes fill, where they are known.
void Attention::chooseTiles() {
  auto vectorsOf = [&](const Dim &extent) {
    int64_t known = extent.constantValue().value_or(level.tileVectors * code.lanes);
    return std::min(level.tileVectors, (known + code.lanes - 1) / code.lanes);
  };
  columnVectors = vectorsOf(columns);
  if (inTiles) {
    bool areFew = queries.isConstant() && *queries.constantValue() <= amxTileRows;
    tileRows = (areFew ? 1 : 2) * amxTileRows;
    panelVectors = 2;
    unitRows = queriesOfTiledUnit;
  } else {
    choosePanel(vectorsOf(keys));
    tileRows = std::min(level.tileRows, queries.constantValue().value_or(level.tileRows));
    unitRows = queriesOfUnit / level.tileRows * tileRows;
  }
  if (auto known = queries.constantValue())
    unitRows = std::min(unitRows, (*known + tileRows - 1) / tileRows * tileRows);
  std::optional<int64_t> known = keys.constantValue();
  blockKeys = !online ? keys : Dim::constant(known && *known > singleBlockKeys ? onlineBlockKeys : singleBlockKeys);
  paddedKeys = roundUp(blockKeys, numLanes);
  // A stride of a power of two would put the same key of all queries into one set of L1.
  scoreStride = paddedKeys + Dim::constant(lineBytes / elementBytes(real));
  paddedColumns = roundUp(columns, code.lanes);
  paddedDepth = roundUp(depth, inTiles ? tileRowBytes / elementBytes(factor) : granule);
}

void Attention::choosePanel(int64_t keyVectors) {
  while (panelVectors * 2 <= keyVectors) // panels fill the groups of 64 lanes
    panelVectors *= 2;
  if (panelVectors < keyVectors && panelVectors * 2 <= level.tileVectors)
    panelVectors *= 2;
}

void Attention::layOutScratch() {
  auto take = [&](Dim &place, const Dim &elements, Type element) {
    place = scratch.bytes;
    scratch.bytes = scratch.bytes + roundUp(elements * Dim::constant(elementBytes(element)), lineBytes);
  };
  Dim unit = Dim::constant(unitRows);
  take(scratch.queries, unit * paddedDepth, inPlanes ? real : factor);
  take(scratch.keys, paddedKeys * paddedDepth, factor);
  if (!valuesInPlace)
    take(scratch.values, paddedKeys * paddedColumns, factor);
  take(scratch.scores, unit * scoreStride, real);
  take(scratch.totals, unit * paddedColumns, real);
  take(scratch.greatest, unit * Dim::constant(code.lanes), real);
  take(scratch.sums, unit, real);
  if (online)
    take(scratch.maxima, unit, real);
  if (inTiles)
    take(scratch.apart, Dim::constant(lineBytes / elementBytes(factor)), factor);
}

//===- Index values -----------------------------------------------------------------------------------------------===//

Value Attention::clamp(Value value, Value low, Value high) {
  return least(arith::MaxSIOp::create(b, loc, value, low), high);
}

Value Attention::roundDown(Value count, int64_t to) {
  return minus(count, b.createOrFold<arith::RemUIOp>(loc, count, code.index(to)));
}

Value Attention::scoreAt(Value row, Value key) { return code.add(code.times(row, frame.size(scoreStride)), key); }

Value Attention::weightAt(Value row, Value key) {
  return code.add(code.times(row, frame.size(scoreStride * Dim::constant(granule))), key);
}

Value Attention::totalAt(Value row, Value column) {
  return code.add(code.times(row, frame.size(paddedColumns)), column);
}

Value Attention::limitOf(Value row) {
  if (!op.getCausal())
    return seenKeys;
  Value query = least(code.add(firstRow, row), frame.size(queries - Dim::constant(1)));
  Value edge = code.add(query, frame.size(keys - queries + Dim::constant(1)));
  return clamp(edge, code.index(0), seenKeys);
}

Value Attention::limitInBlock(Value row) {
  Value limit = minus(limitOf(row), firstKey);
  return clamp(limit, code.index(0), blockCount);
}

/// None where a mask may hide any of them, or scores go to memory by tiles.
Value Attention::seenByTile(Value row) {
  return mask || inTiles ? code.index(0) : roundDown(limitInBlock(row), numLanes);
}

Value Attention::firstOfTile(Value row) { return roundDown(row, tileRows); }

Value Attention::lastOfTile(Value row) { return code.add(row, code.index(tileRows - 1)); }

Value Attention::columnMask(Value column) { return code.firstLanes(minus(frame.size(columns), column)); }

//===- Numbers ----------------------------------------------------------------------------------------------------===//

Value Attention::widened(Value value) {
  Type type = real;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vector.clone(type);
  return value.getType() == type ? value : arith::ExtFOp::create(b, loc, type, value).getResult();
}

/// As memory holds them.
Value Attention::asFactors(Value granules) {
  auto type = VectorType::get({code.lanes * granule}, storageType(factor));
  return granules.getType() == type ? granules : vector::BitCastOp::create(b, loc, type, granules).getResult();
}

Value Attention::number(double value) {
  return code.splat(arith::ConstantOp::create(b, loc, b.getFloatAttr(real, value)));
}

Value Attention::firstLane(Value vector) { return vector::ExtractOp::create(b, loc, vector, int64_t(0)); }

//===- Loops ------------------------------------------------------------------------------------------------------===//

/// Where the operands of a batch entry begin, and how many keys it has.
void Attention::enterEntry(Value entry) {
  SmallVector<Value> extents;
  for (const Dim &extent : batch)
    extents.push_back(frame.size(extent));
  SmallVector<Value> digits = digitsOf(code, entry, extents);
  auto base = [&](const Operand &operand) { return elementAt(code, frame, operand, digits); };
  qBase = base(q);
  kBase = base(k);
  vBase = base(v);
  outBase = base(out);
  maskBase = mask ? base(*mask) : Value();
  seenKeys = frame.size(keys);
  if (len) {
    Value given = code.loadScalar(len->memory, base(*len), b.getI32Type());
    seenKeys = clamp(arith::IndexCastOp::create(b, loc, b.getIndexType(), given), code.index(0), seenKeys);
  }
}

/// Nothing seen yet.
void Attention::beginRows() {
  Value none = number(0), least = number(-std::numeric_limits<double>::infinity());
  Value totals = scratchOf(scratch.totals);
  loop(code.index(0), code.index(unitRows), code.index(1), [&](Value row) {
    code.store(least, scratchOf(scratch.greatest), code.times(row, code.index(code.lanes)), {});
    code.storeScalar(firstLane(none), scratchOf(scratch.sums), row); // there may be no block
    if (online)
      code.storeScalar(firstLane(least), scratchOf(scratch.maxima), row);
    loop(code.index(0), frame.size(paddedColumns), code.index(code.lanes),
         [&](Value column) { code.store(none, totals, totalAt(row, column), {}); });
  });
}

/// One block of keys; `isFresh`: this thread has not packed the entry's keys.
void Attention::block(Value isFresh) {
  Value pack = isFresh, size = frame.size(keys);
  if (online) {
    Value several = below(code.index(singleBlockKeys), size);
    pack = arith::OrIOp::create(b, loc, pack, several);
    size = choose(several, code.index(onlineBlockKeys), size);
  }
  Value seen = limitOf(minus(rows, code.index(1)));
  loop(code.index(0), seen, size, [&](Value first) {
    firstKey = first;
    blockCount = least(size, minus(seen, first));
    onlyIf(pack, [&] {
      Value count = least(size, minus(seenKeys, first));
      packKeys(count);
      if (!valuesInPlace)
        copyValues(count);
    });
    inTiles ? scoresInTiles() : scores();
    loop(code.index(0), rows, code.index(1), [&](Value row) { softmaxRow(row); });
    inTiles ? valuesInTiles() : values();
  });
}

void Attention::finishRows() {
  Value totals = scratchOf(scratch.totals), sums = scratchOf(scratch.sums), none = number(0);
  ColumnRange range{code.index(0), frame.size(columns), columns.constantValue()};
  loop(code.index(0), rows, code.index(1), [&](Value row) {
    Value sum = code.loadSplat(sums, row, real);
    Value seesNone = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, sum, none);
    Value target = code.add(outBase, code.times(code.add(firstRow, row), frame.size(stride(out, queryLoop))));
    walkColumns(code, range, columnVectors, 1, {}, [&](Value first, ArrayRef<Value> masks, ValueRange) {
      for (auto [j, lanes] : llvm::enumerate(masks)) {
        Value column = code.add(first, code.index(j * code.lanes));
        Value total = code.load(totals, totalAt(row, column), code.index(1), real, {});
        if (inTiles) // no zero is negative
          total = arith::AddFOp::create(b, loc, total, none);
        Value value = arith::DivFOp::create(b, loc, total, sum);
        value = arith::SelectOp::create(b, loc, seesNone, none, value);
        if (out.element != real)
          value = arith::TruncFOp::create(b, loc, code.type(out.element), value);
        code.store(value, out.memory, code.add(target, column), lanes);
      }
      return SmallVector<Value>();
    });
  });
}

void Attention::unit(Value unit, Value blocksOfRows) {
  Value entry = quotient(unit, blocksOfRows), numBlock = minus(unit, code.times(entry, blocksOfRows));
  enterEntry(entry);
  firstRow = code.times(numBlock, code.index(unitRows));
  rows = least(code.index(unitRows), minus(frame.size(queries), firstRow));
  Value isFresh = arith::OrIOp::create(b, loc, same(unit, frame.begin), same(numBlock, code.index(0)));
  lookAhead();
  copyQueries();
  beginRows();
  block(isFresh);
  finishRows();
}

Kernel Attention::build() {
  Dim blocksOfRows = ceilDiv(queries, unitRows);
  scale = chosenScale();
  loop(frame.begin, frame.end, code.index(1), [&](Value at) { unit(at, frame.size(blocksOfRows)); });
  Dim range = product(batch) * blocksOfRows;
  constexpr int64_t productsOfScore = 64; // what its exponential takes
  Dim scores = product(batch) * queries * keys, products = scores * (depth + columns);
  Dim work = scores * Dim::constant(productsOfScore) + (inTiles ? workOfTiles(products) : products);
  return Kernel{frame.function, range, work, scratch.bytes};
}

FailureOr<Kernel> buildAttention(func::FuncOp group, StringRef name, const Level &level) {
  auto op = *group.getOps<AttendOp>().begin();
  KernelFrame frame(group, name, level);
  Attention attention(op, group, frame, level);
  if (failed(attention.resolve(group)))
    return failure();
  Kernel kernel = attention.build();
  if (std::optional<Bf16Sums> route = attention.route())
    frame.setRoute(*route);
  if (failed(expandVectorMath(frame.function, level)))
    return failure();
  return kernel;
}

} // namespace batten
