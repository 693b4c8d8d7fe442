// solve.cpp - each runtime dim is bound once, by the first extent that tells it, and every other extent must agree.
//
// Arguments are gone through left to right. An extent whose formula has one unknown dim binds it (T from an extent T,
// or from 3*T); one that has none is compared; one that has two is left for the next round, as long as rounds bind
// something. Nothing is stored about who bound what: when two disagree, the first mention is looked up again.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "solve.h"

#include "formula.h"
#include "status.h"
#include "tensor.h"

namespace batten::runtime {

namespace {

constexpr int64_t trackedSymbols = 64;

class Solver {
public:
  Solver(const batten_entry &entry, const batten_tensor *tensors, int64_t count, int64_t *sizes, batten_error *error)
      : entry(entry), tensors(tensors), count(count), sizes(sizes), error(error) {}
  int run();

private:
  int checkTensor(int64_t argument);
  int checkDims(int64_t argument);
  int checkDim(int64_t argument, int32_t dim);
  int compare(int64_t argument, int32_t dim);
  int refuseBound(int64_t argument, int32_t dim, int64_t symbol);
  int refuseShape(int64_t argument, int32_t dim, const char *reason);
  int requireAll();

  /// refuse() with the words that all sentences here begin with.
  int refuseArgument(int64_t argument, int status, const char *text) {
    return refuse(error, status, entry.arguments[argument].position, "%s(): argument `%s`: %s", entry.c_symbol,
                  entry.arguments[argument].name, text);
  }

  const batten_entry &entry;
  const batten_tensor *tensors;
  int64_t count;
  int64_t *sizes;
  batten_error *error;
  uint64_t given = 0; ///< of the first 64 symbols, those that the caller fixed
  bool deferred = false, progress = false;
};

/// `f32[B, T | 512]`, as the source writes it.
void addType(Sentence &sentence, const batten_argument &argument) {
  sentence.add("%s[", batten_dtype_name(argument.dtype));
  for (int32_t i = 0; i < argument.rank; ++i)
    sentence.add("%s%s", i == argument.batch_rank ? (i ? " | " : "| ") : i ? ", " : "", argument.dims[i].text);
  sentence.add(argument.batch_rank == argument.rank ? (argument.rank ? " |]" : "|]") : "]");
}

int Solver::run() {
  for (int64_t i = 0; i < entry.symbol_count && i < trackedSymbols; ++i)
    given |= (uint64_t)(sizes[i] != BATTEN_UNKNOWN) << i;
  for (int64_t i = 0; i < count; ++i) {
    if (const int result = checkTensor(i))
      return result;
    if (const int result = checkDims(i))
      return result;
  }
  while (deferred && progress) {
    deferred = progress = false;
    for (int64_t i = 0; i < count; ++i)
      if (const int result = checkDims(i))
        return result;
  }
  return requireAll();
}

int Solver::checkTensor(int64_t i) {
  const batten_argument &argument = entry.arguments[i];
  const batten_tensor &tensor = tensors[i];
  char text[200];
  Sentence sentence(text, sizeof text);
  if (batten_tensor_bytes(&tensor) < 0) // first: what views make of such a shape says nothing else
    return refuseArgument(i, BATTEN_E_SHAPE,
                          "its rank is not 0 to 8, a size is negative, or its bytes do not fit into 63 bits");
  if (tensor.device != BATTEN_CPU) {
    sentence.add("it is on device %d, it must be on the CPU", tensor.device);
    return refuseArgument(i, BATTEN_E_UNSUPPORTED, text);
  }
  if (tensor.dtype != argument.dtype) {
    sentence.add("dtype is %s, it must be %s", batten_dtype_name(tensor.dtype), batten_dtype_name(argument.dtype));
    return refuseArgument(i, BATTEN_E_DTYPE, text);
  }
  if (tensor.rank != argument.rank) {
    sentence.add("rank is %d, it must be %d: ", tensor.rank, argument.rank);
    addType(sentence, argument);
    return refuseArgument(i, BATTEN_E_SHAPE, text);
  }
  if (!batten_tensor_is_dense(&tensor))
    return refuseArgument(i, BATTEN_E_SHAPE, "its elements must lie row-major without gaps");
  return 0;
}

int Solver::checkDims(int64_t i) {
  for (int32_t dim = 0; dim < entry.arguments[i].rank; ++dim)
    if (const int result = checkDim(i, dim))
      return result;
  return 0;
}

int Solver::checkDim(int64_t i, int32_t dim) {
  const batten_formula &formula = entry.arguments[i].dims[dim];
  if (isPlain(formula) && plainValue(formula, sizes) == tensors[i].sizes[dim])
    return 0; // nearly every extent of nearly every call: a number, or a dim that is known by now
  const Unknowns unknowns = findUnknowns(formula, sizes);
  if (unknowns.count == 0)
    return compare(i, dim);
  if (unknowns.count == 1)
    switch (solveFormula(formula, tensors[i].sizes[dim], unknowns.symbol, sizes)) {
    case Solution::Found:
      progress = true;
      return 0;
    case Solution::Impossible: {
      char text[120];
      Sentence sentence(text, sizeof text);
      sentence.add("which no %s gives for %s", entry.symbols[unknowns.symbol].name, formula.text);
      return refuseShape(i, dim, text);
    }
    case Solution::Unclear:
      break;
    }
  deferred = true;
  return 0;
}

int Solver::compare(int64_t i, int32_t dim) {
  const batten_formula &formula = entry.arguments[i].dims[dim];
  const int64_t extent = tensors[i].sizes[dim], symbol = bareSymbol(formula);
  int64_t wanted;
  if (!batten_formula_evaluate(&formula, sizes, &wanted))
    return refuseShape(i, dim, "and what it must be does not fit into 64 bits");
  if (extent == wanted)
    return 0;
  if (symbol >= 0)
    return refuseBound(i, dim, symbol);
  char text[120];
  Sentence sentence(text, sizeof text);
  sentence.add(isPlain(formula) ? "it must be %s" : "it must be %s = %lld", formula.text, (long long)wanted);
  return refuseShape(i, dim, text);
}

int Solver::refuseShape(int64_t i, int32_t dim, const char *reason) {
  char text[200];
  Sentence sentence(text, sizeof text);
  sentence.add("dim %d is %lld, %s", dim, (long long)tensors[i].sizes[dim], reason);
  return refuseArgument(i, BATTEN_E_SHAPE, text);
}

int Solver::refuseBound(int64_t i, int32_t dim, int64_t symbol) {
  const auto binder = [&]() -> const char * {
    for (int64_t a = 0; a < count; ++a)
      for (int32_t d = 0; d < entry.arguments[a].rank && (a != i || d != dim); ++d)
        if (mentions(entry.arguments[a].dims[d], symbol))
          return entry.arguments[a].name;
    return entry.arguments[i].name;
  };
  const char *name = entry.symbols[symbol].name;
  const long long extent = tensors[i].sizes[dim], bound = sizes[symbol];
  char text[200];
  Sentence sentence(text, sizeof text);
  if (symbol < trackedSymbols && (given >> symbol & 1))
    sentence.add("dim %s is %lld, but %s was given as %lld", name, extent, name, bound);
  else
    sentence.add("dim %s is %lld, but %s was bound to %lld by argument `%s`", name, extent, name, bound, binder());
  return refuseArgument(i, BATTEN_E_SHAPE, text);
}

int Solver::requireAll() {
  for (int64_t i = 0; i < entry.symbol_count; ++i)
    if (sizes[i] == BATTEN_UNKNOWN)
      return refuse(error, BATTEN_E_SIZE, entry.symbols[i].position,
                    "%s(): no argument fixes dim %s, its size must be given", entry.c_symbol, entry.symbols[i].name);
  return 0;
}

} // namespace

int solveSizes(const batten_entry &entry, const batten_tensor *tensors, int64_t count, int64_t *sizes,
               batten_error *error) {
  return Solver(entry, tensors, count, sizes, error).run();
}

} // namespace batten::runtime
