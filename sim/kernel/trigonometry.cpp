#include "sim/kernel/math.hpp"

#include <initializer_list>

// sin and cos: the argument is reduced by pi/2 in integers, with as many bits of 2/pi as its exponent needs,
// so that 1e300 is as accurate as 1 (Payne and Hanek); the rest is the Taylor series on [-pi/4, pi/4].

namespace weir {
namespace {

// 64 zero bits, then the first 1216 bits of 2/pi.
constexpr std::uint64_t two_over_pi[20] = {
    0x0000000000000000ull, 0xA2F9836E4E441529ull, 0xFC2757D1F534DDC0ull, 0xDB6295993C439041ull,
    0xFE5163ABDEBBC561ull, 0xB7246E3A424DD2E0ull, 0x06492EEA09D1921Cull, 0xFE1DEB1CB129A73Eull,
    0xE88235F52EBB4484ull, 0xE99C7026B45F7E41ull, 0x3991D639835339F4ull, 0x9C845F8BBDF9283Bull,
    0x1FF897FFDE05980Full, 0xEF2F118B5A0A6D1Full, 0x6D367ECF27CB09B7ull, 0x4F463F669E5FEA2Dull,
    0x7527BAC7EBE5F17Bull, 0x3D0739F78A5292EAull, 0x6BFB5FB11F8D5D08ull, 0x56033046FC7B6BABull,
};

constexpr double pi_over_4 = 0x1.921fb54442d18p-1;

struct Reduced {
  double high, low;  // the angle, within [-pi/4, pi/4], as a sum
  unsigned quadrant;
};

__extension__ using Uint128 = unsigned __int128;

std::uint64_t low_word(Uint128 value) {
  return static_cast<std::uint64_t>(value);
}

std::uint64_t high_word(Uint128 value) {
  return static_cast<std::uint64_t>(value >> 64);
}

// value * 2^exponent for a value of 64 bits, rounded once.
double real_of(std::uint64_t value, int exponent) {
  return static_cast<double>(value) *
         std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

// angle is finite and at least pi/4.
Reduced reduce(double angle) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(angle);
  const std::uint64_t mantissa = (bits & 0x000FFFFFFFFFFFFFull) | 0x0010000000000000ull;
  const int exponent = static_cast<int>(bits >> 52) - 1075;  // angle = mantissa * 2^exponent

  // The 192 bits of 2^exponent * 2/pi from weight 2 down: what is above adds whole turns.
  const unsigned start = static_cast<unsigned>(exponent + 62);
  const std::uint64_t* const from = two_over_pi + start / 64;
  const unsigned shift = start % 64;
  std::uint64_t window[3];
  for (int i = 0; i < 3; ++i) {
    window[i] = shift == 0 ? from[i] : (from[i] << shift) | (from[i + 1] >> (64 - shift));
  }

  // Quadrants modulo 4, a fixed-point number with 2 bits before the point and 190 behind it.
  const Uint128 product_2 = Uint128{mantissa} * window[2];
  const Uint128 product_1 = Uint128{mantissa} * window[1] + high_word(product_2);
  std::uint64_t top = mantissa * window[0] + high_word(product_1);
  std::uint64_t middle = low_word(product_1);
  std::uint64_t bottom = low_word(product_2);

  unsigned quadrant = static_cast<unsigned>(top >> 62);
  top = (top << 2) | (middle >> 62);
  middle = (middle << 2) | (bottom >> 62);
  bottom <<= 2;
  const bool negative = top >> 63 != 0;  // round to the nearest quadrant
  if (negative) {
    quadrant = (quadrant + 1) & 3;
    top = ~top;
    middle = ~middle;
    bottom = ~bottom;  // one unit of 2^-192 off, below the window's own truncation
  }

  int point = 0;  // the fraction is (top, middle, bottom) * 2^-192 * 2^-point
  if (top == 0) {
    top = middle;
    middle = bottom;
    bottom = 0;
    point = 64;
  }
  if (const int zeros = std::countl_zero(top); zeros > 0 && zeros < 64) {
    top = (top << zeros) | (middle >> (64 - zeros));
    middle = (middle << zeros) | (bottom >> (64 - zeros));
    point += zeros;
  }
  const double high = real_of(top >> 11, -53 - point);
  const double low = real_of((top << 53) | (middle >> 11), -117 - point);

  // Times pi/2, as a sum of two. high has 53 bits: halves of 26 and 27 make the product exact.
  constexpr double half_pi = 0x1.921fb54442d18p+0, half_pi_low = 0x1.1a62633145c07p-54;
  constexpr double half_pi_top = 0x1.921fb50000000p+0, half_pi_rest = half_pi - half_pi_top;
  const double product = high * half_pi;
  const double high_top = real_of(top >> 38, -26 - point), high_rest = high - high_top;
  const double error =
      ((high_top * half_pi_top - product) + high_top * half_pi_rest + high_rest * half_pi_top) +
      high_rest * half_pi_rest;
  const double rest = error + (high * half_pi_low + low * half_pi);
  const double sum = product + rest;
  const double sum_low = rest - (sum - product);
  return negative ? Reduced{-sum, -sum_low, quadrant} : Reduced{sum, sum_low, quadrant};
}

// sin(x + small) and cos(x + small) for |x| <= pi/4.
double sin_near_zero(double x, double small) {
  const double z = x * x;
  double series = 1.0 / 355687428096000;  // 1/17!
  for (const double coefficient : {-1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880,
                                   -1.0 / 5040, 1.0 / 120, -1.0 / 6}) {
    series = series * z + coefficient;
  }
  return x + (z * x * series + small * (1.0 - 0.5 * z));
}

double cos_near_zero(double x, double small) {
  const double z = x * x;
  double series = -1.0 / 6402373705728000;  // 1/18!
  for (const double coefficient : {1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800,
                                   1.0 / 40320, -1.0 / 720, 1.0 / 24}) {
    series = series * z + coefficient;
  }
  const double half = 0.5 * z;
  const double rounded = 1.0 - half;
  return rounded + (((1.0 - rounded) - half) + (z * z * series - x * small));
}

double of_quadrant(const Reduced& angle, unsigned quadrant) {
  const double value =
      quadrant % 2 == 0 ? sin_near_zero(angle.high, angle.low) : cos_near_zero(angle.high, angle.low);
  return quadrant % 4 < 2 ? value : -value;
}

}  // namespace

double math_sin(double radians) {
  const double size = radians < 0 ? -radians : radians;
  if (!(size < math_detail::infinity)) return math_detail::not_a_number;
  if (size < 0x1p-27) return radians;
  if (size < pi_over_4) return sin_near_zero(radians, 0);
  const Reduced angle = reduce(size);
  const double value = of_quadrant(angle, angle.quadrant);
  return radians < 0 ? -value : value;
}

double math_cos(double radians) {
  const double size = radians < 0 ? -radians : radians;
  if (!(size < math_detail::infinity)) return math_detail::not_a_number;
  if (size < pi_over_4) return cos_near_zero(size, 0);
  const Reduced angle = reduce(size);
  return of_quadrant(angle, angle.quadrant + 1);
}

}  // namespace weir
