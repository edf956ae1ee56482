#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "sim/cluster/network.hpp"
#include "sim/kernel/calendar.hpp"

// Moves state between the hosts of tasks and the host that keeps checkpoints: snapshots there, and back for a
// restore.
//
//   move(from, to, bytes, rate) ─▶ [part after part, none faster than the rate] ─▶ connection ─▶ done
//
// A transfer is made of parts, each of which is sent when its bytes have been read or made at the rate of the
// one end; the network shares its links between them and whatever else is on the way. So it takes as long as
// the slower of the two, and one part more.

namespace weir {
class Cluster;
}

namespace weir::flink {

class StateTransfers final : EventHandler, DeliveryHandler {
 public:
  // Events of the engine's part `id`.
  StateTransfers(Calendar& calendar, Cluster& cluster, std::uint32_t id);

  // From `begin_ns` on. `done` is called in an event when the last part is there.
  void move(int from_host, int to_host, double bytes, double bytes_per_s, Nanos begin_ns,
            std::function<void()> done);
  // Nothing of what is under way is awaited any more.
  void abandon();
  double moved_bytes() const { return moved_bytes_; }

 private:
  struct Transfer {
    int connection = -1;
    double part_bytes = 0;
    Nanos part_ns = 0;  // to make one
    int parts_to_send = 0;
    int parts_to_come = 0;
    std::function<void()> done;
  };
  enum Kind : std::uint32_t { part_made = 1, nothing_to_move = 2 };
  void on_event(std::uint32_t kind, std::uint32_t number) override;
  void on_delivery(std::uint32_t number, Nanos first_ns, Nanos last_ns) override;
  void send_part(std::uint32_t number);
  void finish(std::uint32_t number);

  Calendar& calendar_;
  Cluster& cluster_;
  std::map<std::uint32_t, Transfer> transfers_;  // under way
  std::map<std::pair<int, int>, int> connections_;
  std::uint32_t next_number_ = 0;
  double moved_bytes_ = 0;
};

}  // namespace weir::flink
