#include <catch2/catch.hpp>

#include "policies/ds2/model.hpp"
#include "sim/control/snapping_ceil.hpp"

// The vectors are those of the tests of the published controller (strymon-system/ds2, controller/tests/
// scaling_policy_test.rs) and the published configurations of DS2, OSDI 2018, sections 5.2 and 4.3.

using namespace weir;
using namespace weir::ds2;

namespace {

OperatorRates source(double out_per_s, int parallelism = 1) {
  return {
      .source = true, .parallelism = parallelism, .measured = true, .target_per_s = out_per_s, .inputs = {}};
}

OperatorRates op(double in_per_s, double out_per_s, std::vector<Input> inputs, int parallelism = 1) {
  return {.source = false,
          .parallelism = parallelism,
          .measured = true,
          .true_processing_per_s = in_per_s,
          .true_output_per_s = out_per_s,
          .target_per_s = 0,
          .inputs = std::move(inputs)};
}

std::vector<int> rounded(const std::vector<OperatorRates>& operators, Feedback feedback = Feedback::ignore) {
  std::vector<int> parallelism;
  for (const Requirement& required : required_instances(operators, feedback))
    parallelism.push_back(required.known ? snapping_ceil(required.instances) : -1);
  return parallelism;
}

}  // namespace

TEST_CASE("DS2 gives the published vectors for one source", "[policy][ds2]") {
  CHECK(rounded({source(100), op(50, 400, {{0}}), op(100, 200, {{1}})}) == std::vector<int>{1, 2, 8});
  CHECK(rounded({source(200), op(40, 700, {{0}}), op(99, 200, {{1}})}) == std::vector<int>{1, 5, 36});
  CHECK(rounded({source(200), op(10, 700, {{0}}), op(201, 200, {{1}})}) == std::vector<int>{1, 20, 70});
}

TEST_CASE("DS2 gives the published vectors for two sources", "[policy][ds2]") {
  CHECK(rounded({source(100), source(100), op(50, 400, {{0}, {1}}), op(100, 200, {{2}})}) ==
        std::vector<int>{1, 1, 4, 16});
  CHECK(rounded({source(200), source(200), op(40, 700, {{0}, {1}}), op(99, 200, {{2}})}) ==
        std::vector<int>{1, 1, 10, 71});
  CHECK(rounded({source(200), source(200), op(10, 700, {{0}, {1}}), op(201, 200, {{2}})}) ==
        std::vector<int>{1, 1, 40, 140});
}

TEST_CASE("DS2 gives 10 and 20 for the word count on Heron of figure 6", "[policy][ds2]") {
  // Per minute: 1 M sentences, 100 K sentences and 1 M words an instance, 20 words a sentence.
  CHECK(rounded({source(1e6 / 60), op(1e5 / 60, 2e6 / 60, {{0}}), op(1e6 / 60, 0, {{1}})}) ==
        std::vector<int>{1, 10, 20});
}

TEST_CASE("DS2 keeps 1, 1 over the whole range of the sample rates of its Flink word count",
          "[policy][ds2]") {
  // controller/examples/flink_wordcount_rates: source 80 K/s, splitter 92-131 K/s an instance with
  // selectivity 10.159, count 1.57-2.04 M/s.
  for (const double splitter : {92e3, 115e3, 131e3})
    for (const double count : {1.57e6, 2.04e6})
      CHECK(rounded({source(80e3), op(2 * splitter, 2 * splitter * 10.159, {{0}}, 2), op(count, 0, {{1}})}) ==
            std::vector<int>{1, 1, 1});
}

TEST_CASE("DS2 propagates the fraction that is needed, not what the rounded parallelism could do",
          "[policy][ds2]") {
  // 10.5 instances: if 11 were propagated, the second would get 11 too.
  CHECK(rounded({source(105), op(10, 10, {{0}}), op(10, 10, {{1}})}) == std::vector<int>{1, 11, 11});
  CHECK(rounded({source(101), op(100, 100, {{0}}), op(10.1, 1, {{1}})}) == std::vector<int>{1, 2, 10});
}

TEST_CASE("a third of a rate three times is one instance", "[policy][ds2]") {
  CHECK(rounded({source(0.1), op(1, 1.0 / 3, {{0}}), op(1, 1, {{1}}), op(1, 1, {{1}}), op(1, 1, {{1}}),
                 op(0.1, 0, {{2}, {3}, {4}})}) == std::vector<int>{1, 1, 1, 1, 1, 1});
}

TEST_CASE("an operator with two successors sends all its output to each", "[policy][ds2]") {
  CHECK(rounded({source(100), op(50, 100, {{0}}), op(100, 0, {{1}}), op(40, 0, {{1}})}) ==
        std::vector<int>{1, 2, 2, 5});
  // Unless shares were measured.
  CHECK(rounded({source(100), op(50, 100, {{0}}), op(100, 0, {{1, 0.25}}), op(40, 0, {{1, 0.75}})}) ==
        std::vector<int>{1, 2, 1, 4});
}

TEST_CASE("what was not measured, and all that depends on it, stays unknown", "[policy][ds2]") {
  OperatorRates silent = op(0, 0, {{0}});
  silent.measured = false;
  CHECK(rounded({source(100), silent, op(50, 0, {{0}}), op(50, 0, {{1}})}) == std::vector<int>{1, -1, 2, -1});
}

TEST_CASE("nothing offered needs nothing", "[policy][ds2]") {
  CHECK(rounded({source(0), op(50, 50, {{0}}), op(50, 0, {{1}})}) == std::vector<int>{1, 0, 0});
}

TEST_CASE("a loop is iterated until its rates settle", "[policy][ds2]") {
  // Half of what `work` puts out comes back: 100 + 50 + 25 + ... = 200 into it.
  const std::vector<OperatorRates> loop = {source(100), op(10, 10, {{0}, {2, 0.5}}), op(10, 10, {{1}})};
  CHECK(rounded(loop, Feedback::iterate) == std::vector<int>{1, 20, 20});
  CHECK(rounded(loop, Feedback::ignore) == std::vector<int>{1, 10, 10});
  // Gain 1 never settles: as if there were no loop.
  const std::vector<OperatorRates> runaway = {source(100), op(10, 10, {{0}, {2}}), op(10, 10, {{1}})};
  CHECK(rounded(runaway, Feedback::iterate) == std::vector<int>{1, 10, 10});
}
