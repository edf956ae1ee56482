// The program activity graph in a run.h5 while it is written: commit by commit, so that no more is held than
// a commit brings and what reaches beyond the last one. A window is shown when a commit says that nothing of
// it is missing; the last one when the run is over.

#include <chrono>
#include <deque>
#include <thread>

#include "sim/analyzer/readers/run_edges.hpp"

namespace weir::analyzer {

namespace {

constexpr auto pause = std::chrono::milliseconds(50);
constexpr auto patience = std::chrono::seconds(5);

class FollowedRun final : public EdgeSource {
 public:
  FollowedRun(const std::filesystem::path& path, std::function<bool()> still_written, bool loads)
      : edges_(path, loads), still_written_(std::move(still_written)), written_(edges_.file().unfinished()) {
    end_ns_ = edges_.extent().from_ns;
  }

  bool next(Nanos window_ns, EdgeWindow& window) override {
    for (;;) {
      while (!known(window_ns)) {
        if (over_) return false;
        if (!feed()) wait();
      }
      // Windows in which nothing is are not looked at.
      start_ns_ = std::max(end_ns_, first_ns_) / window_ns * window_ns;
      end_ns_ = start_ns_ > never - window_ns ? never : start_ns_ + window_ns;
      window.clear();
      window.start_ns = std::max({start_ns_, first_ns_, edges_.extent().from_ns});
      window.end_ns = over_ ? std::min(end_ns_, last_ns_) : end_ns_;
      edges_.assemble(window, ended_ && window.end_ns == last_ns_);
      edges_.shown_until(end_ns_);
      if (window.start_ns >= window.end_ns) continue;
      if (!edges_.extent().covers(window.start_ns, window.end_ns)) {
        edges_.leave_out(not_sampled);
        continue;
      }
      if (!window.workers.empty()) return true;
    }
  }

  bool would_wait(Nanos window_ns) override { return !over_ && !known(window_ns); }
  std::string incomplete() const override { return incomplete_; }
  bool holds_records() const override { return edges_.holds_records(); }
  std::map<std::string, std::int64_t> left_out() const override { return edges_.left_out(); }
  std::string worker_name(std::int64_t worker) const override { return edges_.worker_name(worker); }
  std::string operator_name(std::int32_t operator_id) const override {
    return edges_.operator_name(operator_id);
  }

 private:
  // Whether the next window is all there.
  bool known(Nanos window_ns) const {
    const Nanos start_ns = std::max(end_ns_, first_ns_) / window_ns * window_ns;
    if (over_) return start_ns < last_ns_;
    return first_ns_ != never && start_ns <= committed_ns_ - window_ns;
  }

  // The next commit; false if there is none.
  bool feed() {
    if (commits_.empty()) {
      for (const RunEdges::Commit& commit : edges_.commits(commits_read_)) commits_.push_back(commit);
      commits_read_ += static_cast<std::int64_t>(commits_.size());
    }
    if (commits_.empty()) {
      if (written_) return false;
      end();
      return true;
    }
    decode_until(commits_.front().blocks);
    committed_ns_ = std::min(commits_.front().until_ns, edges_.extent().to_ns);
    commits_.pop_front();
    return true;
  }

  void decode_until(std::int64_t block_rows) {
    for (const RunEdges::Block& block : edges_.blocks(blocks_read_, block_rows - blocks_read_)) {
      first_ns_ = std::min(first_ns_, std::max(block.from_ns, edges_.extent().from_ns));
      last_ns_ = std::max(last_ns_, std::min(block.to_ns, edges_.extent().to_ns));
      edges_.decode(block);
    }
    blocks_read_ = block_rows;
  }

  // Nobody writes any more, and all commits are read. Closed as it should be, the file has a last row; a run
  // that was killed is shown up to its last commit.
  void end() {
    over_ = true;
    ended_ = edges_.ended();
    if (ended_) {
      if (!edges_.complete()) incomplete_ = "the run was stopped before its end";
      return decode_until(edges_.block_rows());
    }
    incomplete_ = "the run did not come to its end";
    last_ns_ = std::min(last_ns_, committed_ns_);
  }

  void wait() {
    const bool there = still_written_();
    if (there) std::this_thread::sleep_for(pause);
    edges_.refresh();
    written_ = there;
  }

  RunEdges edges_;
  std::function<bool()> still_written_;
  bool written_;        // by somebody
  bool over_ = false;   // all that there is was decoded
  bool ended_ = false;  // and nothing comes after it: the run was not killed
  std::string incomplete_;
  std::deque<RunEdges::Commit> commits_;
  std::int64_t commits_read_ = 0;
  std::int64_t blocks_read_ = 0;
  Nanos committed_ns_ = 0;
  Nanos first_ns_ = never;  // of what was decoded
  Nanos last_ns_ = 0;
  Nanos start_ns_ = 0;  // of the present window
  Nanos end_ns_ = 0;
};

}  // namespace

std::unique_ptr<EdgeSource> follow_run_file(const std::filesystem::path& path,
                                            std::function<bool()> still_written, bool loads) {
  // A run that has just been started has no file yet, or is making it.
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    try {
      return std::make_unique<FollowedRun>(path, still_written, loads);
    } catch (const NotTraced&) {
      throw;
    } catch (const TraceError&) {
      if (std::chrono::steady_clock::now() > until) {
        if (!std::filesystem::exists(path))
          throw TraceError(fmt::format("{}: cannot be opened", path.string()));
        throw;
      }
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace weir::analyzer
