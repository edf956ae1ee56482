// The operators of Nexmark's queries:
//
//   source (events) ──forward──▶ nexmark-calc ──key, law sender──▶ nexmark-keyed ──▶ …
//
// nexmark-calc takes what its query wants from the events (projection, filters); nexmark-keyed joins, counts
// or ranks by key, in windows or for ever; nexmark-top takes the largest of each window. How many records
// pass, where their keys are and what they cause is exact, event by event, and worked out once for each
// event, when it passes nexmark-calc.

#include "models/operators/nexmark.hpp"

#include <fmt/format.h>

#include "sim/kernel/math.hpp"
#include "sim/scenario/node.hpp"
#include "sim/scenario/params.hpp"

namespace weir {
namespace {

using nexmark::LawTraits;
using nexmark::QueryModel;

std::shared_ptr<QueryModel> shared_model(const NexmarkParams& p, const OperatorContext& context) {
  nexmark::ModelChoice choice;
  choice.query = p.query;
  choice.events = p.events;
  choice.window_ms = to_nanos(p.window_s) / 1'000'000;
  choice.slide_ms = to_nanos(p.slide_s) / 1'000'000;
  choice.gap_ms = to_nanos(p.gap_s) / 1'000'000;
  choice.replicated = p.replicated;
  choice.balanced = p.balanced;
  choice.event_time = p.event_time;
  choice.delay_us = p.delay_us;
  // As DS2's sources begin: at 1000, with event number 1.
  choice.first_event_id = p.event_time == nexmark::EventTime::generator ? 1001 : 0;
  choice.holdback_ms = p.watermark_holdback_s * 1e3;
  choice.watermark_interval_ns = to_nanos(p.watermark_interval_ms * 1e-3);
  choice.idle_timeout_ns = to_nanos(p.idle_timeout_s);
  const auto make = [&] { return std::make_shared<QueryModel>(choice, context.seed); };
  if (context.models == nullptr) return make();  // somebody only asks what it is like
  return context.models->get<QueryModel>("nexmark " + p.query, make);
}

int index_of(const OperatorContext& context) {
  const std::size_t slash = context.entity.rfind('/');
  return slash == std::string::npos || context.models == nullptr
             ? 0
             : std::stoi(context.entity.substr(slash + 1));
}

class NexmarkCalc final : public OperatorLogic {
 public:
  NexmarkCalc(const NexmarkCalcParams& p, const OperatorContext& context)
      : model_(shared_model(p, context)), stream_(p.stream), share_(share_of(p)) {}

  Produced process(const Batch& input) override {
    const std::int64_t passed = would_send(input);
    whole_ = model_->passed(stream_, input).has_value();
    if (!whole_)
      left_over_ = static_cast<double>(input.count) * share_ + left_over_ - static_cast<double>(passed);
    return {passed, passed};
  }
  std::int64_t would_send(const Batch& input) const override {
    if (const auto passed = model_->passed(stream_, input)) return *passed;
    // Not all events of a range: their share, remainders carried.
    return std::min(input.count,
                    static_cast<std::int64_t>(static_cast<double>(input.count) * share_ + left_over_));
  }
  double mean_selectivity() const override { return share_; }
  bool spread(const Batch& made, std::span<std::int64_t> counts) override {
    if (!whole_) return false;
    model_->sent(stream_, made, counts);
    return true;
  }

 private:
  static double share_of(const NexmarkCalcParams& p) {
    if (p.query == "ds2-q3" && p.stream == nexmark::Stream::persons) return 0.5;
    return nexmark::law_traits(p.query)->passed_per_event;
  }

  std::shared_ptr<QueryModel> model_;
  nexmark::Stream stream_;
  double share_;
  double left_over_ = 0;
  bool whole_ = true;
};

class NexmarkKeyed final : public OperatorLogic {
 public:
  NexmarkKeyed(const NexmarkParams& p, const OperatorContext& context)
      : model_(shared_model(p, context)), traits_(*nexmark::law_traits(p.query)), index_(index_of(context)) {}

  Produced process(const Batch& input) override {
    const std::int64_t outputs = planned_ >= 0 ? planned_ : model_->plan(index_, input);
    planned_ = -1;
    return model_->take(index_, input, outputs);
  }
  std::int64_t would_send(const Batch& input) const override {
    return planned_ = model_->plan(index_, input);
  }
  double mean_selectivity() const override { return traits_.outputs_per_record; }
  bool keyed() const override { return true; }
  bool divides() const override { return true; }
  bool aggregates() const override { return true; }
  KeptRecords kept() const override { return model_->kept(index_); }
  KeyedState state() const override { return model_->state(index_); }
  std::vector<Batch> forget() override { return {model_->forget(index_)}; }
  void deployed() override { model_->restart(index_); }
  bool spread(const Batch&, std::span<std::int64_t> counts) override {
    if (!traits_.windowed) return false;
    model_->spread_windows(index_, counts);
    return true;
  }

 private:
  std::shared_ptr<QueryModel> model_;
  const LawTraits& traits_;
  int index_;
  mutable std::int64_t planned_ = -1;  // for the batch in service: what was foreseen when it began
};

// Waits until all results of a window are there; then the largest goes on, by itself.
class NexmarkTop final : public OperatorLogic {
 public:
  NexmarkTop(const NexmarkParams& p, const OperatorContext& context) : model_(shared_model(p, context)) {}

  Produced process(const Batch& input) override {
    kept_.count += input.count;
    kept_.weight += input.weight;
    const std::int64_t windows = planned_ >= 0 ? planned_ : model_->completes(input.count);
    planned_ = -1;
    model_->complete(input.count, windows);
    if (windows == 0) return {0, input.count, input.weight};
    const std::int64_t released = kept_.weight;
    kept_ = {};
    return {windows, input.count, input.weight - released};
  }
  std::int64_t would_send(const Batch& input) const override {
    return planned_ = model_->completes(input.count);
  }
  // One of thousands.
  double mean_selectivity() const override { return 1e-4; }
  bool keyed() const override { return true; }
  bool aggregates() const override { return true; }
  KeptRecords kept() const override { return kept_; }
  std::vector<Batch> forget() override {
    Batch lost;
    lost.count = kept_.count;
    lost.weight = kept_.weight;
    kept_ = {};
    return {lost};
  }
  void deployed() override { model_->end_completions(); }

 private:
  std::shared_ptr<QueryModel> model_;
  KeptRecords kept_;
  mutable std::int64_t planned_ = -1;  // for the batch in service: what was foreseen when it began
};

template <class P>
ParamTable<P> table(const std::string& name) {
  ParamTable<P> t(name);
  t.text("query", static_cast<std::string P::*>(&NexmarkParams::query),
         {.help = "Whose law: q2, q3, …, ds2-q11.", .source = "chosen"});
  t.check({"query"}, [](const P& p, const Node& at, Errors& errors) {
    if (nexmark::law_traits(p.query) != nullptr) return;
    errors.add(at.at_or_self("query"), "no query with a law of its own",
               allowed_names(p.query, nexmark::queries_with_law()));
  });
  add_nexmark_params(t);
  return t;
}

const char* const source = "nexmark-flink: queries and generator";

const auto registered_calc = OperatorRegistry::add<NexmarkCalcParams>(
    {.name = "nexmark-calc",
     .help = "Takes what a query of Nexmark wants from the generator's events.",
     .source = source},
    [] {
      auto t = table<NexmarkCalcParams>("nexmark-calc");
      t.choice("stream", &NexmarkCalcParams::stream,
               {.help = "What the source makes: all events, or those of one kind.", .source = "chosen"},
               {{"all", nexmark::Stream::all},
                {"persons", nexmark::Stream::persons},
                {"auctions", nexmark::Stream::auctions},
                {"bids", nexmark::Stream::bids}});
      return t;
    }(),
    [](const NexmarkCalcParams& p, OperatorContext& c) -> std::unique_ptr<OperatorLogic> {
      return std::make_unique<NexmarkCalc>(p, c);
    });

const auto registered_keyed = OperatorRegistry::add<NexmarkParams>(
    {.name = "nexmark-keyed",
     .help =
         "Joins, counts or ranks by key as a query of Nexmark does; fed by nexmark-calc, keys by the sender.",
     .source = source},
    table<NexmarkParams>("nexmark-keyed"),
    [](const NexmarkParams& p, OperatorContext& c) -> std::unique_ptr<OperatorLogic> {
      return std::make_unique<NexmarkKeyed>(p, c);
    });

const auto registered_top = OperatorRegistry::add<NexmarkParams>(
    {.name = "nexmark-top",
     .help = "The largest result of each window of nexmark-keyed, when all are there.",
     .source = source},
    table<NexmarkParams>("nexmark-top"),
    [](const NexmarkParams& p, OperatorContext& c) -> std::unique_ptr<OperatorLogic> {
      return std::make_unique<NexmarkTop>(p, c);
    });

}  // namespace

ParamTable<nexmark::EventConfig> nexmark_events_table() {
  using E = nexmark::EventConfig;
  const char* const configuration = "nexmark-flink, NexmarkConfiguration.java";
  ParamTable<E> t("generator");
  t.integer("person_proportion", &E::persons,
            {.unit = "events",
             .help = "People among so many events as the three add up to.",
             .source = configuration},
            between(1, 1000));
  t.integer("auction_proportion", &E::auctions,
            {.unit = "events", .help = "Auctions.", .source = configuration}, between(1, 1000));
  t.integer("bid_proportion", &E::bids, {.unit = "events", .help = "Bids.", .source = configuration},
            between(1, 1000));
  t.integer("hot_auction_ratio", &E::hot_auction_ratio,
            {.help = "A bid is on the hot auction with a chance of 1 - 1/ratio.", .source = configuration},
            between(1, 1000));
  t.integer(
      "hot_sellers_ratio", &E::hot_sellers_ratio,
      {.help = "An auction is of the hot seller with a chance of 1 - 1/ratio.", .source = configuration},
      between(1, 1000));
  t.integer("hot_bidders_ratio", &E::hot_bidders_ratio,
            {.help = "A bid is of the hot bidder with a chance of 1 - 1/ratio.", .source = configuration},
            between(1, 1000));
  t.integer("in_flight_auctions", &E::in_flight_auctions,
            {.unit = "auctions", .help = "Bids name one of the newest so many.", .source = configuration},
            between(1, 50'000));
  t.integer("active_people", &E::active_people,
            {.unit = "people",
             .help = "Bids and auctions name one of the newest so many.",
             .source = configuration},
            between(1, 50'000));
  t.integer(
      "out_of_order_group_size", &E::out_of_order_group,
      {.unit = "events",
       .help = "Events are sent out of order within groups of so many, with watermarks behind the group; "
               "1: in order.",
       .source = configuration},
      between(1, 100'000));
  t.boolean("bidder_offset_twice", &E::bidder_offset_twice,
            {.help = "The quirk that bidders' ids are offset by 1000 twice.",
             .source = "nexmark-flink, BidGenerator"});
  return t;
}

OperatorRegistry::Choice nexmark_calc(const NexmarkParams& params, nexmark::Stream stream) {
  NexmarkCalcParams calc;
  static_cast<NexmarkParams&>(calc) = params;
  calc.stream = stream;
  return OperatorRegistry::Choice::of("nexmark-calc", calc);
}
OperatorRegistry::Choice nexmark_keyed(const NexmarkParams& params) {
  return OperatorRegistry::Choice::of("nexmark-keyed", params);
}
OperatorRegistry::Choice nexmark_top(const NexmarkParams& params) {
  return OperatorRegistry::Choice::of("nexmark-top", params);
}

}  // namespace weir
