// Concat.cpp - the builder of concatenations on the last dim: every operand's row is copied beside the one before it.
//
// Rows are those of the result; operands may be views, so each has strides of its own, and one that a fill gives is
// stored without being read.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/ColumnWalk.h"
#include "compiler/kernels/cpu/RowCode.h"
#include "compiler/kernels/cpu/RowKernels.h"
#include "compiler/kernels/cpu/UsualSizes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace batten {
namespace {

struct Part {
  Dim columns;
  Value scalar; ///< of a fill; null: `access` counts
  unsigned access = 0;
  Dim columnStride;
};

class Concat {
public:
  Concat(func::FuncOp function, tensor::ConcatOp op, KernelFrame &frame, const Level &level)
      : op(op), function(function), frame(frame), shapes(function), scalars(function, frame),
        code{frame.builder, op.getLoc(), level.lanes(op.getType().getElementType())} {}
  FailureOr<Kernel> build();

private:
  tensor::ConcatOp op;
  func::FuncOp function;
  KernelFrame &frame;
  Shapes shapes;
  GroupScalars scalars;
  VectorCode code;
  RowGroup rows; ///< the leading dims; access 0 is the result
  SmallVector<Part> parts;

  LogicalResult resolve();
  void addAccess(Operand operand, Part *part);
  void copy(const Part &part, Value from, Value to);
};

void Concat::addAccess(Operand operand, Part *part) {
  if (part) {
    part->access = rows.accesses.size();
    part->columnStride = operand.strides.back();
  }
  operand.strides.pop_back();
  rows.accesses.push_back(std::move(operand));
}

LogicalResult Concat::resolve() {
  ArrayRef<Dim> extents = shapes.of(op.getResult());
  if (op.getDim() != extents.size() - 1)
    return op.emitError("a concatenation joins the last dim");
  rows.domain.assign(extents.begin(), extents.end() - 1);
  rows.split = rows.domain.size();
  rows.indexed.assign(rows.split, false);
  addAccess(resultOperand(function, 0, shapes, frame), nullptr);
  AffineMap identity = AffineMap::getMultiDimIdentityMap(extents.size(), op.getContext());
  for (Value input : op.getInputs()) {
    Part part{shapes.of(input).back(), {}, 0, {}};
    std::optional<Access> access = resolveAccess(input, shapes);
    if (access)
      part.scalar = scalars.uniform(access->root);
    if (!part.scalar) {
      std::optional<Operand> operand = resolveOperand(input, identity, shapes, frame);
      if (!operand)
        return op.emitError("an operand of this concatenation is no view of memory");
      addAccess(*operand, &part);
    }
    parts.push_back(part);
  }
  return success();
}

void Concat::copy(const Part &part, Value from, Value to) {
  Type element = op.getType().getElementType();
  Value stride = part.scalar ? Value() : frame.size(part.columnStride);
  ColumnRange range{code.index(0), frame.size(part.columns), part.columns.constantValue()};
  walkCopies(code, range, [&](Value at, Value mask) {
    Value vector = part.scalar ? code.splat(part.scalar)
                               : code.load(rows.accesses[part.access].memory, code.add(from, code.times(at, stride)),
                                           stride, element, mask);
    code.store(vector, rows.accesses[0].memory, code.add(to, at), mask);
  });
}

FailureOr<Kernel> Concat::build() {
  if (failed(resolve()))
    return failure();
  OpBuilder &b = frame.builder;
  auto loop = scf::ForOp::create(b, code.loc, frame.begin, frame.end, code.index(1));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> offsets = firstElements(code, frame, rows, loop.getInductionVar());
    Dim column;
    for (const Part &part : parts) {
      copy(part, part.scalar ? Value() : offsets[part.access], code.add(offsets[0], frame.size(column)));
      column = column + part.columns;
    }
  }
  return Kernel{frame.function, countOf(rows.domain), workOfElements(countOf(shapes.of(op.getResult()))), Dim()};
}

} // namespace

FailureOr<Kernel> buildConcat(func::FuncOp function, StringRef name, const Level &level) {
  auto ops = function.getOps<tensor::ConcatOp>();
  if (ops.empty() || ++ops.begin() != ops.end())
    return function.emitError("a concat group is one concatenation");
  KernelFrame frame(function, name, level);
  FailureOr<Kernel> kernel = Concat(function, *ops.begin(), frame, level).build();
  if (failed(kernel))
    frame.function.erase();
  return kernel;
}

} // namespace batten
