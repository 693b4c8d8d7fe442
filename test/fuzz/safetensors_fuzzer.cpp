// safetensors_fuzzer.cpp - any bytes as a .safetensors file: refused with a sentence, or a consistent table.
//
// Seeds: test/runtime/fixtures and corpus/safetensors; dictionary: safetensors.dict.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FuzzFile.h"
#include "runtime/batten.h"

#include <cstring>

using batten::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  batten_error error{};
  batten_safetensors *file = nullptr;
  if (batten_safetensors_open(batten::fuzz::fileOf(data, size), &file, &error)) {
    require(BATTEN_CODE(error.result) == BATTEN_E_FORMAT && error.message[0]);
    return 0;
  }
  int64_t total = 0;
  for (int64_t i = 0; i < batten_safetensors_count(file); ++i) {
    const char *name = batten_safetensors_name(file, i);
    batten_tensor tensor;
    require(batten_safetensors_find(file, name) == i);
    require(!batten_safetensors_shape(file, i, &tensor, nullptr));
    total += batten_tensor_bytes(&tensor);
    batten::fuzz::budget = batten_tensor_bytes(&tensor) + 64;
    require(!batten_safetensors_load(file, i, &tensor, nullptr));
    // Touch every byte, so that the sanitizer sees them all.
    uint8_t sum = 0;
    for (int64_t b = 0; b < batten_tensor_bytes(&tensor); ++b)
      sum = static_cast<uint8_t>(sum + static_cast<const uint8_t *>(tensor.data)[b]);
    require(sum + 1 != 0);
    batten_tensor_release(&tensor);
  }
  require(total <= static_cast<int64_t>(size));
  const char *key, *value;
  for (int64_t i = 0; batten_safetensors_metadata(file, i, &key, &value); ++i)
    require(strlen(key) + strlen(value) <= size);
  batten_safetensors_close(file);
  return 0;
}
