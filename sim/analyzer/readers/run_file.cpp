// The program activity graph in a run.h5 that is not written any more. Which blocks there are is held in
// memory (48 bytes for some thousands of edges); of the edges only what run_edges.hpp holds. A run that was
// killed is read up to its last commit: later, some workers are there and others not.

#include <algorithm>

#include "sim/analyzer/readers/run_edges.hpp"
#include "sim/record/readable.hpp"

namespace weir::analyzer {

namespace {

class RunFileSource final : public EdgeSource {
 public:
  RunFileSource(const std::filesystem::path& path, bool loads) : edges_(path, loads) {
    // Blocks after the last commit can lack rows, or the blocks of other workers.
    ended_ = edges_.ended();
    const auto commits = ended_ ? std::vector<RunEdges::Commit>() : edges_.commits(0);
    read_blocks(commits.empty() ? edges_.block_rows() : commits.back().blocks);
    if (!commits.empty()) {
      last_ns_ = std::min(last_ns_, commits.back().until_ns);
      edges_.leave_out(fmt::format("what came after {} s, when the run was killed", exact_seconds(last_ns_)));
    }
    if (commits.empty() && !ended_)
      edges_.leave_out("the run was killed before it committed anything: edges of some workers");
  }

  bool next(Nanos window_ns, EdgeWindow& window) override {
    for (;;) {
      if (!find_window(window_ns)) return false;
      while (next_block_ < blocks_.size() && blocks_[next_block_].from_ns < end_ns_)
        edges_.decode(blocks_[next_block_++]);
      window.clear();
      window.start_ns = std::max(start_ns_, first_ns_);
      window.end_ns = std::min(end_ns_, last_ns_);
      pending_ = edges_.assemble(window, ended_ && window.end_ns == last_ns_);
      if (window.start_ns >= window.end_ns) continue;
      if (!edges_.extent().covers(window.start_ns, window.end_ns)) {
        edges_.leave_out(not_sampled);
        continue;
      }
      if (!window.workers.empty()) return true;
    }
  }

  bool holds_records() const override { return edges_.holds_records(); }
  std::map<std::string, std::int64_t> left_out() const override { return edges_.left_out(); }
  std::string worker_name(std::int64_t worker) const override { return edges_.worker_name(worker); }
  std::string worker_host(std::int64_t worker) const override { return edges_.worker_host(worker); }
  std::string operator_name(std::int32_t operator_id) const override {
    return edges_.operator_name(operator_id);
  }

 private:
  void read_blocks(std::int64_t count) {
    blocks_ = edges_.blocks(0, count);
    if (blocks_.empty())
      throw TraceError(fmt::format("{}: its program activity graph is empty", edges_.file().path()));
    first_ns_ = never;
    last_ns_ = 0;
    for (const RunEdges::Block& block : blocks_) {
      first_ns_ = std::min(first_ns_, block.from_ns);
      last_ns_ = std::max(last_ns_, block.to_ns);
    }
    // What began earlier, or ended later, reaches beyond what was traced.
    first_ns_ = std::max(first_ns_, edges_.extent().from_ns);
    last_ns_ = std::min(last_ns_, edges_.extent().to_ns);
    // A block is needed when it, or a later one of its worker, begins.
    std::map<std::int32_t, Nanos> later;
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
      const auto [earliest, added] = later.try_emplace(block->worker, block->from_ns);
      block->from_ns = earliest->second = std::min(earliest->second, block->from_ns);
    }
    std::stable_sort(blocks_.begin(), blocks_.end(), [](const RunEdges::Block& a, const RunEdges::Block& b) {
      return a.from_ns < b.from_ns;
    });
  }

  // The window after the last one in which something may be.
  bool find_window(Nanos window_ns) {
    Nanos earliest = next_block_ < blocks_.size() ? blocks_[next_block_].from_ns : never;
    if (pending_) earliest = std::min(earliest, end_ns_);
    if (earliest == never) return false;
    earliest = std::max(earliest, first_ns_);
    start_ns_ = std::max(end_ns_, earliest / window_ns * window_ns);
    end_ns_ = start_ns_ > never - window_ns ? never : start_ns_ + window_ns;
    return start_ns_ < last_ns_;
  }

  RunEdges edges_;
  std::vector<RunEdges::Block> blocks_;  // by when they are needed
  std::size_t next_block_ = 0;
  Nanos first_ns_ = 0;  // of all that was traced
  Nanos last_ns_ = 0;
  Nanos start_ns_ = 0;  // of the present window
  Nanos end_ns_ = 0;
  bool ended_ = false;    // the run was not killed: nothing comes after the last window
  bool pending_ = false;  // something decoded reaches beyond it
};

}  // namespace

std::unique_ptr<EdgeSource> read_run_file(const std::filesystem::path& path, bool loads) {
  return std::make_unique<RunFileSource>(path, loads);
}

}  // namespace weir::analyzer
