// RowKernelsTest.cpp - kernels of everything that is no contraction have the bits of the exact evaluator.
//
// A function of the batten dialect is lowered, fused or not, built and compiled in memory for AVX2 and for 512-bit
// registers where the machine has them. Its plan is run launch by launch, each cut into pieces that run in random
// order, with every tensor between two pages that may not be touched. Sizes go through every tail of the vectors and of
// the 64 lanes, once as constants of the program and once as sizes of the call.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Passes.h"
#include "compiler/codegen/Emit.h"
#include "compiler/codegen/Levels.h"
#include "dialect/Evaluate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;

namespace batten {
namespace {

using Sizes = std::map<std::string, int64_t>;

/// Bytes that end where a page begins that may not be touched, and begin soon after such a page.
class Fenced {
public:
  explicit Fenced(int64_t bytes) : page(sysconf(_SC_PAGESIZE)), mapped((bytes + page - 1) / page * page + 2 * page) {
    void *memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    base = static_cast<char *>(memory);
    begin = base + mapped - page - bytes;
    std::memset(base + page, 0x5a, mapped - 2 * page);
    mprotect(base, page, PROT_NONE);
    mprotect(base + mapped - page, page, PROT_NONE);
  }
  ~Fenced() { munmap(base, mapped); }
  Fenced(const Fenced &) = delete;
  char *data() { return begin; }
  bool wroteBefore() const {
    return std::any_of(const_cast<const char *>(base) + page, const_cast<const char *>(begin),
                       [](char byte) { return byte != 0x5a; });
  }

private:
  int64_t page, mapped;
  char *base, *begin;
};

using Kernel = void (*)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
                        int64_t, int64_t);
constexpr size_t mostArguments = 10; // behind begin and end: all are words, and spare ones do no harm

/// A module of batten.funcs, compiled for one level.
class Program {
public:
  Program(const std::string &text, const std::string &cpu, bool fuse);

  explicit operator bool() const { return jit != nullptr; }
  SmallVector<FuncOp> functions() { return llvm::to_vector(source->getOps<FuncOp>()); }
  /// The results of `function`, into fenced memory.
  std::vector<std::unique_ptr<Fenced>> run(FuncOp function, const Sizes &sizes, ArrayRef<DenseValue> arguments,
                                           ArrayRef<DenseValue> expected, std::mt19937 &random);

private:
  MLIRContext context{MLIRContext::Threading::DISABLED};
  OwningOpRef<ModuleOp> source, plans;
  std::unique_ptr<llvm::orc::LLJIT> jit;

  void launch(LaunchOp op, const Sizes &sizes, const DenseMap<Value, char *> &pointers, std::mt19937 &random);
};

Program::Program(const std::string &text, const std::string &cpu, bool fuse) {
  DialectRegistry registry;
  registry.insert<BattenDialect, func::FuncDialect, arith::ArithDialect, math::MathDialect, memref::MemRefDialect,
                  scf::SCFDialect, cf::ControlFlowDialect, tensor::TensorDialect, linalg::LinalgDialect,
                  vector::VectorDialect, LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  source = parseSourceString<ModuleOp>(text, ParserConfig(&context));
  if (!source)
    return;
  plans = source->clone();
  PassManager passes(&context);
  std::string pipeline = "builtin.module(batten-lower,batten-fuse{cpu=" + cpu + " fuse=" + (fuse ? "true" : "false") +
                         "},batten-build-kernels{cpu=" + cpu + "})";
  if (failed(parsePassPipeline(pipeline.substr(15, pipeline.size() - 16), passes)) || failed(passes.run(*plans)))
    return;
  OwningOpRef<ModuleOp> kernels = plans->clone();
  for (auto plan : llvm::make_early_inc_range(kernels->getOps<PlanOp>()))
    plan.erase();
  if (failed(lowerKernels(*kernels, *lookupLevel(cpu))))
    return;
  for (auto kernel : kernels->getOps<LLVM::LLVMFuncOp>())
    kernel.setVisibility_(LLVM::Visibility::Default);
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  auto llvmModule = translateModuleToLLVMIR(*kernels, *llvmContext);
  if (!llvmModule)
    return;
  mendMaskedMemory(*llvmModule);
  auto made = llvm::cantFail(llvm::orc::LLJITBuilder().create());
  llvm::cantFail(made->addIRModule({std::move(llvmModule), std::move(llvmContext)}));
  jit = std::move(made);
}

void Program::launch(LaunchOp op, const Sizes &sizes, const DenseMap<Value, char *> &pointers, std::mt19937 &random) {
  auto value = [&](StringRef text) { return *Dim::parse(text.str())->evaluate(sizes); };
  auto kernel = llvm::cantFail(jit->lookup(op.getKernel())).toPtr<Kernel>();
  SmallVector<int64_t> a;
  for (auto size : op.getSizes().getAsValueRange<StringAttr>())
    a.push_back(value(size));
  for (Value pointer : op.getPointers())
    a.push_back(reinterpret_cast<int64_t>(pointers.lookup(pointer)));
  Fenced scratch((value(op.getScratch()) + 63) / 64 * 64);
  a.push_back(reinterpret_cast<int64_t>(scratch.data()));
  ASSERT_LE(a.size(), mostArguments);
  a.resize(mostArguments);
  int64_t range = value(op.getRange());
  SmallVector<std::pair<int64_t, int64_t>> pieces;
  for (int64_t begin = 0; begin < range;) {
    int64_t end = std::min<int64_t>(range, begin + 1 + int64_t(random() % (3 + range / 8)));
    pieces.push_back({begin, end});
    begin = end;
  }
  std::shuffle(pieces.begin(), pieces.end(), random);
  for (auto [begin, end] : pieces)
    kernel(begin, end, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
  EXPECT_FALSE(scratch.wroteBefore());
}

std::vector<std::unique_ptr<Fenced>> Program::run(FuncOp function, const Sizes &sizes, ArrayRef<DenseValue> arguments,
                                                  ArrayRef<DenseValue> expected, std::mt19937 &random) {
  auto plan = plans->lookupSymbol<PlanOp>(function.getName());
  std::vector<std::unique_ptr<Fenced>> memory, results;
  DenseMap<Value, char *> pointers;
  size_t next = 0;
  auto fenced = [&](std::vector<std::unique_ptr<Fenced>> &owner, int64_t bytes) {
    return owner.emplace_back(std::make_unique<Fenced>(bytes))->data();
  };
  Block &body = plan.getBody().front();
  for (const DenseValue &argument : arguments) {
    char *data = pointers[body.getArgument(next++)] = fenced(memory, argument.bytes.size());
    std::copy(argument.bytes.begin(), argument.bytes.end(), data);
  }
  for (const DenseValue &result : expected)
    pointers[body.getArgument(next++)] = fenced(results, result.bytes.size());
  for (Operation &op : body) {
    if (auto buffer = dyn_cast<BufferOp>(op))
      pointers[buffer.getResult()] = fenced(memory, *Dim::parse(buffer.getSizeBytes().str())->evaluate(sizes));
    else
      launch(cast<LaunchOp>(op), sizes, pointers, random);
  }
  for (auto &owner : {&memory, &results})
    for (const auto &tensor : *owner)
      EXPECT_FALSE(tensor->wroteBefore()) << function.getName().str();
  return results;
}

//===- One function against the evaluator -------------------------------------------------------------------------===//

DenseValue randomTensor(TensorType type, const Sizes &sizes, std::mt19937 &random) {
  std::vector<int64_t> shape;
  for (StringAttr batch : type.getBatch())
    shape.push_back(sizes.at(batch.str()));
  for (StringAttr core : type.getCore())
    shape.push_back(*Dim::parse(core.str())->evaluate(sizes));
  DenseValue value(elementKind(type.getElementType()), shape);
  std::normal_distribution<double> normal;
  const double rare[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 1e-42, 3e38};
  bool withRare = random() % 3 == 0;
  for (int64_t i = 0; i < value.numElements(); ++i) {
    if (value.isReal())
      value.setReal(i, withRare && random() % 16 == 0 ? rare[random() % std::size(rare)] : normal(random));
    else
      value.setInteger(i, int64_t(random() % 255) - 127);
  }
  return value;
}

bool sameElement(const DenseValue &expected, const char *bytes, int64_t index) {
  int64_t size = expected.elementBytes();
  if (std::memcmp(expected.bytes.data() + index * size, bytes + index * size, size) == 0)
    return true;
  DenseValue got = expected;
  std::copy(bytes, bytes + got.bytes.size(), got.bytes.begin());
  return expected.isReal() && std::isnan(expected.real(index)) && std::isnan(got.real(index));
}

void compare(Program &program, FuncOp function, const Sizes &sizes, std::mt19937 &random) {
  std::vector<DenseValue> arguments;
  for (BlockArgument argument : function.getBody().getArguments())
    if (auto type = dyn_cast<TensorType>(argument.getType()))
      arguments.push_back(randomTensor(type, sizes, random));
  std::string error;
  auto expected = evaluate(function, sizes, arguments, EvaluationMode::Exact, &error);
  ASSERT_TRUE(expected) << error;
  auto results = program.run(function, sizes, arguments, *expected, random);
  for (size_t r = 0; r < results.size(); ++r)
    for (int64_t i = 0; i < (*expected)[r].numElements(); ++i)
      if (!sameElement((*expected)[r], results[r]->data(), i)) {
        DenseValue got = (*expected)[r];
        std::copy(results[r]->data(), results[r]->data() + got.bytes.size(), got.bytes.begin());
        std::string where = function.getName().str();
        for (auto &[name, size] : sizes)
          where += " " + name + "=" + std::to_string(size);
        FAIL() << where << ": element " << i << " is " << got.real(i) << ", not " << (*expected)[r].real(i);
      }
}

//===- The functions ----------------------------------------------------------------------------------------------===//

/// `text` has N, a size of the core, and NAME. Where N is a constant there is a function for each of `constants`; where
/// it is the symbol T <= 4096 of the call, each of `dynamic` is a call.
struct Case {
  const char *name;
  std::string text;
  std::vector<int64_t> constants, dynamic;
};

void PrintTo(const Case &test, std::ostream *out) { *out << test.name; }

std::vector<int64_t> tails(std::vector<int64_t> more = {}) {
  std::vector<int64_t> sizes;
  for (int64_t n = 1; n <= 70; ++n)
    sizes.push_back(n);
  sizes.insert(sizes.end(), more.begin(), more.end());
  return sizes;
}
const std::vector<int64_t> few = {1, 7, 8, 15, 16, 17, 33, 64, 65, 100};
const std::vector<int64_t> fewLong = {1, 5, 16, 63, 64, 65, 130, 200};

/// batten.func NAME(x: f32[B | N]) -> f32[B | N], and the like: `x` and `y` are types, `line` computes %y.
std::string function(std::string parameters, std::string line, std::string result) {
  return "batten.func @NAME[B, T <= 4096](" + parameters + ") -> !batten.tensor<" + result + "> {\n  " + line +
         "\n  batten.return %y : !batten.tensor<" + result + ">\n}\n";
}
std::string unary(std::string op, std::string type, std::string result = "") {
  result = result.empty() ? type : result;
  return function("%x: !batten.tensor<" + type + ">",
                  "%y = batten." + op + " : (!batten.tensor<" + type + ">) -> !batten.tensor<" + result + ">", result);
}
/// The sum over B of s x[i] y[j].
std::string sumOfProducts(std::string element, std::string rows, std::string columns, std::string sum) {
  auto type = [](std::string inner) { return "!batten.tensor<" + inner + ">"; };
  std::string x = type(element + "[B | " + rows + "]"), y = type(element + "[B | " + columns + "]");
  std::string s = type(element + "[B |]"), core = "| " + rows + ", " + columns + "]";
  std::string products = type(element + "[B " + core), result = sum + "[" + core;
  return function("%x: " + x + ", %w: " + y + ", %s: " + s,
                  "%o = batten.outer %x, %w : (" + x + ", " + y + ") -> " + products +
                      "\n  %p = batten.mul %o, %s : (" + products + ", " + s + ") -> " + products +
                      "\n  %y = batten.reduce_batch \"sum\" %p dims [\"B\"] : (" + products + ") -> " + type(result),
                  result);
}

/// softmax(x^5): most exponentials of a row are tiny.
std::string softmaxOfFarElements(std::string dtype) {
  std::string type = "!batten.tensor<" + dtype + "[B | N]>";
  auto product = [&](std::string result, std::string lhs, std::string rhs) {
    return result + " = batten.mul " + lhs + ", " + rhs + " : (" + type + ", " + type + ") -> " + type + "\n  ";
  };
  return function("%x: " + type,
                  product("%a", "%x", "%x") + product("%b", "%a", "%x") + product("%c", "%a", "%b") +
                      "%y = batten.softmax %c dim 0 : (" + type + ") -> " + type,
                  dtype + "[B | N]");
}

const std::vector<Case> cases = {
    {"sum", unary("reduce \"sum\" %x dims [0]", "f32[B | N]", "f32[B |]"), tails({100, 127, 128, 129}),
     tails({191, 1000})},
    {"max", unary("reduce \"max\" %x dims [0]", "f32[B | N]", "f32[B |]"), few, tails({300})},
    {"min", unary("reduce \"min\" %x dims [0]", "f32[B | N]", "f32[B |]"), few, fewLong},
    {"max_of_f64", unary("reduce \"max\" %x dims [0]", "f64[B | N]", "f64[B |]"), few, fewLong},
    {"mean_of_f16", unary("reduce \"mean\" %x dims [0]", "f16[B | N]", "f16[B |]"), few, fewLong},
    {"var", unary("reduce \"var\" %x dims [0]", "f32[B | N]", "f32[B |]"), few, fewLong},
    {"sum_of_i8", unary("reduce \"sum\" %x dims [0]", "i8[B | N]", "i32[B |]"), few, fewLong},
    {"any", unary("reduce \"any\" %x dims [0]", "i1[B | N]", "i1[B |]"), few, fewLong},
    {"sum_of_f64", unary("reduce \"sum\" %x dims [0]", "f64[B | N]", "f64[B |]"), few, fewLong},
    {"sum_of_two_dims", unary("reduce \"sum\" %x dims [0, 1]", "f32[B | 5, N]", "f32[B |]"), few, fewLong},
    {"sum_of_outer_dim", unary("reduce \"sum\" %x dims [0]", "f32[B | N, 20]", "f32[B | 20]"), few, fewLong},
    {"sum_into_n_lanes", unary("reduce \"sum\" %x dims [0]", "f32[B | 20, N]", "f32[B | N]"), few, fewLong},
    {"max_of_outer_dims", unary("reduce \"max\" %x dims [0, 1]", "f32[B | 7, N, 9]", "f32[B | 9]"), few, fewLong},
    {"var_of_outer_dim", unary("reduce \"var\" %x dims [0]", "f32[B | N, 24]", "f32[B | 24]"), few, fewLong},
    {"sum_around_a_dim", unary("reduce \"sum\" %x dims [0, 2]", "f32[B | 3, 5, N]", "f32[B | 5]"), few, fewLong},
    {"softmax", unary("softmax %x dim 0", "f32[B | N]"), tails({100, 128, 200}), tails({100, 1000})},
    {"softmax_of_bf16", unary("softmax %x dim 0", "bf16[B | N]"), few, fewLong},
    {"softmax_of_far_elements", softmaxOfFarElements("f32"), few, tails({300, 1000})},
    {"softmax_of_far_elements_of_bf16", softmaxOfFarElements("bf16"), few, fewLong},
    {"softmax_of_outer_dim", unary("softmax %x dim 0", "f32[B | N, 6]"), few, fewLong},
    {"log_softmax", unary("log_softmax %x dim 0", "f32[B | N]"), few, fewLong},
    {"layer_norm",
     function("%x: !batten.tensor<f32[B | N]>, %g: !batten.tensor<f32[| N]>, %b: !batten.tensor<f32[| N]>",
              "%y = batten.layer_norm %x, %g, %b eps 1.0e-05 : (!batten.tensor<f32[B | N]>, !batten.tensor<f32[| N]>, "
              "!batten.tensor<f32[| N]>) -> !batten.tensor<f32[B | N]>",
              "f32[B | N]"),
     tails({100, 128, 200}), tails({100, 1000})},
    {"rms_norm_of_bf16",
     function("%x: !batten.tensor<bf16[B | N]>, %g: !batten.tensor<bf16[| N]>",
              "%y = batten.rms_norm %x, %g eps 1.0e-05 : (!batten.tensor<bf16[B | N]>, !batten.tensor<bf16[| N]>) -> "
              "!batten.tensor<bf16[B | N]>",
              "bf16[B | N]"),
     few, fewLong},
    {"rms_norm_of_a_sum_of_bf16", // the sum, rounded once, is kept for the second walk
     function("%x: !batten.tensor<bf16[B | N]>, %z: !batten.tensor<bf16[B | N]>, %g: !batten.tensor<bf16[| N]>",
              "%s = batten.add %x, %z : (!batten.tensor<bf16[B | N]>, !batten.tensor<bf16[B | N]>) -> "
              "!batten.tensor<bf16[B | N]>\n  "
              "%y = batten.rms_norm %s, %g eps 1.0e-05 : (!batten.tensor<bf16[B | N]>, !batten.tensor<bf16[| N]>) -> "
              "!batten.tensor<bf16[B | N]>",
              "bf16[B | N]"),
     {33, 100, 200, 300},
     {1, 5, 63, 64, 65, 130, 1000}},
    {"relu", unary("relu %x", "f32[B | N]"), tails(), tails({4095, 4096})},
    {"gelu_of_f16", unary("gelu %x", "f16[B | N]"), few, fewLong},
    {"gelu_of_bf16", unary("gelu %x", "bf16[B | N]"), few, fewLong},
    {"gelu", unary("gelu %x", "f32[B | N]"), few, fewLong},
    {"cast_to_bool", unary("cast %x", "f32[B | N]", "i1[B | N]"), few, fewLong},
    {"cast_of_i64", unary("cast %x", "i64[B | N]", "f32[B | N]"), few, fewLong},
    {"add_bias",
     function("%a: !batten.tensor<f32[B | N]>, %b: !batten.tensor<f32[| N]>",
              "%y = batten.add %a, %b : (!batten.tensor<f32[B | N]>, !batten.tensor<f32[| N]>) -> "
              "!batten.tensor<f32[B | N]>",
              "f32[B | N]"),
     few,
     {1, 16, 64, 4096}},
    {"divide_u8",
     function("%a: !batten.tensor<ui8[B | N]>, %b: !batten.tensor<ui8[B |]>",
              "%y = batten.div %a, %b : (!batten.tensor<ui8[B | N]>, !batten.tensor<ui8[B |]>) -> "
              "!batten.tensor<ui8[B | N]>",
              "ui8[B | N]"),
     few, fewLong},
    {"divide_by_a_row", // the quotients of a row share their divisor
     function("%a: !batten.tensor<f32[B | N]>, %b: !batten.tensor<f32[B |]>",
              "%y = batten.div %a, %b : (!batten.tensor<f32[B | N]>, !batten.tensor<f32[B |]>) -> "
              "!batten.tensor<f32[B | N]>",
              "f32[B | N]"),
     few, tails({200, 1000})},
    {"iota", function("", "%y = batten.iota : !batten.tensor<i32[| N]>", "i32[| N]"), few, fewLong},
    {"transpose", unary("transpose %x", "f32[B | N, 33]", "f32[B | 33, N]"), few, fewLong},
    {"transpose_of_bool", unary("transpose %x", "i1[B | 18, N]", "i1[B | N, 18]"), few, fewLong},
    {"concat",
     function("%a: !batten.tensor<f32[B | N]>, %b: !batten.tensor<f32[| 5]>, %c: !batten.tensor<f32[B | N]>",
              "%y = batten.concat %a, %b, %c : (!batten.tensor<f32[B | N]>, !batten.tensor<f32[| 5]>, "
              "!batten.tensor<f32[B | N]>) -> !batten.tensor<f32[B | \"2*N + 5\"]>",
              "f32[B | \"2*N + 5\"]"),
     few, fewLong},
    {"batch_sum", unary("reduce_batch \"sum\" %x dims [\"B\"]", "f32[B | N]", "f32[| N]"), few, fewLong},
    {"batch_mean_of_f16", unary("reduce_batch \"mean\" %x dims [\"B\"]", "f16[B | N]", "f16[| N]"), few, fewLong},
    {"batch_max", unary("reduce_batch \"max\" %x dims [\"B\"]", "f32[B | N]", "f32[| N]"), few, fewLong},
    {"batch_var", unary("reduce_batch \"var\" %x dims [\"B\"]", "f32[B | N]", "f32[| N]"), few, fewLong},
    {"batch_sum_of_scalars", unary("reduce_batch \"sum\" %x dims [\"B\"]", "f32[B |]", "f32[|]"), {1}, {}},
    {"batch_sum_of_products", sumOfProducts("f32", "N", "20", "f32"), few, fewLong},
    {"batch_sum_of_products_by_columns", sumOfProducts("f32", "20", "N", "f32"), few, fewLong},
    {"batch_sum_of_products_of_f64", sumOfProducts("f64", "13", "N", "f64"), few, {}},
    {"batch_sum_of_products_of_bf16", sumOfProducts("bf16", "N", "33", "bf16"), few, {}},
    {"batch_sum_of_products_of_i8", sumOfProducts("i8", "N", "33", "i32"), few, {}},
    {"batch_sum_by_row",
     unary("reduce_batch \"sum\" %x dims [\"T\"]", "f32[B, T |]", "f32[B |]"),
     {},
     tails({255, 256, 257, 600})},
};

std::string instance(const Case &test, const std::string &size, const std::string &name) {
  std::string text;
  for (size_t at = 0; at < test.text.size(); ++at) {
    if (test.text.compare(at, 4, "NAME") == 0) {
      text += name;
      at += 3;
    } else if (test.text[at] == 'N' && !isalnum(test.text[at + 1]) && !isalnum(test.text[at - 1])) {
      text += size;
    } else {
      text += test.text[at];
    }
  }
  return text;
}

class RowKernels : public testing::TestWithParam<Case> {
protected:
  void check(const std::string &cpu, bool fuse);
};

void RowKernels::check(const std::string &cpu, bool fuse) {
  const Case &test = GetParam();
  std::mt19937 random(7);
  std::string constant, symbolic = instance(test, "T", "symbolic");
  for (int64_t n : fuse ? test.constants : std::vector<int64_t>())
    constant += instance(test, std::to_string(n), "constant" + std::to_string(n));
  bool overBatch = test.text.find("reduce_batch") != std::string::npos;
  std::vector<int64_t> batches = overBatch ? std::vector<int64_t>{1, 3, 256, 300} : std::vector<int64_t>{0, 1, 3};
  if (!constant.empty()) {
    Program program(constant, cpu, fuse);
    ASSERT_TRUE(bool(program));
    for (FuncOp function : program.functions())
      for (int64_t b : batches)
        compare(program, function, {{"B", b}, {"T", 2}}, random);
  }
  if (test.dynamic.empty())
    return;
  Program program(symbolic, cpu, fuse);
  ASSERT_TRUE(bool(program));
  for (int64_t t : test.dynamic)
    compare(program, program.functions().front(), {{"B", batches[t % batches.size()]}, {"T", t}}, random);
}

TEST_P(RowKernels, HaveTheBitsOfTheExactEvaluator) {
  static bool once = [] {
    registerBattenPasses();
    return llvm::InitializeNativeTarget() || llvm::InitializeNativeTargetAsmPrinter();
  }();
  ASSERT_FALSE(once);
  auto features = llvm::sys::getHostCPUFeatures();
  if (!features.lookup("avx2") || !features.lookup("fma"))
    GTEST_SKIP() << "needs AVX2";
  check("x86-64-v3", /*fuse=*/true);
  check("x86-64-v3", /*fuse=*/false);
  if (features.lookup("avx512bw") && features.lookup("avx512vl") && features.lookup("avx512dq"))
    check("x86-64-v4", /*fuse=*/true);
}

INSTANTIATE_TEST_SUITE_P(, RowKernels, testing::ValuesIn(cases),
                         [](const testing::TestParamInfo<Case> &info) { return std::string(info.param.name); });

} // namespace
} // namespace batten
