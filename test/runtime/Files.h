// Files.h - fixtures, files made by a test, and bytes to put into them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_TEST_RUNTIME_FILES_H
#define BATTEN_TEST_RUNTIME_FILES_H

#include "gtest/gtest.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

namespace batten::test {

inline std::string fixture(const std::string &name) {
  const std::string here = __FILE__;
  return here.substr(0, here.rfind('/')) + "/fixtures/" + name;
}

inline std::string readBytes(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// A file of the test's own, removed at the end.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &name, const std::string &bytes = "")
      : path(testing::TempDir() + "batten-" + std::to_string(getpid()) + "-" + name) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  TemporaryFile(const TemporaryFile &) = delete;
  ~TemporaryFile() { std::remove(path.c_str()); }
  const char *c_str() const { return path.c_str(); }
  const std::string path;
};

/// `number` as little-endian bytes.
inline std::string littleEndian(uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i)
    text += static_cast<char>(number >> (8 * i));
  return text;
}

/// A .safetensors file with this header and so many bytes of data.
inline std::string safetensorsBytes(const std::string &header, size_t dataBytes) {
  return littleEndian(header.size(), 8) + header + std::string(dataBytes, '\1');
}

/// A .npy file of version 1.0 with this dict and so many bytes of data.
inline std::string npyBytes(const std::string &dict, size_t dataBytes) {
  return std::string("\x93NUMPY\x01\x00", 8) + littleEndian(dict.size(), 2) + dict + std::string(dataBytes, '\1');
}

} // namespace batten::test

#endif // BATTEN_TEST_RUNTIME_FILES_H
