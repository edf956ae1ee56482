#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/dataflow/instance.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/dataflow/ring.hpp"
#include "sim/kernel/calendar.hpp"

// The way of a message in HarmonicIO, and the containers that ask for messages.
//
//   sender ──1 request──▶ master ──▶ a container is free: the one that asked last
//      │                    │   └──▶ none is: the master itself
//      ├──2 message, peer to peer, on a connection of its own──▶ container
//      └──2 message ──▶ backlog of the master, one queue for each operator
//
//   container, free ──1 request──▶ master ──2 the oldest message of the backlog──▶ container
//                                     └──▶ none: it is noted as free, and waits for a sender
//
// A sender (a source, or a container that has a result) deals with one message at a time, and does nothing
// else meanwhile. A container has one message at a time. The master answers one request at a time. A new TCP
// connection costs a round trip before anything is carried.
//
// As in the published code, the backlog is looked at only when a container asks: a message that arrives there
// just after one was noted as free waits until some container asks again.
//
// Source: HarmonicIO, rest_service.py, stream_connector.py; HarmonicPE, daemon.py.

namespace weir {

class Master final : public Router, EventHandler, DeliveryHandler {
 public:
  struct Settings {
    int host = 0;
    Nanos request_ns = 0;
    Nanos idle_timeout_ns = 0;
  };
  Master(Calendar& calendar, std::uint32_t id, const Settings& settings);

  void deploy(Job& job);
  // A container that has begun to run asks for messages. One that is volatile exits when it gets none.
  void begin(int operator_id, int index, bool is_volatile);
  // It has dealt with a message; what it sends for it, if anything, is here already.
  void served(const Instance& container);
  // Told when a container exits.
  std::function<void(int operator_id, int index)> on_exit;

  // As a probe of the network finds it.
  struct Way {
    Nanos latency_ns = 0;
    double bytes_per_s = 0;  // alone
  };
  Way way_to_master(int from_host) const { return way(from_host, settings_.host); }

  void route(Channel& channel, const Batch& batch) override;
  void drop_all(Job& job) override;
  std::int64_t held_weight() const override;
  void add_queued(std::vector<std::int64_t>& records_by_edge) const override;
  Waiting waiting_for(int operator_id) const override;
  // Engine::trace_until and trace_settled.
  void trace_until(Nanos now);
  Nanos trace_settled(Nanos until_ns) const;
  // That wait here now, for all operators.
  std::int64_t backlog_messages() const;

  struct Counts {
    std::int64_t direct = 0;   // messages from sender to container
    std::int64_t backlog = 0;  // through the master's
    std::int64_t backlog_max = 0;
    std::int64_t requests = 0;
    Nanos busy_ns = 0;  // with requests
  };
  const Counts& counts() const { return counts_; }

 private:
  enum Kind : std::uint32_t {
    send_request = 1,  // arrives at the master, and after that has been dealt with:
    send_answer,
    send_message,  // the sender is connected to who gets it
    free_request,
    free_answer,
    exit_request,
    exit_answer,
    idle_for_long
  };
  static constexpr std::int32_t backlog = -1;

  // An instance: as a sender, and as a container.
  struct Peer {
    Instance* instance = nullptr;
    Ring<Batch> outgoing;           // the first is being sent
    std::int32_t target = backlog;  // of the first: a container, by number
    bool sending = false;
    Nanos sending_since_ns = 0;
    bool is_volatile = false;
    bool free = false;               // noted by the master
    Nanos free_since_ns = 0;         // waits for a sender
    Nanos exits_since_ns = -1;       // asked to exit because it was free since then
    std::map<int, int> connections;  // to hosts
    int from_master = -1;            // connection
  };
  struct Backlog {
    Ring<Batch> messages;
    std::int64_t size_bytes = 0;
    std::vector<std::uint32_t> free;  // containers, by number; the last one is taken
  };
  // On the network.
  struct Message {
    std::int32_t sender = -1;  // by number; -1: the master
    std::int32_t receiver = backlog;
    Batch batch;  // if the master sends it
    bool used = false;
  };

  void on_event(std::uint32_t kind, std::uint32_t peer) override;
  void on_delivery(std::uint32_t cookie, Nanos first_ns, Nanos last_ns) override;
  std::uint32_t number(int operator_id, int index) const {
    return first_number_[static_cast<std::size_t>(operator_id)] + static_cast<std::uint32_t>(index);
  }
  Backlog& backlog_of(const Peer& container) {
    return backlogs_[static_cast<std::size_t>(container.instance->operator_id())];
  }
  Way way(int from_host, int to_host) const;
  Nanos latency_ns(int from_host, int to_host);
  // A request from there arrives at the master so much later: connection and one way.
  Nanos request_way_ns(const Peer& peer) { return 3 * latency_ns(peer.instance->host(), settings_.host); }
  void ask(std::uint32_t peer);
  void ask_for_work(std::uint32_t container);
  void at_master(Kind answer, std::uint32_t peer);
  void choose_target(std::uint32_t sender);
  void transfer(std::uint32_t sender);
  void sent(std::uint32_t sender);
  void give_work(std::uint32_t container);
  void hand_over(std::uint32_t container, Batch batch, Nanos sent_ns);
  void exit(std::uint32_t container);
  std::uint32_t put_message(const Message& message);

  Calendar& calendar_;
  Settings settings_;
  Job* job_ = nullptr;
  std::vector<std::uint32_t> first_number_;  // by operator
  std::vector<Peer> peers_;
  std::vector<Backlog> backlogs_;  // by operator
  std::map<std::pair<int, int>, Nanos> latencies_;
  Nanos answers_until_ns_ = 0;
  std::vector<Message> messages_;
  std::vector<std::uint32_t> free_messages_;
  Counts counts_;
};

}  // namespace weir
