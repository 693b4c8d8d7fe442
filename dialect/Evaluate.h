// Evaluate.h - runs a batten.func on tensors in memory, without compiling it: the oracles of every other way to run it.
//
// There are two. The reference computes each op in double precision from its operands and rounds the result to its
// dtype: it judges accuracy. The exact one computes in the dtype, in the order of dialect/NUMERICS.md: a compiled
// program has the same bits. They share nothing with the lowering and only the indexing with each other.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_EVALUATE_H
#define BATTEN_DIALECT_EVALUATE_H

#include "dialect/Batten.h"
#include "dialect/Numerics.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace batten {

/// In the order of frontend::DType.
enum class ElementKind { F64, F32, F16, BF16, I64, I32, I8, U8, Bool };

/// A dense row-major tensor, batch dims first. f16 and bf16 are bit patterns, a bool is a byte.
struct DenseValue {
  ElementKind element = ElementKind::F32;
  std::vector<int64_t> shape;
  std::vector<char> bytes;

  DenseValue() = default;
  /// All zeros.
  DenseValue(ElementKind element, std::vector<int64_t> shape);

  int64_t numElements() const;
  int64_t elementBytes() const;
  bool isReal() const { return element <= ElementKind::BF16; }

  /// Of a float: exact. Of an integer: rounded to double.
  double real(int64_t index) const;
  /// Of an integer or a bool (any nonzero byte is 1).
  int64_t integer(int64_t index) const;
  /// Rounds once, to nearest even.
  void setReal(int64_t index, double value);
  /// Wraps; of a bool: is it nonzero.
  void setInteger(int64_t index, int64_t value);
};

ElementKind elementKind(mlir::Type element);

enum class EvaluationMode { Reference, Exact };

/// How to evaluate. Where the page leaves bits to the CPU level, the exact evaluator follows `bf16Sums`.
struct Evaluation {
  EvaluationMode mode = EvaluationMode::Reference;
  Bf16Sums bf16Sums = Bf16Sums::Pairs;
  Evaluation(EvaluationMode mode, Bf16Sums bf16Sums = Bf16Sums::Pairs) : mode(mode), bf16Sums(bf16Sums) {}
};

/// What kind of reason there is for no result.
enum class EvaluationFault { Size, EmptyBatch, Other };

/// Results of `function`, as it returns them. `sizes` has every runtime symbol; `arguments` are the tensors in order of
/// the block arguments. nullopt: `error` says in one sentence what does not fit, or which op this mode has no meaning
/// for. Sizes are refused in the words of the compiled program.
std::optional<std::vector<DenseValue>> evaluate(FuncOp function, const std::map<std::string, int64_t> &sizes,
                                                llvm::ArrayRef<DenseValue> arguments, Evaluation how,
                                                std::string *error, EvaluationFault *fault = nullptr);

} // namespace batten
#endif // BATTEN_DIALECT_EVALUATE_H
