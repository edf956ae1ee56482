#include "policies/drs/allocation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "sim/control/snapping_ceil.hpp"

namespace weir::drs {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// More instances than this help nobody: a second of all arrivals gains less than a nanosecond.
constexpr double least_gain = 1e-9;

double gain(const Station& station, int servers) {
  if (servers >= station.most) return 0;
  return station.arrivals_per_s * (sojourn_s(station, servers) - sojourn_s(station, servers + 1));
}

// Adds instances where they help most until `enough`, or until `servers` are given out.
template <class Enough>
void add_greedily(std::span<const Station> stations, std::vector<int>& k, std::int64_t servers,
                  Enough enough) {
  std::int64_t used = std::accumulate(k.begin(), k.end(), std::int64_t{0});
  std::vector<double> gains(k.size());
  for (std::size_t i = 0; i < k.size(); ++i) gains[i] = gain(stations[i], k[i]);
  for (; used < servers && !enough(); ++used) {
    const auto best = static_cast<std::size_t>(std::max_element(gains.begin(), gains.end()) - gains.begin());
    if (gains.empty() || gains[best] <= least_gain) return;
    gains[best] = gain(stations[best], ++k[best]);
  }
}

}  // namespace

// By Erlang's B, whose recursion over the servers is stable.
double erlang_c(int servers, double load) {
  if (load >= servers) return 1;
  double blocked = 1;
  for (int k = 1; k <= servers; ++k) blocked = load * blocked / (k + load * blocked);
  return servers * blocked / (servers - load * (1 - blocked));
}

double sojourn_s(const Station& station, int servers) {
  if (!(station.arrivals_per_s > 0)) return station.service_per_s > 0 ? 1 / station.service_per_s : 0;
  const double spare_per_s = servers * station.service_per_s - station.arrivals_per_s;
  if (!(spare_per_s > 0)) return infinite;
  return erlang_c(servers, station.arrivals_per_s / station.service_per_s) / spare_per_s +
         1 / station.service_per_s;
}

double total_sojourn_s(std::span<const Station> stations, std::span<const int> servers,
                       double external_per_s) {
  double in_system = 0;
  for (std::size_t i = 0; i < stations.size(); ++i)
    if (stations[i].arrivals_per_s > 0)
      in_system += stations[i].arrivals_per_s * sojourn_s(stations[i], servers[i]);
  return external_per_s > 0 ? in_system / external_per_s : 0;
}

std::optional<std::vector<int>> least_servers(std::span<const Station> stations) {
  std::vector<int> k;
  for (const Station& station : stations) {
    int needed = station.least;
    if (station.arrivals_per_s > 0) {
      if (!(station.service_per_s > 0)) return std::nullopt;
      const double load = station.arrivals_per_s / station.service_per_s;
      // Exactly as many as the load would never empty their queue.
      const int enough = snapping_floor(load);
      if (enough >= station.most) return std::nullopt;
      needed = std::max(needed, enough + 1);
    }
    k.push_back(needed);
  }
  return k;
}

std::optional<std::vector<int>> fewest_servers(std::span<const Station> stations, double external_per_s,
                                               double deadline_s, std::int64_t servers) {
  auto k = least_servers(stations);
  if (!k || std::accumulate(k->begin(), k->end(), std::int64_t{0}) > servers) return std::nullopt;
  add_greedily(stations, *k, servers,
               [&] { return total_sojourn_s(stations, *k, external_per_s) <= deadline_s; });
  return k;
}

std::optional<std::vector<int>> best_servers(std::span<const Station> stations, std::int64_t servers) {
  auto k = least_servers(stations);
  if (!k || std::accumulate(k->begin(), k->end(), std::int64_t{0}) > servers) return std::nullopt;
  add_greedily(stations, *k, servers, [] { return false; });
  return k;
}

}  // namespace weir::drs
