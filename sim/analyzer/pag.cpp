#include "sim/analyzer/pag.hpp"

#include <algorithm>

namespace weir::analyzer {

void Pag::index_messages() {
  // A counting sort: stable, and linear.
  first_message.assign(vertices() + 1, 0);
  for (const Message& message : messages) ++first_message[message.to + 1];
  for (std::size_t v = 0; v < vertices(); ++v) first_message[v + 1] += first_message[v];
  std::vector<std::uint32_t> next(first_message.begin(), first_message.end() - 1);
  std::vector<Message> sorted(messages.size());
  for (const Message& message : messages) sorted[next[message.to]++] = message;
  messages.swap(sorted);
}

const char* Pag::defect() const {
  if (chain_first.size() != chains() + 1 || chain_first.back() != vertices()) return "chains do not cover";
  if (local.size() != vertices()) return "a vertex without its local edge";
  if (first_message.size() != vertices() + 1) return "messages are not indexed";
  for (std::size_t c = 0; c < chains(); ++c) {
    if (chain_first[c] >= chain_first[c + 1]) return "a chain without a vertex";
    if (c > 0 && worker[c] <= worker[c - 1]) return "workers are not in order";
    for (std::uint32_t v = chain_first[c]; v + 1 < chain_first[c + 1]; ++v) {
      if (time_ns[v] >= time_ns[v + 1]) return "a chain does not go forward in time";
      if (!is_activity(static_cast<std::uint64_t>(local[v].activity)))
        return "a local edge without an activity";
    }
    if (time_ns[chain_first[c]] < start_ns || time_ns[chain_first[c + 1] - 1] > end_ns)
      return "a vertex outside of the window";
  }
  for (const Message& message : messages) {
    if (message.from >= vertices() || message.to >= vertices()) return "a message from or to nowhere";
    if (message.from < chain_first[message.from_chain] || message.from >= chain_first[message.from_chain + 1])
      return "a message does not leave the chain it names";
    if (time_ns[message.from] > time_ns[message.to]) return "a message goes back in time";
  }
  return nullptr;
}

}  // namespace weir::analyzer
