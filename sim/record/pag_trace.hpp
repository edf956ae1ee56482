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
//   trace.commit(until);                     // now and then: all is told up to there
//   trace.flush();                           // before file.finish()
//
// Memory, however long the run: settings.buffer_bytes, but at least 64 rows a worker. What is buffered is
// lost if the run is killed; commit() writes it once it is worth a block.

namespace weir {

class PagTrace {
 public:
  struct Settings {
    bool loads = false;  // records and bytes of each edge, too
    std::int64_t buffer_bytes = std::int64_t{32} << 20;
    Nanos from_ns = 0;  // edges that end earlier, or begin later, are not written
    Nanos to_ns = never;
    // Of every `sample_every` windows of sample_window_ns the first is traced (simulated time, from 0 on).
    Nanos sample_window_ns = nanos_per_second;
    std::int64_t sample_every = 1;
  };

  PagTrace(RunFile& file, const Settings& settings);
  PagTrace(const PagTrace&) = delete;
  PagTrace& operator=(const PagTrace&) = delete;

  int add_worker(PagWorkerRow row);  // worker_id is given here

  void activity(int worker, Nanos begin_ns, Nanos end_ns, Activity activity, std::int32_t operator_id,
                std::int64_t records) {
    if (end_ns <= begin_ns || !wanted(begin_ns, end_ns)) return;
    Worker& w = workers_[worker];
    WEIR_ASSERT(begin_ns >= w.position_ns, "activities of a worker overlap");
    add(w, {begin_ns - w.position_ns, end_ns - begin_ns, -1, operator_id, static_cast<std::int8_t>(activity)},
        {records, 0}, begin_ns, end_ns);
    w.position_ns = end_ns;
  }

  void message(int receiver, int sender, Nanos sent_ns, Nanos received_ns, Activity activity,
               std::int32_t operator_id, std::int64_t records, std::int64_t size_bytes) {
    if (!wanted(sent_ns, received_ns)) return;
    Worker& w = workers_[receiver];
    add(w,
        {received_ns - w.position_ns, received_ns - sent_ns, sender, operator_id,
         static_cast<std::int8_t>(activity)},
        {records, size_bytes}, sent_ns, received_ns);
  }

  // Nothing will be told any more that began, or was sent, before `until_ns`: readers may use what was. Does
  // nothing until enough rows came together.
  void commit(Nanos until_ns);
  // Everything so far is in the tables.
  void flush();

 private:
  bool wanted(Nanos from_ns, Nanos to_ns) const {
    if (to_ns <= settings_.from_ns || from_ns >= settings_.to_ns) return false;
    if (settings_.sample_every == 1) return true;
    const Nanos cycle_ns = settings_.sample_every * settings_.sample_window_ns;
    const Nanos into_ns = from_ns % cycle_ns;
    return into_ns < settings_.sample_window_ns || to_ns - from_ns > cycle_ns - into_ns;
  }

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
    ++edges_;
    if (worker.edges.size() >= block_rows_) write(worker);
  }
  void write(Worker& worker);

  Settings settings_;
  RecordTable<PagWorkerRow>& worker_table_;
  RecordTable<PagEdgeRow>& edge_table_;
  RecordTable<PagLoadRow>* load_table_ = nullptr;
  RecordTable<PagBlockRow>& block_table_;
  RecordTable<PagCommitRow>& commit_table_;
  std::vector<Worker> workers_;
  std::size_t block_rows_ = 0;
  std::int64_t edges_ = 0;
  std::int64_t committed_edges_ = 0;
};

}  // namespace weir
