#include "sim/cli/result_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "sim/record/atomic_file.hpp"

namespace weir {

namespace fs = std::filesystem;

namespace {

constexpr std::array result_files{"summary.json", "manifest.json", "run.h5"};

// A descriptor that holds the lock of the directory; -1: it cannot be had or locked, and `taken` says whether
// because another process holds it. Some network file systems lock no directories: then nothing is locked.
int lock_directory(const fs::path& directory, bool& taken) {
  taken = false;
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || ::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  taken = errno == EWOULDBLOCK;
  ::close(fd);
  return -1;
}

constexpr char is_taken[] = "another run is writing its results there";

// What somebody has put there without weir.
bool belongs_to_others(const fs::path& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error) || fs::is_empty(directory, error) || error) return false;
  // Also `manifest.json.tmp123`: a run that was killed early leaves no more.
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    for (const std::string_view result : result_files)
      if (name.compare(0, result.size(), result) == 0) return false;
  }
  return true;
}

// As one component of a path.
std::string component(std::string name) {
  for (char& c : name) {
    if (c == '/' || static_cast<unsigned char>(c) < 0x20) c = '_';
  }
  if (name.empty() || name == "." || name == "..") name = "_";
  return name.substr(0, 200);  // file systems allow 255 bytes
}

}  // namespace

fs::path default_result_directory(const Scenario& scenario) {
  std::vector<std::string> policies;
  for (const JobSpec& job : scenario.jobs) {
    if (std::find(policies.begin(), policies.end(), job.policy.name()) == policies.end())
      policies.push_back(job.policy.name());
  }
  return fs::path("out") / component(scenario.name) / component(fmt::format("{}", fmt::join(policies, "+"))) /
         fmt::format("seed={}", scenario.seed);
}

void check_result_directory(const fs::path& directory, const std::string& argument,
                            const std::vector<fs::path>& inputs, Errors& errors) {
  const auto wrong = [&](const std::string& what, const std::string& allowed) {
    errors.add_argument(argument, directory.string(), what, allowed);
  };
  if (directory.empty()) return wrong("is empty", "a directory to write to");
  std::error_code error;
  fs::path existing = fs::absolute(directory, error).lexically_normal();
  // A symbolic link that leads nowhere exists for everybody who wants to create what it is called.
  while (!fs::exists(fs::symlink_status(existing, error)) && existing.has_relative_path())
    existing = existing.parent_path();
  if (!fs::is_directory(existing, error))
    return wrong(fmt::format("{} is not a directory", existing.string()), "a directory to write to");
  if (::access(existing.c_str(), W_OK | X_OK) != 0)
    return wrong(fmt::format("{}: {}", existing.string(), std::strerror(errno)), "a directory to write to");
  if (belongs_to_others(directory))
    return wrong("is not empty, and holds no result of weir",
                 "a new or an empty directory, or that of a result");
  bool taken = false;
  if (const int fd = lock_directory(directory, taken); fd >= 0) ::close(fd);
  if (taken) return wrong(is_taken, "another directory, or the same one later");
  for (const char* name : result_files) {
    const fs::path file = directory / name;
    if (fs::is_directory(file, error))
      wrong(fmt::format("{} is a directory", file.string()), "results are written to files of that name");
    for (const fs::path& input : inputs) {
      if (fs::equivalent(file, input, error))
        wrong(fmt::format("the run reads {}, which its result would replace", input.string()),
              "another directory");
    }
  }
}

bool is_being_written(const fs::path& directory) {
  bool taken = false;
  if (const int fd = lock_directory(directory, taken); fd >= 0) ::close(fd);
  return taken;
}

ResultDirectory::Made::~Made() {
  std::error_code ignored;
  for (const fs::path& folder : folders) fs::remove(folder, ignored);  // only what is empty
}

ResultDirectory::Lock::~Lock() {
  if (fd >= 0) ::close(fd);
}

ResultDirectory::ResultDirectory(const fs::path& directory) : directory_(directory) {
  std::error_code error;
  for (fs::path at = fs::absolute(directory, error).lexically_normal();
       !fs::exists(at, error) && at.has_relative_path(); at = at.parent_path()) {
    if (at.has_filename()) made_.folders.push_back(at);
  }
  create_result_directory(directory);
  bool taken = false;
  lock_.fd = lock_directory(directory, taken);
  if (taken) {
    made_.folders.clear();  // the other run's
    throw RecordError(fmt::format("{}: {}", directory.string(), is_taken));
  }
  const fs::path summary = directory / "summary.json";
  fs::remove(summary, error);
  if (error)
    throw RecordError(fmt::format("{}: cannot remove the old one: {}", summary.string(), error.message()));
}

void ResultDirectory::discard() {
  std::error_code ignored;
  for (const char* name : result_files) fs::remove(directory_ / name, ignored);
}

}  // namespace weir
