#include "sim/analyzer/log_edges.hpp"

#include <algorithm>

#include "sim/kernel/assert.hpp"

namespace weir::analyzer {

namespace {

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
      if (window.spans.size() > first && window.spans.back().activity == activity &&
          window.spans.back().operator_id == operator_id) {
        window.spans.back().end_ns = pag.time_ns[v + 1];
      } else {
        window.spans.push_back({pag.time_ns[v], pag.time_ns[v + 1], activity, operator_id});
      }
    }
  }
  for (const Pag::Message& message : pag.messages) {
    const auto after = std::upper_bound(pag.chain_first.begin(), pag.chain_first.end(), message.to);
    window.messages.push_back(
        {message.from_chain, static_cast<std::uint32_t>(after - pag.chain_first.begin() - 1),
         pag.time_ns[message.from], pag.time_ns[message.to], message.activity, message.operator_id});
  }
}

}  // namespace

LogEdges::LogEdges(LogSource& log, const ConstructionOptions& options, std::size_t windows_in_flight)
    : log_(log), options_(options), construction_(options), cutter_(windows_in_flight) {}

bool LogEdges::next(Nanos window_ns, EdgeWindow& window) {
  WEIR_ASSERT(window_ns == options_.window_ns, "windows of another length than the construction's");
  for (;;) {
    if (auto cut = cutter_.take()) {
      construction_.build(cut->epoch, cut->records, pag_);
      left_out_ += construction_.left_out();
      to_window(pag_, window);
      return true;
    }
    if (ended_) return false;
    records_.clear();
    if (log_.read(records_)) {
      for (const LogRecord& record : records_)
        cutter_.add(static_cast<std::int64_t>(record.time_ns) / options_.window_ns, record);
    } else {
      cutter_.end();
      ended_ = true;
    }
  }
}

std::map<std::string, std::int64_t> LogEdges::left_out() const {
  std::map<std::string, std::int64_t> all = log_.left_out();
  for (const auto& [what, count] : in_words(left_out_)) all[what] += count;
  if (cutter_.late() > 0) all[late_records_words] += cutter_.late();
  return all;
}

}  // namespace weir::analyzer
