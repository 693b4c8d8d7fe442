// NpyTest.cpp - .npy files made by NumPy are read and written back byte for byte, and every broken one has its
// sentence.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Files.h"
#include "runtime/batten.hpp"

#include <cstring>

using namespace batten::test;

namespace {

batten::Tensor load(const std::string &name) {
  batten::Error error;
  batten::Tensor tensor = batten::Tensor::loadNpy(fixture(name), error);
  EXPECT_TRUE(tensor) << name << ": " << error.message();
  return tensor;
}

template <class Element> void expectCounted(const std::string &name, const std::vector<int64_t> &sizes) {
  const batten::Tensor tensor = load(name);
  ASSERT_TRUE(tensor);
  EXPECT_EQ(tensor.dtype(), batten::dtypeOf<Element>()) << name;
  EXPECT_EQ(tensor.sizes(), sizes) << name;
  EXPECT_TRUE(batten_tensor_is_dense(&tensor.get()));
  for (int64_t i = 0; i < tensor.elements(); ++i)
    EXPECT_EQ(tensor.data<Element>()[i], static_cast<Element>(i - 3)) << name << " at " << i;
}

TEST(Npy, ReadsWhatNumpyWrote) {
  expectCounted<double>("f8.npy", {2, 3, 4});
  expectCounted<float>("f4.npy", {2, 3, 4});
  expectCounted<int64_t>("i8.npy", {2, 3, 4});
  expectCounted<int32_t>("i4.npy", {2, 3, 4});
  expectCounted<int8_t>("i1.npy", {2, 3, 4});
  expectCounted<uint8_t>("u1.npy", {2, 3, 4});
  expectCounted<float>("vector.npy", {5});
  expectCounted<float>("empty.npy", {0, 3});
  expectCounted<float>("version2.npy", {2, 3});
  expectCounted<float>("version3.npy", {2, 3});
}

TEST(Npy, ReadsScalarsAndBooleans) {
  const batten::Tensor scalar = load("scalar.npy"), flags = load("b1.npy");
  EXPECT_EQ(scalar.get().rank, 0);
  EXPECT_EQ(*scalar.data<float>(), 2.5f);
  EXPECT_EQ(flags.dtype(), BATTEN_BOOL);
  for (int i = 0; i < 7; ++i)
    EXPECT_EQ(flags.data<uint8_t>()[i], i % 2 == 0);
}

TEST(Npy, HalvesComeAsFloatsAndGoBack) {
  batten::Error error;
  const batten::Tensor half = load("f2.npy");
  ASSERT_EQ(half.dtype(), BATTEN_F16);
  const batten::Tensor wide = half.converted(BATTEN_F32, error);
  for (int64_t i = 0; i < wide.elements(); ++i)
    EXPECT_EQ(wide.data<float>()[i], static_cast<float>(i - 3));
  const batten::Tensor back = wide.converted(BATTEN_F16, error);
  EXPECT_EQ(memcmp(back.data<char>(), half.data<char>(), static_cast<size_t>(batten_tensor_bytes(&half.get()))), 0);
}

TEST(Npy, WritesTheBytesThatNumpyWrites) {
  for (const char *name : {"f8.npy", "f4.npy", "f2.npy", "i8.npy", "i4.npy", "i1.npy", "u1.npy", "b1.npy", "scalar.npy",
                           "vector.npy", "empty.npy"}) {
    const TemporaryFile copy(name);
    batten::Error error;
    EXPECT_TRUE(load(name).saveNpy(copy.path, error)) << error.message();
    EXPECT_EQ(readBytes(copy.path), readBytes(fixture(name))) << name;
  }
}

TEST(Npy, LongestShapeFitsIntoTheHeader) {
  const int64_t big = INT64_MAX;
  const batten_tensor widest = batten::view(BATTEN_I8, nullptr, {0, big, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  ASSERT_EQ(widest.rank, 16);
  const TemporaryFile file("longest.npy");
  batten::Error error;
  ASSERT_EQ(batten_npy_save(file.c_str(), &widest, error.get()), 0) << error.message();
  EXPECT_EQ(batten::Tensor::loadNpy(file.path, error).sizes().at(1), big);
}

TEST(Npy, SaveRefusesWhatNumpyHasNot) {
  batten::Error error;
  const TemporaryFile file("bf16.npy", "untouched");
  EXPECT_FALSE(batten::Tensor::allocate(BATTEN_BF16, {2}, error).saveNpy(file.path, error));
  EXPECT_EQ(error.code(), BATTEN_E_UNSUPPORTED);
  EXPECT_STREQ(error.message(), "NumPy has no dtype bf16; convert to f32 or write .safetensors");
  EXPECT_EQ(readBytes(file.path), "untouched");
  float data[4] = {};
  batten_tensor strided = batten::view(data, {2, 2});
  strided.strides[0] = 1;
  EXPECT_EQ(batten_npy_save(file.c_str(), &strided, error.get()), BATTEN_E_SHAPE);
  strided = batten::view<float>(nullptr, {2, 2});
  EXPECT_EQ(batten_npy_save(file.c_str(), &strided, error.get()), BATTEN_E_NULL);
  strided.device = BATTEN_CUDA;
  EXPECT_EQ(batten_npy_save(file.c_str(), &strided, error.get()), BATTEN_E_UNSUPPORTED);
  EXPECT_EQ(batten_npy_save(file.c_str(), nullptr, error.get()), BATTEN_E_NULL);
}

void expectRefused(const std::string &path, int status, const std::string &part) {
  batten::Error error;
  const batten::Tensor tensor = batten::Tensor::loadNpy(path, error);
  EXPECT_FALSE(tensor);
  EXPECT_EQ(error.code(), status) << error.message();
  EXPECT_NE(std::string(error.message()).find(part), std::string::npos) << error.message();
}

TEST(Npy, WhatIsNotReadSaysWhatToDo) {
  const auto refused = [](const char *name, const char *part) {
    expectRefused(fixture(name), BATTEN_E_UNSUPPORTED, part);
  };
  refused("refused_fortran.npy", "is in Fortran order; save numpy.ascontiguousarray(x) instead");
  refused("refused_bigendian.npy", "is big-endian (>f4)");
  refused("refused_object.npy", "pickled Python objects, which are never read");
  refused("refused_record.npy", "is an array of records");
  refused("refused_complex.npy", "has dtype `<c8`; read are f8 f4");
  refused("refused_bfloat16.npy", "as bfloat16 becomes in .npy; save float32, or .safetensors");
}

TEST(Npy, BrokenPreamblesAreRefused) {
  const auto refused = [](const std::string &bytes, int status, const char *part) {
    const TemporaryFile file("preamble.npy", bytes);
    expectRefused(file.path, status, part);
  };
  const std::string good = readBytes(fixture("f4.npy"));
  refused("", BATTEN_E_FORMAT, "has 0 bytes, too few for a .npy file");
  refused(good.substr(0, 9), BATTEN_E_FORMAT, "too few");
  refused("x" + good, BATTEN_E_FORMAT, "does not begin with \\x93NUMPY");
  refused(std::string("\x93NUMPY\x04\x00", 8) + good.substr(8), BATTEN_E_UNSUPPORTED, "version 4.0");
  refused(std::string("\x93NUMPY\x01\x01", 8) + good.substr(8), BATTEN_E_UNSUPPORTED, "version 1.1");
  refused(good.substr(0, 40), BATTEN_E_FORMAT, "its header is to have 118 bytes, but the file has only 40");
  refused(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff", 12), BATTEN_E_FORMAT, "4294967295 bytes, but the file");
  refused(std::string("\x93NUMPY\x02\x00\x01\x00", 10), BATTEN_E_FORMAT, "but the file has only 10");
  refused(std::string("\x93NUMPY\x02\x00", 8) + littleEndian(70000, 4) + std::string(70000, ' '), BATTEN_E_FORMAT,
          "more than the 65536 allowed");
}

TEST(Npy, BytesMustBeExactlyThoseOfTheShape) {
  const std::string good = readBytes(fixture("f4.npy"));
  const auto refused = [](const std::string &bytes, const char *part) {
    const TemporaryFile file("bytes.npy", bytes);
    expectRefused(file.path, BATTEN_E_FORMAT, part);
  };
  refused(good.substr(0, good.size() - 1), "says 96 bytes of elements, the file has 95");
  refused(good + "x", "says 96 bytes of elements, the file has 97");
  // 32 GiB declared in a file of 100 bytes: refused before any allocation.
  refused(npyBytes("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296,), }", 0), "34359738368 bytes");
  refused(npyBytes("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 0),
          "its shape has more than 2^63 - 1 bytes");
}

TEST(Npy, EveryTruncationIsRefused) {
  const std::string good = readBytes(fixture("version2.npy"));
  for (size_t length = 0; length < good.size(); ++length) {
    const TemporaryFile file("truncated.npy", good.substr(0, length));
    expectRefused(file.path, BATTEN_E_FORMAT, "");
  }
}

TEST(Npy, DictsOutsideTheGrammarAreRefused) {
  const auto refused = [](const std::string &dict, const char *part) {
    const TemporaryFile file("dict.npy", npyBytes(dict, 8));
    expectRefused(file.path, BATTEN_E_FORMAT, part);
  };
  const std::string order = "'fortran_order': False", shape = "'shape': (2,)", descr = "'descr': '<f4'";
  refused("", "must begin with `{`");
  refused("[]", "must begin with `{`");
  refused("{", "expected one of the keys");
  refused("{}", "the dict needs descr, fortran_order and shape");
  refused("{" + descr + "," + order + "}", "the dict needs");
  refused("{" + descr + "," + descr + "," + order + "," + shape + "}", "a key stands twice");
  refused("{" + order + "," + order + "}", "a key stands twice");
  refused("{" + shape + "," + shape + "}", "a key stands twice");
  refused("{" + descr + " " + order + "}", "expected `,` or `}`");
  refused("{'descr' '<f4'}", "expected `:`");
  refused("{'descr': 4}", "expected a string as descr");
  refused("{'descr': '<f4}", "descr is no dtype");
  refused("{'descr': '" + std::string(40, 'x') + "'}", "descr is no dtype");
  refused("{'fortran_order': 0}", "expected True or False");
  refused("{'shape': [2]}", "expected `(`");
  refused("{'shape': (2)}", "a shape of one dim is written `(3,)`");
  refused("{'shape': (-2,)}", "expected a whole number in shape");
  refused("{'shape': (2.0,)}", "expected `,` or `)` in shape");
  refused("{'shape': (,)}", "expected a whole number");
  refused("{'shape': (9223372036854775808,)}", "a number above 2^63 - 1");
  refused("{'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}", "more than 16 dims");
  refused("{'other': 1}", "expected one of the keys");
  refused("{" + descr + "," + order + "," + shape + "} x", "something follows the dict");
  refused("{" + descr + "," + order + "," + shape + "}" + std::string("\0", 1), "something follows the dict");
  const TemporaryFile empty("dict.npy", npyBytes("{'descr': '', 'fortran_order': False, 'shape': ()}", 0));
  expectRefused(empty.path, BATTEN_E_UNSUPPORTED, "has dtype ``");
}

TEST(Npy, KeysMayStandInAnyOrderAndQuotes) {
  const TemporaryFile file("order.npy", npyBytes("{\"shape\":(2,),'fortran_order':True,\"descr\":\"<f4\"}\n", 8));
  batten::Error error;
  const batten::Tensor tensor = batten::Tensor::loadNpy(file.path, error);
  ASSERT_TRUE(tensor) << error.message(); // one dim: Fortran order is the same order
  EXPECT_EQ(tensor.sizes(), std::vector<int64_t>{2});
}

TEST(Npy, SentencesNameThePathAsGiven) {
  expectRefused("no/such/x.npy", BATTEN_E_FILE, "cannot open `no/such/x.npy`: No such file or directory");
  expectRefused("./no/../x\x1b.npy", BATTEN_E_FILE, "cannot open `./no/../x?.npy`: No such file or directory");
  // Of a long one the end, so that the reason is not cut off.
  std::string path, deep;
  for (int i = 0; i < 60; ++i)
    deep += "/\u00e4";
  expectRefused("no" + deep + deep + "/x.npy", BATTEN_E_FILE,
                "cannot open `..." + deep.substr(deep.size() - 3 * 38) + "/x.npy`: No such file or directory");
}

TEST(Npy, OnlyRegularFilesAreRead) {
  expectRefused("/nonexistent/x.npy", BATTEN_E_FILE, "cannot open `/nonexistent/x.npy`: No such file or directory");
  expectRefused("/tmp", BATTEN_E_FILE, "is not a regular file");
  expectRefused("/dev/zero", BATTEN_E_FILE, "is not a regular file");
  batten::Error error;
  EXPECT_FALSE(load("f4.npy").saveNpy("/nonexistent/x.npy", error));
  EXPECT_EQ(error.code(), BATTEN_E_FILE);
  EXPECT_FALSE(load("f4.npy").saveNpy("/dev/full", error));
  EXPECT_STREQ(error.message(), "cannot write `/dev/full`: No space left on device");
}

} // namespace
