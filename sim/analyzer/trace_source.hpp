#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <istream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/analyzer/edge_window.hpp"
#include "sim/analyzer/log_record.hpp"
#include "sim/analyzer/st2_construction.hpp"

// Where traces come from. Each format has a reader in readers/, one file each; which one it is, the
// content says.

namespace weir::analyzer {

// It is no trace, or one that cannot be read on. Says what, and where in the file.
class TraceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// It is a run's, and the run was not traced.
class NotTraced : public TraceError {
 public:
  using TraceError::TraceError;
};

class TraceSource {
 public:
  virtual ~TraceSource() = default;

  // What was not understood and left out, in words, with how often.
  virtual std::map<std::string, std::int64_t> left_out() const { return {}; }
  // Whether it says of how many records an activity or a message was.
  virtual bool holds_records() const { return false; }
  // Names, where the format has them.
  virtual std::string worker_name(std::int64_t worker) const;
  virtual std::string worker_host(std::int64_t worker) const;  // empty: not known
  virtual std::string operator_name(std::int32_t operator_id) const;
};

// A log of events.
class LogSource : public TraceSource {
 public:
  // Appends some more records, roughly by time; false when there are no more. TraceError.
  virtual bool read(std::vector<LogRecord>& records) = 0;
};

// A log of ST2, whose windows are the epochs that it counts.
class St2Source : public TraceSource {
 public:
  // Appends some more records, roughly by epoch; false when there are no more. TraceError.
  virtual bool read(std::vector<St2Record>& records) = 0;
};

// A trace of whole edges.
class EdgeSource : public TraceSource {
 public:
  // The next window in which there is something; false when there is none. Windows begin at multiples of
  // `window_ns`, the first and the last are cut to what was traced. TraceError.
  virtual bool next(Nanos window_ns, EdgeWindow& window) = 0;
  // Of a run that is followed: whether next() would have to wait for it.
  virtual bool would_wait(Nanos window_ns) {
    static_cast<void>(window_ns);
    return false;
  }
  // Why there are no more windows though the run did not come to its end; empty if it did.
  virtual std::string incomplete() const { return {}; }
};

// SnailTrail's own log: MessagePack, seven integers a record (readers/snailtrail_log.cpp). `name` is for
// messages.
// `as_it_comes`: a pipe, of which whatever is there is read, instead of a MiB at a time.
std::unique_ptr<LogSource> read_snailtrail_log(std::istream& stream, std::string name,
                                               bool as_it_comes = false);
// ST2's records: MessagePack, an array of eleven a record (readers/st2_log.cpp).
std::unique_ptr<St2Source> read_st2_log(std::istream& stream, std::string name, bool as_it_comes = false);
// Spark's event log: a JSON object a line (readers/spark_event_log.cpp).
std::unique_ptr<EdgeSource> read_spark_event_log(std::istream& stream, std::string name);
// The tables pag_* of a run.h5 (readers/run_file.cpp), finished or not.
// `loads`: how many records edges were of, too, if they were traced.
std::unique_ptr<EdgeSource> read_run_file(const std::filesystem::path& path, bool loads = false);
// The same while it is written, window by window as the run commits them. `still_written` says whether the
// writer is there; it is asked now and then while there is nothing new.
std::unique_ptr<EdgeSource> follow_run_file(const std::filesystem::path& path,
                                            std::function<bool()> still_written, bool loads = false);

}  // namespace weir::analyzer
