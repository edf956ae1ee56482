#include "sim/kernel/math.hpp"

#include <initializer_list>

namespace weir {
namespace {

using math_detail::infinity;
using math_detail::not_a_number;

// A number as the unevaluated sum of two doubles, some 106 bits. The error-free sums and products are those
// of T. J. Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18, 1971.
struct Pair {
  double high;
  double low;
};

Pair sum_of_ordered(double larger, double smaller) {
  const double sum = larger + smaller;
  return {sum, smaller - (sum - larger)};
}

Pair sum_of(double a, double b) {
  const double sum = a + b;
  const double b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

Pair split(double x) {
  const double spread = x * 134217729.0;  // 2^27 + 1
  const double high = spread - (spread - x);
  return {high, x - high};
}

// Exact, unless a factor is above 2^990 or the product so small that its low half underflows.
Pair product_of(double a, double b) {
  const double product = a * b;
  const Pair x = split(a), y = split(b);
  return {product, ((x.high * y.high - product) + x.high * y.low + x.low * y.high) + x.low * y.low};
}

// ln of a positive finite number to about 2^-65: y * ln x reaches 745, and e^ of that turns the absolute
// error of the logarithm into a relative error of the power.
Pair log_pair(double x) {
  using namespace math_detail;
  std::int64_t exponent = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    exponent = -54;
  }
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const std::int64_t k = static_cast<std::int64_t>(bits - sqrt_half_bits) >> 52;
  const double mantissa = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(k) << 52));
  const double k_real = static_cast<double>(k + exponent);

  // s = f / (2 + f); ln(1 + f) = 2 s + s (2/3 s^2 + 2/5 s^4 + ...): the first three factors as pairs.
  const double f = mantissa - 1.0;
  const Pair divisor = sum_of(mantissa, 1.0);
  const double s_high = f / divisor.high;
  const Pair back = product_of(s_high, divisor.high);
  const double s_low = ((f - back.high) - back.low - s_high * divisor.low) / divisor.high;

  const Pair square = product_of(s_high, s_high);
  const double z = square.high;
  const double z_low = square.low + 2.0 * s_high * s_low;
  double series = 2.0 / 25;
  for (const double coefficient :
       {2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5}) {
    series = series * z + coefficient;
  }
  constexpr double two_thirds = 0x1.5555555555555p-1, two_thirds_low = 0x1.5555555555555p-55;
  const Pair first = product_of(two_thirds, z);
  const Pair tail =
      sum_of_ordered(first.high, first.low + two_thirds_low * z + two_thirds * z_low + z * z * series);
  const Pair cubic = product_of(s_high, tail.high);
  const double cubic_low = cubic.low + s_high * tail.low + s_low * tail.high;

  const Pair a = sum_of(k_real * ln2_high, 2.0 * s_high);
  const Pair b = sum_of(a.high, cubic.high);
  return sum_of(b.high, b.low + a.low + (cubic_low + 2.0 * s_low + k_real * ln2_low));
}

bool is_integer(double x) {
  const double size = x < 0 ? -x : x;
  return size >= 0x1p53 || static_cast<double>(static_cast<std::int64_t>(size)) == size;
}

bool is_odd_integer(double x) {
  const double size = x < 0 ? -x : x;
  return size < 0x1p53 && is_integer(x) && (static_cast<std::int64_t>(size) & 1) != 0;
}

}  // namespace

double math_log1p(double x) {
  if (!(x > -1)) return x == -1 ? -infinity : not_a_number;
  const double size = x < 0 ? -x : x;
  if (size < 0x1p-54) return x;
  if (x > -0.29 && x < 0.41) return math_detail::log_near_one(x, 0);
  if (x == infinity) return x;
  const double sum = 1.0 + x;
  const double lost = x > 1 ? 1.0 - (sum - x) : x - (sum - 1.0);
  return math_log(sum) + lost / sum;
}

double math_pow(double base, double exponent) {
  if (exponent == 0 || base == 1) return 1;
  if (base != base || exponent != exponent) return not_a_number;
  const double size = base < 0 ? -base : base;
  const bool negative = std::bit_cast<std::uint64_t>(base) >> 63 != 0 && is_odd_integer(exponent);
  const double sign = negative ? -1.0 : 1.0;
  if (size == 0 || size == infinity) {
    const bool vanishes = (size == 0) == (exponent > 0);
    return sign * (vanishes ? 0.0 : infinity);
  }
  if (size == 1 && (exponent == infinity || exponent == -infinity)) return 1;  // base is -1
  if (base < 0 && !is_integer(exponent)) return not_a_number;
  if (exponent == 1) return base;
  if (size == 1) return sign;
  // Beyond these, the power is certain: |ln base| is between 2^-53 and 745.
  const double exponent_size = exponent < 0 ? -exponent : exponent;
  if (exponent_size > 0x1p64) return sign * ((size > 1) == (exponent > 0) ? infinity : 0.0);
  if (exponent_size < 0x1p-70) return sign;

  const Pair logarithm = log_pair(size);
  const Pair product = product_of(exponent, logarithm.high);
  const double product_low = product.low + exponent * logarithm.low;
  if (product.high > 710) return sign * infinity;
  if (product.high < -746) return sign * 0.0;
  return sign * math_detail::exp_sum(product.high, product_low);
}

}  // namespace weir
