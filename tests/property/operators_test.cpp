#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/dataflow/operator.hpp"
#include "sim/kernel/random.hpp"
#include "sim/scenario/parse.hpp"

using namespace weir;

namespace {

std::unique_ptr<OperatorLogic> logic(const std::string& json, std::string entity = "job/op/0",
                                     std::uint64_t seed = 1) {
  Errors errors;
  const auto document = parse_document(json, "test", errors);
  OperatorRegistry::Choice choice;
  choice.read(document->root(), errors);
  INFO(errors.text());
  REQUIRE(errors.empty());
  return choice.build(OperatorContext{seed, std::move(entity)});
}

Batch of(std::int64_t count) {
  Batch batch;
  batch.count = count;
  return batch;
}

// `total` records in batches of random sizes.
std::vector<std::int64_t> random_split(std::int64_t total, std::int64_t size_max, RandomStream& random) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t left = total; left > 0; left -= sizes.back())
    sizes.push_back(
        std::min(left, 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(size_max)))));
  return sizes;
}

// Totals over batches of these sizes; what must hold for each batch is checked.
Produced process_all(OperatorLogic& op, const std::vector<std::int64_t>& sizes) {
  Produced total{0, 0};
  for (const std::int64_t size : sizes) {
    const Produced produced = op.process(of(size));
    REQUIRE(produced.count >= 0);
    REQUIRE(produced.consumed >= 0);
    REQUIRE(produced.consumed <= size);
    REQUIRE((produced.consumed == 0) == (produced.count == 0));
    total.count += produced.count;
    total.consumed += produced.consumed;
  }
  return total;
}

}  // namespace

TEST_CASE("a deterministic selectivity gives floor(selectivity * n) however the records are batched",
          "[operators]") {
  const std::uint64_t seed = 20261121;
  INFO("seed " << seed);
  RandomStream random(seed, "test", "split");
  for (int round = 0; round < 300; ++round) {
    // A decimal fraction, as somebody would write it; exact in billionths.
    const auto thousandths = static_cast<std::int64_t>(random.below(25'000));
    const auto n = 1 + static_cast<std::int64_t>(random.below(200'000));
    const auto op =
        logic(nlohmann::json({{"type", "flat-map"}, {"selectivity", static_cast<double>(thousandths) / 1000}})
                  .dump());
    const auto sizes = random_split(n, 1 + static_cast<std::int64_t>(random.below(5'000)), random);
    INFO("selectivity " << thousandths << "/1000, " << n << " records in " << sizes.size() << " batches");
    const Produced total = process_all(*op, sizes);
    CHECK(total.count == thousandths * n / 1000);
    if (thousandths >= 1000) CHECK(total.consumed == n);
    if (thousandths < 1000) CHECK(total.consumed == total.count);
  }
}

TEST_CASE("0.29 of a hundred records are 29, although 0.29 * 100 is less in floating point", "[operators]") {
  REQUIRE(static_cast<int>(0.29 * 100) == 28);
  CHECK(logic(R"({"type": "filter", "law": "deterministic", "selectivity": 0.29})")->process(of(100)).count ==
        29);
}

TEST_CASE("large batches do not overflow", "[operators]") {
  const auto op = logic(R"({"type": "flat-map", "selectivity": 1000000})");
  CHECK(op->process(of(1'000'000'000'000)).count == 1'000'000'000'000'000'000);
}

TEST_CASE("What an operator would send is what it sends, however often it is asked", "[operators]") {
  const std::uint64_t seed = 20261121;
  INFO("seed " << seed);
  RandomStream random(seed, "test", "split");
  for (const std::string json :
       {R"("map")", R"("sink")", R"({"type": "keyed-count", "selectivity": 0.3})",
        R"({"type": "filter", "selectivity": 0.4})", R"({"type": "flat-map", "selectivity": 10.16})",
        R"({"type": "flat-map", "law": "bernoulli", "selectivity": 2.25})",
        R"({"type": "flat-map", "law": "poisson", "selectivity": 0.7})"}) {
    INFO(json);
    const auto op = logic(json), never_asked = logic(json);
    for (int i = 0; i < 500; ++i) {
      const Batch batch = of(1 + static_cast<std::int64_t>(random.below(20)));
      const std::int64_t would_send = op->would_send(batch);
      // For another batch, which does not come then.
      op->would_send(of(1 + static_cast<std::int64_t>(random.below(1000))));
      REQUIRE(op->would_send(batch) == would_send);
      const Produced produced = op->process(batch);
      REQUIRE(produced.count == would_send);
      REQUIRE(never_asked->process(batch).count == would_send);
    }
  }
}

TEST_CASE("map passes everything, sink nothing", "[operators]") {
  CHECK(logic(R"("map")")->process(of(7)).count == 7);
  CHECK(logic(R"("map")")->process(of(7)).consumed == 7);
  CHECK(logic(R"("map")")->mean_selectivity() == 1);
  CHECK(logic(R"("sink")")->process(of(7)).count == 0);
  CHECK(logic(R"("sink")")->mean_selectivity() == 0);
}

TEST_CASE("keyed-count sends an update for each record, or for every so-many-th", "[operators]") {
  CHECK(logic(R"("keyed-count")")->process(of(1234)).count == 1234);
  const auto op = logic(R"({"type": "keyed-count", "selectivity": 0.1})");
  std::vector<std::int64_t> counts;
  for (int i = 0; i < 30; ++i) counts.push_back(op->process(of(1)).count);
  for (int i = 0; i < 30; ++i) CHECK(counts[static_cast<std::size_t>(i)] == (i % 10 == 9 ? 1 : 0));
}

TEST_CASE("drawn selectivities have the mean and the variance of their law, however the records are batched",
          "[operators]") {
  struct Case {
    std::string json;
    double mean, variance;  // of the results of one record
    double consumed;        // share of the records that have any
  };
  const double e = std::exp(-1.5);
  const std::vector<Case> cases = {
      {R"({"type": "filter", "selectivity": 0.3})", 0.3, 0.21, 0.3},
      {R"({"type": "flat-map", "law": "bernoulli", "selectivity": 2.25})", 2.25, 0.1875, 1},
      {R"({"type": "flat-map", "law": "bernoulli", "selectivity": 0.75})", 0.75, 0.1875, 0.75},
      {R"({"type": "flat-map", "law": "poisson", "selectivity": 1.5})", 1.5, 1.5, 1 - e}};
  const std::int64_t n = 400'000;
  for (const Case& c : cases) {
    for (const std::int64_t size : {1, 7, 1000}) {
      INFO(c.json << " in batches of " << size);
      const auto op = logic(c.json, "job/op/" + std::to_string(size));
      CHECK(op->mean_selectivity() == c.mean);
      const Produced total =
          process_all(*op, std::vector<std::int64_t>(static_cast<std::size_t>(n / size), size));
      const double records = static_cast<double>(n / size * size);
      // Five standard deviations.
      CHECK(std::abs(static_cast<double>(total.count) - c.mean * records) <
            5 * std::sqrt(c.variance * records));
      CHECK(std::abs(static_cast<double>(total.consumed) / records - c.consumed) < 0.005);
    }
  }
}

TEST_CASE("draws belong to the seed and the instance", "[operators]") {
  const std::string json = R"({"type": "filter", "selectivity": 0.5})";
  const auto counts = [&](std::string entity, std::uint64_t seed) {
    const auto op = logic(json, std::move(entity), seed);
    std::vector<std::int64_t> out;
    for (int i = 0; i < 50; ++i) out.push_back(op->process(of(100)).count);
    return out;
  };
  CHECK(counts("job/op/0", 1) == counts("job/op/0", 1));
  CHECK(counts("job/op/0", 1) != counts("job/op/1", 1));
  CHECK(counts("job/op/0", 1) != counts("job/op/0", 2));
}
