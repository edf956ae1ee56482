#include "sim/kernel/random.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/philox.hpp"

namespace weir {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr std::uint64_t word(std::uint32_t low, std::uint32_t high) {
  return (static_cast<std::uint64_t>(high) << 32) | low;
}

constexpr std::uint32_t low_half(std::uint64_t bits) {
  return static_cast<std::uint32_t>(bits);
}

constexpr std::uint32_t high_half(std::uint64_t bits) {
  return static_cast<std::uint32_t>(bits >> 32);
}

PhiloxBlock block_at(std::uint64_t index, std::uint64_t stream, std::uint64_t key) {
  return philox4x32_10({low_half(index), high_half(index), low_half(stream), high_half(stream)},
                       {low_half(key), high_half(key)});
}

// The name of a stream in 128 bits, by chaining Philox itself: state = philox(state ^ block, number of the
// block). Each step is a permutation of the state, so names of one length that differ in one block never
// collide, and others with probability 2^-128.
class NameHash {
 public:
  void add(std::uint64_t low, std::uint64_t high) {
    const PhiloxBlock input = {state_[0] ^ low_half(low), state_[1] ^ high_half(low),
                               state_[2] ^ low_half(high), state_[3] ^ high_half(high)};
    state_ = philox4x32_10(input, {++blocks_, 0x77656972u});  // "weir": no stream of draws has this start
  }

  void add(std::string_view text) {
    for (std::size_t start = 0; start < text.size(); start += 16) {
      std::uint64_t words[2] = {0, 0};
      const std::size_t end = std::min(start + 16, text.size());
      for (std::size_t i = start; i < end; ++i) {
        words[(i - start) / 8] |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i]))
                                  << (i % 8 * 8);
      }
      add(words[0], words[1]);
    }
  }

  std::uint64_t low() const { return word(state_[0], state_[1]); }
  std::uint64_t high() const { return word(state_[2], state_[3]); }

 private:
  PhiloxBlock state_{};
  std::uint32_t blocks_ = 0;
};

// The normal density's ziggurat: 256 layers of equal area, x falling, the lowest one with the tail beyond
// x[1]. Solved for 256 layers to all digits; the published value for r is 3.6541528853610088.
constexpr int layers = 256;
constexpr double tail_start = 0x1.d3bb48209ad33p+1;  // 3.654152885361009
constexpr double layer_area = 0x1.43016a5a43732p-8;  // 0.004928673233974655

struct Ziggurat {
  std::array<double, layers + 1> x{};
  std::array<double, layers + 1> density{};  // exp(-x^2 / 2)
};

// Made by the compiler, so that it exists before any static initialiser draws.
constexpr Ziggurat make_ziggurat() {
  Ziggurat table;
  const auto density = [](double x) { return math_exp(-0.5 * x * x); };
  table.x[0] = layer_area / density(tail_start);
  table.x[1] = tail_start;
  for (int i = 2; i < layers; ++i) {
    const double square = -2.0 * math_log(layer_area / table.x[i - 1] + density(table.x[i - 1]));
    const double root = math_exp(0.5 * math_log(square));
    table.x[i] = 0.5 * (root + square / root);  // a Newton step in place of sqrt, which is not constexpr
  }
  table.x[layers] = 0;
  for (int i = 0; i <= layers; ++i) table.density[i] = density(table.x[i]);
  return table;
}

constexpr Ziggurat ziggurat = make_ziggurat();

// Without a branch, which would be guessed wrong every other time.
double with_sign(double size, std::uint64_t sign_bit) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(size) | sign_bit);
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view entity, std::string_view purpose) {
  NameHash hash;
  hash.add(seed, (static_cast<std::uint64_t>(entity.size()) << 32) | purpose.size());
  hash.add(entity);
  hash.add(purpose);
  key_ = hash.low();
  stream_ = hash.high();
}

std::uint64_t RandomStream::refill() {
  // drawn_ was counted on already. Two blocks at once keep the multipliers busy: a round waits for the one
  // before.
  const std::uint64_t index = drawn_ / 2;
  const PhiloxBlock first = block_at(index, stream_, key_);
  const PhiloxBlock second = block_at(index + 1, stream_, key_);
  ahead_ = {word(first[2], first[3]), word(second[0], second[1]), word(second[2], second[3])};
  return word(first[0], first[1]);
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  WEIR_ASSERT(bound > 0, "a number below 0 is asked for");
  Uint128 product = Uint128{next_u64()} * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t unfair = (0 - bound) % bound;  // 2^64 modulo bound
    while (static_cast<std::uint64_t>(product) < unfair) product = Uint128{next_u64()} * bound;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double RandomStream::normal() {
  for (;;) {
    const std::uint64_t bits = next_u64();
    const std::size_t layer = bits & 255;
    const double x = static_cast<double>(bits >> 11) * 0x1p-53 * ziggurat.x[layer];
    const std::uint64_t sign = (bits & 256) << 55;
    if (x < ziggurat.x[layer + 1]) return with_sign(x, sign);  // 99 of 100
    if (layer == 0) {
      // Beyond the last layer: Marsaglia, "Generating a variable from the tail of the normal distribution",
      // Technometrics 6(1), 1964.
      for (;;) {
        const double beyond = exponential(1.0 / tail_start);
        if (2.0 * exponential(1.0) > beyond * beyond) return with_sign(tail_start + beyond, sign);
      }
    }
    const double low = ziggurat.density[layer], high = ziggurat.density[layer + 1];
    if (low + uniform01() * (high - low) < math_exp(-0.5 * x * x)) return with_sign(x, sign);
  }
}

double RandomStream::gamma(double shape, double scale) {
  WEIR_ASSERT(shape > 0 && scale >= 0, "a gamma distribution needs a positive shape and scale");
  if (shape < 1) {
    // Gamma(shape) = Gamma(shape + 1) U^(1/shape).
    const double larger = gamma(shape + 1, scale);
    return larger * math_exp(math_log(uniform01()) / shape);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1.0 / 3 / std::sqrt(d);
  for (;;) {
    const double x = normal();
    const double t = c * x;
    if (t <= -1) continue;
    const double v = (1 + t) * (1 + t) * (1 + t);
    const double u = uniform01();
    const double square = x * x;
    if (u < 1 - 0.0331 * square * square) return scale * d * v;
    // 1 - v + ln v, written in t so that large shapes lose no digits.
    if (math_log(u) < 0.5 * square + d * (3 * (math_log1p(t) - t) - t * t * (3 + t))) return scale * d * v;
  }
}

double RandomStream::lognormal(double mean, double cv) {
  WEIR_ASSERT(mean > 0 && cv >= 0, "a lognormal distribution needs a positive mean and no negative cv");
  const double variance = math_log1p(cv * cv);
  return mean * math_exp(std::sqrt(variance) * normal() - 0.5 * variance);
}

}  // namespace weir
