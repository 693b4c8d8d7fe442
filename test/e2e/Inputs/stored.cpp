// stored.cpp - stored LIBRARY WEIGHTS X.npy OUT.npy: binds a program to a file and calls it; then the file is overwritten
// and cut short under the bound program, which must not notice. The file is lost: give it a copy.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/batten.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace {

void require(bool done, const batten::Error &error) {
  if (done)
    return;
  std::fprintf(stderr, "stored: %s\n", error.message());
  std::exit(1);
}

bool overwrite(const char *path) {
  std::FILE *file = std::fopen(path, "r+b");
  if (!file)
    return false;
  const char garbage[256] = {};
  bool done = std::fseek(file, -256, SEEK_END) == 0; // where the tensors are
  done &= std::fwrite(garbage, 1, sizeof garbage, file) == sizeof garbage && std::fflush(file) == 0;
  return std::fclose(file) == 0 && done;
}

} // namespace

int main(int count, char **words) {
  batten::Error error;
  if (count != 5)
    return 1;
  batten::Program program = batten::Program::open(words[1], error);
  require(program && program.bind(words[2], error), error);
  const batten::Tensor x = batten::Tensor::loadNpy(words[3], error);
  require(static_cast<bool>(x), error);
  const std::vector<int64_t> sizes = {x.get().sizes[0]};
  const batten::Tensor out = program.allocate(0, 1, sizes, error), again = program.allocate(0, 1, sizes, error);
  require(out && again && program.call("apply", {x, out}, batten::Workspace(), error), error);
  require(out.saveNpy(words[4], error), error);

  for (const bool cut : {false, true}) {
    if (cut ? truncate(words[2], 10) != 0 : !overwrite(words[2]))
      return 2;
    require(program.call("apply", {x, again}, batten::Workspace(), error), error);
    if (std::memcmp(out.data<char>(), again.data<char>(), static_cast<size_t>(batten_tensor_bytes(&out.get()))))
      return 3;
  }
  batten::Program late = batten::Program::open(words[1], error);
  if (late.bind(words[2], error) || error.code() != BATTEN_E_FORMAT)
    return 4;
  std::printf("bound, called, and called again without its file\n");
}
