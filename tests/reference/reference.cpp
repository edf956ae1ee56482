#include "tests/reference/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "sim/dataflow/splitter.hpp"

namespace weir::test {

namespace {

struct Record {
  Nanos origin_ns;
  std::int64_t origin = 0;  // numbered as they arrive at the sources
  int channel = -1;         // of its sender, through which it came
  int sender_operator = -1;
  int sender_index = -1;
  std::int64_t bytes = 0;
};

struct Channel {
  int to_operator;
  int to_index;  // -1: into the queue of an operator that pulls
  bool feedback;
  std::deque<Record> held = {};  // not pushed yet
  bool waiting = false;          // for room
  bool told = false;             // its sender will look for room
  std::int64_t under_way = 0;    // pushed and not yet pulled
};

struct Edge {
  int id;
  std::size_t first_channel;
  int receivers;
  int next;                         // in turn
  std::unique_ptr<Splitter> given;  // routes that are drawn, or met by carried remainders
};

enum Use { useful, waiting, blocked, overhead };

struct Worker {
  int op;
  int index;
  int host = -1;
  bool deployed = false;
  std::deque<Record> inbox;
  std::vector<Channel> channels;
  std::vector<Edge> edges;
  bool serving = false;
  bool expecting = false;  // a record from the queue of its operator, until it serves it
  Record served;
  int container = -1;
  int sightings = 0;       // consecutive tuple sets that found too much in the inbox
  bool over_mark = false;  // from the high one to the low one
  std::map<std::int64_t, std::map<int, std::int64_t>> parts;  // join: by origin and sending operator
  std::int64_t service = 0;  // counts services: a completion of an aborted one is stale
  std::unique_ptr<ArrivalProcess> arrivals;
  std::unique_ptr<RandomStream> random;
  CostDistribution law;
  // Books.
  std::int64_t in = 0, out = 0, lost = 0, arrived = 0, suppressed = 0;
  Nanos time_ns[4] = {0, 0, 0, 0};
  Nanos backpressure_ns = 0;
  Nanos since_ns = 0;
  Use use = overhead;
};

// What travels as one and is there as a whole before any of it is served: a record; in Heron, a tuple set.
struct Parcel {
  Worker* receiver;
  std::vector<Record> records;
};

// Heron's: the instances in it, and its stream manager, which caches tuples by edge and receiver.
struct Container {
  struct Cached {
    int edge;
    Parcel tuples;
  };
  int host;
  std::vector<Cached> cache = {};
};

// Order within an instant, from calendar.hpp.
enum Class { completion = 1, arrival = 2, timer = 3, policy = 5 };

class Reference {
 public:
  explicit Reference(const ReferenceSetup& setup)
      : s_(setup), g_(s_.graph), restart_random_(setup.seed, setup.job, "restart") {
    for (const LogicalOperator& op : g_.operators) {
      parallelism_.push_back(op.parallelism());
      OperatorContext context{s_.seed, "asked"};
      selectivity_.push_back(op.source ? 1 : op.operator_spec.logic.build(context)->mean_selectivity());
    }
    workers_.resize(g_.operators.size());
  }

  nlohmann::json run() {
    deploy(parallelism_);
    if (!s_.steps.empty()) at(s_.policy_interval_ns, policy, [this] { ask_policy(); });
    resume();
    while (!events_.empty() && std::get<0>(events_.begin()->first) <= s_.until_ns) {
      const auto event = *events_.begin();
      events_.erase(events_.begin());
      const Nanos time_ns = std::get<0>(event.first);
      if (time_ns != now_) {
        account_backpressure(time_ns - now_);
        micro_ = 0;
      }
      now_ = time_ns;
      if (std::get<3>(event.first) < policy) micro_ = std::get<2>(event.first);
      event.second();
    }
    account_backpressure(s_.until_ns - now_);
    now_ = s_.until_ns;
    return result();
  }

 private:
  // time, late, micro-step, class; then in the order of insertion.
  using Key = std::tuple<Nanos, bool, int, int>;

  void at(Nanos time_ns, Class c, std::function<void()> what) {
    const bool late = c == policy;
    const int micro = !late && time_ns == now_ ? micro_ + 1 : 0;
    events_.insert({Key{time_ns, late, micro, c}, std::move(what)});
  }

  Worker& worker(int op, int index) { return *workers_[op][index]; }
  const LogicalOperator& spec(const Worker& w) const { return g_.operators[w.op]; }

  // ---- time accounts ----
  Use idle(const Worker& w) const {
    if (!running_) return overhead;
    if (is_blocked(w) || (spec(w).source && paused_)) return blocked;
    return waiting;
  }
  void account(Worker& w, Use use) {
    w.time_ns[w.use] += now_ - w.since_ns;
    w.since_ns = now_;
    w.use = use;
  }
  static bool is_blocked(const Worker& w) {
    for (const Channel& c : w.channels) {
      if (!c.held.empty()) return true;
    }
    return false;
  }

  // Nothing changed for `elapsed`. Who holds up the job: in Heron, who is over the mark; else, whom others
  // wait for and who waits for nobody.
  void account_backpressure(Nanos elapsed) {
    std::set<Worker*> waited_for;
    for_all([&](Worker& w) {
      if (w.over_mark) waited_for.insert(&w);
      for (const Channel& c : w.channels) {
        if (c.held.empty()) continue;
        for (int i = 0; i < parallelism_[c.to_operator]; ++i) {
          if (c.to_index < 0 || i == c.to_index) waited_for.insert(&worker(c.to_operator, i));
        }
      }
    });
    for (Worker* w : waited_for) {
      if (!is_blocked(*w)) w->backpressure_ns += elapsed;
    }
  }

  // ---- deployment ----
  void deploy(const std::vector<int>& parallelism) {
    ++deployment_;
    // Round robin over the hosts; who was there before stays.
    for (std::size_t op = 0; op < parallelism.size(); ++op) {
      for (int i = 0; i < parallelism[op]; ++i) {
        if (i == static_cast<int>(workers_[op].size())) workers_[op].push_back(make(static_cast<int>(op), i));
        Worker& w = *workers_[op][i];
        if (!w.deployed) {
          w.host = next_host_++ % s_.hosts;
          w.deployed = true;
          w.since_ns = now_;
          w.use = overhead;
        }
      }
      for (int i = parallelism[op]; i < static_cast<int>(workers_[op].size()); ++i) {
        Worker& w = *workers_[op][i];
        if (w.deployed) account(w, overhead);
        w.deployed = false;
      }
    }
    parallelism_ = parallelism;
    for (auto& of_operator : workers_) {
      for (auto& w : of_operator) w->channels.clear(), w->edges.clear();
    }
    network_.clear();
    idle_.clear();
    if (s_.heron) pack();
    for (std::size_t id = 0; id < g_.edges.size(); ++id) {
      const LogicalEdge& e = g_.edges[id];
      for (int i = 0; i < parallelism[e.from]; ++i) connect(worker(e.from, i), static_cast<int>(id));
    }
  }

  // The instances of each host into containers, as many as one takes, in the order of their operators.
  void pack() {
    containers_.clear();
    std::map<int, int> filling, filled;  // by host: the container, and how many are in it
    for_all([&](Worker& w) {
      if (filled[w.host] % s_.instances_per_container == 0) {
        filling[w.host] = static_cast<int>(containers_.size());
        containers_.push_back({w.host});
      }
      ++filled[w.host];
      w.container = filling[w.host];
    });
  }

  std::unique_ptr<Worker> make(int op, int index) {
    auto w = std::make_unique<Worker>();
    w->op = op;
    w->index = index;
    const std::string entity = fmt::format("{}/{}/{}", s_.job, g_.operators[op].name, index);
    w->random = std::make_unique<RandomStream>(s_.seed, entity, "cost");
    w->law = cost_distribution(g_.operators[op].cost());
    if (g_.operators[op].source) {
      ArrivalContext context;
      context.seed = s_.seed;
      context.entity = fmt::format("{}/{}", s_.job, g_.operators[op].name);
      context.of = g_.operators[op].parallelism();
      context.share = 1.0 / context.of;
      context.index = index;
      context.until_ns = s_.until_ns;
      w->arrivals = g_.operators[op].source_spec.arrivals.build(context);
    }
    return w;
  }

  void connect(Worker& w, int id) {
    const LogicalEdge& e = g_.edges[id];
    Edge edge{id, w.channels.size(), parallelism_[e.to], 0, nullptr};
    const bool weighted = e.spec.partitioning == Partitioning::key && e.spec.keys.law != KeyLaw::even;
    if (e.spec.partitioning == Partitioning::shuffle || weighted) {
      std::shared_ptr<const std::vector<double>> shares;
      if (weighted) {
        shares = std::make_shared<const std::vector<double>>(key_shares(e.spec.keys, edge.receivers));
      }
      const std::string entity = fmt::format("{}/{}/{}", s_.job, spec(w).name, w.index);
      RandomStream random(s_.seed, entity, fmt::format("route {} {}", id, deployment_));
      edge.given = std::make_unique<Splitter>(e.spec, shares, w.index, edge.receivers, random);
    }
    if (e.spec.partitioning == Partitioning::pull) {
      w.channels.push_back({e.to, -1, e.spec.feedback});
      w.edges.push_back(std::move(edge));
      return;
    }
    if (e.spec.partitioning != Partitioning::global) edge.next = w.index % edge.receivers;
    for (int i = 0; i < edge.receivers; ++i) w.channels.push_back({e.to, i, e.spec.feedback});
    w.edges.push_back(std::move(edge));
  }

  void resume() {
    running_ = true;
    for_all([&](Worker& w) { account(w, idle(w)); });
    for (const bool sources : {false, true}) {
      for_all([&](Worker& w) {
        if (spec(w).source != sources) return;
        work(w);
        if (sources && !started_) next_arrival(w);
      });
    }
    started_ = true;
  }

  template <class Visit>
  void for_all(Visit&& visit) {
    for (std::size_t op = 0; op < workers_.size(); ++op) {
      for (int i = 0; i < parallelism_[op]; ++i) visit(*workers_[op][i]);
    }
  }

  // ---- sources ----
  void next_arrival(Worker& w) {
    const Arrivals next = w.arrivals->next(1, 0);
    if (next.count == 0) return;
    at(std::max(now_, next.first_ns), arrival, [this, &w, next] {
      ++w.arrived;
      const bool skips = spec(w).source_spec.when_blocked == WhenBlocked::skip;
      if (skips && (paused_ || !running_ || is_blocked(w) || w.inbox.size() > 1)) {
        ++w.suppressed;
      } else {
        w.inbox.push_back({next.first_ns, next_origin_++});
      }
      next_arrival(w);
      work(w);
    });
  }

  // ---- service ----
  void work(Worker& w) {
    while (running_ && !w.serving && !w.inbox.empty() && !is_blocked(w) && !(spec(w).source && paused_)) {
      w.served = w.inbox.front();
      w.inbox.pop_front();
      w.serving = true;
      if (w.over_mark && buffered_bytes(w) <= s_.low_mark_bytes) {
        w.over_mark = false;
        w.sightings = 0;
        tell_spouts();
      }
      pulled(w, w.served);
      account(w, useful);
      const Nanos cost_ns = draw_cost_ns(w);
      if (cost_ns == 0 && spec(w).source) {  // a source without cost emits at once
        finish(w);
        w.serving = false;
        account(w, idle(w));
        continue;
      }
      const std::int64_t service = ++w.service;
      at(now_ + cost_ns, completion, [this, &w, service] {
        if (service != w.service || !w.serving) return;
        finish(w);
        w.serving = false;
        account(w, idle(w));
        work(w);
      });
    }
    if (g_.pulls(w.op) && is_free(w)) ask(w);
  }

  // ---- the queue of an operator that pulls ----
  bool is_free(const Worker& w) const {
    return w.deployed && running_ && !w.serving && w.inbox.empty() && !is_blocked(w) && !w.expecting;
  }
  void ask(Worker& w) {
    std::deque<Worker*>& idle = idle_[w.op];
    idle.erase(std::remove(idle.begin(), idle.end(), &w), idle.end());
    idle.push_back(&w);
    hand_out(w.op);
  }
  // The first record to the worker that is idle longest; again, while there are both.
  void hand_out(int op) {
    std::deque<Record>& waiting = waiting_[op];
    std::deque<Worker*>& idle = idle_[op];
    while (!waiting.empty() && !idle.empty()) {
      Worker& taker = *idle.front();
      idle.pop_front();
      if (!is_free(taker)) continue;  // something else came; it asks again
      const Record record = waiting.front();
      waiting.pop_front();
      taker.expecting = true;
      const int from_host = worker(record.sender_operator, record.sender_index).host;
      send(from_host, {&taker, {record}});
    }
  }

  Nanos draw_cost_ns(Worker& w) {
    const CostSpec& cost = spec(w).cost();
    double bytes = spec(w).output_bytes();
    if (w.served.channel >= 0) bytes = g_.operators[w.served.sender_operator].output_bytes();
    double work_s = w.law.sample_sum(1, cost.per_record_us * 1e-6, *w.random);
    work_s += static_cast<double>(static_cast<std::int64_t>(bytes + 0.5)) * (cost.per_byte_ns * 1e-9) +
              cost.per_batch_us * 1e-6;
    work_s +=
        1e-6 * cost.deserialization_per_record_us +
        static_cast<double>(to_send(w)) * (1e-6 * cost.serialization_per_record_us +
                                           spec(w).output_bytes() * (1e-9 * cost.serialization_per_byte_ns));
    if (!spec(w).source) work_s *= spec(w).operator_spec.contention.factor(parallelism_[w.op]);
    return to_nanos(work_s);
  }

  // What will come of the record that is served; nothing is done yet.
  std::int64_t to_send(const Worker& w) const {
    if (spec(w).source) return 1;
    if (spec(w).sink()) return 0;
    return joins(w) ? would_join(w, w.served) : selected(w, w.in + 1);
  }

  void pulled(Worker& w, const Record& record) {
    if (record.channel < 0 || s_.heron) return;
    Worker& sender = worker(record.sender_operator, record.sender_index);
    Channel& c = sender.channels[record.channel];
    --c.under_way;
    if (c.to_index < 0) w.expecting = false;
    if (!c.waiting || c.told) return;
    c.told = true;
    at(now_, completion, [this, &sender, channel = record.channel, stops = stops_] {
      if (stops != stops_) return;
      sender.channels[channel].told = false;
      push_held(sender, channel);
      if (is_blocked(sender)) return;
      if (!sender.serving) account(sender, idle(sender));
      work(sender);
    });
  }

  void finish(Worker& w) {
    ++w.in;
    const Record record = w.served;
    if (spec(w).source) emit(record);
    std::int64_t copies = 1;
    if (!spec(w).source) {
      if (spec(w).sink()) {
        deliveries_.push_back({now_, now_ - record.origin_ns});
        copies = 0;
      } else {
        copies = joins(w) ? joined(w, record) : selected(w, w.in);
      }
    }
    if (copies > 0) w.out += copies;
    std::int64_t done = 1;  // of the records that stem from this origin
    if (joins(w)) done = copies == 0 ? 0 : static_cast<std::int64_t>(spec(w).inputs.size());
    for (Edge& edge : w.edges) {
      for (const auto& [receiver, count] : routes(w, edge, copies)) {
        const std::size_t channel = edge.first_channel + receiver;
        if (s_.heron) {
          cache(w, edge.id, receiver, static_cast<int>(channel), count);
          under_way_[record.origin] += count;
          continue;
        }
        for (std::int64_t i = 0; i < count; ++i) {
          w.channels[channel].held.push_back(
              {record.origin_ns, record.origin, static_cast<int>(channel), w.op, w.index});
          ++under_way_[record.origin];
        }
        push_held(w, channel);
      }
    }
    under_way_[record.origin] -= done;
  }

  void emit(const Record& record) {
    ++emitted_;
    under_way_[record.origin] = 1;
  }
  template <class Records>
  std::int64_t lose(Records& records) {
    for (const Record& record : records) lose(record.origin, 1);
    const auto count = static_cast<std::int64_t>(records.size());
    records.clear();
    return count;
  }
  void lose(std::int64_t origin, std::int64_t count) {
    under_way_[origin] -= count;
    lost_.insert(origin);
  }

  bool joins(const Worker& w) const {
    return !spec(w).source && spec(w).operator_spec.logic.name() == "join";
  }
  std::int64_t would_join(const Worker& w, const Record& record) const {
    std::set<int> there = {record.sender_operator};
    if (const auto parts = w.parts.find(record.origin); parts != w.parts.end()) {
      for (const auto& [sender_operator, count] : parts->second) there.insert(sender_operator);
    }
    return there.size() == spec(w).inputs.size() ? 1 : 0;
  }
  // Whether there is a part from each input now.
  std::int64_t joined(Worker& w, const Record& record) {
    std::map<int, std::int64_t>& parts = w.parts[record.origin];
    ++parts[record.sender_operator];
    if (parts.size() < spec(w).inputs.size()) return 0;
    for (auto it = parts.begin(); it != parts.end();)
      it = --it->second == 0 ? parts.erase(it) : std::next(it);
    if (parts.empty()) w.parts.erase(record.origin);
    return 1;
  }

  // For the `in`-th record: all in all, the floor of selectivity times records.
  std::int64_t selected(const Worker& w, std::int64_t in) const {
    const auto billionths = static_cast<std::int64_t>(selectivity_[w.op] * 1e9 + 0.5);
    return in * billionths / 1'000'000'000 - (in - 1) * billionths / 1'000'000'000;
  }
  std::vector<std::pair<int, std::int64_t>> routes(const Worker& w, Edge& edge, std::int64_t copies) {
    std::vector<std::pair<int, std::int64_t>> result;
    if (copies == 0) return result;
    const Partitioning how = g_.edges[edge.id].spec.partitioning;
    if (edge.given) {
      edge.given->split(copies, [&](int receiver, std::int64_t count) {
        result.push_back({receiver, count});
      });
    } else if (how == Partitioning::pull) {
      result.push_back({0, copies});
    } else if (how == Partitioning::broadcast) {
      for (int i = 0; i < edge.receivers; ++i) result.push_back({i, copies});
    } else if (how == Partitioning::forward || how == Partitioning::global) {
      result.push_back({how == Partitioning::global ? 0 : w.index % edge.receivers, copies});
    } else {
      // In turn; each receiver is given all that it gets before the next.
      std::vector<std::int64_t> counts(edge.receivers, 0);
      const int first = edge.next;
      for (std::int64_t i = 0; i < copies; ++i) {
        ++counts[edge.next];
        edge.next = (edge.next + 1) % edge.receivers;
      }
      for (int i = 0; i < edge.receivers; ++i) {
        const int receiver = (first + i) % edge.receivers;
        if (counts[receiver] > 0) result.push_back({receiver, counts[receiver]});
      }
    }
    return result;
  }

  // ---- channels ----
  void push_held(Worker& w, std::size_t channel) {
    Channel& c = w.channels[channel];
    while (!c.held.empty()) {
      const bool room = s_.channel_capacity == 0 || c.feedback || c.under_way < s_.channel_capacity;
      if (!room) {
        c.waiting = true;
        return;
      }
      const Record record = c.held.front();
      c.held.pop_front();
      ++c.under_way;
      if (c.to_index < 0) {
        waiting_[c.to_operator].push_back(record);
        hand_out(c.to_operator);
        continue;
      }
      send(w.host, {&worker(c.to_operator, c.to_index), {record}});
    }
    c.waiting = false;
  }

  // ---- transport ----
  void send(int from_host, const Parcel& parcel) {
    if (from_host == parcel.receiver->host) {
      arrive(parcel);
    } else {
      travel(from_host, parcel);
    }
  }

  // What is due on a connection of two hosts is handed over together, in order.
  void travel(int from_host, const Parcel& parcel) {
    const std::pair<int, int> hosts{from_host, parcel.receiver->host};
    network_[hosts].push_back({now_ + s_.latency_ns, parcel});
    at(now_ + s_.latency_ns, arrival, [this, hosts, stops = stops_] {
      if (stops != stops_) return;
      auto& travelling = network_[hosts];
      while (!travelling.empty() && travelling.front().due_ns <= now_) {
        const Travelling due = travelling.front();
        travelling.pop_front();
        arrive(due.parcel);
      }
    });
  }

  void arrive(const Parcel& parcel) {
    Worker& w = *parcel.receiver;
    w.inbox.insert(w.inbox.end(), parcel.records.begin(), parcel.records.end());
    if (s_.heron && !w.over_mark) look_at_mark(w);
    work(w);
  }

  // ---- Heron ----
  static std::int64_t buffered_bytes(const Worker& w) {
    std::int64_t bytes = 0;
    for (const Record& record : w.inbox) bytes += record.bytes;
    return bytes;
  }

  void look_at_mark(Worker& w) {
    w.sightings = buffered_bytes(w) >= s_.high_mark_bytes ? w.sightings + 1 : 0;
    if (w.sightings < s_.sightings) return;
    w.over_mark = true;
    tell_spouts();
  }

  // All spouts stop while anybody is over the mark, and hear of it a delay later.
  void tell_spouts() {
    bool stop = false;
    for_all([&](const Worker& w) { stop = stop || w.over_mark; });
    at(now_ + s_.backpressure_delay_ns, timer, [this, stop, stops = stops_] {
      if (stops != stops_) return;
      paused_ = stop;
      for_all([&](Worker& w) {
        if (!spec(w).source) return;
        if (!w.serving) account(w, idle(w));
        work(w);
      });
    });
  }

  // The stream manager of the sender keeps tuples until it drains: at the next multiple of the interval after
  // it had nothing.
  void cache(const Worker& w, int edge, int receiver_index, int channel, std::int64_t count) {
    auto& cached = containers_[w.container].cache;
    Worker* receiver = &worker(g_.edges[edge].to, receiver_index);
    const auto bytes = static_cast<std::int64_t>(spec(w).output_bytes());
    const Record tuple{w.served.origin_ns, w.served.origin, channel, w.op, w.index, bytes};
    auto set = std::find_if(cached.begin(), cached.end(), [&](const Container::Cached& c) {
      return c.edge == edge && c.tuples.receiver == receiver;
    });
    if (set == cached.end()) set = cached.insert(set, {edge, {receiver, {}}});
    set->tuples.records.insert(set->tuples.records.end(), static_cast<std::size_t>(count), tuple);
    if (!drains_.insert(w.container).second) return;
    at((now_ / s_.drain_ns + 1) * s_.drain_ns, timer, [this, number = w.container] {
      drains_.erase(number);
      if (number >= static_cast<int>(containers_.size())) return;  // there are fewer now
      Container& container = containers_[number];
      for (const Container::Cached& c : std::exchange(container.cache, {})) send(container.host, c.tuples);
    });
  }

  // ---- rescaling ----
  void ask_policy() {
    at(now_ + s_.policy_interval_ns, policy, [this] { ask_policy(); });
    while (next_step_ < s_.steps.size() && s_.steps[next_step_].at_ns <= now_) {
      const Nanos of_ns = s_.steps[next_step_].at_ns;
      std::vector<int> wanted = parallelism_;
      for (; next_step_ < s_.steps.size() && s_.steps[next_step_].at_ns == of_ns; ++next_step_) {
        wanted[s_.steps[next_step_].operator_id] = s_.steps[next_step_].parallelism;
      }
      if (rescaling_ || wanted == parallelism_) continue;  // refused
      rescaling_ = true;
      target_ = wanted;
      if (s_.drop || s_.heron) {
        stop();
      } else {
        paused_ = true;
        for_all([&](Worker& w) {
          if (spec(w).source && !w.serving) account(w, idle(w));
        });
        watch_drain();
      }
    }
  }

  bool anything_under_way() {
    bool any = false;
    for_all(
        [&](Worker& w) { any = any || w.serving || is_blocked(w) || (!spec(w).source && !w.inbox.empty()); });
    for (const auto& [hosts, travelling] : network_) any = any || !travelling.empty();
    for (const auto& [op, waiting] : waiting_) any = any || !waiting.empty();
    return any;
  }
  // Naively: looks after every instant's work by asking again behind each event.
  void watch_drain() {
    if (!anything_under_way()) {
      at(now_, timer, [this] { stop(); });
      return;
    }
    auto next = events_.begin();
    while (next != events_.end() && std::get<1>(next->first)) ++next;  // a look of the policy changes nothing
    const Nanos next_ns = next == events_.end() ? s_.until_ns + 1 : std::get<0>(next->first);
    at(std::max(now_, next_ns), timer, [this] { watch_drain(); });
  }

  void stop() {
    std::int64_t lost = 0;
    for_all([&](Worker& w) {
      const std::int64_t before = w.lost;
      if (!spec(w).source) w.lost += lose(w.inbox);
      if (w.serving) {
        ++w.lost;
        if (spec(w).source) emit(w.served);
        lose(w.served.origin, 1);
      }
      for (Channel& c : w.channels) w.lost += lose(c.held);
      if (s_.drop) {
        for (const auto& [origin, parts] : w.parts) {
          for (const auto& [sender, count] : parts) w.lost += count, lose(origin, count);
        }
        w.parts.clear();
      }
      w.serving = w.expecting = w.over_mark = false;
      w.sightings = 0;
      ++w.service;
      account(w, overhead);
      lost += w.lost - before;
    });
    for (auto& [hosts, travelling] : network_) {
      for (Travelling& t : travelling) lost += lose(t.parcel.records);
    }
    for (Container& container : containers_) {
      for (Container::Cached& c : container.cache) lost += lose(c.tuples.records);
      container.cache.clear();
    }
    network_.clear();
    for (auto& [op, waiting] : waiting_) lost += lose(waiting);
    waiting_.clear();
    lost_in_restarts_.push_back(lost);
    ++stops_;  // what is due on its channels is stale
    running_ = false;
    int instances = 0;
    for (const int p : target_) instances += p;
    double state_bytes = 0;
    for (const LogicalOperator& op : g_.operators) state_bytes += op.operator_spec.state.size_bytes();
    const double state_s = state_bytes / (s_.state_mb_per_s * 1e6);
    double down_s = s_.savepoint_s + s_.restart_s + s_.restart_per_instance_s * instances + 2 * state_s;
    if (s_.heron) down_s = s_.restart_s + s_.restart_per_instance_s * instances;
    if (s_.restart_cv > 0 && down_s > 0) down_s = restart_random_.lognormal(down_s, s_.restart_cv);
    at(now_ + to_nanos(down_s), timer, [this] {
      deploy(target_);
      paused_ = rescaling_ = false;
      resume();
    });
  }

  nlohmann::json result() {
    nlohmann::json operators = nlohmann::json::array();
    for (auto& of_operator : workers_) {
      nlohmann::json instances = nlohmann::json::array();
      for (auto& w : of_operator) {
        if (w->deployed) account(*w, w->use);
        instances.push_back({{"records_in", w->in},
                             {"records_out", w->out},
                             {"arrived", w->arrived},
                             {"suppressed", w->suppressed},
                             {"lost", w->lost},
                             {"queue", w->inbox.size()},
                             {"useful_ns", w->time_ns[useful]},
                             {"waiting_ns", w->time_ns[waiting]},
                             {"blocked_ns", w->time_ns[blocked]},
                             {"overhead_ns", w->time_ns[overhead]},
                             {"backpressure_ns", w->backpressure_ns}});
      }
      operators.push_back(std::move(instances));
    }
    std::int64_t complete = 0, lost = 0, pending = 0;
    for (const auto& [origin, records] : under_way_) {
      ++(records > 0 ? pending : lost_.contains(origin) ? lost : complete);
    }
    return {{"instances", operators},
            {"origins", {{"complete", complete}, {"lost", lost}, {"pending", pending}, {"repeated", 0}}},
            {"latencies", deliveries_},
            {"emitted", emitted_},
            {"lost", lost_in_restarts_}};
  }

  ReferenceSetup s_;
  LogicalGraph& g_;
  std::multimap<Key, std::function<void()>> events_;
  Nanos now_ = 0;
  int micro_ = 0;
  std::vector<int> parallelism_;
  std::vector<std::vector<std::unique_ptr<Worker>>> workers_;
  struct Travelling {
    Nanos due_ns;
    Parcel parcel;
  };
  std::map<std::pair<int, int>, std::deque<Travelling>> network_;
  std::map<int, std::deque<Record>> waiting_;  // by operator that pulls
  std::map<int, std::deque<Worker*>> idle_;    // of those, in the order of asking
  std::vector<std::pair<Nanos, Nanos>> deliveries_;
  std::int64_t emitted_ = 0;
  std::int64_t next_origin_ = 0;
  std::map<std::int64_t, std::int64_t> under_way_;  // records, by origin
  std::set<std::int64_t> lost_;                     // origins that lost some
  std::vector<std::int64_t> lost_in_restarts_;
  std::vector<Container> containers_;
  std::set<int> drains_;  // of which containers one is due
  RandomStream restart_random_;
  int deployment_ = -1;
  int stops_ = 0;
  std::vector<double> selectivity_;
  int next_host_ = 0;
  bool running_ = false;
  bool started_ = false;
  bool paused_ = false;
  bool rescaling_ = false;
  std::vector<int> target_;
  std::size_t next_step_ = 0;
};

}  // namespace

nlohmann::json reference(const ReferenceSetup& setup) {
  return Reference(setup).run();
}

}  // namespace weir::test
