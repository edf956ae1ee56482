#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "sim/analyzer/trace_source.hpp"

// A trace's edges, each once, whatever windows it came in: what the exports of whole traces are written from.

namespace weir::analyzer {

// An activity, or a message.
struct Edge {
  std::int64_t from = 0;  // worker; the one that does it, if it is an activity
  std::int64_t to = 0;
  Nanos begin_ns = 0;
  Nanos end_ns = 0;
  Activity activity{};
  std::int32_t operator_id = no_operator;
  std::uint32_t records = 0;     // that it dealt with, or that are in it; if the source holds_records()
  std::uint32_t size_bytes = 0;  // of a message
  bool message() const { return is_message(activity); }
};

class EdgeTaker {
 public:
  virtual ~EdgeTaker() = default;
  // Edges come by their begin. RecordError.
  virtual void edge(const Edge& edge) = 0;
};

struct FeedOptions {
  Nanos from_ns = 0;    // edges are cut to what lies
  Nanos to_ns = never;  // between these two
  Nanos window_ns = nanos_per_second;
  bool windows_overlap = false;  // then one may begin earlier than the one before
  const std::atomic<bool>* stop = nullptr;
};

struct FeedResult {
  std::int64_t activities = 0;
  std::int64_t messages = 0;
  Nanos first_ns = never;
  Nanos last_ns = 0;
  std::map<std::string, std::int64_t> left_out;
};

// Somebody asked for the end (Ctrl-C).
class Stopped : public std::runtime_error {
 public:
  Stopped() : std::runtime_error("stopped") {}
};
inline void stop_if_asked(const std::atomic<bool>* stop) {
  if (stop != nullptr && *stop) throw Stopped();
}

// TraceError if nothing is left, or the trace cannot be read on; Stopped.
FeedResult feed(EdgeSource& source, const FeedOptions& options, EdgeTaker& taker);

}  // namespace weir::analyzer
