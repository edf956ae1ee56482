#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/time.hpp"

// Reads a recorded arrival curve, one row a line:
//
//   timestamp,value               # a header, optional; `#` begins a comment line
//   2015-02-26 21:42:53,104
//   2015-02-26 21:47:53,null      # a gap: null, NA, none, -, or nothing
//
// Separators: comma, semicolon, bar, tab or blanks. Times: numbers (seconds and parts of it, since any
// origin) or ISO 8601. Values: a rate, the count from this row to the next, or events, one a row
// (`time[,key[,size]]`, where only the time matters here). Line ends may be CR LF, and a byte order mark is
// skipped. Nothing is thrown: problems are collected with their lines, the first 20 of them.

namespace weir {

enum class TraceTime : std::uint8_t { automatic, seconds, milliseconds, microseconds, nanoseconds, iso };
enum class TraceValue : std::uint8_t { automatic, rate, count, event };
enum class TraceHeader : std::uint8_t { automatic, yes, no };

struct TraceFormat {
  char separator = 0;  // 0: found out; ' ': blanks
  TraceHeader header = TraceHeader::automatic;
  std::string time_column, value_column;  // by name, or by number from 1; empty: found out
  TraceTime time =
      TraceTime::automatic;  // automatic: ISO by its look; numbers from 1e11 on are ms, 1e14 us, 1e17 ns
  TraceValue value =
      TraceValue::automatic;  // automatic: by the header; events if there is one column; else rate
};

struct TraceRow {
  Nanos time_ns;
  double value;  // finite and not negative, or NaN for a gap; 1 for an event
};

struct TraceProblem {
  std::int64_t line;  // 1 is the first; 0: the file as a whole
  std::string what, allowed;
};

struct Trace {
  TraceValue value = TraceValue::rate;  // never automatic
  std::vector<TraceRow> rows;           // by time: rising, or not falling for events
  std::vector<TraceProblem> problems;
  std::int64_t problems_more = 0;  // beyond the first 20
  bool ok() const { return problems.empty(); }
};

inline constexpr std::size_t trace_problems_max = 20;
inline constexpr double trace_value_max = 1e15;  // per unit of time: more is a typing error

Trace read_trace(const std::string& path, const TraceFormat& format);
Trace parse_trace(const std::string& text, const TraceFormat& format);  // the same from memory

}  // namespace weir
