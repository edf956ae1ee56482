#include "sim/analyzer/log_edges.hpp"

#include <algorithm>

#include "sim/analyzer/st2_construction.hpp"
#include "sim/analyzer/window_cutter.hpp"
#include "sim/kernel/assert.hpp"

namespace weir::analyzer {

namespace {

constexpr std::size_t windows_in_flight = 16;

// Activities that a message had split are one again.
void to_window(const Pag& pag, EdgeWindow& window) {
  window.clear();
  window.start_ns = pag.start_ns;
  window.end_ns = pag.end_ns;
  for (std::size_t chain = 0; chain < pag.chains(); ++chain) {
    const std::size_t first = window.spans.size();
    window.workers.push_back({pag.worker[chain], static_cast<std::uint32_t>(first)});
    for (std::uint32_t v = pag.chain_first[chain]; v + 1 < pag.chain_first[chain + 1]; ++v) {
      const Activity activity = pag.local[v].activity;
      const std::int32_t operator_id = pag.local[v].operator_id;
      const std::uint32_t records = pag.local[v].records;
      if (window.spans.size() > first && window.spans.back().activity == activity &&
          window.spans.back().operator_id == operator_id) {
        window.spans.back().end_ns = pag.time_ns[v + 1];
        window.spans.back().records += records;
      } else {
        window.spans.push_back({pag.time_ns[v], pag.time_ns[v + 1], activity, operator_id, records});
      }
    }
  }
  for (const Pag::Message& message : pag.messages) {
    const auto after = std::upper_bound(pag.chain_first.begin(), pag.chain_first.end(), message.to);
    window.messages.push_back({message.from_chain,
                               static_cast<std::uint32_t>(after - pag.chain_first.begin() - 1),
                               pag.time_ns[message.from], pag.time_ns[message.to], message.activity,
                               message.operator_id, message.records, 0});
  }
}

// What logs have in common: cut into windows, of which `Cut` knows the number of a record's, and how to build
// the graph of one.
template <class Source, class Record, class Cut>
class LogEdges final : public EdgeSource {
 public:
  LogEdges(Source& log, Cut cut) : log_(log), cut_(std::move(cut)), cutter_(windows_in_flight) {}

  bool next(Nanos window_ns, EdgeWindow& window) override {
    cut_.check(window_ns);
    for (;;) {
      if (auto one = cutter_.take()) {
        left_out_ += cut_.build(one->epoch, one->records, pag_);
        if (pag_.vertices() == 0) continue;
        to_window(pag_, window);
        return true;
      }
      if (ended_) return false;
      records_.clear();
      if (log_.read(records_)) {
        for (const Record& record : records_) cutter_.add(cut_.window_of(record), record);
      } else {
        cutter_.end();
        ended_ = true;
      }
    }
  }

  std::map<std::string, std::int64_t> left_out() const override {
    std::map<std::string, std::int64_t> all = log_.left_out();
    for (const auto& [what, count] : in_words(left_out_)) all[what] += count;
    if (cutter_.late() > 0) all[late_records_words] += cutter_.late();
    return all;
  }
  bool holds_records() const override { return log_.holds_records(); }
  std::string worker_name(std::int64_t worker) const override { return log_.worker_name(worker); }
  std::string worker_host(std::int64_t worker) const override { return log_.worker_host(worker); }
  std::string operator_name(std::int32_t operator_id) const override {
    return log_.operator_name(operator_id);
  }

 private:
  Source& log_;
  Cut cut_;
  WindowCutter<Record> cutter_;
  LeftOut left_out_;
  Pag pag_;
  std::vector<Record> records_;
  bool ended_ = false;
};

// SnailTrail's windows of time.
struct TimeCut {
  ConstructionOptions options;
  Construction construction{options};

  void check(Nanos window_ns) const {
    WEIR_ASSERT(window_ns == options.window_ns, "windows of another length than the construction's");
  }
  std::int64_t window_of(const LogRecord& record) const {
    return static_cast<std::int64_t>(record.time_ns) / options.window_ns;
  }
  LeftOut build(std::int64_t epoch, std::vector<LogRecord>& records, Pag& pag) {
    construction.build(epoch, records, pag);
    return construction.left_out();
  }
};

// ST2's epochs.
struct EpochCut {
  St2Construction construction;

  void check(Nanos) const {}
  std::int64_t window_of(const St2Record& record) const { return record.epoch; }
  LeftOut build(std::int64_t, std::vector<St2Record>& records, Pag& pag) {
    construction.build(records, pag);
    return construction.left_out();
  }
};

}  // namespace

std::unique_ptr<EdgeSource> edges_of_log(LogSource& log, const ConstructionOptions& options) {
  return std::make_unique<LogEdges<LogSource, LogRecord, TimeCut>>(log, TimeCut{options});
}

std::unique_ptr<EdgeSource> edges_of_log(St2Source& log, const St2Options& options) {
  return std::make_unique<LogEdges<St2Source, St2Record, EpochCut>>(log, EpochCut{St2Construction(options)});
}

EdgeSource& edges_of(OpenTrace& trace, const ConstructionOptions& options,
                     std::unique_ptr<EdgeSource>& made) {
  if (trace.edges) return *trace.edges;
  made = trace.log ? edges_of_log(*trace.log, options) : edges_of_log(*trace.st2, St2Options{});
  return *made;
}

}  // namespace weir::analyzer
