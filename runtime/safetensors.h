// safetensors.h - an open .safetensors file, as the loader of weights sees it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_SAFETENSORS_H
#define BATTEN_RUNTIME_SAFETENSORS_H

#include "file.h"
#include "safetensors_header.h"

struct batten_safetensors {
  batten::runtime::InputFile input;
  batten::runtime::SafetensorsHeader header;
  int64_t dataOffset = 0; ///< in the file
};

#endif // BATTEN_RUNTIME_SAFETENSORS_H
