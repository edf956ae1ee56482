#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/critical_path.hpp"
#include "sim/analyzer/trace_source.hpp"

// The critical path of a whole trace, told: what it consists of, who was on it and when, and its longest
// pieces.

namespace weir::analyzer {

class CriticalPathSummary {
 public:
  static constexpr std::size_t spells = 20;  // equal parts of the path's time
  static constexpr std::size_t longest_max = 10;

  // What a piece counts for: work for an operator, or messages, whoever does it.
  struct Kind {
    Activity activity{};
    std::int32_t operator_id = no_operator;
    auto operator<=>(const Kind&) const = default;
  };
  struct Part {
    Nanos duration_ns = 0;
    std::int64_t pieces = 0;
  };

  Nanos begin_ns = 0;
  Nanos end_ns = -1;     // before begin_ns: there is no path
  Nanos waiting_ns = 0;  // in it, of which the trace does not say what for
  std::int64_t pieces = 0;
  std::map<Kind, Part> by_kind;
  std::map<std::int64_t, Part> by_worker;                             // of activities
  std::map<std::pair<std::int64_t, std::int64_t>, Part> by_messages;  // sender and receiver
  std::array<std::map<Kind, Nanos>, spells> by_spell;
  std::vector<PathPiece> longest;                // longest first
  std::map<std::string, std::int64_t> left_out;  // of the trace, in words, with how often

  Nanos duration_ns() const { return end_ns - begin_ns; }
  Nanos spell_begin_ns(std::size_t spell) const;
  // After begin_ns and end_ns are known, pieces in the order of time.
  void add(const PathPiece& piece);

 private:
  std::size_t spell_ = 0;  // the first that a piece to come may lie in
};

using OnPiece = std::function<void(const PathPiece&)>;

// `open` gives the trace, from its beginning, each time it is called: it is read twice. `on_piece` may be
// empty. Memory does not depend on the length of the trace but for some bytes a worker and window.
// TraceError.
CriticalPathSummary critical_path_of_edges(const std::function<std::unique_ptr<EdgeSource>()>& open,
                                           const ConstructionOptions& options, const OnPiece& on_piece);
// A log says what a message is only by both its halves: the whole log is one window, in memory.
CriticalPathSummary critical_path_of_log(LogSource& source, const ConstructionOptions& options,
                                         const OnPiece& on_piece);

std::string critical_path_text(const CriticalPathSummary& summary, const TraceSource& source);
// { begin_s, end_s, waiting_s, pieces, kinds: [{ activity, operator, share, duration_s, pieces }],
//   workers: [{ worker, … }], messages: [{ from, to, … }], spells: [{ begin_s, end_s, kinds: [{ activity,
//   operator, share }] }], longest: [{ begin_s, end_s, worker, to, activity, operator }], left_out: { what:
//   how often } }; null for begin_s and end_s, and nothing in the lists, if there is no path.
nlohmann::ordered_json critical_path_json(const CriticalPathSummary& summary, const TraceSource& source);
// begin_s,end_s,worker,to,activity,operator: the header, and a line for a piece.
std::string critical_path_csv_header();
std::string critical_path_csv_line(const PathPiece& piece, const TraceSource& source);

}  // namespace weir::analyzer
