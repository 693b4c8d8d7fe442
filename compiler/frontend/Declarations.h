// Declarations.h - what a file declares, resolved: dims, functions, models, their signatures.
//
// A declaration's types are over the symbols of declared dims and generics ("opaque"); whoever uses them substitutes.
// Names are resolved on first use, because a name may be used above its declaration.
//
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_DECLARATIONS_H
#define BATTEN_COMPILER_FRONTEND_DECLARATIONS_H

#include "compiler/frontend/Facts.h"
#include "compiler/frontend/Sema.h"

#include <memory>
#include <set>

namespace batten::frontend {

struct Module;
struct ModelDecl;

/// A place where positions of a dim of the function see each other.
struct MixPlace {
  const DimEntity *dim = nullptr;
  SourceRange range; ///< of the mixing expression
  /// The values whose positions it mixes; none said: those of every operand.
  std::optional<std::vector<int>> through = std::nullopt;
};

struct FunctionDecl {
  enum State { Unchecked, Checking, Checked };
  const FunctionItem *item = nullptr;
  Module *module = nullptr;
  ModelDecl *model = nullptr; ///< null at file level
  std::vector<const DimEntity *> generics;
  std::vector<Type> parameters, results;
  std::vector<Condition> conditions;
  /// What checking the body finds and callers need:
  State state = Unchecked;
  std::map<const DimEntity *, SourceRange> bounded; ///< generics that stand right of the bar, and where
  std::vector<MixPlace> mixes;
  bool hasGrad = false;             ///< itself or what it calls
  std::optional<DType> accumulator; ///< #[acc(f64)]
  bool accumulates = false;         ///< an op of its body takes the accumulator
  bool called = false;
};

struct ParamDecl {
  const ParamItem *item = nullptr;
  Type type;
  bool read = false;
};

struct SubDecl {
  const SubItem *item = nullptr;
  Module *module = nullptr;
  ModelDecl *owner = nullptr; ///< null at file level
  ModelDecl *model = nullptr; ///< null if it could not be found
};

struct ConstDecl {
  const ConstItem *item = nullptr;
  Module *module = nullptr;
  ModelDecl *owner = nullptr;
  bool evaluating = false;
  bool poisoned = false; ///< it stands in a cycle
};

struct ModelDecl {
  const ModelItem *item = nullptr;
  Module *module = nullptr;
  std::vector<const DimEntity *> generics;
  /// `dim Dh = D / H` of the model, in order; also reachable by name.
  std::vector<std::pair<const DimEntity *, const DimDefinition *>> dims;
  std::map<std::string, const DimEntity *> dimNames;           ///< generics and the dims resolved so far
  std::map<std::string, const DimDefinition *> dimDefinitions; ///< those not resolved yet
  std::vector<std::unique_ptr<ParamDecl>> params;
  std::vector<std::unique_ptr<SubDecl>> subs;
  std::map<std::string, std::unique_ptr<FunctionDecl>> functions;
  std::map<std::string, std::unique_ptr<ConstDecl>> constants;
  std::vector<const Item *> members; ///< params and subs in order of declaration
  std::vector<Condition> conditions;
  bool ready = false;            ///< dims, conditions and params are resolved
  std::optional<TreeShape> tree; ///< `M.params`, when asked for

  ParamDecl *param(const std::string &name) const;
  SubDecl *sub(const std::string &name) const;
  FunctionDecl *function(const std::string &name) const;
};

/// A name that a function's body declares, to be warned of where nothing reads it.
struct LocalDecl {
  Identifier name;
  bool isParameter = false;
  bool read = false;
};

/// A name at file level.
struct FileName {
  enum Kind { Dim, TypeAlias, Const, Function, Model, Sub, Import };
  Kind kind = Dim;
  SourceRange range;
  const DimDefinition *dimDefinition = nullptr;
  const DimEntity *dim = nullptr; ///< once resolved
  bool resolving = false;
  const TypeAliasItem *alias = nullptr;
  std::unique_ptr<ConstDecl> constant;
  std::unique_ptr<FunctionDecl> function;
  std::unique_ptr<ModelDecl> model;
  std::unique_ptr<SubDecl> sub;
  Module *import = nullptr;
};

struct Module {
  const FileNode *file = nullptr;
  bool isMain = false;
  std::map<std::string, FileName> names;
  std::vector<std::string> order; ///< of declaration
  std::vector<const TestItem *> tests;
};

/// Where the names of a dim expression are looked up, and what they are worth.
struct DimScope {
  std::function<const DimEntity *(const std::string &name)> lookup;
  std::function<Dim(const DimEntity &entity)> size;
  std::function<std::vector<std::string>()> names;                ///< for did-you-mean
  std::function<void(const DimEntity &, SourceRange)> usedInCore; ///< a name stands in a polynomial (R2)
  std::string origin;   ///< "from `sub mha: Mha<512, 12>` at mha.btn:14:10": whence the values, for E0207
  std::string defining; ///< the dim whose definition this is, for E0601
};

/// Everything that a compilation shares.
class Context {
public:
  Context(Diagnostics &diagnostics, const SemaOptions &options) : diagnostics(diagnostics), options(options) {}

  Diagnostics &diagnostics;
  const SemaOptions &options;

  //===-- Diagnostics ---------------------------------------------------------------------------------------------===//
  /// Like Diagnostics::error, but a second error of one code at one place is swallowed: a body is visited more than
  /// once (a loop's turns, inlining).
  Diagnostic &error(const std::string &code, SourceRange range, const std::string &message);
  /// The error of a name that is not declared; none where a syntax error has taken its declaration.
  Diagnostic &notFound(const std::string &code, SourceRange range, const std::string &name, const std::string &message);
  std::string at(SourceRange range) const { return diagnostics.at(range); }
  /// E0103. `what`: "`x`", or the kind with the name.
  Diagnostic &definedTwice(const std::string &what, SourceRange second, SourceRange first);
  /// Source text on one line.
  std::string text(SourceRange range) const;
  Location location(SourceRange range) const;

  //===-- Declarations (SemaDeclarations.cpp, SemaAttributes.cpp) -------------------------------------------------===//
  Module *declare(const FileNode &file, bool isMain);
  const DimEntity *dimOf(Module &module, const std::string &name);
  void prepare(ModelDecl &model); ///< resolves its dims and the types of its weights
  void resolveSignature(FunctionDecl &function);
  const TreeShape *treeOf(ModelDecl &model, SourceRange use);
  const TreeShape *partOf(const TreeShape &shape, const std::string &name);
  /// The dims that a declaration may name: generics, the model's, the file's.
  DimScope declarationScope(Module &module, ModelDecl *model, FunctionDecl *function);

  //===-- Dims (SemaDims.cpp) and types (SemaTypes.cpp) -----------------------------------------------------------===//
  DimEntity *newDim(DimEntity::Kind kind, const std::string &name, SourceRange range);
  const DimEntity *entityOf(const std::string &symbol) const;
  /// nullopt: an error was reported (or one was before: poison).
  std::optional<Dim> evaluate(const DimExpr &expr, const DimScope &scope);
  /// What evaluation and slice bounds have in common: one step, with E0207 and E0601.
  struct DimStep {
    SourceRange range;                  ///< of the expression up to here
    std::function<std::string()> names; ///< "D = 512 and H = 12", asked for in errors only
    std::string division;               ///< "div(D, H)"
    const DimScope *scope = nullptr;
  };
  std::optional<Dim> arithmetic(DimOperator op, const Dim &lhs, const Dim &rhs, const DimStep &step);
  /// What is divided is divided by a size: a number below 1 is refused here, what is not known yet at entry.
  bool checkDivisor(const Dim &lhs, const Dim &rhs, const DimStep &step);
  static inline const std::string divisorRule = "a divisor is at least 1";
  std::optional<Dim> floorDivision(const Dim &lhs, const Dim &rhs, const DimStep &step);
  /// The dim called `name`, or E0204.
  const DimEntity *findDim(const std::string &name, SourceRange range, const DimScope &scope);
  std::optional<CoreDim> resolveCoreDim(const DimExpr &expr, const DimScope &scope);
  std::optional<DType> resolveDType(const DTypeName &name, Module &module);
  /// A type without `?` and `_`; those make it refused (E0005).
  Type resolveType(const TypeExpr &type, Module &module, const DimScope &scope);
  bool resolveCondition(const DimCondition &node, const DimScope &scope, Condition &condition);
  /// E0212 and E0601 of a finished type.
  bool checkType(const Type &type, SourceRange range);
  bool checkRank(size_t rank, const std::string &type, SourceRange range); ///< or E0601
  bool isBatchDim(const DimEntity &dim, SourceRange range);                ///< or E0214: computed from runtime dims
  ModelDecl *findModel(const QualifiedName &name, Module &module);
  /// E0202, once a dim and owner.
  void unboundedInCore(const DimEntity &dim, SourceRange range, const std::string &extraHelp = {});

  std::vector<LocalDecl> localDecls; ///< of the main file, found as it is checked
  const void *owner = nullptr;       ///< the item whose text is being resolved or checked
  /// Functions that are being checked, outermost first, each with the call that led to it.
  std::vector<std::pair<FunctionDecl *, SourceRange>> checkStack;
  std::vector<SourceRange> inlinedAt; ///< calls that are being inlined, outermost first
  unsigned depth = 0;                 ///< of nested expressions, across calls
  bool tooDeep = false;               ///< the limit was reported

private:
  std::optional<Dim> evaluateChain(const DimExpr &expr, const DimScope &scope);
  void overflow(SourceRange range, const std::string &expression, const DimScope *scope);
  void declareItem(Module &module, const Item &item);
  void declareModel(Module &module, const ModelItem &item, ModelDecl &model);
  FileName *addName(Module &module, const Identifier &name, FileName::Kind kind);
  void addTest(Module &module, const TestItem &test);
  void declareImport(Module &module, const ImportItem &item);
  void checkAttributes(const Item &item);
  bool checkPlace(const AttributeNode &attribute, const Item &item);
  void checkArguments(const AttributeNode &attribute);
  void allowLint(const AttributeNode &attribute, SourceRange where);
  const DimEntity *defineDim(const DimDefinition &definition, const DimScope &scope, bool mayOverride);

  std::vector<std::unique_ptr<DimEntity>> entities;
  std::map<std::string, const DimEntity *> symbols;
  std::map<std::string, size_t> symbolCounts; ///< dims a name
  std::map<uint32_t, std::unique_ptr<Module>> modules;
  std::map<std::pair<const TreeShape *, std::string>, TreeShape> treeParts;
  std::vector<std::unique_ptr<FileNode>> importedFiles;
  std::vector<uint32_t> importing; ///< files whose imports are being read: to find cycles
  std::set<std::tuple<std::string, uint32_t, uint32_t>> reported;
  std::set<std::pair<const void *, const DimEntity *>> reportedUnbounded;
  std::set<std::string> lost; // names whose declarations syntax errors have taken
  Diagnostic swallowed;
};

} // namespace batten::frontend

#endif
