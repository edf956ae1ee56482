#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/workloads/nexmark/query_law.hpp"
#include "sim/dataflow/batch.hpp"
#include "sim/dataflow/operator.hpp"
#include "sim/dataflow/ring.hpp"

// A query of Nexmark while it runs: what the operator before the hash exchange (calc) and the keyed operator
// behind it know together. One object for a job.
//
//   source ──▶ calc ──passed()──▶ exchange ──sent()──▶ keyed operator ──take()──▶ …
//                                    │ evaluates each generator's events, once │
//                                    └──────── Flow: by source and receiver ───┘
//
// When calc sends a batch, the law goes through its events and says for each receiver how many records it
// gets and what they will cause. That waits in a Flow until the records arrive: batches may be merged and
// split on the way, but records of one source come to one receiver in order, so counting them is enough.
// Windows fire at a receiver when the watermarks of all sources have passed their end: everything that is in
// them has been evaluated then. A watermark is the event time of the last record that a source had sent
// anybody at a tick of its own; it travels behind what was sent before. Less a holdback.

namespace weir::nexmark {

// How event n of a generator gets its event time.
enum class EventTime {
  arrival,   // when it arrives at the source: what a generator says that keeps to its rate
  generator  // by a clock of the generator's own, which has nothing to do with when it is sent (DS2's)
};

struct ModelChoice : LawChoice {
  EventTime event_time = EventTime::arrival;
  double delay_us = 10'000;         // generator: from one event to the next
  std::int64_t first_event_id = 0;  // and the ids of events begin there
  double holdback_ms = 4'000;       // of watermarks
  Nanos watermark_interval_ns = 0;  // between two of a source; 0: with every batch
  Nanos idle_timeout_ns = 0;        // a source that sent nothing for so long is not waited for; 0: always
};

class QueryModel {
 public:
  QueryModel(ModelChoice choice, std::uint64_t seed);

  // ---- calc: batches that come from one source instance, unbroken ----
  // How many of its events pass; none if that cannot be said, since the batch is not whole.
  std::optional<std::int64_t> passed(Stream stream, const Batch& batch);
  // They are sent: to each receiver, `counts`. Once for each batch, in order.
  void sent(Stream stream, const Batch& made, std::span<std::int64_t> counts);

  // ---- keyed operator ----
  // What will come of a batch when it is taken, which is next.
  std::int64_t plan(int receiver, const Batch& batch);
  // `outputs` were planned.
  Produced take(int receiver, const Batch& batch, std::int64_t outputs);
  // Nothing is on its way to a receiver any more.
  void restart(int receiver);
  KeptRecords kept(int receiver) const;
  Batch forget(int receiver);
  KeyedState state(int receiver) const;

  // ---- behind it: one result for each window, when all its records are there (Q5) ----
  // Where the windows just fired by a receiver go: each to the instance that has its key.
  void spread_windows(int receiver, std::span<std::int64_t> counts) const;
  // How many windows become complete by `records` more; changes nothing.
  std::int64_t completes(std::int64_t records) const;
  void complete(std::int64_t records, std::int64_t windows);
  // Nothing is on its way to it any more.
  void end_completions() {
    received_ = required_;
    requirements_.clear();
  }

  const ModelChoice& choice() const { return choice_; }

 private:
  struct Entry {
    std::int64_t records;
    std::int64_t outputs;
    std::int64_t new_keys;
  };
  // A watermark, behind so many records of its source to the receiver.
  struct Mark {
    std::int64_t behind;
    std::int64_t at_ms;
  };
  struct Flow {
    Ring<Entry> entries;
    std::int64_t last_ms = -1;
    std::int64_t sent = 0;   // records, since the last deployment
    std::int64_t taken = 0;  // of these
    Ring<Mark> marks;        // on their way
    std::int64_t mark_ms = -1;
  };
  struct Source {
    std::unique_ptr<QueryLaw> law;
    std::vector<Flow> flows;  // by receiver
    double step_ms = 0;
    std::int64_t sent_ms = -1;  // event time of the last one sent
    Nanos sent_ns = 0;          // when that was
  };
  struct Pane {
    std::int64_t window;
    std::int64_t records;
    std::int64_t weight;
  };
  struct Receiver {
    std::int64_t next_window = 1;
    std::deque<Pane> panes;
    KeptRecords kept;
    std::int64_t keys = 0;
    // What the batch fires that was planned last: windows and their results, all before `fires_until`.
    std::vector<std::pair<std::int64_t, std::int64_t>> fired;
    std::int64_t fires_until = 1;
  };
  struct Required {
    std::int64_t window;
    std::int64_t until;  // so many records must have been received in all
  };

  Source& source(std::int32_t number);
  QueryLaw& law_of(Source& source) { return choice_.replicated ? *sources_[0].law : *source.law; }
  Span span_of(const Batch& batch, Source& source) const;
  std::int64_t time_ms(const Batch& batch) const;
  std::int64_t pane_of(std::int64_t at_ms) const;
  void mark(Source& source, Nanos now) const;
  double watermark_ms(int receiver, const Batch& batch) const;
  std::int64_t passed_ms(const Source& source, int receiver, const Batch& batch, bool own) const;
  Nanos ticks(Nanos at) const { return at / choice_.watermark_interval_ns; }
  // The windows that the watermark has passed with this batch.
  void plan_windows(int receiver, const Batch& batch);
  std::int64_t due_at_once(const Flow& flow, const Batch& batch) const;
  Produced take_into_windows(int receiver, const Batch& batch, std::int64_t outputs);
  void consume(Flow& flow, const Batch& batch, Receiver& receiver);
  void deploy(int receivers);
  void deal_out(Tally& tally);
  void require(std::int64_t window);
  bool knows(int receiver, const Batch& batch) const;
  std::int64_t by_mean(const Batch& batch) const;

  ModelChoice choice_;
  const LawTraits& traits_;
  std::uint64_t seed_;
  std::vector<Source> sources_;
  std::vector<Receiver> receivers_;
  Tally tally_{1};
  std::unique_ptr<WindowLedger> windows_;
  std::deque<Required> requirements_;
  std::int64_t required_ = 0;
  std::int64_t required_window_ = 0;
  std::int64_t received_ = 0;
  std::int64_t next_extra_ = 0;
};

}  // namespace weir::nexmark
