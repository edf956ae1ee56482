// SnailTrail's log (its logformat/): MessagePack without any frame, seven integers a record:
//
//   time in ns, worker, activity, event, correlator (-1: none), remote worker (-1: none), operator (-1: none)

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "sim/analyzer/readers/integer_stream.hpp"

namespace weir::analyzer {

namespace {

class SnailtrailLog final : public LogSource {
 public:
  SnailtrailLog(std::istream& stream, std::string name, bool as_it_comes)
      : stream_(stream, std::move(name),
                {.kind = "a SnailTrail log",
                 .framed = false,
                 .nil_is_minus_one = false,
                 .as_it_comes = as_it_comes}) {}

  bool read(std::vector<LogRecord>& records) override {
    if (ended_) return false;
    stream_.fill();
    std::array<std::int64_t, 7> fields{};
    while (stream_.next(fields)) {
      const std::size_t before = records.size();
      take(fields, records);
      understood_ += records.size() - before;
      // Any text is a row of small MessagePack integers: a trace begins with something that makes sense.
      if (++seen_ == 8 && understood_ == 0) throw no_trace();
    }
    if (stream_.ended()) {
      ended_ = true;
      if (understood_ == 0) throw no_trace();
      if (stream_.cut_off()) ++left_out_["the last record is cut off"];
    }
    return true;
  }

  std::map<std::string, std::int64_t> left_out() const override { return left_out_; }

 private:
  static constexpr std::int64_t time_max_ns = 9'000'000'000'000'000'000;

  TraceError no_trace() const {
    return TraceError(fmt::format(
        "{}: not a trace that weir knows (as a SnailTrail log, none of its first records makes sense)",
        stream_.name()));
  }

  void take(const std::array<std::int64_t, 7>& fields, std::vector<LogRecord>& records) {
    const auto& [time_ns, worker, activity, event, correlator, remote_worker, operator_id] = fields;
    if (time_ns < 0 || time_ns > time_max_ns || worker < 0) {
      ++left_out_["a time that is negative or after the year 2255, or a negative worker"];
    } else if (!is_activity(static_cast<std::uint64_t>(activity))) {
      ++left_out_[fmt::format("unknown activity {}", activity)];
    } else if (event < 1 || event > 4) {
      ++left_out_[fmt::format("unknown event {}", event)];
    } else if (operator_id < -1 || operator_id > std::numeric_limits<std::int32_t>::max()) {
      ++left_out_["an operator that is no number of 32 bits"];
    } else if (is_message(static_cast<Activity>(activity)) && event <= 2) {
      ++left_out_["a message that starts or ends, instead of being sent or received"];
    } else {
      records.push_back({static_cast<std::uint64_t>(time_ns), worker, static_cast<Activity>(activity),
                         static_cast<LogEvent>(event), correlator, remote_worker,
                         static_cast<std::int32_t>(operator_id)});
    }
  }

  IntegerStream stream_;
  std::size_t seen_ = 0;  // records
  std::size_t understood_ = 0;
  bool ended_ = false;
  std::map<std::string, std::int64_t> left_out_;
};

}  // namespace

std::unique_ptr<LogSource> read_snailtrail_log(std::istream& stream, std::string name, bool as_it_comes) {
  return std::make_unique<SnailtrailLog>(stream, std::move(name), as_it_comes);
}

}  // namespace weir::analyzer
