#include "sim/record/manifest.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "sim/record/sha256.hpp"

using namespace weir;
using nlohmann::json;

namespace {

struct Scratch {
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("weir_manifest_" + std::to_string(::getpid()));
  Scratch() { std::filesystem::create_directories(directory); }
  ~Scratch() { std::filesystem::remove_all(directory); }
};

Manifest example(const Scratch& scratch) {
  std::ofstream(scratch.directory / "rates.csv") << "0,10\n60,20\n";
  const json scenario = {
      {"name", "example"}, {"rate_per_s", 0.1}, {"jobs", json::array({{{"policy", "ds2"}}})}};
  return begin_manifest({"weir", "run", "example.json"}, scenario, "example.json",
                        18'446'744'073'709'551'615u, {{"rates.csv", scratch.directory / "rates.csv"}});
}

json parse(const std::filesystem::path& path) {
  return json::parse(std::ifstream(path));
}

void change(const std::filesystem::path& path, const std::function<void(json&)>& edit) {
  json document = parse(path);
  edit(document);
  std::ofstream(path) << document.dump();
}

}  // namespace

TEST_CASE("a manifest comes back as it was written", "[record]") {
  Scratch scratch;
  Manifest manifest = example(scratch);
  write_manifest(scratch.directory, manifest);
  ManifestToRepeat read = read_manifest(scratch.directory / "manifest.json");
  CHECK(read.scenario == manifest.scenario);
  CHECK(read.seed == manifest.seed);
  CHECK(!read.fingerprint);
  REQUIRE(read.inputs.size() == 1);
  CHECK(read.inputs[0].sha256 == sha256_hex("0,10\n60,20\n"));

  manifest.fingerprint = "00c0ffee";
  manifest.complete = true;
  write_manifest(scratch.directory, manifest);
  CHECK(read_manifest(scratch.directory / "manifest.json").fingerprint.value() == "00c0ffee");
  manifest.fingerprint.reset();
  write_manifest(scratch.directory, manifest);
  CHECK_THROWS_WITH(
      read_manifest(scratch.directory / "manifest.json"),
      Catch::Matches(".*manifest\\.json:[0-9]+: fingerprint: null is of the wrong kind \\(a string.*"));
  manifest.fingerprint = "00c0ffee";
  manifest.complete = false;
  write_manifest(scratch.directory, manifest);
  CHECK(!read_manifest(scratch.directory / "manifest.json").fingerprint);
}

TEST_CASE("a manifest names where the run came from", "[record]") {
  Scratch scratch;
  ::setenv("SLURM_JOB_ID", "4711", 1);
  write_manifest(scratch.directory, example(scratch));
  const json document = parse(scratch.directory / "manifest.json");
  for (const char* key :
       {"version", "git_commit", "git_dirty", "simgrid_version", "compiler", "argv", "scenario",
        "scenario_sha256", "inputs", "seed", "host", "wall_s", "started_utc", "fingerprint"})
    CHECK(document.contains(key));
  CHECK(document["argv"] == json({"weir", "run", "example.json"}));
  CHECK(document["environment"]["SLURM_JOB_ID"] == "4711");
  CHECK(document["wall_s"].is_null());
  CHECK(document["started_utc"].get<std::string>().size() == std::string("2026-01-01T00:00:00Z").size());
  CHECK(is_manifest(document));
  CHECK(!is_manifest(json{{"jobs", json::array()}}));
  CHECK(!is_manifest(json::array()));
}

TEST_CASE("the canonical hash is that of the sorted compact text", "[record]") {
  CHECK(canonical_sha256(json::parse(R"({ "b": 1, "a": [0.5, "x"] })")) ==
        sha256_hex(R"({"a":[0.5,"x"],"b":1})"));
}

TEST_CASE("what is wrong with a manifest is said at once", "[record]") {
  Scratch scratch;
  const auto path = scratch.directory / "manifest.json";
  write_manifest(scratch.directory, example(scratch));
  const auto defects = [&path]() -> std::string {
    try {
      read_manifest(path);
    } catch (const RecordError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(defects().empty());
  SECTION("a changed scenario") {
    change(path, [](json& d) { d["scenario"]["rate_per_s"] = 0.2; });
    CHECK_THAT(defects(), Catch::Contains("manifest.json:1: scenario: was changed") &&
                              Catch::Contains("(that of scenario_sha256, "));
  }
  SECTION("several defects") {
    change(path, [](json& d) {
      d.erase("scenario");
      d["seed"] = -1;
      d["inputs"] = {1};
    });
    CHECK_THAT(defects(), Catch::Contains("manifest.json:1: scenario: is missing (an object)\n") &&
                              Catch::Contains("manifest.json:1: seed: -1 is of the wrong kind (an integer") &&
                              Catch::Contains("manifest.json:1: inputs: an entry"));
  }
  SECTION("the line of a defect") {
    write_manifest(scratch.directory, example(scratch));
    std::ifstream stream(path);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    const std::size_t at = text.find("\"simgrid_version\": ");
    REQUIRE(at != std::string::npos);
    text.insert(at + std::string("\"simgrid_version\": ").size(), "7, \"was\": ");
    std::ofstream(path) << text;
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    CHECK_THAT(defects(), Catch::EndsWith("manifest.json:" + std::to_string(line) +
                                          ": simgrid_version: 7 is of the wrong kind (a string)"));
  }
  SECTION("another seed beside the scenario") {
    Manifest manifest = example(scratch);
    manifest.scenario["seed"] = 3;
    manifest.scenario_sha256 = canonical_sha256(manifest.scenario);
    manifest.seed = 3;
    write_manifest(scratch.directory, manifest);
    CHECK(defects().empty());
    change(path, [](json& d) { d["seed"] = 4; });
    CHECK_THAT(defects(), Catch::Contains("manifest.json:1: seed: is 4, and scenario.seed is 3 (the same;"));
  }
  SECTION("a newer one") {
    change(path, [](json& d) { d["weir_manifest"] = 99; });
    CHECK_THAT(defects(), Catch::Contains("from a newer weir"));
  }
  SECTION("something else") {
    std::ofstream(path) << "{}";
    CHECK_THAT(defects(), Catch::Contains("is not a manifest"));
  }
  SECTION("half a file") {
    std::filesystem::resize_file(path, 100);
    CHECK_THAT(defects(), Catch::Matches(".*manifest\\.json:[0-9]+: [^\n]*"));
  }
  SECTION("no file") {
    std::filesystem::remove(path);
    CHECK_THAT(defects(), Catch::Contains("cannot be read"));
  }
}

TEST_CASE("changed and missing input files are named", "[record]") {
  Scratch scratch;
  write_manifest(scratch.directory, example(scratch));
  const ManifestToRepeat read = read_manifest(scratch.directory / "manifest.json");
  CHECK(changed_inputs(read, scratch.directory).empty());
  std::ofstream(scratch.directory / "rates.csv") << "0,11\n";
  auto findings = changed_inputs(read, scratch.directory);
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings[0], Catch::Contains("rates.csv: has changed"));
  std::filesystem::remove(scratch.directory / "rates.csv");
  findings = changed_inputs(read, scratch.directory);
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings[0], Catch::Contains("rates.csv: cannot be read"));
}

TEST_CASE("a hidden input file is an error at the start", "[record]") {
  CHECK_THROWS_AS(begin_manifest({}, json::object(), "x.json", 1, {{"gone.csv", "/nonexistent/gone.csv"}}),
                  RecordError);
}
