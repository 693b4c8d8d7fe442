// AttentionAhead.cpp - what the next unit needs is on its way before this one ends; see Attention.cpp.
//
// Short sequences come from memory faster than they are waited for: at 128 keys, a unit that begins with a miss on each
// line takes a seventh longer. So while the products keep the arithmetic busy, rows of the next unit's queries and
// results are fetched, and of the next entry's keys and values those that stand at the place of this unit's queries.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/Attention.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace batten {

/// Lines of a row; hardware follows longer ones.
static constexpr int64_t mostLines = 8;

/// The next unit is of the same entry or of the next one, which is taken to be the next along the innermost batch dim.
void Attention::lookAhead() {
  Value after = code.add(firstRow, rows);
  Value isLast = below(frame.size(queries - Dim::constant(1)), after);
  auto entryAfter = [&](const Operand &operand, Value base) {
    return numBatch ? code.add(base, frame.size(stride(operand, -1))) : base;
  };
  auto rowAfter = [&](const Operand &operand, Value base) {
    Value row = code.add(base, code.times(after, frame.size(stride(operand, queryLoop))));
    return choose(isLast, entryAfter(operand, base), row);
  };
  nextQ = rowAfter(q, qBase);
  nextOut = rowAfter(out, outBase);
  nextK = entryAfter(k, kBase);
  nextV = entryAfter(v, vBase);
}

void Attention::fetch(const RowsAhead &rows, Value row) {
  if (!stride(rows.operand, rows.columnLoop).isConstant(1))
    return;
  Value from = code.add(rows.first, code.times(row, frame.size(stride(rows.operand, rows.rowLoop))));
  int64_t line = lineBytes / elementBytes(rows.operand.element);
  int64_t width = (rows.columnLoop == depthLoop ? depth : columns).constantValue().value_or(line);
  bool isWritten = rows.operand.memory == out.memory;
  code.prefetchLines(rows.operand.memory, from, 0, std::min(width, mostLines * line), rows.operand.element,
                     isWritten ? Cache::L1 : Cache::L2, isWritten);
}

/// What corresponds to the tile that begins at `row`; of keys only where those of an entry stay in L2 until they are
/// needed.
void Attention::fetchAhead(const RowsAhead &ofQueries, const RowsAhead &ofKeys, Value row) {
  for (int64_t i = 0; i < tileRows; ++i)
    fetch(ofQueries, code.add(row, code.index(i)));
  if (!numBatch || queries != keys)
    return;
  int64_t widths = depth.constantValue().value_or(usual::width) + columns.constantValue().value_or(usual::width);
  int64_t mostKeys = level.cacheBytesL2 / 4 / (widths * elementBytes(ofKeys.operand.element));
  onlyIf(below(frame.size(keys), code.index(mostKeys + 1)), [&] {
    for (int64_t i = 0; i < tileRows; ++i)
      fetch(ofKeys, code.add(code.add(firstRow, row), code.index(i)));
  });
}

} // namespace batten
