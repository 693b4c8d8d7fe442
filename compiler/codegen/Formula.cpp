// Formula.cpp - dim polynomials as postfix code, and the workspace of a plan as a formula.
//
// A plan places each buffer above some others: at the greatest of their ends, rounded up to 64. Callers get the total
// as a polynomial, or as the greatest of a few. Rounding is not a polynomial and paths through the plan are many, so
// the formula is an upper bound: rounding adds 64 where it can't be shown to add less, an end that another one is never
// below is dropped, and where more than a few remain they are joined coefficient by coefficient. The offsets that a
// call really uses are computed exactly (EmitEntry.cpp) and so lie within.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/Formula.h"
#include "dialect/DimsDivision.h"
#include "llvm/ADT/DenseMap.h"
#include <algorithm>
#include <limits>

namespace batten {

//===- Postfix code -----------------------------------------------------------------------------------------------===//

namespace {
/// Writes code and keeps count of the stack that it needs.
class CodeWriter {
public:
  CodeWriter(std::vector<int64_t> &code, const std::vector<SymbolInfo> &symbols) : code(code), symbols(symbols) {}

  void push(batten_operation operation, int64_t word) {
    code.insert(code.end(), {operation, word});
    deepest = std::max(deepest, ++depth);
  }
  void apply(batten_operation operation) {
    code.push_back(operation);
    --depth;
  }
  void amount(const Dim &dim);
  bool good() const { return known && deepest <= BATTEN_FORMULA_DEPTH; }

private:
  void factor(const Atom &atom);
  void lesser(const Atom &atom);

  std::vector<int64_t> &code;
  const std::vector<SymbolInfo> &symbols;
  int depth = 0, deepest = 0;
  bool known = true;
};
} // namespace

void CodeWriter::factor(const Atom &atom) {
  if (atom.kind == Atom::Kind::Symbol) {
    auto found = std::find_if(symbols.begin(), symbols.end(), [&](const auto &s) { return s.name == atom.name; });
    known &= found != symbols.end();
    return push(BATTEN_SIZE, found - symbols.begin());
  }
  if (atom.kind == Atom::Kind::Least)
    return lesser(atom);
  amount(atom.lhs);
  amount(atom.rhs);
  apply(atom.kind == Atom::Kind::Mod ? BATTEN_MOD : BATTEN_DIV);
}

/// rhs - max(rhs - lhs, 0), which is no greater on the way than its sides.
void CodeWriter::lesser(const Atom &atom) {
  amount(atom.rhs);
  amount(atom.rhs);
  amount(atom.lhs);
  apply(BATTEN_SUB);
  push(BATTEN_CONSTANT, 0);
  apply(BATTEN_MAX);
  apply(BATTEN_SUB);
}

void CodeWriter::amount(const Dim &dim) {
  known &= !dim.overflowed();
  if (dim.terms().empty())
    push(BATTEN_CONSTANT, 0);
  for (const DimTerm &term : dim.terms()) {
    // Symbols first: where one of them is 0, the coefficient can't make the product overflow.
    for (const Atom &atom : term.factors) {
      factor(atom);
      if (&atom != &term.factors.front())
        apply(BATTEN_MUL);
    }
    if (term.factors.empty() || term.coefficient != 1) {
      push(BATTEN_CONSTANT, term.coefficient);
      if (!term.factors.empty())
        apply(BATTEN_MUL);
    }
    if (&term != &dim.terms().front())
      apply(BATTEN_ADD);
  }
}

std::optional<FormulaInfo> makeFormula(llvm::ArrayRef<Dim> amounts, const std::vector<SymbolInfo> &symbols) {
  FormulaInfo formula;
  if (amounts.empty())
    return formula;
  formula.code.clear();
  formula.text.clear();
  CodeWriter writer(formula.code, symbols);
  for (const Dim &amount : amounts) {
    formula.text += (formula.text.empty() ? "" : ", ") + amount.str();
    writer.amount(amount);
    if (&amount != amounts.begin())
      writer.apply(BATTEN_MAX);
  }
  if (amounts.size() > 1)
    formula.text = "max(" + formula.text + ")";
  if (!writer.good())
    return std::nullopt;
  return formula;
}

//===- Bounds -----------------------------------------------------------------------------------------------------===//

void dropSmaller(std::vector<Dim> &amounts) {
  std::vector<Dim> kept;
  for (const Dim &amount : amounts) {
    if (std::any_of(kept.begin(), kept.end(), [&](const Dim &other) { return isAtMost(amount, other); }))
      continue;
    std::erase_if(kept, [&](const Dim &other) { return isAtMost(other, amount); });
    kept.push_back(amount);
  }
  amounts = std::move(kept);
}

Dim roundedUp(const Dim &dim) {
  int64_t constant = 0;
  bool aligned = true;
  for (const DimTerm &term : dim.terms())
    if (term.factors.empty())
      constant = term.coefficient;
    else
      aligned &= term.coefficient % 64 == 0;
  int64_t remainder = (constant % 64 + 64) % 64;
  return dim + Dim::constant(!aligned ? 64 : remainder ? 64 - remainder : 0);
}

namespace {
struct Interval {
  int64_t low = 0, high = 0;
};
} // namespace

static std::optional<Interval> intervalOf(const Dim &dim, const std::vector<SymbolInfo> &symbols);

static std::optional<Interval> intervalOf(const Atom &atom, const std::vector<SymbolInfo> &symbols) {
  if (atom.kind == Atom::Kind::Symbol) {
    auto found = std::find_if(symbols.begin(), symbols.end(), [&](const auto &s) { return s.name == atom.name; });
    if (found == symbols.end() || !found->bound)
      return std::nullopt;
    return Interval{1, found->bound};
  }
  auto rhs = intervalOf(atom.rhs, symbols);
  if (atom.kind == Atom::Kind::Least) { // of counts: the other side's bound is one of both
    auto lhs = intervalOf(atom.lhs, symbols);
    if (!lhs && !rhs)
      return std::nullopt;
    if (!lhs || !rhs)
      return Interval{0, (lhs ? lhs : rhs)->high};
    return Interval{std::min(lhs->low, rhs->low), std::min(lhs->high, rhs->high)};
  }
  if (!rhs || rhs->high < 1)
    return std::nullopt;
  if (atom.kind == Atom::Kind::Mod)
    return Interval{0, rhs->high - 1};
  auto lhs = intervalOf(atom.lhs, symbols);
  if (!lhs)
    return std::nullopt;
  const int64_t least = std::max<int64_t>(rhs->low, 1), most = rhs->high; // a divisor is at least 1
  return Interval{floorQuotient(lhs->low, lhs->low < 0 ? least : most),
                  floorQuotient(lhs->high, lhs->high < 0 ? most : least)};
}

static std::optional<Interval> multiply(Interval a, Interval b) {
  int64_t products[4];
  if (__builtin_mul_overflow(a.low, b.low, &products[0]) || __builtin_mul_overflow(a.low, b.high, &products[1]) ||
      __builtin_mul_overflow(a.high, b.low, &products[2]) || __builtin_mul_overflow(a.high, b.high, &products[3]))
    return std::nullopt;
  auto [low, high] = std::minmax_element(std::begin(products), std::end(products));
  return Interval{*low, *high};
}

static std::optional<Interval> intervalOf(const Dim &dim, const std::vector<SymbolInfo> &symbols) {
  Interval sum;
  for (const DimTerm &term : dim.terms()) {
    std::optional<Interval> product = Interval{term.coefficient, term.coefficient};
    for (const Atom &atom : term.factors) {
      auto factor = intervalOf(atom, symbols);
      product = factor ? multiply(*product, *factor) : std::nullopt;
      if (!product)
        return std::nullopt;
    }
    if (__builtin_add_overflow(sum.low, product->low, &sum.low) ||
        __builtin_add_overflow(sum.high, product->high, &sum.high))
      return std::nullopt;
  }
  return sum;
}

std::optional<int64_t> upperBound(const Dim &dim, const std::vector<SymbolInfo> &symbols) {
  auto interval = intervalOf(dim, symbols);
  if (!interval || dim.overflowed())
    return std::nullopt;
  return interval->high;
}

//===- Workspace --------------------------------------------------------------------------------------------------===//

static Dim productOf(const DimTerm &term) {
  Dim product = Dim::constant(1);
  for (const Atom &atom : term.factors)
    product = product * Dim::of(atom);
  return product;
}

/// A polynomial that is never below either: the greater coefficient of each product.
static Dim join(const Dim &a, const Dim &b) {
  Dim result = a, more = b - a;
  // The positive part of b - a is what a lacks.
  for (const DimTerm &term : more.terms())
    if (term.coefficient > 0)
      result = result + Dim::constant(term.coefficient) * productOf(term);
  return result;
}

/// As many as plans have in practice, few enough that a formula stays readable and cheap.
static constexpr size_t mostAmounts = 16;
/// Of every symbol where amounts are compared that no proof orders.
static constexpr int64_t sampleSize = 96;

static double sampleOf(const Dim &dim) {
  std::map<std::string, int64_t> sizes;
  for (const std::string &symbol : dim.symbols())
    sizes[symbol] = sampleSize;
  return double(dim.evaluate(sizes).value_or(std::numeric_limits<int64_t>::max()));
}

/// Joins the two amounts that lose least by it. Only sums of products that are never negative may be joined; false
/// where there are no two. Others (T - 1) are rare enough to stay.
static bool joinClosest(std::vector<Dim> &amounts) {
  double least = std::numeric_limits<double>::infinity();
  size_t first = 0, second = 0;
  Dim closest;
  for (size_t j = 1; j < amounts.size(); ++j)
    for (size_t i = 0; i < j; ++i) {
      if (!isNonNegative(amounts[i]) || !isNonNegative(amounts[j]))
        continue;
      Dim joined = join(amounts[i], amounts[j]);
      double loss = sampleOf(joined) / std::max({sampleOf(amounts[i]), sampleOf(amounts[j]), 1.0});
      if (loss < least) {
        least = loss;
        first = i, second = j;
        closest = joined;
      }
    }
  if (second == 0)
    return false;
  amounts[first] = closest;
  amounts.erase(amounts.begin() + second);
  return true;
}

static void reduce(std::vector<Dim> &amounts) {
  do
    dropSmaller(amounts);
  while (amounts.size() > mostAmounts && joinClosest(amounts));
}

std::vector<Dim> workspaceOf(PlanOp plan) {
  bool scratch =
      llvm::any_of(plan.getBody().getOps<LaunchOp>(), [](LaunchOp op) { return bool(op.getScratchBuffer()); });
  llvm::DenseMap<mlir::Value, std::vector<Dim>> roundedEnds;
  std::vector<Dim> total;
  for (auto buffer : plan.getBody().getOps<BufferOp>()) {
    std::vector<Dim> begins;
    for (mlir::Value below : buffer.getAbove())
      begins.insert(begins.end(), roundedEnds[below].begin(), roundedEnds[below].end());
    if (begins.empty())
      begins.push_back(Dim());
    reduce(begins);
    Dim size = toDim(buffer.getSizeBytesAttr());
    for (const Dim &begin : begins) {
      roundedEnds[buffer].push_back(begin + roundedUp(size));
      total.push_back(scratch ? roundedEnds[buffer].back() : begin + size);
    }
  }
  reduce(total);
  return total;
}

} // namespace batten
