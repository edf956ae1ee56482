#include "sim/analyzer/metrics.hpp"

#include <array>

namespace weir::analyzer {

namespace {

using ByActivity = std::array<MetricSum, activity_count>;

void add(ByActivity& sums, Activity activity, Nanos duration_ns, std::uint32_t records) {
  sums[static_cast<std::size_t>(activity)] += {1, duration_ns, records};
}

void put(MetricSums& all, ByActivity& sums, std::int64_t from_worker, std::int64_t to_worker) {
  for (int a = 0; a < activity_count; ++a) {
    const MetricSum& sum = sums[static_cast<std::size_t>(a)];
    if (sum.activities > 0) all[{from_worker, to_worker, static_cast<Activity>(a)}] += sum;
  }
  sums = {};
}

}  // namespace

MetricSums edge_metrics(const Pag& pag) {
  MetricSums all;
  ByActivity local{};
  std::vector<ByActivity> by_sender(pag.chains());
  std::vector<std::uint8_t> has_sent(pag.chains(), 0);
  std::vector<std::uint32_t> senders;  // to the present chain
  for (std::size_t c = 0; c < pag.chains(); ++c) {
    const std::uint32_t first = pag.chain_first[c];
    const std::uint32_t end = pag.chain_first[c + 1];
    for (std::uint32_t v = first; v + 1 < end; ++v) {
      add(local, pag.local[v].activity, pag.time_ns[v + 1] - pag.time_ns[v], pag.local[v].records);
    }
    put(all, local, pag.worker[c], pag.worker[c]);
    if (pag.first_message[first] == pag.first_message[end]) continue;
    for (std::uint32_t m = pag.first_message[first]; m < pag.first_message[end]; ++m) {
      const Pag::Message& message = pag.messages[m];
      add(by_sender[message.from_chain], message.activity,
          pag.time_ns[message.to] - pag.time_ns[message.from], message.records);
      if (has_sent[message.from_chain] == 0) senders.push_back(message.from_chain);
      has_sent[message.from_chain] = 1;
    }
    for (const std::uint32_t sender : senders) {
      put(all, by_sender[sender], pag.worker[sender], pag.worker[c]);
      has_sent[sender] = 0;
    }
    senders.clear();
  }
  return all;
}

}  // namespace weir::analyzer
