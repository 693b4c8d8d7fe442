// HeaderTest.cpp - headers say literally what they must, and compilers of C and C++ take them and what they declare.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Tiny.h"
#include "gtest/gtest.h"
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace {

const std::string inputs = std::string(BATTEN_TEST_SOURCE_DIR) + "/codegen/Inputs/";

std::string read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const std::string &path, const std::string &bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string headerOf(const std::string &file) {
  Module module;
  std::string error;
  if (!module.parseFile(file))
    return "";
  return batten::emitHeader(*module, {}, error).value_or(error);
}

/// A folder for the files of one test.
struct Folder {
  Folder() {
    char name[] = "/tmp/batten-header-test-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { (void)!std::system(("rm -r " + path).c_str()); }
  bool run(const std::string &command) const { return std::system(("cd " + path + " && " + command).c_str()) == 0; }
  std::string path;
};

/// tiny.mlir under another name, as an archive.
std::string archiveOf(const std::string &name, std::string *header) {
  std::string text = read(std::string(BATTEN_TEST_SOURCE_DIR) + "/codegen/tiny.mlir"), error;
  text.replace(text.find("batten.program = \"tiny\""), 23, "batten.program = \"" + name + "\"");
  Module module;
  if (!module.parseText(text))
    return "";
  *header = batten::emitHeader(*module, {}, error).value_or("");
  auto object = batten::emitObject(*module, {}, error);
  return object ? batten::makeArchive(*object, name, error).value_or("") : "";
}

} // namespace

TEST(Header, IsLiterallyAsExpected) {
  for (const char *name : {"simple", "qproj", "train"})
    EXPECT_EQ(headerOf("Inputs/" + std::string(name) + ".mlir"), read(inputs + name + ".h")) << name;
}

TEST(Header, CompilesAsCAndCppAloneAndTogether) {
  Folder folder;
  std::string all;
  for (const std::string name : {"simple", "qproj", "train"}) {
    write(folder.path + "/" + name + ".h", read(inputs + name + ".h"));
    write(folder.path + "/" + name + ".c", "#include \"" + name + ".h\"\n#include \"" + name + ".h\"\n");
    all += "#include \"" + name + ".h\"\n";
  }
  const std::string use =
      "int fault(int result);\n"
      "int fault(int result) { return BATTEN_STATUS(result) != BATTEN_OK ? BATTEN_ARGUMENT(result) : -1; }\n";
  write(folder.path + "/all.c", all + "#include \"runtime/abi.h\"\n" + use);
  const std::string flags =
      " -Wall -Wextra -Wpedantic -Wconversion -Wcast-qual -Wshadow -Werror -fsyntax-only -I" BATTEN_TEST_SOURCE_DIR
      "/.. ";
  const std::string strict = " -Wold-style-cast -Wzero-as-null-pointer-constant";
  for (const char *name : {"simple.c", "qproj.c", "train.c", "all.c"})
    for (const std::string &compiler :
         {std::string("gcc -std=c99"), std::string("gcc -std=c11"), std::string("clang-22 -std=c99"),
          "g++ -std=c++17 -x c++" + strict, "g++ -std=c++20 -x c++ -Wuseless-cast" + strict,
          "clang++-22 -std=c++17 -x c++" + strict})
      EXPECT_TRUE(folder.run(compiler + flags + name)) << compiler << " " << name;
}

// Two programs in one executable, without libraries besides libc: nothing but the public names may meet.
TEST(Archive, TwoProgramsLinkIntoOneStaticExecutable) {
  Folder folder;
  for (const std::string name : {"tiny", "other"}) {
    std::string header;
    write(folder.path + "/lib" + name + ".a", archiveOf(name, &header));
    write(folder.path + "/" + name + ".h", header);
  }
  write(folder.path + "/main.c", read(inputs + "two_programs.c"));
  ASSERT_TRUE(folder.run("gcc -std=c11 -Wall -Wextra -Werror -static main.c libtiny.a libother.a -o main"));
  EXPECT_TRUE(folder.run("./main"));
}
