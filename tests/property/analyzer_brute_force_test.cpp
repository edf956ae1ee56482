#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/participation.hpp"
#include "sim/analyzer/summaries.hpp"
#include "tests/support/dice.hpp"

// Random small event logs. The graph is built a second time from what the rules say of each nanosecond, and
// compared edge by edge; its paths are enumerated one by one, and counted in integers.

namespace {

using namespace weir;
using namespace weir::analyzer;
using weir::test::Dice;

constexpr Nanos window_ns = 60;
constexpr std::int64_t epoch = 7;
constexpr std::uint64_t start_ns = epoch * window_ns;
constexpr std::uint64_t end_ns = start_ns + window_ns;

// (from worker, from, to worker, to, activity, operator, blocked)
using Edge =
    std::tuple<std::int64_t, std::uint64_t, std::int64_t, std::uint64_t, Activity, std::int32_t, bool>;

// ---------------------------------------------------------------- a random log

Activity some_activity(Dice& dice) {
  static constexpr Activity some[] = {Activity::processing, Activity::buffer, Activity::serialization,
                                      Activity::scheduling, Activity::waiting};
  return some[dice.below(5)];
}

// No worker logs twice in one nanosecond; otherwise anything goes: ends without starts, nests, halves of
// messages.
std::vector<LogRecord> random_log(Dice& dice, int workers) {
  std::vector<LogRecord> records;
  std::map<std::int64_t, std::set<std::uint64_t>> taken;
  const auto free_time = [&](std::int64_t worker, std::uint64_t from) -> std::uint64_t {
    for (int attempt = 0; attempt < 20; ++attempt) {
      const std::uint64_t at = from + static_cast<std::uint64_t>(dice.below(static_cast<int>(end_ns - from)));
      if (taken[worker].insert(at).second) return at;
    }
    return 0;
  };
  const int activities = dice.below(4 * workers);
  for (int i = 0; i < activities; ++i) {
    const std::int64_t worker = dice.below(workers);
    const Activity activity = some_activity(dice);
    const std::int32_t operator_id = dice.below(3) - 1;
    const std::uint64_t from = free_time(worker, start_ns);
    const std::uint64_t to = from == 0 || from + 1 >= end_ns ? 0 : free_time(worker, from + 1);
    if (from != 0 && dice.below(8) > 0)
      records.push_back({from, worker, activity, LogEvent::start, -1, -1, operator_id});
    if (to != 0 && dice.below(8) > 0)
      records.push_back({to, worker, activity, LogEvent::end, -1, -1, operator_id});
  }
  const int messages = dice.below(3 * workers);
  for (int i = 0; i < messages; ++i) {
    const std::int64_t sender = dice.below(workers);
    const std::int64_t receiver = (sender + 1 + dice.below(std::max(1, workers - 1))) % workers;
    if (sender == receiver) continue;
    const Activity activity = dice.coin() ? Activity::data_message : Activity::control_message;
    const std::uint64_t from = free_time(sender, start_ns);
    const std::uint64_t to = from == 0 ? 0 : free_time(receiver, from);
    if (from != 0 && (to == 0 || dice.below(6) > 0))
      records.push_back({from, sender, activity, LogEvent::sent, i, receiver, -1});
    if (to != 0 && dice.below(6) > 0)
      records.push_back({to, receiver, activity, LogEvent::received, i, sender, -1});
  }
  return records;
}

// ---------------------------------------------------------------- the graph, nanosecond by nanosecond

enum class Kind { activity, sent, received, bound };

// What the log of one worker, without the bounds, says of [at, at + 1).
std::optional<std::pair<Activity, std::int32_t>> at_nanosecond(const std::vector<LogRecord>& log,
                                                               std::uint64_t at) {
  std::vector<std::pair<Activity, std::int32_t>> open;
  const LogRecord* next = nullptr;
  for (const LogRecord& record : log) {
    if (record.time_ns > at) {
      next = &record;
      break;
    }
    if (record.event == LogEvent::start) open.push_back({record.activity, record.operator_id});
    if (record.event == LogEvent::end) {
      const auto match = std::find_if(open.rbegin(), open.rend(),
                                      [&](const auto& one) { return one.first == record.activity; });
      if (match != open.rend()) open.erase(match.base() - 1, open.end());
    }
  }
  if (next != nullptr && next->event == LogEvent::end) return std::pair{next->activity, next->operator_id};
  if (!open.empty()) return open.back();
  return std::nullopt;
}

struct Stretch {
  std::uint64_t from;
  std::uint64_t to;
  std::optional<std::pair<Activity, std::int32_t>> what;
};

std::set<Edge> naive_graph(const std::vector<LogRecord>& records, const ConstructionOptions& options) {
  std::set<Edge> messages;
  std::map<std::int64_t, std::vector<LogRecord>> logs;
  std::map<std::int64_t, std::vector<Kind>> at_start, at_end;  // synthetic halves
  for (const LogRecord& record : records) logs[record.worker].push_back(record);
  for (const LogRecord& half : records) {
    if (!is_message(half.activity)) continue;
    const bool sent = half.event == LogEvent::sent;
    const auto other = std::find_if(records.begin(), records.end(), [&](const LogRecord& r) {
      return is_message(r.activity) && r.event != half.event && r.correlator == half.correlator;
    });
    if (other != records.end()) {
      if (sent)
        messages.insert({half.worker, half.time_ns, other->worker, other->time_ns, half.activity, -1, false});
    } else if (sent) {
      messages.insert({half.worker, half.time_ns, half.remote_worker, end_ns, half.activity, -1, false});
      at_end[half.remote_worker].push_back(Kind::sent);
      logs[half.remote_worker];
    } else {
      messages.insert({half.remote_worker, start_ns, half.worker, half.time_ns, half.activity, -1, false});
      at_start[half.remote_worker].push_back(Kind::received);
      logs[half.remote_worker];
    }
  }
  std::set<Edge> edges;
  for (auto& [worker, log] : logs) {
    std::sort(log.begin(), log.end(), [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
    std::vector<std::uint64_t> cuts = {start_ns, end_ns};
    std::map<std::uint64_t, Kind> instants;
    for (const LogRecord& record : log) {
      cuts.push_back(record.time_ns);
      if (record.event == LogEvent::sent) instants[record.time_ns] = Kind::sent;
      if (record.event == LogEvent::received) instants[record.time_ns] = Kind::received;
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<Stretch> stretches;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const auto what = at_nanosecond(log, cuts[i]);
      for (std::uint64_t t = cuts[i]; t < cuts[i + 1]; ++t) REQUIRE(at_nanosecond(log, t) == what);
      // Records that are no messages do not interrupt a gap.
      if (!what && !stretches.empty() && !stretches.back().what && instants.count(cuts[i]) == 0) {
        stretches.back().to = cuts[i + 1];
      } else {
        stretches.push_back({cuts[i], cuts[i + 1], what});
      }
    }
    const auto kind_at = [&](std::uint64_t at) {
      if (at == start_ns) {
        // The bound is first, then what is synthetic there, then what was logged in that nanosecond.
        if (instants.count(at) > 0) return instants[at];
        return at_start[worker].empty() ? Kind::bound : Kind::received;
      }
      if (at == end_ns) return at_end[worker].empty() ? Kind::bound : Kind::sent;
      if (instants.count(at) > 0) return instants[at];
      return Kind::activity;
    };
    // Close the gaps.
    for (std::size_t i = 0; i < stretches.size(); ++i) {
      Stretch& gap = stretches[i];
      if (gap.what) continue;
      const Kind left = kind_at(gap.from);
      const Kind right = kind_at(gap.to);
      const bool short_gap = gap.to - gap.from < static_cast<std::uint64_t>(options.gap_threshold_ns);
      if (short_gap && left == Kind::activity && right == Kind::activity) {
        const std::uint64_t middle = (gap.from + gap.to) / 2;
        stretches[i - 1].to = stretches[i + 1].from = middle;
      } else if (short_gap && left == Kind::activity) {
        stretches[i - 1].to = gap.to;
      } else if (short_gap && right == Kind::activity) {
        stretches[i + 1].from = gap.from;
      } else {
        const bool waits = options.insert_waiting && right == Kind::received &&
                           (left == Kind::sent || (!short_gap && left == Kind::activity));
        gap.what = std::pair{waits ? Activity::waiting : Activity::unknown, std::int32_t{-1}};
      }
    }
    for (const Stretch& stretch : stretches) {
      if (stretch.what)
        edges.insert(
            {worker, stretch.from, worker, stretch.to, stretch.what->first, stretch.what->second, false});
    }
  }
  for (const Edge& message : messages) {
    auto [from_worker, from, to_worker, to, activity, operator_id, blocked] = message;
    bool waited_for = false;
    for (const Edge& edge : edges) {
      waited_for = waited_for || (std::get<2>(edge) == to_worker && std::get<3>(edge) == to &&
                                  std::get<4>(edge) == Activity::waiting);
    }
    blocked = options.waiting_message_ns > 0 && !waited_for &&
              to - from > static_cast<std::uint64_t>(options.waiting_message_ns);
    edges.insert({from_worker, from, to_worker, to, activity, operator_id, blocked});
  }
  return edges;
}

std::set<Edge> edges_of(const Pag& pag) {
  std::set<Edge> edges;
  for (std::size_t c = 0; c < pag.chains(); ++c) {
    for (std::uint32_t v = pag.chain_first[c]; v + 1 < pag.chain_first[c + 1]; ++v) {
      edges.insert({pag.worker[c], pag.time_ns[v], pag.worker[c], pag.time_ns[v + 1], pag.local[v].activity,
                    pag.local[v].operator_id, false});
    }
    for (std::uint32_t m = pag.first_message[pag.chain_first[c]];
         m < pag.first_message[pag.chain_first[c + 1]]; ++m) {
      const Pag::Message& message = pag.messages[m];
      edges.insert({pag.worker[message.from_chain], pag.time_ns[message.from], pag.worker[c],
                    pag.time_ns[message.to], message.activity, message.operator_id, message.blocked});
    }
  }
  return edges;
}

// ---------------------------------------------------------------- paths, one by one

struct Paths {
  std::uint64_t all = 0;
  std::map<Edge, std::uint64_t> along;
};

Paths enumerate(const std::set<Edge>& edges) {
  using Vertex = std::pair<std::int64_t, std::uint64_t>;
  std::map<Vertex, std::vector<Edge>> out;
  std::map<std::int64_t, bool> workers;
  for (const Edge& edge : edges) {
    const auto& [from_worker, from, to_worker, to, activity, operator_id, blocked] = edge;
    if (from_worker == to_worker) workers[from_worker] = true;
    if (!blocked && activity != Activity::waiting) out[{from_worker, from}].push_back(edge);
  }
  Paths paths;
  std::vector<Edge> path;
  const std::function<void(const Vertex&)> follow = [&](const Vertex& vertex) {
    // An end is a place to stop; a message may also go on from there.
    if (vertex.second == end_ns && !path.empty()) {
      ++paths.all;
      for (const Edge& edge : path) ++paths.along[edge];
    }
    for (const Edge& edge : out[vertex]) {
      path.push_back(edge);
      follow({std::get<2>(edge), std::get<3>(edge)});
      path.pop_back();
    }
  };
  for (const auto& [worker, there] : workers) follow({worker, start_ns});
  return paths;
}

}  // namespace

TEST_CASE("graphs equal brute force edge by edge, and participation equals enumeration", "[analyzer]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  int with_path = 0, without_path = 0, blocked = 0;
  std::uint64_t most_paths = 0;
  for (int graph = 0; graph < 3000; ++graph) {
    INFO("graph " << graph);
    ConstructionOptions options;
    options.window_ns = window_ns;
    options.gap_threshold_ns = dice.below(3) * 8;
    options.insert_waiting = dice.below(5) > 0;
    options.waiting_message_ns = dice.below(3) * 10;
    const std::vector<LogRecord> log = random_log(dice, 1 + dice.below(4));
    const std::set<Edge> expected = naive_graph(log, options);
    if (expected.size() > 40) continue;  // too many paths to walk

    Construction construction(options);
    Pag pag;
    std::vector<LogRecord> consumed = log;
    construction.build(epoch, consumed, pag);
    if (log.empty()) {
      CHECK(pag.chains() == 0);
      continue;
    }
    REQUIRE(pag.defect() == nullptr);
    REQUIRE(construction.left_out().total() == 0);
    REQUIRE(edges_of(pag) == expected);

    const Paths paths = enumerate(expected);
    Participation participation;
    participation.count(pag);
    REQUIRE(participation.cut_messages() == 0);
    REQUIRE(participation.paths().value() == static_cast<double>(paths.all));
    most_paths = std::max(most_paths, paths.all);
    (paths.all > 0 ? with_path : without_path)++;
    for (const Edge& edge : expected) blocked += std::get<6>(edge) ? 1 : 0;
    if (paths.all == 0) continue;
    const auto along = [&](const Edge& edge) {
      const auto found = paths.along.find(edge);
      return found == paths.along.end() ? 0.0 : static_cast<double>(found->second);
    };
    double sum = 0;
    for (std::size_t c = 0; c < pag.chains(); ++c) {
      for (std::uint32_t v = pag.chain_first[c]; v + 1 < pag.chain_first[c + 1]; ++v) {
        const Edge edge{pag.worker[c],         pag.time_ns[v],           pag.worker[c], pag.time_ns[v + 1],
                        pag.local[v].activity, pag.local[v].operator_id, false};
        const double share = participation.local_share(v);
        REQUIRE(share * static_cast<double>(paths.all) == Approx(along(edge)).margin(1e-9));
        sum += share * static_cast<double>(pag.time_ns[v + 1] - pag.time_ns[v]) / window_ns;
      }
      for (std::uint32_t m = pag.first_message[pag.chain_first[c]];
           m < pag.first_message[pag.chain_first[c + 1]]; ++m) {
        const Pag::Message& message = pag.messages[m];
        const Edge edge{pag.worker[message.from_chain],
                        pag.time_ns[message.from],
                        pag.worker[c],
                        pag.time_ns[message.to],
                        message.activity,
                        message.operator_id,
                        message.blocked};
        const double share = participation.message_share(m);
        REQUIRE(share * static_cast<double>(paths.all) == Approx(along(edge)).margin(1e-9));
        sum += share * static_cast<double>(pag.time_ns[message.to] - pag.time_ns[message.from]) / window_ns;
      }
    }
    REQUIRE(sum == Approx(1).epsilon(1e-12));
    Summaries summaries;
    REQUIRE(summaries.add(pag, participation, RandomStream(1, "window", "single path")).cp_sum ==
            Approx(1).epsilon(1e-12));
    double walked = 0;
    for (const auto& [activity, shares] : summaries.by_activity()) walked += shares.single_path;
    REQUIRE(walked == Approx(1).epsilon(1e-12));
  }
  CHECK(with_path > 1000);
  CHECK(without_path > 10);
  CHECK(blocked > 10);
  CHECK(most_paths > 20);
}
