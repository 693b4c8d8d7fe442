// RowProgram.h - a program made by hand that computes, checks and counts: what cuts and joins calls is tried on it.
//
//   pub fn rows(x: f32[B, T | 3], w: f32[| 3], ids: i32[B |]) -> (f32[B, T |], f32[B |])   refuses an id below 0
//   pub fn mixed(x: f32[B | 3]) -> f32[B |]                    mixes samples of B
//   pub fn shared(x: f32[B | 3]) -> (f32[B |], f32[| 3])       one result has no B
//   pub fn turned(x: f32[T, B | 3]) -> f32[B |]                B is not the first dim
//   pub fn even(x: f32[B | 3]) -> f32[B |] where B % 2 == 0
//   pub fn opaque(x: f32[| 3]) -> f32[| 3]                     no batch dim at all
//   pub fn add(state: inout f32[B | 3], x: f32[B | 3])         B <= 100
// The only weight, "offset" f32[], is added to every result of rows.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_RUNTIME_ROWPROGRAM_H
#define BATTEN_TEST_RUNTIME_ROWPROGRAM_H

#include "runtime/batten.h"

#include <atomic>
#include <cstring>
#include <ctime>
#include <vector>

namespace batten::test::row {

// What the calls were.
inline std::atomic<int64_t> calls{0}, largest{0}, atOnce{0}, mostAtOnce{0}, sleepUs{0};

inline void resetCounts() { calls = largest = mostAtOnce = sleepUs = 0; }

/// Of a program object, behind the header.
struct Bound {
  batten_program_header header;
  float offset;
};

inline constexpr int64_t codeB[] = {BATTEN_SIZE, 0}, codeT[] = {BATTEN_SIZE, 1}, codeThree[] = {BATTEN_CONSTANT, 3};
inline constexpr int64_t codeTwo[] = {BATTEN_SIZE, 0, BATTEN_CONSTANT, 2, BATTEN_MOD},
                         codeZero[] = {BATTEN_CONSTANT, 0};
inline constexpr batten_formula b = {"B", codeB, 2}, t = {"T", codeT, 2}, three = {"3", codeThree, 2};
inline constexpr batten_formula btThree[] = {b, t, three}, tbThree[] = {t, b, three};

inline constexpr batten_argument rowsArguments[] = {{"x", BATTEN_INPUT, BATTEN_F32, 2, 3, btThree, 3, 0},
                                                    {"w", BATTEN_INPUT, BATTEN_F32, 0, 1, &three, 4, 0},
                                                    {"ids", BATTEN_INPUT, BATTEN_I32, 1, 1, &b, 5, 0},
                                                    {"out0", BATTEN_RESULT, BATTEN_F32, 2, 2, btThree, 6, 0},
                                                    {"out1", BATTEN_RESULT, BATTEN_F32, 1, 1, &b, 7, 0}};
inline constexpr batten_formula bThree[] = {b, three};
inline constexpr batten_argument sampleArguments[] = {{"x", BATTEN_INPUT, BATTEN_F32, 1, 2, bThree, 2, 0},
                                                      {"out", BATTEN_RESULT, BATTEN_F32, 1, 1, &b, 3, 0},
                                                      {"out1", BATTEN_RESULT, BATTEN_F32, 0, 1, &three, 4, 0}};
inline constexpr batten_argument turnedArguments[] = {{"x", BATTEN_INPUT, BATTEN_F32, 2, 3, tbThree, 3, 0},
                                                      {"out", BATTEN_RESULT, BATTEN_F32, 1, 1, &b, 4, 0}};
inline constexpr batten_argument opaqueArguments[] = {{"x", BATTEN_INPUT, BATTEN_F32, 0, 1, &three, 1, 0},
                                                      {"out", BATTEN_RESULT, BATTEN_F32, 0, 1, &three, 2, 0}};
inline constexpr batten_argument addArguments[] = {{"state", BATTEN_INOUT, BATTEN_F32, 1, 2, bThree, 2, 0},
                                                   {"x", BATTEN_INPUT, BATTEN_F32, 1, 2, bThree, 3, 0}};
inline constexpr batten_symbol symbols[] = {{"B", 0, 1, 0}, {"T", 64, 2, 0}}, boundSymbols[] = {{"B", 100, 1, 0}};
inline constexpr const char *independent[] = {"B", "T"}, *mixes[] = {"B: mean over batch at row.btn:2:5"};
inline constexpr batten_guard evenGuard = {"B % 2 == 0", {"B % 2", codeTwo, 5}, {"0", codeZero, 2}, BATTEN_EQ, 0};

/// 64 bytes, and 16 a position.
inline int64_t workspaceBytes(const int64_t *sizes) {
  if (sizes[0] < 0 || sizes[1] < 1 || sizes[1] > 64)
    return -1;
  return sizes[0] == 0 ? 0 : 64 + 16 * sizes[0] * sizes[1];
}

inline int refuse(const batten_call *call, int status, int argument, const char *message) {
  const int result = status | argument << 8;
  if (call && call->error) {
    call->error->result = result;
    strncpy(call->error->message, message, sizeof call->error->message - 1);
  }
  return result;
}

inline int checkRows(const int64_t *sizes, void *const *tensors, void *workspace, int64_t bytes,
                     const batten_call *call) {
  const int64_t needed = workspaceBytes(sizes);
  if (needed < 0)
    return refuse(call, BATTEN_E_SIZE, 2, "T: out of range");
  for (int i = 0; i < 5; ++i)
    if (!tensors[i] && (sizes[0] > 0 || i == 1))
      return refuse(call, BATTEN_E_NULL, 3 + i, "an argument is NULL");
  if (needed > 0 && !workspace)
    return refuse(call, BATTEN_E_NULL, 8, "workspace: it is NULL");
  if (bytes < needed)
    return refuse(call, BATTEN_E_WORKSPACE, 9, "workspace_bytes: too few");
  for (int64_t i = 0; i < sizes[0]; ++i)
    if (static_cast<const int32_t *>(tensors[2])[i] < 0)
      return refuse(call, BATTEN_E_INDEX, 5, "ids: below 0");
  return 0;
}

inline void count(int64_t samples) {
  ++calls;
  const int64_t now = ++atOnce;
  for (int64_t seen = mostAtOnce; now > seen && !mostAtOnce.compare_exchange_weak(seen, now);)
    ;
  for (int64_t seen = largest; samples > seen && !largest.compare_exchange_weak(seen, samples);)
    ;
  if (sleepUs) {
    timespec time = {0, static_cast<long>(1000 * sleepUs)};
    nanosleep(&time, nullptr);
  }
  --atOnce;
}

inline int rows(const void *program, const int64_t *sizes, void *const *tensors, void *workspace, int64_t bytes,
                const batten_call *call) {
  if (const int result = checkRows(sizes, tensors, workspace, bytes, call))
    return result;
  const int64_t B = sizes[0], T = sizes[1];
  const float *x = static_cast<const float *>(tensors[0]), *w = static_cast<const float *>(tensors[1]);
  const int32_t *ids = static_cast<const int32_t *>(tensors[2]);
  float *out0 = static_cast<float *>(tensors[3]), *out1 = static_cast<float *>(tensors[4]);
  const float offset = static_cast<const Bound *>(program)->offset;
  if (workspace) // all of it must be there, and nobody else's
    memset(workspace, 1, static_cast<size_t>(bytes));
  for (int64_t i = 0; i < B; ++i) {
    out1[i] = static_cast<float>(ids[i]);
    for (int64_t j = 0; j < T; ++j, x += 3)
      out1[i] += *out0++ = x[0] * w[0] + x[1] * w[1] + x[2] * w[2] + offset;
    if (call && call->row_status)
      call->row_status[i] = out1[i] != out1[i];
  }
  count(B);
  return 0;
}

inline int add(const void *, const int64_t *sizes, void *const *tensors, void *, int64_t, const batten_call *) {
  for (int64_t i = 0; i < 3 * sizes[0]; ++i)
    static_cast<float *>(tensors[0])[i] += static_cast<const float *>(tensors[1])[i];
  count(sizes[0]);
  return 0;
}

inline int64_t nothing(const int64_t *) { return 0; }

template <int64_t symbolCount, int64_t argumentCount>
batten_entry describe(const char *name, const batten_symbol (&its)[symbolCount],
                      const batten_argument (&arguments)[argumentCount], int64_t used = argumentCount) {
  batten_entry entry{};
  entry.name = entry.c_symbol = name;
  entry.call = add;
  entry.workspace = nothing;
  entry.symbols = its;
  entry.symbol_count = symbolCount;
  entry.arguments = arguments;
  entry.argument_count = used;
  entry.independent = independent;
  entry.independent_count = symbolCount;
  return entry;
}

inline constexpr batten_symbol onlyB[] = {{"B", 0, 1, 0}};
inline constexpr int64_t scratchCode[] = {BATTEN_SIZE, 1, BATTEN_CONSTANT, 10, BATTEN_MUL};

inline std::vector<batten_entry> describeAll() {
  std::vector<batten_entry> all = {
      describe("rows", symbols, rowsArguments),    describe("mixed", onlyB, sampleArguments, 2),
      describe("shared", onlyB, sampleArguments),  describe("turned", symbols, turnedArguments),
      describe("even", onlyB, sampleArguments, 2), describe("opaque", onlyB, opaqueArguments),
      describe("add", boundSymbols, addArguments)};
  all[0].call = rows;
  all[0].workspace = workspaceBytes;
  all[0].scratch_bytes = {"10*T", scratchCode, 5};
  all[1].independent_count = 0;
  all[1].mixes = mixes;
  all[1].mixes_count = 1;
  all[4].guards = &evenGuard;
  all[4].guard_count = 1;
  all[5].symbol_count = all[5].independent_count = 0;
  return all;
}
inline const std::vector<batten_entry> entries = describeAll();
enum { Rows, Mixed, Shared, Turned, Even, Opaque, Add };

inline int bind(void *memory, int64_t, const void *const *given, const void **program, batten_error *) {
  Bound bound{};
  bound.header.abi = BATTEN_ABI;
  bound.offset = *static_cast<const float *>(given[0]);
  memcpy(memory, &bound, sizeof bound);
  *program = memory;
  return 0;
}

inline constexpr batten_weight weight = {"offset", "offset", "offset", BATTEN_F32, 0, nullptr, nullptr, 0};

inline batten_description describeProgram(int64_t bytes = 128) {
  batten_description description{};
  description.abi = BATTEN_ABI;
  description.size = sizeof description;
  description.name = "row";
  description.program_bytes = bytes;
  description.bind = bind;
  description.entries = entries.data();
  description.entry_count = static_cast<int64_t>(entries.size());
  description.weights = &weight;
  description.weight_count = 1;
  return description;
}
inline const batten_description description = describeProgram();

} // namespace batten::test::row

#endif // BATTEN_TEST_RUNTIME_ROWPROGRAM_H
