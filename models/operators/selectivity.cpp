#include "models/operators/selectivity.hpp"

#include <algorithm>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/math.hpp"

namespace weir {

namespace {
__extension__ using Wide = __int128;  // not in ISO C++, but in every compiler that builds this
constexpr std::int64_t billion = 1'000'000'000;
}  // namespace

Selectivity::Selectivity(double mean, SelectivityLaw law, const OperatorContext& context)
    : mean_(mean),
      law_(law),
      billionths_(static_cast<std::int64_t>(mean * 1e9 + 0.5)),
      stream_(context.seed, context.entity, "selectivity") {
  WEIR_ASSERT(mean >= 0 && mean <= selectivity_max, "the range of the parameter was checked");
}

std::int64_t Selectivity::produce(std::int64_t count_in) {
  switch (law_) {
    case SelectivityLaw::deterministic: {
      const Wide total = static_cast<Wide>(count_in) * billionths_ + left_over_;
      left_over_ = static_cast<std::int64_t>(total % billion);
      return static_cast<std::int64_t>(total / billion);
    }
    case SelectivityLaw::bernoulli: {
      const std::int64_t whole = billionths_ / billion;
      const double rest = static_cast<double>(billionths_ % billion) * 1e-9;
      return count_in * whole + stream_.binomial(count_in, rest);
    }
    case SelectivityLaw::poisson:
      return stream_.poisson(mean_ * static_cast<double>(count_in));
  }
  WEIR_ASSERT(false, "an unknown law of selectivity");
}

std::int64_t Selectivity::occupied(std::int64_t count_in, std::int64_t count_out) {
  if (count_in == 1 || count_out <= 1) return std::min(count_in, count_out);
  // Given their sum, independent Poisson numbers are balls thrown into boxes: the expected number of boxes
  // that are not empty. Only the accounting of filtered records depends on it, not what flows on.
  const double n = static_cast<double>(count_in);
  const double expected = n * (1 - math_pow(1 - 1 / n, static_cast<double>(count_out))) + occupied_left_over_;
  const auto whole =
      std::clamp(static_cast<std::int64_t>(expected), std::int64_t{1}, std::min(count_in, count_out));
  occupied_left_over_ = std::clamp(expected - static_cast<double>(whole), 0.0, 1.0);
  return whole;
}

Produced Selectivity::process(std::int64_t count_in) {
  WEIR_ASSERT(count_in > 0, "an empty batch is not processed");
  const std::int64_t count_out = produce(count_in);
  const std::int64_t consumed =
      law_ == SelectivityLaw::poisson ? occupied(count_in, count_out) : std::min(count_in, count_out);
  WEIR_ASSERT(count_out >= 0 && consumed <= count_in && (consumed == 0) == (count_out == 0),
              "what comes out stems from what went in");
  return {count_out, consumed};
}

}  // namespace weir
