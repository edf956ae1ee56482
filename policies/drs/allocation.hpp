#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

// DRS's model and its greedy allocations: operators as M/M/k stations of an open Jackson network.
//
//   E[T_i](k) = C(k, lambda/mu) / (k mu - lambda) + 1/mu,  C: Erlang's probability of waiting
//   E[T]      = sum of lambda_i E[T_i](k_i) over the operators / lambda_0, what comes in from outside
//
// One more instance at a time, always where sum lambda_i E[T_i] falls most, is optimal, since each E[T_i] is
// convex in k. Source: Fu et al., DRS: Dynamic Resource Scheduling for Real-Time Analytics over Fast Streams,
// ICDCS 2015; the formulas are Erlang's and Jackson's.

namespace weir::drs {

struct Station {
  double arrivals_per_s = 0;
  double service_per_s = 0;  // of one instance
  int least = 1, most = 1;   // instances; least == most: cannot be changed
};

// The probability that an arrival waits, with `load` = arrivals / service of one; 1 if load >= servers.
double erlang_c(int servers, double load);
// Mean time at the station, waiting and service; infinite if it cannot keep up.
double sojourn_s(const Station& station, int servers);
// Mean time of what comes in from outside until all that it became has left, at `external_per_s`.
double total_sojourn_s(std::span<const Station> stations, std::span<const int> servers,
                       double external_per_s);

// The least that keep up: more than arrivals / service each. None if some station cannot.
std::optional<std::vector<int>> least_servers(std::span<const Station> stations);
// The fewest with a total sojourn of `deadline_s` at most; where that needs more than `servers` in all, or is
// out of reach, the best with what there is. None if even that does not keep up.
std::optional<std::vector<int>> fewest_servers(std::span<const Station> stations, double external_per_s,
                                               double deadline_s, std::int64_t servers);
// The least sojourn with `servers` in all.
std::optional<std::vector<int>> best_servers(std::span<const Station> stations, std::int64_t servers);

}  // namespace weir::drs
