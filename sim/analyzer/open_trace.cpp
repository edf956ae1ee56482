#include "sim/analyzer/open_trace.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "sim/ctf/ctf_reader.hpp"

namespace weir::analyzer {

namespace {

namespace fs = std::filesystem;

// Standard input as it comes: what std::cin reads waits until a buffer is full.
class Pipe final : public std::streambuf {
 protected:
  int_type underflow() override {
    const ::ssize_t got = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
    if (got <= 0) return traits_type::eof();
    setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
    return traits_type::to_int_type(buffer_[0]);
  }

 private:
  std::array<char, 1 << 16> buffer_;
};

// A directory in which there are CTF traces, and no run.
bool is_ctf(const fs::path& path) {
  return fs::is_directory(path) && !fs::exists(path / "run.h5") && ctf::holds_ctf(path);
}

bool is_hdf5(const fs::path& path) {
  constexpr std::string_view hdf5_signature = "\x89HDF\r\n\x1a\n";
  std::ifstream stream(path, std::ios::binary);
  std::string signature(hdf5_signature.size(), '\0');
  stream.read(signature.data(), static_cast<std::streamsize>(signature.size()));
  return stream && signature == hdf5_signature;
}

// Its first byte says what it is.
void read_stream(OpenTrace& trace, const OpenOptions& options) {
  constexpr int array_of_eleven = 0x9b;
  const int first = trace.stream->peek();
  if (first == '{') {
    trace.kind = "a Spark event log";
    trace.edges = read_spark_event_log(*trace.stream, trace.name);
  } else if (first == array_of_eleven) {
    trace.kind = "an ST2 log";
    trace.st2 = read_st2_log(*trace.stream, trace.name, options.as_it_comes);
  } else {
    trace.kind = "a SnailTrail log";
    trace.log = read_snailtrail_log(*trace.stream, trace.name, options.as_it_comes);
  }
}

}  // namespace

std::optional<fs::path> run_file_at(const std::string& path) {
  if (path == "-") return std::nullopt;
  const fs::path file = fs::is_directory(path) ? fs::path(path) / "run.h5" : fs::path(path);
  // What is read from a pipe is gone.
  if (!fs::is_regular_file(file) || !is_hdf5(file)) return std::nullopt;
  return file;
}

OpenTrace open_trace(const std::string& path, const OpenOptions& options) {
  OpenTrace trace;
  trace.name = path;
  if (path == "-") {
    trace.name = "standard input";
    struct stat status {};
    if (::fstat(STDIN_FILENO, &status) == 0 && S_ISDIR(status.st_mode))
      throw TraceError("standard input: is a directory");
    trace.bytes = std::make_unique<Pipe>();
    trace.stream = std::make_unique<std::istream>(trace.bytes.get());
    read_stream(trace, options);
    return trace;
  }
  if (is_ctf(path)) return read_ctf(path, options.map);
  if (const auto run = run_file_at(path)) {
    trace.kind = "a run's trace";
    trace.run = true;
    trace.edges = read_run_file(*run, options.loads);
    return trace;
  }
  const fs::path file = fs::is_directory(path) ? fs::path(path) / "run.h5" : fs::path(path);
  trace.stream = std::make_unique<std::ifstream>(file, std::ios::binary);
  if (!*trace.stream || fs::is_directory(file))
    throw TraceError(fmt::format("{}: cannot be opened", file.string()));
  read_stream(trace, options);
  return trace;
}

}  // namespace weir::analyzer
