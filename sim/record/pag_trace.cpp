#include "sim/record/pag_trace.hpp"

#include <algorithm>

namespace weir {

namespace {
// Longer blocks do not compress better, shorter ones do worse (docs/decisions/analyzer.md).
constexpr std::int64_t block_rows_max = 4096;
constexpr std::int64_t block_rows_min = 64;
// Between commits: a block's rows are seldom cut off, and a reader is a fraction of a second of recording
// behind.
constexpr std::int64_t commit_rows = 1 << 16;
constexpr std::int64_t commit_rows_a_worker = 256;
}  // namespace

PagTrace::PagTrace(RunFile& file, const Settings& settings)
    : settings_(settings),
      worker_table_(file.create_table(schema_of<PagWorkerRow>())),
      edge_table_(file.create_table(schema_of<PagEdgeRow>())),
      load_table_(settings.loads ? &file.create_table(schema_of<PagLoadRow>()) : nullptr),
      block_table_(file.create_table(schema_of<PagBlockRow>())),
      commit_table_(file.create_table(schema_of<PagCommitRow>())),
      block_rows_(block_rows_max) {
  const bool sampled = settings.sample_every > 1;
  file.create_table(schema_of<PagSettingsRow>())
      .append(
          {settings.from_ns, settings.to_ns, sampled ? settings.sample_window_ns : 0, settings.sample_every});
}

int PagTrace::add_worker(PagWorkerRow row) {
  row.worker_id = static_cast<std::int32_t>(workers_.size());
  worker_table_.append(row);
  workers_.emplace_back();
  workers_.back().block.worker_id = row.worker_id;
  const auto row_bytes =
      static_cast<std::int64_t>(sizeof(PagEdgeRow) + (settings_.loads ? sizeof(PagLoadRow) : 0));
  const auto each = settings_.buffer_bytes / (row_bytes * static_cast<std::int64_t>(workers_.size()));
  block_rows_ = static_cast<std::size_t>(std::clamp(each, block_rows_min, block_rows_max));
  return row.worker_id;
}

void PagTrace::write(Worker& worker) {
  worker.block.first_row = static_cast<std::int64_t>(edge_table_.size());
  worker.block.rows = static_cast<std::int32_t>(worker.edges.size());
  for (const PagEdgeRow& edge : worker.edges) edge_table_.append(edge);
  for (const PagLoadRow& load : worker.loads) load_table_->append(load);
  block_table_.append(worker.block);
  worker.edges.clear();
  worker.loads.clear();
}

void PagTrace::commit(Nanos until_ns) {
  const auto workers = static_cast<std::int64_t>(workers_.size());
  if (edges_ - committed_edges_ < std::max(commit_rows, commit_rows_a_worker * workers)) return;
  flush();
  committed_edges_ = edges_;
  commit_table_.append({until_ns, static_cast<std::int64_t>(edge_table_.size()),
                        static_cast<std::int64_t>(block_table_.size())});
}

void PagTrace::flush() {
  for (Worker& worker : workers_) {
    if (!worker.edges.empty()) write(worker);
  }
}

}  // namespace weir
