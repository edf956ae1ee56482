// CTF 1.8 (sim/ctf/ctf_writer.hpp): a stream for each worker, with the begin and end of each activity and
// message. A log is written record by record, as it is; a trace of edges so that reading it back
// (readers/ctf_trace.cpp) gives the same edges.

#include <algorithm>
#include <queue>
#include <tuple>
#include <unordered_map>

#include "sim/analyzer/export/export.hpp"
#include "sim/analyzer/window_cutter.hpp"
#include "sim/ctf/ctf_writer.hpp"

#include <fmt/format.h>

namespace weir::analyzer {

namespace {

// Streams for workers, and the names of what is in them.
class NamedStreams {
 public:
  NamedStreams(const TraceSource& source, const std::filesystem::path& path)
      : source_(source), writer_(path) {}

  void write(std::int64_t worker, const ctf::Event& event) {
    const auto [found, is_new] = streams_.try_emplace(worker);
    if (is_new) {
      found->second = writer_.add_stream(worker, source_.worker_host(worker));
      name_worker(worker);
    }
    if (event.operator_id != no_operator && !operators_.contains(event.operator_id))
      operators_[event.operator_id] = source_.operator_name(event.operator_id);
    const bool message = event.kind == ctf::Kind::message_sent || event.kind == ctf::Kind::message_received;
    if (message && event.remote_worker != LogRecord::none) name_worker(event.remote_worker);
    writer_.write(found->second, event);
  }

  void commit(const char* what) {
    ctf::Labels activities;
    for (int i = 1; i < activity_count; ++i) activities[i] = activity_name(static_cast<Activity>(i));
    operators_[no_operator] = "none";
    workers_[LogRecord::none] = "none";
    writer_.commit({{"domain", "weir"}, {"tracer_name", "weir"}, {"weir_trace", what}}, activities, workers_,
                   operators_);
  }
  std::int64_t events() const { return writer_.events(); }
  std::size_t workers() const { return streams_.size(); }

 private:
  void name_worker(std::int64_t worker) {
    const auto [found, is_new] = workers_.try_emplace(worker);
    if (is_new) found->second = source_.worker_name(worker);
  }

  const TraceSource& source_;
  ctf::Writer writer_;
  std::unordered_map<std::int64_t, std::size_t> streams_;
  ctf::Labels workers_;
  ctf::Labels operators_;
};

// Edges come by their begin; what ends later waits for its time.
class EdgeEvents final : public EdgeTaker {
 public:
  explicit EdgeEvents(NamedStreams& streams) : streams_(streams) {}

  void edge(const Edge& edge) override {
    write_until(edge.begin_ns);
    const auto begin = static_cast<std::uint64_t>(edge.begin_ns);
    const auto end = static_cast<std::uint64_t>(edge.end_ns);
    const auto activity = static_cast<std::uint8_t>(edge.activity);
    if (edge.message()) {
      const std::int64_t number = messages_++;
      put(edge.from, Order::message,
          {ctf::Kind::message_sent, begin, activity, edge.operator_id, number, edge.to});
      put(edge.to, Order::message,
          {ctf::Kind::message_received, end, activity, edge.operator_id, number, edge.from});
    } else {
      put(edge.to, Order::begin, {ctf::Kind::activity_start, begin, activity, edge.operator_id});
      put(edge.to, begin == end ? Order::begin : Order::end,
          {ctf::Kind::activity_end, end, activity, edge.operator_id});
    }
  }
  void finish() { write_until(never); }

 private:
  // Of what happens to a worker in one nanosecond: one activity ends before the next begins.
  enum class Order { end, message, begin };
  struct Pending {
    ctf::Event event;
    Order order;
    std::int64_t number;  // as they came
    std::int64_t worker;
    bool operator<(const Pending& other) const {  // the earliest is on top
      return std::tie(event.time_ns, order, number) >
             std::tie(other.event.time_ns, other.order, other.number);
    }
  };

  void put(std::int64_t worker, Order order, const ctf::Event& event) {
    pending_.push({event, order, numbers_++, worker});
  }
  // All that happens before; what happens at that instant may not be complete.
  void write_until(Nanos time_ns) {
    while (!pending_.empty() && pending_.top().event.time_ns < static_cast<std::uint64_t>(time_ns)) {
      streams_.write(pending_.top().worker, pending_.top().event);
      pending_.pop();
    }
  }

  NamedStreams& streams_;
  std::priority_queue<Pending> pending_;
  std::int64_t messages_ = 0;
  std::int64_t numbers_ = 0;
};

ExportResult write_edges(OpenTrace& trace, const ExportOptions& options, const std::filesystem::path& path) {
  NamedStreams streams(trace.source(), path);
  EdgeEvents events(streams);
  const FeedResult fed = feed(trace, options, events);
  events.finish();
  streams.commit("edges");
  return {fmt::format("{} events of {}", streams.events(), in_words(fed, streams.workers())), fed.left_out};
}

ctf::Event event_of(const LogRecord& record) {
  constexpr ctf::Kind kinds[] = {ctf::Kind::activity_start, ctf::Kind::activity_end, ctf::Kind::message_sent,
                                 ctf::Kind::message_received};
  return {kinds[static_cast<int>(record.event) - 1],
          record.time_ns,
          static_cast<std::uint8_t>(record.activity),
          record.operator_id,
          record.correlator,
          record.remote_worker};
}

// A log comes roughly by time; it is put in order window by window.
ExportResult write_log(LogSource& log, const ExportOptions& options, const std::filesystem::path& path) {
  NamedStreams streams(log, path);
  WindowCutter<LogRecord> cutter(16);
  const auto write_windows = [&] {
    while (auto window = cutter.take()) {
      std::stable_sort(window->records.begin(), window->records.end(),
                       [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
      for (const LogRecord& record : window->records) {
        const bool inside = record.time_ns >= static_cast<std::uint64_t>(options.from_ns) &&
                            record.time_ns <= static_cast<std::uint64_t>(options.to_ns);
        if (inside) streams.write(record.worker, event_of(record));
      }
    }
  };
  std::vector<LogRecord> records;
  while (log.read(records)) {
    stop_if_asked(options.stop);
    for (const LogRecord& record : records) {
      const std::int64_t window = static_cast<std::int64_t>(record.time_ns) / options.construction.window_ns;
      if (cutter.add(window, record)) write_windows();
    }
    records.clear();
  }
  cutter.end();
  write_windows();
  if (streams.events() == 0) throw TraceError("nothing of the trace lies between --from and --to");
  streams.commit("log");
  ExportResult result{fmt::format("{} events of {} workers", streams.events(), streams.workers()),
                      log.left_out()};
  if (cutter.late() > 0) result.left_out[late_records_words] += cutter.late();
  return result;
}

ExportResult write(OpenTrace& trace, const ExportOptions& options, const std::filesystem::path& path) {
  return trace.log ? write_log(*trace.log, options, path) : write_edges(trace, options, path);
}

const auto registered = add_export_format(
    {.name = "ctf",
     .help = "Common Trace Format 1.8, for babeltrace2 and Trace Compass: a stream for each worker",
     .directory = true,
     .write = write});

}  // namespace
}  // namespace weir::analyzer
