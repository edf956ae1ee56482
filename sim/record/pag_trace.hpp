#pragma once

#include <cstdint>
#include <vector>

#include "sim/kernel/time.hpp"
#include "sim/record/activity.hpp"
#include "sim/record/pag_rows.hpp"
#include "sim/record/run_file.hpp"

// Writes the program activity graph of a run into its run.h5.
//
//   PagTrace trace(file, settings);          // creates the tables: before file.start()
//   const int worker = trace.add_worker(…);
//   trace.activity(worker, begin, end, …);   // each worker's in the order of time
//   trace.message(receiver, sender, …);
//   trace.flush();                           // before file.finish()
//
// Memory, however long the run: settings.buffer_bytes, but at least 64 rows a worker. What is buffered is
// lost if the run is killed; flush() writes it.

namespace weir {

class PagTrace {
 public:
  struct Settings {
    bool loads = false;  // records and bytes of each edge, too
    std::int64_t buffer_bytes = std::int64_t{32} << 20;
    Nanos from_ns = 0;  // edges that end earlier, or begin later, are not written
    Nanos to_ns = never;
  };

  PagTrace(RunFile& file, const Settings& settings);
  PagTrace(const PagTrace&) = delete;
  PagTrace& operator=(const PagTrace&) = delete;

  int add_worker(PagWorkerRow row);  // worker_id is given here

  void activity(int worker, Nanos begin_ns, Nanos end_ns, Activity activity, std::int32_t operator_id,
                std::int64_t records) {
    if (end_ns <= begin_ns || end_ns <= settings_.from_ns || begin_ns >= settings_.to_ns) return;
    Worker& w = workers_[worker];
    WEIR_ASSERT(begin_ns >= w.position_ns, "activities of a worker overlap");
    add(w, {begin_ns - w.position_ns, end_ns - begin_ns, -1, operator_id, static_cast<std::int8_t>(activity)},
        {records, 0}, begin_ns, end_ns);
    w.position_ns = end_ns;
  }

  void message(int receiver, int sender, Nanos sent_ns, Nanos received_ns, Activity activity,
               std::int32_t operator_id, std::int64_t records, std::int64_t size_bytes) {
    if (received_ns <= settings_.from_ns || sent_ns >= settings_.to_ns) return;
    Worker& w = workers_[receiver];
    add(w,
        {received_ns - w.position_ns, received_ns - sent_ns, sender, operator_id,
         static_cast<std::int8_t>(activity)},
        {records, size_bytes}, sent_ns, received_ns);
  }

  // Everything so far is in the file.
  void flush();

 private:
  struct Worker {
    std::vector<PagEdgeRow> edges;
    std::vector<PagLoadRow> loads;
    Nanos position_ns = 0;
    PagBlockRow block;  // what is buffered
  };

  void add(Worker& worker, const PagEdgeRow& edge, const PagLoadRow& load, Nanos from_ns, Nanos to_ns) {
    if (worker.edges.empty()) {
      worker.block.position_ns = worker.position_ns;
      worker.block.from_ns = from_ns;
      worker.block.to_ns = to_ns;
    }
    worker.block.from_ns = std::min(worker.block.from_ns, from_ns);
    worker.block.to_ns = std::max(worker.block.to_ns, to_ns);
    worker.edges.push_back(edge);
    if (settings_.loads) worker.loads.push_back(load);
    if (worker.edges.size() >= block_rows_) write(worker);
  }
  void write(Worker& worker);

  Settings settings_;
  RecordTable<PagWorkerRow>& worker_table_;
  RecordTable<PagEdgeRow>& edge_table_;
  RecordTable<PagLoadRow>* load_table_ = nullptr;
  RecordTable<PagBlockRow>& block_table_;
  std::vector<Worker> workers_;
  std::size_t block_rows_ = 0;
};

}  // namespace weir
