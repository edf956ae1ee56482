#include "sim/kernel/math.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "sim/kernel/fingerprint.hpp"

using namespace weir;

namespace {

// A generator of its own (splitmix64, Steele, Lea, Flood 2014), so that what is tested does not draw the
// tests.
class Arguments {
 public:
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  double between(double low, double high) {
    return low + (high - low) * (static_cast<double>(bits() >> 11) * 0x1p-53);
  }
  // Any double at all: every exponent, denormals, infinities and NaN.
  double any() { return std::bit_cast<double>(bits()); }
  // Every magnitude down to 1e-17 of the limit, both signs.
  double spread(double limit) { return limit * std::exp(-40 * between(0, 1)) * (bits() & 1 ? 1 : -1); }

 private:
  std::uint64_t state_ = 20240613;
};

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_number = std::numeric_limits<double>::quiet_NaN();

// Distance to the exact value in units of the last place of the nearest double.
double ulps(double got, long double exact) {
  const double nearest = static_cast<double>(exact);
  if (std::isnan(nearest)) return std::isnan(got) ? 0 : inf;
  if (std::isinf(nearest) || std::isinf(got) || nearest == 0) return got == nearest ? 0 : inf;
  const double size = std::fabs(nearest);
  const double unit = size - std::nextafter(size, 0);
  return static_cast<double>(std::fabs(got - exact) / unit);
}

class Worst {
 public:
  void see(double got, long double exact) { ulps_ = std::max(ulps_, ulps(got, exact)); }
  double ulps_ = 0;
};

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

constexpr int rounds = 200'000;

}  // namespace

static_assert(std::numeric_limits<long double>::digits >= 64, "the reference is a long double of 64 bits");

TEST_CASE("log and log1p are within 2 ulp of the exact value", "[math]") {
  Arguments arguments;
  Worst log, log1p;
  for (int i = 0; i < rounds; ++i) {
    for (const double x :
         {std::fabs(arguments.any()), arguments.between(0.5, 1.5), arguments.between(0, 10)}) {
      log.see(math_log(x), std::log(static_cast<long double>(x)));
    }
    for (const double x : {std::fabs(arguments.any()), arguments.spread(0.999), arguments.between(-1, 3)}) {
      log1p.see(math_log1p(x), std::log1p(static_cast<long double>(x)));
    }
  }
  CHECK(log.ulps_ < 2);
  CHECK(log1p.ulps_ < 2);
}

TEST_CASE("exp is within 2 ulp of the exact value, denormal results included", "[math]") {
  Arguments arguments;
  Worst exp;
  for (int i = 0; i < rounds; ++i) {
    for (const double x :
         {arguments.between(-750, 715), arguments.spread(5), arguments.between(-745.2, -708)}) {
      exp.see(math_exp(x), std::exp(static_cast<long double>(x)));
    }
  }
  CHECK(exp.ulps_ < 2);
}

TEST_CASE("pow is within 2 ulp of the exact value, near overflow and underflow too", "[math]") {
  Arguments arguments;
  Worst pow;
  for (int i = 0; i < rounds; ++i) {
    const double any_base = std::exp(arguments.between(-700, 700));
    const double to_the_limits = arguments.between(-708, 709) / std::log(any_base);
    pow.see(math_pow(any_base, to_the_limits), std::pow(static_cast<long double>(any_base), to_the_limits));
    const double near_one = 1 + arguments.spread(0.5);
    const double large = arguments.between(-700, 700) / std::log(near_one);
    if (std::isfinite(large))
      pow.see(math_pow(near_one, large), std::pow(static_cast<long double>(near_one), large));
    const double base = arguments.between(0, 3), exponent = arguments.between(-10, 10);
    pow.see(math_pow(base, exponent), std::pow(static_cast<long double>(base), exponent));
  }
  CHECK(pow.ulps_ < 2);
}

TEST_CASE("sin and cos are within 2 ulp of the exact value, huge angles included", "[math]") {
  Arguments arguments;
  Worst sin, cos, huge;
  for (int i = 0; i < rounds; ++i) {
    // x87 long double reduction in glibc is exact for all arguments.
    for (const double x : {arguments.spread(1), arguments.between(-100, 100), arguments.between(-1e9, 1e9)}) {
      sin.see(math_sin(x), std::sin(static_cast<long double>(x)));
      cos.see(math_cos(x), std::cos(static_cast<long double>(x)));
    }
    const double x = arguments.any();
    huge.see(math_sin(x), std::sin(static_cast<long double>(x)));
    huge.see(math_cos(x), std::cos(static_cast<long double>(x)));
  }
  CHECK(sin.ulps_ < 2);
  CHECK(cos.ulps_ < 2);
  CHECK(huge.ulps_ < 2);
  // The double nearest to a multiple of pi/2 (Muller et al., Handbook of Floating-Point Arithmetic,
  // section 11.1: 6381956970095103 * 2^797): cos is 4.687165924254624e-19 in size there.
  CHECK(std::fabs(math_cos(0x1.6ac5b262ca1ffp+849)) == Approx(4.6871659242546276e-19).epsilon(1e-15));
}

TEST_CASE("special arguments give what C99 annex F says", "[math]") {
  const double least = std::numeric_limits<double>::denorm_min();
  const double most = std::numeric_limits<double>::max();
  CHECK(same(math_log(0.0), -inf));
  CHECK(same(math_log(-0.0), -inf));
  CHECK(same(math_log(1.0), 0.0));
  CHECK(same(math_log(inf), inf));
  CHECK(std::isnan(math_log(-1.0)));
  CHECK(std::isnan(math_log(-inf)));
  CHECK(std::isnan(math_log(not_number)));
  CHECK(math_log(least) == Approx(-744.4400719213812).epsilon(1e-15));
  CHECK(math_log(most) == Approx(709.782712893384).epsilon(1e-15));
  CHECK(same(math_exp(0.0), 1.0));
  CHECK(same(math_exp(least), 1.0));
  CHECK(same(math_exp(inf), inf));
  CHECK(same(math_exp(-inf), 0.0));
  CHECK(same(math_exp(710.0), inf));
  CHECK(same(math_exp(-746.0), 0.0));
  CHECK(same(math_exp(-745.0), least));
  CHECK(std::isnan(math_exp(not_number)));
  CHECK(same(math_log1p(-1.0), -inf));
  CHECK(same(math_log1p(inf), inf));
  CHECK(same(math_log1p(-0.0), -0.0));
  CHECK(same(math_log1p(least), least));
  CHECK(std::isnan(math_log1p(-1.5)));
  CHECK(std::isnan(math_log1p(not_number)));
  CHECK(same(math_sin(-0.0), -0.0));
  CHECK(same(math_sin(least), least));
  CHECK(same(math_cos(0.0), 1.0));
  for (const double x : {inf, -inf, not_number}) {
    CHECK(std::isnan(math_sin(x)));
    CHECK(std::isnan(math_cos(x)));
  }
  const double values[] = {0.0,   -0.0,   least,  -least,      0.5,        -0.5,        1.0,
                           -1.0,  2.0,    -2.0,   3.0,         -3.0,       2.5,         -2.5,
                           1e300, -1e300, 0x1p53, -0x1p53 - 2, 0x1p53 - 1, 1 - 0x1p-53, 1 + 0x1p-52,
                           most,  -most,  inf,    -inf,        not_number};
  for (const double base : values) {
    for (const double exponent : values) {
      // Where the results are not special, the two may differ by the last place.
      const double got = math_pow(base, exponent), want = std::pow(base, exponent);
      INFO(base << " ^ " << exponent << " = " << got << ", expected " << want);
      const bool close = std::signbit(got) == std::signbit(want) && ulps(got, want) <= 2;
      CHECK((same(got, want) || close));
    }
  }
}

TEST_CASE("the functions give the same bits everywhere", "[math]") {
  // Pinned: a change here is a change of every trajectory.
  Arguments arguments;
  Fingerprint fingerprint;
  const auto add = [&](double value) {
    fingerprint.add(0, std::isnan(value) ? 1 : std::bit_cast<std::uint64_t>(value));
  };
  for (int i = 0; i < 20'000; ++i) {
    add(math_log(arguments.any()));
    add(math_exp(arguments.between(-750, 715)));
    const double base = arguments.between(0, 5);  // of its own: the order of two arguments is the compiler's
    add(math_pow(base, arguments.between(-50, 50)));
    add(math_log1p(arguments.between(-1, 5)));
    add(math_sin(arguments.any()));
    add(math_cos(arguments.between(-1000, 1000)));
  }
  CHECK(fingerprint.value() == 0x345ef3b49cd90defull);
}
