#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/arrivals/rate_curve.hpp"
#include "models/arrivals/trace_curve.hpp"

// A recorded CTF trace, LTTng's for instance, as arrivals: each of its events is a record, at its time.
// Besides when, the trace says how large records are and how they spread over keys, which a workload may ask
// for.

namespace weir {

// What was measured from the events of a trace.
struct CtfEvents {
  std::vector<Nanos> times_ns;  // ascending
  double mean_bytes = 0;        // of payloads: fields without contexts and headers
  std::vector<double> keys;     // events of each value of the key field, in the order of first appearance
  std::vector<std::string> files;
};

// ctf::CtfError. Events without a key field count as one key more.
CtfEvents read_ctf_events(const std::string& path, const std::string& key_field);

// Parameters of the arrival process `ctf-trace`.
struct CtfTraceParams {
  std::string path;
  std::string key = "vtid";
  double scale = 1, speed_up = 1, start_s = 0, end_s = 0;
  TraceKeep keep = TraceKeep::counts;
  bool repeat = false;

  // Validation reads the trace; the instances share what it made.
  mutable std::shared_ptr<const CtfEvents> events;
  mutable std::shared_ptr<const RateCurve> curve;
};

// Reads the trace if that has not been done.
const CtfEvents& events_of(const CtfTraceParams& params);

}  // namespace weir
