// SafetensorsTest.cpp - .safetensors files are read and written, and every broken one has its sentence.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Files.h"
#include "runtime/batten.hpp"
#include "runtime/hooks.h"

#include <atomic>
#include <cstring>
#include <random>

using namespace batten::test;

namespace {

batten::Safetensors open(const std::string &path) {
  batten::Error error;
  batten::Safetensors file = batten::Safetensors::open(path, error);
  EXPECT_TRUE(file) << error.message();
  return file;
}

template <class Element>
void expectCounted(const batten::Safetensors &file, const char *name, const std::vector<int64_t> &sizes) {
  batten::Error error;
  const batten::Tensor tensor = file.load(file.find(name), error);
  ASSERT_TRUE(tensor) << name << ": " << error.message();
  EXPECT_EQ(tensor.dtype(), batten::dtypeOf<Element>()) << name;
  EXPECT_EQ(tensor.sizes(), sizes) << name;
  for (int64_t i = 0; i < tensor.elements(); ++i)
    EXPECT_EQ(tensor.data<Element>()[i], static_cast<Element>(i - 3)) << name << " at " << i;
}

TEST(Safetensors, ReadsEveryDtype) {
  const batten::Safetensors file = open(fixture("types.safetensors"));
  ASSERT_TRUE(file);
  EXPECT_EQ(file.count(), 12);
  expectCounted<double>(file, "f64", {2});
  expectCounted<int64_t>(file, "i64", {4});
  expectCounted<int32_t>(file, "i32", {4});
  expectCounted<int8_t>(file, "i8", {4});
  expectCounted<uint8_t>(file, "u8", {4});
  expectCounted<uint16_t>(file, "u16", {4});
  expectCounted<float>(file, "empty", {0, 3});
  expectCounted<float>(file, "quote \" slash \\ newline \n e \xc3\xa9 face \xf0\x9f\x98\x80", {1});
  batten::Error error;
  for (const char *name : {"f16", "bf16"}) {
    const batten::Tensor wide = file.load(file.find(name), error).converted(BATTEN_F32, error);
    ASSERT_TRUE(wide) << name;
    for (int64_t i = 0; i < wide.elements(); ++i)
      EXPECT_EQ(wide.data<float>()[i], static_cast<float>(i - 3)) << name;
  }
  EXPECT_EQ(*file.load(file.find("scalar"), error).data<float>(), 2.5f);
  EXPECT_EQ(file.load(file.find("bool"), error).data<uint8_t>()[0], 1);
}

TEST(Safetensors, NamesAreFoundAndOthersNot) {
  const batten::Safetensors file = open(fixture("simple.safetensors"));
  EXPECT_EQ(file.count(), 2);
  for (int64_t i = 0; i < file.count(); ++i)
    EXPECT_EQ(file.find(file.name(i)), i);
  EXPECT_EQ(file.find("fc"), -1);
  EXPECT_EQ(file.find("zz"), -1);
  EXPECT_EQ(file.name(2), "");
  EXPECT_EQ(batten_safetensors_name(file.get(), -1), nullptr);
  batten::Error error;
  batten_tensor shape;
  EXPECT_EQ(batten_safetensors_shape(file.get(), 2, &shape, error.get()), BATTEN_E_NAME);
  EXPECT_FALSE(file.load(-1, error));
  char byte;
  EXPECT_EQ(batten_safetensors_read(file.get(), 0, &byte, 1, error.get()), BATTEN_E_SHAPE);
}

TEST(Safetensors, MetadataIsGiven) {
  const batten::Safetensors file = open(fixture("types.safetensors"));
  const char *key, *value;
  ASSERT_TRUE(batten_safetensors_metadata(file.get(), 0, &key, &value));
  EXPECT_STREQ(key, "format");
  EXPECT_STREQ(value, "np");
  ASSERT_TRUE(batten_safetensors_metadata(file.get(), 1, &key, &value));
  EXPECT_STREQ(key, "note");
  EXPECT_STREQ(value, "a \"quoted\" word");
  EXPECT_FALSE(batten_safetensors_metadata(file.get(), 2, &key, &value));
  EXPECT_FALSE(batten_safetensors_metadata(file.get(), -1, &key, &value));
}

TEST(Safetensors, SavedFilesAreReadBack) {
  float weight[6] = {1, 2, 3, 4, 5, 6};
  int8_t bytes[3] = {-1, 0, 1};
  const std::string odd = "tab\t quote\" slash\\ \xc3\xa9";
  const TemporaryFile path("saved.safetensors");
  batten::Error error;
  ASSERT_TRUE(batten::Safetensors::save(path.path,
                                        {{odd.c_str(), batten::view(bytes, {3})},
                                         {"weight", batten::view(weight, {2, 3})},
                                         {"none", batten::view<float>(nullptr, {0})},
                                         {"scalar", batten::view(weight, {})}},
                                        error))
      << error.message();
  const batten::Safetensors file = open(path.path);
  ASSERT_EQ(file.count(), 4);
  EXPECT_EQ(file.name(0), odd);
  EXPECT_EQ(memcmp(file.load(file.find("weight"), error).data<float>(), weight, sizeof weight), 0);
  EXPECT_EQ(memcmp(file.load(file.find(odd), error).data<int8_t>(), bytes, sizeof bytes), 0);
  EXPECT_EQ(*file.load(file.find("scalar"), error).data<float>(), 1.0f);
  EXPECT_EQ(file.shape(file.find("none")).sizes[0], 0);
  ASSERT_TRUE(batten::Safetensors::save(path.path, {}, error));
  EXPECT_EQ(open(path.path).count(), 0);
}

TEST(Safetensors, SaveRefusesBeforeItWrites) {
  float data[2] = {};
  const TemporaryFile path("refused.safetensors", "untouched");
  const auto refused = [&](const std::vector<batten_named_tensor> &tensors, int status, const char *part) {
    batten::Error error;
    EXPECT_FALSE(batten::Safetensors::save(path.path, tensors, error));
    EXPECT_EQ(error.code(), status) << error.message();
    EXPECT_NE(std::string(error.message()).find(part), std::string::npos) << error.message();
    EXPECT_EQ(readBytes(path.path), "untouched");
  };
  const batten_tensor good = batten::view(data, {2});
  refused({{"a", good}, {"b", good}, {"a", good}}, BATTEN_E_FORMAT, "two tensors are named `a`");
  refused({{"__metadata__", good}}, BATTEN_E_FORMAT, "the format keeps it");
  refused({{"\xff", good}}, BATTEN_E_FORMAT, "not UTF-8");
  refused({{nullptr, good}}, BATTEN_E_NULL, "has no name");
  refused({{"a", batten::view<float>(nullptr, {2})}}, BATTEN_E_NULL, "its data is NULL");
  refused({{"a", batten::view(BATTEN_DTYPE(17, 4), data, {2})}}, BATTEN_E_UNSUPPORTED, "f4_e2m1fn");
  refused({{"a", batten::view(BATTEN_DTYPE(9, 8), data, {2})}}, BATTEN_E_UNSUPPORTED, "not written");
  const batten_tensor half = batten::view(BATTEN_U8, data, {INT64_MAX - 8});
  refused({{"a", half}, {"b", half}}, BATTEN_E_SHAPE, "more than 2^63 - 1 bytes together");
  const std::string longName(100'000'000, 'n');
  refused({{longName.c_str(), good}}, BATTEN_E_UNSUPPORTED, "more than the 100000000 allowed");
  batten::Error error;
  EXPECT_FALSE(batten::Safetensors::save("/nonexistent/a", {{"a", good}}, error));
  EXPECT_FALSE(batten::Safetensors::save("/dev/full", {{"a", good}}, error));
  EXPECT_EQ(error.code(), BATTEN_E_FILE);
}

void expectRefused(const std::string &bytes, const std::string &part, int status = BATTEN_E_FORMAT) {
  const TemporaryFile path("broken.safetensors", bytes);
  batten::Error error;
  EXPECT_FALSE(batten::Safetensors::open(path.path, error));
  EXPECT_EQ(error.code(), status) << error.message();
  EXPECT_NE(std::string(error.message()).find(part), std::string::npos) << error.message();
}

std::string tensor(const std::string &name, int begin, int end, const std::string &dtype = "U8",
                   const std::string &shape = "") {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" +
         (shape.empty() ? std::to_string(end - begin) : shape) + "],\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(end) + "]}";
}

TEST(Safetensors, LyingLengthsAreRefused) {
  expectRefused("", "has 0 bytes, too few for a .safetensors file");
  expectRefused("1234567", "too few");
  expectRefused(littleEndian(100, 8), "its header is to have 100 bytes, but the file has only 8");
  expectRefused(littleEndian(UINT64_MAX, 8), "its header is to have 18446744073709551615 bytes");
  expectRefused("these are no weights", "is not a .safetensors file: no header stands after its first 8 bytes");
  expectRefused("PK\3\4 and what a zip has", "is a zip, as PyTorch's .pt files are");
  expectRefused(littleEndian(uint64_t{1} << 63, 8), "but the file has only");
  expectRefused(littleEndian(0, 8), "the header must begin with `{`");
}

TEST(Safetensors, HeadersAboveTheLimitAreRefusedUnread) {
  const TemporaryFile path("large.safetensors", littleEndian(100'000'001, 8));
  ASSERT_EQ(truncate(path.c_str(), 8 + 100'000'001), 0); // a hole: no disk is used
  static std::atomic<int64_t> largest;
  largest = 0;
  batten::runtime::hooks.allocate = [](int64_t bytes) {
    largest = std::max<int64_t>(largest, bytes);
    return true;
  };
  batten::Error error;
  EXPECT_FALSE(batten::Safetensors::open(path.path, error));
  batten::runtime::hooks.allocate = nullptr;
  EXPECT_STREQ(error.message() + std::string(error.message()).find("its"),
               "its header has 100000001 bytes, more than the 100000000 allowed");
  EXPECT_LT(largest, 4096);
}

TEST(Safetensors, BytesMustLieEndToEnd) {
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 4) + "," + tensor("b", 5, 9) + "}", 9),
                "tensor `b` begins at byte 5 of the data, after a hole that begins at 4");
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 4) + "," + tensor("b", 3, 9) + "}", 9),
                "tensor `b` begins at byte 3 of the data, inside the one before it, which ends at 4");
  expectRefused(safetensorsBytes("{" + tensor("a", 1, 4) + "}", 4), "after a hole that begins at 0");
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 4) + "}", 5), "the file goes on and ends at 5");
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 4) + "}", 3), "the file ends before that, at 3");
  expectRefused(safetensorsBytes("{}", 1), "the file goes on and ends at 1");
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 4) + "," + tensor("b", 2, 2, "U8", "0") + "}", 4), "inside");
}

TEST(Safetensors, OffsetsMustSpanTheShape) {
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 4, "F32", "2") + "}", 4), "do not span the bytes of shape");
  expectRefused(safetensorsBytes("{" + tensor("a", 4, 0, "F32", "1") + "}", 4), "end before they begin");
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 4, "F32", "4294967296,4294967296") + "}", 4),
                "the shape has more than 2^63 - 1 bytes");
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 2, "F4", "3") + "}", 2), "do not fill whole bytes");
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 1, "U8", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1") + "}", 1),
                "more than 16 dims");
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 1, "U7") + "}", 1), "tensor `a`: an unknown dtype");
}

TEST(Safetensors, NothingStandsTwice) {
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 4) + "," + tensor("a", 4, 8) + "}", 8),
                "tensor `a` stands twice");
  expectRefused(safetensorsBytes("{" + tensor("a", 0, 4) + "," + tensor("\\u0061", 4, 8) + "}", 8), "stands twice");
  expectRefused(safetensorsBytes("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "`__metadata__` stands twice");
  expectRefused(safetensorsBytes("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0),
                "key `k` of `__metadata__` stands");
  expectRefused(safetensorsBytes(R"({"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}})", 1),
                "a key of the tensor stands twice");
}

TEST(Safetensors, HeadersOutsideTheGrammarAreRefused) {
  const auto refused = [](const std::string &header, const char *part) {
    expectRefused(safetensorsBytes(header, 1), part);
  };
  const std::string good = tensor("a", 0, 1);
  refused(" {" + good + "}", "the header must begin with `{`");
  refused("[]", "the header must begin with `{`");
  refused("{", "expected a string");
  refused("{" + good, "expected `,` or `}`");
  refused("{" + good + ",}", "expected a string");
  refused("{" + good + "}x", "something follows the last `}`");
  refused("{" + good + "}" + std::string("\0", 1), "something follows the last `}`");
  refused("{\"a\" 1}", "expected `:`");
  refused("{\"a\":1}", "expected `{`");
  refused("{\"a\":null}", "expected `{`");
  refused("{\"a\":{}}", "expected a string");
  refused(R"({"a":{"dtype":"U8","shape":[]}})", "a tensor needs dtype, shape and data_offsets");
  refused(R"({"a":{"dtype":"U8","other":1}})", "an unknown key");
  refused(R"({"a":{"dtype":8}})", "expected a string");
  refused(R"({"a":{"shape":{}}})", "expected `[`");
  refused(R"({"a":{"shape":[1,]}})", "expected a whole number");
  refused(R"({"a":{"shape":[1 2]}})", "expected `,` or `]`");
  refused(R"({"a":{"shape":[-1]}})", "expected a whole number, not negative");
  refused(R"({"a":{"shape":[1.0]}})", "expected a whole number");
  refused(R"({"a":{"shape":[1e3]}})", "expected a whole number");
  refused(R"({"a":{"shape":[01]}})", "a number with a leading zero");
  refused(R"({"a":{"shape":[9223372036854775808]}})", "a number above 2^63 - 1");
  refused(R"({"a":{"data_offsets":[0]}})", "expected `,`");
  refused(R"({"a":{"data_offsets":[0,1,2]}})", "expected `,` or `]`");
  refused(R"({"a)", "the header ends inside a string");
  refused(std::string("{\"a\0b\":1}", 9), "a control character in a string");
  refused("{\"a\nb\":1}", "a control character in a string");
  refused("{\"\xff\":1}", "the header is not UTF-8");
  refused("{\"\xc0\xaf\":1}", "the header is not UTF-8");
  refused("{\"\xed\xa0\x80\":1}", "the header is not UTF-8");
  refused("{\"\xf4\x90\x80\x80\":1}", "the header is not UTF-8");
  refused("{\"\xe2\x82", "the header is not UTF-8");
  refused(R"({"\x41":1})", "an unknown escape");
  refused(R"({"\u00g1":1})", "`\\u` needs four hexadecimal digits");
  refused(R"({"\u0000":1})", "the character 0 in a string");
  refused(R"({"\ud800":1})", "half of a surrogate pair");
  refused(R"({"\ud800\u0041":1})", "half of a surrogate pair");
  refused(R"({"\ud800\u00g0":1})", "four hexadecimal digits");
  refused(R"({"\udc00":1})", "half of a surrogate pair");
  refused(R"({"__metadata__":[]})", "expected `{`");
  refused(R"({"__metadata__":{"a":1}})", "expected a string");
  refused(R"({"__metadata__":{"a":{"b":"c"}}})", "expected a string");
}

TEST(Safetensors, EscapesMeanTheirCharacters) {
  const TemporaryFile path(
      "escapes.safetensors",
      safetensorsBytes("{" + tensor(R"(\"\\\/\b\f\n\r\t\u00e9\u20aC\ud83d\ude00)", 0, 1) + "} \n\t", 1));
  EXPECT_EQ(open(path.path).name(0), "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::string good = readBytes(fixture("types.safetensors"));
  for (size_t length = 0; length < good.size(); ++length)
    expectRefused(good.substr(0, length), "");
}

TEST(Safetensors, EveryFlippedHeaderBitIsSurvived) {
  const std::string good = readBytes(fixture("types.safetensors"));
  for (size_t bit = 0; bit < 8 * 0x328; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    const TemporaryFile path("flipped.safetensors", bytes);
    batten::Error error;
    const batten::Safetensors file = batten::Safetensors::open(path.path, error);
    EXPECT_TRUE(file || error.code() == BATTEN_E_FORMAT) << error.message();
  }
}

TEST(Safetensors, HostileHeadersCostAtMostTwiceTheirBytes) {
  static std::atomic<int64_t> total;
  const auto measure = [](const std::string &header) {
    const TemporaryFile path("hostile.safetensors", safetensorsBytes(header, 0));
    total = 0;
    batten::runtime::hooks.allocate = [](int64_t bytes) {
      total += bytes;
      return true;
    };
    batten::Error error;
    batten::Safetensors::open(path.path, error);
    batten::runtime::hooks.allocate = nullptr;
    EXPECT_LE(total, 2 * static_cast<int64_t>(header.size()) + (1 << 16));
  };
  const int count = 200'000;
  std::string tensors = "{", pairs = R"({"__metadata__":{)", braces = "{\"a\":", colons = "{\"a\":{";
  for (int i = 0; i < count; ++i) {
    tensors += (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    pairs += (i ? ",\"" : "\"") + std::to_string(i) + R"(":"")";
    braces += "{}";
    colons += ":";
  }
  measure(tensors + "}");
  measure(pairs + "}}");
  measure(braces);
  measure(colons);
}

TEST(Safetensors, TensorsBehindFiveGibibytesAreRead) {
  const int64_t hole = INT64_C(5) << 30; // of a sparse file: it takes no room on the disk
  const std::string header = R"({"hole":{"dtype":"U8","shape":[)" + std::to_string(hole) + R"(],"data_offsets":[0,)" +
                             std::to_string(hole) + R"(]},"w":{"dtype":"F32","shape":[2],"data_offsets":[)" +
                             std::to_string(hole) + "," + std::to_string(hole + 8) + "]}}";
  const TemporaryFile path("sparse.safetensors", safetensorsBytes(header, 0));
  const float data[2] = {1.5f, -2.0f};
  std::ofstream file(path.path, std::ios::binary | std::ios::in);
  file.seekp((std::streamoff)(8 + header.size()) + hole);
  file.write(reinterpret_cast<const char *>(data), sizeof data);
  file.close();
  ASSERT_TRUE(file);
  batten_safetensors *opened = nullptr;
  batten_tensor tensor{};
  batten::Error error;
  ASSERT_EQ(batten_safetensors_open(path.c_str(), &opened, error.get()), 0) << error.message();
  ASSERT_EQ(batten_safetensors_load(opened, batten_safetensors_find(opened, "w"), &tensor, error.get()), 0)
      << error.message();
  EXPECT_EQ(memcmp(tensor.data, data, sizeof data), 0);
  batten_tensor_release(&tensor);
  batten_safetensors_close(opened);
}

TEST(Safetensors, OnlyRegularFilesAreRead) {
  batten::Error error;
  EXPECT_FALSE(batten::Safetensors::open("/nonexistent/w.safetensors", error));
  EXPECT_STREQ(error.message(), "cannot open `/nonexistent/w.safetensors`: No such file or directory");
  EXPECT_FALSE(batten::Safetensors::open("/tmp", error));
  EXPECT_EQ(error.code(), BATTEN_E_FILE);
  EXPECT_EQ(batten_safetensors_open(nullptr, nullptr, error.get()), BATTEN_E_NULL);
}

} // namespace
