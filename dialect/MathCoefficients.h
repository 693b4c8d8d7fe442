// MathCoefficients.h - every constant of the element-wise functions, as dialect/NUMERICS.md prints them.
//
// Polynomials are minimax fits of ours, rounded one coefficient at a time with the later ones fitted anew; they are
// listed from the lowest power up and evaluated by Horner's rule with one fused multiply-add a power. A constant that
// must be finer than f32 stands as a sum High + Low.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_MATHCOEFFICIENTS_H
#define BATTEN_DIALECT_MATHCOEFFICIENTS_H

#include <cstdint>

namespace batten::coefficients {

// 1.5 * 2^23: a float this large has units in its last place, so adding it rounds to a whole number, and the low bits
// of the sum hold that number. With 127 + 64 more, shifting these bits by 23 gives 2^(n + 64), for n from -190 to 63.
inline constexpr float roundingShift = 0x1.8p23f;
inline constexpr float scaleUp = 0x1p64f, scaleDown = 0x1p-64f;

inline constexpr float log2E = 0x1.715476p+0f;
inline constexpr float ln2High = 0x1.62e43p-1f, ln2Low = -0x1.05c61p-29f;

// exp(r) = 1 + r (1 + r q(r)) for |r| <= ln(2) / 2, the error weighted for exp and for expm1.
inline constexpr float expPolynomial[] = {0x1.fffffcp-2f, 0x1.555492p-3f, 0x1.5558bp-5f, 0x1.12399cp-7f,
                                          0x1.6a4ed2p-10f};
// exp(r) there to within 2^-13 of itself, for what is rounded to bf16.
inline constexpr float expToBf16Polynomial[] = {0x1.fff692p-1f, 0x1.000ac2p+0f, 0x1.028a8cp-1f, 0x1.5349f8p-3f};
inline constexpr float expm1Polynomial[] = {0x1.fffffep-2f, 0x1.5554b4p-3f, 0x1.5556f2p-5f, 0x1.12254ap-7f,
                                            0x1.6b9c68p-10f};
inline constexpr float expLowest = -104.0f, expHighest = 89.0f;

// log(1 + f) = f - f^2 / 2 + f^3 p(f) for 1 + f in [sqrt(1/2), sqrt(2)).
inline constexpr float logPolynomial[] = {0x1.555554p-2f, -0x1.000226p-2f, 0x1.99a01cp-3f, -0x1.54728cp-3f,
                                          0x1.22d936p-3f, -0x1.0d8232p-3f, 0x1.055e62p-3f, -0x1.38c912p-4f};
inline constexpr uint32_t sqrtHalfBits = 0x3f3504f3;
inline constexpr float logLn2High = 0x1.62e4p-1f, logLn2Low = 0x1.7f7d1cp-20f; // 16 bits: exact times an exponent

// tanh(a) = a + a^3 p(a^2) for a <= 9/16.
inline constexpr float tanhPolynomial[] = {-0x1.555548p-2f, 0x1.110c5ep-3f, -0x1.b905c4p-5f, 0x1.5811f6p-6f,
                                           -0x1.9454f2p-8f};
inline constexpr float tanhSmall = 0.5625f, tanhHighest = 10.0f;

// erfc(a) = exp(-(a + a p(a))) for a in [0, 4].
inline constexpr float erfPolynomial[] = {0x1.06eba8p-3f,   0x1.45f3p-1f,     0x1.a4f8c4p-4f,
                                          -0x1.39b7cep-6f,  -0x1.636f46p-13f, 0x1.b74236p-10f,
                                          -0x1.4e2516p-11f, 0x1.f27c4ep-14f,  -0x1.3af112p-17f};
inline constexpr float erfHighest = 4.0f;

// erfc(a / sqrt(2)) = 2^-(a p(a)) for a in [0, 7]; the error is weighted by what it does to gelu, and beyond the
// product climbs to 127, which it reaches at geluHighest. 2^r / 2 for |r| <= 1/2.
inline constexpr float geluPolynomial[] = {0x1.26af22p+0f,  0x1.d62e7ap-2f,  0x1.af5384p-5f,   -0x1.dec9ep-8f,
                                           0x1.5d2024p-12f, 0x1.aa5dfcp-14f, -0x1.61d788p-16f, 0x1.58cdd2p-20f};
inline constexpr float halfExp2Polynomial[] = {0x1p-1f,        0x1.62e43p-2f,   0x1.ebfbdcp-4f, 0x1.c6af78p-6f,
                                               0x1.3b2ddep-8f, 0x1.5f0b1ap-11f, 0x1.4170ep-14f};
inline constexpr float geluHighest = 10.95f;

// The same for bf16, with equal errors for a in [0, 13.3], and 2^-r / 2.
inline constexpr float geluShortPolynomial[] = {0x1.252c12p+0f,  0x1.e26f04p-2f,   0x1.70ea16p-5f, -0x1.6caeap-8f,
                                                0x1.c13372p-12f, -0x1.32899ep-16f, 0x1.5fc93ep-22f};
inline constexpr float halfExp2ShortPolynomial[] = {0x1.fff632p-2f, -0x1.62f3bp-2f, 0x1.f0f70ap-4f, -0x1.c3ea9ap-6f};
inline constexpr float geluShortHighest = 14.0f;

// 2 sqrt(2 / pi) and 0.044715 times that. The first High has 16 fractional bits, so that a sum it begins can be taken
// apart again without rounding.
inline constexpr float geluTanhLinearHigh = 0x1.9884p+0f, geluTanhLinearLow = 0x1.4cf50ep-18f;
inline constexpr float geluTanhCubicHigh = 0x1.2444f2p-4f, geluTanhCubicLow = 0x1.49b16ap-29f;
inline constexpr float geluTanhHighest = 11.0f;

inline constexpr float siluLowest = -110.0f;

// log(1 + e) = t + t^3 p(t^2) with t = e / (1 + e/2), e in [0, 1].
inline constexpr float log1pPolynomial[] = {0x1.555558p-4f, 0x1.9996d8p-7f, 0x1.250514p-9f, 0x1.b72ad8p-12f,
                                            0x1.f090acp-14f};

// sin(r) = r + r^3 p(r^2), cos(r) = 1 - r^2 / 2 + r^4 p(r^2) for |r| <= 0.787.
inline constexpr float sinPolynomial[] = {-0x1.555544p-3f, 0x1.1106c6p-7f, -0x1.991c28p-13f};
inline constexpr float cosPolynomial[] = {0x1.55554ap-5f, -0x1.6c0c26p-10f, 0x1.99e714p-16f};
inline constexpr float twoOverPi = 0x1.45f306p-1f;
inline constexpr float halfPi[] = {0x1.921fb6p+0f, -0x1.777a5cp-25f, -0x1.ee59dap-50f};
inline constexpr float trigonometricModerate = 0x1p17f; // above, the reduction is by the bits of 2 / pi
// 16 zero bits, then the first 208 bits of 2 / pi behind the point.
inline constexpr uint32_t twoOverPiBits[] = {0x0000a2f9, 0x836e4e44, 0x1529fc27, 0x57d1f534,
                                             0xddc0db62, 0x95993c43, 0x9041fe60};

// log2((1 + s) / (1 - s)) = s (k + s^2 (k/3 + s^2 p(s^2))), k = 2 / ln(2); 2^r = 1 + r (ln(2) + r q(r)).
inline constexpr float powLinearHigh = 0x1.715476p+1f, powLinearLow = 0x1.4ae0cp-25f;
inline constexpr float powCubicHigh = 0x1.ec709ep-1f, powCubicLow = -0x1.e2fe02p-28f;
inline constexpr float powPolynomial[] = {0x1.2776c4p-1f, 0x1.a61992p-2f, 0x1.479906p-2f, 0x1.229054p-2f};
inline constexpr float exp2Polynomial[] = {0x1.ebfbdcp-3f, 0x1.c6af8ap-5f, 0x1.3b2decp-7f, 0x1.5f032ep-10f,
                                           0x1.415ec8p-13f};
inline constexpr float powHighest = 160.0f;

} // namespace batten::coefficients
#endif // BATTEN_DIALECT_MATHCOEFFICIENTS_H
