// main.cpp - a C++ program with a language model inside, by way of the runtime library: weights by name from a
// .safetensors file, tensors from .npy files, sizes found from them.
// Usage: main FOLDER (examples/lm/run.sh makes what is in it).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "example.h"
#include "lm.h"
#include "runtime/batten.hpp"
#include <string>
#include <vector>

namespace {

class Host {
public:
  explicit Host(std::string folder) : folder(std::move(folder)), program(batten::Program::from(lm_describe(), error)) {
    check(program.bind(path("safetensors"), error));
    workspace = batten::Workspace::create(error);
    check(bool(workspace));
  }

  batten_tensor load(const std::string &name) const { return example_load(path(name + ".npy").c_str()); }

  /// Calls an entry, compares its only result with the reference and prints both and the time.
  void run(const std::string &entry, std::vector<batten_tensor> tensors) {
    std::vector<int64_t> sizes;
    check(program.solve(entry, tensors, sizes, error));
    const batten::Tensor out = program.allocate(entry, int64_t(tensors.size()), sizes, error);
    check(bool(out));
    tensors.push_back(out);
    check(program.call(entry, tensors, workspace, error));
    double us;
    EXAMPLE_MICROSECONDS(us, program.call(entry, tensors, workspace, error));
    example_report(("lm_" + entry).c_str(), &tensors.back(), path(entry + ".npy").c_str(), us);
  }

private:
  std::string folder;
  batten::Error error;
  batten::Program program;
  batten::Workspace workspace;

  std::string path(const std::string &rest) const { return folder + "/lm." + rest; }
  void check(bool fine) const {
    if (fine)
      return;
    std::fprintf(stderr, "%s\n", error.message());
    std::exit(1);
  }
};

} // namespace

int main(int argc, char **argv) {
  if (argc != 2)
    return std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]), 2;
  Host host(argv[1]);
  const batten_tensor ids = host.load("ids"), next = host.load("next");
  host.run("logits", {ids});
  host.run("nll", {ids, next});
}
