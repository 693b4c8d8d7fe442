// AST.h - the syntax tree: what the parser makes and sema reads.
//
// One struct a production of the grammar, plain data, every node with its source range. Nodes own their children.
// Expressions, statements and items are small class hierarchies: switch over `kind`, then `cast<CallExpr>(expr)`,
// or test with `dynCast<CallExpr>(expr)`.
//
// What surprises:
// - Binary operators of one precedence level are one flat ChainExpr (`a + b - c` is first a, links [+ b, - c]), so a
//   sum of a million terms is neither parsed, walked nor destroyed recursively. DimExpr does the same. All other
//   nesting is bounded by the depth limit of 256, so recursion over the tree is safe.
// - Parentheses leave no node; they widen the range of what they enclose. A tuple has at least two elements.
// - A body `= expr` is a Block without statements and with one result.
// - An index without a bar (`x[0]`, IndexExpr::hasBar false) is left to sema, which knows the type to show (E0211).
//   A tensor type without a bar (E0209) and a number left of the bar (E0214) are refused by the parser, which marks
//   them: sema takes them for a type that nothing is said of any more.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_AST_H
#define BATTEN_COMPILER_FRONTEND_AST_H

#include "compiler/frontend/Source.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace batten::frontend {

struct Identifier {
  std::string name;
  SourceRange range;
};

struct StringLiteral {
  std::string value; // without the quotes; there are no escapes
  SourceRange range;
};

// nn.Mha
struct QualifiedName {
  std::vector<Identifier> parts; // at least one
  SourceRange range;
};

//===- Dims and types ---------------------------------------------------------------------------------------------===//

struct DimExpr;
using DimExprPtr = std::unique_ptr<DimExpr>;

enum class DimOperator { Add, Sub, Mul, Div, Mod }; // Div is the exact `/`

struct DimLink {
  DimOperator op;
  SourceRange opRange;
  DimExprPtr operand;
};

// dexpr. A chain holds operators of one precedence level, left to right.
struct DimExpr {
  enum class Kind { Integer, Name, FloorDiv, Chain };
  Kind kind;
  SourceRange range;
  int64_t value = 0;          // Integer
  std::string name;           // Name
  DimExprPtr lhs, rhs;        // FloorDiv: div(lhs, rhs);  Chain: lhs is its first operand
  std::vector<DimLink> links; // Chain: at least one
};

// One entry of a tensor type, left or right of the bar. Left of it, Size is always a DimExpr of kind Name.
struct TypeDim {
  enum class Kind { Size, Binder, Wildcard }; // D*2, ?Hc, _
  Kind kind;
  SourceRange range;
  DimExprPtr size;   // Size
  Identifier binder; // Binder: the name, without the `?`
};

// f32, or the name of an alias.
struct DTypeName {
  std::string name;
  bool builtin = false;
  SourceRange range;
};

struct TypeExpr {
  enum class Kind { Tensor, Params }; // f32[B | D], Mlp.params
  Kind kind = Kind::Tensor;
  SourceRange range;
  DTypeName dtype;                  // Tensor
  bool hasDims = false;             // Tensor: false for plain `f32`, which is `f32[|]`
  SourceRange barRange;             // Tensor with dims
  std::vector<TypeDim> batch, core; // Tensor
  bool refused = false;             // Tensor: its error is said
  QualifiedName model;              // Params: what stands before `.params`
};

//===- Expressions ------------------------------------------------------------------------------------------------===//

enum class ExprKind {
  Number,
  Bool,
  Inf,
  Name,
  DType,
  Tuple,
  Array,
  Unary,
  Chain,
  Cast,
  Member,
  Call,
  Index,
  Fill,
  Rearrange,
  Grad,
  Each,
};

struct Expr {
  const ExprKind kind;
  SourceRange range;
  virtual ~Expr() = default;

protected:
  Expr(ExprKind kind, SourceRange range) : kind(kind), range(range) {}
};
using ExprPtr = std::unique_ptr<Expr>;

// 1_000, 0.5, 1e-5. Without fraction and exponent it is whole, and `integer` is exact: at most 2^63 (which only
// `-9223372036854775808` can use). `real` is always set (infinite when the text is beyond f64).
struct NumberExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Number;
  explicit NumberExpr(SourceRange range) : Expr(classKind, range) {}
  bool isInteger = false;
  uint64_t integer = 0;
  double real = 0;
  std::string text; // as written
};

struct BoolExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Bool;
  explicit BoolExpr(SourceRange range) : Expr(classKind, range) {}
  bool value = false;
};

struct InfExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Inf;
  explicit InfExpr(SourceRange range) : Expr(classKind, range) {}
};

// A variable, parameter, constant, dim, function, model, sub or import; `var` before `(` is one too.
struct NameExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Name;
  explicit NameExpr(SourceRange range) : Expr(classKind, range) {}
  std::string name;
};

// A dtype as the value of a named argument: `acc: f32`. An alias comes as a NameExpr.
struct DTypeExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::DType;
  explicit DTypeExpr(SourceRange range) : Expr(classKind, range) {}
  DTypeName dtype;
};

struct TupleExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Tuple;
  explicit TupleExpr(SourceRange range) : Expr(classKind, range) {}
  std::vector<ExprPtr> elements; // at least two
};

// [a, b, c]; also the dim list of `spread(x, [B, T])`.
struct ArrayExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Array;
  explicit ArrayExpr(SourceRange range) : Expr(classKind, range) {}
  std::vector<ExprPtr> elements; // at least one
};

enum class UnaryOperator { Neg, Not };

struct UnaryExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Unary;
  explicit UnaryExpr(SourceRange range) : Expr(classKind, range) {}
  UnaryOperator op = UnaryOperator::Neg;
  SourceRange opRange;
  ExprPtr operand;
};

enum class BinaryOperator { Or, And, Eq, Ne, Lt, Le, Gt, Ge, Add, Sub, Mul, Div, Rem, Matmul };

struct ChainLink {
  BinaryOperator op;
  SourceRange opRange;
  ExprPtr operand;
};

// Left to right. Levels: `||`; `&&`; one comparison; `+ -`; `* / % @`.
struct ChainExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Chain;
  explicit ChainExpr(SourceRange range) : Expr(classKind, range) {}
  ExprPtr first;
  std::vector<ChainLink> links; // at least one; exactly one for a comparison
};

struct CastExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Cast;
  explicit CastExpr(SourceRange range) : Expr(classKind, range) {}
  ExprPtr operand;
  DTypeName dtype;
};

// base.name: x.T, Attn.step, nn.Mha, p.w1
struct MemberExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Member;
  explicit MemberExpr(SourceRange range) : Expr(classKind, range) {}
  ExprPtr base;
  Identifier name;
};

// What stands after `over`.
struct OverAxes {
  enum class Kind { Batch, Last, Core, Names };
  Kind kind = Kind::Names;
  std::vector<Identifier> names; // Batch, Names
  int64_t count = 1;             // Last
  SourceRange range;             // of the axes: `batch B`, `last 2`, `H, W`
  SourceRange overRange;         // of the word `over`
};

struct CallArgument {
  std::optional<Identifier> name;
  ExprPtr value;
  std::optional<OverAxes> over;
  SourceRange range;
};

// callee(arguments; tree)
struct CallExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Call;
  explicit CallExpr(SourceRange range) : Expr(classKind, range) {}
  ExprPtr callee;
  std::vector<CallArgument> arguments;
  ExprPtr tree;               // null without `; p`
  SourceRange argumentsRange; // from `(` to `)`
};

// i, or lower:upper with either left out (null).
struct Slice {
  bool isRange = false;
  ExprPtr index;        // not a range
  ExprPtr lower, upper; // a range
  SourceRange range;
};

struct IndexExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Index;
  explicit IndexExpr(SourceRange range) : Expr(classKind, range) {}
  ExprPtr base;
  bool hasBar = true;
  std::vector<Slice> slices; // at least one, one a core dim
  SourceRange bracketRange;
};

// zeros(ty), fill(ty, value)
struct FillExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Fill;
  explicit FillExpr(SourceRange range) : Expr(classKind, range) {}
  bool zeros = false;
  TypeExpr type;
  ExprPtr value; // null for zeros
};

// One entry of a rearrange pattern.
struct PatternDim {
  enum class Kind { Name, Integer, Rename, Group }; // T, 1, S:T, (H Dh)
  Kind kind = Kind::Name;
  SourceRange range;
  std::vector<Identifier> names; // Name: [T]; Rename: [S, T], the new name first; Group: all of them
  int64_t value = 0;             // Integer
};

struct Pattern {
  std::vector<PatternDim> batch, core; // a Group in batch is refused by the parser
  bool refused = false;                // its error is said
  SourceRange range;
};

struct RearrangeExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Rearrange;
  explicit RearrangeExpr(SourceRange range) : Expr(classKind, range) {}
  ExprPtr operand;
  Pattern from, to;
};

struct GradExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Grad;
  explicit GradExpr(SourceRange range) : Expr(classKind, range) {}
  ExprPtr value;
  ExprPtr wrt;
  ExprPtr seed; // null without `with`
};

struct Stmt;
using StmtPtr = std::unique_ptr<Stmt>;

// { statements return results }, or `= result`.
struct Block {
  std::vector<StmtPtr> statements;
  std::vector<ExprPtr> results; // at least one, unless an error was reported
  SourceRange range;
  SourceRange returnRange; // the word `return`; empty for `= expr`
};

struct EachBinding {
  Identifier name;
  ExprPtr tree;
};

// each w in p, d in g { ... }
struct EachExpr : Expr {
  static constexpr ExprKind classKind = ExprKind::Each;
  explicit EachExpr(SourceRange range) : Expr(classKind, range) {}
  std::vector<EachBinding> bindings; // at least one
  Block body;
};

//===- Statements -------------------------------------------------------------------------------------------------===//

enum class StmtKind { Let, Var, Assign, For, Expect };

struct Stmt {
  const StmtKind kind;
  SourceRange range;
  virtual ~Stmt() = default;

protected:
  Stmt(StmtKind kind, SourceRange range) : kind(kind), range(range) {}
};

struct LetStmt : Stmt {
  static constexpr StmtKind classKind = StmtKind::Let;
  explicit LetStmt(SourceRange range) : Stmt(classKind, range) {}
  std::vector<Identifier> names;
  bool destructures = false; // written `(a, b)`, also with one name
  std::optional<TypeExpr> type;
  ExprPtr value;
};

struct VarStmt : Stmt {
  static constexpr StmtKind classKind = StmtKind::Var;
  explicit VarStmt(SourceRange range) : Stmt(classKind, range) {}
  Identifier name;
  std::optional<TypeExpr> type;
  ExprPtr value;
};

struct AssignStmt : Stmt {
  static constexpr StmtKind classKind = StmtKind::Assign;
  explicit AssignStmt(SourceRange range) : Stmt(classKind, range) {}
  Identifier name;
  ExprPtr value;
};

// lower..upper, or the sub array that `lower` names.
struct ForIterator {
  ExprPtr lower;
  ExprPtr upper; // null without `..`
  SourceRange range;
};

struct ForStmt : Stmt {
  static constexpr StmtKind classKind = StmtKind::For;
  explicit ForStmt(SourceRange range) : Stmt(classKind, range) {}
  std::vector<Identifier> names;
  std::vector<ForIterator> iterators;
  std::vector<StmtPtr> body;
};

// expect actual ~ expected tol tolerance; in tests only.
struct ExpectStmt : Stmt {
  static constexpr StmtKind classKind = StmtKind::Expect;
  explicit ExpectStmt(SourceRange range) : Stmt(classKind, range) {}
  ExprPtr actual, expected;
  std::optional<double> tolerance;
};

//===- Items ------------------------------------------------------------------------------------------------------===//

// One token of what stands in the parentheses of an attribute.
struct AttributeToken {
  enum class Kind { Identifier, Number, String, Punctuation };
  Kind kind;
  std::string text; // of a string, without the quotes
  SourceRange range;
};

// #[specialize(B = 1, 8, 32)]
struct AttributeNode {
  Identifier name;
  bool hasArguments = false;
  std::vector<AttributeToken> arguments; // balanced
  std::string argumentText;              // between the parentheses, as written: `dropped-rows` is three tokens
  SourceRange range;
};

enum class ItemKind { Import, Dim, TypeAlias, Const, Function, Model, Param, Sub, Test };

// Of a file: all but Param. Of a model: Param, Sub, Function, Dim, Const.
struct Item {
  const ItemKind kind;
  SourceRange range;
  std::vector<AttributeNode> attributes;
  std::string doc; // text of the `///` lines above, without the slashes, joined by '\n'
  virtual ~Item() = default;
  const AttributeNode *attribute(std::string_view name) const; // the first of this name; null: it has none

protected:
  Item(ItemKind kind, SourceRange range) : kind(kind), range(range) {}
};
using ItemPtr = std::unique_ptr<Item>;

struct ImportItem : Item {
  static constexpr ItemKind classKind = ItemKind::Import;
  explicit ImportItem(SourceRange range) : Item(classKind, range) {}
  StringLiteral path;
  std::optional<Identifier> alias;
};

struct DimDefinition {
  enum class Kind { Unbounded, Bounded, Static }; // B;  T <= 2048;  D = 512
  Kind kind = Kind::Unbounded;
  Identifier name;
  DimExprPtr value; // null when unbounded
  SourceRange range;
};

struct DimItem : Item {
  static constexpr ItemKind classKind = ItemKind::Dim;
  explicit DimItem(SourceRange range) : Item(classKind, range) {}
  std::vector<DimDefinition> definitions;
};

struct TypeAliasItem : Item {
  static constexpr ItemKind classKind = ItemKind::TypeAlias;
  explicit TypeAliasItem(SourceRange range) : Item(classKind, range) {}
  Identifier name;
  TypeExpr type;
};

struct ConstItem : Item {
  static constexpr ItemKind classKind = ItemKind::Const;
  explicit ConstItem(SourceRange range) : Item(classKind, range) {}
  Identifier name;
  TypeExpr type;
  ExprPtr value;
};

enum class DimRelation { Eq, Ne, Lt, Le, Gt, Ge };

struct DimCondition {
  DimExprPtr lhs, rhs;
  DimRelation relation;
  SourceRange range;
};

struct Parameter {
  bool isInout = false;
  Identifier name;
  TypeExpr type;
  SourceRange range;
};

struct FunctionItem : Item {
  static constexpr ItemKind classKind = ItemKind::Function;
  explicit FunctionItem(SourceRange range) : Item(classKind, range) {}
  bool isPublic = false;
  Identifier name;
  std::vector<Identifier> generics;
  std::vector<Parameter> parameters;
  std::vector<TypeExpr> results; // at least one
  bool tupleResult = false;      // written `-> (a, b)`, also with one type
  std::vector<DimCondition> conditions;
  bool expressionBody = false; // `= expr`
  Block body;
  SourceRange signatureRange; // from `pub` or `fn` to before the body
};

struct ModelItem : Item {
  static constexpr ItemKind classKind = ItemKind::Model;
  explicit ModelItem(SourceRange range) : Item(classKind, range) {}
  Identifier name;
  std::vector<Identifier> generics;
  std::vector<DimCondition> conditions;
  std::vector<ItemPtr> members;
};

struct ParamItem : Item {
  static constexpr ItemKind classKind = ItemKind::Param;
  explicit ParamItem(SourceRange range) : Item(classKind, range) {}
  Identifier name;
  TypeExpr type;
  std::optional<StringLiteral> from;
};

// sub blocks[L]: nn.Block<D, H> from "h"
struct SubItem : Item {
  static constexpr ItemKind classKind = ItemKind::Sub;
  explicit SubItem(SourceRange range) : Item(classKind, range) {}
  Identifier name;
  DimExprPtr count; // null: not an array
  QualifiedName model;
  std::vector<DimExprPtr> arguments;
  std::optional<StringLiteral> from;
};

struct TestBinding {
  Identifier dim;
  int64_t value = 0;
};

struct TestItem : Item {
  static constexpr ItemKind classKind = ItemKind::Test;
  explicit TestItem(SourceRange range) : Item(classKind, range) {}
  StringLiteral name;
  std::vector<TestBinding> bindings;
  std::vector<StmtPtr> body; // the only place of ExpectStmt
};

struct FileNode {
  uint32_t file = 0;
  std::vector<ItemPtr> items;
  bool isWhole = true;        // false: after an error something of the text is not in it
  bool isCut = false;         // and what comes behind the error is not known either
  std::set<std::string> lost; // what the items and members that are not in it would have declared
};

//===- Casts ------------------------------------------------------------------------------------------------------===//

template <typename T, typename Node> const T &cast(const Node &node) { return static_cast<const T &>(node); }

template <typename T, typename Node> const T *dynCast(const Node &node) {
  return node.kind == T::classKind ? static_cast<const T *>(&node) : nullptr;
}

const char *spelling(BinaryOperator op);
const char *spelling(UnaryOperator op);
const char *spelling(DimOperator op);
const char *spelling(DimRelation relation);

} // namespace batten::frontend

#endif
