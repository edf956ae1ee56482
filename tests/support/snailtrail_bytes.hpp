#pragma once

#include <msgpack.hpp>
#include <string>
#include <vector>

#include "sim/analyzer/log_record.hpp"

namespace weir::test {

// As SnailTrail writes its logs.
inline std::string snailtrail_bytes(const std::vector<analyzer::LogRecord>& records) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  for (const analyzer::LogRecord& record : records) {
    packer.pack(record.time_ns);
    packer.pack(record.worker);
    packer.pack(static_cast<int>(record.activity));
    packer.pack(static_cast<int>(record.event));
    packer.pack(record.correlator);
    packer.pack(record.remote_worker);
    packer.pack(record.operator_id);
  }
  return {buffer.data(), buffer.size()};
}

}  // namespace weir::test
