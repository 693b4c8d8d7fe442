// BufferTest.cpp - buffers move whole samples, share memory with their views, and give it back once, to whom it is due.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "FakeProgram.h"
#include "runtime/batten.hpp"
#include "runtime/hooks.h"

#include "gtest/gtest.h"

#include <cstring>
#include <string>
#include <thread>

using namespace batten::test;
using batten::Buffer;
using batten::BufferPool;
using batten::view;

namespace {

struct Buffers : testing::Test {
  void SetUp() override {
    batten::runtime::hooks.allocate = [](int64_t bytes) { return bytes < int64_t(1) << 40; }; // sanitizers abort
  }
  void TearDown() override { batten::runtime::hooks.allocate = nullptr; }
  /// [[0, 1], [10, 11], [20, 21], ...]
  Buffer numbered(int64_t count, int64_t capacity, const BufferPool &pool = BufferPool()) {
    Buffer buffer = Buffer::create(BATTEN_F32, {2}, capacity, error, pool);
    EXPECT_TRUE(buffer) << error.message();
    for (int64_t i = 0; i < count; ++i) {
      const float sample[] = {static_cast<float>(10 * i), static_cast<float>(10 * i + 1)};
      EXPECT_TRUE(buffer.append(view(sample, {2}), error)) << error.message();
    }
    return buffer;
  }
  static std::vector<float> values(const Buffer &buffer) {
    return std::vector<float>(buffer.data<float>(), buffer.data<float>() + 2 * buffer.count());
  }
  void expectRefused(bool done, int code, const std::string &message) {
    EXPECT_FALSE(done);
    EXPECT_EQ(error.code(), code) << error.message();
    EXPECT_EQ(error.message(), message);
    error.clear();
  }

  batten::Error error;
};

TEST_F(Buffers, AppendTakesOneSampleOrSeveral) {
  Buffer buffer = numbered(1, 4);
  const float two[2][2] = {{1, 2}, {3, 4}};
  ASSERT_TRUE(buffer.append(view(&two[0][0], {2, 2}), error)) << error.message();
  ASSERT_TRUE(buffer.append(view<float>(nullptr, {0, 2}), error)) << error.message();
  EXPECT_EQ(values(buffer), (std::vector<float>{0, 1, 1, 2, 3, 4}));
  EXPECT_EQ(buffer.capacity(), 4);
  const batten_tensor tensor = buffer;
  EXPECT_EQ(tensor.rank, 2);
  EXPECT_EQ(tensor.sizes[0], 3);
  EXPECT_EQ(tensor.sizes[1], 2);
  EXPECT_TRUE(batten_tensor_is_dense(&tensor));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data) % 64, 0u);
  ASSERT_TRUE(buffer.append(buffer.slice(1, 2, error), error)); // of itself
  EXPECT_EQ(values(buffer), (std::vector<float>{0, 1, 1, 2, 3, 4, 1, 2}));
}

TEST_F(Buffers, SamplesThatDoNotFitAreRefused) {
  Buffer buffer = numbered(3, 4);
  const float data[6] = {};
  expectRefused(buffer.append(view(data, {2, 2}), error), BATTEN_E_SIZE,
                "2 samples more than the 3 present, the buffer has room for 4");
  expectRefused(buffer.append(view(data, {3}), error), BATTEN_E_SHAPE, "a sample is f32 [3], the buffer's are f32 [2]");
  expectRefused(buffer.append(view(data, {1, 1, 2}), error), BATTEN_E_SHAPE,
                "a sample is f32 [1, 2], the buffer's are f32 [2]");
  expectRefused(buffer.append(view(data, {}), error), BATTEN_E_SHAPE, "a sample is f32 [], the buffer's are f32 [2]");
  const int32_t integers[2] = {};
  expectRefused(buffer.append(view(integers, {2}), error), BATTEN_E_DTYPE,
                "a sample is i32 [2], the buffer's are f32 [2]");
  batten_tensor strided = view(data, {2, 2});
  strided.strides[0] = 3;
  expectRefused(buffer.append(strided, error), BATTEN_E_SHAPE, "the tensor to append is not dense row-major");
  expectRefused(buffer.append(view<float>(nullptr, {1, 2}), error), BATTEN_E_NULL,
                "the tensor to append has elements but its data is NULL");
  expectRefused(buffer.resize(5, error), BATTEN_E_SIZE, "5 samples, the buffer has room for 4");
  expectRefused(buffer.resize(-1, error), BATTEN_E_SIZE, "-1 samples, the buffer has room for 4");
  EXPECT_EQ(values(buffer), (std::vector<float>{0, 1, 10, 11, 20, 21}));
}

TEST_F(Buffers, ShapesAndDtypesOutOfRangeAreRefused) {
  const auto create = [&](batten_dtype dtype, std::vector<int64_t> sizes, int64_t capacity) {
    return static_cast<bool>(Buffer::create(dtype, sizes, capacity, error));
  };
  expectRefused(create(BATTEN_F32, {-1}, 1), BATTEN_E_SHAPE,
                "a size is negative, or 1 samples have more than 2^63 - 1 bytes");
  expectRefused(create(BATTEN_F32, {2}, -1), BATTEN_E_SHAPE,
                "a size is negative, or -1 samples have more than 2^63 - 1 bytes");
  expectRefused(create(BATTEN_F32, {INT64_MAX / 8}, 3), BATTEN_E_SHAPE,
                "a size is negative, or 3 samples have more than 2^63 - 1 bytes");
  expectRefused(create(BATTEN_F32, std::vector<int64_t>(16, 1), 1), BATTEN_E_SHAPE,
                "the rank of a sample is 16, it must be 0 to 15");
  expectRefused(create(BATTEN_DTYPE(17, 4), {2}, 1), BATTEN_E_UNSUPPORTED,
                "a buffer cannot hold f4_e2m1fn: one element must be whole bytes");
  expectRefused(create(BATTEN_F32 + (1u << 16), {2}, 1), BATTEN_E_UNSUPPORTED,
                "a buffer cannot hold unknown: one element must be whole bytes");
  expectRefused(create(BATTEN_F32, {int64_t(1) << 60}, 1), BATTEN_E_OUT_OF_MEMORY,
                "no memory for a buffer of 4611686018427387904 bytes");
  EXPECT_TRUE(create(BATTEN_F32, std::vector<int64_t>(15, 1), 1)) << error.message();
}

TEST_F(Buffers, ScalarsAndEmptySamplesAreSamples) {
  Buffer scalars = Buffer::create(BATTEN_I64, {}, 2, error);
  const int64_t one = 7;
  ASSERT_TRUE(scalars.append(view(&one, {}), error)) << error.message();
  ASSERT_TRUE(scalars.append(view(&one, {1}), error)) << error.message();
  EXPECT_EQ(scalars.data<int64_t>()[1], 7);
  Buffer empty = Buffer::create(BATTEN_F32, {0, 3}, 4, error), other = Buffer::create(BATTEN_F32, {0, 3}, 4, error);
  ASSERT_TRUE(empty.append(view<float>(nullptr, {3, 0, 3}), error)) << error.message();
  EXPECT_TRUE(empty.gather({2, 2, 0}, other, error)) << error.message();
  EXPECT_EQ(other.count(), 3);
}

TEST_F(Buffers, NoSamplesAreNoError) {
  Buffer buffer = Buffer::create(BATTEN_F32, {2}, 0, error), to = numbered(2, 2);
  ASSERT_TRUE(buffer) << error.message();
  EXPECT_EQ(buffer.count(), 0);
  EXPECT_TRUE(buffer.slice(0, 0, error));
  EXPECT_TRUE(buffer.append(view<float>(nullptr, {0, 2}), error));
  EXPECT_TRUE(buffer.scatter({}, to, error));
  EXPECT_TRUE(buffer.gather({}, to, error));
  EXPECT_EQ(to.count(), 0);
  batten_dlpack *exported = buffer.exported(error);
  ASSERT_TRUE(exported);
  EXPECT_EQ(exported->sizes[0], 0);
  EXPECT_TRUE(Buffer::import(exported, error)) << error.message();
  EXPECT_TRUE(Buffer::adopt(view<float>(nullptr, {0, 2}), nullptr, nullptr, error)) << error.message();
}

TEST_F(Buffers, GatherAndScatterMoveByIndex) {
  const Buffer from = numbered(4, 4);
  Buffer to = numbered(1, 6);
  ASSERT_TRUE(from.gather({3, 0, 3}, to, error)) << error.message();
  EXPECT_EQ(values(to), (std::vector<float>{30, 31, 0, 1, 30, 31}));
  Buffer wide = numbered(5, 5);
  ASSERT_TRUE(to.scatter({4, 1, 1}, wide, error)) << error.message(); // of equal indices the last stays
  EXPECT_EQ(values(wide), (std::vector<float>{0, 1, 30, 31, 20, 21, 30, 31, 30, 31}));
}

TEST_F(Buffers, IndicesOutOfRangeWriteNothing) {
  const Buffer from = numbered(3, 8);
  Buffer to = numbered(2, 2), same = from.slice(0, 3, error), bytes = Buffer::create(BATTEN_U8, {2}, 2, error);
  const std::vector<float> before = values(to);
  expectRefused(from.gather({0, 3}, to, error), BATTEN_E_INDEX, "index 1 is 3, the buffer has 3 samples");
  expectRefused(from.gather({-1}, to, error), BATTEN_E_INDEX, "index 0 is -1, the buffer has 3 samples");
  expectRefused(from.gather({0, 1, 2}, to, error), BATTEN_E_SIZE, "3 samples, the buffer has room for 2");
  expectRefused(from.scatter({0, 1, 2}, to, error), BATTEN_E_INDEX, "index 2 is 2, the buffer has 2 samples");
  expectRefused(from.scatter({0}, to, error), BATTEN_E_SIZE, "1 indices for 3 samples");
  expectRefused(from.gather({0}, same, error), BATTEN_E_OVERLAP, "the buffers overlap in memory");
  expectRefused(from.scatter({0, 1, 2}, same, error), BATTEN_E_OVERLAP, "the buffers overlap in memory");
  expectRefused(from.gather({0}, bytes, error), BATTEN_E_DTYPE, "a sample is f32 [2], the buffer's are u8 [2]");
  EXPECT_EQ(batten_buffer_gather(from.get(), nullptr, 1, to.get(), nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_gather(from.get(), nullptr, -1, to.get(), nullptr), BATTEN_E_SIZE);
  EXPECT_EQ(values(to), before);
  EXPECT_TRUE(from.slice(0, 1, error).gather({0}, to = from.slice(2, 3, error), error)) << "apart in one memory";
  EXPECT_EQ(values(from), (std::vector<float>{0, 1, 10, 11, 0, 1}));
}

TEST_F(Buffers, ViewsShareMemoryAndOutliveTheirBuffer) {
  Buffer buffer = numbered(4, 6);
  Buffer slice = buffer.slice(1, 3, error), inner = slice.slice(1, 2, error);
  ASSERT_TRUE(inner) << error.message();
  EXPECT_EQ(slice.data<float>(), buffer.data<float>() + 2);
  inner.data<float>()[1] = -5;
  EXPECT_EQ(buffer.data<float>()[5], -5);
  EXPECT_EQ(slice.capacity(), 2);
  const float sample[2] = {};
  expectRefused(slice.append(view(sample, {2}), error), BATTEN_E_SIZE,
                "1 samples more than the 2 present, the buffer has room for 2");
  expectRefused(static_cast<bool>(buffer.slice(3, 5, error)), BATTEN_E_INDEX, "samples 3 to 5 of a buffer that has 4");
  expectRefused(static_cast<bool>(buffer.slice(2, 1, error)), BATTEN_E_INDEX, "samples 2 to 1 of a buffer that has 4");
  expectRefused(static_cast<bool>(buffer.slice(-1, 1, error)), BATTEN_E_INDEX,
                "samples -1 to 1 of a buffer that has 4");
  buffer = Buffer();
  EXPECT_EQ(values(slice), (std::vector<float>{10, 11, 20, -5}));
}

TEST_F(Buffers, ReserveKeepsSamplesAndIsRefusedWhereMemoryIsShared) {
  Buffer buffer = numbered(2, 2);
  {
    Buffer slice = buffer.slice(0, 1, error);
    expectRefused(buffer.reserve(3, error), BATTEN_E_BUSY, "a buffer with views cannot grow");
    expectRefused(slice.reserve(3, error), BATTEN_E_BUSY, "a view cannot grow");
    EXPECT_TRUE(buffer.reserve(2, error)); // there already
  }
  expectRefused(buffer.reserve(INT64_MAX, error), BATTEN_E_SHAPE,
                "a size is negative, or 9223372036854775807 samples have more than 2^63 - 1 bytes");
  ASSERT_TRUE(buffer.reserve(100, error)) << error.message();
  EXPECT_EQ(buffer.capacity(), 100);
  EXPECT_EQ(values(buffer), (std::vector<float>{0, 1, 10, 11}));
}

TEST_F(Buffers, PoolGivesMemoryAgain) {
  BufferPool pool = BufferPool::create(1 << 20, error);
  const float *first = numbered(1, 100, pool).data<float>();
  EXPECT_GE(pool.idleBytes(), 800);
  EXPECT_LE(pool.idleBytes(), 1000);
  const Buffer again = numbered(1, 98, pool); // of the same class
  EXPECT_EQ(again.data<float>(), first);
  EXPECT_EQ(pool.idleBytes(), 0);
  Buffer grown = numbered(1, 1, pool);
  ASSERT_TRUE(grown.reserve(1000, error));
  EXPECT_EQ(pool.idleBytes(), 64); // what it had before
}

TEST_F(Buffers, PoolKeepsNoMoreThanItsLimit) {
  BufferPool pool = BufferPool::create(1024, error), none = BufferPool::create(0, error);
  numbered(1, 100, pool), numbered(1, 100, pool), numbered(1, 1000, pool), numbered(1, 1, none);
  EXPECT_GT(pool.idleBytes(), 0);
  EXPECT_LE(pool.idleBytes(), 1024);
  EXPECT_EQ(none.idleBytes(), 0);
  expectRefused(static_cast<bool>(BufferPool::create(-1, error)), BATTEN_E_SIZE,
                "a pool that keeps -1 bytes; it must be 0 or more");
}

TEST_F(Buffers, EveryClassOfSizesHasRoomForItsBytes) {
  BufferPool pool = BufferPool::create(int64_t(1) << 40, error);
  for (int64_t bytes = 0; bytes < 3000; ++bytes) {
    const int64_t before = pool.idleBytes();
    {
      Buffer buffer = Buffer::create(BATTEN_U8, {}, bytes, error, pool);
      ASSERT_TRUE(buffer.resize(bytes, error));
      memset(buffer.data<char>(), 1, static_cast<size_t>(bytes)); // a sanitizer sees what is not there
    }
    const int64_t kept = pool.idleBytes() - before; // 0 when it was a class that was there
    ASSERT_TRUE(kept == 0 || (kept >= bytes && kept <= 64 + bytes * 5 / 4)) << bytes << " " << kept;
  }
  EXPECT_FALSE(Buffer::create(BATTEN_U8, {}, INT64_MAX, error, pool));
  EXPECT_EQ(error.code(), BATTEN_E_OUT_OF_MEMORY);
}

TEST_F(Buffers, PoolMayBeDestroyedBeforeItsBuffers) {
  BufferPool pool = BufferPool::create(1 << 20, error);
  const Buffer buffer = numbered(2, 2, pool);
  pool = BufferPool();
  EXPECT_EQ(values(buffer), (std::vector<float>{0, 1, 10, 11}));
}

TEST_F(Buffers, ThreadsShareAPoolAndViews) {
  BufferPool pool = BufferPool::create(1 << 16, error);
  const Buffer shared = numbered(4, 4, pool);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      batten::Error mine;
      for (int i = 0; i < 500; ++i) {
        Buffer own = Buffer::create(BATTEN_F32, {2}, 1 + (i + t) % 50, mine, pool);
        const Buffer slice = shared.slice(t, t + 1, mine);
        ASSERT_TRUE(own.append(slice, mine)) << mine.message();
        ASSERT_EQ(own.data<float>()[0], static_cast<float>(10 * t));
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

struct Released {
  int times = 0;
  void *data = nullptr;
  static void release(void *context, void *data) {
    Released &released = *static_cast<Released *>(context);
    ++released.times;
    released.data = data;
  }
};

TEST_F(Buffers, AdoptedMemoryIsReleasedOnceAfterTheLastView) {
  float data[6] = {1, 2, 3, 4, 5, 6};
  Released released;
  {
    Buffer view3 = Buffer::adopt(view(data, {3, 2}), Released::release, &released, error).slice(2, 3, error);
    EXPECT_EQ(released.times, 0);
    EXPECT_EQ(view3.data<float>(), data + 4);
  }
  EXPECT_EQ(released.times, 1);
  EXPECT_EQ(released.data, data);
  Buffer grown = Buffer::adopt(view(data, {3, 2}), Released::release, &released, error);
  ASSERT_TRUE(grown.reserve(10, error));
  EXPECT_EQ(released.times, 2); // it has memory of its own now
  EXPECT_EQ(values(grown), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Buffers, TensorsThatCannotBeAdoptedStayTheCallers) {
  float data[6] = {};
  Released released;
  const auto adopt = [&](const batten_tensor &tensor) {
    return static_cast<bool>(Buffer::adopt(tensor, Released::release, &released, error));
  };
  expectRefused(adopt(view(data, {})), BATTEN_E_SHAPE, "the tensor has rank 0, its first dim must count the samples");
  batten_tensor tensor = view(data, {2, 2});
  tensor.strides[0] = 3;
  expectRefused(adopt(tensor), BATTEN_E_SHAPE, "the tensor is not dense row-major");
  tensor = view(data, {2, 2});
  tensor.device = BATTEN_CUDA;
  expectRefused(adopt(tensor), BATTEN_E_UNSUPPORTED, "the tensor is on device 2, it must be on the CPU");
  tensor = view(reinterpret_cast<float *>(reinterpret_cast<char *>(data) + 2), {2, 2});
  expectRefused(adopt(tensor), BATTEN_E_ALIGN, "the tensor must be aligned to its elements of 4 bytes");
  expectRefused(adopt(view<float>(nullptr, {2, 2})), BATTEN_E_NULL, "the tensor has elements but its data is NULL");
  EXPECT_EQ(released.times, 0);
}

/// A managed tensor as another library would make it.
struct Foreign {
  float data[8] = {9, 9, 1, 2, 3, 4, 5, 6};
  int64_t sizes[2] = {3, 2}, strides[2] = {2, 1};
  int deleted = 0;
  batten_dlpack tensor{
      data,  BATTEN_CPU, 0, 2,    BATTEN_F32,
      sizes, strides,    8, this, [](batten_dlpack *self) {
                         ++static_cast<Foreign *>(self->manager)->deleted; }};
};

TEST_F(Buffers, TensorsOfOtherLibrariesAreImported) {
  Foreign foreign;
  {
    const Buffer buffer = Buffer::import(&foreign.tensor, error);
    ASSERT_TRUE(buffer) << error.message();
    EXPECT_EQ(values(buffer), (std::vector<float>{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(foreign.deleted, 0);
  }
  EXPECT_EQ(foreign.deleted, 1);
  foreign.tensor.strides = nullptr;
  foreign.tensor.deleter = nullptr;
  EXPECT_TRUE(Buffer::import(&foreign.tensor, error)) << error.message();
}

TEST_F(Buffers, TensorsThatCannotBeImportedStayTheOthers) {
  const auto refuse = [&](void (*change)(Foreign &), int code, const std::string &message) {
    Foreign foreign;
    change(foreign);
    expectRefused(static_cast<bool>(Buffer::import(&foreign.tensor, error)), code, message);
    EXPECT_EQ(foreign.deleted, 0);
  };
  refuse([](Foreign &f) { f.tensor.device = 2; }, BATTEN_E_UNSUPPORTED,
         "the tensor is on device 2, it must be on the CPU");
  refuse([](Foreign &f) { f.tensor.rank = 0; }, BATTEN_E_SHAPE, "the tensor to import has rank 0, it must be 1 to 16");
  refuse([](Foreign &f) { f.tensor.rank = 17; }, BATTEN_E_SHAPE,
         "the tensor to import has rank 17, it must be 1 to 16");
  refuse([](Foreign &f) { f.sizes[1] = -2; }, BATTEN_E_SHAPE, "a size of the tensor to import is out of range");
  refuse([](Foreign &f) { f.strides[0] = 1; }, BATTEN_E_SHAPE, "the tensor is not dense row-major");
  refuse([](Foreign &f) { f.tensor.dtype += 1u << 16; }, BATTEN_E_UNSUPPORTED,
         "a buffer cannot hold unknown: one element must be whole bytes");
  refuse([](Foreign &f) { f.tensor.byte_offset = 6; }, BATTEN_E_ALIGN,
         "the tensor must be aligned to its elements of 4 bytes");
  refuse([](Foreign &f) { f.tensor.data = nullptr; }, BATTEN_E_NULL, "the tensor has elements but its data is NULL");
}

TEST_F(Buffers, ExportedTensorsKeepTheMemory) {
  batten_dlpack *exported;
  {
    Buffer buffer = numbered(3, 5);
    exported = buffer.slice(1, 3, error).exported(error);
    ASSERT_TRUE(exported) << error.message();
    expectRefused(buffer.reserve(6, error), BATTEN_E_BUSY, "a buffer with views cannot grow");
  }
  EXPECT_EQ(exported->rank, 2);
  EXPECT_EQ(exported->sizes[0], 2);
  EXPECT_EQ(exported->strides[0], 2);
  EXPECT_EQ(exported->dtype, BATTEN_F32);
  EXPECT_EQ(exported->byte_offset, 0u);
  EXPECT_EQ(static_cast<float *>(exported->data)[3], 21);
  exported->deleter(exported);
}

TEST_F(Buffers, AreHandedToCalls) {
  bindStatus = 0;
  batten::Program program = batten::Program::from(&withoutWeights, error);
  ASSERT_TRUE(program.bind(error));
  Buffer x = Buffer::create(BATTEN_F32, {3, 6}, 4, error), ids = Buffer::create(BATTEN_I32, {3}, 4, error);
  Buffer out = Buffer::create(BATTEN_F32, {3, 6}, 4, error);
  ASSERT_TRUE(x.resize(2, error) && ids.resize(2, error) && out.resize(2, error));
  bool mask[2] = {};
  float factor = 1;
  ASSERT_TRUE(program.call("scale", {x, ids, view(mask, {2}), view(&factor, {}), out}, batten::Workspace(), error))
      << error.message();
  EXPECT_EQ(recorded.sizes, (std::vector<int64_t>{2, 3, 2}));
}

TEST_F(Buffers, NullIsRefused) {
  batten_buffer *buffer = nullptr;
  batten_dlpack *tensor = nullptr;
  EXPECT_EQ(batten_buffer_create(BATTEN_F32, 1, nullptr, 1, nullptr, &buffer, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_adopt(nullptr, nullptr, nullptr, &buffer, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_slice(nullptr, 0, 0, &buffer, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_resize(nullptr, 0, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_reserve(nullptr, 0, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_append(nullptr, nullptr, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_append(numbered(0, 1).get(), nullptr, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_gather(nullptr, nullptr, 0, nullptr, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_scatter(nullptr, nullptr, 0, nullptr, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_import(nullptr, &buffer, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_export(nullptr, &tensor, nullptr), BATTEN_E_NULL);
  EXPECT_EQ(batten_buffer_pool_create(0, nullptr, nullptr), BATTEN_E_NULL);
  batten_buffer_destroy(nullptr);
  batten_buffer_pool_destroy(nullptr);
}

} // namespace
