#pragma once

#include <cstdint>

#include "sim/kernel/assert.hpp"

// How many paths there are: a number that passes 1e1374 within one second of a busy trace, where doubles end
// at 1e308. A double with its own exponent, in steps of 2^256, so that adding is hardly ever more than adding
// two doubles. Counts are whole numbers; beyond 2^53 they are rounded as doubles are, relative 1e-16 a step.

namespace weir::analyzer {

class PathCount {
 public:
  constexpr PathCount() = default;
  constexpr explicit PathCount(double count) : mantissa_(count) {}

  bool zero() const { return mantissa_ == 0; }

  PathCount& operator+=(const PathCount& other) {
    if (other.exponent_ == exponent_) {
      mantissa_ += other.mantissa_;
    } else {
      add_apart(other);
    }
    if (mantissa_ >= step) {
      mantissa_ /= step;
      ++exponent_;
    }
    return *this;
  }

  // a * b / n, at most about 1: the share of n paths that a * b are.
  static double share(const PathCount& a, const PathCount& b, const PathCount& n) {
    WEIR_ASSERT(n.mantissa_ != 0, "a share of no paths");
    // Mantissas are in [1, 2^256) or zero: neither product nor quotient leaves the range of a double.
    double share = a.mantissa_ * b.mantissa_ / n.mantissa_;
    std::int64_t exponent = a.exponent_ + b.exponent_ - n.exponent_;
    for (; exponent < 0; ++exponent) {
      share /= step;
      if (share == 0) return 0;
    }
    for (; exponent > 0; --exponent) share *= step;
    return share;
  }

  // Decimal logarithm; of zero, minus infinity.
  double log10() const;
  // The number itself; infinity if a double cannot hold it.
  double value() const;

 private:
  static constexpr double step = 0x1p256;

  void add_apart(const PathCount& other) {
    if (other.mantissa_ == 0) return;
    if (mantissa_ == 0) {
      *this = other;
      return;
    }
    const bool smaller = exponent_ < other.exponent_;
    const PathCount& large = smaller ? other : *this;
    const PathCount& small = smaller ? *this : other;
    // Two steps apart is a ratio below 2^-256: nothing that a double would notice.
    const double part = large.exponent_ - small.exponent_ == 1 ? small.mantissa_ / step : 0;
    *this = PathCount(large.mantissa_ + part, large.exponent_);
  }
  constexpr PathCount(double mantissa, std::int64_t exponent) : mantissa_(mantissa), exponent_(exponent) {}

  double mantissa_ = 0;  // 0, or in [1, 2^256)
  std::int64_t exponent_ = 0;
};

}  // namespace weir::analyzer
