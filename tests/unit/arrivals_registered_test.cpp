#include <unistd.h>

#include <algorithm>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "models/workloads/nexmark/timeline.hpp"
#include "sim/dataflow/arrival.hpp"
#include "sim/scenario/parse.hpp"

using namespace weir;

namespace {

const std::string folder = std::filesystem::temp_directory_path().string();

// A file in the temporary folder, as long as it lives.
struct TemporaryFile {
  std::string name;
  explicit TemporaryFile(const std::string& text)
      : name("weir-arrivals-" + std::to_string(getpid()) + ".csv") {
    std::ofstream(folder + "/" + name) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(folder + "/" + name); }
};

// The scenario file need not exist: only its folder matters.
ArrivalRegistry::Choice chosen(const std::string& json, Errors& errors) {
  ArrivalRegistry::Choice choice;
  const auto document = parse_document(json, folder + "/scenario.json", errors);
  if (document) choice.read(document->root(), errors);
  return choice;
}

std::string errors_of(const std::string& json) {
  Errors errors;
  chosen(json, errors);
  return errors.text();
}

std::unique_ptr<ArrivalProcess> process_of(const std::string& json, std::uint64_t seed = 1, int index = 0,
                                           int of = 1) {
  Errors errors;
  const auto choice = chosen(json, errors);
  INFO(json << "\n" << errors.text());
  REQUIRE(errors.empty());
  return choice.build(ArrivalContext{.seed = seed,
                                     .entity = "source",
                                     .share = 1.0 / of,
                                     .index = index,
                                     .of = of,
                                     .base_dir = "",
                                     .start_ns = 0,
                                     .until_ns = never,
                                     .redraw = 0});
}

double count_at(const std::string& json, double time_s) {
  return process_of(json)->expected_count(to_nanos(time_s));
}

const std::vector<std::string> all_examples{
    R"({"type": "constant", "rate_per_s": 100})",
    R"({"type": "poisson", "rate_per_s": 100})",
    R"({"type": "phases", "phases": [{"duration_s": 10, "rate_per_s": 100}, {"duration_s": 5, "rate_per_s": 0},
        {"duration_s": 20, "rate_per_s": 300}], "repeat": true})",
    R"({"type": "phases", "phases": [{"duration_s": 10, "rate_per_s": 100}, {"duration_s": 5, "rate_per_s": 0}],
        "interpolation": "linear", "after": "stop", "spacing": "poisson"})",
    R"({"type": "sine", "base_rate_per_s": 100, "amplitude_per_s": 100, "period_s": 60, "phase": 0.25})",
    R"({"type": "square", "first_rate_per_s": 10, "second_rate_per_s": 200, "period_s": 60, "first_share": 0.25})",
    R"({"type": "on-off", "on_s": 3, "off_s": 7, "on_rate_per_s": 200, "off_rate_per_s": 1})",
    R"({"type": "on-off", "on_s": 3, "off_s": 7, "on_rate_per_s": 200, "durations": "exponential"})",
    R"({"type": "mmpp", "states": [{"rate_per_s": 20, "mean_holding_s": 9}, {"rate_per_s": 200, "mean_holding_s": 2}]})",
    R"({"type": "flash-crowd", "base_rate_per_s": 50, "peak_rate_per_s": 500, "start_s": 20, "rise_s": 5, "hold_s": 5,
        "decay_s": 10})",
    R"({"type": "daily-bursty", "base_rate_per_s": 100, "speed_up": 1440})",
    R"({"type": "nexmark-shape", "first_rate_per_s": 200, "next_rate_per_s": 20, "period_s": 45})",
};

}  // namespace

TEST_CASE("all arrival processes are registered", "[arrivals]") {
  for (const char* name : {"constant", "poisson", "phases", "sine", "square", "on-off", "mmpp", "flash-crowd",
                           "trace", "daily-bursty", "nexmark-shape"}) {
    CHECK(ArrivalRegistry::find(name) != nullptr);
  }
  for (const char* name :
       {"constant", "poisson", "sine", "square", "on-off", "flash-crowd", "daily-bursty"}) {
    CHECK(process_of(std::string("\"") + name + "\"")->next(1, 0).count == 1);
  }
}

TEST_CASE("every process keeps its promises", "[arrivals]") {
  for (const std::string& json : all_examples) {
    INFO(json);
    // The rate is the derivative of the count, and below its stated maximum.
    const auto asked = process_of(json);
    double integral = 0;
    const double most = asked->max_rate_per_s(0, 120);
    for (int i = 0; i < 120'000; ++i) {
      const double rate = asked->rate_per_s((i + 0.5) * 1e-3);
      REQUIRE(rate >= 0);
      REQUIRE(rate <= most * (1 + 1e-12));
      integral += rate * 1e-3;
    }
    CHECK(integral == Approx(asked->expected_count(to_nanos(120))).epsilon(2e-3));

    // Groups are in order and within their limits; the count stays near what is expected.
    const auto process = process_of(json, 1, 1, 2);
    std::int64_t count = 0;
    Nanos last_ns = 0;
    for (;;) {
      const Arrivals group = process->next(17, to_nanos(0.3));
      if (group.count == 0 || group.last_ns > to_nanos(120)) break;
      REQUIRE(group.count <= 17);
      REQUIRE(group.first_ns >= last_ns);
      REQUIRE(group.last_ns >= group.first_ns);
      REQUIRE(group.last_ns - group.first_ns <= to_nanos(0.3));
      last_ns = group.last_ns;
      count += group.count;
    }
    const double expected = process->expected_count(to_nanos(120));
    CHECK(std::abs(static_cast<double>(count) - expected) < 18 + 4.5 * std::sqrt(expected));
    // Asking for rates has no effect on what comes.
    CHECK(process_of(json, 1, 1, 2)->next(17, to_nanos(0.3)).first_ns == [&] {
      const auto again = process_of(json, 1, 1, 2);
      again->max_rate_per_s(0, 10'000);
      return again->next(17, to_nanos(0.3)).first_ns;
    }());
  }
}

TEST_CASE("published shapes in numbers", "[arrivals]") {
  CHECK(count_at(R"({"type": "constant", "rate_per_s": 0.1})", 1e6) == Approx(1e5));
  CHECK(
      count_at(
          R"({"type": "phases", "phases": [{"duration_s": 10, "rate_per_s": 7}, {"duration_s": 5, "rate_per_s": 2}]})",
          25) == Approx(70 + 10 + 20));
  CHECK(
      count_at(
          R"({"type": "phases", "phases": [{"duration_s": 10, "rate_per_s": 0}, {"duration_s": 5, "rate_per_s": 20}],
                     "interpolation": "linear", "repeat": true})",
          15) == Approx(100 + 50));
  // Phoebe's load: 100 000 + 100 000 sin, a period of two hours.
  const std::string phoebe =
      R"({"type": "sine", "base_rate_per_s": 1e5, "amplitude_per_s": 1e5, "period_s": 7200})";
  CHECK(count_at(phoebe, 7200) == Approx(7.2e8));
  CHECK(count_at(phoebe, 3600) == Approx(3.6e8 + 2 * 1e5 * 7200 / 6.283185307179586));
  CHECK(process_of(phoebe)->rate_per_s(1800) == Approx(2e5));
  CHECK(process_of(phoebe)->rate_per_s(5400) == Approx(0).margin(1e-6));
  CHECK(
      count_at(
          R"({"type": "flash-crowd", "base_rate_per_s": 10, "peak_rate_per_s": 110, "start_s": 10, "rise_s": 2,
                     "hold_s": 3, "decay_s": 4})",
          1000) == Approx(1000 * 10 + 100 + 300 + 400));
  CHECK(count_at(R"({"type": "square", "first_rate_per_s": 1, "second_rate_per_s": 5, "period_s": 10,
                     "first_share": 0.2})",
                 20) == Approx(2 * (2 + 40)));
  CHECK(count_at(R"({"type": "square", "first_rate_per_s": 1, "second_rate_per_s": 5, "first_share": 1})",
                 1e4) == Approx(1e4));
}

TEST_CASE("random rates have their stationary mean", "[arrivals][random]") {
  const double horizon_s = 400'000;
  const auto mean_rate = [&](const std::string& json, std::uint64_t seed) {
    CAPTURE(seed);
    return process_of(json, seed)->expected_count(to_nanos(horizon_s)) / horizon_s;
  };
  // Two states: share p of the time at 200, correlation time t: standard deviation of the mean
  // 180 sqrt(p (1 - p) 2 t / horizon). Bounds are for 4.5 of them.
  const double p = 2.0 / 11, correlation_s = 1 / (1 / 9.0 + 1 / 2.0);
  const double bound = 4.5 * 180 * std::sqrt(p * (1 - p) * 2 * correlation_s / horizon_s);
  const double expected = 20 * (1 - p) + 200 * p;
  CHECK(std::abs(mean_rate(all_examples[8], 7) - expected) < bound);
  const std::string generator = R"({"type": "mmpp", "states": [
      {"rate_per_s": 20, "transitions_per_s": [-0.1111111111111111, 0.1111111111111111]},
      {"rate_per_s": 200, "transitions_per_s": [0.5, 0]}]})";
  CHECK(std::abs(mean_rate(generator, 8) - expected) < bound);
  const std::string on_off =
      R"({"type": "on-off", "on_s": 2, "off_s": 9, "on_rate_per_s": 200, "off_rate_per_s": 20,
                                 "durations": "exponential"})";
  CHECK(std::abs(mean_rate(on_off, 9) - expected) < bound);
  // The first state is drawn from the stationary distribution: at 200 in 2 of 11 runs.
  int high = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed)
    high += process_of(all_examples[8], seed)->rate_per_s(0) == 200;
  CHECK(std::abs(high - 2000 * p) < 4.5 * std::sqrt(2000 * p * (1 - p)));
  // All shares see the same rate.
  const auto one = process_of(all_examples[8], 3, 0, 4), other = process_of(all_examples[8], 3, 3, 4);
  for (int t = 0; t < 1000; ++t) REQUIRE(one->rate_per_s(t) == other->rate_per_s(t));
}

TEST_CASE("a bursty day has the shape it was measured on", "[arrivals][random]") {
  const auto process = process_of(R"({"type": "daily-bursty", "base_rate_per_s": 100})", 5);
  std::vector<std::vector<double>> hours(24);
  int bursts = 0;
  bool in_burst = false;
  constexpr int days = 70;
  for (int step = 0; step < days * 288; ++step) {
    const double rate = process->rate_per_s(step * 300.0 + 1);
    const int day = step / 288, hour = step % 288 / 12;
    if (day % 7 < 5) hours[static_cast<std::size_t>(hour)].push_back(rate);
    const double usual = 100 * (1 + 0.55 * std::sin(6.283185307179586 * ((hour + 0.5 - 18) / 24 + 0.25))) *
                         (day % 7 < 5 ? 1 : 0.6);
    if (rate > 4.5 * usual && !in_burst) ++bursts;
    in_burst = rate > 4.5 * usual;
  }
  const auto median = [](std::vector<double> v) {
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
  };
  const double morning = median(hours[6]), evening = median(hours[18]);
  CHECK(evening / morning > 2.5);  // recorded: 69 to 21
  CHECK(evening / morning < 4.5);
  CHECK(bursts > days * 2);  // recorded: 3.4 a day
  CHECK(bursts < days * 5);
}

TEST_CASE("wrong parameters are told with their place", "[arrivals]") {
  using Catch::Contains;
  CHECK_THAT(errors_of(R"({"type": "constant", "rate_per_s": -1})"),
             Contains("scenario.json:1: rate_per_s: "));
  CHECK_THAT(errors_of(R"({"type": "constant", "rate": 1})"), Contains("rate"));
  CHECK_THAT(errors_of(R"({"type": "sine", "base_rate_per_s": 1, "amplitude_per_s": 2})"),
             Contains("below 0"));
  CHECK_THAT(errors_of(R"({"type": "phases"})"), Contains("phases"));
  CHECK_THAT(errors_of(R"({"type": "phases", "phases": []})"), Contains("phases"));
  CHECK_THAT(errors_of(R"({"type": "flash-crowd", "base_rate_per_s": 10, "peak_rate_per_s": 2})"),
             Contains("peak"));
  CHECK_THAT(
      errors_of(R"({"type": "mmpp", "states": [{"rate_per_s": 1, "mean_holding_s": 1}, {"rate_per_s": 1}]})"),
      Contains("states[1]") && Contains("mean_holding_s"));
  CHECK_THAT(errors_of(R"({"type": "mmpp", "states": [{"rate_per_s": 1, "transitions_per_s": [0, 1]},
                                                      {"rate_per_s": 1, "transitions_per_s": [0, 0]}]})"),
             Contains("initial_state"));
  CHECK_THAT(errors_of(R"({"type": "mmpp", "states": [{"rate_per_s": 1, "transitions_per_s": [-2, 1]},
                                                      {"rate_per_s": 1, "transitions_per_s": [1]}]})"),
             Contains("states[0].transitions_per_s") && Contains("states[1].transitions_per_s"));
  CHECK_THAT(errors_of(R"({"type": "daily-busty"})"), Contains("daily-bursty"));
}

TEST_CASE("a trace in a scenario: its file beside the scenario, its errors with its own lines",
          "[arrivals][trace]") {
  using Catch::Contains;
  {
    const TemporaryFile file("time,count\n0,3\n60,0\n120,7\n");
    const std::string json = R"({"type": "trace", "path": ")" + file.name + R"("})";
    const auto process = process_of(json);
    CHECK(process->next(100, never).count == 3);
    CHECK(process->next(100, never).count == 7);
    CHECK(process->next(100, never).count == 0);
    CHECK(process->input_files() == std::vector<std::string>{folder + "/" + file.name});
    CHECK(process->rate_per_s(1) == Approx(0.05));
    // Without a scenario: found when it is built.
    CHECK_THAT(errors_of(R"({"type": "trace", "path": ")" + file.name + R"(", "start_s": 5, "end_s": 4})"),
               Contains("end_s"));
  }
  {
    const TemporaryFile file("time,rate\n0,3\n60,x\n120,-7\n110,1\n");
    const std::string text = errors_of("{\n\"type\": \"trace\",\n\"path\": \"" + file.name + "\"}");
    CHECK_THAT(text, Contains(file.name + ":3: path: \"x\" is not a number"));
    CHECK_THAT(text, Contains(file.name + ":4: path: the value -7 is negative (a number from 0 on"));
  }
  {
    const TemporaryFile file("0.5,alice,100\n0.5,bob,7\n2,alice,1\n");
    const std::string json = R"({"type": "trace", "path": ")" + file.name + R"(", "value": "event")";
    const auto process = process_of(json + "}");
    CHECK(process->next(1, 0).first_ns == 0);
    CHECK(process->next(1, 0).first_ns == 0);
    CHECK(process->next(1, 0).first_ns == to_nanos(1.5));
    CHECK(process->next(1, 0).count == 0);
    CHECK_THAT(errors_of(json + R"(, "spacing": "poisson"})"), Contains("spacing"));
  }
  CHECK_THAT(
      errors_of("{\"type\": \"trace\",\n \"path\": \"no-such-file.csv\"}"),
      Contains("scenario.json:2: path: trace \"" + folder + "/no-such-file.csv\": the file cannot be read"));
  CHECK_THAT(errors_of(R"({"type": "trace"})"), Contains("path"));
}

TEST_CASE("Nexmark's rate shapes send when Beam's generator says that events happen", "[arrivals][nexmark]") {
  using nexmark::RateShape;
  using nexmark::Timeline;
  struct Shape {
    const char* name;
    RateShape shape;
    std::int64_t first, next, period_s;
    bool whole;
  };
  for (const Shape& s : {Shape{"sine", RateShape::sine, 1000, 2000, 595, true},
                         Shape{"sine", RateShape::sine, 700, 100, 40, false},
                         Shape{"square", RateShape::square, 10, 20, 600, true},
                         Shape{"square", RateShape::square, 3, 3, 600, true}}) {
    INFO(s.name << " " << s.first << " to " << s.next);
    const auto process = process_of(
        std::string(R"({"type": "nexmark-shape", "shape": ")") + s.name + R"(", "first_rate_per_s": )" +
        std::to_string(s.first) + R"(, "next_rate_per_s": )" + std::to_string(s.next) + R"(, "period_s": )" +
        std::to_string(s.period_s) + R"(, "whole_delays": )" + (s.whole ? "true}" : "false}"));
    const Timeline timeline = Timeline::shaped(s.shape, s.first, s.next, s.period_s, 1, 0, s.whole);
    const double slowest_ms = 1000.0 / static_cast<double>(std::min(s.first, s.next));
    // The n-th comes when the rate adds up to n, a delay after its timestamp; what a step leaves over, less
    // than a delay, is spread over it.
    for (std::int64_t n = 0; n < 200'000 && n < 3 * s.period_s * std::max(s.first, s.next); ++n) {
      const double at_ms = static_cast<double>(process->next(1, 0).first_ns) * 1e-6;
      const double late_ms = at_ms - static_cast<double>(timeline.timestamp_ms(n));
      if (late_ms < -1e-6 || late_ms > 2 * slowest_ms + 1) {
        FAIL("event " << n << " is " << late_ms << " ms late");
      }
    }
  }
  CHECK_THAT(errors_of(R"({"type": "nexmark-shape", "first_rate_per_s": 3000000})"),
             Catch::Contains("rounded to 0 us") && Catch::Contains("whole_delays false"));
  CHECK(errors_of(R"({"type": "nexmark-shape", "next_rate_per_s": 3000000, "whole_delays": false})").empty());
}
