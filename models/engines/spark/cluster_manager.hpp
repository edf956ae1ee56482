#pragma once

#include <functional>
#include <vector>

#include "models/engines/spark/executors.hpp"
#include "sim/dataflow/worker_pool.hpp"
#include "sim/kernel/calendar.hpp"

// Gives executors to the job, and takes them back: as many as are asked for and there is room for, each a
// start-up time after the request.
//
//   request(total, release) ─▶ start what is missing ─executor_start─▶ present
//                              or cancel what has not started
//                              release: at once, or when the tasks that run there are over
//   fail ─▶ one is lost, and another one is started: there are to be as many as were asked for

namespace weir::spark {

class ClusterManager final : EventHandler {
 public:
  ClusterManager(Calendar& calendar, std::uint32_t id, Executors& executors, Nanos start_ns)
      : calendar_(calendar), executors_(executors), start_ns_(start_ns) {
    handler_id = id;
  }

  // Told of each change of those that are present.
  std::function<void(const WorkerChange&)> on_change;

  // Told of one that is lost, before anything else is done about it.
  std::function<void(int executor)> on_lost;

  void request(const WorkerRequest& request);
  // Its process ends. Another one is started, there or elsewhere; there not before `down_ns` from now.
  // Nothing happens if it is not there.
  void fail(int executor, Nanos down_ns);
  // A task has ended there.
  void task_over(int executor);
  int starting() const { return static_cast<int>(starting_.size()); }
  int present_max() const { return present_max_; }
  // Of all that were present, up to now.
  double executor_s() const {
    return executor_s_ + executors_.present() * to_seconds(calendar_.now() - accounted_ns_);
  }
  void deployed();

 private:
  struct Starting {
    int executor = 0;
    Nanos requested_ns = 0;
  };
  void on_event(std::uint32_t kind, std::uint32_t argument) override;
  void release(int executor);
  void start(int executors);
  void cancel(int executors);
  void started();
  void start_missing();
  void account();

  Calendar& calendar_;
  Executors& executors_;
  Nanos start_ns_;
  std::vector<Starting> starting_;  // in the order of their requests
  int wanted_ = 0;                  // that are to be there
  Nanos accounted_ns_ = 0;
  double executor_s_ = 0;
  int present_max_ = 0;
};

}  // namespace weir::spark
