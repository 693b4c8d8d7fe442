// Access.cpp - symbolic extents and strides; see Access.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/Access.h"
#include "dialect/DimArithmetic.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace batten {

Dim ceilDiv(const Dim &dim, const Dim &by) { return Dim::floorDiv(dim + by - Dim::constant(1), by); }
Dim ceilDiv(const Dim &dim, int64_t by) { return ceilDiv(dim, Dim::constant(by)); }
Dim roundUp(const Dim &dim, int64_t to) { return ceilDiv(dim, to) * Dim::constant(to); }

int64_t evenly(std::optional<int64_t> count, int64_t most) {
  if (!count || *count == 0)
    return most;
  return llvm::divideCeilSigned(*count, llvm::divideCeilSigned(*count, most));
}
Dim evenly(const Dim &count, const Dim &most) { return ceilDiv(count, ceilDiv(count, most)); }

static Dim unknown() { return Dim::symbol("?"); }

//===- Shapes -----------------------------------------------------------------------------------------------------===//

ArrayRef<Dim> Shapes::of(Value tensor) {
  auto found = extents.find(tensor);
  if (found == extents.end())
    found = extents.try_emplace(tensor, infer(tensor)).first;
  return found->second;
}

Dim Shapes::ofIndex(OpFoldResult index) {
  if (auto value = dyn_cast<Value>(index))
    return ofIndex(value);
  return Dim::constant(cast<IntegerAttr>(cast<Attribute>(index)).getInt());
}

Dim Shapes::ofIndex(Value index) {
  auto found = indices.find(index);
  if (found != indices.end())
    return found->second;
  Dim result = unknown();
  if (auto argument = dyn_cast<BlockArgument>(index)) {
    if (auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), attr::symbol))
      result = Dim::symbol(name.str());
  } else {
    auto operand = [&](unsigned i) { return ofIndex(index.getDefiningOp()->getOperand(i)); };
    llvm::TypeSwitch<Operation *>(index.getDefiningOp())
        .Case([&](arith::ConstantIndexOp op) { result = Dim::constant(op.value()); })
        .Case([&](arith::AddIOp) { result = operand(0) + operand(1); })
        .Case([&](arith::SubIOp op) {
          auto sides = matchRemainder(op);
          result = sides ? Dim::modulo(ofIndex(sides->first), ofIndex(sides->second)) : operand(0) - operand(1);
        })
        .Case([&](arith::MulIOp) { result = operand(0) * operand(1); })
        .Case<arith::FloorDivSIOp, arith::DivUIOp>([&](auto) { result = Dim::floorDiv(operand(0), operand(1)); })
        .Case([&](arith::RemUIOp) { result = Dim::modulo(operand(0), operand(1)); });
  }
  indices.try_emplace(index, result);
  return result;
}

/// Extents from an op that states its sizes as mixed static and dynamic ones.
static SmallVector<Dim> ofMixed(ArrayRef<OpFoldResult> sizes, Shapes &shapes) {
  return llvm::map_to_vector(sizes, [&](OpFoldResult size) { return shapes.ofIndex(size); });
}

static SmallVector<Dim> ofArgument(func::FuncOp function, BlockArgument argument) {
  SmallVector<Dim> result;
  auto names = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), attr::dims);
  for (auto [i, extent] : llvm::enumerate(cast<RankedTensorType>(argument.getType()).getShape())) {
    std::optional<Dim> dim;
    if (names && i < names.size())
      dim = Dim::parse(cast<StringAttr>(names[i]).getValue().str());
    result.push_back(!ShapedType::isDynamic(extent) ? Dim::constant(extent) : dim.value_or(unknown()));
  }
  return result;
}

SmallVector<Dim> Shapes::infer(Value tensor) {
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return ofArgument(function, argument);
  Operation *op = tensor.getDefiningOp();
  SmallVector<Dim> result;
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](tensor::EmptyOp empty) { result = ofMixed(empty.getMixedSizes(), *this); })
      .Case([&](tensor::ExtractSliceOp slice) {
        llvm::SmallBitVector dropped = slice.getDroppedDims();
        for (auto [i, size] : llvm::enumerate(slice.getMixedSizes()))
          if (!dropped[i])
            result.push_back(ofIndex(size));
      })
      .Case([&](tensor::ExpandShapeOp expand) { result = ofMixed(expand.getMixedOutputShape(), *this); })
      .Case([&](tensor::CollapseShapeOp collapse) {
        SmallVector<Dim> source(of(collapse.getSrc()));
        for (ArrayRef<int64_t> group : collapse.getReassociationIndices()) {
          Dim product = Dim::constant(1);
          for (int64_t i : group)
            product = product * source[i];
          result.push_back(product);
        }
      })
      .Case([&](tensor::ConcatOp concat) {
        result = SmallVector<Dim>(of(concat.getInputs().front()));
        for (Value input : concat.getInputs().drop_front())
          result[concat.getDim()] = result[concat.getDim()] + of(input)[concat.getDim()];
      })
      .Case([&](tensor::PadOp pad) {
        result = SmallVector<Dim>(of(pad.getSource()));
        for (auto [extent, low, high] : llvm::zip_equal(result, pad.getMixedLowPad(), pad.getMixedHighPad()))
          extent = extent + ofIndex(low) + ofIndex(high);
      })
      .Case([&](linalg::PackOp pack) { result = SmallVector<Dim>(of(pack.getDest())); })
      .Case([&](linalg::UnPackOp unpack) { result = SmallVector<Dim>(of(unpack.getDest())); })
      .Case([&](DestinationStyleOpInterface dps) {
        result = SmallVector<Dim>(of(dps.getTiedOpOperand(cast<OpResult>(tensor))->get()));
      });
  if (result.empty()) // calls and constants: what the type says
    for (int64_t extent : cast<RankedTensorType>(tensor.getType()).getShape())
      result.push_back(ShapedType::isDynamic(extent) ? unknown() : Dim::constant(extent));
  return result;
}

//===- Access -----------------------------------------------------------------------------------------------------===//

SmallVector<Dim> denseStrides(ArrayRef<Dim> extents) {
  SmallVector<Dim> strides(extents.size(), Dim::constant(1));
  for (int i = int(extents.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * extents[i + 1];
  return strides;
}

bool isView(Operation *op) {
  return isa_and_nonnull<tensor::ExtractSliceOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, linalg::TransposeOp>(
      op);
}

static Access throughSlice(tensor::ExtractSliceOp slice, Access access, Shapes &shapes) {
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  SmallVector<Dim> strides;
  for (auto [i, offset] : llvm::enumerate(slice.getMixedOffsets())) {
    access.offset = access.offset + shapes.ofIndex(offset) * access.strides[i];
    if (!dropped[i])
      strides.push_back(access.strides[i]);
  }
  access.strides = std::move(strides);
  return access;
}

static Access throughExpand(tensor::ExpandShapeOp expand, Access access, Shapes &shapes) {
  ArrayRef<Dim> extents = shapes.of(expand.getResult());
  SmallVector<Dim> strides(extents.size(), Dim::constant(1));
  for (auto [i, group] : llvm::enumerate(expand.getReassociationIndices())) {
    Dim stride = access.strides[i];
    for (int64_t d : llvm::reverse(group)) {
      strides[d] = stride;
      stride = stride * extents[d];
    }
  }
  access.strides = std::move(strides);
  return access;
}

/// A join is a view only where each dim's stride is the next one's stride times its extent; extents of 1 do not count.
static std::optional<Access> throughCollapse(tensor::CollapseShapeOp collapse, Access access, Shapes &shapes) {
  SmallVector<Dim> extents(shapes.of(collapse.getSrc())), strides;
  for (ArrayRef<int64_t> group : collapse.getReassociationIndices()) {
    std::optional<Dim> inner, expected;
    for (int64_t d : llvm::reverse(group)) {
      if (extents[d] == Dim::constant(1))
        continue;
      if (expected && !(*expected == access.strides[d]))
        return std::nullopt;
      if (!inner)
        inner = access.strides[d];
      expected = access.strides[d] * extents[d];
    }
    strides.push_back(inner.value_or(Dim::constant(1)));
  }
  access.strides = std::move(strides);
  return access;
}

std::optional<Access> resolveAccess(Value tensor, Shapes &shapes) {
  Operation *op = tensor.getDefiningOp();
  if (!isView(op))
    return Access{tensor, Dim::constant(0), denseStrides(shapes.of(tensor))};
  std::optional<Access> source = resolveAccess(op->getOperand(0), shapes);
  if (!source)
    return std::nullopt;
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return throughSlice(slice, *source, shapes);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return throughExpand(expand, *source, shapes);
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return throughCollapse(collapse, *source, shapes);
  SmallVector<Dim> strides;
  for (int64_t d : cast<linalg::TransposeOp>(op).getPermutation())
    strides.push_back(source->strides[d]);
  source->strides = std::move(strides);
  return source;
}

//===- SizeValues -------------------------------------------------------------------------------------------------===//

static Value emitAtom(OpBuilder &b, Location loc, const Atom &atom, const SizeValues &sizes,
                      const std::map<std::string, Value> &symbols);

Value SizeValues::get(OpBuilder &b, Location loc, const Dim &dim) const {
  Value sum;
  for (const DimTerm &term : dim.terms()) {
    Value product;
    for (const Atom &factor : term.factors) {
      Value value = emitAtom(b, loc, factor, *this, symbols);
      product = product ? arith::MulIOp::create(b, loc, product, value).getResult() : value;
    }
    if (!product || term.coefficient != 1) {
      Value c = arith::ConstantIndexOp::create(b, loc, term.coefficient);
      product = product ? arith::MulIOp::create(b, loc, product, c).getResult() : c;
    }
    sum = sum ? arith::AddIOp::create(b, loc, sum, product).getResult() : product;
  }
  return sum ? sum : arith::ConstantIndexOp::create(b, loc, 0).getResult();
}

static Value emitAtom(OpBuilder &b, Location loc, const Atom &atom, const SizeValues &sizes,
                      const std::map<std::string, Value> &symbols) {
  if (atom.kind == Atom::Kind::Symbol)
    return symbols.at(atom.name);
  return buildAtom(b, loc, atom, sizes.get(b, loc, atom.lhs), sizes.get(b, loc, atom.rhs));
}

} // namespace batten
