// The program activity graph in run.h5 (sim/record/pag_rows.hpp): blocks of rows, each of one worker. Which
// blocks there are is held in memory (32 bytes for some thousands of edges); of the edges only those of the
// window that is being put together, and of messages under way. A run that was killed, or still goes on, is
// read up to its last flush.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "sim/analyzer/readers/hdf5_columns.hpp"
#include "sim/analyzer/trace_source.hpp"

namespace weir::analyzer {

namespace {

using hdf5_columns::Column;
using hdf5_columns::File;

class RunFileSource final : public EdgeSource {
 public:
  RunFileSource(const std::filesystem::path& path, bool loads)
      : file_(path.string()),
        gap_(traced(file_), "pag_edges/gap_ns"),
        duration_(file_, "pag_edges/duration_ns"),
        peer_(file_, "pag_edges/peer"),
        operator_(file_, "pag_edges/operator_id"),
        activity_(file_, "pag_edges/activity") {
    if (loads && file_.has("pag_loads")) records_.emplace(file_, "pag_loads/records");
    read_names();
    read_blocks();
  }

  bool next(Nanos window_ns, EdgeWindow& window) override {
    for (;;) {
      if (!find_window(window_ns)) return false;
      while (next_block_ < blocks_.size() && blocks_[next_block_].needed_ns < end_ns_)
        decode(blocks_[next_block_++]);
      window.clear();
      window.start_ns = std::max(start_ns_, first_ns_);
      window.end_ns = std::min(end_ns_, last_ns_);
      assemble(window);
      if (!window.workers.empty() && window.start_ns < window.end_ns) return true;
    }
  }

  std::map<std::string, std::int64_t> left_out() const override { return left_out_; }
  bool holds_records() const override { return records_.has_value(); }
  std::string worker_name(std::int64_t worker) const override {
    const auto place = static_cast<std::size_t>(worker);
    return place < worker_names_.size() ? worker_names_[place] : fmt::format("{}", worker);
  }
  std::string worker_host(std::int64_t worker) const override {
    const auto place = static_cast<std::size_t>(worker);
    return place < worker_hosts_.size() ? worker_hosts_[place] : "";
  }
  std::string operator_name(std::int32_t operator_id) const override {
    const auto place = static_cast<std::size_t>(operator_id);
    return place < operator_names_.size() ? operator_names_[place] : fmt::format("{}", operator_id);
  }

 private:
  struct Block {
    std::int32_t worker;
    std::int32_t rows;
    std::int64_t first_row;
    Nanos position_ns;
    Nanos needed_ns;  // the earliest begin in it, or in a later block of its worker
  };
  // What has been decoded and reaches into a window to come.
  struct Worker {
    std::vector<EdgeWindow::Span> spans;
    std::size_t first_span = 0;
    std::vector<EdgeWindow::Message> messages;  // received here; `from` is a worker's id
    Nanos latest_ns = 0;                        // the end of its latest activity
  };
  // Rows of pag_edges, as they are.
  struct Slab {
    std::int64_t number = -1;
    std::int64_t used = 0;  // when it was last asked for
    std::vector<std::int64_t> gap, duration, records;
    std::vector<std::int32_t> peer, operator_id;
    std::vector<std::int8_t> activity;
  };
  static constexpr std::int64_t slab_rows = 65536;

  static const File& traced(const File& file) {
    if (!file.has("pag_edges") || !file.has("pag_blocks"))
      throw TraceError(fmt::format("{}: holds no program activity graph (weir run … --trace pag writes one)",
                                   file.path()));
    return file;
  }

  void read_names() {
    const Column worker_names(file_, "pag_workers/name");
    worker_names_ = worker_names.texts(worker_names.rows());
    read_hosts(worker_names.rows());
    if (!file_.has("operators")) return;
    const Column operator_names(file_, "operators/name");
    operator_names_ = operator_names.texts(operator_names.rows());
  }

  void read_hosts(std::int64_t workers) {
    if (!file_.has("hosts") || !file_.has("pag_workers/host_id")) return;
    const Column host_names(file_, "hosts/name");
    const std::vector<std::string> names = host_names.texts(host_names.rows());
    const Column host_ids(file_, "pag_workers/host_id");
    for (const std::int32_t id :
         host_ids.all<std::int32_t>(std::min(workers, host_ids.rows()), H5T_NATIVE_INT32)) {
      const auto place = static_cast<std::size_t>(id);
      worker_hosts_.push_back(place < names.size() ? names[place] : "");
    }
  }

  void read_blocks() {
    const std::array<Column, 6> columns = {
        Column(file_, "pag_blocks/worker_id"), Column(file_, "pag_blocks/rows"),
        Column(file_, "pag_blocks/first_row"), Column(file_, "pag_blocks/position_ns"),
        Column(file_, "pag_blocks/from_ns"),   Column(file_, "pag_blocks/to_ns")};
    std::int64_t count = std::numeric_limits<std::int64_t>::max();
    for (const Column& column : columns) count = std::min(count, column.rows());
    const auto worker = columns[0].all<std::int32_t>(count, H5T_NATIVE_INT32);
    const auto rows = columns[1].all<std::int32_t>(count, H5T_NATIVE_INT32);
    const auto first_row = columns[2].all<std::int64_t>(count, H5T_NATIVE_INT64);
    const auto position_ns = columns[3].all<std::int64_t>(count, H5T_NATIVE_INT64);
    const auto from_ns = columns[4].all<std::int64_t>(count, H5T_NATIVE_INT64);
    const auto to_ns = columns[5].all<std::int64_t>(count, H5T_NATIVE_INT64);
    all_rows_ = std::min({gap_.rows(), duration_.rows(), peer_.rows(), operator_.rows(), activity_.rows()});
    if (records_) all_rows_ = std::min(all_rows_, records_->rows());
    workers_.resize(worker_names_.size());
    first_ns_ = never;
    last_ns_ = 0;
    for (std::size_t b = 0; b < static_cast<std::size_t>(count); ++b) {
      const bool sound = worker[b] >= 0 && static_cast<std::size_t>(worker[b]) < workers_.size() &&
                         rows[b] > 0 && first_row[b] >= 0 && first_row[b] <= all_rows_ - rows[b] &&
                         from_ns[b] >= 0 && from_ns[b] <= to_ns[b] && to_ns[b] < time_max_ns &&
                         position_ns[b] >= 0 && position_ns[b] < time_max_ns;
      if (!sound) {
        ++left_out_["blocks of edges that are not in the file"];
        continue;
      }
      blocks_.push_back({worker[b], rows[b], first_row[b], position_ns[b], from_ns[b]});
      first_ns_ = std::min(first_ns_, from_ns[b]);
      last_ns_ = std::max(last_ns_, to_ns[b]);
    }
    std::vector<Nanos> later(workers_.size(), never);
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
      block->needed_ns = later[block->worker] = std::min(later[block->worker], block->needed_ns);
    }
    std::stable_sort(blocks_.begin(), blocks_.end(),
                     [](const Block& a, const Block& b) { return a.needed_ns < b.needed_ns; });
    if (blocks_.empty())
      throw TraceError(fmt::format("{}: its program activity graph is empty", file_.path()));
  }

  // The window after the last one in which something may be.
  bool find_window(Nanos window_ns) {
    Nanos earliest = next_block_ < blocks_.size() ? blocks_[next_block_].needed_ns : never;
    if (pending_) earliest = std::min(earliest, end_ns_);
    if (earliest == never) return false;
    start_ns_ = std::max(end_ns_, earliest / window_ns * window_ns);
    end_ns_ = start_ns_ > never - window_ns ? never : start_ns_ + window_ns;
    return start_ns_ < last_ns_;
  }

  // Rows [number * slab_rows, …). A few are kept: blocks of workers that seldom do something stand far from
  // the others.
  const Slab& slab_of(std::int64_t number) {
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
    const std::int64_t count = std::min(slab_rows, all_rows_ - first);
    const auto size = static_cast<std::size_t>(count);
    slab.gap.resize(size);
    slab.duration.resize(size);
    slab.peer.resize(size);
    slab.operator_id.resize(size);
    slab.activity.resize(size);
    gap_.read(first, count, H5T_NATIVE_INT64, slab.gap.data());
    duration_.read(first, count, H5T_NATIVE_INT64, slab.duration.data());
    peer_.read(first, count, H5T_NATIVE_INT32, slab.peer.data());
    operator_.read(first, count, H5T_NATIVE_INT32, slab.operator_id.data());
    activity_.read(first, count, H5T_NATIVE_INT8, slab.activity.data());
    if (!records_) return slab;
    slab.records.resize(size);
    records_->read(first, count, H5T_NATIVE_INT64, slab.records.data());
    return slab;
  }

  void decode(const Block& block) {
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

  void decode_rows(const Slab& slab, std::int64_t first, std::int64_t last, std::int32_t worker_id,
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
      const auto records =
          records_ ? static_cast<std::uint32_t>(std::clamp<std::int64_t>(slab.records[i], 0, 0xffff'ffff))
                   : 0;
      if (local) {
        if (gap_ns < 0 || at_ns < worker.latest_ns) {
          ++left_out_["activities that overlap an earlier one of their worker"];
          continue;
        }
        position_ns = worker.latest_ns = at_ns + duration_ns;
        worker.spans.push_back(
            {at_ns, position_ns, static_cast<Activity>(activity), slab.operator_id[i], records});
      } else if (static_cast<std::size_t>(slab.peer[i]) >= workers_.size()) {
        ++left_out_["messages from a worker that does not exist"];
      } else {
        worker.messages.push_back({static_cast<std::uint32_t>(slab.peer[i]),
                                   static_cast<std::uint32_t>(worker_id), at_ns - duration_ns, at_ns,
                                   static_cast<Activity>(activity), slab.operator_id[i], records});
      }
    }
  }

  void assemble(EdgeWindow& window) {
    constexpr auto absent = std::numeric_limits<std::uint32_t>::max();
    place_.assign(workers_.size(), absent);
    pending_ = false;
    for (std::size_t w = 0; w < workers_.size(); ++w) {
      Worker& worker = workers_[w];
      while (worker.first_span < worker.spans.size() &&
             worker.spans[worker.first_span].end_ns <= window.start_ns)
        ++worker.first_span;
      if (worker.first_span < worker.spans.size() && worker.spans[worker.first_span].begin_ns < window.end_ns)
        place_[w] = 0;
      for (const EdgeWindow::Message& message : worker.messages) {
        const bool later = message.sent_ns >= window.end_ns && window.end_ns < last_ns_;
        if (later || !message.reaches(window.start_ns)) continue;
        place_[message.from] = place_[message.to] = 0;
        window.messages.push_back(message);
      }
      std::erase_if(worker.messages,
                    [&](const EdgeWindow::Message& message) { return !message.reaches(window.end_ns); });
      pending_ = pending_ || !worker.messages.empty();
    }
    for (std::size_t w = 0; w < workers_.size(); ++w) {
      if (place_[w] == absent) continue;
      Worker& worker = workers_[w];
      place_[w] = static_cast<std::uint32_t>(window.workers.size());
      window.workers.push_back(
          {static_cast<std::int64_t>(w), static_cast<std::uint32_t>(window.spans.size())});
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
      pending_ = pending_ || worker.first_span < worker.spans.size();
    }
    for (EdgeWindow::Message& message : window.messages) {
      message.from = place_[message.from];
      message.to = place_[message.to];
    }
  }

  static constexpr Nanos time_max_ns = 4'000'000'000'000'000'000;

  File file_;
  Column gap_, duration_, peer_, operator_, activity_;
  std::optional<Column> records_;
  std::vector<std::string> worker_names_;
  std::vector<std::string> worker_hosts_;
  std::vector<std::string> operator_names_;
  std::vector<Block> blocks_;  // by when they are needed
  std::size_t next_block_ = 0;
  std::vector<Worker> workers_;
  std::vector<std::uint32_t> place_;
  std::array<Slab, 8> slabs_;
  std::int64_t slab_uses_ = 0;
  std::int64_t all_rows_ = 0;  // that all columns have
  Nanos first_ns_ = 0;         // of all that was traced
  Nanos last_ns_ = 0;
  Nanos start_ns_ = 0;  // of the present window
  Nanos end_ns_ = 0;
  bool pending_ = false;  // something decoded reaches beyond it
  std::map<std::string, std::int64_t> left_out_;
};

}  // namespace

std::unique_ptr<EdgeSource> read_run_file(const std::filesystem::path& path, bool loads) {
  return std::make_unique<RunFileSource>(path, loads);
}

}  // namespace weir::analyzer
