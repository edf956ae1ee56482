#include "sim/cluster/network.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <map>

#include "sim/cluster/activity.hpp"
#include "sim/cluster/fair_share.hpp"
#include "sim/cluster/platform.hpp"
#include "sim/kernel/durations.hpp"
#include "sim/kernel/look_back.hpp"

namespace weir {

namespace sg = simgrid::s4u;

namespace {

// Outbox; the argument is the connection.
constexpr std::uint32_t post_start = 1;
constexpr std::uint32_t post_stop = 2;
// Events; the argument is the connection, or of a share the group.
constexpr std::uint32_t event_transfer_end = 1;  // closed form, and something is queued behind it
constexpr std::uint32_t event_comm_end = 2;
constexpr std::uint32_t event_arrival = 3;
constexpr std::uint32_t event_share = 4;

// SimGrid counts in 64 bits: larger transfers (9 PB) are several Comms, one after the other.
constexpr double comm_bytes_max = 0x1p63 / simgrid_bytes_scale;

constexpr std::uint32_t network_handler_id = 0xffff0002;
constexpr std::uint32_t none = 0xffffffff;

}  // namespace

class Network::Impl final : EventHandler, OutboxHandler {
 public:
  Impl(Calendar& calendar, const Settings& settings, Platform& platform)
      : calendar_(calendar), settings_(settings), platform_(platform), links_(platform.links().size()) {
    EventHandler::handler_id = network_handler_id;
  }
  ~Impl() {
    // What is still under way outlives us inside SimGrid: it must not call back.
    for (CommSlot& slot : comms_) {
      if (!slot.comm) continue;
      CommSlot::disown(*slot.comm);
      ActivityGrave::keep_for_ever(std::move(slot.comm));
    }
  }

  int connect(int from, int to, DeliveryHandler& receiver);
  void disconnect(std::uint32_t id);
  void send(std::uint32_t id, double bytes, Nanos first_ns, Nanos last_ns, std::uint32_t cookie,
            std::int64_t records);

  struct Route {
    std::vector<int> shared;
    double bytes_per_s = 0;
    double ns_per_byte = 0;
    Nanos latency_ns = 0;
    bool windowed = false;
  };
  const Route& route_of(int id) const { return *connections_[static_cast<std::size_t>(id)].route; }
  const Counts& counts() const { return counts_; }

 private:
  // A batch: in its connection's queue, then on its way.
  struct Message {
    std::uint32_t next = none;
    std::uint32_t cookie = 0;
    double bytes = 0;
    double first_bytes =
        0;  // until its first record is through; from the beginning of the transfer: see begin()
    double last_bytes = 0;
    Nanos first_ns = 0;  // available; then: through the links, without latency; `never`: not known yet
    Nanos last_ns = 0;
    Nanos deliver_ns = 0;
  };
  struct List {
    std::uint32_t head = none;
    std::uint32_t tail = none;
    bool empty() const { return head == none; }
  };
  enum class Mode : std::uint8_t { closed_form, fair_share, comm };
  struct Connection {
    const Route* route = nullptr;
    DeliveryHandler* receiver = nullptr;  // null: not connected
    int from = -1;
    int to = -1;
    Mode mode = Mode::closed_form;
    bool comm_ended = false;
    bool gathered = false;  // some of its batches are handed over later than their records were available
    List queued;
    List travelling;
    Nanos end_ns = 0;  // closed form: of the latest transfer
    Nanos end_event_ns = -1;
    LookBack look_back;
    double bytes = 0;  // of the transfer
    // When it shares: since phase_ns, with done_bytes through by then.
    Nanos phase_ns = 0;
    double done_bytes = 0;
    double comm_bytes = 0;          // of those left, what its Comm passes
    std::uint32_t group = none;     // in a fair share
    std::uint32_t reaching = none;  // the batch whose end is the next milestone there
  };
  // All transfers on any of the links of its members are its members.
  struct Group {
    FairShare share;
    std::vector<int> common;  // links that all members cross, each the narrowest of their routes
    Nanos event_ns = -1;      // when it is looked at
  };
  struct CommSlot final : ActivityOwner {
    Impl* network = nullptr;
    std::uint32_t connection = 0;
    sg::CommPtr comm;
    void on_activity_end() override { network->comm_ended(*this); }
    using ActivityOwner::disown;
    using ActivityOwner::own;
  };
  struct LinkState {
    int sharing = 0;             // transfers that share it
    std::uint32_t group = none;  // fairly; else as Comms
    // The one closed-form transfer that has it to itself.
    Nanos closed_since_ns = 0;
    Nanos closed_until_ns = 0;
    std::uint32_t closed_connection = 0;
    // Time that nobody used lately: what look-back is paid from.
    Nanos unused_ns = 0;
    Nanos unused_at_ns = 0;
    Nanos look_back_max_ns = 0;

    void account(Nanos now) {
      if (sharing == 0) {
        const Nanos used = std::min(closed_until_ns, now) - std::max(closed_since_ns, unused_at_ns);
        unused_ns = std::min(unused_ns + now - unused_at_ns - std::max<Nanos>(0, used), look_back_max_ns);
      }
      unused_at_ns = now;
    }
  };

  void on_event(std::uint32_t kind, std::uint32_t argument) override;
  void on_simgrid(std::uint32_t kind, std::uint32_t argument) override;
  void begin_queued(Connection& connection, std::uint32_t id);
  void begin(Connection& connection, std::uint32_t id, std::uint32_t message, double share_ns);
  void occupy(Connection& connection, std::uint32_t id, Nanos end_ns);
  void travel(Connection& connection, std::uint32_t id, std::uint32_t message);
  void share(Connection& connection, std::uint32_t id);
  bool can_share_fairly(const Connection& connection);
  void leave_closed_form(Connection& connection, std::uint32_t id);
  void join(Group& group, std::uint32_t group_id, Connection& connection, std::uint32_t id);
  double next_bytes(const Connection& connection) const;
  void progress(Connection& connection, double bytes);
  void reached(Group& group, Connection& connection, std::uint32_t id);
  void look_at(Group& group, std::uint32_t group_id);
  void plan(Group& group, std::uint32_t group_id);
  void break_up(std::uint32_t group_id);
  void close(Group& group, std::uint32_t group_id);
  void become_comm(Connection& connection, std::uint32_t id);
  void end_sharing(Connection& connection);
  void leave_links(const Connection& connection);
  void finish_comm(Connection& connection, std::uint32_t id);
  void arrive(std::uint32_t id);
  void comm_ended(CommSlot& slot);
  void drop(CommSlot& slot);
  const Route* find_route(int from, int to);

  void append(List& list, std::uint32_t message) {
    messages_[message].next = none;
    (list.empty() ? list.head : messages_[list.tail].next) = message;
    list.tail = message;
  }
  std::uint32_t pop(List& list) {
    const std::uint32_t message = list.head;
    list.head = messages_[message].next;
    return message;
  }
  void free_all(List& list) {
    while (!list.empty()) free_messages_.push_back(pop(list));
  }

  Calendar& calendar_;
  const Settings settings_;
  Platform& platform_;
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> free_connections_;
  std::deque<CommSlot> comms_;  // one per connection; a deque: SimGrid keeps their addresses
  ActivityGrave grave_;
  std::vector<Message> messages_;
  std::vector<std::uint32_t> free_messages_;
  std::vector<LinkState> links_;
  std::deque<Group> groups_;  // a deque: they stay where they are
  std::vector<std::uint32_t> free_groups_;
  // What share() found, and look_at() takes; kept for their memory.
  std::vector<std::uint32_t> met_, reached_;
  std::uint32_t met_group_ = none;
  std::vector<int> common_;
  std::map<std::pair<int, int>, Route> routes_;
  Counts counts_;
};

const Network::Impl::Route* Network::Impl::find_route(int from, int to) {
  const auto [at, is_new] = routes_.try_emplace({from, to});
  Route& route = at->second;
  if (!is_new) return &route;
  double latency_s = settings_.loopback_latency_s;
  if (from == to) {
    route.bytes_per_s = settings_.loopback_bytes_per_s;
    if (route.bytes_per_s <= 0) route.bytes_per_s = std::numeric_limits<double>::infinity();
  } else {
    const PlatformRoute found = platform_.route(from, to);
    route.shared = found.shared;
    route.bytes_per_s = found.bytes_per_s;
    latency_s = found.latency_s * settings_.latency_factor;
    if (settings_.window_bytes > 0 && latency_s > 0) {
      const double windowed = settings_.window_bytes / (2 * latency_s);
      route.windowed = windowed < route.bytes_per_s;
      route.bytes_per_s = std::min(route.bytes_per_s, windowed);
    }
  }
  // Finite: of no bytes it is no time.
  route.ns_per_byte = std::min(1e9 / route.bytes_per_s, static_cast<double>(longest_duration));
  route.latency_ns = to_duration(latency_s);
  return &route;
}

int Network::Impl::connect(int from, int to, DeliveryHandler& receiver) {
  std::uint32_t id = 0;
  if (free_connections_.empty()) {
    id = static_cast<std::uint32_t>(connections_.size());
    connections_.emplace_back();
    comms_.emplace_back();
    comms_.back().network = this;
    comms_.back().connection = id;
  } else {
    id = free_connections_.back();
    free_connections_.pop_back();
  }
  Connection& connection = connections_[id];
  connection = Connection{};
  connection.route = find_route(from, to);
  connection.receiver = &receiver;
  connection.from = from;
  connection.to = to;
  return static_cast<int>(id);
}

void Network::Impl::disconnect(std::uint32_t id) {
  Connection& connection = connections_[id];
  WEIR_ASSERT(connection.receiver != nullptr, "a connection is closed twice");
  const Nanos now = calendar_.now();
  free_all(connection.queued);
  free_all(connection.travelling);
  for (const int l : connection.route->shared) {
    LinkState& link = links_[static_cast<std::size_t>(l)];
    link.account(now);
    if (connection.mode == Mode::closed_form && link.closed_connection == id) {
      link.closed_until_ns = std::min(link.closed_until_ns, now);
    }
  }
  if (connection.mode != Mode::closed_form) leave_links(connection);
  if (connection.mode == Mode::comm) calendar_.post(*this, post_stop, id);
  if (connection.mode == Mode::fair_share) {
    Group& group = groups_[connection.group];
    group.share.advance(now);
    group.share.abandon(id);
    if (group.share.members() == 0) {
      close(group, connection.group);
    } else {
      plan(group, connection.group);
    }
  }
  connection = Connection{};
  free_connections_.push_back(id);
}

void Network::Impl::send(std::uint32_t id, double bytes, Nanos first_ns, Nanos last_ns, std::uint32_t cookie,
                         std::int64_t records) {
  Connection& connection = connections_[id];
  const Nanos now = calendar_.now();
  WEIR_ASSERT(connection.receiver != nullptr, "something is sent on a closed connection");
  WEIR_ASSERT(bytes >= 0 && records >= 1, "a batch of a negative size");
  WEIR_ASSERT(first_ns <= last_ns && last_ns <= now, "a batch is sent before it is available");
  std::uint32_t m = 0;
  if (free_messages_.empty()) {
    m = static_cast<std::uint32_t>(messages_.size());
    messages_.emplace_back();
  } else {
    m = free_messages_.back();
    free_messages_.pop_back();
  }
  Message& message = messages_[m];
  message.cookie = cookie;
  message.bytes = bytes;
  message.first_bytes = bytes / static_cast<double>(records);
  message.first_ns = first_ns;
  message.last_ns = last_ns;
  connection.gathered = connection.gathered || first_ns < last_ns;
  ++counts_.batches;
  counts_.bytes += bytes;
  const bool idle =
      connection.mode == Mode::closed_form && connection.end_ns <= now && connection.queued.empty();
  if (idle) {
    begin(connection, id, m, message.first_bytes * connection.route->ns_per_byte);
    return;
  }
  append(connection.queued, m);
  if (connection.mode == Mode::closed_form && connection.end_event_ns != connection.end_ns) {
    connection.end_event_ns = connection.end_ns;
    calendar_.schedule(std::max(now, connection.end_ns), EventClass::completion, *this, event_transfer_end,
                       id);
  }
}

// One batch on an idle connection, which takes its records when they are available.
void Network::Impl::begin(Connection& connection, std::uint32_t id, std::uint32_t m, double share_ns) {
  const Nanos now = calendar_.now();
  const Route& route = *connection.route;
  Message& message = messages_[m];
  const Nanos whole_ns = to_duration(message.bytes * route.ns_per_byte * 1e-9);
  const Nanos record_ns = to_duration(share_ns * 1e-9);
  if (!connection.gathered) connection.look_back.restart(connection.end_ns);
  const LookBack::Served served =
      connection.look_back.serve(message.first_ns, message.last_ns, whole_ns, record_ns);
  const Nanos start_ns = served.begin_ns;
  // What was delayed may begin only after now: nothing of it can have gone.
  const Nanos wanted_ns = std::clamp<Nanos>(now - start_ns, 0, whole_ns);
  Nanos credit_ns = wanted_ns;
  for (const int l : route.shared) {
    LinkState& link = links_[static_cast<std::size_t>(l)];
    link.look_back_max_ns = std::max(link.look_back_max_ns, now - start_ns);
    link.account(now);
    credit_ns = std::min(credit_ns, link.unused_ns);
  }
  for (const int l : route.shared) links_[static_cast<std::size_t>(l)].unused_ns -= credit_ns;
  // A batch that is older than one served before may have gone before that, whatever begin says.
  const Nanos through_ns = credit_ns == whole_ns ? served.last_done_ns : now + whole_ns - credit_ns;
  const Nanos end_ns = std::max(through_ns, served.last_done_ns);
  connection.look_back.delay(wanted_ns - credit_ns);
  ++counts_.transfers;
  connection.bytes = message.bytes;
  message.last_bytes = message.bytes;
  message.first_ns = std::min(served.first_done_ns + wanted_ns - credit_ns, end_ns);
  message.last_ns = end_ns;
  message.deliver_ns = never;
  append(connection.travelling, m);
  occupy(connection, id, end_ns);
  if (connection.mode == Mode::closed_form) travel(connection, id, m);
}

// What queued, at the end of the transfer before it.
void Network::Impl::begin_queued(Connection& connection, std::uint32_t id) {
  const Nanos now = calendar_.now();
  const Route& route = *connection.route;
  const auto through_ns = [&](double bytes) { return now + to_duration(bytes * route.ns_per_byte * 1e-9); };
  ++counts_.transfers;
  double bytes = 0;
  const std::uint32_t first = connection.queued.head;
  std::uint32_t last = first;
  do {
    last = pop(connection.queued);
    Message& message = messages_[last];
    const Nanos record_ns = to_duration(message.first_bytes * route.ns_per_byte * 1e-9);
    const Nanos whole_ns = to_duration(message.bytes * route.ns_per_byte * 1e-9);
    message.first_bytes += bytes;
    bytes += message.bytes;
    message.last_bytes = bytes;
    const Nanos first_through_ns = through_ns(message.first_bytes);
    const Nanos last_through_ns = through_ns(message.last_bytes);
    if (connection.gathered) {
      // Handed over late: its records went when they were available.
      const LookBack::Served served =
          connection.look_back.serve(message.first_ns, message.last_ns, whole_ns, record_ns);
      message.first_ns = std::min(served.first_done_ns, first_through_ns);
      message.last_ns = std::min(served.last_done_ns, last_through_ns);
    } else {
      connection.look_back.restart(last_through_ns);
      message.first_ns = first_through_ns;
      message.last_ns = last_through_ns;
    }
    message.deliver_ns = never;
    append(connection.travelling, last);
  } while (!connection.queued.empty() && messages_[last].last_ns < longest_duration &&
           bytes + messages_[connection.queued.head].bytes <= settings_.transfer_bytes_max);
  connection.bytes = bytes;
  for (const int l : route.shared) links_[static_cast<std::size_t>(l)].account(now);
  occupy(connection, id, through_ns(bytes));
  if (connection.mode == Mode::closed_form) {
    for (std::uint32_t m = first; m != none; m = messages_[m].next) travel(connection, id, m);
    if (!connection.queued.empty()) {
      connection.end_event_ns = connection.end_ns;
      calendar_.schedule(connection.end_ns, EventClass::completion, *this, event_transfer_end, id);
    }
  }
}

// Takes the links of the route from now to end_ns, or shares them if the transfer is not alone there.
void Network::Impl::occupy(Connection& connection, std::uint32_t id, Nanos end_ns) {
  const Nanos now = calendar_.now();
  connection.end_ns = end_ns;
  if (end_ns <= now) return;
  bool alone = true;
  for (const int l : connection.route->shared) {
    const LinkState& link = links_[static_cast<std::size_t>(l)];
    alone = alone && link.closed_until_ns <= now && link.sharing == 0;
  }
  if (!alone) {
    share(connection, id);
    return;
  }
  for (const int l : connection.route->shared) {
    LinkState& link = links_[static_cast<std::size_t>(l)];
    link.closed_since_ns = now;
    link.closed_until_ns = end_ns;
    link.closed_connection = id;
  }
}

void Network::Impl::travel(Connection& connection, std::uint32_t id, std::uint32_t m) {
  Message& message = messages_[m];
  message.deliver_ns = std::max(calendar_.now(), message.last_ns + connection.route->latency_ns);
  calendar_.schedule(message.deliver_ns, EventClass::arrival, *this, event_arrival, id);
}

// With those that it meets on its links.
void Network::Impl::share(Connection& connection, std::uint32_t id) {
  const bool fairly = can_share_fairly(connection);
  const Nanos now = calendar_.now();
  if (!fairly) {
    for (const int l : connection.route->shared) {
      if (const std::uint32_t group = links_[static_cast<std::size_t>(l)].group; group != none)
        break_up(group);
    }
    for (const std::uint32_t other : met_) become_comm(connections_[other], other);
    become_comm(connection, id);
    return;
  }
  std::uint32_t group_id = met_group_;
  if (group_id == none) {
    if (free_groups_.empty()) {
      group_id = static_cast<std::uint32_t>(groups_.size());
      groups_.emplace_back();
    } else {
      group_id = free_groups_.back();
      free_groups_.pop_back();
    }
    groups_[group_id].share.open(connection.route->bytes_per_s, now);
  }
  Group& group = groups_[group_id];
  group.common = common_;
  group.share.advance(now);
  for (const std::uint32_t other : met_) join(group, group_id, connections_[other], other);
  join(group, group_id, connection, id);
  plan(group, group_id);
}

// Leaves in met_, met_group_ and common_ whom it meets, and what they would have in common.
bool Network::Impl::can_share_fairly(const Connection& connection) {
  const Nanos now = calendar_.now();
  const Route& route = *connection.route;
  bool fairly = settings_.fair_share && !route.windowed;
  met_.clear();
  met_group_ = none;
  common_.clear();
  for (const int l : route.shared) {
    const LinkState& link = links_[static_cast<std::size_t>(l)];
    if (platform_.links()[static_cast<std::size_t>(l)].bytes_per_s <= route.bytes_per_s) common_.push_back(l);
    if (link.closed_until_ns > now) {
      if (std::find(met_.begin(), met_.end(), link.closed_connection) == met_.end())
        met_.push_back(link.closed_connection);
    } else if (link.sharing > 0) {
      fairly = fairly && link.group != none && (met_group_ == none || met_group_ == link.group);
      met_group_ = link.group;
    }
  }
  const auto keep = [&](const std::vector<int>& links) {
    std::erase_if(common_, [&](int l) { return std::find(links.begin(), links.end(), l) == links.end(); });
  };
  for (const std::uint32_t other : met_) {
    const Route& met = *connections_[other].route;
    fairly = fairly && !met.windowed && met.bytes_per_s == route.bytes_per_s;
    keep(met.shared);
  }
  if (fairly && met_group_ != none) keep(groups_[met_group_].common);
  return fairly && !common_.empty();
}

// From now on it shares its links: with so much through, and the rest to come.
void Network::Impl::leave_closed_form(Connection& connection, std::uint32_t id) {
  const Nanos now = calendar_.now();
  const double rest_bytes = static_cast<double>(connection.end_ns - now) / connection.route->ns_per_byte;
  ++counts_.shared;
  connection.phase_ns = now;
  connection.done_bytes = connection.bytes - std::min(rest_bytes, connection.bytes);
  for (const int l : connection.route->shared) {
    LinkState& link = links_[static_cast<std::size_t>(l)];
    link.account(now);
    link.closed_until_ns = now;
    ++link.sharing;
  }
  for (std::uint32_t m = connection.travelling.head; m != none; m = messages_[m].next) {
    Message& message = messages_[m];
    if (message.last_ns <= now) {
      if (message.deliver_ns == never) travel(connection, id, m);
      continue;
    }
    if (message.first_ns > now) message.first_ns = never;
    message.last_ns = message.deliver_ns = never;
  }
}

void Network::Impl::join(Group& group, std::uint32_t group_id, Connection& connection, std::uint32_t id) {
  leave_closed_form(connection, id);
  connection.mode = Mode::fair_share;
  connection.group = group_id;
  for (const int l : connection.route->shared) links_[static_cast<std::size_t>(l)].group = group_id;
  connection.reaching = connection.travelling.head;
  while (connection.reaching != none && messages_[connection.reaching].last_ns != never)
    connection.reaching = messages_[connection.reaching].next;
  group.share.join(id, next_bytes(connection));
}

// Until the next milestone: the last byte of the next batch, or of the transfer when all batches are on their
// way (those whose records were through before their share of the link was over).
double Network::Impl::next_bytes(const Connection& connection) const {
  const double until =
      connection.reaching == none ? connection.bytes : messages_[connection.reaching].last_bytes;
  return std::max(0.0, until - connection.done_bytes);
}

// Since phase_ns so much more went through.
void Network::Impl::progress(Connection& connection, double bytes) {
  const Nanos now = calendar_.now();
  if (connection.reaching != none) {
    Message& message = messages_[connection.reaching];
    const double first = message.first_bytes - connection.done_bytes;
    if (message.first_ns == never && first <= bytes) {
      const double share = bytes > 0 ? std::max(first, 0.0) / bytes : 1;
      message.first_ns = connection.phase_ns +
                         static_cast<Nanos>(static_cast<double>(now - connection.phase_ns) * share + 0.5);
    }
  }
  connection.done_bytes += bytes;
  connection.phase_ns = now;
}

// The batch that it was reaching is through.
void Network::Impl::reached(Group& group, Connection& connection, std::uint32_t id) {
  progress(connection, next_bytes(connection));
  if (connection.reaching != none) {
    Message& message = messages_[connection.reaching];
    message.last_ns = calendar_.now();
    travel(connection, id, connection.reaching);
    connection.reaching = message.next;
    if (connection.reaching != none) {
      group.share.expect(id, next_bytes(connection));
      return;
    }
  }
  group.share.leave();
  end_sharing(connection);
}

// An event of a group that was closed, or is to be looked at earlier, finds nothing to do.
void Network::Impl::look_at(Group& group, std::uint32_t group_id) {
  const Nanos now = calendar_.now();
  if (group.event_ns != now) return;
  group.event_ns = -1;
  group.share.advance(now);
  reached_.clear();
  group.share.reached(reached_);
  std::size_t ended = 0;
  for (const std::uint32_t id : reached_) {
    reached(group, connections_[id], id);
    if (connections_[id].mode == Mode::closed_form) reached_[ended++] = id;
  }
  reached_.resize(ended);
  if (group.share.members() == 0) {
    close(group, group_id);
  } else {
    plan(group, group_id);
  }
  // These may join again, or meet nobody any more.
  for (const std::uint32_t id : reached_) {
    if (!connections_[id].queued.empty()) begin_queued(connections_[id], id);
  }
}

void Network::Impl::plan(Group& group, std::uint32_t group_id) {
  const Nanos next_ns = std::max(group.share.next_ns(), calendar_.now());
  if (next_ns == never || (group.event_ns >= 0 && group.event_ns <= next_ns)) return;
  group.event_ns = next_ns;
  calendar_.schedule(next_ns, EventClass::completion, *this, event_share, group_id);
}

// Its members go on as Comms.
void Network::Impl::break_up(std::uint32_t group_id) {
  const Nanos now = calendar_.now();
  Group& group = groups_[group_id];
  group.share.advance(now);
  for (const FairShare::Member& member : group.share.expected()) {
    Connection& connection = connections_[member.id];
    progress(connection, std::max(0.0, next_bytes(connection) - group.share.bytes_left(member)));
    become_comm(connection, member.id);
  }
  close(group, group_id);
}

void Network::Impl::close(Group& group, std::uint32_t group_id) {
  group.share.close();
  group.event_ns = -1;
  free_groups_.push_back(group_id);
}

// The rest of a transfer goes on inside SimGrid.
void Network::Impl::become_comm(Connection& connection, std::uint32_t id) {
  if (connection.mode == Mode::closed_form) leave_closed_form(connection, id);
  ++counts_.comms;
  connection.mode = Mode::comm;
  connection.group = none;
  for (const int l : connection.route->shared) links_[static_cast<std::size_t>(l)].group = none;
  calendar_.post(*this, post_start, id);
}

void Network::Impl::end_sharing(Connection& connection) {
  const Nanos now = calendar_.now();
  connection.mode = Mode::closed_form;
  // It shared the links for as long as it took longer.
  connection.look_back.delay(std::max<Nanos>(0, now - connection.end_ns));
  connection.end_ns = now;
  leave_links(connection);
}

void Network::Impl::leave_links(const Connection& connection) {
  const Nanos now = calendar_.now();
  for (const int l : connection.route->shared) {
    LinkState& link = links_[static_cast<std::size_t>(l)];
    link.account(now);
    if (--link.sharing == 0) link.group = none;
  }
}

void Network::Impl::finish_comm(Connection& connection, std::uint32_t id) {
  const Nanos now = calendar_.now();
  end_sharing(connection);
  const double ns_per_byte = static_cast<double>(now - connection.phase_ns) /
                             std::max(connection.bytes - connection.done_bytes, 1e-9);
  const auto through_ns = [&](double bytes) {
    const double ns = std::max(0.0, bytes - connection.done_bytes) * ns_per_byte;
    return std::min(now, connection.phase_ns + to_duration(ns * 1e-9));
  };
  for (std::uint32_t m = connection.travelling.head; m != none; m = messages_[m].next) {
    Message& message = messages_[m];
    if (message.last_ns != never) continue;
    message.last_ns = message.last_bytes >= connection.bytes ? now : through_ns(message.last_bytes);
    if (message.first_ns == never)
      message.first_ns = std::min(message.last_ns, through_ns(message.first_bytes));
    message.deliver_ns = now + connection.route->latency_ns;
  }
  calendar_.schedule(now + connection.route->latency_ns, EventClass::arrival, *this, event_arrival, id);
  if (!connection.queued.empty()) begin_queued(connection, id);
}

void Network::Impl::arrive(std::uint32_t id) {
  // The receiver may send, connect or disconnect: nothing is kept across the call.
  for (;;) {
    Connection& connection = connections_[id];
    if (connection.travelling.empty()) return;
    const Message message = messages_[connection.travelling.head];
    if (message.deliver_ns > calendar_.now()) return;
    free_messages_.push_back(pop(connection.travelling));
    const Nanos latency_ns = connection.route->latency_ns;
    connection.receiver->on_delivery(message.cookie, message.first_ns + latency_ns,
                                     message.last_ns + latency_ns);
  }
}

// An event of a connection that was closed, or whose transfer took another turn, finds nothing to do.
void Network::Impl::on_event(std::uint32_t kind, std::uint32_t id) {
  if (kind == event_share) {
    look_at(groups_[id], id);
    return;
  }
  Connection& connection = connections_[id];
  switch (kind) {
    case event_arrival:
      arrive(id);
      return;
    case event_transfer_end:
      if (connection.mode == Mode::closed_form && connection.end_ns <= calendar_.now() &&
          !connection.queued.empty()) {
        begin_queued(connection, id);
      }
      return;
    default:
      if (!connection.comm_ended) return;
      connection.comm_ended = false;
      if (connection.bytes - connection.done_bytes > connection.comm_bytes) {
        connection.done_bytes += connection.comm_bytes;
        connection.phase_ns = calendar_.now();
        calendar_.post(*this, post_start, id);
        return;
      }
      finish_comm(connection, id);
  }
}

void Network::Impl::drop(CommSlot& slot) {
  if (!slot.comm) return;
  CommSlot::disown(*slot.comm);
  slot.comm->cancel();
  grave_.bury(std::move(slot.comm));
  slot.comm = nullptr;
}

void Network::Impl::comm_ended(CommSlot& slot) {
  grave_.bury(std::move(slot.comm));
  slot.comm = nullptr;
  connections_[slot.connection].comm_ended = true;
  calendar_.completed(*this, event_comm_end, slot.connection);
}

void Network::Impl::on_simgrid(std::uint32_t kind, std::uint32_t id) {
  CommSlot& slot = comms_[id];
  if (kind == post_stop) {
    drop(slot);
    return;
  }
  Connection& connection = connections_[id];
  if (connection.mode != Mode::comm || slot.comm) return;
  connection.comm_bytes = std::min(connection.bytes - connection.done_bytes, comm_bytes_max);
  const double scaled = connection.comm_bytes * simgrid_bytes_scale;
  slot.comm =
      sg::Comm::sendto_init(platform_.simgrid_host(connection.from), platform_.simgrid_host(connection.to));
  slot.comm->set_payload_size(static_cast<std::uint64_t>(std::max(1.0, std::round(scaled))));
  if (connection.route->windowed) slot.comm->set_rate(connection.route->bytes_per_s * simgrid_bytes_scale);
  slot.own(*slot.comm);
  slot.comm->vetoable_start();
}

Network::Network(Calendar& calendar, const Settings& settings, Platform& platform)
    : impl_(std::make_unique<Impl>(calendar, settings, platform)) {}
Network::~Network() = default;
int Network::connect(int from_host, int to_host, TrafficClass, DeliveryHandler& receiver) {
  return impl_->connect(from_host, to_host, receiver);
}
void Network::disconnect(int connection) {
  impl_->disconnect(static_cast<std::uint32_t>(connection));
}
void Network::send(int connection, double bytes, Nanos first_ns, Nanos last_ns, std::uint32_t cookie,
                   std::int64_t records) {
  impl_->send(static_cast<std::uint32_t>(connection), bytes, first_ns, last_ns, cookie, records);
}
Nanos Network::latency_ns(int connection) const {
  return impl_->route_of(connection).latency_ns;
}
double Network::bytes_per_s(int connection) const {
  return impl_->route_of(connection).bytes_per_s;
}
const Network::Counts& Network::counts() const {
  return impl_->counts();
}

}  // namespace weir
