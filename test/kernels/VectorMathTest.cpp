// VectorMathTest.cpp - a kernel's exp, log, .. give the bits of the scalar functions, at every level and width.
//
// Each function is put into a loop over vectors, expanded, lowered as kernels are, compiled in memory for AVX2 and for
// the level with 512-bit registers where the machine has it, and run on floats of every exponent.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/kernels/cpu/VectorMath.h"
#include "compiler/codegen/Emit.h"
#include "dialect/RegionMath.h"
#include "dialect/ScalarMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mlir;
using namespace batten;

namespace {

/// What stands in the loop: an operation by name, or a builder that takes the place of math.cbrt.
struct Case {
  const char *name;
  float (*single)(float);
  double (*wide)(double); ///< null: there is none
  const char *operation;
  Value (*build)(OpBuilder &, Location, Value) = nullptr;
};

const Case cases[] = {
    {"exp", scalar::exp, scalar::exp, "math.exp"},
    {"exp_of_nonpositive", [](float x) { return scalar::exp(-std::abs(x)); },
     [](double x) { return scalar::exp(-std::abs(x)); }, "",
     [](OpBuilder &b, Location loc, Value x) {
       Value a = math::AbsFOp::create(b, loc, x);
       return buildNonPositiveExp(b, loc, arith::NegFOp::create(b, loc, a));
     }},
    {"exp_to_bf16", [](float x) { return scalar::expToBf16(-std::abs(x)); }, nullptr, "",
     [](OpBuilder &b, Location loc, Value x) {
       Value a = math::AbsFOp::create(b, loc, x);
       return buildExpToBf16(b, loc, arith::NegFOp::create(b, loc, a));
     }},
    {"log", scalar::log, scalar::log, "math.log"},
    {"tanh", scalar::tanh, scalar::tanh, "math.tanh"},
    {"erf", scalar::erf, nullptr, "math.erf"},
    {"sin", scalar::sin, scalar::sin, "math.sin"},
    {"cos", scalar::cos, scalar::cos, "math.cos"},
    {"sin_less_cos", [](float x) { return scalar::sin(x) - scalar::cos(x); },
     [](double x) { return scalar::sin(x) - scalar::cos(x); }, "",
     [](OpBuilder &b, Location loc, Value x) -> Value {
       Value sine = math::SinOp::create(b, loc, x);
       return arith::SubFOp::create(b, loc, sine, math::CosOp::create(b, loc, x));
     }},
    {"sigmoid", scalar::sigmoid, scalar::sigmoid, "", buildSigmoid},
    {"silu", scalar::silu, scalar::silu, "", buildSilu},
    {"softplus", scalar::softplus, scalar::softplus, "", buildSoftplus},
    {"rsqrt", scalar::rsqrt, scalar::rsqrt, "", buildRsqrt},
    {"gelu", [](float x) { return scalar::gelu(x, false); }, [](double x) { return scalar::gelu(x, false); }, "",
     [](OpBuilder &b, Location loc, Value x) { return buildGelu(b, loc, x, false); }},
    {"gelu_tanh", [](float x) { return scalar::gelu(x, true); }, [](double x) { return scalar::gelu(x, true); }, "",
     [](OpBuilder &b, Location loc, Value x) { return buildGelu(b, loc, x, true); }},
    {"pow", [](float x) { return scalar::pow(x, 2.75f); }, [](double x) { return scalar::pow(x, 2.75); }, "",
     [](OpBuilder &b, Location loc, Value x) {
       auto type = cast<VectorType>(x.getType());
       Attribute exponent = b.getFloatAttr(type.getElementType(), 2.75);
       Value y = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, exponent));
       return buildPow(b, loc, x, y);
     }},
};

std::string replaced(std::string text, const std::string &what, const std::string &by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

/// `element`: f32 or f64.
std::string kernelText(const Case &test, unsigned lanes, const std::string &element) {
  std::string text = R"(func.func @kernel(%begin: index, %end: index, %x: memref<F>, %y: memref<F>) {
  %step = arith.constant LANES : index
  %xs = memref.reinterpret_cast %x to offset: [0], sizes: [%end], strides: [1] : memref<F> to memref<?xF>
  %ys = memref.reinterpret_cast %y to offset: [0], sizes: [%end], strides: [1] : memref<F> to memref<?xF>
  scf.for %i = %begin to %end step %step {
    %v = vector.load %xs[%i] : memref<?xF>, vector<LANESxF>
    %w = OPERATION %v : vector<LANESxF>
    vector.store %w, %ys[%i] : memref<?xF>, vector<LANESxF>
  }
  return
}
)";
  text = replaced(text, "LANES", std::to_string(lanes));
  text = replaced(text, "OPERATION", *test.operation ? test.operation : "math.cbrt");
  return replaced(replaced(text, "<F>", "<" + element + ">"), "xF>", "x" + element + ">");
}

void build(ModuleOp module, const Case &test) {
  module.walk([&](math::CbrtOp placeholder) {
    OpBuilder builder(placeholder);
    placeholder.replaceAllUsesWith(test.build(builder, placeholder.getLoc(), placeholder.getOperand()));
    placeholder.erase();
  });
}

/// Floats of every sign and exponent, the edges of the functions' ranges, and NaN.
template <typename Real> std::vector<Real> inputs() {
  using Bits = std::conditional_t<sizeof(Real) == 4, uint32_t, uint64_t>;
  std::vector<Real> values = {0.0f,     -0.0f,    INFINITY,  -INFINITY, NAN,          1.0f,         -1.0f,
                              88.7228f, -103.97f, 131072.0f, 3e38f,     Real(709.78), Real(-745.1), Real(0x1p28)};
  uint64_t state = 12345;
  while (values.size() < 1 << 16) {
    state = state * 6364136223846793005 + 1442695040888963407;
    values.push_back(std::bit_cast<Real>(static_cast<Bits>(state >> (64 - 8 * sizeof(Real)))));
    values.push_back((Real(state >> 40) * Real(0x1p-24) - Real(0.5)) * 40); // where functions bend
  }
  values.resize(1 << 16); // a multiple of every width
  return values;
}

class VectorMath : public testing::TestWithParam<Case> {
protected:
  template <typename Real> void run(const CpuLevel &level, unsigned lanes, Real (*expected)(Real));
  /// On vectors of `bits`, for f32 and f64.
  void runBoth(const CpuLevel &level, unsigned bits);
};

template <typename Real> void VectorMath::run(const CpuLevel &level, unsigned lanes, Real (*expected)(Real)) {
  DialectRegistry registry;
  registry.insert<func::FuncDialect, arith::ArithDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                  cf::ControlFlowDialect, vector::VectorDialect, LLVM::LLVMDialect, BattenDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  auto module = parseSourceString<ModuleOp>(kernelText(GetParam(), lanes, sizeof(Real) == 4 ? "f32" : "f64"),
                                            ParserConfig(&context));
  ASSERT_TRUE(module);
  build(*module, GetParam());
  Level machine;
  machine.vectorBytes = level.vectorBits / 8;
  ASSERT_TRUE(succeeded(expandVectorMath(module->lookupSymbol<func::FuncOp>("kernel"), machine)));
  ASSERT_TRUE(succeeded(verify(*module)));
  ASSERT_TRUE(succeeded(lowerKernels(*module, level)));
  module->lookupSymbol<LLVM::LLVMFuncOp>("kernel").setVisibility_(LLVM::Visibility::Default);

  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  auto llvmModule = translateModuleToLLVMIR(*module, *llvmContext);
  ASSERT_TRUE(llvmModule);
  auto jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
  llvm::cantFail(jit->addIRModule({std::move(llvmModule), std::move(llvmContext)}));
  auto *kernel = llvm::cantFail(jit->lookup("kernel")).toPtr<void (*)(int64_t, int64_t, const Real *, Real *)>();

  std::vector<Real> x = inputs<Real>(), y(x.size());
  kernel(0, x.size(), x.data(), y.data());
  for (size_t i = 0; i < x.size(); ++i) {
    Real wanted = expected(x[i]);
    if (std::isnan(wanted))
      ASSERT_TRUE(std::isnan(y[i])) << GetParam().name << " of " << x[i];
    else
      ASSERT_EQ(std::memcmp(&y[i], &wanted, sizeof(Real)), 0)
          << GetParam().name << " of " << x[i] << " is " << y[i] << ", not " << wanted;
  }
}

void VectorMath::runBoth(const CpuLevel &level, unsigned bits) {
  run<float>(level, bits / 32, GetParam().single);
  if (GetParam().wide)
    run<double>(level, bits / 64, GetParam().wide);
}

TEST_P(VectorMath, HasTheBitsOfTheScalarFunction) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto features = llvm::sys::getHostCPUFeatures();
  if (!features.lookup("avx2") || !features.lookup("fma"))
    GTEST_SKIP() << "needs AVX2";
  CpuLevel avx2;
  avx2.name = "x86-64-v3";
  avx2.vectorBits = 256;
  runBoth(avx2, 256);
  run<float>(avx2, 1, GetParam().single);
  if (!features.lookup("avx512f") || !features.lookup("avx512vl") || !features.lookup("avx512dq"))
    return;
  CpuLevel avx512;
  avx512.name = "x86-64-v4";
  avx512.vectorBits = 512;
  runBoth(avx512, 512);
}

INSTANTIATE_TEST_SUITE_P(, VectorMath, testing::ValuesIn(cases),
                         [](const testing::TestParamInfo<Case> &info) { return info.param.name; });

} // namespace
