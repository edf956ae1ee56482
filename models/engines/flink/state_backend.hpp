#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/cluster/cpu.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/dataflow/ring.hpp"
#include "sim/kernel/calendar.hpp"

// State back ends. On the heap, state is used within the work of an operator. A RocksDB has threads of its
// own, which write full buffers to disk and merge files, on the cores of the task's host:
//
//   keyed task serves records ─▶ [write buffer: full] ─▶ job of so much work ─▶ one of its background threads
//
// So a task can take more than one core, and on a full host slows down its neighbours and itself. The work
// for a record is a parameter; that tasks wait when their buffers are not written in time (a write stall) is
// not modelled, and the disk is none.
//
// Source: facts of published Nexmark runs (cores used beyond the slots); state.backend.rocksdb.* of Flink.

namespace weir::flink {

enum class BackendKind { heap, rocksdb };

struct BackendParams {
  BackendKind type = BackendKind::heap;
  double write_buffer_mb = 64;
  int background_threads = 2;
  double background_us_per_record = 5;
};

class StateBackend final : EventHandler {
 public:
  StateBackend(Calendar& calendar, Cpus& cpus, std::uint32_t id, const BackendParams& params);
  ~StateBackend();

  bool works_by_itself() const {
    return params_.type == BackendKind::rocksdb && params_.background_us_per_record > 0;
  }
  void deploy(const Job& job);
  // What is left to do is forgotten: the threads end with their task.
  void stop();
  // The instance has dealt with what it served.
  void served(const Instance& instance);
  // Work that its threads were given so far, on a reference core.
  double background_s() const { return background_s_; }

 private:
  // Of one task that keeps keyed state.
  struct Store {
    std::int64_t records_seen = 0;  // by the instance's counter
    double buffered_records = 0;
    Ring<double> jobs_s;  // full buffers that wait for a thread: work
    std::vector<std::uint32_t> threads{};
  };
  struct Thread {
    CpuTask task;
    std::uint32_t store = 0;
    bool attached = false;
    bool busy = false;
  };
  void on_event(std::uint32_t kind, std::uint32_t generation) override;
  void give_work(std::uint32_t store);

  Calendar& calendar_;
  Cpus& cpus_;
  BackendParams params_;
  std::vector<double> record_bytes_;  // by operator; 0: keeps no keyed state
  std::vector<std::uint32_t> first_store_;
  std::vector<Store> stores_;
  std::vector<std::unique_ptr<Thread>> threads_;  // Cpus keep their addresses
  double background_s_ = 0;
};

}  // namespace weir::flink
