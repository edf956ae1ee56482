#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/analyzer/log_record.hpp"

// Where event logs come from. Each format has a reader in readers/, one file each; which one it is, the
// content says.

namespace weir::analyzer {

// It is no trace, or one that cannot be read on. Says what, and where in the file.
class TraceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class LogSource {
 public:
  virtual ~LogSource() = default;

  // Appends some more records, roughly by time; false when there are no more. TraceError.
  virtual bool read(std::vector<LogRecord>& records) = 0;

  // What was not understood and left out, in words, with how often.
  virtual std::map<std::string, std::int64_t> left_out() const = 0;
  // Names, where the format has them.
  virtual std::string worker_name(std::int64_t worker) const;
  virtual std::string operator_name(std::int32_t operator_id) const;
};

// SnailTrail's own log: MessagePack, seven integers a record (readers/snailtrail_log.cpp). `name` is for
// messages.
std::unique_ptr<LogSource> read_snailtrail_log(std::istream& stream, std::string name);

}  // namespace weir::analyzer
