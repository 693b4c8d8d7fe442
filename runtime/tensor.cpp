// tensor.cpp - batten_tensor: sizes, strides, memory and the few conversions that files need.
//
// Bytes are counted from the right factor by factor with checks, so that a lying shape never wraps; a shape with a 0 in
// it may have any other sizes whose product fits.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tensor.h"

#include "half.h"
#include "memory.h"
#include "status.h"

#include <string.h>

using namespace batten::runtime;

namespace {

struct DtypeName {
  batten_dtype dtype;
  const char *name;
};

// Codes from 7 on are DLPack's small floats.
constexpr DtypeName dtypeNames[] = {
    {BATTEN_F32, "f32"},
    {BATTEN_F64, "f64"},
    {BATTEN_F16, "f16"},
    {BATTEN_BF16, "bf16"},
    {BATTEN_I8, "i8"},
    {BATTEN_DTYPE(0, 16), "i16"},
    {BATTEN_I32, "i32"},
    {BATTEN_I64, "i64"},
    {BATTEN_U8, "u8"},
    {BATTEN_DTYPE(1, 16), "u16"},
    {BATTEN_DTYPE(1, 32), "u32"},
    {BATTEN_DTYPE(1, 64), "u64"},
    {BATTEN_BOOL, "bool"},
    {BATTEN_DTYPE(5, 64), "c64"},
    {BATTEN_DTYPE(10, 8), "f8_e4m3fn"},
    {BATTEN_DTYPE(11, 8), "f8_e4m3fnuz"},
    {BATTEN_DTYPE(12, 8), "f8_e5m2"},
    {BATTEN_DTYPE(13, 8), "f8_e5m2fnuz"},
    {BATTEN_DTYPE(14, 8), "f8_e8m0fnu"},
    {BATTEN_DTYPE(15, 6), "f6_e2m3fn"},
    {BATTEN_DTYPE(16, 6), "f6_e3m2fn"},
    {BATTEN_DTYPE(17, 4), "f4_e2m1fn"},
};

int64_t countElements(int32_t rank, const int64_t *sizes) {
  if (rank < 0 || rank > BATTEN_MAX_RANK)
    return -1;
  int64_t elements = 1;
  bool empty = false;
  for (int32_t i = 0; i < rank; ++i) {
    if (sizes[i] < 0)
      return -1;
    // [2^62, 0, 2^62] has no element, and strides that need no care: count on without the zero.
    if (sizes[i] == 0)
      empty = true;
    else if (__builtin_mul_overflow(elements, sizes[i], &elements))
      return -1;
  }
  return empty ? 0 : elements;
}

int64_t countBytes(batten_dtype dtype, int32_t rank, const int64_t *sizes) {
  const int64_t elements = countElements(rank, sizes);
  int64_t bits;
  if (elements < 0)
    return -1;
  if (dtypeBits(dtype) % 8 == 0)
    return __builtin_mul_overflow(elements, (int64_t)dtypeBits(dtype) / 8, &bits) ? -1 : bits;
  if (__builtin_mul_overflow(elements, (int64_t)dtypeBits(dtype), &bits) || bits > INT64_MAX - 7)
    return -1;
  return (bits + 7) / 8;
}

template <class To, class From> void convertAll(const batten_tensor &from, const batten_tensor &to, To (*one)(From)) {
  const int64_t elements = batten_tensor_elements(&from);
  for (int64_t i = 0; i < elements; ++i)
    static_cast<To *>(to.data)[i] = one(static_cast<const From *>(from.data)[i]);
}

} // namespace

namespace batten::runtime {

bool makeDense(batten_dtype dtype, int32_t rank, const int64_t *sizes, void *data, batten_tensor &out) {
  if (countBytes(dtype, rank, sizes) < 0)
    return false;
  batten_tensor tensor{data, BATTEN_CPU, 0, dtype, rank, {}, {}};
  int64_t stride = 1;
  for (int32_t i = rank - 1; i >= 0; --i) {
    tensor.sizes[i] = sizes[i];
    tensor.strides[i] = stride;
    stride *= sizes[i] ? sizes[i] : 1; // fits: countElements took the same product
  }
  out = tensor;
  return true;
}

bool sameShape(int32_t rank, const int64_t *sizes, int32_t otherRank, const int64_t *otherSizes) {
  if (rank != otherRank)
    return false;
  for (int32_t i = 0; i < rank; ++i)
    if (sizes[i] != otherSizes[i])
      return false;
  return true;
}

int requireDenseCpu(const batten_tensor *tensor, const char *what, batten_error *error) {
  if (!tensor)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "%s is NULL", what);
  const int64_t bytes = batten_tensor_bytes(tensor);
  if (bytes < 0)
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "%s has a rank or size that is out of range", what);
  if (tensor->device != BATTEN_CPU)
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "%s is on device %d, it must be on the CPU", what,
                         tensor->device);
  if (!batten_tensor_is_dense(tensor))
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "%s is not dense row-major", what);
  if (bytes > 0 && !tensor->data)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "%s has elements but its data is NULL", what);
  return 0;
}

} // namespace batten::runtime

const char *batten_dtype_name(batten_dtype dtype) {
  for (const DtypeName &entry : dtypeNames)
    if (entry.dtype == dtype)
      return entry.name;
  return "unknown";
}

int batten_tensor_make(batten_dtype dtype, int32_t rank, const int64_t *sizes, void *data, batten_tensor *out_tensor,
                       batten_error *error) {
  if (!out_tensor || (!sizes && rank > 0))
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "a tensor needs its sizes and a place to be written to");
  if (rank < 0 || rank > BATTEN_MAX_RANK)
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "rank is %d, it must be 0 to %d", rank, BATTEN_MAX_RANK);
  if (!makeDense(dtype, rank, sizes, data, *out_tensor))
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "a size is negative, or the tensor has more than 2^63 - 1 bytes");
  return 0;
}

int64_t batten_tensor_elements(const batten_tensor *tensor) {
  return tensor ? countElements(tensor->rank, tensor->sizes) : -1;
}

int64_t batten_tensor_bytes(const batten_tensor *tensor) {
  return tensor ? countBytes(tensor->dtype, tensor->rank, tensor->sizes) : -1;
}

int batten_tensor_is_dense(const batten_tensor *tensor) {
  if (!tensor)
    return 0;
  if (countElements(tensor->rank, tensor->sizes) == 0)
    return 1;
  int64_t stride = 1;
  for (int32_t i = tensor->rank - 1; i >= 0; --i) {
    if (tensor->sizes[i] != 1 && tensor->strides[i] != stride)
      return 0;
    if (__builtin_mul_overflow(stride, tensor->sizes[i], &stride))
      return 0;
  }
  return 1;
}

int batten_tensor_allocate(batten_tensor *tensor, batten_error *error) {
  if (!tensor)
    return BATTEN_REFUSE(error, BATTEN_E_NULL, "the tensor is NULL");
  const int64_t bytes = batten_tensor_bytes(tensor);
  if (bytes < 0)
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "a rank or size of the tensor is out of range");
  void *memory = allocate(bytes);
  if (!memory)
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "no memory for a tensor of %lld bytes", (long long)bytes);
  tensor->data = memory;
  return 0;
}

void batten_tensor_release(batten_tensor *tensor) {
  if (!tensor)
    return;
  release(tensor->data);
  tensor->data = nullptr;
}

int batten_tensor_convert(const batten_tensor *from, const batten_tensor *to, batten_error *error) {
  if (const int result = requireDenseCpu(from, "the tensor to convert", error))
    return result;
  if (const int result = requireDenseCpu(to, "the tensor to convert into", error))
    return result;
  if (!sameShape(from->rank, from->sizes, to->rank, to->sizes))
    return BATTEN_REFUSE(error, BATTEN_E_SHAPE, "a conversion needs two tensors of one shape");
  if (from->dtype == to->dtype) {
    if (const int64_t bytes = batten_tensor_bytes(from))
      memcpy(to->data, from->data, (size_t)bytes);
  } else if (from->dtype == BATTEN_F16 && to->dtype == BATTEN_F32)
    convertAll(*from, *to, floatFromF16);
  else if (from->dtype == BATTEN_BF16 && to->dtype == BATTEN_F32)
    convertAll(*from, *to, floatFromBf16);
  else if (from->dtype == BATTEN_F32 && to->dtype == BATTEN_F16)
    convertAll(*from, *to, f16FromFloat);
  else if (from->dtype == BATTEN_F32 && to->dtype == BATTEN_BF16)
    convertAll(*from, *to, bf16FromFloat);
  else
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "no conversion from %s to %s", batten_dtype_name(from->dtype),
                         batten_dtype_name(to->dtype));
  return 0;
}
