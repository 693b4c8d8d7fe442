// ProgramInfo.h - a scheduled module as its users see it: what the header, the manifest, the description in the
// artifact and the entry functions all say, read from the plans once.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_CODEGEN_PROGRAMINFO_H
#define BATTEN_COMPILER_CODEGEN_PROGRAMINFO_H

#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Levels.h"
#include "dialect/Batten.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/abi.h"

namespace batten {

/// batten_formula before it is data.
struct FormulaInfo {
  std::string text = "0";
  std::vector<int64_t> code = {BATTEN_CONSTANT, 0};
  bool isZero() const { return text == "0"; }
};

struct SymbolInfo {
  std::string name, cName;
  int64_t bound = 0; ///< 0: unbounded
  bool nonEmpty = false;
  int position = 0; ///< in the C argument list
};

struct GuardInfo {
  std::string text;
  FormulaInfo lhs, rhs;
  batten_relation relation = BATTEN_EQ;
  int symbol = 0;
};

/// Elements of an argument that must be row numbers: 0 .. rows - 1.
struct IndexCheck {
  int tensor = 0;
  Dim rows;
};

struct TensorInfo {
  std::string name;  ///< as in the source; a leaf of a parameter tree: p.mlp.up
  std::string cName; ///< the C parameter, or the field of the tree's struct
  std::string tree;  ///< the C parameter of the tree that it is a leaf of, else empty
  std::string model; ///< of that tree
  batten_kind kind = BATTEN_INPUT;
  batten_dtype dtype = BATTEN_F32;
  unsigned batchRank = 0;
  std::vector<Dim> dims;
  std::vector<FormulaInfo> formulas; ///< of dims
  int position = 0;
  bool byValue = false;
};

/// batten_layer before it is data.
struct LayerInfo {
  std::string name, type;
  int64_t parameters = 0, parameterBytes = 0;
  FormulaInfo flops, bytes; ///< -1 where it is not known
  bool tied = false;
};

/// batten_id_range before it is data.
struct IdRangeInfo {
  int64_t argument = 0, least = 0;
  FormulaInfo end;
};

struct WeightInfo {
  std::string path, from, field;
  batten_dtype dtype = BATTEN_F32;
  std::vector<int64_t> shape;
  std::vector<std::string> usedBy;
};

/// One of the plans that do the same work.
struct VersionInfo {
  PlanOp plan;
  unsigned level = 0;                  ///< position among the program's
  std::optional<batten_version> fixed; ///< it serves one size of a dim only
};

struct EntryInfo {
  std::vector<VersionInfo> versions; ///< in the order of choice: those of fixed sizes, then one a level
  std::string name, cSymbol, signature;
  std::vector<SymbolInfo> symbols;
  std::vector<TensorInfo> tensors;
  std::vector<GuardInfo> guards;
  std::vector<FormulaInfo> limits;
  std::vector<IndexCheck> indexChecks;
  FormulaInfo workspace, scratch;
  FormulaInfo flops, bytes; ///< of a call as it is written; -1 where it is not known
  int64_t threadBytes = 0;
  std::vector<std::string> independent, mixes;
  std::vector<LayerInfo> layers;
  std::vector<IdRangeInfo> idRanges;

  /// What its versions fix, the same at each level: those of the best.
  std::vector<batten_version> fixedSizes() const;
};

struct ProgramInfo {
  std::string name, source, sourceHash, compiler, flags, numerics;
  bool isEmulated = false;   ///< the levels' instructions
  std::string placedWeights; ///< "w.safetensors:embed"; empty: the bind takes them
  uint64_t magic = 0;
  int64_t programBytes = 0;
  std::vector<EntryInfo> entries;
  std::vector<WeightInfo> weights;
  std::vector<VersionInfo> bind; ///< empty: nothing to pack
  std::vector<CpuLevel> levels;  ///< best first
};

/// Reads the plans and attributes of `module`. nullopt and a sentence in `error` where they make no program.
std::optional<ProgramInfo> readProgram(mlir::ModuleOp module, const CodegenOptions &options, std::string &error);

} // namespace batten
#endif // BATTEN_COMPILER_CODEGEN_PROGRAMINFO_H
