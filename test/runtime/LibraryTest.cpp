// LibraryTest.cpp - shared libraries are opened by name, by file name, or by the only program inside.
//
// The libraries are compiled here, from C that holds nothing but a description: `cc` is what builds this test too.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Files.h"
#include "runtime/batten.hpp"

#include <cstdlib>

using namespace batten::test;

namespace {

std::string root() {
  const std::string here = __FILE__;
  return here.substr(0, here.rfind("/test/runtime/"));
}

bool run(const std::string &command) { return std::system((command + " 2>/dev/null").c_str()) == 0; }

/// A shared library under this file name, from C source.
class Library {
public:
  Library(const std::string &name, const std::string &source, const std::string &flags = "")
      : c(name + ".c", source), object(name) {
    built =
        run(BATTEN_TEST_CC " -shared -fPIC -I'" + root() + "' " + flags + " -o '" + object.path + "' '" + c.path + "'");
  }
  TemporaryFile c, object;
  bool built;
};

/// C source of a program without entries.
std::string program(const std::string &name) {
  std::string text = R"(
#include "runtime/abi.h"
static int bind_NAME(void *memory, int64_t bytes, const void *const *weights, const void **program,
                     batten_error *error) {
  (void)bytes, (void)weights, (void)error;
  *program = memory;
  return 0;
}
static const batten_description description_NAME = {
    .abi = BATTEN_ABI, .size = sizeof(batten_description), .name = "NAME", .program_bytes = 64, .bind = bind_NAME};
const batten_description *NAME_describe(void) { return &description_NAME; }
)";
  for (size_t at; (at = text.find("NAME")) != std::string::npos;)
    text.replace(at, 4, name);
  return text;
}

std::string nameOf(const TemporaryFile &file) {
  std::string stem = file.path.substr(file.path.rfind('/') + 1);
  stem = stem.substr(0, stem.find(".so"));
  for (char &c : stem)
    c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return stem;
}

TEST(Library, ProgramIsFoundByTheNameOfTheFile) {
  const TemporaryFile named("named.so"); // for its path alone
  const Library library("named.so", program(nameOf(named)) + program("other"));
  ASSERT_TRUE(library.built);
  batten::Error error;
  batten::Program opened = batten::Program::open(library.object.path, error);
  ASSERT_TRUE(opened) << error.message();
  EXPECT_EQ(opened.describe().name, nameOf(named));
  EXPECT_TRUE(opened.bind(error)) << error.message();
}

TEST(Library, ProgramIsFoundByItsNameOrAlone) {
  const Library library("renamed.so", program("simple") + "int helper_describe_not(void) { return 0; }\n");
  ASSERT_TRUE(library.built);
  batten::Error error;
  EXPECT_TRUE(batten::Program::open(library.object.path, error)) << error.message();
  EXPECT_TRUE(batten::Program::open(library.object.path, error, "simple")) << error.message();
  EXPECT_FALSE(batten::Program::open(library.object.path, error, "complex"));
  EXPECT_EQ(error.code(), BATTEN_E_NAME);
  EXPECT_NE(std::string(error.message()).find("has no program `complex`: no symbol complex_describe"),
            std::string::npos);
}

TEST(Library, SeveralProgramsMustBeNamed) {
  const Library library("both.so", program("first") + program("second")), none("none.so", "int x;");
  ASSERT_TRUE(library.built && none.built);
  batten::Error error;
  EXPECT_FALSE(batten::Program::open(library.object.path, error));
  EXPECT_EQ(error.code(), BATTEN_E_NAME);
  EXPECT_NE(std::string(error.message()).find("holds several programs, say which: "), std::string::npos);
  EXPECT_NE(std::string(error.message()).find("first"), std::string::npos);
  EXPECT_NE(std::string(error.message()).find("second"), std::string::npos);
  EXPECT_TRUE(batten::Program::open(library.object.path, error, "second"));
  EXPECT_FALSE(batten::Program::open(none.object.path, error));
  EXPECT_NE(std::string(error.message()).find("holds no program"), std::string::npos);
}

TEST(Library, PrefixAndSuffixAreNoPartOfTheName) {
  const Library library("plain.so", program("_2layers_mlp") + program("other"));
  ASSERT_TRUE(library.built);
  const std::string folder = library.object.path.substr(0, library.object.path.rfind('/') + 1);
  const std::string copy = folder + "lib2layers-mlp.so.1";
  ASSERT_TRUE(run("cp '" + library.object.path + "' '" + copy + "'"));
  batten::Error error;
  const batten::Program opened = batten::Program::open(copy, error);
  std::remove(copy.c_str());
  ASSERT_TRUE(opened) << error.message();
  EXPECT_STREQ(opened.describe().name, "_2layers_mlp");
}

TEST(Library, SymbolsAreListedWithEitherHashTable) {
  for (const char *style : {"sysv", "gnu"}) {
    const Library library(std::string(style) + ".so", program("hashed"), std::string("-Wl,--hash-style=") + style);
    const Library none(std::string(style) + "none.so", "", std::string("-nostdlib -Wl,--hash-style=") + style);
    ASSERT_TRUE(library.built && none.built);
    batten::Error error;
    EXPECT_TRUE(batten::Program::open(library.object.path, error)) << style << ": " << error.message();
    EXPECT_FALSE(batten::Program::open(none.object.path, error));
    EXPECT_EQ(error.code(), BATTEN_E_NAME);
  }
}

TEST(Library, ProgramsOfAnotherAbiAreRefused) {
  std::string source = program("later");
  source.replace(source.find(".abi = BATTEN_ABI"), 17, ".abi = BATTEN_ABI + 1");
  const Library library("later.so", source);
  ASSERT_TRUE(library.built);
  batten::Error error;
  EXPECT_FALSE(batten::Program::open(library.object.path, error));
  EXPECT_EQ(error.code(), BATTEN_E_ABI);
}

TEST(Library, FilesThatAreNoLibrariesAreRefused) {
  batten::Error error;
  EXPECT_FALSE(batten::Program::open("libnot.so", error));
  EXPECT_STREQ(error.message(), "cannot open `libnot.so`: No such file or directory");
  const TemporaryFile text("text.so", "not a library");
  EXPECT_FALSE(batten::Program::open(text.path, error));
  EXPECT_EQ(error.code(), BATTEN_E_SYSTEM);
  EXPECT_EQ(error.message(), "cannot load `" + text.path + "`: file too short"); // the path once
  EXPECT_FALSE(batten::Program::open("/dev/zero", error));
  EXPECT_EQ(error.code(), BATTEN_E_FILE);
}

TEST(Library, FilesThatAreCutShortAreRefusedAtEveryLength) {
  Library library("cut.so", program("cut"));
  ASSERT_TRUE(library.built);
  const std::string bytes = readBytes(library.object.path);
  for (size_t length = 0; length < bytes.size(); length += length < 128 ? 1 : 251) {
    const TemporaryFile cut("cut-short.so", bytes.substr(0, length));
    batten::Error error;
    EXPECT_FALSE(batten::Program::open(cut.path, error)) << length;
    EXPECT_EQ(error.code(), length < 64 ? BATTEN_E_SYSTEM : BATTEN_E_FORMAT) << length << ": " << error.message();
  }
}

TEST(Library, OpenAndCloseLeaveNothingBehind) {
  const Library library("cycle.so", program("cycle"));
  ASSERT_TRUE(library.built);
  batten::Error error;
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(batten::Program::open(library.object.path, error));
}

// With the warnings that hosts may have made errors, also where macros and templates are used.
TEST(Headers, CompileAsCAndAsCpp) {
  const std::string uses =
      "int faults(int result, batten_dtype dtype);\n"
      "int faults(int result, batten_dtype dtype) {\n"
      "  return BATTEN_CODE(result) + (BATTEN_STATUS(result) == BATTEN_OK) + BATTEN_ARGUMENT(result) +\n"
      "         (BATTEN_DTYPE_BYTES(dtype) == 4) + (dtype == BATTEN_BOOL) + (BATTEN_UNKNOWN == result);\n"
      "}\n";
  const TemporaryFile c("header.c", "#include \"runtime/batten.h\"\n" + uses);
  const TemporaryFile cpp("header.cpp", "#include \"runtime/batten.hpp\"\n" + uses +
                                            "static_assert(batten::dtypeOf<int64_t>() == BATTEN_I64);\n"
                                            "static_assert(batten::dtypeOf<batten::F16>() == BATTEN_F16);\n");
  const std::string flags =
      " -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wcast-qual -Wshadow -Werror -fsyntax-only -I'" +
      root() + "' ";
  const std::string strict = " -Wold-style-cast -Wzero-as-null-pointer-constant" + flags;
  EXPECT_TRUE(run(BATTEN_TEST_CC " -std=c99" + flags + c.path));
  EXPECT_TRUE(run(BATTEN_TEST_CXX " -std=c++17 -x c++" + strict + c.path));
  EXPECT_TRUE(run(BATTEN_TEST_CXX " -std=c++17 -fno-exceptions -fno-rtti" + strict + cpp.path));
  EXPECT_TRUE(run("gcc -std=c99" + flags + c.path));
  EXPECT_TRUE(run("g++ -std=c++20 -Wuseless-cast" + strict + cpp.path));
}

} // namespace
