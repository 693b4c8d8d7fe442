// Amounts.h - large numbers and polynomials as people read them: `124.4 M`, `170 M*T + 37 k*T^2`.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_AMOUNTS_H
#define BATTEN_COMPILER_TOOLS_AMOUNTS_H

#include "dialect/Dims.h"
#include <string>

namespace batten {

/// "999", "1.5 k", "124.4 M": at most one digit behind the point, none where it is 0. `unit` follows the prefix.
std::string amount(double value, const char *unit = "");
/// Each coefficient so, lower degrees first.
std::string amount(const Dim &formula, const char *unit = "");
/// "850 ns", "1.25 us", "3.00 ms".
std::string timeText(double seconds);
/// One number by a format of printf.
std::string decimalText(double value, const char *format);

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_AMOUNTS_H
