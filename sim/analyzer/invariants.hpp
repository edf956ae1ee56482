#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/analyzer/pag.hpp"

// What should hold of a computation, and where it does not (ST2's invariants):
//
//   some_progress  each worker sends a control message to each of its peers, in each window
//   max_progress   no worker is without a control message that it sends for longer
//   max_epoch      from the first record of an epoch to its last, over all workers
//   max_operator   an activity of an operator (processing or spinning), with the messages that divide it
//   max_message    a message under way
//
// As ST2 has them; but a stretch without progress is told once, when it ends, with its whole duration (ST2
// tells it again each time that the maximum has passed once more), and peers are the workers of the window
// (ST2 takes its own workers for them). What a window cuts is as long as what it shows.

namespace weir::analyzer {

enum class Invariant : std::uint8_t { some_progress, max_progress, max_epoch, max_operator, max_message };
inline constexpr std::size_t invariant_count = 5;
std::string_view invariant_name(Invariant invariant);  // "max-message"

struct InvariantLimits {
  bool some_progress = false;
  // Without one, it is not looked at.
  std::optional<Nanos> max_progress_ns, max_epoch_ns, max_operator_ns, max_message_ns;
  bool any() const {
    return some_progress || max_progress_ns || max_epoch_ns || max_operator_ns || max_message_ns;
  }
};

struct Violation {
  Invariant invariant{};
  std::int64_t epoch = 0;   // of the window; of max_progress: in which the stretch ends
  std::int64_t worker = 0;  // -1: an epoch is nobody's
  std::int64_t to = -1;     // receiver of a message
  std::int32_t operator_id = no_operator;
  Activity activity{};
  Nanos begin_ns = 0;
  Nanos end_ns = 0;
  std::int64_t count = 0;  // of some_progress: peers that were sent something
  std::int64_t peers = 0;  // of how many
};

// What one window tells of a worker's control messages: what it takes to join windows.
struct ProgressPart {
  std::int64_t worker = 0;
  Nanos begin_ns = 0;  // of its timeline in the window
  Nanos end_ns = 0;
  Nanos first_sent_ns = never;
  Nanos last_sent_ns = -1;
};

// Of one window.
struct WindowViolations {
  std::int64_t epoch = 0;
  std::vector<Violation> violations;  // by invariant, then worker, then time
  std::vector<ProgressPart> progress;
};

WindowViolations check_window(const Pag& pag, std::int64_t epoch, const InvariantLimits& limits);

// Over windows, in their order.
class InvariantCheck {
 public:
  static constexpr std::size_t kept_max = 10'000;  // of each invariant; of the others only how many

  explicit InvariantCheck(const InvariantLimits& limits = {}) : limits_(limits) {}
  void add(const WindowViolations& window);
  // There are no more windows.
  void end();

  const InvariantLimits& limits() const { return limits_; }
  const std::vector<Violation>& violations() const { return violations_; }  // in the order of windows
  std::int64_t count(Invariant invariant) const { return counts_[static_cast<std::size_t>(invariant)]; }

 private:
  struct Progress {
    Nanos latest_ns = 0;  // it sent something, or began
    Nanos end_ns = 0;     // of its timeline so far
    std::int64_t epoch = 0;
  };
  void note(const Violation& violation);
  void note_stretch(std::int64_t worker, std::int64_t epoch, Nanos begin_ns, Nanos end_ns);

  InvariantLimits limits_;
  std::vector<Violation> violations_;
  std::int64_t counts_[invariant_count] = {};
  std::map<std::int64_t, Progress> progress_;
};

}  // namespace weir::analyzer
