#pragma once

#include <algorithm>
#include <vector>

#include "sim/dataflow/instance.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/kernel/calendar.hpp"

// Heron's stream managers: one for each container. Each gathers what its instances send, by receiver, and
// sends it off whenever it drains: at the multiples of the drain interval, and only when it holds something.
// What one drain has for a receiver from one edge is a tuple set: it travels as one, and its arrival is one
// sighting of the receiver's buffer. Record by record, the tuples in it stay apart; else it is one batch, or,
// if it is a backlog of many batches, these.

namespace weir {

class StreamManagers final : public Router, EventHandler {
 public:
  // Drains every `drain_ns`; `own_drain_ns` is the engine's own interval, of which drain_ns may be a coarser
  // simulation: then records count as sent after at most own_drain_ns. `apart`: record by record.
  // `batch_records`: of the accuracy dial.
  StreamManagers(Calendar& calendar, std::uint32_t id, Nanos own_drain_ns, Nanos drain_ns, bool apart,
                 std::int64_t batch_records);

  // Groups the instances of each host into containers, in the order of their operators.
  void deploy(Job& job, int instances_per_container);

  // In a trace, each is a worker: who it gathers from sends to it, and it sends to who receives. While it
  // holds tuples it does so (a buffer); else it waits.
  void trace_until(Nanos now);
  Nanos trace_settled(Nanos until_ns);

  void route(Channel& channel, const Batch& batch) override;
  void drop_all(Job& job) override;
  std::int64_t held_weight() const override;
  void add_queued(std::vector<std::int64_t>& records_by_edge) const override;

 private:
  static constexpr std::int64_t backlog_batches = 16;  // more than these are no tuple set, but a backlog
  struct Manager {
    std::vector<Batch> gathered;              // by receiver: see receiver_slot
    std::vector<std::vector<Batch>> records;  // the same one by one, if they stay apart
    std::vector<std::uint32_t> holding;       // receivers with something gathered, in the order of arrival
    bool drain_scheduled = false;
    int host = -1;
  };
  // A manager as a worker of the trace; over all deployments.
  struct Traced {
    int worker = -1;
    bool runs = false;
    Nanos until_ns = 0;                    // what it did is told up to there
    std::vector<const Instance*> senders;  // of what it holds
  };

  void on_event(std::uint32_t kind, std::uint32_t manager) override;
  void split(Batch rest, std::vector<Batch>& batches) const;
  void send_on(Batch batch, const std::vector<Batch>& records, int worker);
  void trace_deployed(std::size_t running);
  void trace_gathered(std::uint32_t number, const Channel& channel, const Batch& batch);
  void trace_drained(std::uint32_t number);
  void trace_held(std::uint32_t number, Nanos until_ns);
  // When what was gathered since first_ns is sent.
  Nanos sent_ns(Nanos first_ns) const { return std::min(calendar_.now(), first_ns + own_drain_ns_); }
  std::uint32_t receiver_slot(const Channel& channel) const;

  Calendar& calendar_;
  Nanos own_drain_ns_;
  Nanos drain_ns_;
  bool apart_;
  std::int64_t batch_records_;
  Job* job_ = nullptr;
  std::vector<Manager> managers_;
  std::vector<Traced> traced_;                          // by manager; empty if nobody traces
  std::vector<std::vector<std::uint32_t>> manager_of_;  // by operator and index
  std::vector<std::uint32_t> first_slot_;               // by edge
};

}  // namespace weir
