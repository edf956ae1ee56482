// A log of ST2 (its st2-logformat/): MessagePack, a record an array of eleven integers, in the order of its
// fields, nil (or -1) for what a record does not have:
//
//   number of the record among its worker's, epoch, time in ns, worker, activity, event, remote worker,
//   operator, channel, correlator, length (in records)
//
// ST2 itself keeps Timely's own events, in a form that only programs with the same memory layout can read;
// its records are what it makes of them, and say all that its graphs are built from. Numbers of activities: 0
// scheduling, 5 control message, 6 data message; ST2's other ones are made while a graph is built, and are no
// records. Events: 1 start, 2 end, 3 sent, 4 received.

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>

#include "sim/analyzer/readers/integer_stream.hpp"

namespace weir::analyzer {

namespace {

std::optional<Activity> activity_of(std::int64_t number) {
  switch (number) {
    case 0:
      return Activity::scheduling;
    case 5:
      return Activity::control_message;
    case 6:
      return Activity::data_message;
    default:
      return std::nullopt;
  }
}

class St2Log final : public St2Source {
 public:
  St2Log(std::istream& stream, std::string name, bool as_it_comes)
      : stream_(
            stream, std::move(name),
            {.kind = "an ST2 log", .framed = true, .nil_is_minus_one = true, .as_it_comes = as_it_comes}) {}

  bool read(std::vector<St2Record>& records) override {
    if (ended_) return false;
    stream_.fill();
    std::array<std::int64_t, 11> fields{};
    while (stream_.next(fields)) {
      const std::size_t before = records.size();
      take(fields, records);
      understood_ += records.size() - before;
    }
    if (stream_.ended()) {
      ended_ = true;
      if (understood_ == 0)
        throw TraceError(fmt::format("{}: an ST2 log, but none of its records makes sense", stream_.name()));
      if (stream_.cut_off()) ++left_out_["the last record is cut off"];
    }
    return true;
  }

  std::map<std::string, std::int64_t> left_out() const override { return left_out_; }
  bool holds_records() const override { return true; }

 private:
  static constexpr std::int64_t time_max_ns = 4'000'000'000'000'000'000;

  void take(const std::array<std::int64_t, 11>& fields, std::vector<St2Record>& records) {
    const auto& [sequence, epoch, time_ns, worker, number, event, remote, operator_id, channel, correlator,
                 length] = fields;
    const std::optional<Activity> activity = activity_of(number);
    if (time_ns < 0 || time_ns > time_max_ns || worker < 0 || epoch < 0) {
      ++left_out_["a time that is negative or after the year 2096, or a negative worker or epoch"];
    } else if (!activity) {
      ++left_out_[fmt::format("activity {}, of which ST2 logs nothing", number)];
    } else if (is_message(*activity) ? event != 3 && event != 4 : event != 1 && event != 2) {
      ++left_out_[fmt::format("event {} of a {}", event, activity_name(*activity))];
    } else if (operator_id < -1 || operator_id > std::numeric_limits<std::int32_t>::max()) {
      ++left_out_["an operator that is no number of 32 bits"];
    } else {
      records.push_back({sequence, epoch, time_ns, worker, *activity, static_cast<LogEvent>(event), remote,
                         static_cast<std::int32_t>(operator_id), channel, correlator, length});
    }
  }

  IntegerStream stream_;
  std::size_t understood_ = 0;
  bool ended_ = false;
  std::map<std::string, std::int64_t> left_out_;
};

}  // namespace

std::unique_ptr<St2Source> read_st2_log(std::istream& stream, std::string name, bool as_it_comes) {
  return std::make_unique<St2Log>(stream, std::move(name), as_it_comes);
}

}  // namespace weir::analyzer
