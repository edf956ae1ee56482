#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "sim/record/record_error.hpp"

namespace weir {

// A file that is written piece by piece, and whose name shows either the old content or all of the new one,
// also after a crash: temporary name in the same directory, fsync, rename, fsync of the directory. A link
// stays, and what it leads to is replaced. What is no regular file (a device, a pipe) is written into as it
// comes.
//
// RecordError names file, operation and reason.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();  // what was not committed is gone
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= buffer_bytes) flush();
  }
  void commit();

 private:
  static constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
  void flush();
  [[noreturn]] void fail(const char* operation, int error) const;

  std::filesystem::path path_;       // as it was given, for messages
  std::filesystem::path target_;     // where links lead
  std::filesystem::path temporary_;  // empty: written in place
  std::string buffer_;
  int fd_ = -1;
};

void write_file_atomically(const std::filesystem::path& path, std::string_view content);

// The directory exists afterwards; RecordError if it cannot.
void create_result_directory(const std::filesystem::path& directory);

}  // namespace weir
