#pragma once

#include <istream>
#include <memory>
#include <string>

#include "sim/analyzer/ctf_map.hpp"
#include "sim/analyzer/trace_source.hpp"

// Which format a trace has, its content says.

namespace weir::analyzer {

// A trace that is open: one of `log` and `edges`.
struct OpenTrace {
  std::unique_ptr<std::istream> file;  // what they read from, if they do
  std::unique_ptr<LogSource> log;
  std::unique_ptr<EdgeSource> edges;
  const TraceSource& source() const {
    if (log) return *log;
    return *edges;
  }
};

// `path`: a file, a directory of a run or of CTF traces, or - for a SnailTrail log from standard input.
// `map`: of CTF traces. TraceError.
OpenTrace open_trace(const std::string& path, const CtfMap& map = default_ctf_map());

// A directory in which there are CTF traces, and no run.
bool is_ctf(const std::filesystem::path& path);
// A directory in which there are CTF traces (readers/ctf_trace.cpp): a log, or what weir exported.
// TraceError.
OpenTrace read_ctf(const std::filesystem::path& path, const CtfMap& map);

}  // namespace weir::analyzer
