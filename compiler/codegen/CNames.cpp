// CNames.cpp - see CNames.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/CNames.h"
#include "dialect/Batten.h"

using namespace mlir;

namespace batten {

namespace {
struct DtypeRow {
  batten_dtype dtype;
  const char *text, *inC;
};
} // namespace
static const DtypeRow dtypes[] = {
    {BATTEN_F64, "f64", "double"},        {BATTEN_F32, "f32", "float"},   {BATTEN_F16, "f16", "batten_f16"},
    {BATTEN_BF16, "bf16", "batten_bf16"}, {BATTEN_I64, "i64", "int64_t"}, {BATTEN_I32, "i32", "int32_t"},
    {BATTEN_I8, "i8", "int8_t"},          {BATTEN_U8, "u8", "uint8_t"},   {BATTEN_BOOL, "bool", "batten_bool"},
};

static const DtypeRow &rowOf(batten_dtype dtype) {
  return *llvm::find_if(dtypes, [&](const DtypeRow &row) { return row.dtype == dtype; });
}
StringRef dtypeText(batten_dtype dtype) { return rowOf(dtype).text; }
StringRef dtypeInC(batten_dtype dtype) { return rowOf(dtype).inC; }

batten_dtype dtypeOf(Type element) {
  std::string name = dtypeName(element);
  return llvm::find_if(dtypes, [&](const DtypeRow &row) { return row.text == name; })->dtype;
}

/// Words that C11 or C++20 keep for themselves, and the two old macros of GNU modes.
static const StringRef keywords[] = {
    "alignas",     "alignof",      "and",       "and_eq",   "asm",       "auto",         "bitand",   "bitor",
    "bool",        "break",        "case",      "catch",    "char",      "char16_t",     "char32_t", "char8_t",
    "class",       "co_await",     "co_return", "co_yield", "compl",     "concept",      "const",    "const_cast",
    "consteval",   "constexpr",    "constinit", "continue", "decltype",  "default",      "delete",   "do",
    "double",      "dynamic_cast", "else",      "enum",     "explicit",  "export",       "extern",   "false",
    "float",       "for",          "friend",    "goto",     "if",        "inline",       "int",      "linux",
    "long",        "mutable",      "namespace", "new",      "noexcept",  "not",          "not_eq",   "nullptr",
    "operator",    "or",           "or_eq",     "private",  "protected", "public",       "register", "reinterpret_cast",
    "requires",    "restrict",     "return",    "short",    "signed",    "sizeof",       "static",   "static_assert",
    "static_cast", "struct",       "switch",    "template", "this",      "thread_local", "throw",    "true",
    "try",         "typedef",      "typeid",    "typename", "typeof",    "union",        "unix",     "unsigned",
    "using",       "virtual",      "void",      "volatile", "wchar_t",   "while",        "xor",      "xor_eq"};

/// Macros of C's headers that a size or a tensor may well be called: after <complex.h>, `I` is a number.
static const StringRef macros[] = {"complex", "EOF", "errno", "I", "INFINITY", "NAN", "NULL"};

/// What the text of a prototype needs unshadowed: the types in it.
static bool isTakenByTypes(StringRef name, StringRef program) {
  // Whole names: a weight `mha_wo` of program mha is no type, and every name must come free by a `_` at its end.
  for (StringRef type : {"batten_call", "batten_error", "batten_bf16", "batten_f16", "batten_bool"})
    if (name == type)
      return true;
  StringRef rest = name;
  bool own = rest.consume_front(program) && rest.consume_front("_");
  return name.ends_with("_t") ||
         (own && (rest == "program" || rest == "weights" || rest.ends_with("_params") || rest.ends_with("_params_in")));
}

std::string CNames::take(StringRef wanted) {
  std::string name = wanted.str();
  for (char &c : name)
    if (c == '.')
      c = '_';
  while (llvm::is_contained(keywords, name) || llvm::is_contained(macros, name) || isTakenByTypes(name, program) ||
         used.contains(name))
    name += "_";
  used.insert(name);
  return name;
}

} // namespace batten
