#include "sim/analyzer/summaries.hpp"

#include <algorithm>
#include <array>

namespace weir::analyzer {

namespace {

bool works_for_operator(Activity activity) {
  return activity == Activity::processing || activity == Activity::serialization ||
         activity == Activity::deserialization;
}

template <class Key>
void merge_into(std::map<Key, Shares>& sums, const std::map<Key, Shares>& others) {
  for (const auto& [key, shares] : others) sums[key] += shares;
}

void divide(Shares& shares, double by) {
  shares.cp /= by;
  shares.conventional /= by;
  shares.single_path /= by;
}

template <class Key>
std::map<Key, Shares> means(std::map<Key, Shares> sums, double windows_s) {
  for (auto& [key, shares] : sums) divide(shares, windows_s);
  return sums;
}

// What every edge of a window is measured with. Shares come times the length of the window.
struct Scale {
  double window_s;
  double edges_ns;  // the time of all edges
  Shares shares(Nanos duration_ns, double path_share, bool on_walk) const {
    const auto duration = static_cast<double>(duration_ns);
    const double duration_s = duration * 1e-9;
    return {.cp = path_share * duration_s,
            .conventional = duration / edges_ns * window_s,
            .single_path = on_walk ? duration_s : 0,
            .duration_s = duration_s,
            .edges = 1};
  }
};

}  // namespace

WindowResult Summaries::add(const Pag& pag, const Participation& participation, RandomStream random) {
  WindowResult result;
  result.start_ns = pag.start_ns;
  result.end_ns = pag.end_ns;
  result.edges = static_cast<std::int64_t>(pag.edges());
  result.messages = static_cast<std::int64_t>(pag.messages.size());
  result.cut_messages = static_cast<std::int64_t>(participation.cut_messages());
  result.paths = participation.paths();
  if (!participation.has_path() || pag.duration_ns() == 0) {
    ++windows_without_path_;
    return result;
  }
  ++windows_;
  const double window_s = to_seconds(pag.duration_ns());
  windows_s_ += window_s;
  walk(pag, random);
  double edges_ns = 0;
  for (std::size_t c = 0; c < pag.chains(); ++c) {
    edges_ns +=
        static_cast<double>(pag.time_ns[pag.chain_first[c + 1] - 1] - pag.time_ns[pag.chain_first[c]]);
  }
  for (const Pag::Message& message : pag.messages) {
    edges_ns += static_cast<double>(pag.time_ns[message.to] - pag.time_ns[message.from]);
  }
  add_local_edges(pag, participation, edges_ns, result);
  add_messages(pag, participation, edges_ns, result);
  result.cp_sum /= window_s;
  return result;
}

// One path from a random start, edge by edge at random, waiting or not (SnailTrail's single-path baseline).
void Summaries::walk(const Pag& pag, RandomStream& random) {
  const std::size_t vertices = pag.vertices();
  local_on_walk_.assign(vertices, 0);
  message_on_walk_.assign(pag.messages.size(), 0);
  first_sent_.assign(vertices + 2, 0);
  for (const Pag::Message& message : pag.messages) ++first_sent_[message.from + 2];
  for (std::size_t v = 2; v < vertices + 2; ++v) first_sent_[v] += first_sent_[v - 1];
  sent_.resize(pag.messages.size());
  for (std::uint32_t m = 0; m < pag.messages.size(); ++m) sent_[first_sent_[pag.messages[m].from + 1]++] = m;

  std::uint32_t at = pag.chain_first[random.below(pag.chains())];
  // A circle of messages without duration would never end.
  for (std::size_t steps = 0; steps < pag.edges(); ++steps) {
    const bool goes_on = is_activity(static_cast<std::uint64_t>(pag.local[at].activity));
    const std::uint32_t first = first_sent_[at];
    const std::uint32_t messages = first_sent_[at + 1] - first;
    const std::uint32_t choices = messages + (goes_on ? 1 : 0);
    if (choices == 0) return;
    const auto choice = static_cast<std::uint32_t>(choices == 1 ? 0 : random.below(choices));
    if (choice < messages) {
      const std::uint32_t m = sent_[first + choice];
      message_on_walk_[m] = 1;
      at = pag.messages[m].to;
    } else {
      local_on_walk_[at] = 1;
      ++at;
    }
  }
}

void Summaries::add_local_edges(const Pag& pag, const Participation& participation, double edges_ns,
                                WindowResult& result) {
  const Scale scale{to_seconds(pag.duration_ns()), edges_ns};
  std::array<Shares, activity_count> activities{};
  operator_work_.clear();
  for (std::size_t c = 0; c < pag.chains(); ++c) {
    Shares worker;
    std::size_t latest = 0;  // the operator of the edge before: most often the same again
    for (OperatorWork& work : operator_work_) work.worked = false;
    for (std::uint32_t v = pag.chain_first[c]; v + 1 < pag.chain_first[c + 1]; ++v) {
      const Shares shares = scale.shares(pag.time_ns[v + 1] - pag.time_ns[v], participation.local_share(v),
                                         local_on_walk_[v] != 0);
      const Pag::Local& edge = pag.local[v];
      activities[static_cast<std::size_t>(edge.activity)] += shares;
      worker += shares;
      if (edge.operator_id == no_operator || !works_for_operator(edge.activity)) continue;
      if (latest >= operator_work_.size() || operator_work_[latest].operator_id != edge.operator_id) {
        for (latest = 0;
             latest < operator_work_.size() && operator_work_[latest].operator_id != edge.operator_id;)
          ++latest;
        if (latest == operator_work_.size()) operator_work_.push_back({.operator_id = edge.operator_id});
      }
      operator_work_[latest].sum += shares;
      operator_work_[latest].worked = true;
    }
    result.cp_sum += worker.cp;
    worker_[pag.worker[c]] += worker;
    for (OperatorWork& work : operator_work_) work.workers += work.worked ? 1 : 0;
  }
  for (OperatorWork& work : operator_work_) {
    divide(work.sum, static_cast<double>(work.workers));
    operator_[work.operator_id] += work.sum;
  }
  for (int a = 0; a < activity_count; ++a) {
    if (activities[a].edges > 0) activity_[static_cast<Activity>(a)] += activities[a];
  }
}

void Summaries::add_messages(const Pag& pag, const Participation& participation, double edges_ns,
                             WindowResult& result) {
  const Scale scale{to_seconds(pag.duration_ns()), edges_ns};
  std::array<Shares, activity_count> activities{};
  by_sender_.assign(pag.chains(), {});
  for (std::size_t c = 0; c < pag.chains(); ++c) {
    const std::uint32_t begin = pag.first_message[pag.chain_first[c]];
    const std::uint32_t end = pag.first_message[pag.chain_first[c + 1]];
    if (begin == end) continue;
    for (std::uint32_t m = begin; m < end; ++m) {
      const Pag::Message& message = pag.messages[m];
      const Shares shares = scale.shares(pag.time_ns[message.to] - pag.time_ns[message.from],
                                         participation.message_share(m), message_on_walk_[m] != 0);
      activities[static_cast<std::size_t>(message.activity)] += shares;
      by_sender_[message.from_chain] += shares;
    }
    for (std::size_t sender = 0; sender < pag.chains(); ++sender) {
      if (by_sender_[sender].edges == 0) continue;
      result.cp_sum += by_sender_[sender].cp;
      pair_[{pag.worker[sender], pag.worker[c]}] += by_sender_[sender];
      by_sender_[sender] = {};
    }
  }
  for (int a = 0; a < activity_count; ++a) {
    if (activities[a].edges > 0) activity_[static_cast<Activity>(a)] += activities[a];
  }
}

void Summaries::merge(const Summaries& other) {
  windows_ += other.windows_;
  windows_without_path_ += other.windows_without_path_;
  windows_s_ += other.windows_s_;
  merge_into(activity_, other.activity_);
  merge_into(worker_, other.worker_);
  merge_into(operator_, other.operator_);
  merge_into(pair_, other.pair_);
}

std::map<Activity, Shares> Summaries::by_activity() const {
  return means(activity_, windows_s_);
}

std::map<std::int64_t, Shares> Summaries::by_worker() const {
  return means(worker_, windows_s_);
}

std::map<std::int32_t, Shares> Summaries::by_operator() const {
  return means(operator_, windows_s_);
}

std::map<Summaries::Pair, Shares> Summaries::by_pair() const {
  return means(pair_, windows_s_);
}

}  // namespace weir::analyzer
