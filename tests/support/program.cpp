#include "tests/support/program.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

namespace weir::test {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "weir-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TemporaryFolder::write(const std::string& name, const std::string& content) const {
  const fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
  return file;
}

std::vector<std::string> TemporaryFolder::files() const {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(path_))
    found.push_back(entry.path().lexically_relative(path_).string() + (entry.is_directory() ? "/" : ""));
  std::sort(found.begin(), found.end());
  return found;
}

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

namespace {

[[noreturn]] void become(const std::vector<std::string>& words, const HowToRun& how, const fs::path& out,
                         const fs::path& err) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  for (const std::string& variable : how.environment) ::putenv(const_cast<char*>(variable.c_str()));
  const int out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err_fd = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (out_fd < 0 || err_fd < 0 || ::chdir(how.folder.c_str()) != 0) ::_exit(126);
  const int in_fd = ::open(how.input.c_str(), O_RDONLY);
  if (in_fd < 0) ::_exit(126);
  ::dup2(in_fd, 0);
  ::dup2(out_fd, 1);
  ::dup2(err_fd, 2);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

// Or has ended, or a minute has passed.
void wait_until_it_handles(pid_t process, int signal) {
  for (int i = 0; i < 6000; ++i) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("State:\tZ", 0) == 0) return;
      if (line.rfind("SigCgt:", 0) != 0) continue;
      if ((std::stoull(line.substr(8), nullptr, 16) >> (signal - 1) & 1) != 0) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

Outcome run_program(const std::vector<std::string>& words, const HowToRun& how) {
  const TemporaryFolder captured;
  const fs::path out = captured.path() / "out", err = captured.path() / "err";
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) become(words, how, out, err);
  if (how.interrupt_after_ms > 0) {
    // On a busy machine a program may take longer to start than that.
    wait_until_it_handles(child, SIGINT);
    std::this_thread::sleep_for(std::chrono::milliseconds(how.interrupt_after_ms));
    ::kill(child, SIGINT);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
  }
  Outcome outcome;
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.out = read_file(out);
  outcome.err = read_file(err);
  return outcome;
}

Outcome run_weir(const std::vector<std::string>& arguments, const HowToRun& how) {
  std::vector<std::string> words = {WEIR_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_program(words, how);
}

// By a program between the two: what a process forks has at least the memory of its parent.
double peak_kib_of_weir(const std::vector<std::string>& arguments, const HowToRun& how) {
  std::vector<std::string> words = {
      "python3", "-c",
      "import resource, subprocess, sys\n"
      "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
      "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
      "sys.exit(code)",
      WEIR_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const Outcome outcome = run_program(words, how);
  if (outcome.code != 0) throw std::runtime_error("weir ended with an error: " + outcome.err);
  return std::stod(outcome.out);
}

}  // namespace weir::test
