#include "tests/support/st2_log.hpp"

#include <msgpack.hpp>

namespace weir::test {

using analyzer::LogEvent;
using analyzer::St2Record;

std::string st2_bytes(const std::vector<St2Record>& records) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  const auto optional = [&](std::int64_t value) {
    if (value == St2Record::none)
      packer.pack_nil();
    else
      packer.pack(value);
  };
  for (const St2Record& record : records) {
    packer.pack_array(11);
    packer.pack(record.sequence);
    packer.pack(record.epoch);
    packer.pack(record.time_ns);
    packer.pack(record.worker);
    packer.pack(record.activity == Activity::scheduling        ? 0
                : record.activity == Activity::control_message ? 5
                                                               : 6);
    packer.pack(static_cast<int>(record.event));
    optional(record.remote_worker);
    optional(record.operator_id);
    optional(record.channel);
    optional(record.correlator);
    optional(record.records);
  }
  return {buffer.data(), buffer.size()};
}

std::vector<St2Record> small_st2_log() {
  constexpr Activity schedule = Activity::scheduling, data = Activity::data_message,
                     control = Activity::control_message;
  constexpr LogEvent start = LogEvent::start, end = LogEvent::end, sent = LogEvent::sent,
                     received = LogEvent::received;
  constexpr std::int64_t none = St2Record::none;
  // number, epoch, time, worker, activity, event, remote worker, operator, channel, correlator, records
  return {{1, 1, 10, 0, schedule, start, none, 5, none, none, none},
          {2, 1, 20, 0, data, sent, 1, -1, 7, 1, 3},
          {3, 1, 50, 0, schedule, end, none, 5, none, none, 4},
          {4, 1, 60, 0, control, sent, none, -1, 9, 2, none},
          {5, 1, 70, 0, schedule, start, none, 6, none, none, none},
          {6, 1, 90, 0, schedule, end, none, 6, none, none, none},
          {7, 1, 100, 0, control, received, 1, -1, 9, 3, none},
          {1, 1, 12, 1, schedule, start, none, 5, none, none, none},
          {2, 1, 22, 1, schedule, end, none, 5, none, none, none},
          {3, 1, 30, 1, schedule, start, none, 8, none, none, none},
          {4, 1, 45, 1, data, received, 0, -1, 7, 1, 3},
          {5, 1, 65, 1, schedule, end, none, 8, none, none, 3},
          {6, 1, 80, 1, control, received, 0, -1, 9, 2, none},
          {7, 1, 85, 1, control, sent, none, -1, 9, 3, none},
          {8, 1, 95, 1, schedule, start, none, 8, none, none, none},
          {9, 1, 99, 1, schedule, end, none, 8, none, none, none}};
}

}  // namespace weir::test
