#include "sim/analyzer/readers/run_edges.hpp"

#include <algorithm>
#include <limits>

namespace weir::analyzer {

namespace {

const RunColumnsFile& traced(const RunColumnsFile& file) {
  for (const char* table : {"pag_edges", "pag_blocks", "pag_commits", "pag_settings"}) {
    if (!file.has(table))
      throw NotTraced(fmt::format("{}: holds no program activity graph (weir run … --trace pag writes one)",
                                  file.path()));
  }
  return file;
}

template <std::size_t N>
std::int64_t rows_of_all(const std::array<Column, N>& columns) {
  std::int64_t rows = std::numeric_limits<std::int64_t>::max();
  for (const Column& column : columns) rows = std::min(rows, column.rows());
  return rows;
}

}  // namespace

RunEdges::RunEdges(const std::filesystem::path& path, bool loads)
    : file_(path.string()),
      edges_{Column(traced(file_), "pag_edges/gap_ns"), Column(file_, "pag_edges/duration_ns"),
             Column(file_, "pag_edges/peer"), Column(file_, "pag_edges/operator_id"),
             Column(file_, "pag_edges/activity")},
      blocks_{Column(file_, "pag_blocks/worker_id"), Column(file_, "pag_blocks/rows"),
              Column(file_, "pag_blocks/first_row"), Column(file_, "pag_blocks/position_ns"),
              Column(file_, "pag_blocks/from_ns"),   Column(file_, "pag_blocks/to_ns")},
      commits_{Column(file_, "pag_commits/until_ns"), Column(file_, "pag_commits/edges"),
               Column(file_, "pag_commits/blocks")},
      workers_column_(file_, "pag_workers/name"),
      final_(file_, "final/complete") {
  if (loads && file_.has("pag_loads")) {
    records_.emplace(file_, "pag_loads/records");
    size_bytes_.emplace(file_, "pag_loads/size_bytes");
  }
  read_extent();
  read_hosts();
  read_jobs();
  count_rows();
  if (!file_.has("operators")) return;
  const Column operator_names(file_, "operators/name");
  operator_names_ = operator_names.texts(operator_names.rows());
  if (!workers_jobs_) return;
  const Column jobs(file_, "operators/job_id");
  const std::vector<std::int32_t> of = jobs.all<std::int32_t>(jobs.rows(), H5T_NATIVE_INT32);
  for (std::size_t i = 0; i < std::min(of.size(), operator_names_.size()); ++i)
    operator_names_[i] = with_job(of[i], operator_names_[i]);
}

// Of a single job, names need none.
void RunEdges::read_jobs() {
  for (const char* part : {"jobs", "operators", "pag_workers", "jobs/name", "operators/job_id",
                           "pag_workers/job_id", "pag_workers/operator_id"})
    if (!file_.has(part)) return;
  const Column names(file_, "jobs/name");
  if (names.rows() < 2) return;
  job_names_ = names.texts(names.rows());
  workers_jobs_.emplace(file_, "pag_workers/job_id");
  workers_operators_.emplace(file_, "pag_workers/operator_id");
}

std::string RunEdges::with_job(std::int32_t job, const std::string& name) const {
  const auto place = static_cast<std::size_t>(job);
  return place < job_names_.size() ? job_names_[place] + "/" + name : name;
}

void RunEdges::read_extent() {
  const std::array<Column, 4> columns = {
      Column(file_, "pag_settings/from_ns"), Column(file_, "pag_settings/to_ns"),
      Column(file_, "pag_settings/sample_window_ns"), Column(file_, "pag_settings/sample_every")};
  if (rows_of_all(columns) < 1) return;
  std::array<std::int64_t, 4> value{};
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i].read(0, 1, H5T_NATIVE_INT64, &value[i]);
  // A cycle fits the clock, or the file is damaged.
  const bool sampled = value[3] > 1 && value[2] > 0 && value[2] < time_max_ns / value[3];
  extent_ = {value[0], value[1], sampled ? value[2] : 0, sampled ? value[3] : 1};
}

// A worker that comes later, while the run is followed, has no host here.
void RunEdges::read_hosts() {
  if (!file_.has("hosts") || !file_.has("pag_workers/host_id")) return;
  const Column host_names(file_, "hosts/name");
  const std::vector<std::string> names = host_names.texts(host_names.rows());
  const Column host_ids(file_, "pag_workers/host_id");
  for (const std::int32_t id : host_ids.all<std::int32_t>(host_ids.rows(), H5T_NATIVE_INT32)) {
    const auto place = static_cast<std::size_t>(id);
    worker_hosts_.push_back(place < names.size() ? names[place] : "");
  }
}

std::string RunEdges::worker_host(std::int64_t worker) const {
  const auto place = static_cast<std::size_t>(worker);
  return place < worker_hosts_.size() ? worker_hosts_[place] : "";
}

// Commits first, then what they count, then workers: a writer adds in the other order.
void RunEdges::refresh() {
  for (Column& column : commits_) column.refresh();
  for (Column& column : blocks_) column.refresh();
  for (Column& column : edges_) column.refresh();
  if (records_) {
    records_->refresh();
    size_bytes_->refresh();
  }
  workers_column_.refresh();
  if (workers_jobs_) {
    workers_jobs_->refresh();
    workers_operators_->refresh();
  }
  for (Slab& slab : slabs_) {
    if (slab.gap.size() < slab_rows) slab.number = -1;
  }
  count_rows();
}

bool RunEdges::ended() {
  final_.refresh();
  return final_.rows() > 0;
}

bool RunEdges::complete() const {
  if (final_.rows() == 0) return false;
  std::int8_t complete = 0;
  final_.read(0, 1, H5T_NATIVE_INT8, &complete);
  return complete != 0;
}

void RunEdges::count_rows() {
  rows_ = rows_of_all(edges_);
  if (records_) rows_ = std::min({rows_, records_->rows(), size_bytes_->rows()});
  block_rows_ = rows_of_all(blocks_);
  std::int64_t workers = workers_column_.rows();
  if (workers_jobs_) workers = std::min({workers, workers_jobs_->rows(), workers_operators_->rows()});
  if (workers <= static_cast<std::int64_t>(worker_names_.size())) return;
  worker_names_ = workers_column_.texts(workers);
  workers_.resize(worker_names_.size());
  if (!workers_jobs_) return;
  const auto jobs = workers_jobs_->all<std::int32_t>(workers, H5T_NATIVE_INT32);
  const auto operators = workers_operators_->all<std::int32_t>(workers, H5T_NATIVE_INT32);
  // Parts of an engine are called after their job as it is.
  for (std::size_t i = 0; i < worker_names_.size(); ++i)
    if (operators[i] >= 0) worker_names_[i] = with_job(jobs[i], worker_names_[i]);
}

std::vector<RunEdges::Block> RunEdges::blocks(std::int64_t first, std::int64_t count) {
  std::vector<std::int32_t> worker(static_cast<std::size_t>(count)), rows(worker.size());
  std::vector<std::int64_t> first_row(worker.size()), position_ns(worker.size()), from_ns(worker.size()),
      to_ns(worker.size());
  blocks_[0].read(first, count, H5T_NATIVE_INT32, worker.data());
  blocks_[1].read(first, count, H5T_NATIVE_INT32, rows.data());
  blocks_[2].read(first, count, H5T_NATIVE_INT64, first_row.data());
  blocks_[3].read(first, count, H5T_NATIVE_INT64, position_ns.data());
  blocks_[4].read(first, count, H5T_NATIVE_INT64, from_ns.data());
  blocks_[5].read(first, count, H5T_NATIVE_INT64, to_ns.data());
  std::vector<Block> sound;
  for (std::size_t b = 0; b < worker.size(); ++b) {
    if (worker[b] >= 0 && static_cast<std::size_t>(worker[b]) < workers_.size() && rows[b] > 0 &&
        first_row[b] >= 0 && first_row[b] <= rows_ - rows[b] && from_ns[b] >= 0 && from_ns[b] <= to_ns[b] &&
        to_ns[b] < time_max_ns && position_ns[b] >= 0 && position_ns[b] < time_max_ns) {
      sound.push_back({worker[b], rows[b], first_row[b], position_ns[b], from_ns[b], to_ns[b]});
    } else {
      leave_out("blocks of edges that are not in the file");
    }
  }
  return sound;
}

std::vector<RunEdges::Commit> RunEdges::commits(std::int64_t first) {
  const std::int64_t count = std::max<std::int64_t>(0, rows_of_all(commits_) - first);
  std::vector<std::int64_t> until_ns(static_cast<std::size_t>(count)), edges(until_ns.size()),
      blocks(until_ns.size());
  commits_[0].read(first, count, H5T_NATIVE_INT64, until_ns.data());
  commits_[1].read(first, count, H5T_NATIVE_INT64, edges.data());
  commits_[2].read(first, count, H5T_NATIVE_INT64, blocks.data());
  std::vector<Commit> there;
  for (std::size_t i = 0; i < until_ns.size() && edges[i] <= rows_ && blocks[i] <= block_rows_; ++i)
    there.push_back({until_ns[i], edges[i], blocks[i]});
  return there;
}

// Rows [number * slab_rows, …). A few are kept: blocks of workers that seldom do something stand far from
// the others.
const RunEdges::Slab& RunEdges::slab_of(std::int64_t number) {
  ++slab_uses_;
  const auto kept =
      std::find_if(slabs_.begin(), slabs_.end(), [&](const Slab& s) { return s.number == number; });
  if (kept != slabs_.end()) {
    kept->used = slab_uses_;
    return *kept;
  }
  Slab& slab = *std::min_element(slabs_.begin(), slabs_.end(),
                                 [](const Slab& a, const Slab& b) { return a.used < b.used; });
  slab.number = number;
  slab.used = slab_uses_;
  const std::int64_t first = number * slab_rows;
  const std::int64_t count = std::min(slab_rows, rows_ - first);
  const auto size = static_cast<std::size_t>(count);
  slab.gap.resize(size);
  slab.duration.resize(size);
  slab.peer.resize(size);
  slab.operator_id.resize(size);
  slab.activity.resize(size);
  edges_[0].read(first, count, H5T_NATIVE_INT64, slab.gap.data());
  edges_[1].read(first, count, H5T_NATIVE_INT64, slab.duration.data());
  edges_[2].read(first, count, H5T_NATIVE_INT32, slab.peer.data());
  edges_[3].read(first, count, H5T_NATIVE_INT32, slab.operator_id.data());
  edges_[4].read(first, count, H5T_NATIVE_INT8, slab.activity.data());
  if (!records_) return slab;
  slab.records.resize(size);
  slab.size_bytes.resize(size);
  records_->read(first, count, H5T_NATIVE_INT64, slab.records.data());
  size_bytes_->read(first, count, H5T_NATIVE_INT64, slab.size_bytes.data());
  return slab;
}

void RunEdges::decode(const Block& block) {
  Nanos position_ns = block.position_ns;
  const std::int64_t end = block.first_row + block.rows;
  for (std::int64_t row = block.first_row; row < end;) {
    const std::int64_t number = row / slab_rows;
    const std::int64_t until = std::min(end, (number + 1) * slab_rows);
    decode_rows(slab_of(number), row - number * slab_rows, until - number * slab_rows, block.worker,
                position_ns);
    row = until;
  }
}

void RunEdges::decode_rows(const Slab& slab, std::int64_t first, std::int64_t last, std::int32_t worker_id,
                           Nanos& position_ns) {
  Worker& worker = workers_[worker_id];
  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
    const auto activity = static_cast<std::uint64_t>(slab.activity[i]);
    const Nanos gap_ns = slab.gap[i];
    const Nanos duration_ns = slab.duration[i];
    const bool local = slab.peer[i] < 0;
    if (!is_activity(activity) || is_message(static_cast<Activity>(activity)) == local || duration_ns < 0 ||
        duration_ns >= time_max_ns || gap_ns <= -time_max_ns || gap_ns >= time_max_ns ||
        position_ns + gap_ns >= time_max_ns) {
      ++left_out_["edges that make no sense"];
      continue;
    }
    const Nanos at_ns = position_ns + gap_ns;
    const auto load = [&](const std::vector<std::int64_t>& column) {
      return records_ ? static_cast<std::uint32_t>(std::clamp<std::int64_t>(column[i], 0, 0xffff'ffff)) : 0;
    };
    if ((local ? at_ns : at_ns - duration_ns) < assembled_until_ns_)
      ++left_out_["edges that began in windows which had been shown"];
    if (local) {
      if (gap_ns < 0 || at_ns < worker.latest_ns) {
        ++left_out_["activities that overlap an earlier one of their worker"];
        continue;
      }
      position_ns = worker.latest_ns = at_ns + duration_ns;
      worker.spans.push_back(
          {at_ns, position_ns, static_cast<Activity>(activity), slab.operator_id[i], load(slab.records)});
    } else if (static_cast<std::size_t>(slab.peer[i]) >= workers_.size()) {
      ++left_out_["messages from a worker that does not exist"];
    } else {
      worker.messages.push_back({static_cast<std::uint32_t>(slab.peer[i]),
                                 static_cast<std::uint32_t>(worker_id), at_ns - duration_ns, at_ns,
                                 static_cast<Activity>(activity), slab.operator_id[i], load(slab.records),
                                 load(slab.size_bytes)});
    }
  }
}

bool RunEdges::assemble(EdgeWindow& window, bool last) {
  constexpr auto absent = std::numeric_limits<std::uint32_t>::max();
  place_.assign(workers_.size(), absent);
  bool pending = false;
  for (std::size_t w = 0; w < workers_.size(); ++w) {
    Worker& worker = workers_[w];
    while (worker.first_span < worker.spans.size() &&
           worker.spans[worker.first_span].end_ns <= window.start_ns)
      ++worker.first_span;
    if (worker.first_span < worker.spans.size() && worker.spans[worker.first_span].begin_ns < window.end_ns)
      place_[w] = 0;
    for (const EdgeWindow::Message& message : worker.messages) {
      const bool later = last ? message.sent_ns > window.end_ns : message.sent_ns >= window.end_ns;
      if (later || !message.reaches(window.start_ns)) continue;
      place_[message.from] = place_[message.to] = 0;
      window.messages.push_back(message);
    }
    std::erase_if(worker.messages,
                  [&](const EdgeWindow::Message& message) { return !message.reaches(window.end_ns); });
    pending = pending || !worker.messages.empty();
  }
  for (std::size_t w = 0; w < workers_.size(); ++w) {
    if (place_[w] == absent) continue;
    Worker& worker = workers_[w];
    place_[w] = static_cast<std::uint32_t>(window.workers.size());
    window.workers.push_back({static_cast<std::int64_t>(w), static_cast<std::uint32_t>(window.spans.size())});
    std::size_t s = worker.first_span;
    for (; s < worker.spans.size() && worker.spans[s].begin_ns < window.end_ns; ++s) {
      window.spans.push_back(worker.spans[s]);
    }
    // What reaches beyond the window comes again.
    worker.first_span = s > worker.first_span && worker.spans[s - 1].end_ns > window.end_ns ? s - 1 : s;
    if (2 * worker.first_span > worker.spans.size()) {
      worker.spans.erase(worker.spans.begin(),
                         worker.spans.begin() + static_cast<std::ptrdiff_t>(worker.first_span));
      worker.first_span = 0;
    }
    pending = pending || worker.first_span < worker.spans.size();
  }
  for (EdgeWindow::Message& message : window.messages) {
    message.from = place_[message.from];
    message.to = place_[message.to];
  }
  return pending;
}

std::string RunEdges::worker_name(std::int64_t worker) const {
  const auto place = static_cast<std::size_t>(worker);
  return place < worker_names_.size() ? worker_names_[place] : fmt::format("{}", worker);
}

std::string RunEdges::operator_name(std::int32_t operator_id) const {
  const auto place = static_cast<std::size_t>(operator_id);
  return place < operator_names_.size() ? operator_names_[place] : fmt::format("{}", operator_id);
}

}  // namespace weir::analyzer
