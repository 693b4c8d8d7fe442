// Rotation.h - the angles of rope: what the exact evaluator computes and the lowering writes as operations.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_ROTATION_H
#define BATTEN_DIALECT_ROTATION_H

#include <cstdint>
#include <vector>

namespace batten::rotation {

/// A turn, its rest below the double above, and turns a radian.
inline constexpr double turn = 0x1.921fb54442d18p+2, turnLow = 0x1.1a62633145c07p-52;
inline constexpr double turnsPerRadian = 0x1.45f306dc9c883p-3;
/// Added to a number of turns and taken off again it leaves the nearest whole one.
inline constexpr double shift = 0x1.8p52;

/// Radians a position of each pair: base^(-2i/d).
std::vector<double> frequencies(double base, int64_t d);

/// position * frequency less whole turns: the argument of the sine and cosine of f32. Those of f64 take the product as
/// it is.
float angle(double position, double frequency);

} // namespace batten::rotation
#endif // BATTEN_DIALECT_ROTATION_H
