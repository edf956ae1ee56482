#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/analyzer/readers/run_columns.hpp"

// The edges of the program activity graph in run.h5 (sim/record/pag_rows.hpp): from blocks of rows, each of
// one worker, to windows. Held in memory is what reaches into a window to come.

namespace weir::analyzer {

// Counted as left out.
inline constexpr char not_sampled[] = "windows of which not all was traced (the trace is sampled)";

class RunEdges {
 public:
  struct Block {
    std::int32_t worker;
    std::int32_t rows;
    std::int64_t first_row;
    Nanos position_ns;
    Nanos from_ns;  // its earliest begin
    Nanos to_ns;
  };
  // What was to be traced.
  struct Extent {
    Nanos from_ns = 0;
    Nanos to_ns = never;
    Nanos sample_window_ns = 0;
    std::int64_t sample_every = 1;
    // Whether all of the window is.
    bool covers(Nanos start_ns, Nanos end_ns) const {
      if (sample_every <= 1) return true;
      const Nanos cycle_ns = sample_every * sample_window_ns;
      return start_ns % cycle_ns + (end_ns - start_ns) <= sample_window_ns;
    }
  };

  // `loads`: how many records and bytes edges were of, too, if they were traced.
  RunEdges(const std::filesystem::path& path, bool loads);
  bool holds_records() const { return records_.has_value(); }

  const RunColumnsFile& file() const { return file_; }
  const Extent& extent() const { return extent_; }
  // Since the last call: what a writer added is there. (A reader sees the length of all columns, and rows in
  // them.)
  void refresh();
  // Whether the run came to its end, or was stopped, and wrote its last row.
  bool ended();
  // And at its end, not because somebody stopped it.
  bool complete() const;
  std::int64_t rows() const { return rows_; }  // of edges
  std::int64_t block_rows() const { return block_rows_; }
  // Blocks [first, first + count) in the order in which they were written, without those that make no sense.
  std::vector<Block> blocks(std::int64_t first, std::int64_t count);
  struct Commit {
    Nanos until_ns = 0;
    std::int64_t edges = 0;
    std::int64_t blocks = 0;
  };
  // The commits from the `first` on of which all rows are there.
  std::vector<Commit> commits(std::int64_t first);

  void decode(const Block& block);
  // What was decoded of the window; its bounds are given. `last`: nothing comes after it, so what lies on its
  // end belongs to it (of a run that was killed, something would have come). Whether anything decoded reaches
  // beyond it.
  bool assemble(EdgeWindow& window, bool last);
  // What is decoded from now on and began earlier is counted: windows up to there were shown without it.
  void shown_until(Nanos assembled_until_ns) { assembled_until_ns_ = assembled_until_ns; }

  void leave_out(const std::string& what, std::int64_t count = 1) { left_out_[what] += count; }
  const std::map<std::string, std::int64_t>& left_out() const { return left_out_; }
  // With its job, where there are several: "job/map[0]".
  std::string worker_name(std::int64_t worker) const;
  std::string worker_host(std::int64_t worker) const;
  std::string operator_name(std::int32_t operator_id) const;

 private:
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
    std::vector<std::int64_t> gap, duration, records, size_bytes;
    std::vector<std::int32_t> peer, operator_id;
    std::vector<std::int8_t> activity;
  };
  static constexpr std::int64_t slab_rows = 65536;
  static constexpr Nanos time_max_ns = 4'000'000'000'000'000'000;

  void read_extent();
  void read_hosts();
  void read_jobs();
  std::string with_job(std::int32_t job, const std::string& name) const;
  void count_rows();
  const Slab& slab_of(std::int64_t number);
  void decode_rows(const Slab& slab, std::int64_t first, std::int64_t last, std::int32_t worker_id,
                   Nanos& position_ns);

  RunColumnsFile file_;
  std::array<Column, 5> edges_;  // gap, duration, peer, operator, activity
  std::optional<Column> records_;
  std::optional<Column> size_bytes_;
  std::array<Column, 6> blocks_;
  std::array<Column, 3> commits_;
  Column workers_column_;
  std::optional<Column> workers_jobs_, workers_operators_;  // where there are several jobs
  Column final_;
  Extent extent_;
  std::vector<std::string> job_names_;
  std::vector<std::string> worker_names_;
  std::vector<std::string> worker_hosts_;
  std::vector<std::string> operator_names_;
  std::vector<Worker> workers_;
  std::vector<std::uint32_t> place_;
  std::array<Slab, 8> slabs_;
  std::int64_t slab_uses_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t block_rows_ = 0;
  Nanos assembled_until_ns_ = 0;
  std::map<std::string, std::int64_t> left_out_;
};

}  // namespace weir::analyzer
