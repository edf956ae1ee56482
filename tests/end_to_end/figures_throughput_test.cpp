// The throughput benchmark: its search, and the figures made with it, with the numbers that docs/figures.md
// has.

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/figures.hpp"

using namespace weir::test;

TEST_CASE("the published search sets the frequencies of the logs, and finds what a system can do",
          "[cli][figure]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  folder.write("search.py", R"(import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import _runs
import _throughput as throughput

# The next frequency by the delay that the logs have: only the last two lines of 5 MB and 1 MB were changed by
# hand or by an error of the program.
logs = [(p["log"], int(p["size_bytes"]), int(p["frequency_per_s"]), float(p["delay_s"])) for p in _runs.published("throughput-files")]
seen = 0
for (log, size, frequency, delay_s), (next_log, next_size, following, _) in zip(logs, logs[1:]):
    if (log, size) == (next_log, next_size):
        assert throughput.following(delay_s, frequency, 5) == following, (log, size, frequency, following)
        seen += 1
assert seen == 25, seen
assert throughput.following(0.03125, 137, 5) == 6850
assert throughput.following(0.39575, 78, 5) == 390
assert throughput.following(0.003, 1, 5) == 50
assert throughput.following(4.74575, 14, 5) is None  # the end
assert throughput.following(5, 14, 5) == 7

class System:
    """Batches of 5 s whose work takes so long: delay = fixed + each x messages, and waits if that is too long."""
    def __init__(self, fixed_s, each_s, listing_s=0, most_per_s=1e9):
        self.fixed_s, self.each_s, self.listing_s, self.most_per_s = fixed_s, each_s, listing_s, most_per_s
    def __call__(self, phases):
        rows, free_s, listed_s, until_s, made_s = [], 0, 0, sum(d for d, _ in phases), 0
        while made_s + 5 <= until_s:
            made_s += 5
            came, start_s = 0, 0
            for duration_s, frequency in phases:
                inside_s = min(start_s + duration_s, made_s) - max(start_s, made_s - 5)
                came += max(0, inside_s) * min(frequency, self.most_per_s)
                start_s += duration_s
            listed_s = max(made_s, listed_s) + self.listing_s * came
            begun_s = max(listed_s, free_s)
            free_s = begun_s + self.fixed_s + self.each_s * came
            if free_s <= until_s:
                rows.append((made_s, listed_s, begun_s, free_s, came))
        columns = ("made_s", "submitted_s", "started_s", "ended_s", "records")
        self.rows = {c: [r[i] for r in rows] for i, c in enumerate(columns)}
        return self
    def table(self, name):
        assert name == "micro_batches"
        return self.rows

# It ends with the first frequency that takes nine tenths of the interval.
for fixed_s, each_s in ((0.06, 0.0618), (0.5, 0.001), (0, 0.0123), (4, 0.05), (0.1, 0.4)):
    limit = (5 - fixed_s) / (5 * each_s)
    found, why, steps = throughput.search(System(fixed_s, each_s), 5)
    nearly = (0.9 * 5 - fixed_s) / (5 * each_s)
    assert why == "delay" and min(nearly, limit / 1.03 - 2) <= found <= limit, (limit, found, why, steps)
    assert found == 0 or all(d < 5 for _, f, d in steps if f == found)
# Of a system that is sharp, after many frequencies that are too high.
found, why, steps = throughput.search(System(0, 0.0000123), 5)
limit = 1 / 0.0000123
assert 0.9 * limit <= found <= limit, (limit, found, steps)
# Listing that takes all of the interval, though there is nothing to do.
found, why, _ = throughput.search(System(0.3, 0, listing_s=0.01), 5)
assert why == "listing" and 95 < found < 500, (found, why)
# A source that sends no more than it can.
found, why, _ = throughput.search(System(0.3, 0, most_per_s=123), 5)
assert why == "source" and abs(found - 123) < 1, (found, why)
assert throughput.search(System(6, 0), 5)[:2] == (0, "not even 1/s")
)");
  const Outcome outcome = run_program(
      {"/usr/bin/python3", "search.py", std::string(WEIR_SOURCE_DIR) + "/plots"}, {folder.path()});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
}

TEST_CASE("Files as messages: frequencies and delays of the logs, and the end of the search",
          "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "throughput-files");
  check_picture(folder.path() / "throughput-files", "throughput-files",
                {"published,measured,delay,10000000,14,4.746,", "weir,calibrated,delay,10000000,14,",
                 "weir,predicted,delay,5000000,9,"});
  for (const char* row : {"| 10 MB |", "| 5 MB |", "| 1 MB |", "| 100 kB |", "| 500 B |", "| 10 MB, weir |"})
    CHECK(documented(row) == told(outcome, row));
  const std::string data = read_file(folder.path() / "throughput-files/throughput-files.csv");
  const auto delay_s = [&](const char* of) { return value_of(data, of); };
  // Measured: 14 to 16 by the delay at 10 MB; predicted delays at 5 MB while the files come in time.
  const double highest = value_of(data, "weir,calibrated,end,10000000,");
  CHECK((highest >= 14 && highest <= 16));
  CHECK(delay_s("weir,predicted,delay,5000000,5,") == Approx(0.857).epsilon(0.1));
  CHECK(delay_s("weir,predicted,delay,5000000,9,") == Approx(1.384).epsilon(0.1));
  CHECK(delay_s("weir,predicted,delay,1000000,25,") == Approx(0.86).epsilon(0.1));
  // Files of a few bytes: between what was steady and what the listing ended.
  const double files = value_of(data, "weir,calibrated,end,500,");
  CHECK((files > 88 && files < 440));
}

TEST_CASE("The throughput domain: cores, link and mechanisms limit it, each where it should",
          "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "throughput-domain", {"--sizes", "100,10000000", "--costs", "0,0.5"});
  check_picture(folder.path() / "throughput-domain", "throughput-domain",
                {"weir,predicted,harmonicio,100,0,network,1.625e+06,"});
  const std::string data = read_file(folder.path() / "throughput-domain/throughput-domain.csv");
  const auto highest = [&](const std::string& system, const char* cell) {
    return value_of(data, fmt::format("weir,predicted,{},{},", system, cell));
  };
  const char *small = "100,0,network,1.625e+06", *large = "10000000,0,network,16.25",
             *small_heavy = "100,0.5,cpu,80", *large_heavy = "10000000,0.5,network,16.25";
  // Against what theory allows: 1 / (2 x 1 ms) at the master, 1.3 Gbit/s / 10 MB, 40 / 0.5 s.
  CHECK(highest("harmonicio", small) == Approx(500).epsilon(0.03));
  CHECK(highest("harmonicio", large) == Approx(16.25).epsilon(0.03));
  CHECK(highest("harmonicio", small_heavy) == Approx(80).epsilon(0.03));
  CHECK(highest("harmonicio", large_heavy) == Approx(16.25).epsilon(0.03));
  // The receiver's core: 2 us a message and 2 ns a byte.
  CHECK(highest("spark-tcp", small) == Approx(1 / 2.2e-6).epsilon(0.03));
  // A task of 4.5 ms for each file, 5 s less than a second of fixed time.
  CHECK(highest("spark-file", small) == Approx((5 - 0.06) / 5 / 0.0045).epsilon(0.12));
  for (const char* system : {"spark-tcp", "spark-file", "spark-kafka"}) {
    INFO(system);
    for (const char* cell : {small, large, small_heavy, large_heavy})
      CHECK(highest(system, cell) <=
            1.01 * std::stod(std::string(cell).substr(std::string(cell).rfind(',') + 1)));
    CHECK(highest(system, large) > 0.85 * 16.25);
  }
  // Two messages of half a second in a block are no task of less than a second.
  CHECK(highest("spark-tcp", small_heavy) == 20);
  // As high as the bound, and no more than the tolerance of the search above it.
  CHECK_THAT(data, Catch::Contains(",harmonicio,100,0.5,cpu,80,") && Catch::Contains(",0.808,backlog"));
  // A row of the whole table: of its cells those are calibrated that are so in throughput-files.
  const Outcome row = draw(folder, "throughput-domain", {"--costs", "0.02", "--systems", "spark-file"});
  const std::string files = read_file(folder.path() / "throughput-domain/throughput-domain.csv");
  for (const char* size : {"100", "1000", "10000", "100000", "10000000"})
    CHECK_THAT(files, Catch::Contains(fmt::format("\nweir,calibrated,spark-file,{},0.02,", size)));
  for (const char* size : {"1000000", "50000000"})
    CHECK_THAT(files, Catch::Contains(fmt::format("\nweir,predicted,spark-file,{},0.02,", size)));
  CHECK(documented("| 0.02 s, Spark, files |") == told(row, "| 0.02 s, Spark, files |"));
  for (const char* wrong : {"--sizes=7", "--systems=storm", "--costs=a"}) {
    const Outcome refused = run_weir({"figure", "throughput-domain", "-o", "none", "--", wrong},
                                     {folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}});
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, Catch::Contains("allowed: "));
  }
}
