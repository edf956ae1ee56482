#pragma once

#include <filesystem>
#include <string>
#include <vector>

// Runs programs the way a user does, in a folder that is thrown away afterwards.

namespace weir::test {

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& content) const;
  // Everything below it, relative, sorted; folders end in '/'.
  std::vector<std::string> files() const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& file);

struct Outcome {
  int code = -1;  // of exit; 128 + number when a signal ended it
  std::string out, err;
};

struct HowToRun {
  std::filesystem::path folder;               // where it is started
  std::vector<std::string> environment = {};  // NAME=VALUE, besides our own
  int interrupt_after_ms = 0;                 // SIGINT so long after it handles that, if not 0
  std::string input = "/dev/null";            // the file that is its standard input
};

Outcome run_program(const std::vector<std::string>& words, const HowToRun& how);
// The weir that was built together with the tests.
Outcome run_weir(const std::vector<std::string>& arguments, const HowToRun& how);
// The most memory that it had at once; it must end well, and what it prints is thrown away.
double peak_kib_of_weir(const std::vector<std::string>& arguments, const HowToRun& how);

}  // namespace weir::test
