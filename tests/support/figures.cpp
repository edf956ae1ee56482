#include "tests/support/figures.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

namespace weir::test {

namespace fs = std::filesystem;

bool can_draw() {
  const char* chosen = std::getenv("WEIR_PYTHON");
  const std::string python = chosen != nullptr && *chosen != 0 ? chosen : "/usr/bin/python3";
  const TemporaryFolder folder;
  if (::access(python.c_str(), X_OK) == 0 &&
      run_program({python, "-c", "import matplotlib, h5py"}, {folder.path()}).code == 0)
    return true;
  WARN("skipped: figures need matplotlib and h5py for " << python);
  return false;
}

bool begins(const fs::path& file, const std::string& magic) {
  return fs::exists(file) && read_file(file).starts_with(magic);
}

void check_picture(const fs::path& directory, const std::string& name,
                   const std::vector<std::string>& lines) {
  INFO(name);
  CHECK(begins(directory / (name + ".pdf"), "%PDF"));
  CHECK(begins(directory / (name + ".png"), "\x89PNG"));
  const std::string data = read_file(directory / (name + ".csv"));
  for (const std::string& line : lines) {
    INFO(line);
    CHECK(data.find("\n" + line) != std::string::npos);
  }
}

Outcome draw(const TemporaryFolder& folder, const std::string& name,
             const std::vector<std::string>& options) {
  std::vector<std::string> arguments = {"figure", name, "-o", name};
  if (!options.empty()) arguments.push_back("--");
  arguments.insert(arguments.end(), options.begin(), options.end());
  const Outcome outcome = run_weir(arguments, {folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}});
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.code == 0);
  return outcome;
}

double value_of(const std::string& data, const std::string& begin) {
  INFO(begin);
  const std::size_t at = data.find("\n" + begin);
  REQUIRE(at != std::string::npos);
  return std::stod(data.substr(at + 1 + begin.size()));
}

std::string told(const Outcome& outcome, const std::string& begin) {
  INFO(begin << " in\n" << outcome.out);
  const std::size_t at = ("\n" + outcome.out).find("\n" + begin);
  REQUIRE(at != std::string::npos);
  return outcome.out.substr(at, outcome.out.find('\n', at) - at);
}

std::string documented(const std::string& begin) {
  const std::string text = read_file(fs::path(WEIR_SOURCE_DIR) / "docs/figures.md");
  INFO(begin);
  const std::size_t at = text.find("\n" + begin);
  REQUIRE(at != std::string::npos);
  return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

}  // namespace weir::test
