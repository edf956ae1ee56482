#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/dice.hpp"
#include "tests/support/scenario_fuzz.hpp"

using namespace weir;
using namespace weir::test;

namespace {

std::vector<std::string> corpus() {
  using namespace std::string_literals;
  std::vector<std::string> out = {
      R"({"name": "x", "rate_per_s": 1.5, "until_s": null, "count": 4, "big": -7, "seed": 9, "limit": 3, "on": false,
"colour": "red", "rates": [1, 2.5e1], "sizes": [0, -5], "words": ["\u00e9", "\n"], "inner": {"cost_s": 0},
"maybe": {"threads": 2}, "list": [{}, {"threads": 3}], "map": {"a": {}, "b c": {"cost_s": 1}},
"shape": {"type": "group", "shapes": ["square", {"type": "circle", "radius": 2}]}, "other": "square",
"shapes": [{"type": "square", "side": 3}], "tree": {"name": "r", "children": [{"name": "s"}]}})",
      "{\"name\": "
      "\"x\"}\0rate_per_s=3\0shape.side=2\0map.a.threads=2\0tree={\"children\":[{\"name\":\"a\"}]}\0"
      "tree.children.a.name=b\0list[0]=1\0[\"a\\\"b\"]=1"s,
      R"({"jobs": [{"name": "wc", "policy": {"type": "threshold", "high": 0.7}, "dataflow": {"operators": []}}]})"};
  const std::filesystem::path shipped = std::filesystem::path(WEIR_SOURCE_DIR) / "scenarios";
  std::vector<std::filesystem::path> files;
  if (std::filesystem::exists(shipped)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(shipped)) {
      if (entry.path().extension() == ".json" && entry.file_size() < 20'000) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    out.push_back(text.str());
  }
  return out;
}

void mutate(std::string& text, const std::vector<std::string>& all, Dice& dice) {
  static const std::vector<std::string> tokens = {"{",
                                                  "}",
                                                  "[",
                                                  "]",
                                                  ",",
                                                  ":",
                                                  "\"",
                                                  "null",
                                                  "true",
                                                  "1e999",
                                                  "-1",
                                                  "NaN",
                                                  "3.5",
                                                  "\"type\":",
                                                  "\\u0000",
                                                  "\\ud800",
                                                  "\xff",
                                                  "\xc3",
                                                  "\n",
                                                  "//",
                                                  "'",
                                                  "=",
                                                  ".",
                                                  "[0]",
                                                  "[99999999999999999999]",
                                                  "18446744073709551616",
                                                  "\"name\": \"x\",",
                                                  "\"shape\"",
                                                  "1e400",
                                                  "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                                                  "-9223372036854775809",
                                                  "\"$comment\": {}",
                                                  std::string(1, '\0')};
  const auto place = [&](std::size_t size) {
    return static_cast<std::size_t>(dice.next() % static_cast<std::uint64_t>(size + 1));
  };
  const std::size_t at = place(text.size());
  const std::size_t length = std::min<std::size_t>(place(8), text.size() - at);
  switch (dice.below(6)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(dice.below(256));
      break;
    case 1:
      text.erase(at, length);
      break;
    case 2:
      text.insert(place(text.size()), text.substr(at, 4 * length));
      break;
    case 3:
      text.insert(at, tokens[static_cast<std::size_t>(dice.below(static_cast<int>(tokens.size())))]);
      break;
    case 4:
      text.resize(at);
      break;
    default: {
      const std::string& other = all[static_cast<std::size_t>(dice.below(static_cast<int>(all.size())))];
      const std::size_t from = place(other.size());
      text.insert(at, other.substr(from, place(40)));
      break;
    }
  }
}

}  // namespace

TEST_CASE("damaged documents and arguments give errors, never a crash or an exception", "[scenario]") {
  const std::uint64_t seed = test_seed();
  const std::vector<std::string> all = corpus();
  for (const std::string& text : all) fuzz_scenario(text);
  Dice dice(seed);
  // A number of runs, not a time: every machine tries the same documents.
  for (int run = 0; run < 40'000; ++run) {
    std::string text = all[static_cast<std::size_t>(dice.below(static_cast<int>(all.size())))];
    for (int i = 1 + dice.below(4); i > 0; --i) mutate(text, all, dice);
    try {
      fuzz_scenario(text);
    } catch (const std::exception& error) {
      FAIL("WEIR_SEED=" << seed << " run " << run << ": " << error.what() << "\n" << text);
    }
  }
}
