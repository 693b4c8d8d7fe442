// ColumnElements.cpp - how an operand of a rows group meets its columns; see RowGroup.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/RowGroup.h"

using namespace mlir;

namespace batten {

/// Elements of an operand that comes again and again: a table of them takes up to a KiB of the stack.
constexpr int64_t longestPeriod = 64;

std::optional<Dim> flatStride(const Operand &operand, ArrayRef<Dim> domain, size_t from, size_t to) {
  std::optional<Dim> inner, expected;
  for (size_t d = to; d-- > from;) {
    if (domain[d].isConstant(1))
      continue;
    if (expected && !(*expected == operand.strides[d]))
      return std::nullopt;
    if (!inner)
      inner = operand.strides[d];
    expected = operand.strides[d] * domain[d];
  }
  return inner.value_or(Dim::constant(0));
}

/// The first dim from `from` on along which `operand` has more than one element.
static size_t firstAlong(const Operand &operand, ArrayRef<Dim> domain, size_t from) {
  while (from < domain.size() && (operand.strides[from].isConstant(0) || domain[from].isConstant(1)))
    ++from;
  return from;
}

/// Of an operand that has elements along the innermost dims alone.
static std::optional<ColumnElements> periodicElements(const Operand &operand, ArrayRef<Dim> domain, size_t from) {
  size_t along = firstAlong(operand, domain, 0);
  std::optional<Dim> stride = flatStride(operand, domain, along, domain.size());
  std::optional<int64_t> period = countOf(domain.drop_front(along)).constantValue();
  if (along < from || !stride || !period || *period > longestPeriod)
    return std::nullopt;
  return ColumnElements{*stride, 1, *period};
}

std::optional<ColumnElements> columnElements(const Operand &operand, ArrayRef<Dim> domain, size_t from, int64_t lanes) {
  if (std::optional<Dim> stride = flatStride(operand, domain, from, domain.size()))
    return ColumnElements{*stride};
  if (std::optional<ColumnElements> elements = periodicElements(operand, domain, from))
    return elements;
  size_t to = domain.size();
  int64_t repeat = 1;
  while (to > from && (operand.strides[to - 1].isConstant(0) || domain[to - 1].isConstant(1))) {
    repeat *= domain[--to].constantValue().value_or(0);
    if (repeat == 0 || lanes % (2 * repeat) != 0)
      return std::nullopt;
  }
  std::optional<Dim> stride = flatStride(operand, domain, from, to);
  return stride ? std::optional(ColumnElements{*stride, repeat}) : std::nullopt;
}

std::optional<LanePeriod> lanePeriod(ArrayRef<Dim> domain, size_t dim, int64_t lanes) {
  std::optional<int64_t> inner = countOf(domain.drop_front(dim + 1)).constantValue();
  std::optional<int64_t> extent = domain[dim].constantValue();
  if (!inner || !extent || *inner * *extent == 0 || lanes % (*inner * *extent) != 0)
    return std::nullopt;
  return LanePeriod{*inner, *extent};
}

} // namespace batten
