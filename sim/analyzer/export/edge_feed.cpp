#include "sim/analyzer/export/edge_feed.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

namespace weir::analyzer {

namespace {

class Feed {
 public:
  Feed(const FeedOptions& options, EdgeTaker& taker) : options_(options), taker_(taker) {}

  void take(const EdgeWindow& window) {
    edges_.clear();
    for (std::size_t w = 0; w < window.workers.size(); ++w) {
      const std::int64_t worker = window.workers[w].id;
      const std::size_t end =
          w + 1 < window.workers.size() ? window.workers[w + 1].first_span : window.spans.size();
      for (std::size_t s = window.workers[w].first_span; s < end; ++s) {
        const EdgeWindow::Span& span = window.spans[s];
        add(window,
            {worker, worker, span.begin_ns, span.end_ns, span.activity, span.operator_id, span.records});
      }
    }
    for (const EdgeWindow::Message& message : window.messages) {
      if (message.received_ns < message.sent_ns) {
        if (message.sent_ns >= window.start_ns) ++backward_messages_;
        continue;
      }
      add(window,
          {window.workers[message.from].id, window.workers[message.to].id, message.sent_ns,
           message.received_ns, message.activity, message.operator_id, message.records, message.size_bytes});
    }
    std::sort(edges_.begin(), edges_.end(), [](const Edge& a, const Edge& b) {
      return std::tie(a.begin_ns, a.end_ns, a.to, a.from, a.activity, a.operator_id) <
             std::tie(b.begin_ns, b.end_ns, b.to, b.from, b.activity, b.operator_id);
    });
    for (const Edge& edge : edges_) tell(edge);
  }

  FeedResult result(std::map<std::string, std::int64_t> left_out) {
    result_.left_out = std::move(left_out);
    if (backward_messages_ > 0)
      result_.left_out["messages received before they were sent"] += backward_messages_;
    if (result_.activities + result_.messages == 0)
      throw TraceError("nothing of the trace lies between --from and --to");
    return result_;
  }

 private:
  // Edges that reach into several windows count in the one in which they begin, once cut.
  void add(const EdgeWindow& window, Edge edge) {
    const bool instant = edge.begin_ns == edge.end_ns;
    edge.begin_ns = std::max(edge.begin_ns, options_.from_ns);
    edge.end_ns = std::min(edge.end_ns, options_.to_ns);
    if (edge.end_ns < edge.begin_ns || (edge.end_ns == edge.begin_ns && !instant)) return;
    const Nanos first_ns = std::max(window.start_ns, options_.from_ns);
    if (edge.begin_ns >= first_ns) edges_.push_back(edge);
  }

  void tell(const Edge& edge) {
    ++(edge.message() ? result_.messages : result_.activities);
    result_.first_ns = std::min(result_.first_ns, edge.begin_ns);
    result_.last_ns = std::max(result_.last_ns, edge.end_ns);
    taker_.edge(edge);
  }

  FeedOptions options_;
  EdgeTaker& taker_;
  FeedResult result_;
  std::int64_t backward_messages_ = 0;
  std::vector<Edge> edges_;
};

}  // namespace

FeedResult feed(EdgeSource& source, const FeedOptions& options, EdgeTaker& taker) {
  Feed feed(options, taker);
  EdgeWindow window;
  while (source.next(options.window_ns, window)) {
    stop_if_asked(options.stop);
    if (window.end_ns <= options.from_ns) continue;
    if (window.start_ns >= options.to_ns) {
      if (options.windows_overlap) continue;
      break;
    }
    feed.take(window);
  }
  return feed.result(source.left_out());
}

}  // namespace weir::analyzer
