#pragma once

#include <bit>
#include <cfloat>
#include <cstdint>
#include <limits>

// Elementary functions that give the same bits on every machine with IEEE 754 doubles: additions,
// multiplications, divisions and integer operations only, each rounded as the standard says. libm gives no
// such promise (glibc picks an implementation by the processor), and one last bit is another trajectory.
//
// Accuracy: at most 2 ulp, which the tests demand over the whole range; none was seen above 1.25. Special
// values are those of C99, annex F, without the floating-point exception flags. Needs -ffp-contract=off.
//
// The polynomials are the functions' own series, so every coefficient can be checked by eye; a minimax fit
// would save two or three terms. log reduces as Tang, "Table-driven implementation of the logarithm
// function", ACM TOMS 16(4), 1990, section 2, without the table; sin and cos after Payne and Hanek, "Radian
// reduction for trigonometric functions", SIGNUM 18(1), 1983.

namespace weir {

static_assert(std::numeric_limits<double>::is_iec559 && FLT_EVAL_METHOD == 0,
              "doubles must be IEEE 754 and not computed in a wider type");

double math_pow(double base, double exponent);
double math_log1p(double x);
double math_sin(double radians);
double math_cos(double radians);

namespace math_detail {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// ln 2 in two parts; the first has 42 bits, so that its product with any binary exponent is exact.
inline constexpr double ln2_high = 0x1.62e42fefa38p-1;
inline constexpr double ln2_low = 0x1.ef35793c7673p-45;
inline constexpr std::uint64_t sqrt_half_bits = 0x3FE6A09E667F3BCDull;

// log(1 + f) + small for sqrt(1/2) <= 1 + f < sqrt(2). With s = f / (2 + f), log(1 + f) is 2 atanh(s), whose
// leading term 2 s is f - s f = f - (f^2/2 - s f^2/2): what is subtracted from the exact f is small.
constexpr double log_near_one(double f, double small) {
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double z2 = z * z;
  const double z4 = z2 * z2;
  // 2/3 z + 2/5 z^2 + ... + 2/21 z^10; z < 0.0295, so what is cut off is below 2^-60 of 2 s.
  const double low = (2.0 / 3 + z * (2.0 / 5)) + z2 * (2.0 / 7 + z * (2.0 / 9));
  const double middle = (2.0 / 11 + z * (2.0 / 13)) + z2 * (2.0 / 15 + z * (2.0 / 17));
  const double tail = z * ((low + z4 * middle) + (z4 * z4) * (2.0 / 19 + z * (2.0 / 21)));
  const double half_square = 0.5 * f * f;
  return f - (half_square - (s * (half_square + tail) + small));
}

// value * 2^exponent with one rounding, for 0.5 < value < 2 and -1100 < exponent < 1100.
constexpr double scale(double value, std::int64_t exponent) {
  if (exponent >= -1021 && exponent <= 1022) {
    return value * std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
  }
  const std::int64_t step = exponent > 0 ? 1000 : -1000;
  return value * std::bit_cast<double>(static_cast<std::uint64_t>(exponent - step + 1023) << 52) *
         std::bit_cast<double>(static_cast<std::uint64_t>(step + 1023) << 52);
}

// e^(x + small) for finite x and |small| < 1e-9: e^x = 2^k e^r with |r| <= ln(2)/2.
constexpr double exp_sum(double x, double small) {
  if (x > 709.79) return infinity;
  if (x < -745.14) return 0;
  const double scaled = x * 0x1.71547652b82fep0;  // 1 / ln 2
  const auto k = static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  const double k_real = static_cast<double>(k);
  const double r = (x - k_real * ln2_high) - (k_real * ln2_low - small);
  const double r2 = r * r;
  const double r4 = r2 * r2;
  // r^2/2! + ... + r^13/13!; the rest is below 2^-57.
  const double low = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
  const double middle = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
  const double high =
      (1.0 / 3628800 + r * (1.0 / 39916800)) + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));
  return scale(1.0 + (r + r2 * (low + r4 * (middle + r4 * high))), k);
}

}  // namespace math_detail

// Natural logarithm; -inf at 0, NaN below.
constexpr double math_log(double x) {
  using namespace math_detail;
  std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  std::int64_t exponent = 0;
  if (bits - 0x0010000000000000ull >= 0x7FE0000000000000ull) {  // not a positive normal number
    if (x == 0) return -infinity;
    if (x < 0 || x != x) return not_a_number;
    if (x == infinity) return x;
    bits = std::bit_cast<std::uint64_t>(x * 0x1p54);
    exponent = -54;
  }
  const std::int64_t k = static_cast<std::int64_t>(bits - sqrt_half_bits) >> 52;
  const double mantissa = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(k) << 52));
  const double k_real = static_cast<double>(k + exponent);
  return k_real * ln2_high + log_near_one(mantissa - 1.0, k_real * ln2_low);
}

// e^x; overflows to +inf above 709.78, underflows through the denormals to 0 below -745.13.
constexpr double math_exp(double x) {
  if (x != x) return x;
  return math_detail::exp_sum(x, 0);
}

}  // namespace weir
