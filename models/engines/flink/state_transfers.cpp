#include "models/engines/flink/state_transfers.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/cluster/cluster.hpp"

namespace weir::flink {

namespace {
// Small enough to share links fairly, and never more than so many of a transfer.
constexpr double part_bytes_min = 4 << 20;
constexpr double parts_max = 64;
}  // namespace

StateTransfers::StateTransfers(Calendar& calendar, Cluster& cluster, std::uint32_t id)
    : calendar_(calendar), cluster_(cluster) {
  handler_id = id;
}

void StateTransfers::move(int from_host, int to_host, double bytes, double bytes_per_s, Nanos begin_ns,
                          std::function<void()> done) {
  const std::uint32_t number = next_number_++;
  Transfer& transfer = transfers_[number];
  transfer.done = std::move(done);
  if (bytes < 1) return calendar_.schedule(begin_ns, EventClass::timer, *this, nothing_to_move, number);
  const auto [it, added] = connections_.try_emplace({from_host, to_host}, -1);
  if (added) it->second = cluster_.network().connect(from_host, to_host, TrafficClass::state, *this);
  transfer.connection = it->second;
  const double parts = std::clamp(std::ceil(bytes / part_bytes_min), 1.0, parts_max);
  transfer.parts_to_send = transfer.parts_to_come = static_cast<int>(parts);
  transfer.part_bytes = bytes / parts;
  transfer.part_ns = to_nanos(std::min(transfer.part_bytes / bytes_per_s, 1e9));
  moved_bytes_ += bytes;
  calendar_.schedule(begin_ns + transfer.part_ns, EventClass::timer, *this, part_made, number);
}

void StateTransfers::abandon() {
  transfers_.clear();
  for (const auto& [hosts, connection] : connections_) cluster_.network().disconnect(connection);
  connections_.clear();
}

void StateTransfers::on_event(std::uint32_t kind, std::uint32_t number) {
  if (!transfers_.contains(number)) return;  // abandoned
  if (kind == nothing_to_move) return finish(number);
  send_part(number);
}

void StateTransfers::send_part(std::uint32_t number) {
  Transfer& transfer = transfers_.at(number);
  const Nanos now = calendar_.now();
  if (--transfer.parts_to_send > 0)
    calendar_.schedule(now + transfer.part_ns, EventClass::timer, *this, part_made, number);
  cluster_.network().send(transfer.connection, transfer.part_bytes, now, now, number);
}

void StateTransfers::on_delivery(std::uint32_t number, Nanos, Nanos) {
  const auto transfer = transfers_.find(number);
  if (transfer == transfers_.end() || --transfer->second.parts_to_come > 0) return;
  finish(number);
}

void StateTransfers::finish(std::uint32_t number) {
  const auto done = std::move(transfers_.at(number).done);
  transfers_.erase(number);
  done();
}

}  // namespace weir::flink
