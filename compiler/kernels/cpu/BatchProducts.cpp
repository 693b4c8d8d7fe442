// BatchProducts.cpp - sums over the batch of what two sides give that lie along different dims of the result, as
// sum(outer(x, y) over batch B), which the gradient of every weight is.
//
//   for each unit in [begin, end)              a block of rows i of the result by a block of its columns j
//     for each block of 256 positions b
//       x[b, rows] are packed, a tile of rows after the other
//       for each panel of columns
//         y[b, columns] are packed
//         for each tile of rows                a chain a result in registers over the block's positions, each of which
//           result[i, j] += the chain          meets an element of x in every lane with a vector of y
//
// This is the nest of a matrix product whose depth is the positions, cut where dialect/NUMERICS.md cuts them: a chain
// begins anew in each block and is added to what the result's memory holds. So a side is read from its place once for
// a block of the other, where results that each walk over all positions read it for every row; and lanes run along the
// columns, so that nothing is shuffled. What is computed of the two sides is the group's: any element-wise operations,
// of what lies along neither side too. Units are results, so threads change no bit.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/PackPanel.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;

namespace batten {
namespace {

/// Of a unit, at most: what it packs is less than a tenth of its work, and stays in L2. Of few units it has fewer
/// tiles, or threads would have nothing to do (Zen 3, one thread, 64 x 64 of 1000 positions: one unit 114 us, four
/// 127).
constexpr int64_t mostTiles = 16, mostPanels = 12, fewestTiles = 3, fewestUnits = 4;

/// Of fewer rows, packing takes longer than reading again (Zen 3: 2 x 16 of 1000 positions 3.5 us, so 2.9; 3 x 16 3.8
/// and 4.1). Of f16, where conversions take the time, nothing is won (512 x 256 of 64: 1.02 ms, so 0.94).
constexpr int64_t fewestRows = 3;

/// What an operand lies along, but for the positions.
enum class Side { rows, columns, neither };

/// The result as rows by columns, and how an operand meets them.
struct Crossing {
  struct Strides {
    Dim row, column, position;
  };
  MergedDims outer; ///< the kept dims before the columns; the rows are the last
  Dim columns, positions;
  SmallVector<Strides> strides; ///< by access
  SmallVector<Side> sides;      ///< by access
  const Dim &rows() const { return outer.extents.back(); }
};

/// Cuts of the result.
struct Cuts {
  int64_t tileRows, tileVectors; ///< of a tile, whose sums are registers
  int64_t tiles, panels;         ///< of a unit
  int64_t turn;                  ///< positions of a turn of the chains' loop
};

class BatchProducts : RowCode {
public:
  BatchProducts(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level, Crossing given);
  Kernel build();

private:
  using Values = SmallVector<Value>;

  Crossing dims;
  Cuts cuts;
  unsigned reduction, result;
  Dim scratchBytes;
  Values packed; ///< by access: its elements in scratch; null: of neither side

  // Of the unit that is being built.
  Values outerDigits; ///< but for the rows
  Value firstRow, firstColumn;
  Value firstPosition, positions; ///< of the block
  Value tileRow, panelColumn;     ///< the first of the current tile and panel
  Value tilePlace;                ///< of the tile in what is packed of the rows, in elements
  Value position;                 ///< in the block
  int64_t row = 0, vector = 0;    ///< of the tile
  SmallVector<Values> elements;   ///< by access, by row or vector: of the position

  LoopCode loops() const { return {b, code.loc}; }
  int64_t panelColumns() const { return cuts.tileVectors * code.lanes; }
  int64_t tileSlot() const { return llvm::alignTo(cuts.tileRows, code.lanes); }
  int64_t rowsOfUnit() const { return cuts.tiles * cuts.tileRows; }
  int64_t columnsOfUnit() const { return cuts.panels * panelColumns(); }

  void setUp();
  void unit(Value index);
  void enterUnit(Value index);
  void block();
  void pack(Side side, Value first, Value place);
  Value placeOf(unsigned access) const;
  void forEachPart(Value first, const Dim &extent, int64_t part, int64_t count, llvm::function_ref<void(Value)> body);
  Values chains();
  Values step(Value at, ValueRange sums);
  void addToResult(ValueRange sums);
  void addVectors(int64_t v, Value mask, ValueRange sums);
  void addVector(Value sum, Value at, Value mask);
  Value load(unsigned access, Chunk &chunk) override;
  Value loadForRow(unsigned) override { llvm_unreachable("no operation of a batch reduction is one of rows"); }
  Value loadKept(unsigned, Chunk &) override { llvm_unreachable("a batch reduction walks once"); }
  Value loopIndex(int64_t, Chunk *) override { llvm_unreachable("a batch reduction asks for no index"); }
};
} // namespace

//===- What is decided --------------------------------------------------------------------------------------------===//

/// Instructions of the chains' loop itself are an eighth of what a position of plain products takes (Zen 3: 2.18 ns,
/// two positions a turn 1.92), but not where a product is rounded by itself.
static int64_t positionsOfTurn(const RowGroup &group) {
  constexpr size_t fewOperations = 4;
  size_t operations = 0;
  for (const RowNode &node : group.nodes)
    operations += llvm::range_size(node.body()->without_terminator());
  return operations <= fewOperations ? 2 : 1;
}

static Cuts cut(const RowGroup &group, const Crossing &dims, const Level &level, int64_t lanes) {
  auto pieces = [](const Dim &extent, int64_t size) { return ceilDiv(extent, size).constantValue(); };
  Cuts cuts;
  cuts.tileVectors = evenly(pieces(dims.columns, lanes), level.tileVectors);
  cuts.tileRows = evenly(dims.rows().constantValue(), level.tileRows * level.tileVectors / cuts.tileVectors);
  std::optional<int64_t> tiles = pieces(dims.rows(), cuts.tileRows),
                         panels = pieces(dims.columns, cuts.tileVectors * lanes);
  cuts.panels = evenly(panels, mostPanels);
  int64_t columnBlocks = llvm::divideCeil(panels.value_or(mostPanels), cuts.panels);
  int64_t shared = llvm::divideCeil(tiles.value_or(mostTiles * fewestUnits) * columnBlocks, fewestUnits);
  cuts.tiles = evenly(tiles, std::clamp(shared, fewestTiles, mostTiles));
  cuts.turn = positionsOfTurn(group);
  return cuts;
}

BatchProducts::BatchProducts(RowGroup &group, KernelFrame &frame, GroupScalars &scalars, const Level &level,
                             Crossing given)
    : RowCode(group, frame, scalars, laneCount(group, level)), dims(std::move(given)),
      cuts(cut(group, dims, level, code.lanes)), reduction(group.nodes.size() - 1), result(*group.nodes.back().result) {
}

//===- Once a kernel ----------------------------------------------------------------------------------------------===//

void BatchProducts::setUp() {
  packed.resize(group.accesses.size());
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    if (dims.sides[i] == Side::neither || i == result)
      continue;
    int64_t width = dims.sides[i] == Side::rows ? cuts.tiles * tileSlot() : panelColumns();
    packed[i] = frame.scratchView(scratchBytes, access.element);
    Dim bytes = Dim::constant(blockPositions * width * elementBytes(access.element));
    scratchBytes = scratchBytes + roundUp(bytes, lineBytes);
  }
}

Kernel BatchProducts::build() {
  setUp();
  loops().loop(frame.begin, frame.end, code.index(1), [&](Value index) { unit(index); });
  Dim units = countOf(ArrayRef<Dim>(dims.outer.extents).drop_back()) * ceilDiv(dims.rows(), rowsOfUnit()) *
              ceilDiv(dims.columns, columnsOfUnit());
  return {frame.function, units, countOf(group.domain), scratchBytes};
}

//===- Once a unit ------------------------------------------------------------------------------------------------===//

void BatchProducts::enterUnit(Value index) {
  Values extents = llvm::map_to_vector(ArrayRef<Dim>(dims.outer.extents).drop_back(),
                                       [&](const Dim &extent) { return frame.size(extent); });
  extents.push_back(frame.size(ceilDiv(dims.rows(), rowsOfUnit())));
  extents.push_back(frame.size(ceilDiv(dims.columns, columnsOfUnit())));
  outerDigits = digitsOf(code, index, extents);
  firstColumn = code.times(outerDigits.pop_back_val(), code.index(columnsOfUnit()));
  firstRow = code.times(outerDigits.pop_back_val(), code.index(rowsOfUnit()));
}

/// `body` for each `part` of a unit's `count` parts from `first` on that `extent` has.
void BatchProducts::forEachPart(Value first, const Dim &extent, int64_t part, int64_t count,
                                llvm::function_ref<void(Value)> body) {
  Value end = loops().least(code.add(first, code.index(part * count)), frame.size(extent));
  loops().loop(first, end, code.index(part), body);
}

void BatchProducts::unit(Value index) {
  enterUnit(index);
  // No positions at all are one block of none: its sums are identities.
  Value count = frame.size(dims.positions), some = loops().most(count, code.index(1));
  loops().loop(code.index(0), some, code.index(blockPositions), [&](Value first) {
    firstPosition = first;
    positions = loops().least(loops().minus(count, first), code.index(blockPositions));
    block();
  });
}

//===- Once a block of positions ----------------------------------------------------------------------------------===//

void BatchProducts::block() {
  auto eachTile = [&](llvm::function_ref<void()> body) {
    forEachPart(firstRow, dims.rows(), cuts.tileRows, cuts.tiles, [&](Value row) {
      Value number = loops().quotient(loops().minus(row, firstRow), code.index(cuts.tileRows));
      tileRow = row;
      tilePlace = code.times(number, code.index(blockPositions * tileSlot()));
      body();
    });
  };
  eachTile([&] { pack(Side::rows, tileRow, tilePlace); });
  forEachPart(firstColumn, dims.columns, panelColumns(), cuts.panels, [&](Value column) {
    panelColumn = column;
    pack(Side::columns, column, code.index(0));
    eachTile([&] { addToResult(chains()); });
  });
}

/// The element of `access` at the block's first position in the first row and column of the result.
Value BatchProducts::placeOf(unsigned access) const {
  Value place = frame.size(group.accesses[access].offset);
  for (auto [digit, stride] : llvm::zip(outerDigits, dims.outer.strides[access])) // the last stride is the rows'
    place = code.add(place, code.times(digit, frame.size(stride)));
  return code.add(place, code.times(firstPosition, frame.size(dims.strides[access].position)));
}

/// The block's elements of a tile of rows, or of a panel of columns, from `first` on; those that do not exist are zero.
void BatchProducts::pack(Side side, Value first, Value place) {
  bool isOfRows = side == Side::rows;
  int64_t width = isOfRows ? tileSlot() : panelColumns();
  Value extent = frame.size(isOfRows ? dims.rows() : dims.columns), last = code.add(first, code.index(width - 1));
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    if (!packed[i] || dims.sides[i] != side)
      continue;
    const Crossing::Strides &strides = dims.strides[i];
    const Dim &along = isOfRows ? strides.row : strides.column;
    Value stride = frame.size(along), positionStride = frame.size(strides.position);
    bool turned = isTurned(along, strides.position);
    PanelSource source{access.memory, placeOf(i), access.element, extent, positions, stride, positionStride, turned};
    auto emit = [&, target = packed[i]](bool isWhole) {
      source.isWhole = isWhole;
      emitPanel(code, source, first, width, target, place);
    };
    loops().branch(loops().below(last, extent), [&] { emit(/*isWhole=*/true); }, [&] { emit(/*isWhole=*/false); });
  }
}

//===- Once a tile ------------------------------------------------------------------------------------------------===//

/// The sums of a tile over the block's positions, row by row.
BatchProducts::Values BatchProducts::chains() {
  auto walk = [&](Value from, Value to, int64_t turn, ValueRange start) {
    return loops().fold(from, to, code.index(turn), start, [&](Value at, ValueRange sums) {
      Values next(sums);
      for (int64_t i = 0; i < turn; ++i)
        next = step(code.add(at, code.index(i)), next);
      return next;
    });
  };
  Values sums(cuts.tileRows * cuts.tileVectors, identity(reduction));
  if (cuts.turn == 1)
    return walk(code.index(0), positions, 1, sums);
  Value whole = loops().minus(positions, loops().remainder(positions, code.index(cuts.turn)));
  sums = walk(code.index(0), whole, cuts.turn, sums);
  return walk(whole, positions, 1, sums);
}

/// The sums of a tile after a position of the block.
BatchProducts::Values BatchProducts::step(Value at, ValueRange sums) {
  position = at;
  elements.assign(group.accesses.size(), Values(std::max(cuts.tileRows, cuts.tileVectors)));
  Values next;
  for (row = 0; row < cuts.tileRows; ++row)
    for (vector = 0; vector < cuts.tileVectors; ++vector) {
      Chunk chunk(position, {}); // rows and columns that do not exist may hold anything
      next.push_back(accumulate(reduction, chunk, sums[next.size()]));
    }
  return next;
}

Value BatchProducts::load(unsigned access, Chunk &) {
  Side side = dims.sides[access];
  Value &element = elements[access][side == Side::rows ? row : side == Side::columns ? vector : 0];
  if (element)
    return element;
  Type type = group.accesses[access].element;
  switch (side) {
  case Side::rows: {
    Value at = code.add(tilePlace, code.times(position, code.index(tileSlot())));
    return element = code.loadSplat(packed[access], code.add(at, code.index(row)), type);
  }
  case Side::columns: {
    Value at = code.add(code.times(position, code.index(panelColumns())), code.index(vector * code.lanes));
    return element = code.load(packed[access], at, code.index(1), type, {});
  }
  case Side::neither: {
    Value at = code.times(position, frame.size(dims.strides[access].position));
    return element = code.loadSplat(group.accesses[access].memory, code.add(placeOf(access), at), type);
  }
  }
  llvm_unreachable("every side has its elements");
}

static bool isMultipleOf(const Dim &extent, int64_t size) {
  std::optional<int64_t> known = extent.constantValue();
  return known && *known % size == 0;
}

/// The result's memory holds the sums of the blocks so far. AMD's CPUs take tens of cycles for a store with a mask, so
/// only the vectors with the last columns have one.
void BatchProducts::addToResult(ValueRange sums) {
  for (int64_t v = 0; v < cuts.tileVectors; ++v) {
    if (isMultipleOf(dims.columns, panelColumns())) {
      addVectors(v, {}, sums);
      continue;
    }
    Value left = loops().minus(frame.size(dims.columns), code.add(panelColumn, code.index(v * code.lanes)));
    Value any = loops().signedBelow(code.index(0), left),
          isWhole = loops().signedBelow(code.index(code.lanes - 1), left);
    loops().branch(
        isWhole, [&] { addVectors(v, {}, sums); },
        [&] { loops().onlyIf(any, [&] { addVectors(v, code.firstLanes(left), sums); }); });
  }
}

/// The sums of vector `v` of the tile's rows.
void BatchProducts::addVectors(int64_t v, Value mask, ValueRange sums) {
  const Dim &stride = dims.strides[result].row;
  Value first = code.add(placeOf(result), code.times(tileRow, frame.size(stride)));
  first = code.add(code.add(first, panelColumn), code.index(v * code.lanes));
  for (int64_t r = 0; r < cuts.tileRows; ++r) {
    auto add = [&] {
      addVector(sums[r * cuts.tileVectors + v], code.add(first, frame.size(Dim::constant(r) * stride)), mask);
    };
    if (isMultipleOf(dims.rows(), cuts.tileRows))
      add();
    else
      loops().onlyIf(loops().below(code.add(tileRow, code.index(r)), frame.size(dims.rows())), add);
  }
}

void BatchProducts::addVector(Value sum, Value at, Value mask) {
  const Operand &target = group.accesses[result];
  auto addTo = [&](Value total) { code.store(combine(reduction, total, sum), target.memory, at, mask); };
  loops().branch(
      loops().same(firstPosition, code.index(0)), [&] { addTo(identity(reduction)); },
      [&] { addTo(code.load(target.memory, at, code.index(1), target.element, mask)); });
}

//===- Which groups -----------------------------------------------------------------------------------------------===//

/// Where every operand lies along rows or columns, or neither, and some along either; nullopt: it does not.
static std::optional<Crossing> crossingOf(const RowGroup &group) {
  size_t from = lanesFrom(group);
  MergedDims positions = mergeDims(group, group.split, group.domain.size());
  Crossing dims{mergeDims(group, 0, from), countOf(group.rows().drop_front(from)), countOf(group.columns()), {}, {}};
  if (dims.outer.extents.empty() || positions.extents.size() != 1)
    return std::nullopt;
  bool anyOfRows = false, anyOfColumns = false;
  for (auto [i, access] : llvm::enumerate(group.accesses)) {
    Dim column = *flatStride(access, group.domain, from, group.split);
    dims.strides.push_back({dims.outer.strides[i].back(), column, positions.strides[i].front()});
    bool alongRows = !dims.strides[i].row.isConstant(0), alongColumns = !column.isConstant(0);
    if (alongRows && alongColumns && i != *group.nodes.back().result)
      return std::nullopt;
    dims.sides.push_back(alongRows ? Side::rows : alongColumns ? Side::columns : Side::neither);
    anyOfRows |= alongRows && !alongColumns;
    anyOfColumns |= alongColumns && !alongRows;
  }
  return anyOfRows && anyOfColumns ? std::optional(dims) : std::nullopt;
}

/// Whether the nest takes less time than reading the columns' side again for each row.
static bool isWorthwhile(const RowGroup &group, const Crossing &dims) {
  auto isHalf = [](const Operand &access) { return access.element.isF16(); };
  return dims.rows().constantValue().value_or(fewestRows) >= fewestRows && llvm::none_of(group.accesses, isHalf);
}

std::optional<Kernel> buildBatchProducts(RowGroup &group, KernelFrame &frame, GroupScalars &scalars,
                                         const Level &level) {
  std::optional<Crossing> dims = crossingOf(group);
  // Extremes are folded as integers, which is not what the result's memory may hold.
  bool isExtreme = isExtremeOfFloats(group.nodes.back().body()->getTerminator()->getOperand(0).getDefiningOp());
  if (!dims || isExtreme || !isWorthwhile(group, *dims))
    return std::nullopt;
  return BatchProducts(group, frame, scalars, level, std::move(*dims)).build();
}

} // namespace batten
