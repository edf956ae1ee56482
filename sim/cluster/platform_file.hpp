#pragma once

#include <string>
#include <utility>
#include <vector>

// SimGrid platform files before SimGrid sees them. SimGrid 3.32 aborts the process on some errors in such a
// file, and installs profiles that run-ahead would miss. So speed profiles are taken out and returned, other
// profiles are refused, and the rest is tried in a child process first.

namespace weir {

struct PlatformFile {
  std::string text;                                              // without speed profiles
  std::vector<std::pair<std::string, std::string>> speed_files;  // host name, file relative to the platform's
};

// Throws std::runtime_error with one line for people.
PlatformFile read_platform_file(const std::string& file);

struct ProbedHost {
  std::string name;
  int cores = 1;
  double flops_per_s = 0;
};

// Loads it in a child process. Hosts in the natural order of their names (`node-2` before `node-10`).
std::vector<ProbedHost> probe_platform(const PlatformFile& platform, const std::string& file);

// Puts the text into a temporary file, since SimGrid reads files only; the destructor removes it.
class TemporaryXml {
 public:
  explicit TemporaryXml(const std::string& text);
  ~TemporaryXml();
  TemporaryXml(const TemporaryXml&) = delete;
  TemporaryXml& operator=(const TemporaryXml&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

bool natural_less(const std::string& a, const std::string& b);

}  // namespace weir
