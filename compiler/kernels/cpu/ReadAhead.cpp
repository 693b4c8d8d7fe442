// ReadAhead.cpp - see ReadAhead.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ReadAhead.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace batten {

/// Prefetches of the right side in a step of the depth: with more, the hardware's own do better.
constexpr int64_t mostLines = 2;
/// Bytes of a tile's left side that are worth a prefetch.
constexpr int64_t leastStream = 1 << 10;
/// How far ahead of its loads an only tile prefetches weights that no cache holds: 8 to 12 steps of the depth. By one
/// row 1 KiB takes 0.90 of the time of 3 KiB on Zen 3, where a step is half as wide.
static int64_t bytesAhead(const Level &level) { return level.hasManyRegisters() ? 3 << 10 : 1 << 10; }

ReadAhead::ReadAhead(ContractionCode &contraction, bool depthIsCut)
    : LoopCode{contraction.b, contraction.loc}, k(contraction), c(k.c), code(k.code()), depthIsCut(depthIsCut),
      rightLies(whereRightLies()) {}

bool ReadAhead::isOnePanel() const { return ceilDiv(c.extents[c.column], k.panelColumns()).isConstant(1); }

/// True where no other panel or part of the depth touches the rows of a tile again.
bool ReadAhead::rowsStream() const {
  return isOnePanel() && !depthIsCut && !c.rows.empty() &&
         k.tileRows * k.likelyDepth() * elementBytes(k.lhs.element) >= leastStream;
}

/// Cache lines of so many elements of the right side.
int64_t ReadAhead::lines(int64_t elements) const {
  return llvm::divideCeil(elements * elementBytes(k.rhs.element), lineBytes);
}

ReadAhead::RightLies ReadAhead::whereRightLies() const {
  using Right = ContractionCode::Right;
  if (k.right == Right::Packed)
    return isOnePanel() ? RightLies::Apart : RightLies::Together;
  if (k.right == Right::OwnPanel) {
    bool isRead = !isOnePanel() || !c.batch.empty();
    return isRead && k.rhs.strides[c.column].isConstant(1) ? RightLies::InRows : RightLies::Apart;
  }
  if (!isOnePanel())
    return RightLies::InRows;
  if (!rowsStream() || c.batch.empty())
    return RightLies::Apart;
  Dim row = k.rhs.strides[c.depth], entry = k.rhs.strides[c.batch.back()];
  return row == c.extents[c.column] && entry == row * c.extents[c.depth] ? RightLies::Together : RightLies::Apart;
}

/// Of steps that reach a line of packed panels together where as many tiles share a panel.
int64_t ReadAhead::sharing() const {
  bool isLine = k.panelColumns() * elementBytes(k.rhs.element) <= lineBytes && k.dot.elements() == 1;
  return isLine && k.right == ContractionCode::Right::Packed && !k.panelsStream() ? 2 : 1;
}

/// One tile reads a narrow panel from L3 sooner without help: 6 x 1024 @ 1024 x 1024 in 0.87 of the time (Zen 3).
void ReadAhead::setTiles(Value fewestTiles) {
  if (rightLies != RightLies::Together)
    return;
  int64_t width = k.panelColumns(), needed = llvm::divideCeil(lines(width * k.dot.elements()), mostLines);
  needed = std::max(needed, sharing());
  if (std::optional<int64_t> known = constantIndex(fewestTiles)) {
    if (*known >= needed)
      step = code.index(llvm::divideCeil(width, *known));
    return;
  }
  step = either(
      below(fewestTiles, code.index(needed)), [&] { return code.index(0); },
      [&] { return ceilQuotient(code.index(width), fewestTiles); });
}

/// Rows of the left side that lie one behind the other: of the next tile, or behind the last panel of the next block.
std::optional<Ahead> ReadAhead::left(const Strip &strip, const Tile &tile, const Following &next) {
  if (depthIsCut || c.rows.empty() || !k.lhs.strides[c.depth].isConstant(1) ||
      k.lhs.strides[c.rows.back()] != c.extents[c.depth])
    return std::nullopt;
  if (!rowsStream() && (isOnePanel() || c.batch.empty()))
    return std::nullopt;
  Value start = k.offsetAt(k.lhs, strip.batch, code.add(tile.row, next.rows));
  return Ahead{k.lhs.memory, start, code.index(k.tileRows), isOnePanel() ? Cache::L1 : Cache::L2};
}

/// The result of this tile, where its rows lie one behind the other and few panels share them.
std::optional<Ahead> ReadAhead::result(const Strip &strip, const Tile &tile) {
  std::optional<int64_t> width = c.extents[c.column].constantValue(), depth = c.extents[c.depth].constantValue();
  if (!width || !depth || c.rows.empty() || k.out.strides[c.rows.back()] != c.extents[c.column])
    return std::nullopt;
  bool few = rowsStream() || (!c.batch.empty() && !depthIsCut && *width <= 2 * k.panelColumns());
  if (!few || *width > 2 * *depth)
    return std::nullopt;
  Value step = code.index(llvm::divideCeil(k.tileRows * *width, *depth));
  return Ahead{k.out.memory, k.offsetAt(k.out, strip.batch, tile.row), step, Cache::L1};
}

/// Of what the next panel is packed from, each tile fetches one line of every row, another one than the tile before.
Ahead ReadAhead::lineOfRows(Value number, Value next) {
  int64_t linesOfRow = lines(k.panelColumns()), perLine = lineBytes / elementBytes(k.rhs.element);
  Value share = arith::RemUIOp::create(b, loc, number, code.index(linesOfRow * k.dot.elements()));
  Value row = quotient(share, code.index(linesOfRow)), line = minus(share, code.times(row, code.index(linesOfRow)));
  Value stride = k.size(k.rhs.strides[c.depth]);
  Value start = code.add(code.times(row, stride), code.times(line, code.index(perLine)));
  return {k.rhs.memory, code.add(next, start), stride, Cache::L2};
}

/// A tile's share of what is read next of the right side.
SmallVector<Ahead> ReadAhead::right(const Strip &strip, const Tile &tile, Value number, Value next) {
  SmallVector<Ahead> ahead;
  int64_t perLine = lineBytes / elementBytes(k.rhs.element);
  if (rightLies == RightLies::InRows) {
    ahead.push_back(lineOfRows(number, next));
  } else if (step) {
    // Of a few tiles, which wait for memory anyway, the hardware's own do better: theirs go to a line that is there.
    Value start = choose(same(step, code.index(0)), strip.right, next);
    Value before = minus(code.times(number, minus(tile.to, tile.from)), tile.from);
    start = code.add(start, code.times(before, step));
    Cache cache = k.right == ContractionCode::Right::InPlace ? Cache::L1 : Cache::L2;
    int64_t count = std::min(mostLines, lines(k.panelColumns() * k.dot.elements()));
    for (int64_t line = 0; line < count; ++line)
      ahead.push_back({k.rhs.memory, code.add(start, code.index(line * perLine)), step, cache, sharing()});
  }
  return ahead;
}

/// One or two rows load faster than the hardware prefetches, and wait for DRAM; from L3 they come without help sooner.
SmallVector<Ahead> ReadAhead::ofOnlyTile(const Strip &strip) {
  if (!k.panelsStream())
    return {};
  SmallVector<Ahead> ahead;
  int64_t bytesOfOne = elementBytes(k.rhs.element), width = k.panelColumns();
  for (int64_t panel = 0; panel * k.tileVectors < strip.vectors; ++panel)
    for (int64_t line = 0, count = lines(width * k.dot.elements()); line < count; ++line) {
      Value start = code.add(strip.right, code.index((bytesAhead(k.level) + line * lineBytes) / bytesOfOne));
      start = code.add(start, code.times(code.index(panel), k.size(k.panelElements())));
      ahead.push_back({k.rhs.memory, start, code.index(width), Cache::L2});
    }
  return ahead;
}

SmallVector<Ahead> ReadAhead::of(const Strip &strip, const Tile &tile, Value number, const Following &next) {
  SmallVector<Ahead> ahead = right(strip, tile, number, next.right);
  for (std::optional<Ahead> more : {left(strip, tile, next), result(strip, tile)})
    if (more)
      ahead.push_back(*more);
  return ahead;
}

} // namespace batten
