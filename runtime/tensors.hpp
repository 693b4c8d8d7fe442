// tensors.hpp - what holds numbers, for C++17 and later: tensors, views of them, buffers of samples, files.
//
// A part of batten.hpp, whose conventions are these too.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_TENSORS_HPP
#define BATTEN_RUNTIME_TENSORS_HPP

#include "batten.h"

#include <stdio.h>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace batten {

/// What a refused call said; false while nothing was refused.
class Error {
public:
  explicit operator bool() const { return raw.result != 0; }
  int code() const { return BATTEN_CODE(raw.result); }
  /// Of a refused call of an entry: the position in the list of its C function, 0 being the program, then the sizes,
  /// then the tensors: 2 is x of `int simple_forward(program, B, x, out, ...)`. See batten_argument.position.
  int argument() const { return BATTEN_ARGUMENT(raw.result); }
  const char *message() const { return raw.message; }
  void clear() { raw = batten_error{}; }
  void set(int status, const char *message) {
    raw.result = status;
    snprintf(raw.message, sizeof raw.message, "%s", message);
  }
  batten_error *get() { return &raw; }

private:
  batten_error raw{};
};

/// Owns one object of the C interface; moves, and closes it at the end.
template <class Object, void (*close)(Object *)> class Handle {
public:
  Handle() = default;
  explicit Handle(Object *made) : object(made) {}
  Handle(Handle &&other) noexcept : object(std::exchange(other.object, nullptr)) {}
  Handle &operator=(Handle &&other) noexcept {
    if (this != &other) {
      close(object);
      object = std::exchange(other.object, nullptr);
    }
    return *this;
  }
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;
  ~Handle() { close(object); }

  explicit operator bool() const { return object != nullptr; }
  Object *get() const { return object; }

protected:
  Object *object = nullptr;
};

/// Bit patterns of f16 and bf16, which are no C++ types: so that views of them know which they are.
struct F16 {
  uint16_t bits;
};
struct Bf16 {
  uint16_t bits;
};

/// The dtype of a C++ element type. uint16_t is u16; f16 and bf16 have types of their own, or are named by constants.
template <class Element> constexpr batten_dtype dtypeOf() {
  using Plain = std::remove_cv_t<Element>;
  if constexpr (std::is_same_v<Plain, F16>)
    return BATTEN_F16;
  else if constexpr (std::is_same_v<Plain, Bf16>)
    return BATTEN_BF16;
  else if constexpr (std::is_same_v<Plain, float>)
    return BATTEN_F32;
  else if constexpr (std::is_same_v<Plain, double>)
    return BATTEN_F64;
  else if constexpr (std::is_same_v<Plain, bool>)
    return BATTEN_BOOL;
  else {
    static_assert(std::is_integral_v<Plain>, "this element type is no dtype of a program");
    return BATTEN_DTYPE(std::is_signed_v<Plain> ? 0 : 1, 8 * sizeof(Plain));
  }
}

/// Dense row-major elements of the caller's. A shape that is out of range gives a tensor of rank -1, which every
/// function refuses.
inline batten_tensor view(batten_dtype dtype, const void *data, const std::vector<int64_t> &sizes) {
  batten_tensor tensor{nullptr, BATTEN_CPU, 0, dtype, -1, {}, {}}; // stays so where the shape is out of range
  // Inputs are only read; one struct serves inputs and results.
  batten_tensor_make(dtype, static_cast<int32_t>(sizes.size()), sizes.data(), const_cast<void *>(data), &tensor,
                     nullptr);
  return tensor;
}
template <class Element> batten_tensor view(Element *data, const std::vector<int64_t> &sizes) {
  return view(dtypeOf<Element>(), data, sizes);
}

template <class Element, int64_t... Core> struct SampleOf {
  using Type = Element;
};
template <class Element, int64_t First, int64_t... Rest> struct SampleOf<Element, First, Rest...> {
  using Type = typename SampleOf<Element, Rest...>::Type[static_cast<size_t>(First)];
};

/// Samples whose shape the compiler knows: View<float, 10> is `count` times float[10], and cannot be made of anything
/// else, or become a View<float, 9>. Plain data: two words, no owner. View<const float, 10> only reads.
///   float x[32][10];
///   batten::View<float, 10> samples = x;
///   samples[31][9] = 1;
template <class Element, int64_t... Core> class View {
public:
  static_assert(((Core > 0) && ...), "sizes of a sample are at least 1");
  using Sample = typename SampleOf<Element, Core...>::Type;
  static constexpr int32_t rank = 1 + static_cast<int32_t>(sizeof...(Core));

  View() = default;
  /// `count` samples at `first`, one behind the other.
  View(Sample *samples, int64_t count) : first(samples), length(count) {}
  template <size_t size> View(Sample (&array)[size]) : first(array), length(static_cast<int64_t>(size)) {}
  /// What may be written may be read.
  template <class Other, class = std::enable_if_t<std::is_same_v<const Other, Element> && !std::is_const_v<Other>>>
  View(const View<Other, Core...> &other) : first(other.begin()), length(other.count()) {}
  /// Of plain elements, sample after sample.
  static View at(Element *elements, int64_t count) { return View(reinterpret_cast<Sample *>(elements), count); }
  /// Of a tensor or buffer that has this dtype and these inner sizes; empty, with the error, where it has not.
  static View of(const batten_tensor &tensor, Error &error) {
    constexpr int64_t wanted[] = {0, Core...};
    bool same = tensor.rank == rank && tensor.sizes[0] >= 0 && batten_tensor_is_dense(&tensor);
    for (int32_t i = 1; same && i < rank; ++i)
      same = tensor.sizes[i] == wanted[i];
    if (tensor.rank < 0)
      error.set(BATTEN_E_SHAPE, "the tensor's shape is out of range");
    else if (tensor.device != BATTEN_CPU)
      error.set(BATTEN_E_UNSUPPORTED, "the tensor is not on the CPU");
    else if (tensor.dtype != dtypeOf<Element>())
      error.set(BATTEN_E_DTYPE, "the tensor has another dtype than the view");
    else if (!same)
      error.set(BATTEN_E_SHAPE, "the tensor has other inner sizes than the view, or gaps");
    else
      return at(static_cast<Element *>(tensor.data), tensor.sizes[0]);
    return View();
  }

  int64_t count() const { return length; }
  Sample &operator[](int64_t index) const { return first[index]; }
  Sample *begin() const { return first; }
  Sample *end() const { return first + length; }
  /// Every element, sample after sample: what a generated function takes.
  Element *data() const { return reinterpret_cast<Element *>(first); }
  /// The samples [from, to), which the caller knows to be there.
  View slice(int64_t from, int64_t to) const { return View(first + from, to - from); }

  batten_tensor tensor() const {
    const int64_t sizes[] = {length, Core...};
    batten_tensor made{nullptr, BATTEN_CPU, 0, dtypeOf<Element>(), -1, {}, {}}; // so it is refused by whoever gets it
    batten_tensor_make(dtypeOf<Element>(), rank, sizes, const_cast<std::remove_const_t<Element> *>(data()), &made,
                       nullptr);
    return made;
  }
  operator batten_tensor() const { return tensor(); }

private:
  Sample *first = nullptr;
  int64_t length = 0;
};

/// A dense tensor with memory of its own.
class Tensor {
public:
  Tensor() = default;
  Tensor(Tensor &&other) noexcept : raw(std::exchange(other.raw, batten_tensor{})) {}
  Tensor &operator=(Tensor &&other) noexcept {
    std::swap(raw, other.raw);
    return *this;
  }
  Tensor(const Tensor &) = delete;
  Tensor &operator=(const Tensor &) = delete;
  ~Tensor() { batten_tensor_release(&raw); }

  static Tensor allocate(batten_dtype dtype, const std::vector<int64_t> &sizes, Error &error) {
    return allocate(dtype, static_cast<int32_t>(sizes.size()), sizes.data(), error);
  }
  /// Of the dtype and shape of another.
  static Tensor like(const batten_tensor &shape, Error &error) {
    return allocate(shape.dtype, shape.rank, shape.sizes, error);
  }
  static Tensor loadNpy(const std::string &path, Error &error) {
    Tensor tensor;
    batten_npy_load(path.c_str(), &tensor.raw, error.get());
    return tensor;
  }
  bool saveNpy(const std::string &path, Error &error) const {
    return !batten_npy_save(path.c_str(), &raw, error.get());
  }
  /// A copy as another dtype: f16 and bf16 from and to f32.
  Tensor converted(batten_dtype dtype, Error &error) const {
    batten_tensor shape = raw;
    shape.dtype = dtype;
    Tensor to = like(shape, error);
    if (to && batten_tensor_convert(&raw, &to.raw, error.get()))
      return Tensor();
    return to;
  }

  explicit operator bool() const { return raw.data != nullptr; }
  operator const batten_tensor &() const { return raw; }
  const batten_tensor &get() const { return raw; }
  batten_dtype dtype() const { return raw.dtype; }
  std::vector<int64_t> sizes() const { return std::vector<int64_t>(raw.sizes, raw.sizes + raw.rank); }
  int64_t elements() const { return batten_tensor_elements(&raw); }
  /// The elements; the caller knows their type.
  template <class Element> Element *data() const { return static_cast<Element *>(raw.data); }

private:
  static Tensor allocate(batten_dtype dtype, int32_t rank, const int64_t *sizes, Error &error) {
    Tensor tensor;
    batten_tensor made{};
    if (!batten_tensor_make(dtype, rank, sizes, nullptr, &made, error.get()) &&
        !batten_tensor_allocate(&made, error.get()))
      tensor.raw = made;
    return tensor;
  }

  batten_tensor raw{};
  friend class Safetensors;
};

/// Keeps the memory of buffers for the next ones.
class BufferPool : public Handle<batten_buffer_pool, batten_buffer_pool_destroy> {
public:
  using Handle::Handle;
  static BufferPool create(int64_t idleBytes, Error &error) {
    batten_buffer_pool *pool = nullptr;
    batten_buffer_pool_create(idleBytes, &pool, error.get());
    return BufferPool(pool);
  }
  int64_t idleBytes() const { return batten_buffer_pool_idle_bytes(object); }
};

/// Samples side by side; views of it share its memory, which lives as long as any of them.
class Buffer : public Handle<batten_buffer, batten_buffer_destroy> {
public:
  using Handle::Handle;
  static Buffer create(batten_dtype dtype, const std::vector<int64_t> &sampleSizes, int64_t capacity, Error &error,
                       const BufferPool &pool = BufferPool()) {
    batten_buffer *buffer = nullptr;
    batten_buffer_create(dtype, static_cast<int32_t>(sampleSizes.size()), sampleSizes.data(), capacity, pool.get(),
                         &buffer, error.get());
    return Buffer(buffer);
  }
  /// Of samples whose shape the compiler knows.
  template <class Element, int64_t... Core>
  static Buffer create(int64_t capacity, Error &error, const BufferPool &pool = BufferPool()) {
    return create(dtypeOf<Element>(), {Core...}, capacity, error, pool);
  }
  template <class Element, int64_t... Core> View<Element, Core...> view(Error &error) const {
    return View<Element, Core...>::of(tensor(), error);
  }
  /// Memory of the caller's; release(context, data) when nothing shares it any more.
  static Buffer adopt(const batten_tensor &samples, void (*release)(void *, void *), void *context, Error &error) {
    batten_buffer *buffer = nullptr;
    batten_buffer_adopt(&samples, release, context, &buffer, error.get());
    return Buffer(buffer);
  }
  /// A DLManagedTensor of DLPack, or batten_dlpack.
  template <class Managed> static Buffer import(Managed *tensor, Error &error) {
    static_assert(sizeof(Managed) == sizeof(batten_dlpack), "not DLPack's managed tensor");
    batten_buffer *buffer = nullptr;
    batten_buffer_import(reinterpret_cast<batten_dlpack *>(tensor), &buffer, error.get());
    return Buffer(buffer);
  }
  template <class Managed = batten_dlpack> Managed *exported(Error &error) const {
    static_assert(sizeof(Managed) == sizeof(batten_dlpack), "not DLPack's managed tensor");
    batten_dlpack *tensor = nullptr;
    batten_buffer_export(object, &tensor, error.get());
    return reinterpret_cast<Managed *>(tensor);
  }
  /// The samples [begin, end), without a copy.
  Buffer slice(int64_t begin, int64_t end, Error &error) const {
    batten_buffer *view = nullptr;
    batten_buffer_slice(object, begin, end, &view, error.get());
    return Buffer(view);
  }

  int64_t count() const { return batten_buffer_count(object); }
  int64_t capacity() const { return batten_buffer_capacity(object); }
  batten_tensor tensor() const { return batten_buffer_tensor(object); }
  operator batten_tensor() const { return tensor(); }
  /// The elements of the first sample; the caller knows their type.
  template <class Element> Element *data() const { return static_cast<Element *>(tensor().data); }

  bool resize(int64_t count, Error &error) { return !batten_buffer_resize(object, count, error.get()); }
  bool reserve(int64_t capacity, Error &error) { return !batten_buffer_reserve(object, capacity, error.get()); }
  bool append(const batten_tensor &samples, Error &error) {
    return !batten_buffer_append(object, &samples, error.get());
  }
  /// to[i] = this[indices[i]]
  bool gather(const std::vector<int64_t> &indices, Buffer &to, Error &error) const {
    return !batten_buffer_gather(object, indices.data(), static_cast<int64_t>(indices.size()), to.object, error.get());
  }
  /// to[indices[i]] = this[i]
  bool scatter(const std::vector<int64_t> &indices, Buffer &to, Error &error) const {
    return !batten_buffer_scatter(object, indices.data(), static_cast<int64_t>(indices.size()), to.object, error.get());
  }
};

/// An open .safetensors file.
class Safetensors : public Handle<batten_safetensors, batten_safetensors_close> {
public:
  using Handle::Handle;
  static Safetensors open(const std::string &path, Error &error) {
    batten_safetensors *file = nullptr;
    batten_safetensors_open(path.c_str(), &file, error.get());
    return Safetensors(file);
  }
  int64_t count() const { return batten_safetensors_count(object); }
  int64_t find(const std::string &name) const { return batten_safetensors_find(object, name.c_str()); }
  std::string name(int64_t index) const {
    const char *text = batten_safetensors_name(object, index);
    return text ? text : "";
  }
  batten_tensor shape(int64_t index) const {
    batten_tensor tensor{};
    if (batten_safetensors_shape(object, index, &tensor, nullptr))
      tensor.rank = -1;
    return tensor;
  }
  Tensor load(int64_t index, Error &error) const {
    Tensor tensor;
    batten_safetensors_load(object, index, &tensor.raw, error.get());
    return tensor;
  }
  static bool save(const std::string &path, const std::vector<batten_named_tensor> &tensors, Error &error) {
    return !batten_safetensors_save(path.c_str(), tensors.data(), static_cast<int64_t>(tensors.size()), error.get());
  }
};

} // namespace batten

#endif // BATTEN_RUNTIME_TENSORS_HPP
