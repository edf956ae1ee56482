#pragma once

#include <limits>
#include <string>
#include <vector>

#include "sim/analyzer/trace_source.hpp"

// A trace of whole edges that fits into memory: what readers of small formats fill.

namespace weir::analyzer {

class EdgeList : public EdgeSource {
 public:
  int add_worker(std::string name, std::string host = {});
  int add_operator(std::string name);
  // Of one worker in the order of time. What overlaps an earlier activity is cut at its beginning; returns
  // when it begins then.
  Nanos add_activity(int worker, Nanos begin_ns, Nanos end_ns, Activity activity,
                     std::int32_t operator_id = no_operator);
  void add_message(int from, Nanos sent_ns, int to, Nanos received_ns, Activity activity,
                   std::int32_t operator_id = no_operator);
  Nanos end_of(int worker) const {
    return workers_[worker].spans.empty() ? 0 : workers_[worker].spans.back().end_ns;
  }
  void leave_out(const std::string& what, std::int64_t count = 1) { left_out_[what] += count; }

  bool next(Nanos window_ns, EdgeWindow& window) override;
  std::map<std::string, std::int64_t> left_out() const override { return left_out_; }
  std::string worker_name(std::int64_t worker) const override { return workers_[worker].name; }
  std::string worker_host(std::int64_t worker) const override { return workers_[worker].host; }
  std::string operator_name(std::int32_t operator_id) const override { return operators_[operator_id]; }

 private:
  struct Worker {
    std::string name;
    std::string host;
    std::vector<EdgeWindow::Span> spans;
    std::size_t next = 0;  // the first that reaches into a window to come
  };
  static constexpr std::uint32_t absent = std::numeric_limits<std::uint32_t>::max();
  void begin();
  void add_messages(EdgeWindow& window);
  void add_spans(EdgeWindow& window);

  std::vector<Worker> workers_;
  std::vector<std::string> operators_;
  std::vector<EdgeWindow::Message> messages_;  // by sending, once begun
  std::size_t next_message_ = 0;
  std::vector<EdgeWindow::Message> under_way_;
  std::vector<std::uint32_t> place_;  // of each worker in the window
  std::map<std::string, std::int64_t> left_out_;
  bool begun_ = false;
  Nanos at_ns_ = 0;  // the end of the last window
  Nanos first_ns_ = 0;
  Nanos last_ns_ = 0;
};

}  // namespace weir::analyzer
