#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/dataflow/arrival.hpp"
#include "sim/dataflow/batch.hpp"
#include "sim/dataflow/broker.hpp"
#include "sim/dataflow/executor.hpp"
#include "sim/dataflow/operator.hpp"
#include "sim/dataflow/queue_account.hpp"
#include "sim/dataflow/ring.hpp"
#include "sim/dataflow/splitter.hpp"
#include "sim/dataflow/time_accounts.hpp"
#include "sim/dataflow/tracer.hpp"
#include "sim/dataflow/tracing_cost.hpp"
#include "sim/kernel/look_back.hpp"

// An operator instance: an inbox, the operator's logic, and channels to the instances downstream.
//
//   channel ─▶ ┌───────┐  begin   ┌─────────┐  finish  ┌──────────┐ ─▶ channel ─▶ (network) ─▶ receiver
//   channel ─▶ │ inbox │ ───────▶ │ service │ ───────▶ │ splitter │ ─▶ channel
//              └───────┘          └─────────┘          └──────────┘ ─▶ router (engines with their own
//              transport)
//
// The inbox is one queue in order of arrival; each channel bounds how many records it may have between the
// sender's push and the receiver's pull. A sender whose channel has no room keeps the records and is blocked:
// backpressure goes from hop to hop. A source instance is an instance whose inbox is the outside world.

namespace weir {

class Instance;
class Job;
class Router;
class WorkQueue;

// From one sending instance to one receiving instance, or to the queue of an operator that pulls.
struct Channel {
  Instance* sender = nullptr;
  Instance* receiver = nullptr;     // null: whoever takes it from the queue
  WorkQueue* work_queue = nullptr;  // of a pull edge
  std::uint32_t slot = 0;           // position among the sender's channels
  std::uint32_t number = 0;         // among all channels of the deployment
  std::int32_t edge = 0;            // logical edge
  std::int32_t connection = -1;     // of the network; -1: both on one host
  bool waiting = false;             // holds records that found no room: the sender is blocked
  bool room_announced = false;
  std::int64_t in_flight = 0;         // records pushed and not yet pulled
  std::int64_t capacity = 0;          // 0: unbounded
  Batch gathered;                     // records not yet pushed
  const Instance* room_by = nullptr;  // who announced it
  Nanos room_signal_ns = 0;
  Router* follower = nullptr;  // the engine's transport, if it follows batches beyond the network
};

// An engine's own transport between instances (stream managers, network stacks, …), instead of channels.
//
//   Instance::send ──▶ route … network … ──▶ arrived ──▶ Instance::receive … served ──▶ consumed
//
// It stops a sender by Instance::hold_output and lets it go on by release_output.
class Router {
 public:
  virtual ~Router() = default;
  virtual void route(Channel& channel, const Batch& batch) = 0;
  // Whether it is told of what comes out of the network, and of what was dealt with.
  virtual bool follows_batches() const { return false; }
  // A batch came out of the network, sent at `sent_ns`. The router hands it over, now or later.
  virtual void arrived(Channel& channel, const Batch& batch, Nanos sent_ns) {
    static_cast<void>(channel), static_cast<void>(batch), static_cast<void>(sent_ns);
  }
  // The receiver has dealt with the oldest batch of the channel that it had not.
  virtual void consumed(Channel& channel) { static_cast<void>(channel); }
  // Drops everything it holds, telling `job` what was lost.
  virtual void drop_all(Job& job) = 0;
  virtual std::int64_t held_weight() const = 0;
  // Adds the records that it holds, by logical edge.
  virtual void add_queued(std::vector<std::int64_t>& records_by_edge) const = 0;
  // Of these, what waits for any instance of the operator: its input queue, besides the inboxes.
  struct Waiting {
    std::int64_t records = 0;
    std::int64_t size_bytes = 0;
  };
  virtual Waiting waiting_for(int operator_id) const {
    static_cast<void>(operator_id);
    return {};
  }
};

struct InstanceCounters {
  std::int64_t records_in = 0;
  std::int64_t records_out = 0;  // counted once, however many edges and copies
  std::int64_t records_lost = 0;
  std::int64_t records_aborted = 0;     // source: of those lost, the ones that it was just emitting
  Nanos processing_ns = 0;              // useful time of the records in records_in
  std::int64_t records_arrived = 0;     // source: from outside
  std::int64_t records_suppressed = 0;  // source: never made (see WhenBlocked::skip)
  std::int64_t records_replayed = 0;    // source: taken back, to be emitted again
  std::int64_t records_sent_again = 0;  // source: of those emitted, for another time
  Nanos backpressure_ns =
      0;  // above its high mark, or senders wait for room in its inbox and it waits for none itself
};

// Reordering at a sink (RFC 4737): a record is reordered if a later one of its source was seen before; its
// distance is by how many sequence numbers.
struct Reordering {
  std::int64_t records = 0;
  std::int64_t reordered = 0;
  double distance_sum = 0;
};

struct InstanceSettings {
  std::int64_t batch_records = 1;  // no batch is pushed that is larger
  Nanos gather_span_ns = 0;        // records are gathered for a channel for this long at most; 0: not at all
  bool unseen_queueing =
      true;  // what records of a batch wait for one another is added by formula (unseen.hpp)
  std::int64_t channel_capacity = 0;  // records; 0: unbounded
  std::int64_t high_mark_bytes = 0;   // of the inbox; 0: none
  std::int64_t low_mark_bytes = 0;
  int mark_sightings = 1;  // consecutive arrivals (receive…) over the high mark before it counts
  bool replayable =
      false;  // a source remembers what it emitted until that is forgotten, and can emit it again
  // In a chain: what comes in, what goes out, is handed over as it is, without (de)serialization.
  bool input_chained = false;
  bool output_chained = false;
  TracingCost tracing_cost;
  bool sets_up = false;  // see Instance::set_up
};

// The shares of a service's work, in the order in which they are told. The rest is processing.
struct ServiceParts {
  double buffer = 0;
  double deserialization = 0;
  double serialization = 0;
  double instrumentation = 0;
};

class Instance final : public EventHandler {
 public:
  Instance(Job& job, int operator_id, int index);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  int operator_id() const { return operator_id_; }
  int index() const { return index_; }
  int host() const { return executor_->host(); }
  bool source() const { return arrivals_ != nullptr; }
  std::string name() const;

  // ---- deployment (Job) ----
  void deploy(Executor& executor, const InstanceSettings& settings, double cost_factor);
  // `first_number`: of the channel to the first of them (Channel::number).
  void add_edge(int edge, Splitter splitter, const std::vector<Instance*>& receivers, Router* router,
                const std::vector<int>& connections, std::uint32_t first_number);
  void add_pull_edge(int edge, Splitter splitter, WorkQueue& queue);
  // Where it takes its input from, besides its inbox; null: nowhere.
  void pull_from(WorkQueue* queue) { work_queue_ = queue; }
  void clear_edges();
  void reshare(int edge, const std::shared_ptr<const std::vector<double>>& shares);
  void undeploy(Nanos now);
  // Not halted any more: overhead ends.
  void resume_accounts();
  void start_arrivals();
  // Drops inbox, gathered records and the batch in service; a source keeps what waits outside, and the logic
  // its state if that was saved.
  void drop_all(bool state_saved);
  Executor& executor() const { return *executor_; }
  bool deployed() const { return executor_ != nullptr; }

  // ---- the hot path ----
  // What it serves next takes so much work of a reference core more: what there is to do before. Only where
  // the settings say so.
  void set_up(double work_s) {
    WEIR_ASSERT(settings_.sets_up, "work of an instance that has none to set up");
    set_up_s_ += work_s;
  }
  void receive(const Batch& batch);
  // When the batch that is received next was sent, where that was not when it became available here, and
  // which worker of the trace sent it, where that was not the instance (-1).
  void arrives_from(Nanos sent_ns, int sender_worker = -1) {
    if (tracer_ == nullptr) return;
    arriving_sent_ns_ = sent_ns;
    arriving_worker_ = sender_worker;
  }
  // What travelled together and is kept apart: it is all there before any of it is looked at or served. Each
  // says when it was sent, and is available here `lag_ns` later, now at the latest. For the tracer, all were
  // sent at `sent_ns` by `sender_worker`.
  void receive_together(const std::vector<Batch>& batches, Nanos lag_ns, Nanos sent_ns, int sender_worker);
  bool ready() const { return !inbox_.empty() && waiting_channels_ == 0 && !paused_; }
  // Of an operator that pulls: whether it may take a batch, once its executor is free.
  bool wants_work() const {
    return work_queue_ != nullptr && inbox_.empty() && waiting_channels_ == 0 && !expecting_;
  }
  bool free_to_take() const {
    return wants_work() && executor_ != nullptr && !executor_->busy() && !executor_->halted();
  }
  void ask_for_work();
  // A batch of the queue is on its way here.
  void expect() { expecting_ = true; }
  void sender_waits(int change);
  // The engine's transport takes no more of its output: it is blocked after the service under way.
  void hold_output();
  // It does again, thanks to `by`, who said so at `signal_ns`. Goes on in an event of its own.
  void release_output(const Instance& by, Nanos signal_ns);
  bool output_held() const { return output_held_; }
  bool may_not_send() const { return waiting_channels_ > 0; }
  struct Service {
    double work_s;
    Nanos begin_ns;
    Nanos not_before_ns;
    Nanos accounted_ns;  // since when the time of it is accounted for,
    double busy_share;   // of which it works for so much
  };
  // Pulls a batch. `free_since_ns`: since when the executor has been free.
  Service begin(Nanos now, Nanos free_since_ns, LookBack& look_back);
  // Work without records: for an operator that its engine gives some (Executor::chore). Only where the
  // settings say that it sets up.
  Service begin_chore(Nanos now, double work_s);
  // Gives back what it was given and has not dealt with, the batch in service first: its worker is lost, and
  // the engine gives it to another one. Called by the executor, which then serves it no more.
  void take_back(std::vector<Batch>& batches);
  // Of the service under way, or that has just ended.
  double service_work_s() const { return service_work_s_; }
  // Whether the service that ends now ended when it was foreseen to.
  bool ends_as_foreseen(Nanos now) const { return now == service_end_ns_; }
  void finish(Nanos now);
  void on_event(std::uint32_t kind, std::uint32_t argument) override;

  // Of one that is no source: the batches that wait in its inbox, and the one in service.
  template <class Tell>
  void each_taken_in(Tell&& tell) const {
    for (std::size_t i = 0; i < inbox_.size(); ++i) tell(inbox_[i]);
    if (executor_ != nullptr && executor_->serves(*this)) tell(serving_);
  }
  // Sends a batch over one of its edges, by number in the logical graph, as if it had just become of
  // something.
  void send_again(int edge, const Batch& batch);

  // ---- topics of a broker (broker.hpp) ----
  // Before the first deployment. Of a source: its arrivals go there, and what it emits comes from there.
  void read_from(TopicReader& topic) { topic_read_ = &topic; }
  // Of a sink: what is delivered goes there.
  void write_to(TopicWriter& topic) { topic_written_ = &topic; }
  // Comes to a source out of its topic.
  void read(const std::vector<Batch>& batches);
  // Of a source: all that was made for it so far, and what of that it has not emitted.
  std::int64_t offered_records() const {
    return counters_.records_arrived + (topic_read_ != nullptr ? topic_read_->waiting_records(index_) : 0);
  }
  std::int64_t outside_records() const {
    return inbox_records_ + (topic_read_ != nullptr ? topic_read_->waiting_records(index_) : 0);
  }

  // ---- replay: of a source that is replayable ----
  // The sequence number of the record that it emits next.
  std::int64_t next_to_emit() const { return next_to_emit_; }
  // Everything before this is never asked for again.
  void forget_emitted(std::int64_t before);
  // Emits again from there on, with the times at which the records arrived first; while halted. Returns how
  // many records that are.
  std::int64_t rewind(std::int64_t position);

  // ---- control ----
  void pause(bool paused);  // a paused source emits nothing: blocked
  // What the time of an instance that serves nothing goes to.
  TimeUse idle_use() const;
  void account(TimeUse use);
  // Its thread serves another operator of its chain, from then on.
  void lend_thread(Nanos begin_ns, double share) {
    const Nanos at = std::max(begin_ns, accounts_.closed_until());
    trace_until(at);
    accounts_.lend(at, share);
  }
  void close_accounts(Nanos now);
  // Tells the tracer everything up to now.
  void trace_until(Nanos now) {
    if (tracer_ != nullptr) tell_tracer(now);
  }
  // Tells what will not change any more, of one that serves nothing: what it serves next lies after its
  // closed accounts. Up to when everything is told.
  Nanos trace_settled(Nanos now) {
    if (executor_ == nullptr || tracer_ == nullptr) return now;
    if (accounts_.use() != TimeUse::useful) tell_tracer(accounts_.closed_until());
    return traced_until_ns_;
  }
  int trace_worker() const { return trace_worker_; }
  // Whether it worked, or watched the outside, just before `now`, and still does.
  bool active_before(Nanos now) const {
    return executor_ != nullptr && traced_until_ns_ < now &&
           (accounts_.use() == TimeUse::useful || (source() && accounts_.use() == TimeUse::waiting));
  }
  // When it sent a signal that it caused now. If it worked until now, one nanosecond earlier: so a signal
  // never leads to an instant from which the batch comes that it asks for.
  Nanos signal_ns(Nanos now) const { return worked_until_ns_ == now ? now - 1 : now; }

  const TimeAccounts& accounts() const { return accounts_; }
  const InstanceCounters& counters() const { return counters_; }
  const Reordering& reordering() const { return reordering_; }
  std::int64_t queue_records() const { return inbox_records_; }
  std::int64_t queue_bytes() const { return inbox_bytes_; }
  std::int64_t take_queue_records_max();
  // Whether the inbox passed its high mark and has not yet fallen to the low one.
  bool above_high_mark() const { return above_; }
  // Weight inside: inbox (not a source's: that is outside), gathered, in service, in the logic's state.
  std::int64_t held_weight() const;
  KeptRecords kept() const { return logic_ ? logic_->kept() : KeptRecords{}; }
  KeyedState state() const { return logic_ ? logic_->state() : KeyedState{}; }
  // Whether records wait here: in the inbox (not a source's), or gathered.
  bool has_records() const;
  // Adds the records pushed to it and not yet pulled, by logical edge.
  void add_queued(std::vector<std::int64_t>& records_by_edge) const;
  // What does not add up in its own books; empty if all does.
  std::string check() const;
  const std::vector<Channel>& channels() const { return channels_; }
  std::vector<Channel>& channels() { return channels_; }
  double expected_rate_per_s(double time_s) const { return arrivals_->rate_per_s(time_s); }
  double max_rate_per_s(double from_s, double to_s) const { return arrivals_->max_rate_per_s(from_s, to_s); }

 private:
  enum Kind : std::uint32_t { arrival = 1, flush = 2, room = 3, released = 4 };

  struct OutEdge {
    Splitter splitter;
    Router* router;
    std::uint32_t first_channel;
  };

  void change_use(Nanos at, TimeUse use) {
    trace_until(at);
    accounts_.change(at, use);
  }
  void tell_tracer(Nanos until_ns);
  void tell_service(Nanos until_ns);
  std::int64_t take_untold(TracedUse part) {
    return std::exchange(untold_records_[static_cast<std::size_t>(part)], 0);
  }
  void trace_message(const Batch& batch);
  void trace_room(const Instance& by, Nanos signal_ns, bool to_whom_serves);
  double add_parts(double work_s);
  // Of a service of so much work: without the system's tracing of itself.
  Nanos useful_ns(Nanos work_ns) const {
    if (parts_.instrumentation == 0) return work_ns;
    return work_ns - static_cast<Nanos>(static_cast<double>(work_ns) * parts_.instrumentation + 0.5);
  }
  void arrive();
  Batch arrived_batch() const;
  void number(Batch& batch);
  void schedule_arrival();
  void enqueue(const Batch& batch);
  void look_at_mark();
  Service begin_lagging(Nanos now, double work_s, LookBack& look_back);
  Nanos counted_from(Nanos begin_ns, Nanos now) const;
  void note_unseen(Nanos duration_ns, Nanos lag_ns);
  Spacing spacing_towards(const Channel& channel) const;
  void send(OutEdge& edge, const Batch& batch);
  void gather(Channel& channel, const Batch& batch, const Batch::Part& part);
  void push_gathered(Channel& channel);
  void flush_all();
  void found_room(Channel& channel);
  void output_released();
  void go_on();
  static void tell_waiting(Channel& channel, int change);
  void note_holding();
  Nanos first_done_ns(Nanos now) const;
  void deliver(const Batch& batch);
  void note_order(const Batch& batch);
  void emitted(const Batch& batch);
  void finish_chore(Nanos now);

  Job& job_;
  Calendar& calendar_;
  Executor* executor_ = nullptr;
  Tracer* tracer_ = nullptr;  // who is told what it does; null most of the time
  int operator_id_;
  int index_;
  bool sink_;
  bool paused_ = false;
  bool above_ = false;
  bool flush_scheduled_ = false;
  bool expecting_ = false;  // see expect()
  bool chore_ = false;      // what it serves
  int sightings_ = 0;
  bool holding_ = false;  // see note_holding
  bool output_held_ = false;
  bool release_scheduled_ = false;
  int waiting_channels_ = 0;
  int waiting_senders_ = 0;  // channels to us whose senders found no room
  std::uint32_t epoch_ = 0;  // of the deployment: events of an earlier one are stale

  WorkQueue* work_queue_ = nullptr;
  TopicReader* topic_read_ = nullptr;
  TopicWriter* topic_written_ = nullptr;
  Ring<Batch> inbox_;
  std::int64_t inbox_records_ = 0;
  std::int64_t inbox_bytes_ = 0;
  std::int64_t inbox_records_max_ = 0;
  QueueAccount inbox_account_;  // not a source's, where what waits outside is merged
  std::vector<OutEdge> edges_;
  std::vector<Channel> channels_;
  InstanceSettings settings_;
  std::int64_t full_records_ = 1;  // with so many gathered for it, a channel is pushed

  std::unique_ptr<OperatorLogic> logic_;
  std::unique_ptr<ArrivalProcess> arrivals_;
  Arrivals next_arrivals_{};
  std::int64_t next_sequence_ = 0;
  std::int64_t next_to_emit_ = 0;
  std::int64_t emitted_until_ = 0;  // the most that next_to_emit_ ever was: before that, it is a replay
  Ring<Batch> emitted_;             // of a replayable source, and not forgotten

  CostDistribution cost_law_;
  double cost_factor_ = 1;
  double per_record_s_ = 0;
  double per_byte_s_ = 0;
  double per_batch_s_ = 0;
  double set_up_s_ = 0;
  double deserialize_record_s_ = 0;
  double serialize_record_s_ = 0;
  double serialize_byte_s_ = 0;
  bool has_parts_ = false;  // services have parts besides processing
  double output_bytes_ = 0;
  double selectivity_ = 1;
  Spacing arrival_spacing_;
  RandomStream cost_random_;

  Batch serving_;
  std::int64_t to_send_ = -1;  // by the batch in service, if it is known: as long as serializing it takes
  ServiceParts parts_;
  std::int64_t unlogged_sends_ = 0;  // batches sent since the last service, which the tracing has to log
  Nanos useful_before_ns_ = 0;       // when the service began
  Nanos gapped_work_ns_ = -1;        // its work, if it has gaps between records; else -1
  // As foreseen at its begin, with a core of its own at the speed of that moment.
  double service_work_s_ = 0;
  Nanos service_begin_ns_ = 0;
  Nanos service_end_ns_ = 0;
  Nanos service_last_done_ns_ = 0;
  Nanos unaccounted_ns_ = 0;  // useful time that lay before what was accounted for
  Nanos service_first_done_ns_ = 0;
  UnseenWaiting unseen_;
  TimeAccounts accounts_;
  Nanos deployed_since_ns_ = 0;
  Nanos deployed_ns_ = 0;  // in earlier deployments, from deploy to undeploy
  InstanceCounters counters_;
  Reordering reordering_;
  int trace_worker_ = -1;
  Nanos traced_until_ns_ = 0;
  Nanos worked_until_ns_ = -1;
  Nanos awake_ns_ = -1;  // the last instant in which it was told to go on, or had just worked
  Nanos arriving_sent_ns_ = -1;
  int arriving_worker_ = -1;
  // Of services that ended, and not told yet: by part. Services without a time of their own (they lay before
  // what is told already) are told with the next one.
  std::array<std::int64_t, static_cast<std::size_t>(TracedUse::instrumentation) + 1> untold_records_{};
  Nanos above_since_ns_ = 0;
  Nanos holding_since_ns_ = 0;
  const Instance* released_by_ = nullptr;
  Nanos release_signal_ns_ = 0;
  std::vector<std::int64_t> latest_sequence_;  // sinks: by source instance
};

}  // namespace weir
