#include <fmt/format.h>

#include "models/engines/heron/stream_managers.hpp"

// Stream managers as workers of a trace. What a manager holds it has had since the first tuple came, and each
// sender is told of once a drain, with its first tuple; a drain that is coarser than Heron's own sends what
// it holds in the past.

namespace weir {

void StreamManagers::trace_deployed(std::size_t running) {
  const Nanos now = calendar_.now();
  for (std::size_t i = 0; i < std::max(running, traced_.size()); ++i) {
    if (i == traced_.size()) {
      traced_.emplace_back();
      traced_[i].worker =
          job_->tracer()->add_worker(-1, -1, managers_[i].host, fmt::format("stream manager {}", i));
    }
    // Who has gone is no worker; nor was who is new, up to now.
    if (!traced_[i].runs) traced_[i].until_ns = now;
    traced_[i].runs = i < running;
    traced_[i].senders.clear();
  }
}

void StreamManagers::trace_gathered(std::uint32_t number, const Channel& channel, const Batch& batch) {
  Traced& traced = traced_[number];
  if (std::find(traced.senders.begin(), traced.senders.end(), channel.sender) != traced.senders.end()) return;
  traced.senders.push_back(channel.sender);
  // What came from the past of what is told already, is held from then on.
  const Nanos at_ns = batch.first_ns;
  job_->tracer()->sent(traced.worker, channel.sender->trace_worker(), at_ns, std::max(at_ns, traced.until_ns),
                       job_->graph().edges[channel.edge].to, batch.count, batch.size_bytes);
}

void StreamManagers::trace_drained(std::uint32_t number) {
  const Manager& manager = managers_[number];
  if (manager.holding.empty()) return;
  Nanos until_ns = 0;
  for (const std::uint32_t slot : manager.holding)
    until_ns = std::max(until_ns, sent_ns(manager.gathered[slot].first_ns));
  trace_held(number, until_ns);
  traced_[number].senders.clear();
}

void StreamManagers::trace_held(std::uint32_t number, Nanos until_ns) {
  const Manager& manager = managers_[number];
  Traced& traced = traced_[number];
  Nanos from_ns = until_ns;
  for (const std::uint32_t slot : manager.holding)
    from_ns = std::min(from_ns, manager.gathered[slot].first_ns);
  const auto tell = [&](Nanos end_ns, TracedUse use) {
    if (end_ns <= traced.until_ns) return;
    job_->tracer()->did(traced.worker, traced.until_ns, end_ns, use, -1, 0);
    traced.until_ns = end_ns;
  };
  tell(from_ns, TracedUse::waiting);
  tell(until_ns, TracedUse::buffer);
}

void StreamManagers::trace_until(Nanos now) {
  for (std::uint32_t i = 0; i < traced_.size(); ++i) {
    if (traced_[i].runs) trace_held(i, now);
  }
}

// Only of those that hold nothing: the others tell it when they drain.
Nanos StreamManagers::trace_settled(Nanos until_ns) {
  Nanos settled_ns = until_ns;
  for (std::uint32_t i = 0; i < traced_.size(); ++i) {
    if (!traced_[i].runs) continue;
    if (managers_[i].holding.empty()) trace_held(i, until_ns);
    settled_ns = std::min(settled_ns, traced_[i].until_ns);
  }
  return settled_ns;
}

}  // namespace weir
