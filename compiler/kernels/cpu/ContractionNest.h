// ContractionNest.h - the loop nest of a contraction; see ContractionNest.cpp.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_KERNELS_CPU_CONTRACTIONNEST_H
#define BATTEN_COMPILER_KERNELS_CPU_CONTRACTIONNEST_H

#include "compiler/kernels/cpu/LoopCode.h"
#include "compiler/kernels/cpu/PanelWalk.h"
#include "compiler/kernels/cpu/ReadAhead.h"

namespace batten {

class ContractionNest : LoopCode {
public:
  explicit ContractionNest(ContractionCode &contraction)
      : LoopCode{contraction.b, contraction.loc}, k(contraction), c(k.c), code(k.code()), rows(c.count(c.rows)) {}

  /// What is decided, and memory on the stack, which belongs to the function's first block.
  void prepare();
  Kernel build();

private:
  ContractionCode &k;
  Contraction &c;
  VectorCode code;
  Dim rows;
  mlir::Value stage;                    ///< accumulators of tiles; null: none wait
  std::optional<PackedLeft> packedLeft; ///< where packing it pays
  std::unique_ptr<MicroKernel> micro;
  std::unique_ptr<ReadAhead> readAhead;

  // What is decided: ContractionShape.cpp.
  int64_t depthBlock = 0;             ///< at most; 0: the whole depth
  int64_t packedDepth = 0;            ///< of the left side at a time, at most; 0: the whole depth
  int64_t stagedPanels = 1;           ///< whose accumulators wait in the stage for the next part of the depth
  int64_t blockTiles = 0;             ///< at most
  int64_t panelsOfOnlyRow = 0;        ///< that it meets side by side; 0: it is as any other
  llvm::SmallVector<int64_t> heights; ///< of tiles, what there may be

  // Numbers of the call.
  mlir::Value tiles, lower, taller;      ///< the first `taller` tiles have lower + 1 rows, the others `lower`
  mlir::Value blocks, panels;            ///< of a batch entry
  mlir::Value tilesOfBlock;              ///< at most
  mlir::Value fewestTiles, longerBlocks; ///< of blocks that have one tile more than `fewestTiles` there are so many
  mlir::Value depthStep, panelStep;      ///< of a part of the depth, and panels that share it, where the depth is cut
  mlir::Value packsAhead;                ///< i1: all parts of the left side are packed at first; null: it is not cut

  bool isAtOnlyRow = false; ///< the builder stands where there is one row

  /// A block of rows: tiles [begin, end) of a batch entry.
  struct Block {
    mlir::Value batch, begin, end;
  };
  /// What tiles of a panel multiply: the depths [from, to), counted from depth `begin`, where what is packed of the
  /// left side begins, in row `packedRow`; where their accumulators wait (null: nowhere).
  struct Part {
    mlir::Value from, to, stage, begin, packedRow;
  };
  mlir::Value firstTile(mlir::Value number);
  mlir::Value rowsOf(const Block &block) { return minus(rowOf(block.end), rowOf(block.begin)); }
  mlir::Value rowOf(mlir::Value tile) { return code.add(code.times(tile, lower), least(tile, taller)); }

  Dim tileCount() const { return ceilDiv(rows, k.tileRows); }
  Dim blockCount() const { return ceilDiv(rows, k.tileRows * blockTiles); }
  Dim panelCount() const { return ceilDiv(c.extents[c.column], k.panelColumns()); }
  int64_t stageOfTile() const { return k.tileRows * k.panelColumns(); }
  mlir::Value stageOfPanel() { return code.times(tilesOfBlock, code.index(stageOfTile())); }
  bool isInParts() const { return k.right == ContractionCode::Right::InParts; }
  bool turnsOnlyRow() const;
  bool packsLeft() const { return PackedLeft::pays(k, panelCount().isConstant(1)); }
  int64_t packedParts() const;
  Dim packedRows() const;
  Dim panelBytes() const;
  Dim stageBytes() const;
  Dim packedOffset() const { return roundUp(panelBytes(), lineBytes); }
  PackedLeft packedIn(Dim rows, Dim depth) { return {k, packedOffset(), std::move(rows), std::move(depth)}; }
  Dim stageOffset() const { return packedOffset() + (packedLeft ? packedLeft->bytes() : Dim()); }
  Dim scratchBytes() const { return depthBlock || packedLeft ? stageOffset() + stageBytes() : panelBytes(); }

  void decide();
  void decideParts();
  void decideOnlyRow(std::optional<int64_t> known);
  void chooseHeights(std::optional<int64_t> known);
  void countTiles();
  void cutDepth();
  void makeStage();
  void units();
  mlir::Value eachOfOnlyRow(mlir::Value from, mlir::Value to, llvm::function_ref<void()> pack,
                            llvm::function_ref<void(const PanelTurn &)> body);
  mlir::Value onlyRow(const Block &block, mlir::Value from, mlir::Value to);
  void partsOf(const Block &block, mlir::Value from, mlir::Value to);
  void eachPart(const Block &block, llvm::function_ref<void(const Part &)> body);
  void packAhead(const Block &block, mlir::Value from, mlir::Value to);
  mlir::Value packOnTheWay(const Block &block, mlir::Value begin);
  void packPart(const Block &block, mlir::Value begin, mlir::Value row);
  void panel(const Block &block, const PanelTurn &turn);
  void partOfPanel(const Block &block, const PanelTurn &turn, mlir::Value firstPanel, const Part &part);
  mlir::Value rightOf(mlir::Value batch, mlir::Value panel);
  mlir::Value depthStride();
  mlir::Value rightOfPart(const Block &block, const PanelTurn &turn, const Part &part);
  Following following(const Block &block, mlir::Value number, mlir::Value next);
  Strip stripOf(const Block &block, const PanelTurn &turn, const Part &part, mlir::Value right);
  void tilesOf(const Block &block, const Strip &strip, const Part &part, const Following &next);
  void tile(const Block &block, const Strip &strip, mlir::Value number, const Part &part, const Following &next);
  void dispatch(mlir::Value height, llvm::function_ref<void(int64_t)> body);
};

} // namespace batten
#endif // BATTEN_COMPILER_KERNELS_CPU_CONTRACTIONNEST_H
