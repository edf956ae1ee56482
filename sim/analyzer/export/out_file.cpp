#include "sim/analyzer/export/out_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/record/record_error.hpp"

namespace weir::analyzer {

OutFile::OutFile(const std::filesystem::path& path) : path_(path), temporary_(path) {
  temporary_ += fmt::format(".tmp{}", ::getpid());
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd_ < 0) fail("create");
}

OutFile::~OutFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

void OutFile::commit() {
  flush();
  if (::fsync(fd_) != 0 && errno != EINVAL) fail("sync to disk");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename into place");
  if (::close(std::exchange(fd_, -1)) != 0) fail("close");
}

void OutFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void OutFile::fail(const char* operation) const {
  throw RecordError(fmt::format("{}: cannot {}: {}", path_.string(), operation, std::strerror(errno)));
}

}  // namespace weir::analyzer
