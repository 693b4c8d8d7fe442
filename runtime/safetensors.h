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

namespace batten::runtime {

/// batten_safetensors_open into an object that the caller has.
int openSafetensors(batten_safetensors &file, const char *path, batten_error *error);

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_SAFETENSORS_H
