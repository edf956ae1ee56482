#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <vector>

#include "models/arrivals/point_process.hpp"

using namespace weir;

namespace {

constexpr double two_pi = 6.283185307179586;

ArrivalContext context_of(int index = 0, int of = 1, std::uint64_t seed = 1) {
  ArrivalContext context;
  context.seed = seed;
  context.entity = "source";
  context.share = 1.0 / of;
  context.index = index;
  context.of = of;
  return context;
}

std::shared_ptr<const RateCurve> steps() {
  CurveBuilder builder;
  builder.step(to_nanos(2), 7.3);
  builder.step(to_nanos(3), 0);
  builder.step(to_nanos(0.5), 1000);
  builder.step(to_nanos(1), 0.5);
  return builder.then_repeat();
}

std::shared_ptr<const RateCurve> wave() {
  CurveBuilder builder;
  builder.form(to_nanos(10), {RateForm::Kind::wave, 200, 200, two_pi / 10, 1});
  return builder.then_repeat();
}

std::shared_ptr<const RateCurve> crowd() {
  CurveBuilder builder;
  builder.step(to_nanos(5), 10);
  builder.line(to_nanos(2), 10, 1000);
  builder.step(to_nanos(1), 1000);
  return builder.then({RateForm::Kind::decay, 10, 990, 2, 0});
}

std::vector<Nanos> singles(ArrivalProcess& process, Nanos until_ns) {
  std::vector<Nanos> times;
  for (Arrivals one = process.next(1, 0); one.count > 0 && one.last_ns <= until_ns;
       one = process.next(1, 0)) {
    REQUIRE(one.count == 1);
    REQUIRE(one.first_ns == one.last_ns);
    times.push_back(one.first_ns);
  }
  return times;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

double variance_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return sum / static_cast<double>(values.size() - 1);
}

}  // namespace

TEST_CASE("the k-th even arrival is when the count reaches k", "[arrivals]") {
  for (const auto& curve : {steps(), wave(), crowd()}) {
    const auto process = make_arrivals(curve, ArrivalSpacing::even, context_of());
    const auto times = singles(*process, to_nanos(40));
    CHECK(static_cast<double>(times.size()) == std::floor(curve->count(to_nanos(40)) + 1e-9));
    for (std::size_t k = 0; k < times.size(); ++k) {
      const double count = curve->count(times[k]);
      REQUIRE(std::abs(count - static_cast<double>(k + 1)) < 1e-5);
      REQUIRE(times[k] == curve->time_of(static_cast<double>(k + 1)));
    }
  }
}

TEST_CASE("the shares of an even process together are the even process", "[arrivals]") {
  for (const auto& curve : {steps(), wave(), crowd()}) {
    const auto whole = singles(*make_arrivals(curve, ArrivalSpacing::even, context_of()), to_nanos(30));
    for (const int of : {2, 3, 7}) {
      std::vector<Nanos> together;
      for (int index = 0; index < of; ++index) {
        const auto part =
            singles(*make_arrivals(curve, ArrivalSpacing::even, context_of(index, of)), to_nanos(30));
        CHECK(part.size() ==
              (whole.size() + static_cast<std::size_t>(of - 1 - index)) / static_cast<std::size_t>(of));
        together.insert(together.end(), part.begin(), part.end());
      }
      std::sort(together.begin(), together.end());
      CHECK(together == whole);
    }
  }
}

TEST_CASE("an uneven share is even too", "[arrivals]") {
  auto context = context_of();
  context.share = 0.3;
  const auto times =
      singles(*make_arrivals(CurveBuilder().then_constant(100), ArrivalSpacing::even, context), to_nanos(10));
  REQUIRE(times.size() == 300);
  CHECK(times[29] == to_nanos(1));
}

TEST_CASE("groups have the arrivals of the single records", "[arrivals]") {
  struct Case {
    std::shared_ptr<const RateCurve> curve;
    double off_records;  // by how much a linear spread may be off
  };
  for (const Case& c : {Case{steps(), 1e-5}, Case{CurveBuilder().then_constant(1234.5), 1e-5},
                        Case{wave(), 0.5}, Case{crowd(), 0.5}}) {
    const auto one = make_arrivals(c.curve, ArrivalSpacing::even, context_of(1, 2));
    const auto times = singles(*one, to_nanos(30));
    for (const std::int64_t max_count : {2, 10, 100'000}) {
      for (const double span_s : {0.0, 0.01, 1.0, 1e10}) {
        const auto many = make_arrivals(c.curve, ArrivalSpacing::even, context_of(1, 2));
        std::size_t at = 0;
        std::size_t groups = 0;
        while (at < times.size()) {
          const Arrivals group = many->next(max_count, to_nanos(span_s));
          const auto count = static_cast<std::size_t>(group.count);
          REQUIRE(group.count >= 1);
          REQUIRE(group.count <= max_count);
          REQUIRE(group.last_ns - group.first_ns <= to_nanos(span_s));
          REQUIRE(group.first_ns == times[at]);
          if (at + count > times.size()) break;  // reaches over the end of the single records
          REQUIRE(group.last_ns == times[at + count - 1]);
          for (std::size_t i = 0; i < count; ++i) {
            const double part = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0;
            const double spread_ns = static_cast<double>(group.last_ns - group.first_ns) * part;
            const Nanos time_ns = group.first_ns + static_cast<Nanos>(std::llround(spread_ns));
            REQUIRE(std::abs(c.curve->count(time_ns) - c.curve->count(times[at + i])) / 2 <=
                    c.off_records + 1e-5);
          }
          at += count;
          ++groups;
        }
        if (max_count == 100'000 && span_s == 1.0) CHECK(groups * 5 < times.size());
      }
    }
  }
}

TEST_CASE("a billion arrivals, none lost", "[arrivals]") {
  const auto count_until = [](const std::shared_ptr<const RateCurve>& curve, Nanos until_ns) {
    auto context = context_of(2, 3);
    context.until_ns = until_ns;
    const auto process = make_arrivals(curve, ArrivalSpacing::even, context);
    std::int64_t count = 0;
    for (Arrivals group = process->next(1'000'000, to_nanos(1)); group.count > 0;
         group = process->next(1'000'000, to_nanos(1))) {
      count += group.count;
    }
    return count;
  };
  CHECK(count_until(CurveBuilder().then_constant(3e6), to_nanos(1000)) == 1'000'000'000);
  CHECK(count_until(CurveBuilder().then_constant(1e5 / 3), to_nanos(90'000)) == 1'000'000'000);
  CurveBuilder builder;
  builder.step(to_nanos(0.7), 0.1e6);
  builder.step(to_nanos(0.3), 7.1e6);
  CHECK(count_until(builder.then_repeat(), to_nanos(1'000)) == 2'200'000'000 / 3);
}

TEST_CASE("zero rates skip ahead, or end it", "[arrivals]") {
  for (const ArrivalSpacing spacing : {ArrivalSpacing::even, ArrivalSpacing::poisson}) {
    const auto nothing = make_arrivals(CurveBuilder().then_constant(0), spacing, context_of());
    CHECK(nothing->next(10, to_nanos(1)).count == 0);
    CHECK(nothing->next(10, to_nanos(1)).count == 0);
    CHECK(nothing->next(10, to_nanos(1)).first_ns == never);

    CurveBuilder builder;
    builder.step(to_nanos(1e6), 0);
    builder.step(to_nanos(1), 1000);
    builder.step(to_nanos(1e6), 0);
    const auto burst = make_arrivals(builder.then_constant(0), spacing, context_of());
    std::int64_t count = 0;
    for (Arrivals group = burst->next(100, never); group.count > 0; group = burst->next(100, never)) {
      CHECK(group.first_ns >= to_nanos(1e6));
      CHECK(group.last_ns <= to_nanos(1e6 + 1));
      count += group.count;
    }
    if (spacing == ArrivalSpacing::even) CHECK(count == 1000);
    CHECK(std::abs(static_cast<double>(count) - 1000) < 150);  // 4.7 standard deviations
    CHECK(burst->next(1, 0).count == 0);
  }
  // The last arrivals before the end of time.
  const auto rare = make_arrivals(CurveBuilder().then_constant(0x1p-30), ArrivalSpacing::even, context_of());
  CHECK(rare->next(1, 0).first_ns == to_nanos(0x1p30));
  CHECK(rare->next(1000, never).count >= 1);
  const auto often = make_arrivals(CurveBuilder().then_constant(1e9), ArrivalSpacing::even, context_of());
  const Arrivals all = often->next(1'000'000'000'000, never);
  CHECK(all.count == 1'000'000'000'000);
  CHECK(all.last_ns == to_nanos(1000));
}

TEST_CASE("a source that is rescaled loses no arrival and gets none twice", "[arrivals]") {
  const auto curve = wave();
  const auto whole = singles(*make_arrivals(curve, ArrivalSpacing::even, context_of()), to_nanos(30));
  for (const Nanos cut_ns : {to_nanos(12.345), whole[100], whole[2000]}) {
    std::vector<Nanos> together;
    for (int index = 0; index < 2; ++index) {
      auto context = context_of(index, 2);
      context.until_ns = cut_ns;
      const auto part = singles(*make_arrivals(curve, ArrivalSpacing::even, context), never);
      together.insert(together.end(), part.begin(), part.end());
    }
    for (int index = 0; index < 5; ++index) {
      auto context = context_of(index, 5);
      context.start_ns = cut_ns;
      const auto part = singles(*make_arrivals(curve, ArrivalSpacing::even, context), to_nanos(30));
      together.insert(together.end(), part.begin(), part.end());
    }
    std::sort(together.begin(), together.end());
    CHECK(together == whole);
  }
}

TEST_CASE("recorded events come one by one, or in groups over their gaps", "[arrivals]") {
  CurveBuilder builder;
  std::vector<Nanos> times{0, 0, 5, 100, 100, 100, 2000};
  for (std::size_t i = 0; i < times.size(); ++i) builder.step_of(times[i] - (i > 0 ? times[i - 1] : 0), 1);
  builder.groups_span_pieces();
  const auto curve = builder.then_constant(0);
  CHECK(singles(*make_arrivals(curve, ArrivalSpacing::even, context_of()), never) == times);
  CHECK(singles(*make_arrivals(curve, ArrivalSpacing::even, context_of(1, 2)), never) ==
        std::vector<Nanos>{0, 100, 100});
  const auto process = make_arrivals(curve, ArrivalSpacing::even, context_of());
  const Arrivals group = process->next(100, 100);
  CHECK(group.count == 6);
  CHECK(group.last_ns == 100);
  CHECK(process->next(100, 100).first_ns == 2000);
  CHECK(process->next(100, 100).count == 0);
}

// Bounds below are for four and a half standard deviations: seven in a million seeds would fail.
TEST_CASE("Poisson gaps are exponential and independent", "[arrivals][random]") {
  const std::uint64_t seed = 20240611;
  CAPTURE(seed);
  const auto times = singles(
      *make_arrivals(CurveBuilder().then_constant(50), ArrivalSpacing::poisson, context_of(0, 1, seed)),
      to_nanos(2000));
  std::vector<double> gaps;
  double product = 0;
  for (std::size_t i = 1; i < times.size(); ++i) gaps.push_back(to_seconds(times[i] - times[i - 1]) * 50);
  const auto n = static_cast<double>(gaps.size());
  CHECK(std::abs(mean_of(gaps) - 1) < 4.5 / std::sqrt(n));
  CHECK(std::abs(variance_of(gaps) - 1) < 4.5 * std::sqrt(8 / n));
  for (std::size_t i = 1; i < gaps.size(); ++i) product += (gaps[i] - 1) * (gaps[i - 1] - 1);
  CHECK(std::abs(product / n) < 4.5 / std::sqrt(n));
  // Kolmogorov and Smirnov: 1.95 is exceeded by one seed in a thousand.
  std::sort(gaps.begin(), gaps.end());
  double distance = 0;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    distance = std::max(distance, std::abs(1 - std::exp(-gaps[i]) - (static_cast<double>(i) + 0.5) / n));
  }
  CHECK(distance * std::sqrt(n) < 1.95);
}

TEST_CASE("Poisson groups have Poisson counts, whatever limits them", "[arrivals][random]") {
  struct Limit {
    std::int64_t max_count;
    double span_s;
  };
  for (const auto& curve : {CurveBuilder().then_constant(100), wave()}) {
    const double expected = curve->count(to_nanos(1)) / 2;
    for (const Limit limit : {Limit{1, 0}, Limit{2, 1}, Limit{13, 1}, Limit{13, 0.12}, Limit{1000, 0.05},
                              Limit{1000, 10}, Limit{never, 10}}) {
      std::vector<double> counts, firsts, lasts;
      constexpr int runs = 4000;
      for (int seed = 1; seed <= runs; ++seed) {
        auto context = context_of(1, 2, static_cast<std::uint64_t>(seed));
        context.until_ns = to_nanos(1);
        const auto process = make_arrivals(curve, ArrivalSpacing::poisson, context);
        double count = 0;
        Nanos last_ns = 0;
        for (Arrivals group = process->next(limit.max_count, to_nanos(limit.span_s)); group.count > 0;
             group = process->next(limit.max_count, to_nanos(limit.span_s))) {
          REQUIRE(group.first_ns >= last_ns);
          REQUIRE(group.last_ns >= group.first_ns);
          REQUIRE(group.count <= limit.max_count);
          REQUIRE(group.last_ns - group.first_ns <= to_nanos(limit.span_s));
          if (count == 0) firsts.push_back(curve->count(group.first_ns) / 2);
          last_ns = group.last_ns;
          count += static_cast<double>(group.count);
        }
        counts.push_back(count);
        lasts.push_back(expected - curve->count(last_ns) / 2);
      }
      INFO("max_count " << limit.max_count << ", span " << limit.span_s << " s, seeds 1 to " << runs);
      CHECK(std::abs(mean_of(counts) - expected) < 4.5 * std::sqrt(expected / runs));
      CHECK(std::abs(variance_of(counts) / expected - 1) < 4.5 * std::sqrt((2 + 1 / expected) / runs));
      // From either end the next record is an exponential gap away.
      CHECK(std::abs(mean_of(firsts) - 1) < 4.5 / std::sqrt(runs));
      CHECK(std::abs(mean_of(lasts) - 1) < 4.5 / std::sqrt(runs));
    }
  }
}

TEST_CASE("Poisson shares are different streams that add up", "[arrivals][random]") {
  const auto curve = CurveBuilder().then_constant(1000);
  double total = 0;
  std::vector<std::vector<Nanos>> parts;
  for (int index = 0; index < 4; ++index) {
    parts.push_back(
        singles(*make_arrivals(curve, ArrivalSpacing::poisson, context_of(index, 4)), to_nanos(100)));
    total += static_cast<double>(parts.back().size());
  }
  CHECK(std::abs(total - 100'000) < 4.5 * std::sqrt(100'000.0));
  CHECK(parts[0] != parts[1]);
  CHECK(parts[0] == singles(*make_arrivals(curve, ArrivalSpacing::poisson, context_of(0, 4)), to_nanos(100)));
  CHECK(parts[0] !=
        singles(*make_arrivals(curve, ArrivalSpacing::poisson, context_of(0, 4, 2)), to_nanos(100)));
  auto later = context_of(0, 4);
  later.start_ns = to_nanos(50);
  const auto rest = singles(*make_arrivals(curve, ArrivalSpacing::poisson, later), to_nanos(100));
  REQUIRE(!rest.empty());
  CHECK(rest.front() > to_nanos(50));
  CHECK(std::abs(static_cast<double>(rest.size()) - 12'500) < 4.5 * std::sqrt(12'500.0));
}
