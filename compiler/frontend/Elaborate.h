// Elaborate.h - the evaluator: walks function bodies, types every expression and emits flat ops.
//
// It runs in two ways that share every typing rule:
// - *checking* a definition: generics are opaque symbols and a call uses the callee's signature. The ops are thrown
//   away; what stays are errors, which generics must be bounded, where samples mix.
// - *elaborating* a `pub fn`: calls are inlined, each in a Frame that binds the callee's dims. A value's type in a
//   frame is what the callee's text says; the loop dims that its arguments brought along (R4) are kept apart in
//   Value::loop, so R5 is judged on own dims only, and the flat op's batch list is both together.
//
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_ELABORATE_H
#define BATTEN_COMPILER_FRONTEND_ELABORATE_H

#include "compiler/frontend/OpTable.h"
#include "compiler/frontend/Values.h"
#include "compiler/frontend/WeightTable.h"
#include <array>

namespace batten::frontend {

class Elaborator {
public:
  Elaborator(Context &context, bool checking, WeightTable *weights = nullptr);

  /// Checks a definition, once. A call to a function that is being checked closes a cycle (E0104).
  static void ensureChecked(Context &context, FunctionDecl &function, SourceRange call = {});
  /// A file-level `sub`: its generics, dims and conditions.
  void checkInstance(SubDecl &sub);
  void checkModelSubs(ModelDecl &model);
  void checkConst(ConstDecl &constant);
  void checkTest(const TestItem &test, Module &module);
  TreeShape treeShape(ModelDecl &model, SourceRange use);

  Function elaborate(FunctionDecl &function);
  Test elaborateTest(const TestItem &test, Module &module);

private:
  struct Local {
    std::string name;
    Value value;
    SourceRange range;
    bool assignable = false;
    bool inout = false;
    const DimEntity *dim = nullptr; ///< what `?Hc` binds
    std::optional<Type> declared;   ///< of a `var`
    const VarStmt *made = nullptr;  ///< where that is
    std::optional<size_t> decl;     ///< in Context::localDecls, while its reads are looked for
  };
  struct Binding;
  struct Frame {
    Frame *caller = nullptr;
    Module *module = nullptr;
    ModelDecl *model = nullptr;
    FunctionDecl *function = nullptr;
    Instance *self = nullptr;
    const Binding *binding = nullptr;
    std::vector<Local> locals;
    std::map<const DimEntity *, Dim> sizes; ///< of generics, and of dims bound by `?`
    std::vector<Axis *> loops;
    std::map<const DimEntity *, Axis *> axes;
    SourceRange call;
  };
  /// A call's generics and loop dims, seen from the caller.
  struct Binding {
    FunctionDecl *function = nullptr;
    Instance *self = nullptr;
    std::map<const DimEntity *, Dim> sizes;
    std::map<const DimEntity *, CoreDim> written;            ///< how a generic's core size was written
    std::map<const DimEntity *, const DimEntity *> entities; ///< callee's batch dim -> caller's
    BatchList loops;
  };
  /// A call of a built-in op with its operands evaluated.
  struct OpCall {
    const CallExpr *expr = nullptr;
    const OpInfo *op = nullptr;
    std::vector<Operand> operands;
    std::vector<const Expr *> given; ///< as written; those without a core in the table are not evaluated
    std::map<std::string, const CallArgument *> options;
    const OverAxes *over = nullptr;
    SourceRange name;
  };
  /// What a name or a member expression can be called as.
  struct Callee {
    enum Kind { None, Error, Function, Model, Instance, Instances, Import, Op, Value };
    Kind kind = None;
    FunctionDecl *function = nullptr;
    ModelDecl *model = nullptr;
    frontend::Instance *self = nullptr;
    frontend::Value value;
    Module *module = nullptr;
    const OpInfo *op = nullptr;
  };
  using Attributes = std::vector<std::pair<std::string, Attribute>>;

  //===-- Frames and symbols (Elaborate.cpp), emission (ElaborateEmission.cpp) ------------------------------------===//
  void begin(Module &module, ModelDecl *model, FunctionDecl *function);
  void check(FunctionDecl &function);
  Axis *newSymbol(const DimEntity &dim, Symbol symbol);
  Axis *symbolOf(const DimEntity &dim);
  Axis *axisIn(Frame &frame, const DimEntity *dim);
  const DimEntity *callerEntity(Frame &caller, const Binding &binding, const DimEntity *dim);
  Dim sizeOf(const DimEntity &dim);
  Dim sizeIn(Frame &frame, const DimEntity &dim);
  /// A declaration's polynomial in the terms of the current frame.
  Dim toHere(const Dim &declared);
  Type toHere(const Type &declared);
  DimScope scopeHere(bool inCore);
  /// The dim of a symbol in the polynomials of this evaluation.
  const DimEntity *entityOf(const std::string &symbol) const;
  TensorType flatType(const Value &value);
  int newValue(const Value &value, SourceRange range);
  Value emit(SourceRange range, const std::string &name, const std::vector<const Value *> &operands, Type type,
             Attributes attributes = {});
  std::vector<Value> emitMany(SourceRange range, const std::string &name, const std::vector<const Value *> &operands,
                              std::vector<Type> types, Attributes attributes = {});
  void mark(const DimEntity *dim, SourceRange range, std::optional<std::vector<int>> through = std::nullopt);
  bool withinLimits(const Type &type, SourceRange range);
  void append(Op op, SourceRange range);
  std::string layer() const;
  void addMix(const std::string &symbol, SourceRange range, bool beside = false);
  std::set<std::string> besideThemselves(const TensorType &type) const;
  Value emitDim(const Dim &size, Type type, SourceRange range);
  void registerSymbols(const Type &declared);
  Value renamed(const Value &value, const Value &as, SourceRange range);
  void guard(const Condition &condition);
  std::vector<Argument> arguments(FunctionDecl &function, std::vector<Value> &values);
  void addWeightArguments(Function &function);
  void noteUpdates(FunctionDecl &function);
  void guardDivisors(const std::set<Dim> &sizes, const Function &function, SourceRange range);
  void guardSizes(Function &function, SourceRange range);
  void removeDeadOps(Function &function);
  std::string signatureText(FunctionDecl &function, const Function &flat);
  void specialize(const FunctionItem &item, Function &function);
  void orderSymbols(Function &function);

  //===-- Names and statements (ElaborateStatements.cpp), types (ElaborateFitting.cpp) ----------------------------===//
  Local *findLocal(const std::string &name);
  bool isParameter(const std::string &name);
  bool declareLocal(const Identifier &name, Local local);
  void watch(Local &local, const Identifier &name, bool isParameter);
  bool runStatements(const std::vector<StmtPtr> &statements);
  void run(const Stmt &stmt);
  void runLet(const LetStmt &stmt);
  void runVar(const VarStmt &stmt);
  void runAssign(const AssignStmt &stmt);
  bool lacksBatch(const Local &local, const Value &value, SourceRange range);
  void runFor(const ForStmt &stmt);
  struct Iteration;
  std::optional<Iteration> rangeIteration(const ForIterator &iterator, const Identifier &name);
  std::optional<Iteration> arrayIteration(const ForIterator &iterator);
  void runTurns(const ForStmt &stmt, const std::vector<std::vector<Value>> &turns);
  void runUnknownTurns(const ForStmt &stmt, const std::vector<Value> &variables);
  void runExpect(const ExpectStmt &stmt);
  std::vector<Value> runBlock(const Block &block, const std::vector<Type> &expected);
  /// Fits a value to an annotation or a declared type: numbers take its dtype; else E0215.
  Value fit(const Value &value, const Type &type, SourceRange range, const std::string &what);
  std::string adviceForType(const Type &found, const Type &wanted, SourceRange range);
  Value annotate(const Value &value, const TypeExpr &annotation, SourceRange range);
  bool annotateBatch(const TypeDim &written, const DimScope &scope, const DimEntity *&dim);
  bool annotateCore(const TypeDim &written, const DimScope &scope, CoreDim &dim);
  bool sameType(const Type &a, const Type &b, Truth *cores = nullptr);
  void update(Local &local, const Value &value, bool inPlace, SourceRange range);

  //===-- Expressions (ElaborateExpressions.cpp) ------------------------------------------------------------------===//
  Value eval(const Expr &expr);
  Value evalKind(const Expr &expr);
  Value evalName(const NameExpr &expr);
  Value evalDim(const DimEntity &dim, SourceRange range);
  Value evalConst(ConstDecl &constant, SourceRange range);
  Value evalMember(const MemberExpr &expr);
  Value memberOf(const Operand &base, const MemberExpr &expr);
  Value evalArray(const ArrayExpr &expr);
  Value evalUnary(const UnaryExpr &expr);
  Value evalCast(const CastExpr &expr);
  Value evalChain(const ChainExpr &expr);
  Value unknownName(const std::string &name, SourceRange range);
  std::vector<std::string> visibleNames(bool functions);

  //===-- Numbers (ElaborateNumbers.cpp, FoldNumbers.cpp) ---------------------------------------------------------===//
  Value number(frontend::Number number);
  Value integer(const Dim &value);
  Value leastInteger();
  Value foldBinary(BinaryOperator op, const frontend::Number &lhs, const frontend::Number &rhs, SourceRange range);
  Value foldComparison(BinaryOperator op, const frontend::Number &lhs, const frontend::Number &rhs, SourceRange range);
  Value foldWhole(BinaryOperator op, const frontend::Number &lhs, const frontend::Number &rhs, SourceRange range);
  Value foldReal(BinaryOperator op, const frontend::Number &lhs, const frontend::Number &rhs, SourceRange range);
  Value foldFunction(const std::string &name, const std::vector<frontend::Number> &operands, SourceRange range);
  /// The number as a scalar tensor of a dtype, or E0302.
  Value scalar(const frontend::Number &number, DType dtype, SourceRange range);
  Value wholeScalar(int64_t value, Type type, SourceRange range);
  Value dimScalar(const Dim &size, Type type, SourceRange range);
  Value doesNotFit(DType dtype, SourceRange range, const std::string &why, const std::string &help = {});
  /// A number, a list or a tensor as a tensor; what has no dtype takes `dtype`, or without one f32 or i32.
  Value tensor(const Value &value, std::optional<DType> dtype, SourceRange range);
  Value runtimeReal(const frontend::Number &number, SourceRange range);
  bool isReal(const Value &list);
  /// A slice bound, an integer option: a dim expression (R2).
  std::optional<Dim> evalDimExpr(const Expr &expr, const DimScope &scope);
  std::optional<Dim> evalDimChain(const ChainExpr &chain, const DimScope &scope);
  std::optional<Dim> evalDimQuotient(const CallExpr &call, const DimScope &scope);
  std::optional<int64_t> constantOf(const Dim &dim, SourceRange range, const std::string &what);
  Value constantBool(bool value, SourceRange range);

  //===-- What ops share (ElaborateOperands.cpp) ------------------------------------------------------------------===//
  /// Numbers among the operands take the dtype of the others; E0301 when those differ.
  bool meet(const std::string &op, SourceRange opRange, std::vector<Operand *> operands, SourceRange whole = {});
  /// The type of an element-wise result, dtype of the last operand: E0206, E0216, E0205.
  std::optional<Type> elementwise(const std::string &op, SourceRange opRange,
                                  const std::vector<const Operand *> &operands, bool infix);
  std::string withoutUnits(const Operand &operand);
  std::optional<size_t> commonDim(const Type &full, const Type &few);
  std::string adviceForOneDim(const Operand &full, const Operand &few);
  std::string adviceForCores(const Operand &first, const Operand &second);
  bool equalCores(const std::string &op, SourceRange opRange, const Operand &first, const Operand &second);
  bool equalDims(OpCall &call, const Operand &first, const CoreDim &ofFirst, const Operand &second,
                 const CoreDim &ofSecond, const std::string &secondIs = "");
  std::optional<BatchList> combine(const std::string &op, SourceRange opRange,
                                   const std::vector<const Operand *> &operands, bool infix);
  bool isTensor(const std::string &op, SourceRange opRange, const Operand &operand);
  bool allTensors(OpCall &call);
  void takeBrackets(std::initializer_list<Operand *> operands);
  void takeProductBrackets(OpCall &call);
  Diagnostic &wrongDType(const std::string &op, SourceRange opRange, const Operand &operand, const std::string &takes);
  bool requireFloat(const std::string &op, SourceRange opRange, const Operand &operand);

  //===-- Element-wise ops (ElaborateElementwise.cpp) -------------------------------------------------------------===//
  Value binary(BinaryOperator op, SourceRange opRange, const Operand &lhs, const Operand &rhs);
  Value opUnary(OpCall &call);
  Value opPow(OpCall &call);
  Value opExtremum(OpCall &call);
  Value opSelect(OpCall &call);

  //===-- Contractions (ElaborateContractions.cpp) ----------------------------------------------------------------===//
  Value matmul(const std::string &op, SourceRange opRange, Operand lhs, Operand rhs, SourceRange range, OpCall *call);
  void contractionMismatch(const std::string &op, SourceRange opRange, const Operand &lhs, const Operand &rhs,
                           const CoreDim &left, const CoreDim &right, size_t rightPosition);
  bool declaresType(const std::string &name);
  std::string transposedAdvice(const std::string &op, const Operand &lhs, const Operand &rhs);
  /// Reports unless the two sizes are provably equal. `report` says what differs; Maybe is E0216.
  bool requireEqual(const CoreDim &a, const CoreDim &b, SourceRange range, const std::function<void()> &report);
  void unproved(const CoreDim &a, const CoreDim &b, SourceRange range);
  std::string adviceForCondition(const std::string &condition) const;
  DType accumulated(DType dtype);
  struct Accumulation {
    std::optional<DType> wide; ///< operands are cast to this first
    DType result;
  };
  Accumulation accumulation(OpCall *call, SourceRange range, DType operand, DType result);
  Value accumulate(SourceRange range, const std::string &name, const std::vector<const Value *> &operands, Type type,
                   const Attributes &attributes, const Accumulation &accumulation);
  bool coreRank(OpCall &call, size_t index, size_t rank);
  Value opMatmul(OpCall &call);
  Value opLinear(OpCall &call);
  Value opOuter(OpCall &call);
  Value transpose(const Operand &operand, SourceRange range);

  //===-- Reductions (ElaborateReductions.cpp) --------------------------------------------------------------------===//
  Value opReduce(OpCall &call);
  Value reduceBatch(OpCall &call, const Operand &operand, Type type, Attributes attributes, const Accumulation &how);
  std::optional<std::vector<int64_t>> coreAxes(OpCall &call, const Operand &operand, bool single);
  void notInCore(OpCall &call, const Operand &operand, const Identifier &name, const DimEntity &dim);
  std::optional<std::vector<int64_t>> axesOf(OpCall &call, const Operand &operand, const Identifier &name);
  std::optional<std::vector<int64_t>> namedAxes(OpCall &call, const Operand &operand);
  std::optional<std::vector<int64_t>> impliedAxis(OpCall &call, const Operand &operand, bool single);
  Value opSoftmax(OpCall &call);
  Value opArgmax(OpCall &call);
  Value opTopk(OpCall &call);
  Value opCumsum(OpCall &call);
  Value opNorm(OpCall &call);

  //===-- Shapes (ElaborateShapes.cpp, ElaborateRearrange.cpp) ----------------------------------------------------===//
  Value evalIndex(const IndexExpr &expr);
  std::string adviceForIndex(const IndexExpr &expr, const Type &type);
  Value evalFill(const FillExpr &expr);
  Value filled(const Type &type, std::optional<Operand> given, SourceRange range);
  Value stack(const std::vector<Operand> &elements, SourceRange range);
  Value opSplit(OpCall &call);
  Value opConcat(OpCall &call);
  Value opFlatten(OpCall &call);
  Value opSpread(OpCall &call);
  Value opIota(OpCall &call);
  bool checkSlice(const CoreDim &dim, const Dim &lower, const Dim &upper, SourceRange range);
  struct Cut;
  std::optional<Cut> cutOf(const Slice &node, const CoreDim &dim, const DimScope &scope);
  std::optional<Dim> partSize(const Operand &x, int64_t count, SourceRange range);
  CoreDim partOf(const CoreDim &whole, const Dim &size, int64_t count);
  Value slice(const Value &value, const std::vector<Dim> &offsets, const std::vector<Dim> &sizes,
              const std::vector<int64_t> &dropped, std::vector<CoreDim> core, SourceRange range);
  Value rearranged(const Value &value, const std::vector<std::vector<Dim>> &splits, std::vector<int64_t> permutation,
                   const std::vector<int64_t> &joins, Type type, SourceRange range);
  Value evalRearrange(const RearrangeExpr &expr);
  struct PatternSource;
  struct PatternState;
  bool matchSource(const RearrangeExpr &expr, const Operand &operand, PatternState &state);
  bool matchCore(const RearrangeExpr &expr, const PatternDim &node, const CoreDim &core, PatternState &state);
  PatternSource *take(const RearrangeExpr &expr, const Identifier &name, PatternState &state);
  std::string adviceForUnknown(const RearrangeExpr &expr, const Identifier &name, const PatternState &state);
  bool placeLeft(const RearrangeExpr &expr, const PatternDim &node, PatternState &state);
  bool placeInteger(const PatternDim &node, PatternState &state);
  bool placeGroup(const RearrangeExpr &expr, const PatternDim &node, PatternState &state);
  bool placeRight(const RearrangeExpr &expr, const PatternDim &node, PatternState &state);
  std::optional<CoreDim> placeName(const RearrangeExpr &expr, const Identifier &name, const Identifier *renamed,
                                   PatternState &state);
  bool sameOrGuarded(const CoreDim &fresh, const CoreDim &old, SourceRange range);
  void droppedDim(const RearrangeExpr &expr, const PatternSource &source);

  //===-- Networks (ElaborateNetworks.cpp) ------------------------------------------------------------------------===//
  Value opEmbed(OpCall &call);
  Value opUpdate(OpCall &call);
  Value opRope(OpCall &call);
  Value opAttention(OpCall &call);
  std::optional<Operand> attentionOption(OpCall &call, const char *name, const CoreDim &queries, const CoreDim &keys);
  Value opCrossEntropy(OpCall &call);
  Value opMse(OpCall &call);
  Value opBce(OpCall &call);
  bool isMultiple(const Dim &size, const Dim &divisor, SourceRange range);
  bool sizeOption(OpCall &call, const char *name, int64_t least, std::map<std::string, Dim> &options);
  std::optional<double> numberOption(OpCall &call, const char *name);
  std::optional<bool> boolOption(OpCall &call, const char *name);
  Attributes optionAttributes(OpCall &call, const std::map<std::string, Dim> &options);

  //===-- Windows (ElaborateWindows.cpp) --------------------------------------------------------------------------===//
  Value opConv2d(OpCall &call);
  bool checkChannels(OpCall &call, const Dim &groups);
  bool checkBias(OpCall &call, DType dtype);
  Value opPool2d(OpCall &call);
  std::optional<CoreDim> windows(OpCall &call, const CoreDim &in, const Dim &kernel,
                                 const std::map<std::string, Dim> &options);
  void warnOfDropped(OpCall &call, const CoreDim &in, const Dim &kernel, const Dim &dropped);
  /// A convolution or pool that was checked: the sides of its image and window, and its options.
  struct WindowCall {
    std::string name;
    std::array<Dim, 2> in, kernel;
    std::map<std::string, Dim> options;
  };
  bool gives(const WindowCall &call, const std::map<std::string, Dim> &options, const std::vector<CoreDim> &core);
  void keepWindows(const std::string &name, const std::vector<CoreDim> &image, const Dim &height, const Dim &width,
                   const std::map<std::string, Dim> &options);
  std::string adviceForWindows(const std::vector<CoreDim> &found, const std::vector<CoreDim> &wanted);

  //===-- Calls (ElaborateCalls.cpp) ------------------------------------------------------------------------------===//
  Value evalCall(const CallExpr &expr);
  Value callModel(const CallExpr &expr, const Callee &callee);
  Value unknownCallee(const CallExpr &expr);
  Callee resolveCallee(const Expr &expr);
  Callee calleeOf(Value value);
  Callee resolveName(const NameExpr &expr);
  Callee importMember(Module &module, const MemberExpr &expr);
  Callee modelMember(const Callee &base, const MemberExpr &expr);
  void reportUnknownMember(ModelDecl &model, const Identifier &name);
  Callee resolveFileName(Module &module, const std::string &name, SourceRange range);
  Value callOp(const CallExpr &expr, const OpInfo &op);
  bool assignOption(OpCall &call, const CallArgument &argument, std::vector<const CallArgument *> &given);
  bool checkGiven(OpCall &call, const std::vector<const CallArgument *> &given, size_t positional);
  Value dispatch(OpCall &call);
  Value callChain(const CallExpr &expr, const Value &instances);

  //===-- Calls of functions (ElaborateArguments.cpp, ElaborateBinding.cpp, ElaborateInlining.cpp) ----------------===//
  Value call(const CallExpr &expr, FunctionDecl &function, Instance *self);
  Value callWith(const CallExpr &expr, FunctionDecl &function, Instance *self, std::vector<Operand> &arguments,
                 const std::vector<const CallArgument *> &given);
  bool bindArguments(const CallExpr &expr, Binding &binding, std::vector<Operand> &arguments);
  std::optional<BatchList> loopsOf(const CallExpr &expr, const Binding &binding, const std::vector<Operand> &arguments);
  bool gatherArguments(const CallExpr &expr, FunctionDecl &function, std::vector<const CallArgument *> &given);
  bool checkCallee(const CallExpr &expr, FunctionDecl &function);
  bool fitArgument(const Type &parameter, Operand &operand, const std::string &what);
  bool bindBatch(const Type &parameter, const Operand &operand, Binding &binding, const std::string &what);
  void bindSymbols(const Type &parameter, const Operand &operand, Binding &binding);
  void bindPolynomials(const Type &parameter, const Operand &operand, Binding &binding);
  bool checkCores(const Type &parameter, const Operand &operand, Binding &binding, const std::string &what);
  bool finishBinding(const CallExpr &expr, Binding &binding);
  Diagnostic *wrongDivision(const Dim &declared, const Binding &binding, SourceRange range, const std::string &place);
  bool checkDivisions(const CallExpr &expr, const Binding &binding);
  bool requireBounded(const CallExpr &expr, Binding &binding);
  bool checkConditions(const std::vector<Condition> &conditions, const Binding &binding, SourceRange range);
  bool checkInout(const Parameter &parameter, const CallArgument &argument, const Operand &operand,
                  const Binding &binding);
  bool inferable(const DimEntity *dim, const Binding &binding);
  Dim bound(const Dim &declared, const Binding &binding);
  Type boundType(const Type &declared, const Binding &binding);
  std::vector<Value> applySignature(const CallExpr &expr, Binding &binding, const std::vector<Operand> &arguments,
                                    std::vector<Value> &updated);
  std::vector<int> valuesOver(const DimEntity &dim, const FunctionDecl &function,
                              const std::vector<Operand> &arguments);
  std::vector<Value> inlineCall(const CallExpr &expr, Binding &binding, const std::vector<Operand> &arguments,
                                std::vector<Value> &updated);
  void passTree(const CallExpr &expr, Frame &callee, Instance &self);
  void passArguments(FunctionDecl &function, Frame &callee, const std::vector<Operand> &arguments);
  Frame &enterCallee(const CallExpr &expr, Binding &binding);
  Value intoCallee(Frame &callee, const Value &value, size_t outer, const Type &type, SourceRange range);
  Value outOfCallee(Frame &callee, const Value &value, const Type &type, SourceRange range);

  //===-- Models (ElaborateModels.cpp), parameter trees (ElaborateTrees.cpp) --------------------------------------===//
  Value subValue(SubDecl &sub, Instance *parent);
  Instance *directInstance(ModelDecl &model, SourceRange range);
  std::vector<Instance *> makeInstances(SubDecl &sub, Instance *parent);
  std::optional<int64_t> lengthOf(const SubDecl &sub, Instance *parent);
  std::unique_ptr<Instance> elementOf(const Instance &first, const SubItem &item, int64_t i, const Instance *parent);
  bool bindModel(Instance &instance, const std::vector<DimExprPtr> &arguments, SubDecl &sub, Instance *parent);
  bool finishInstance(Instance &instance, const std::string &origin, SourceRange range);
  Dim sizeFor(const Instance *instance, const DimEntity &dim);
  Value weight(Instance *instance, ParamDecl &param, SourceRange range);
  Weight weightOf(const Instance *instance, const ParamDecl &param, const TensorType &type) const;
  void warnOfShared(const Weight &first, const Weight &second);
  void warnOfSharedSubs(const Weight &first, const Weight &second);
  Instance *withTree(Instance *instance, const Value &tree);
  Type weightType(const Instance *instance, const ParamDecl &param);
  TensorType staticType(const Type &type);
  void collectLeaves(Instance &instance, const std::string &prefix, TreeShape &shape);
  Value treeMember(const Value &tree, const MemberExpr &expr);
  Value evalEach(const EachExpr &expr);
  std::optional<std::vector<Value>> treesOf(const EachExpr &expr);
  bool appendMapped(const EachExpr &expr, const Leaf &leaf, size_t index, const Value &result, Value &mapped);
  Value opSqNorm(OpCall &call);

  //===-- Gradients (ElaborateGradients.cpp) ----------------------------------------------------------------------===//
  Value evalGrad(const GradExpr &expr);
  bool checkDifferentiated(const GradExpr &expr, const Operand &value);
  bool fitSeed(Operand &seed, const Type &type);
  std::optional<Type> gradientType(const GradExpr &expr, const Operand &value, const Value &wrt);
  bool checkMixing(const GradExpr &expr, const Value &value, const Value &wrt);

  Context &context;
  const bool checking;
  WeightTable *weightTable;
  Facts facts;
  Frame *frame = nullptr;
  std::vector<std::unique_ptr<Frame>> frames;
  Function out;
  std::vector<std::vector<MixPlace>> opMixes; ///< of out.ops
  std::vector<SourceRange> valueRanges;       ///< of out.values
  std::vector<std::unique_ptr<Axis>> axisPool;
  std::map<const DimEntity *, Axis *> symbolAxes;
  std::map<std::string, const DimEntity *> symbolEntities; ///< flat symbol -> dim
  std::map<std::string, Axis *> axesByName;
  std::map<const DimEntity *, Dim> freshSizes; ///< of dims that bindings have made up
  std::map<std::pair<const DimEntity *, std::string>, const DimEntity *> freshEntities;
  std::vector<std::unique_ptr<Instance>> instancePool;
  int64_t instancesOfSubs = 0;
  std::map<const void *, std::vector<Instance *>> rootInstances;
  struct UsedWeight {
    Weight weight;
    Value value;
    SourceRange range; ///< of its type
    std::vector<size_t> position;
  };
  std::map<std::string, UsedWeight> usedWeights; ///< by name in the weights file
  std::map<int, SourceRange> consumed;           ///< values updated in place, and where
  std::vector<WindowCall> windowCalls;           ///< so far, while checking
  std::vector<Expectation> *expectations = nullptr;
  int64_t turnsLeft = 4096; ///< while elaborating: a limit for all that is inlined
  bool stopped = false;     ///< a limit was reached: everything is poison from here on
};

} // namespace batten::frontend

#endif
