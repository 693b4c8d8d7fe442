// onednn_shim.cpp - single oneDNN primitives behind C functions.
// Weights, and images of convolutions, have the layouts that oneDNN picks itself; bias and activation are fused;
// reordering is not timed.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <chrono>
#include <dnnl.hpp>
#include <string>
#include <unordered_map>

using namespace dnnl;
using Dims = memory::dims;
using Tag = memory::format_tag;

namespace {
thread_local std::string lastError;

engine &cpu() {
  static engine theEngine(engine::kind::cpu, 0);
  return theEngine;
}

stream &queue() {
  static stream theStream(cpu());
  return theStream;
}

Tag plain(size_t rank) { return rank == 1 ? Tag::a : rank == 2 ? Tag::ab : rank == 3 ? Tag::abc : Tag::abcd; }

using Type = memory::data_type;
/// Of the left side and images, of the right side and weights, of the result.
struct Types {
  Type left, right, result;
};
/// As the bench numbers them. Bytes are unsigned on the left, which the instructions are made for.
Types typesOf(int dtype) {
  return dtype == 2   ? Types{Type::u8, Type::s8, Type::s32}
         : dtype == 1 ? Types{Type::bf16, Type::bf16, Type::bf16}
                      : Types{Type::f32, Type::f32, Type::f32};
}

memory::desc described(const Dims &dims, Type type, Tag tag) { return {dims, type, tag}; }

memory::desc free(const Dims &dims, Type type) { return described(dims, type, Tag::any); }

/// Memory of the wanted form with these plain f32 values.
memory filled(const memory::desc &wanted, const float *values) {
  memory source(described(wanted.get_dims(), Type::f32, plain(wanted.get_dims().size())), cpu(),
                const_cast<float *>(values));
  memory target(wanted, cpu());
  reorder(source, target).execute(queue(), source, target);
  queue().wait();
  return target;
}

struct Problem {
  primitive computation;
  std::unordered_map<int, memory> arguments;
  memory result;

  template <typename Descriptor> void finish(const primitive &made, const Descriptor &descriptor) {
    computation = made;
    result = memory(descriptor.dst_desc(), cpu());
    arguments[DNNL_ARG_DST] = result;
    arguments[DNNL_ARG_SCRATCHPAD] = memory(descriptor.scratchpad_desc(), cpu());
  }
};

primitive_attr attributes(int activation) {
  primitive_attr made;
  post_ops after;
  if (activation)
    after.append_eltwise(algorithm::eltwise_gelu_erf, 0, 0);
  made.set_post_ops(after);
  made.set_scratchpad_mode(scratchpad_mode::user);
  return made;
}

template <typename Make> Problem *guarded(Make make) {
  auto *problem = new Problem;
  try {
    make(*problem);
    return problem;
  } catch (const std::exception &error) {
    lastError = error.what();
    delete problem;
    return nullptr;
  }
}

Problem *product(const Types &types, const Dims &a, const Dims &b, const Dims &c, bool packed, const float *x,
                 const float *w, const float *bias, int activation) {
  return guarded([&](Problem &p) {
    const Tag tag = plain(a.size());
    const memory::desc right = packed ? free(b, types.right) : described(b, types.right, tag);
    Dims biasDims(c.size(), 1);
    biasDims.back() = c.back();
    const memory::desc left = described(a, types.left, tag), out = described(c, types.result, tag);
    const memory::desc offsets = described(biasDims, types.result, tag);
    const auto chosen = bias ? matmul::primitive_desc(cpu(), left, right, offsets, out, attributes(activation))
                             : matmul::primitive_desc(cpu(), left, right, out, attributes(activation));
    p.arguments[DNNL_ARG_SRC] = filled(chosen.src_desc(), x);
    p.arguments[DNNL_ARG_WEIGHTS] = filled(chosen.weights_desc(), w);
    if (bias)
      p.arguments[DNNL_ARG_BIAS] = filled(chosen.bias_desc(), bias);
    p.finish(matmul(chosen), chosen);
  });
}
} // namespace

extern "C" {
const char *dnn_error() { return lastError.c_str(); }

/// [m, k] @ [k, n], the right-hand side packed as oneDNN likes or as it lies, with bias and GELU where asked for.
Problem *dnn_layer(int dtype, int64_t m, int64_t n, int64_t k, int packed, const float *x, const float *w,
                   const float *bias, int activation) {
  return product(typesOf(dtype), {m, k}, {k, n}, {m, n}, packed, x, w, bias, activation);
}

/// [batch, m, k] @ [batch or 1, k, n], both as they lie.
Problem *dnn_batched(int64_t batch, int64_t m, int64_t n, int64_t k, int shared, const float *a, const float *b) {
  return product(typesOf(0), {batch, m, k}, {shared ? 1 : batch, k, n}, {batch, m, n}, false, a, b, nullptr, 0);
}

/// shape: N, size, C, O, kernel, stride, pad.
Problem *dnn_convolution(int dtype, const int64_t *shape, const float *x, const float *w, const float *bias) {
  const auto [n, size, c, o, kernel, stride, pad] = reinterpret_cast<const int64_t (&)[7]>(*shape);
  const int64_t out = (size + 2 * pad - kernel) / stride + 1;
  const Dims images{n, c, size, size}, weights{o, c, kernel, kernel}, results{n, o, out, out};
  const Dims strides{stride, stride}, pads{pad, pad};
  const Type type = typesOf(dtype).left;
  return guarded([&](Problem &p) {
    const convolution_forward::primitive_desc chosen(
        cpu(), prop_kind::forward_inference, algorithm::convolution_auto, free(images, type), free(weights, type),
        described({o}, type, Tag::a), free(results, type), strides, pads, pads, attributes(0));
    p.arguments[DNNL_ARG_SRC] = filled(chosen.src_desc(), x);
    p.arguments[DNNL_ARG_WEIGHTS] = filled(chosen.weights_desc(), w);
    p.arguments[DNNL_ARG_BIAS] = filled(chosen.bias_desc(), bias);
    p.finish(convolution_forward(chosen), chosen);
  });
}

/// kind: 0 softmax, 1 layer norm, 2 GELU, of [rows, size].
Problem *dnn_rows(int dtype, int kind, int64_t rows, int64_t size, const float *x, const float *scale,
                  const float *bias) {
  const memory::desc data = described({rows, size}, typesOf(dtype).left, Tag::ab);
  return guarded([&](Problem &p) {
    p.arguments[DNNL_ARG_SRC] = filled(data, x);
    if (kind == 0) {
      const softmax_forward::primitive_desc chosen(cpu(), prop_kind::forward_inference, algorithm::softmax_accurate,
                                                   data, data, 1, attributes(0));
      return p.finish(softmax_forward(chosen), chosen);
    }
    if (kind == 2) {
      const eltwise_forward::primitive_desc chosen(cpu(), prop_kind::forward_inference, algorithm::eltwise_gelu_erf,
                                                   data, data, 0, 0, attributes(0));
      return p.finish(eltwise_forward(chosen), chosen);
    }
    const layer_normalization_forward::primitive_desc chosen(
        cpu(), prop_kind::forward_inference, data, data, 1e-5f,
        normalization_flags::use_scale | normalization_flags::use_shift, attributes(0));
    p.arguments[DNNL_ARG_SCALE] = filled(chosen.weights_desc(), scale);
    p.arguments[DNNL_ARG_SHIFT] = filled(chosen.weights_desc(), bias);
    p.finish(layer_normalization_forward(chosen), chosen);
  });
}

double dnn_time(Problem *problem, int64_t calls) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  for (int64_t i = 0; i < calls; ++i) {
    problem->computation.execute(queue(), problem->arguments);
    queue().wait();
  }
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The result as plain f32.
void dnn_result(Problem *problem, float *values) {
  const Dims dims = problem->result.get_desc().get_dims();
  memory target(described(dims, Type::f32, plain(dims.size())), cpu(), values);
  reorder(problem->result, target).execute(queue(), problem->result, target);
  queue().wait();
}

void dnn_version(int *major, int *minor, int *patch) {
  const auto *v = dnnl::version();
  *major = v->major, *minor = v->minor, *patch = v->patch;
}
}
