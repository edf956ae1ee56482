// Chrome's trace event format, which Perfetto and chrome://tracing show: a process for each host, a track for
// each worker with its activities (X) one after the other, and messages as arrows between them (s, f).
// ("Trace Event Format", Google; Perfetto documentation, "Other trace formats": X events of a track must
// nest.)
//
// Times are microseconds with the nanoseconds behind the point, so nothing is rounded. They count from 0
// where the trace's clock does, and from the trace's first edge if that clock reads more than a day (1970,
// mostly): viewers hold times as doubles.

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "sim/analyzer/export/export.hpp"
#include "sim/analyzer/time_origin.hpp"
#include "sim/record/atomic_file.hpp"

namespace weir::analyzer {

namespace {

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class ChromeWriter final : public EdgeTaker {
 public:
  ChromeWriter(const TraceSource& source, const std::filesystem::path& path) : source_(source), file_(path) {}

  void edge(const Edge& edge) override {
    if (!begun_) begin(edge.begin_ns);
    if (edge.message()) {
      arrow(edge);
    } else {
      activity(edge);
    }
  }

  std::size_t workers() const { return tracks_.size(); }
  void finish() {
    file_.write("\n]}\n");
    file_.commit();
  }

 private:
  struct Track {
    int process;
    int thread;
  };

  void begin(Nanos first_ns) {
    begun_ = true;
    origin_ns_ = time_origin_ns(first_ns);
    file_.write(fmt::format(R"({{"displayTimeUnit":"ns","otherData":{{"origin_ns":"{}"}},"traceEvents":[)",
                            origin_ns_));
  }

  void event(const std::string& text) {
    file_.write(first_event_ ? "\n" : ",\n");
    first_event_ = false;
    file_.write(text);
  }

  std::string microseconds(Nanos time_ns) const {
    return fmt::format("{}.{:03}", time_ns / 1000, time_ns % 1000);
  }
  std::string at(Nanos time_ns) const { return microseconds(time_ns - origin_ns_); }

  const Track& track(std::int64_t worker) {
    const auto [found, is_new] = tracks_.try_emplace(worker);
    if (is_new) {
      const int thread = static_cast<int>(tracks_.size());
      found->second = {process(source_.worker_host(worker)), thread};
      event(fmt::format(R"({{"ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":{}}}}})",
                        found->second.process, thread, json_text(source_.worker_name(worker))));
    }
    return found->second;
  }

  int process(const std::string& host) {
    const auto [found, is_new] = processes_.try_emplace(host, static_cast<int>(processes_.size()) + 1);
    if (is_new) {
      event(fmt::format(R"({{"ph":"M","name":"process_name","pid":{},"args":{{"name":{}}}}})", found->second,
                        json_text(host.empty() ? "no host" : host)));
    }
    return found->second;
  }

  const std::string& operator_name(std::int32_t operator_id) {
    const auto [found, is_new] = operators_.try_emplace(operator_id);
    if (is_new) found->second = source_.operator_name(operator_id);
    return found->second;
  }

  void activity(const Edge& edge) {
    const Track on = track(edge.to);
    std::string name(activity_name(edge.activity));
    if (edge.operator_id != no_operator) name += " " + operator_name(edge.operator_id);
    event(fmt::format(R"({{"ph":"X","name":{},"cat":"{}","ts":{},"dur":{},"pid":{},"tid":{}{}}})",
                      json_text(name), activity_name(edge.activity), at(edge.begin_ns),
                      microseconds(edge.end_ns - edge.begin_ns), on.process, on.thread, load(edge)));
  }

  // Where the trace says.
  std::string load(const Edge& edge) const {
    if (!source_.holds_records()) return {};
    if (!edge.message()) return fmt::format(R"(,"args":{{"records":{}}})", edge.records);
    return fmt::format(R"(,"args":{{"records":{},"bytes":{}}})", edge.records, edge.size_bytes);
  }

  void arrow(const Edge& edge) {
    const Track from = track(edge.from);
    const Track to = track(edge.to);
    const auto end = [&](const char* phase, const Track& on, Nanos time_ns) {
      event(fmt::format(R"({{{},"name":"{}","cat":"message","id":{},"ts":{},"pid":{},"tid":{}{}}})", phase,
                        activity_name(edge.activity), arrows_, at(time_ns), on.process, on.thread,
                        load(edge)));
    };
    ++arrows_;
    end(R"("ph":"s")", from, edge.begin_ns);
    end(R"("ph":"f","bp":"e")", to, edge.end_ns);
  }

  const TraceSource& source_;
  AtomicFile file_;
  bool begun_ = false;
  bool first_event_ = true;
  Nanos origin_ns_ = 0;
  std::int64_t arrows_ = 0;
  std::unordered_map<std::int64_t, Track> tracks_;
  std::map<std::string, int> processes_;
  std::unordered_map<std::int32_t, std::string> operators_;
};

ExportResult write(OpenTrace& trace, const ExportOptions& options, const std::filesystem::path& path) {
  ChromeWriter writer(trace.source(), path);
  const FeedResult fed = feed(trace, options, writer);
  writer.finish();
  return {in_words(fed, writer.workers()), fed.left_out};
}

const auto registered =
    add_export_format({.name = "chrome",
                       .help = "JSON for Perfetto and chrome://tracing: a track for each worker",
                       .write = write});

}  // namespace
}  // namespace weir::analyzer
