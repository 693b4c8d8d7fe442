// npy_fuzzer.cpp - any bytes as a .npy file: refused with a sentence, or an array that survives being written and read.
//
// Seeds: test/runtime/fixtures and corpus/npy; dictionary: npy.dict.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FuzzFile.h"
#include "runtime/batten.h"

#include <cstring>

using batten::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  batten_error error{};
  batten_tensor tensor{}, again{};
  const char *path = batten::fuzz::fileOf(data, size);
  if (const int result = batten_npy_load(path, &tensor, &error)) {
    require(BATTEN_CODE(result) == BATTEN_E_FORMAT || BATTEN_CODE(result) == BATTEN_E_UNSUPPORTED);
    require(error.message[0]);
    return 0;
  }
  batten::fuzz::budget = 2 * static_cast<int64_t>(size) + (1 << 16);
  require(!batten_npy_save(path, &tensor, &error));
  require(!batten_npy_load(path, &again, &error));
  require(tensor.dtype == again.dtype && tensor.rank == again.rank);
  require(!memcmp(tensor.sizes, again.sizes, sizeof(int64_t) * static_cast<size_t>(tensor.rank)));
  require(!batten_tensor_bytes(&tensor) ||
          !memcmp(tensor.data, again.data, static_cast<size_t>(batten_tensor_bytes(&tensor))));
  batten_tensor_release(&tensor);
  batten_tensor_release(&again);
  return 0;
}
