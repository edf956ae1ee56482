#pragma once

#include <filesystem>
#include <string>
#include <string_view>

// A file that is written piece by piece, and has its name only when all of it is there.

namespace weir::analyzer {

class OutFile {
 public:
  // RecordError, here and below: names the file, what could not be done and why.
  explicit OutFile(const std::filesystem::path& path);
  ~OutFile();  // what was not committed is gone
  OutFile(const OutFile&) = delete;
  OutFile& operator=(const OutFile&) = delete;

  void write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= buffer_bytes) flush();
  }
  void commit();

 private:
  static constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
  void flush();
  [[noreturn]] void fail(const char* operation) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::string buffer_;
  int fd_ = -1;
};

}  // namespace weir::analyzer
