// ExplainText.cpp - pages of `batten explain`: E00xx, how a file is written.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Explain.h"

namespace batten::frontend {

const std::vector<Page> textPages = {
    {"E0001", "malformed number",
     R"(
A number is digits, perhaps a fraction, perhaps an exponent: `3`, `1_000`, `0.5`, `1e-5`. Hexadecimal numbers and suffixes
do not exist.
)",
     R"(
const eps: f32 = 1e-
)",
     R"(
const eps: f32 = 1e-5
)"},
    {"E0002", "unterminated block comment",
     R"(
Block comments nest: each `/*` needs its own `*/`. Line comments are `//`.
)",
     R"(
dim B
/* size /* by head */ of the batch
pub fn f(x: f32[B | 4]) -> f32[B | 4] = x
)",
     R"(
dim B
/* size /* by head */ of the batch */
pub fn f(x: f32[B | 4]) -> f32[B | 4] = x
)"},
    {"E0003", "source is not UTF-8",
     R"(
Files are UTF-8; outside comments and strings only ASCII is used. The message names the byte. A file in Latin-1 is
converted by `iconv -f latin1 -t utf8`.
)",
     R"(
$ printf 'const half: f32 = 0.5 // caf\351\n' > ex.btn; batten check ex.btn
)",
     R"(
$ printf 'const half: f32 = 0.5 // caf\303\251\n' > ex.btn; batten check ex.btn
)"},
    {"E0004", "nested too deep",
     R"(
Expressions, types and blocks may be nested 256 levels deep. A long sum is not nested. Inner parts can be named by `let`.
)",
     R"(
$ (printf 'const x: f32 = '; printf '(%.0s' $(seq 300); printf 1; printf ')%.0s' $(seq 300)) > ex.btn; batten check ex.btn
)",
     R"(
const x: f32 = ((((1))))
)"},
    {"E0005", "unexpected token",
     R"(
Something else must stand here; the message says what was found and what may stand there. Words such as `dim`, `test` or
`where` are reserved. A statement begins with `let`, `var`, `for` or `name =`, and a block ends with `return`.
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] {
  let h = relu(x)
  h + x
}
)",
     R"(
dim B
pub fn f(x: f32[B | 4]) -> f32[B | 4] {
  let h = relu(x)
  return h + x
}
)"},
    {"E0006", "unterminated string",
     R"(
A string ends on the line where it begins.
)",
     R"(
dim B
model M {
  param w: f32[| 4] from "fc.weight
}
)",
     R"(
dim B
model M {
  param w: f32[| 4] from "fc.weight"   fn apply(x: f32[| 4]) -> f32[| 4] = x * w
}
)"},
};

} // namespace batten::frontend
