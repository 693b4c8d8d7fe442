// FakeProgram.h - a program made by hand: the description that the compiler would write, and functions that record.
//
//   pub fn scale(x: f32[B, T | 3*D], ids: i32[B, T |], mask: bool[| D], factor: f32) -> f32[B, T | 3*D], D <= 8
//   pub fn fill(size: f32[|]) -> f32[N |]                   N stands in the result alone
//   pub fn joined(a: f32[| D*H], b: f32[| H], c: f32[| D]) -> f32[|]    D*H has two unknowns when it is met first
// Weights: "weight" from "fc.weight" f32[5, 10] and "bias" from "fc.bias" f32[5].
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_RUNTIME_FAKEPROGRAM_H
#define BATTEN_TEST_RUNTIME_FAKEPROGRAM_H

#include "runtime/batten.h"

#include <cstdint>
#include <vector>

namespace batten::test {

/// What the fake was last called with.
struct Recorded {
  int calls = 0;
  std::vector<int64_t> sizes;
  std::vector<void *> tensors;
  void *workspace = nullptr;
  int64_t workspaceBytes = 0;
  int32_t threads = 0;
};
inline Recorded recorded;
inline int bindStatus = 0;              ///< what the fake's bind answers
inline std::vector<float> boundWeights; ///< copied by the bind

// Codes of the formulas.
inline constexpr int64_t sizeB[] = {BATTEN_SIZE, 0}, sizeT[] = {BATTEN_SIZE, 1}, sizeD[] = {BATTEN_SIZE, 2};
inline constexpr int64_t threeD[] = {BATTEN_CONSTANT, 3, BATTEN_SIZE, 2, BATTEN_MUL};
inline constexpr int64_t workspaceCode[] = {BATTEN_SIZE,     0,   BATTEN_SIZE, 1, BATTEN_MUL,
                                            BATTEN_CONSTANT, 256, BATTEN_MUL};
inline constexpr int64_t scratchCode[] = {BATTEN_SIZE, 1, BATTEN_CONSTANT, 100, BATTEN_MUL};
inline constexpr int64_t size0[] = {BATTEN_SIZE, 0}, size1[] = {BATTEN_SIZE, 1};
inline constexpr int64_t product01[] = {BATTEN_SIZE, 0, BATTEN_SIZE, 1, BATTEN_MUL};

template <int64_t n> constexpr batten_formula formula(const char *text, const int64_t (&code)[n]) {
  return {text, code, n};
}

inline const batten_formula rowDims[] = {formula("B", sizeB), formula("T", sizeT), formula("3*D", threeD)};
inline const batten_formula idDims[] = {formula("B", sizeB), formula("T", sizeT)};
inline const batten_formula maskDims[] = {formula("D", sizeD)};
inline const batten_argument scaleArguments[] = {{"x", BATTEN_INPUT, BATTEN_F32, 2, 3, rowDims, 4, 0},
                                                 {"ids", BATTEN_INPUT, BATTEN_I32, 2, 2, idDims, 5, 0},
                                                 {"mask", BATTEN_INPUT, BATTEN_BOOL, 0, 1, maskDims, 6, 0},
                                                 {"factor", BATTEN_INPUT, BATTEN_F32, 0, 0, nullptr, 7, 1},
                                                 {"out", BATTEN_RESULT, BATTEN_F32, 2, 3, rowDims, 8, 0}};
inline const batten_symbol scaleSymbols[] = {{"B", 0, 1, 0}, {"T", 2048, 2, 0}, {"D", 8, 3, 0}};

inline const batten_formula fillDims[] = {formula("N", size0)};
inline const batten_argument fillArguments[] = {{"size", BATTEN_INPUT, BATTEN_F32, 0, 0, nullptr, 2, 0},
                                                {"out", BATTEN_RESULT, BATTEN_F32, 1, 1, fillDims, 3, 0}};
inline const batten_symbol fillSymbols[] = {{"N", 0, 1, 0}};

inline const batten_formula productDims[] = {formula("D*H", product01)}, hDims[] = {formula("H", size1)},
                            dDims[] = {formula("D", size0)};
inline const batten_argument joinedArguments[] = {{"a", BATTEN_INPUT, BATTEN_F32, 0, 1, productDims, 3, 0},
                                                  {"b", BATTEN_INPUT, BATTEN_F32, 0, 1, hDims, 4, 0},
                                                  {"c", BATTEN_INPUT, BATTEN_F32, 0, 1, dDims, 5, 0},
                                                  {"out", BATTEN_RESULT, BATTEN_F32, 0, 0, nullptr, 6, 0}};
inline const batten_symbol joinedSymbols[] = {{"D", 64, 1, 0}, {"H", 64, 2, 0}};

template <int64_t sizes, int64_t tensors>
int record(const void *, const int64_t *given, void *const *pointers, void *workspace, int64_t bytes,
           const batten_call *call) {
  recorded = {recorded.calls + 1,
              std::vector<int64_t>(given, given + sizes),
              std::vector<void *>(pointers, pointers + tensors),
              workspace,
              bytes,
              call ? call->threads : 0};
  if (workspace) // all of it must be there
    for (int64_t i = 0; i < bytes; ++i)
      static_cast<char *>(workspace)[i] = 1;
  return 0;
}

inline int64_t scaleWorkspace(const int64_t *sizes) { return sizes[1] > 2048 ? -1 : 256 * sizes[0] * sizes[1]; }
inline int64_t noWorkspace(const int64_t *) { return 0; }

template <int64_t symbolCount, int64_t argumentCount>
batten_entry describeEntry(const char *name, const char *symbol, const batten_symbol (&symbols)[symbolCount],
                           const batten_argument (&arguments)[argumentCount]) {
  batten_entry entry{};
  entry.name = name;
  entry.c_symbol = symbol;
  entry.call = record<symbolCount, argumentCount>;
  entry.workspace = noWorkspace;
  entry.symbols = symbols;
  entry.symbol_count = symbolCount;
  entry.arguments = arguments;
  entry.argument_count = argumentCount;
  return entry;
}

inline batten_entry describeScale() {
  batten_entry entry = describeEntry("scale", "fake_scale", scaleSymbols, scaleArguments);
  entry.workspace = scaleWorkspace;
  entry.workspace_bytes = formula("256*B*T", workspaceCode);
  entry.scratch_bytes = formula("100*T", scratchCode);
  return entry;
}

inline const batten_entry entries[] = {describeScale(), describeEntry("fill", "fake_fill", fillSymbols, fillArguments),
                                       describeEntry("joined", "fake_joined", joinedSymbols, joinedArguments)};

inline constexpr int64_t weightShape[] = {5, 10}, biasShape[] = {5};
inline const batten_weight weights[] = {{"weight", "fc.weight", "weight", BATTEN_F32, 2, weightShape, nullptr, 0},
                                        {"bias", "fc.bias", "bias", BATTEN_F32, 1, biasShape, nullptr, 0}};
inline const batten_level levels[] = {{"x86-64-v4", nullptr, 0}, {"x86-64-v3", nullptr, 0}};

inline int fakeBind(void *memory, int64_t, const void *const *given, const void **program, batten_error *error) {
  if (bindStatus) {
    if (error)
      *error = {bindStatus, "this CPU has none of the levels"};
    return bindStatus;
  }
  boundWeights.clear();
  if (given && given[0]) {
    boundWeights.assign(static_cast<const float *>(given[0]), static_cast<const float *>(given[0]) + 50);
    boundWeights.insert(boundWeights.end(), static_cast<const float *>(given[1]),
                        static_cast<const float *>(given[1]) + 5);
  }
  batten_program_header header{};
  header.abi = BATTEN_ABI;
  header.level = 1;
  *static_cast<batten_program_header *>(memory) = header;
  *program = memory;
  return 0;
}

inline batten_description describeFake(int64_t weightCount) {
  batten_description description{};
  description.abi = BATTEN_ABI;
  description.size = sizeof description;
  description.name = "fake";
  description.program_bytes = 1024;
  description.bind = fakeBind;
  description.entries = entries;
  description.entry_count = 3;
  description.weights = weights;
  description.weight_count = weightCount;
  description.levels = levels;
  description.level_count = 2;
  return description;
}
inline const batten_description withWeights = describeFake(2), withoutWeights = describeFake(0);

} // namespace batten::test

#endif // BATTEN_TEST_RUNTIME_FAKEPROGRAM_H
