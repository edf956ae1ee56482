#include "sim/dataflow/origin_ledger.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "tests/support/dice.hpp"

using namespace weir;
using namespace weir::test;

namespace {

Batch origin(std::int32_t source, std::int64_t sequence, std::int64_t weight = weight_per_origin) {
  Batch batch;
  batch.count = 1;
  batch.source = source;
  batch.sequence_first = batch.sequence_last = sequence;
  batch.weight = weight;
  return batch;
}

}  // namespace

TEST_CASE("An origin is complete when all of it is delivered, lost when some of it is lost", "[dataflow]") {
  OriginLedger ledger;
  ledger.emitted(origin(0, 0));
  ledger.emitted(origin(1, 0));
  ledger.finished(origin(0, 0), weight_per_origin / 2);
  CHECK(ledger.counts().pending == 2);
  CHECK(ledger.check(weight_per_origin * 3 / 2).empty());
  CHECK_FALSE(ledger.check(weight_per_origin).empty());
  ledger.finished(origin(0, 0), weight_per_origin / 2);
  ledger.finished(origin(1, 0), 1);
  CHECK(ledger.counts().lost == 0);
  ledger.lost(origin(1, 0), weight_per_origin - 1);
  const OriginLedger::Counts counts = ledger.counts();
  CHECK(counts.emitted == 2);
  CHECK(counts.complete == 1);
  CHECK(counts.lost == 1);
  CHECK(counts.pending == 0);
}

TEST_CASE("A replay repairs what was lost and repeats what was not", "[dataflow]") {
  // Against a record of every origin, on random histories: sent, lost or delivered, sent again.
  Dice dice(test_seed());
  OriginLedger ledger;
  std::map<std::int64_t, std::int64_t> times;    // delivered
  std::map<std::int64_t, std::int64_t> pending;  // sent and not known of
  std::int64_t next = 0;
  for (int step = 0; step < 20'000; ++step) {
    const bool again = next > 0 && dice.below(4) == 0;
    const std::int64_t sequence = again ? dice.below(static_cast<int>(next)) : next;
    if (again && pending.contains(sequence)) continue;
    if (dice.coin()) {
      if (!again) ++next;
      ledger.emitted(origin(0, sequence));
      pending[sequence] = 1;
      times.try_emplace(sequence, 0);
    }
    if (pending.empty() || dice.coin()) continue;
    const std::int64_t settled = dice.coin() ? pending.begin()->first : pending.rbegin()->first;
    if (dice.below(3) == 0) {
      ledger.lost(origin(0, settled), weight_per_origin);
    } else {
      ledger.finished(origin(0, settled), weight_per_origin);
      ++times[settled];
    }
    pending.erase(settled);
  }
  OriginLedger::Counts expected;
  expected.emitted = next;
  expected.pending = static_cast<std::int64_t>(pending.size());
  for (const auto& [sequence, n] : times) {
    if (n > 1) ++expected.repeated;
    if (pending.contains(sequence)) continue;
    ++(n == 0 ? expected.lost : expected.complete);
  }
  const OriginLedger::Counts counts = ledger.counts();
  CHECK(counts.emitted == expected.emitted);
  CHECK(counts.complete == expected.complete);
  CHECK(counts.lost == expected.lost);
  CHECK(counts.pending == expected.pending);
  CHECK(counts.repeated == expected.repeated);
  CHECK(expected.lost > 100);
  CHECK(expected.repeated > 100);
  CHECK(ledger.check(expected.pending * weight_per_origin).empty());
}
