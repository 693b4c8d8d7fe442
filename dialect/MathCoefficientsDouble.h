// MathCoefficientsDouble.h - every constant of the functions of f64, as dialect/NUMERICS.md prints them.
//
// Polynomials are minimax fits of ours: the exchange algorithm of Remez on the relative error of the function, in 60
// digits, each coefficient then rounded to nearest. They are listed from the lowest power up and evaluated by Horner's
// rule with one fused multiply-add a power. A constant that must be finer than f64 stands as a sum High + Low.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_DIALECT_MATHCOEFFICIENTSDOUBLE_H
#define BATTEN_DIALECT_MATHCOEFFICIENTSDOUBLE_H

#include <cstdint>

namespace batten::coefficients::f64 {

// 1.5 * 2^52: the low bits of a sum with it hold a whole number. With 1023 + 512 more, shifting these bits by 52 gives
// 2^(n + 512), for n from -1534 to 511.
inline constexpr double roundingShift = 0x1.8p52;
inline constexpr double exponentBias = 1023, scaleExponent = 512;
inline constexpr double scaleUp = 0x1p512, scaleDown = 0x1p-512;

inline constexpr double log2E = 0x1.71547652b82fep+0;
inline constexpr double ln2High = 0x1.62e42fefa39efp-1, ln2Low = 0x1.abc9e3b39803fp-56;

// exp(r) = 1 + r (1 + r q(r)) for |r| <= ln(2) / 2.
inline constexpr double expPolynomial[] = {0x1p-1,
                                           0x1.555555555555bp-3,
                                           0x1.5555555555503p-5,
                                           0x1.111111110ec5p-7,
                                           0x1.6c16c16c3025p-10,
                                           0x1.a01a01b384a53p-13,
                                           0x1.a01a01370f0d4p-16,
                                           0x1.71ddf00e47bfbp-19,
                                           0x1.27e5b35d620ffp-22,
                                           0x1.af6c0b9988866p-26,
                                           0x1.1e3e83f006b73p-29};
inline constexpr double expLowest = -746.0, expHighest = 710.0;

// log(1 + f) = f - s (f - s^2 p(s^2)), s = f / (2 + f), for 1 + f in [sqrt(1/2), sqrt(2)).
inline constexpr double logPolynomial[] = {0x1.5555555555555p-1, 0x1.9999999999dcdp-2, 0x1.249249242e359p-2,
                                           0x1.c71c72563fc14p-3, 0x1.745cdee827085p-3, 0x1.3b209235d86d3p-3,
                                           0x1.0f5eab8ac64a2p-3, 0x1.0f5470e1dd7f1p-3};
inline constexpr uint64_t sqrtHalfBits = 0x3fe6a09e667f3bcd;
inline constexpr double logLn2High = 0x1.62e42fefa4p-1, logLn2Low = -0x1.8432a1b0e2634p-43; // exact times an exponent

// tanh(a) = a + a^3 p(a^2) for a <= 9/16.
inline constexpr double tanhPolynomial[] = {-0x1.555555555554cp-2,  0x1.111111111033p-3,   -0x1.ba1ba1b93bcbep-5,
                                            0x1.664f484a7c3fap-6,   -0x1.226e2d236c935p-7, 0x1.d6d24c31bc3ffp-9,
                                            -0x1.7d8bcac19f8d8p-10, 0x1.3462310d7bc61p-11, -0x1.e818681e8db17p-13,
                                            0x1.5995f52364d42p-14,  -0x1.3d76d38a12c4bp-16};
inline constexpr double tanhSmall = 0.5625, tanhHighest = 22.0;

// erfc(a / sqrt(2)) / 2 = exp(-a^2 / 2) p(t) / (a + 4), t = (a - 4) / (a + 4), for a in [0, 39].
inline constexpr double geluPolynomial[] = {
    0x1.82b4bb8c94dcep-1,  -0x1.373e3a893c28ap-1,  0x1.8c6dbf2cfc2b3p-2,   -0x1.7dff2bff68367p-3,
    0x1.eec4cc3e4d405p-5,  -0x1.ee2761048d9d6p-8,  -0x1.c81719d567553p-9,  0x1.ab825fc4cb6f3p-10,
    0x1.17a4ae45c5059p-13, -0x1.e4a4268b57697p-13, -0x1.001e7811bd16cp-19, 0x1.26d0b2ce87f3bp-15,
    0x1.80b4eb4829387p-21, -0x1.8d4e04221f1fdp-18, -0x1.51efe7aa9067ap-21, 0x1.12528555a227dp-20,
    0x1.23742e35a7354p-22, -0x1.4e497c86e8492p-23, -0x1.6d925d02e1c5cp-24, 0x1.e3e681a04e7a6p-27,
    0x1.50703a33b61dbp-26, 0x1.80e7516130f3dp-30,  -0x1.69e887309c7e6p-29, -0x1.4022032920d1cp-31,
    0x1.fd5893e018b48p-35};
inline constexpr double geluCentre = 4.0, geluHighest = 39.0;

// 2 sqrt(2 / pi) and 0.044715 times that. The first High has 40 fractional bits, so that a sum it begins can be taken
// apart again without rounding.
inline constexpr double geluTanhLinearHigh = 0x1.9884533d43p+0, geluTanhLinearLow = 0x1.942343f2cf14p-42;
inline constexpr double geluTanhCubicHigh = 0x1.2444f2a4d8b4bp-4, geluTanhCubicLow = -0x1.6c843a29d1c7p-61;
inline constexpr double geluTanhHighest = 22.0;

inline constexpr double siluLowest = -760.0;

// log(1 + e) = t + t^3 p(t^2) with t = e / (1 + e/2), e in [0, 1].
inline constexpr double log1pPolynomial[] = {0x1.5555555555556p-4,  0x1.9999999999558p-7,  0x1.24924924c2155p-9,
                                             0x1.c71c71a5b1c9ep-12, 0x1.745d1e0bcfc2bp-14, 0x1.3b12d4d0e60cfp-16,
                                             0x1.11235940b789dp-18, 0x1.dfe0d50b596ep-21,  0x1.c17cf5978be6fp-23,
                                             0x1.1e45c7b4d103ep-25, 0x1.51715a470dddap-26};

// sin(r) = r + r^3 p(r^2), cos(r) = 1 - r^2 / 2 + r^4 p(r^2) for |r| <= 0.787.
inline constexpr double sinPolynomial[] = {-0x1.5555555555555p-3, 0x1.111111111110bp-7,   -0x1.a01a01a018ab9p-13,
                                           0x1.71de3a5335cep-19,  -0x1.ae64529358ce6p-26, 0x1.61208f77188eap-33,
                                           -0x1.aaa39f26f58dep-41};
inline constexpr double cosPolynomial[] = {0x1.555555555554cp-5,   -0x1.6c16c16c15177p-10, 0x1.a01a019cb019fp-16,
                                           -0x1.27e4f8082e592p-22, 0x1.1ee9ea64d9d4fp-29,  -0x1.8fadaf2a07327p-37};
inline constexpr double twoOverPi = 0x1.45f306dc9c883p-1;
inline constexpr double halfPi[] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};
inline constexpr double trigonometricModerate = 0x1p27; // above, the reduction is by the bits of 2 / pi
// 64 zero bits, then the first 1152 bits of 2 / pi behind the point.
inline constexpr uint64_t twoOverPiBits[] = {
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
    0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41,
    0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08};

// log2((1 + s) / (1 - s)) = s (k + s^2 (k/3 + s^2 (k/5 + s^2 p(s^2)))), k = 2 / ln(2); 2^r = 1 + r (ln(2) + r q(r)).
inline constexpr double powLinearHigh = 0x1.71547652b82fep+1, powLinearLow = 0x1.777d0ffda0d24p-55;
inline constexpr double powCubicHigh = 0x1.ec709dc3a03fdp-1, powCubicLow = 0x1.d27f05548af0cp-55;
inline constexpr double powQuinticHigh = 0x1.2776c50ef9bfep-1, powQuinticLow = 0x1.e4b29ccc535d4p-55;
inline constexpr double powPolynomial[] = {0x1.a61762a7adf5dp-2, 0x1.484b13d79458bp-2, 0x1.0c9a84cb891b8p-2,
                                           0x1.c68f23bec7127p-3, 0x1.8a013143a7225p-3, 0x1.59a3fc2281ce9p-3,
                                           0x1.5cb3f8d3a7cdbp-3};
inline constexpr double exp2Polynomial[] = {0x1.ebfbdff82c58fp-3,  0x1.c6b08d704a0c8p-5,  0x1.3b2ab6fba4e2cp-7,
                                            0x1.5d87fe78a381fp-10, 0x1.430912f883017p-13, 0x1.ffcbfc706e20ep-17,
                                            0x1.62c021e0cca34p-20, 0x1.b524e56e341b9p-24, 0x1.e4d07ea1f6c08p-28,
                                            0x1.e9f6446a55483p-32, 0x1.c2a9da6f2a4a2p-36};
inline constexpr double powHighest = 1200.0;

} // namespace batten::coefficients::f64
#endif // BATTEN_DIALECT_MATHCOEFFICIENTSDOUBLE_H
