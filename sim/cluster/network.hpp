#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/kernel/calendar.hpp"

// Connections between hosts.
//
//   send ──▶ connection (first in, first out) ──▶ links of the route (shared) ──▶ latency ──▶ on_delivery
//
// A connection carries one transfer at a time; what is sent meanwhile queues and travels together in the next
// one. How many connections a pair of hosts has is the engine's business.
//
//   * A transfer that is alone on every shared link of its route is closed form: bytes over the rate of the
//     slowest link.
//   * When another overlaps with it on one of its links, both go on with the bytes that remain, and share
//     max-min. Where one link, the narrowest of each one's route, is common to all that a transfer meets,
//     that is an even share of it, in closed form (see fair_share.hpp). Else they go on as SimGrid Comms. A
//     transfer that is alone when it begins is closed form again.
//   * Latency is a delay that is pipelined: it is added to every arrival in closed form, and holds up nobody
//     behind. SimGrid itself runs without latency, so that its shares are pure max-min, whatever the
//     distance.
//
// Intervals. The records of a batch become available one after the other over [first, last], spread evenly.
// A link of rate b that is free from `start` on forwards them as they come: the last record of n is through
// at max(start + bytes/b, last + bytes/(n b)), the first at start + bytes/(n b). Like a service, a transfer
// may count as begun before send() was called; the link time for it is paid out of time that the link was
// idle (see cpu.hpp: credit).
//
// Error of transfers that shared. In closed form the last record of each batch arrives exactly when it is
// through; how fast the transfer was since the batch before is not looked at, so that the records in between
// are spread evenly. Of a Comm nothing is looked at between its begin and its end: arrivals inside it are
// spread evenly, and are handed over at its end. So a batch is handed over at most one Comm's duration late,
// and its stated first and last arrival are wrong by less than that; the cap on the bytes of a transfer
// bounds both. The last one's are exact.

namespace weir {

class Platform;

// Classes have connections of their own, so that a barrier or a state transfer is not held up in a data
// queue.
enum class TrafficClass : std::uint8_t { data, state, control };

class DeliveryHandler {
 public:
  // In an event of class arrival. first_ns <= last_ns <= now(): when its first and its last record arrived.
  virtual void on_delivery(std::uint32_t cookie, Nanos first_ns, Nanos last_ns) = 0;

 protected:
  ~DeliveryHandler() = default;
};

class Network {
 public:
  struct Settings {
    double loopback_latency_s = 0;
    double loopback_bytes_per_s = 0;  // per connection; 0: infinitely fast
    double latency_factor = 1;        // on every route's latency
    double transfer_bytes_max = 4 << 20;
    double window_bytes = 0;  // a connection is no faster than window / (2 latency); 0: no window
    bool fair_share = true;   // even shares in closed form; else all sharing is SimGrid's
  };

  Network(Calendar& calendar, const Settings& settings, Platform& platform);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // The hosts may be equal. Numbers are reused after disconnect().
  int connect(int from_host, int to_host, TrafficClass traffic, DeliveryHandler& receiver);
  // What is under way is dropped: never delivered.
  void disconnect(int connection);

  // A batch whose first and last record became available at first_ns <= last_ns <= now(). `records`: how many
  // there are, for the time that the first and the last one take by themselves; 1 means that it arrives as
  // one piece.
  void send(int connection, double bytes, Nanos first_ns, Nanos last_ns, std::uint32_t cookie,
            std::int64_t records = 1);

  // One way, as used here (factors included).
  Nanos latency_ns(int connection) const;
  // Alone on its route; infinity when nothing limits it.
  double bytes_per_s(int connection) const;

  struct Counts {
    std::int64_t batches = 0;
    std::int64_t transfers = 0;  // how many they travelled in
    std::int64_t shared = 0;     // of these, shared a link, for a while at least
    std::int64_t comms = 0;      // of these, as a Comm
    double bytes = 0;
  };
  const Counts& counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
