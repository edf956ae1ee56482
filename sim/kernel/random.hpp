#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/kernel/math.hpp"

// Random numbers that belong to somebody. A stream is named by the run's seed, an entity ("map[3]") and a
// purpose
// ("service"), and every draw is a function of that name and of its number alone (Philox,
// sim/kernel/philox.hpp). An operator added to a scenario, or a draw more for one purpose, leaves all other
// streams as they were, so two scenarios can be compared draw by draw (common random numbers).
//
//   RandomStream service(seed, "map[3]", "service");
//   const double service_s = service.exponential(1e-4);
//
// The same name gives the same bits on every machine: the distributions are our own, and use our own log and
// exp. A copy repeats the draws of its original from there on. Beware of two draws in one expression,
// f(s.normal(), s.normal()): C++ leaves their order to the compiler.

namespace weir {

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view entity, std::string_view purpose);

  // 64 independent bits.
  std::uint64_t next_u64() {
    const std::uint64_t slot = drawn_++ % 4;
    return slot == 0 ? refill() : ahead_[slot - 1];
  }

  // Uniform in the open interval (0, 1): a multiple of 2^-53, or 2^-54 in place of 0, so log and 1 - u are
  // safe.
  double uniform01() {
    const std::uint64_t bits = next_u64() >> 11;
    return bits == 0 ? 0x1p-54 : static_cast<double>(bits) * 0x1p-53;
  }

  double uniform(double low, double high) { return low + (high - low) * uniform01(); }

  // Uniform among 0 ... bound - 1, without bias (Lemire, "Fast random integer generation in an interval", ACM
  // TOMACS 29(1), 2019). bound > 0.
  std::uint64_t below(std::uint64_t bound);

  bool bernoulli(double probability) { return uniform01() < probability; }

  // By inversion: one draw each, falling in the draw. mean >= 0.
  double exponential(double mean) { return -mean * math_log(uniform01()); }

  // Standard normal, by the ziggurat of Marsaglia and Tsang, J. Stat. Soft. 5(8), 2000, with 256 layers.
  double normal();

  // Mean shape * scale. Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS
  // 26(3), 2000. shape > 0, scale >= 0. Results of tiny shapes may underflow to 0.
  double gamma(double shape, double scale);

  // By its own mean (> 0) and coefficient of variation (>= 0), not by those of its logarithm.
  double lognormal(double mean, double cv);

  // 0 <= mean <= 1e15. Inversion below 10; above, transformed rejection: PTRS of Hormann, "The transformed
  // rejection method for generating Poisson random variables", Insurance: Mathematics and Economics 12(1),
  // 1993.
  std::int64_t poisson(double mean);

  // 0 <= n <= 1e15, 0 <= p <= 1. Inversion while the rarer outcome is expected less than 10 times; above,
  // BTRS of Hormann, "The generation of binomial random variates", J. Stat. Comp. Sim. 46, 1993.
  std::int64_t binomial(std::int64_t n, double p);

  // How many words were drawn: next_u64 of a fresh stream, called once more than this, gives what it would
  // give now.
  std::uint64_t drawn() const { return drawn_; }

 private:
  std::uint64_t
  refill();  // draws 4 words with one interleaved pair of Philox blocks: returns one, keeps three

  std::uint64_t key_;     // with stream_, the 128 bits that name the stream
  std::uint64_t stream_;  // the upper half of each counter
  std::uint64_t drawn_ = 0;
  std::array<std::uint64_t, 3> ahead_{};
};

static_assert(sizeof(RandomStream) == 48);

}  // namespace weir
