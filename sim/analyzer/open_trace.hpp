#pragma once

#include <filesystem>
#include <istream>
#include <memory>
#include <optional>
#include <streambuf>
#include <string>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/ctf_map.hpp"
#include "sim/analyzer/trace_source.hpp"

// Which format a trace has, its content says.

namespace weir::analyzer {

// A trace that is open: one of `log`, `st2` and `edges`.
struct OpenTrace {
  std::string name;  // for messages: the path, or "standard input"
  std::string kind;  // what it is, in words: "a Spark event log"
  bool run = false;  // it is a run.h5
  bool ctf = false;
  std::unique_ptr<std::streambuf> bytes;  // what they read from,
  std::unique_ptr<std::istream> stream;   // if they do
  std::unique_ptr<LogSource> log;
  std::unique_ptr<St2Source> st2;
  std::unique_ptr<EdgeSource> edges;

  const TraceSource& source() const {
    if (log) return *log;
    if (st2) return *st2;
    return *edges;
  }
};

struct OpenOptions {
  CtfMap map = default_ctf_map();
  bool loads = false;        // of a run: how many records and bytes edges were of, too, if they were traced
  bool as_it_comes = false;  // of a log: whatever is there is read, instead of a MiB at a time
};

// `path`: a file, a directory of a run or of CTF traces, or - for standard input. TraceError.
OpenTrace open_trace(const std::string& path, const OpenOptions& options = {});

// The run.h5 that `path` is, or holds; none: it is something else, or nothing.
std::optional<std::filesystem::path> run_file_at(const std::string& path);

// A directory in which there are CTF traces (readers/ctf_trace.cpp): a log, or the edges that weir exported.
// TraceError.
OpenTrace read_ctf(const std::filesystem::path& path, const CtfMap& map);

}  // namespace weir::analyzer
