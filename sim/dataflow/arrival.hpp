#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/time.hpp"
#include "sim/scenario/registry.hpp"

// When records arrive at a source from outside. An arrival process is asked again and again for the next
// group:
//
//   source --- next(max_count, max_span_ns) --->  process
//          <-- {count, first_ns, last_ns} ------
//
// The asker sets the accuracy: max_count 1 gives every record at its own time; larger groups cost the same
// whatever the rate.

namespace weir {

// `count` records, the first at first_ns and the last at last_ns (both exact); those between are spread
// linearly.
struct Arrivals {
  std::int64_t count = 0;  // 0: no more, ever (first_ns and last_ns are `never`)
  Nanos first_ns = never;
  Nanos last_ns = never;
};

// Source instance `index` of `of` gets this share of the rate. Even arrivals are dealt in turn, so that all
// shares together are the even process; Poisson shares are independent streams. A rate that is itself random
// (MMPP, on-off, bursts) is the same for all shares of one entity, as one world outside feeds them all.
struct ArrivalContext {
  std::uint64_t seed = 1;
  std::string entity;  // the source operator's name, the same for all its instances
  double share = 1;  // normally 1/of; of another share the spacing stays even, but not the sum of all shares
  int index = 0;
  int of = 1;
  std::string base_dir;      // relative paths of files start here
  Nanos start_ns = 0;        // only arrivals after this time (at 0: from 0 on), as when a source is rescaled
  Nanos until_ns = never;    // nothing is needed after this time: the process may end there
  std::uint32_t redraw = 0;  // tells the streams of the same instance before and after a rescaling apart
};

class ArrivalProcess {
 public:
  static constexpr RegistryKind registry_kind{"arrival process", "arrivals"};

  virtual ~ArrivalProcess() = default;

  // The next group: 1 to max_count records (max_count >= 1) that span at most max_span_ns (>= 0), in the
  // order of time over all calls.
  virtual Arrivals next(std::int64_t max_count, Nanos max_span_ns) = 0;

  // The expected rate of this share: what a controller or the oracle may be told. For a random rate (MMPP)
  // that of this run, not the mean over runs. Zero before time 0. Of recorded events, which have no rate at
  // an instant, the mean over a second or two (models/arrivals/rate_curve.hpp).
  virtual double rate_per_s(double time_s) const = 0;
  virtual double max_rate_per_s(double from_s, double to_s) const = 0;

  // How the records of a group are spaced: the squared coefficient of variation of the gaps between them.
  virtual double spacing_scv() const = 0;

  // The expected number of arrivals in [0, time] at this share, also before context.start_ns.
  virtual double expected_count(Nanos time_ns) const = 0;

  // Files it was read from, for the manifest.
  virtual std::vector<std::string> input_files() const { return {}; }
};

using ArrivalRegistry = Registry<ArrivalProcess, ArrivalContext>;

}  // namespace weir
