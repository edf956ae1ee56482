#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "sim/analyzer/analysis.hpp"
#include "sim/analyzer/export/export.hpp"
#include "sim/ctf/ctf_reader.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/program.hpp"
#include "tests/support/pyramid.hpp"
#include "tests/support/snailtrail_bytes.hpp"

// Damaged CTF: an error, or a report that says what was left out; never a crash or a hang, whatever the
// library that reads it does.

using namespace weir;
using namespace weir::analyzer;
using weir::test::Dice;
using weir::test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

void damage(const fs::path& file, Dice& dice) {
  std::string bytes = test::read_file(file);
  if (dice.below(3) == 0) {
    bytes.resize(static_cast<std::size_t>(dice.below(static_cast<int>(bytes.size()))));
  } else {
    const int changes = 1 + dice.below(6);
    // Headers, mostly: there it hurts.
    const int range =
        dice.coin() ? std::min<int>(200, static_cast<int>(bytes.size())) : static_cast<int>(bytes.size());
    for (int i = 0; i < changes; ++i)
      bytes[static_cast<std::size_t>(dice.below(range))] = static_cast<char>(dice.below(256));
  }
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("Damaged CTF traces are errors, or reports that say what was left out", "[ctf][property]") {
  const TemporaryFolder folder;
  const auto log = folder.write("calls.msgpack",
                                test::snailtrail_bytes(test::Pyramid{.workers = 3, .phases = 20}.records()));
  const auto& formats = export_formats();
  const auto ctf_format =
      std::find_if(formats.begin(), formats.end(), [](const ExportFormat& f) { return f.name == "ctf"; });
  REQUIRE(ctf_format != formats.end());
  OpenTrace original = open_trace(log.string());
  ctf_format->write(original, {}, folder.path() / "good");
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  int errors = 0, reports = 0;
  for (int i = 0; i < 120; ++i) {
    const fs::path bad = folder.path() / "bad";
    fs::remove_all(bad);
    fs::copy(folder.path() / "good", bad);
    damage(bad / (dice.coin() ? "metadata" : "stream_" + std::to_string(dice.below(3))), dice);
    INFO("damage number " << i);
    try {
      // The reader alone with a short patience, then everything on top of it if that came to an end.
      ctf::Reader reader(bad, {"worker"}, {.silence_s = 2});
      std::vector<ctf::RecordedEvent> events;
      while (reader.read(events)) events.clear();
    } catch (const ctf::CtfError& error) {
      REQUIRE(std::string(error.what()).find("bad") != std::string::npos);
      ++errors;
      if (std::string(error.what()).find("says nothing") != std::string::npos) continue;
    }
    try {
      const OpenTrace trace = open_trace(bad.string());
      AnalysisOptions options;
      options.threads = 1;
      REQUIRE(trace.log);
      const Analysis analysis = analyze_log(*trace.log, options);
      for (const WindowResult& window : analysis.windows) {
        if (!window.paths.zero()) REQUIRE(window.cp_sum == Approx(1).epsilon(1e-9));
      }
      ++reports;
    } catch (const TraceError& error) {
      REQUIRE(std::string(error.what()).find("bad") != std::string::npos);
    }
  }
  CHECK(errors > 20);
  CHECK(reports > 0);
}

TEST_CASE("A child that hangs, or goes without a word, is an error", "[ctf]") {
  const TemporaryFolder folder;
  // A packetized metadata stream whose packet has no length: libbabeltrace2 2.0.4 reads it for ever.
  std::string packet(64, '\0');
  const std::uint32_t magic = 0x75d11d57;
  packet.replace(0, 4, reinterpret_cast<const char*>(&magic), 4);
  folder.write("trace/metadata", packet);
  folder.write("trace/stream", "");
  try {
    ctf::Reader reader(folder.path() / "trace", {}, {.silence_s = 2});
    std::vector<ctf::RecordedEvent> events;
    while (reader.read(events)) events.clear();
    FAIL("nothing was wrong");
  } catch (const ctf::CtfError& error) {
    CHECK_THAT(error.what(), Catch::Contains("trace"));
  }
}
