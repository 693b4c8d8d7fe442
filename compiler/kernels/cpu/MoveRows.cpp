// MoveRows.cpp - the builders of gathers and updates: at each loop position one row goes to one row.
//
// A gather takes the row that a number names, an update puts a row where a number names one; the other side is where
// the loops stand. A number outside moves nothing, and a gather's row is then filled. Nothing but these rows is
// touched, however long the table or the destination is. A unit of the launch is one loop position.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace batten {
namespace {

/// One side of the copy: its access among those of the loops, and the strides of its rows and columns.
struct Side {
  unsigned access = 0;
  Dim rowStride, columnStride;
};

class RowMover {
public:
  RowMover(func::FuncOp function, Operation *op, KernelFrame &frame, const Level &level)
      : function(function), op(op), frame(frame), shapes(function), element(getElementTypeOrSelf(op->getResult(0))),
        code{frame.builder, op->getLoc(), level.lanes(element)} {}
  FailureOr<Kernel> build();

private:
  func::FuncOp function;
  Operation *op;
  KernelFrame &frame;
  Shapes shapes;
  Type element;
  VectorCode code;
  RowGroup loops; ///< domain and accesses; access 0 is the numbers
  Dim rows, columns;
  Side from, to;
  bool isGather = false;

  LogicalResult resolve();
  LogicalResult addOperand(Value tensor, ArrayRef<int64_t> axes, bool hasRows, Side *side);
  void addResult(bool hasRows);
  void addAccess(Operand operand, Side *side);
  void walk(llvm::function_ref<void(Value at, Value mask)> turn);
  void copy(Value source, Value target);
  void fill(Value target);
  void unit(ArrayRef<Value> places);
};

/// Strides of the loops, and then of rows and columns where the operand has them.
void RowMover::addAccess(Operand operand, Side *side) {
  size_t count = loops.domain.size();
  if (side)
    *side = {unsigned(loops.accesses.size()), operand.strides[count], operand.strides[count + 1]};
  operand.strides.truncate(count);
  loops.accesses.push_back(std::move(operand));
}

LogicalResult RowMover::addOperand(Value tensor, ArrayRef<int64_t> axes, bool hasRows, Side *side) {
  unsigned count = loops.domain.size();
  SmallVector<unsigned> dims(axes);
  if (hasRows)
    dims.push_back(count);
  if (side)
    dims.push_back(count + 1);
  AffineMap map = AffineMap::getMultiDimMapWithTargets(count + 2, dims, op->getContext());
  std::optional<Operand> operand = resolveOperand(tensor, map, shapes, frame);
  if (!operand)
    return op->emitError("an operand of this operation is no view of memory");
  addAccess(*operand, side);
  return success();
}

void RowMover::addResult(bool hasRows) {
  Operand operand = resultOperand(function, 0, shapes, frame);
  if (!hasRows)
    operand.strides.insert(operand.strides.end() - 1, Dim::constant(0));
  addAccess(operand, &to);
}

LogicalResult RowMover::resolve() {
  SmallVector<Dim> extents(shapes.of(op->getResult(0)));
  auto gather = dyn_cast<GatherRowsOp>(op);
  isGather = static_cast<bool>(gather);
  columns = extents.back();
  rows = isGather ? *(shapes.of(gather.getTable()).end() - 2) : *(extents.end() - 2);
  loops.domain.assign(extents.begin(), extents.end() - (isGather ? 1 : 2));
  loops.split = loops.domain.size();
  loops.indexed.assign(loops.split, false);
  if (isGather) {
    if (failed(addOperand(gather.getId(), gather.getIdAxes(), false, nullptr)) ||
        failed(addOperand(gather.getTable(), gather.getTableAxes(), true, &from)))
      return failure();
  } else {
    auto update = cast<UpdateRowsOp>(op);
    if (failed(addOperand(update.getAt(), update.getAtAxes(), false, nullptr)) ||
        failed(addOperand(update.getRow(), update.getRowAxes(), false, &from)))
      return failure();
  }
  addResult(/*hasRows=*/!isGather);
  return success();
}

void RowMover::walk(llvm::function_ref<void(Value at, Value mask)> turn) {
  ColumnRange range{code.index(0), frame.size(columns), columns.constantValue()};
  walkCopies(code, range, turn);
}

/// As memory holds the elements, but for bools: any nonzero byte is read as true.
void RowMover::copy(Value source, Value target) {
  Value stride = frame.size(from.columnStride);
  Type moved = isBool(element) ? element : storageType(element);
  walk([&](Value at, Value mask) {
    Value place = code.add(source, code.times(at, stride));
    Value vector = code.load(loops.accesses[from.access].memory, place, stride, moved, mask);
    code.store(vector, loops.accesses[to.access].memory, code.add(target, at), mask);
  });
}

void RowMover::fill(Value target) {
  TypedAttr none = frame.builder.getZeroAttr(element);
  if (auto real = dyn_cast<FloatType>(element))
    none = FloatAttr::get(real, APFloat::getNaN(real.getFloatSemantics()));
  Value vector = code.toStorage(code.splat(arith::ConstantOp::create(frame.builder, code.loc, none)));
  walk([&](Value at, Value mask) { code.store(vector, loops.accesses[to.access].memory, code.add(target, at), mask); });
}

/// `places`: the first element of each access at this position.
void RowMover::unit(ArrayRef<Value> places) {
  OpBuilder &b = frame.builder;
  const Operand &numbers = loops.accesses[0];
  Value number = code.loadScalar(numbers.memory, places[0], numbers.element);
  number = arith::IndexCastOp::create(b, code.loc, b.getIndexType(), number);
  // One comparison: a negative number is a huge one.
  Value isInside = arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::ult, number, frame.size(rows));
  auto branch = scf::IfOp::create(b, code.loc, isInside, /*withElseRegion=*/isGather);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  copy(code.add(places[from.access], code.times(number, frame.size(from.rowStride))),
       code.add(places[to.access], code.times(number, frame.size(to.rowStride))));
  if (!isGather)
    return;
  b.setInsertionPointToStart(branch.elseBlock());
  fill(places[to.access]);
}

FailureOr<Kernel> RowMover::build() {
  if (failed(resolve()))
    return failure();
  OpBuilder &b = frame.builder;
  auto loop = scf::ForOp::create(b, code.loc, frame.begin, frame.end, code.index(1));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    unit(firstElements(code, frame, loops, loop.getInductionVar()));
  }
  Dim rows = countOf(loops.domain);
  return Kernel{frame.function, rows, workOfElements(rows * columns), Dim()};
}

FailureOr<Kernel> buildMove(func::FuncOp function, Operation *op, StringRef name, const Level &level) {
  KernelFrame frame(function, name, level);
  FailureOr<Kernel> kernel = RowMover(function, op, frame, level).build();
  if (failed(kernel))
    frame.function.erase();
  return kernel;
}

} // namespace

FailureOr<Kernel> buildGatherRows(func::FuncOp group, StringRef name, const Level &level) {
  return buildMove(group, *group.getOps<GatherRowsOp>().begin(), name, level);
}

FailureOr<Kernel> buildUpdateRows(func::FuncOp group, StringRef name, const Level &level) {
  return buildMove(group, *group.getOps<UpdateRowsOp>().begin(), name, level);
}

} // namespace batten
