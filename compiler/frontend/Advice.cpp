// Advice.cpp - the words of Advice.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/OpTable.h"

#include <initializer_list>

namespace batten::frontend {

namespace {

struct Entry {
  std::initializer_list<std::string_view> words;
  std::string_view help;
};

const Entry statements[] = {
    {{"if", "elif", "else"}, "there is no branch: `select(condition, a, b)` chooses for each element"},
    {{"while"}, "there is no open loop: `for i in 0..8 { .. }` repeats a fixed number of times"},
    {{"def", "lambda"}, "a function is `fn name(x: f32[B | 10]) -> f32[B | 5] = ..`, or `{ .. return .. }`"},
    {{"class", "struct"}, "weights and the functions that use them stand in `model Name { param .. fn apply(..) }`"},
    {{"self"}, "there is no `self`: a model's parameters and subs are in scope by their names"},
    {{"and", "or"}, "bools are combined by `a && b` and `a || b`"},
    {{"where"}, "elements are chosen by `select(condition, a, b)`"},
    {{"from"}, "an import is `import \"nn.btn\"`; ops are built in"},
    {{"print", "assert"}, "a program cannot print or stop: return the value, or say `expect a ~ b` in a `test`"},
};

constexpr std::string_view axes = "dims are moved, split and joined by name: "
                                  "`rearrange(x, [B | (H W)] -> [B | H, W])`";
constexpr std::string_view casts = "a cast is written `x as f32`";
constexpr std::string_view products = "matrix products are `a @ b`, at each position left of the bar";

const Entry functions[] = {
    {{"transpose", "swapaxes"},
     "the two core dims of a matrix are swapped by `x.T`; others move by name in `rearrange`"},
    {{"view", "reshape", "permute", "moveaxis", "unsqueeze", "squeeze"}, axes},
    {{"bmm", "mm", "dot"}, products},
    {{"einsum"}, "write it with `a @ b`, `x.T`, `rearrange` and `sum(.. over ..)`"},
    {{"prod"}, "there is no product over a dim: of positive numbers it is `exp(sum(log(x)))`"},
    {{"floor", "trunc", "round", "ceil"}, "`x as i32 as f32` cuts the fraction off, towards 0"},
    {{"cat", "stack", "hstack", "concatenate"}, "tensors are joined by `concat(a, b, ..)`, on the last core dim"},
    {{"chunk"}, "`split(x, 3)` cuts the last core dim into three"},
    {{"arange", "range"}, "counting is `iota(8)` for a tensor and `for i in 0..8` for a loop"},
    {{"expand", "repeat", "tile", "broadcast_to"}, "`spread(x, [B, T])` repeats over batch dims"},
    {{"clamp", "clip"}, "write `max(a, min(b, x))`"},
    {{"maximum"}, "element by element: `max(a, b)`"},
    {{"minimum"}, "element by element: `min(a, b)`"},
    {{"square"}, "write `x * x`"},
    {{"norm"}, "write `sqrt(sum(x * x))`"},
    {{"std"}, "write `sqrt(var(x))`"},
    {{"erf"}, "`gelu(x)` is computed with erf"},
    {{"leaky_relu", "LeakyReLU"}, "write `max(x, 0.01 * x)`"},
    {{"elu", "ELU"}, "write `select(x > 0.0, x, exp(x) - 1.0)`"},
    {{"add", "sub", "mul"}, "arithmetic is written `a + b`, `a - b`, `a * b`, `a / b`"},
    {{"div"}, "numbers and tensors are divided by `/`; `div(a, b)` rounds down where a size is written"},
    {{"scaled_dot_product_attention", "MultiheadAttention"},
     "write `attention(q, k, v, causal: true)`, heads left of the bar"},
    {{"gather", "index_select", "take"}, "`embed(table, id)` takes a row by its number"},
    {{"one_hot"}, "write `(iota(10) == y) as f32`"},
    {{"pad"}, "`conv2d(x, w, pad: 1)` pads by itself; elsewhere join zeros: `concat(zeros(f32[| 2]), x)`"},
    {{"upsample", "interpolate", "Upsample", "repeat_interleave"},
     "repeat over a static dim, `dim S = 2`, and join it: `rearrange(spread(x, [B, S]), [B, S | T] -> [B | (T S)])`"},
    {{"conv1d", "Conv1d"}, "write `conv2d` of an image of one row: `rearrange(x, [B | C, T] -> [B | C, 1, T])`"},
    {{"MaxPool2d"}, "write `max_pool2d(x, k: 2)`"},
    {{"AvgPool2d"}, "write `avg_pool2d(x, k: 2)`"},
    {{"adaptive_avg_pool2d", "AdaptiveAvgPool2d"}, "over the whole image: `mean(x over last 2)`"},
    {{"sort", "argsort"}, "`topk(x, k: 8)` gives the 8 greatest, sorted, and where they are"},
    {{"dropout", "Dropout"}, "there is no randomness: pass the mask as an argument and multiply"},
    {{"batch_norm", "BatchNorm1d", "BatchNorm2d"},
     "trained statistics are parameters: `(x - mu) * scale + shift`; those of the batch are `mean(x over batch B)`"},
    {{"Linear"}, "declare `param w: f32[| 5, 10]`, (out, in), and call `linear(x, w)`"},
    {{"Conv2d"}, "declare `param w: f32[| 8, 3, 3, 3]`, (out, in, height, width), and call `conv2d(x, w)`"},
    {{"Embedding"}, "declare `param table: f32[| 1000, 64]` and call `embed(table, id)`"},
    {{"LayerNorm"}, "declare the scale and shift as `param` and call `layer_norm(x, g, b)`"},
    {{"Sequential"}, "`sub layers[4]: Layer` makes four; `layers(x)` calls one after the other"},
    {{"ReLU", "GELU", "Softmax", "Sigmoid", "Tanh", "SiLU"},
     "ops are in lower case: `relu(x)`, `softmax(x over last)`"},
    {{"tensor", "Tensor", "array"}, "a vector is written `[1.0, 2.0]`"},
    {{"ones", "full", "zeros_like", "ones_like", "full_like"}, "write `fill(f32[| 4], 1.0)`"},
    {{"float", "int", "double", "half", "long", "astype", "to", "type"}, casts},
    {{"len"}, "a dim is its own size: its name is a number"},
};

const Entry members[] = {
    {{"shape", "size", "ndim", "dim"}, "dims have names; a bounded or static dim's name is its size"},
    {{"t", "mT", "H"}, "the two core dims of a matrix are swapped by `.T`"},
    {{"backward", "grad"}, "gradients are values: `grad loss wrt w`"},
    {{"float", "int", "double", "half", "long", "astype", "to", "type"}, casts},
    {{"contiguous", "clone", "detach", "cpu", "cuda", "item", "numpy"},
     "values are pure: there is no storage, device or tape to manage"},
};

const Entry options[] = {
    {{"dim", "axis"}, "dims go by name: `over H`, `over last`; samples are mixed by `over batch B`"},
    {{"keepdim", "keepdims"}, "a reduced value has no dim there, and an empty core stretches: `x - mean(x)`"},
    {{"reduction"}, "losses are per sample; write `mean(.. over batch B)` around one"},
    {{"dtype"}, "a cast is written `x as f32`"},
    {{"padding"}, "did you mean `pad:`?"},
    {{"kernel_size"}, "did you mean `k:`?"},
    {{"is_causal"}, "did you mean `causal:`?"},
    {{"attn_mask"}, "did you mean `mask:`?"},
    {{"approximate"}, "did you mean `tanh: true`?"},
    {{"weight", "bias", "input", "target"}, "tensors are given by position, or by the names in the signature"},
};

const Entry dtypes[] = {
    {{"float", "float32", "single", "Tensor", "FloatTensor"}, "did you mean `f32`?"},
    {{"double", "float64"}, "did you mean `f64`?"},
    {{"half", "float16"}, "did you mean `f16`?"},
    {{"bfloat16"}, "did you mean `bf16`?"},
    {{"int", "int32", "integer"}, "did you mean `i32`?"},
    {{"long", "int64"}, "did you mean `i64`?"},
    {{"int8", "char"}, "did you mean `i8`?"},
    {{"uint8", "byte"}, "did you mean `u8`?"},
    {{"boolean"}, "did you mean `bool`?"},
};

template <size_t N> std::string find(const Entry (&table)[N], std::string_view wanted) {
  for (const Entry &entry : table)
    for (std::string_view word : entry.words)
      if (word == wanted)
        return std::string(entry.help);
  return "";
}

} // namespace

std::string adviceForStatement(std::string_view word) { return find(statements, word); }

std::string adviceForFunction(std::string_view word) {
  return find(functions, word.substr(word.rfind('.') + 1)); // of torch.nn.Linear the last part
}

std::string adviceForMember(std::string_view word, std::string_view base) {
  if (std::string help = find(members, word); !help.empty())
    return help;
  if (const OpInfo *op = findOp(word))
    return "ops are called as functions: `" + std::string(word) + "(" + std::string(base) +
           (op->required > 1 ? ", ..)`" : ")`");
  return find(functions, word);
}

std::string adviceForOption(std::string_view word) { return find(options, word); }

std::string adviceForDType(std::string_view word) { return find(dtypes, word); }

} // namespace batten::frontend
