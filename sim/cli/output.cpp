#include "sim/cli/output.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace weir {

namespace {

// 0, or the error.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

void ignore_broken_pipes() {
  ::signal(SIGPIPE, SIG_IGN);
  // A file that may not grow is an error of the write, with a message, rather than a silent death.
  ::signal(SIGXFSZ, SIG_IGN);
}

void write_out(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error != 0 && error != EPIPE)
    throw OutputError(fmt::format("standard output: cannot write: {}", std::strerror(error)));
}

void write_err(std::string_view text) noexcept {
  write_all(STDERR_FILENO, text);
}

bool is_terminal(int file_descriptor) {
  if (::isatty(file_descriptor) == 0) return false;
  const char* term = std::getenv("TERM");
  return term != nullptr && std::strcmp(term, "dumb") != 0;
}

}  // namespace weir
