// The commands of the documentation, run as a reader would run them: every block marked `sh` in README.md and
// docs/, file by file, block after block, in a folder that looks like a checkout that was built.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/program.hpp"

using namespace weir::test;
namespace fs = std::filesystem;

namespace {

const fs::path traces = fs::path(WEIR_SOURCE_DIR) / "../shared/traces";

struct Block {
  int line = 0;  // of its first command
  std::string script;
};

std::vector<Block> shell_blocks(const std::string& markdown) {
  std::vector<Block> blocks;
  std::istringstream stream(markdown);
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line == "```sh") {
      inside = true;
      blocks.push_back({number + 1, ""});
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back().script += line + "\n";
    }
  }
  return blocks;
}

std::vector<fs::path> pages() {
  const fs::path top = WEIR_SOURCE_DIR;
  std::vector<fs::path> found = {top / "README.md", top / "CONTRIBUTING.md"};
  for (const auto& entry : fs::recursive_directory_iterator(top / "docs"))
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

void look_like_a_checkout(const fs::path& folder) {
  const fs::path top = WEIR_SOURCE_DIR;
  for (const char* name : {"scenarios", "plots", "docs", ".ci"})
    if (fs::exists(top / name)) fs::create_symlink(top / name, folder / name);
  fs::create_directory(folder / "build");
  fs::create_symlink(WEIR_PROGRAM, folder / "build/weir");
}

// What a page says that a command prints: a block after `<!-- summary: COMMAND -->`.
struct Shown {
  int line = 0;
  std::string command, text;
};

std::vector<Shown> shown_summaries(const std::string& markdown) {
  const std::string begin = "<!-- summary: ", end = " -->";
  std::vector<Shown> all;
  std::istringstream stream(markdown);
  int number = 0;
  bool inside = false, after = false;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.starts_with(begin) && line.ends_with(end)) {
      all.push_back({number, line.substr(begin.size(), line.size() - begin.size() - end.size()), ""});
      after = true;
    } else if (after && line == "```") {
      after = false;
      inside = true;
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      all.back().text += line + "\n";
    }
  }
  return all;
}

constexpr char how_to_update[] = "WEIR_UPDATE_DOCS=1 weir_tests \"docs/*\" writes it anew";

bool updating() {
  return std::getenv("WEIR_UPDATE_DOCS") != nullptr;
}

void replace_in(const fs::path& page, const std::string& before, const std::string& after) {
  std::string text = read_file(page);
  const std::size_t at = text.find(before);
  REQUIRE(at != std::string::npos);
  text.replace(at, before.size(), after);
  std::ofstream(page) << text;
}

// What stands between `<!-- NAME -->` and `<!-- end of NAME -->`.
std::string marked(const std::string& markdown, const std::string& name) {
  const std::string begin = "<!-- " + name + " -->\n", end = "<!-- end of " + name + " -->";
  const std::size_t from = markdown.find(begin), to = markdown.find(end);
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  return markdown.substr(from + begin.size(), to - from - begin.size());
}

// Without what differs from machine to machine: how long it took, and how fast that was.
std::string without_times(const std::string& summary) {
  const std::regex took(" in [^:\n]*: ([^\n]* events), [^\n]* a second\\.");
  return std::regex_replace(summary, took, " in a while: $1, fast.");
}

}  // namespace

TEST_CASE("every command of the documentation works", "[docs]") {
  int run = 0;
  for (const fs::path& page : pages()) {
    const TemporaryFolder folder;
    look_like_a_checkout(folder.path());
    for (const Block& block : shell_blocks(read_file(page))) {
      INFO(page.string() << ":" << block.line << "\n" << block.script);
      ++run;
      if (block.script.starts_with("bash .ci/")) {
        // Installs and builds: what it comes to is this very test. That the script is there can be checked.
        const std::string script = block.script.substr(5, block.script.find_first_of(" \n", 5) - 5);
        CHECK(fs::exists(folder.path() / script));
        continue;
      }
      const Outcome outcome =
          run_program({"bash", "-e", "-o", "pipefail", "-c", block.script}, {folder.path()});
      INFO(outcome.out << outcome.err);
      CHECK(outcome.code == 0);
    }
  }
  CHECK(run >= 6);
}

TEST_CASE("docs/summaries: those of the documentation are what the commands print", "[docs]") {
  int compared = 0;
  for (const fs::path& page : pages()) {
    for (const Shown& shown : shown_summaries(read_file(page))) {
      INFO(page.string() << ":" << shown.line << ": " << shown.command);
      ++compared;
      if (!fs::exists(traces)) {
        WARN("skipped: the recorded load of " << shown.command << " is not in ../shared/traces");
        continue;
      }
      // The recordings lie beside the checkout.
      const TemporaryFolder folder;
      fs::create_directory(folder.path() / "weir");
      fs::create_directory(folder.path() / "shared");
      fs::create_symlink(traces, folder.path() / "shared/traces");
      look_like_a_checkout(folder.path() / "weir");
      const Outcome outcome = run_program({"bash", "-e", "-c", shown.command}, {folder.path() / "weir"});
      INFO(outcome.err);
      REQUIRE(outcome.code == 0);
      if (updating() && without_times(outcome.out) != without_times(shown.text))
        replace_in(page, shown.text, outcome.out);
      INFO(how_to_update);
      if (!updating()) CHECK(without_times(outcome.out) == without_times(shown.text));
    }
  }
  CHECK(compared == 1);
}

TEST_CASE("docs/scenarios.md: the table of policies is what the figure writes", "[docs]") {
  if (!fs::exists(traces)) {
    WARN("skipped: a recorded load of the table is not in ../shared/traces");
    return;
  }
  const fs::path page = fs::path(WEIR_SOURCE_DIR) / "docs/scenarios.md";
  const TemporaryFolder folder;
  const Outcome outcome = run_weir({"figure", "policy-table", "-o", "table"},
                                   {folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}});
  if (outcome.err.find("figures need") != std::string::npos) {
    WARN("skipped: " << outcome.err);
    return;
  }
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const std::string table = read_file(folder.path() / "table/policy-table.md");
  if (updating()) replace_in(page, marked(read_file(page), "policy-table"), table);
  INFO(how_to_update);
  CHECK(marked(read_file(page), "policy-table") == table);
}

TEST_CASE("only times and speeds are left out of the comparison of summaries", "[docs]") {
  const auto text = [](const char* took, const char* events, const char* speed) {
    return std::string("1 h simulated on 6 hosts (15.1 % of their cores busy) in ") + took + ": " + events +
           " events, " + speed + " a second.\nTook in 5.\n";
  };
  CHECK(without_times(text("291 ms", "1.04 M", "3.57 M")) ==
        without_times(text("1 min 2 s", "1.04 M", "5 k")));
  CHECK(without_times(text("291 ms", "1.04 M", "3.57 M")) !=
        without_times(text("291 ms", "1.05 M", "3.57 M")));
}

TEST_CASE("the links of the documentation lead somewhere", "[docs]") {
  for (const fs::path& page : pages()) {
    const std::string text = read_file(page);
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 2)) {
      std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
      target = target.substr(0, target.find('#'));
      if (target.empty() || target.find("://") != std::string::npos) continue;
      INFO(page.string() << ": " << target);
      CHECK(fs::exists(page.parent_path() / target));
    }
  }
}

TEST_CASE("continuous integration runs the test command of the README", "[docs]") {
  const fs::path top = WEIR_SOURCE_DIR;
  const std::string readme = read_file(top / "README.md");
  REQUIRE(readme.find("```sh\nbash .ci/test\n```") != std::string::npos);
  const std::string run = read_file(top / ".ci/run");
  CHECK(run.ends_with("\nbash .ci/test\n"));
}
