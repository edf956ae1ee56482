#include "sim/record/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

namespace weir {

namespace fs = std::filesystem;

namespace {

void sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // Some network file systems cannot sync a directory; the rename itself is still atomic there.
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path) : path_(path), target_(path) {
  std::error_code error;
  // Also one that leads to what is not there yet.
  for (int links = 0; fs::is_symlink(target_, error); ++links) {
    if (links == 40) fail("follow the link", ELOOP);
    target_ = target_.parent_path() / fs::read_symlink(target_, error);
  }
  const fs::file_status status = fs::status(target_, error);
  const bool replaced = !fs::exists(status) || fs::is_regular_file(status);
  if (replaced) {
    temporary_ = target_;
    temporary_ += fmt::format(".tmp{}", ::getpid());
  }
  fd_ = replaced ? ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)
                 : ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd_ < 0) fail(replaced ? "create" : "write", errno);
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::commit() {
  flush();
  if (temporary_.empty()) {
    if (::close(std::exchange(fd_, -1)) != 0) fail("close", errno);
    return;
  }
  if (::fsync(fd_) != 0 && errno != EINVAL) fail("sync to disk", errno);
  if (::close(std::exchange(fd_, -1)) != 0) fail("close", errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("rename into place", errno);
  temporary_.clear();
  sync_directory(target_.has_parent_path() ? target_.parent_path() : fs::path("."));
}

void AtomicFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void AtomicFile::fail(const char* operation, int error) const {
  throw RecordError(fmt::format("{}: cannot {}: {}", path_.string(), operation, std::strerror(error)));
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

void create_result_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error)
    throw RecordError(
        fmt::format("{}: cannot create the directory: {}", directory.string(), error.message()));
  if (!fs::is_directory(directory, error))
    throw RecordError(fmt::format("{}: is not a directory", directory.string()));
}

}  // namespace weir
