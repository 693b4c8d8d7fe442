// RowTiles.cpp - element-wise groups that read an operand across its rows: tiles transposed in registers.
//
// Where an operand's neighbours lie along a row dim (a transpose, `b t h d -> b h t d` with h inside), a gather along
// the columns touches a cache line an element. Instead a unit is as many rows as a vector has lanes: for as many
// columns each such vector is loaded along the rows, and a square of them is transposed. Rows and columns that fill no
// square take the gathers. On Zen 4 a 512 x 512 transpose of f32 went from 540 us to 33.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Rows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace batten {

/// A tile unrolls the group's operations once a row; beyond this many they outweigh the gathers.
constexpr int64_t mostOperations = 8;
/// So many of its operations are code of their own, whatever the length of a tile.
constexpr int64_t mostCopies = 128;
/// Tiles of a whole line are for rows that they fill.
constexpr int64_t usualTile = 16;
/// The same where there are 16 registers: 32 rows of bytes are 32 of them, 64 would be 128.
constexpr int64_t fewRegistersTile = 32;
/// A tile prefetches what some tiles later loads, a line a vector: no hardware follows so many streams. It is the line
/// that the vector ends in: where rows are not aligned, the one that it begins in was met by the tiles before.
constexpr int64_t tilesAhead = 4, mostLinesAhead = 64;

static int64_t countOperations(const RowGroup &group) {
  int64_t operations = 0;
  for (const RowNode &node : group.nodes)
    operations += int64_t(node.body()->getOperations().size());
  return operations;
}

static bool liesAcross(const std::optional<ColumnElements> &elements) {
  return elements && !elements->period && !elements->stride.isConstant(0) && !elements->stride.isConstant(1);
}

/// Whether tiles may be computed twice: no operand is where a result may be written over it.
bool Rows::tilesOverlap() const {
  return llvm::all_of(llvm::enumerate(group.accesses), [&](auto access) {
    const std::optional<ColumnElements> &elements = columnElements[access.index()];
    return liesAcross(elements) || (elements && elements->period) ||
           llvm::any_of(group.nodes, [&](const RowNode &node) { return node.result == unsigned(access.index()); });
  });
}

/// Rows and columns of a tile.
int64_t Rows::tileLanes(size_t dim) const {
  int64_t rows = rowDims.extents[dim].constantValue().value_or(0), columns = count.constantValue().value_or(0);
  int64_t lanes = std::min(lineBytes * 8 / int64_t(group.laneBits()),
                           int64_t(llvm::bit_floor(uint64_t(mostCopies / countOperations(group)))));
  if (!level.hasManyRegisters())
    lanes = std::min(lanes, fewRegistersTile);
  auto fits = [&] { return rows >= lanes && columns >= lanes && (rows % lanes == 0 || tilesOverlap()); };
  while (lanes > std::min(code.lanes, usualTile) && !fits())
    lanes /= 2;
  return lanes;
}

/// Stores past the caches to so many rows in turn are slower than through them: on Zen 3 16 transposes of 1024 x 1024
/// in bf16 went from 6.9 ms to 5.0, of bytes (with smaller tiles, too) from 5.2 to 3.1.
bool Rows::tilesAreTall() const { return !level.hasManyRegisters() && code.lanes > usualTile; }

/// The row dim (of rowDims) along which every operand lies that does not lie along the columns; nullopt where tiles are
/// not worth it.
std::optional<size_t> Rows::findTileDim() {
  bool isHeavy =
      llvm::any_of(group.nodes, [](const RowNode &node) { return node.kind != RowNode::column || node.heavy; });
  if (isHeavy || countOperations(group) > mostOperations)
    return std::nullopt;
  std::optional<size_t> dim;
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    const std::optional<ColumnElements> &elements = columnElements[i];
    if (elements && elements->repeat > 1)
      return std::nullopt;
    if (!liesAcross(elements))
      continue;
    ArrayRef<Dim> strides = rowDims.strides[i];
    size_t found = llvm::find(strides, Dim::constant(1)) - strides.begin();
    if (found == strides.size() || dim.value_or(found) != found)
      return std::nullopt;
    dim = found;
  }
  if (!dim || rowDims.extents[*dim].constantValue().value_or(INT64_MAX) < tileLanes(*dim))
    return std::nullopt;
  return dim;
}

Dim Rows::tilesAcross() const { return ceilDiv(rowDims.extents[*tileDim], code.lanes); }

Dim Rows::tileCount() const {
  Dim count = tilesAcross();
  for (auto [d, extent] : llvm::enumerate(rowDims.extents))
    if (d != *tileDim)
      count = count * extent;
  return count;
}

void Rows::tileUnit(Value index) {
  Values extents = rowExtents;
  extents[*tileDim] = frame.size(tilesAcross());
  Values place = digitsOf(code, index, extents);
  Value firstRow = place[*tileDim] = code.times(place[*tileDim], code.index(code.lanes));
  std::optional<int64_t> rows = rowDims.extents[*tileDim].constantValue();
  if (rows && (*rows % code.lanes == 0 || tilesOverlap())) {
    if (*rows % code.lanes != 0)
      place[*tileDim] = arith::MinUIOp::create(b, code.loc, firstRow, code.index(*rows - code.lanes));
    return tileRows(place);
  }
  Value left = arith::SubIOp::create(b, code.loc, rowExtents[*tileDim], firstRow);
  Value all = code.index(code.lanes);
  Value isFull = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::uge, left, all);
  auto branch = scf::IfOp::create(b, code.loc, isFull, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  tileRows(place);
  b.setInsertionPointToStart(branch.elseBlock());
  rowsOneByOne(place, left, range);
}

/// `count` rows from `place` on, columns of `part`, by gathers.
void Rows::rowsOneByOne(Values place, Value count, const ColumnRange &part) {
  auto loop = scf::ForOp::create(b, code.loc, code.index(0), count, code.index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  place[*tileDim] = code.add(place[*tileDim], loop.getInductionVar());
  ColumnRange whole = range;
  enterRow(place);
  range = part;
  walk();
  storeRowResults();
  range = whole;
}

/// As many rows as a vector has lanes, from `place` on.
void Rows::tileRows(const Values &place) {
  enterRow(place);
  ColumnRange whole = range;
  Values offsets;
  for (const Place &access : places)
    offsets.push_back(access.base);
  int64_t known = whole.constant ? *whole.constant % code.lanes : 0;
  if (known && whole.constant > code.lanes && !streaming && tilesOverlap()) { // past the caches only what is aligned
    tile(place, offsets, code.index(*whole.constant - code.lanes), code.lanes);
  } else if (known) {
    tile(place, offsets, code.index(*whole.constant - known), known);
  }
  Value left = arith::RemUIOp::create(b, code.loc, whole.extent, code.index(code.lanes));
  Value full = arith::SubIOp::create(b, code.loc, whole.extent, left);
  {
    auto loop = scf::ForOp::create(b, code.loc, whole.first, full, code.index(code.lanes));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    tile(place, offsets, loop.getInductionVar(), code.lanes);
  }
  if (!whole.constant)
    rowsOneByOne(place, code.index(code.lanes), {full, left, std::nullopt});
}

/// What a tile some tiles later writes of the row at hand, where that is a part of a line: it is read from memory
/// first. Zen 3, 16 transposes of 1001 x 997 bytes 3.5 -> 2.6 ms; of whole lines (bf16), one in L2 went from 153 us to
/// 175.
void Rows::prefetchResult(unsigned access, Value at) {
  if (!tilesAreTall() || code.lanes * elementBytes(places[access].element) >= lineBytes)
    return;
  Value last = code.add(at, code.index((tilesAhead + 1) * code.lanes - 1));
  code.prefetch(places[access].memory, code.add(places[access].base, last), Cache::L2, /*isWrite=*/true);
}

/// The square at column `at`, of which `columns` columns exist; `offsets` of its first row by access.
void Rows::tile(const Values &place, const Values &offsets, Value at, int64_t columns) {
  DenseMap<unsigned, Values> transposed;
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    if (!liesAcross(columnElements[i]))
      continue;
    Type stored = storageType(access.element);
    Value none = arith::ConstantOp::create(b, code.loc, b.getZeroAttr(code.type(stored)));
    Values vectors(code.lanes, none);
    bool isFollowed =
        columns == code.lanes && (tilesAreTall() || code.lanes * elementBytes(access.element) == lineBytes);
    Value later = code.times(code.index(std::min(tilesAhead * code.lanes, mostLinesAhead)), places[i].stride);
    later = code.add(later, code.index(code.lanes - 1));
    for (int64_t k = 0; k < columns; ++k) {
      Value from = code.add(offsets[i], code.times(code.add(at, code.index(k)), places[i].stride));
      if (isFollowed)
        code.prefetch(access.memory, code.add(from, later), Cache::L2);
      vectors[k] = code.load(access.memory, from, code.index(1), stored, {});
    }
    transposed[i] = code.turnSquares(vectors);
  }
  Value mask = columns < code.lanes ? code.firstLanes(code.index(columns)) : Value();
  for (int64_t row = 0; row < code.lanes; ++row) {
    for (auto [i, access] : llvm::enumerate(group.accesses)) {
      places[i].base = code.add(offsets[i], code.times(code.index(row), rowStrides[i][*tileDim]));
      places[i].everywhere = {};
      firstOfRow[i] = places[i].base;
    }
    digits[*tileDim] = code.add(place[*tileDim], code.index(row));
    Chunk chunk(at, mask);
    for (auto &[access, vectors] : transposed)
      chunk.loads[access] = code.fromStorage(vectors[row], group.accesses[access].element);
    for (auto [i, node] : llvm::enumerate(group.nodes))
      if (node.result) {
        prepare(i);
        storeColumn(i, chunk);
        if (columns == code.lanes)
          prefetchResult(*node.result, at);
      }
  }
  flushStores(); // of all rows: one branch
}

} // namespace batten
