// SnailTrail's log (its logformat/): MessagePack without any frame, seven integers a record:
//
//   time in ns, worker, activity, event, correlator (-1: none), remote worker (-1: none), operator (-1: none)

#include <fmt/format.h>

#include <array>
#include <limits>
#include <msgpack.hpp>

#include "sim/analyzer/trace_source.hpp"

namespace weir::analyzer {

namespace {

// Takes integers, and nothing else: whatever else comes is no such log.
class IntegerVisitor : public msgpack::null_visitor {
 public:
  bool visit_positive_integer(std::uint64_t value) {
    integer = true;
    negative = false;
    magnitude = value;
    return true;
  }
  bool visit_negative_integer(std::int64_t value) {
    integer = true;
    negative = true;
    magnitude = static_cast<std::uint64_t>(-(value + 1)) + 1;
    return true;
  }
  bool visit_nil() { return false; }
  bool visit_boolean(bool) { return false; }
  bool visit_float32(float) { return false; }
  bool visit_float64(double) { return false; }
  bool visit_str(const char*, std::uint32_t) { return false; }
  bool visit_bin(const char*, std::uint32_t) { return false; }
  bool visit_ext(const char*, std::uint32_t) { return false; }
  bool start_array(std::uint32_t) { return false; }
  bool start_map(std::uint32_t) { return false; }
  void parse_error(std::size_t, std::size_t) { failed = true; }
  void insufficient_bytes(std::size_t, std::size_t) { incomplete = true; }

  bool integer = false;
  bool negative = false;
  bool failed = false;
  bool incomplete = false;
  std::uint64_t magnitude = 0;
};

class SnailtrailLog final : public LogSource {
 public:
  SnailtrailLog(std::istream& stream, std::string name) : stream_(stream), name_(std::move(name)) {}

  bool read(std::vector<LogRecord>& records) override {
    if (ended_) return false;
    fill();
    std::size_t at = 0;
    for (;;) {
      const std::size_t record_at = at;
      std::array<std::int64_t, 7> fields{};
      std::size_t field = 0;
      for (; field < fields.size(); ++field) {
        if (!next_integer(at, fields[field])) break;
      }
      if (field < fields.size()) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(record_at));
        consumed_ += record_at;
        break;
      }
      const std::size_t before = records.size();
      take(fields, records);
      understood_ += records.size() - before;
      // Any text is a row of small MessagePack integers: a trace begins with something that makes sense.
      if (++seen_ == 8 && understood_ == 0) throw no_trace();
    }
    if (stream_end_) {
      ended_ = true;
      if (understood_ == 0) throw no_trace();
      if (!buffer_.empty()) ++left_out_["the last record is cut off"];
    }
    return true;
  }

  std::map<std::string, std::int64_t> left_out() const override { return left_out_; }

 private:
  static constexpr std::int64_t time_max_ns = 9'000'000'000'000'000'000;
  static constexpr std::size_t integer_bytes_max = 9;
  static constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

  void fill() {
    const std::size_t had = buffer_.size();
    buffer_.resize(had + chunk_bytes);
    stream_.read(buffer_.data() + had, static_cast<std::streamsize>(chunk_bytes));
    buffer_.resize(had + static_cast<std::size_t>(stream_.gcount()));
    stream_end_ = !stream_;
    if (stream_.bad()) throw TraceError(fmt::format("{}: cannot be read on", name_));
    if (stream_end_ && consumed_ == 0 && buffer_.empty())
      throw TraceError(fmt::format("{}: is empty", name_));
  }

  // False if the bytes do not suffice.
  bool next_integer(std::size_t& at, std::int64_t& value) {
    if (at >= buffer_.size()) return false;
    IntegerVisitor visitor;
    const std::size_t begin = at;
    const bool parsed = msgpack::parse(buffer_.data(), buffer_.size(), at, visitor);
    if (visitor.incomplete && buffer_.size() - begin < integer_bytes_max) return false;
    if (!parsed || visitor.failed || !visitor.integer) {
      throw TraceError(
          fmt::format("{}: at byte {}: not a trace that weir knows (a SnailTrail log has only MessagePack "
                      "integers there)",
                      name_, consumed_ + begin));
    }
    constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    value = static_cast<std::int64_t>(std::min(visitor.magnitude, max));
    if (visitor.negative) value = -value;
    return true;
  }

  TraceError no_trace() const {
    return TraceError(fmt::format(
        "{}: not a trace that weir knows (as a SnailTrail log, none of its first records makes sense)",
        name_));
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

  std::istream& stream_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t consumed_ = 0;
  std::size_t seen_ = 0;  // records
  std::size_t understood_ = 0;
  bool stream_end_ = false;
  bool ended_ = false;
  std::map<std::string, std::int64_t> left_out_;
};

}  // namespace

std::unique_ptr<LogSource> read_snailtrail_log(std::istream& stream, std::string name) {
  return std::make_unique<SnailtrailLog>(stream, std::move(name));
}

}  // namespace weir::analyzer
