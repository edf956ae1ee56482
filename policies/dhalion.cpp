// Dhalion: symptom detectors -> diagnosers -> resolvers, one action on one operator at a time.
//
// Sources: A. Floratou et al., "Dhalion: self-regulating stream processing in Heron", VLDB 2017, by way of
// secondary quotations, and its code of that time (avflor/heron, branches healthmgr and dhalion_scale_down):
// variant `paper`; Heron 0.17.8, heron/healthmgr, the version that DS2 was compared with: variant
// `heron-0.17.8`.
//
//                        paper                                     heron-0.17.8
//   several operators    the one with most backpressure first      no action this round
//   in backpressure
//   diagnosis            executed records of instances with        rate skew and queue disparity over all
//                        and without backpressure                  instances
//   data skew, slow      logged only: their resolvers need actions that no engine here offers
//   under-provisioned    ceil(n * (1 + min(4, t / (1000 - t)))), t = ms/s in backpressure, all instances
//   over-provisioned     by scale_down; undone if backpressure     never
//                        follows
//   blacklist            yes                                       no (the log is kept all the same)
//
// After an action nothing is evaluated for wait_s, counted from the *decision*: with the wait from the end of
// the restart the six steps of DS2's figure 6 cannot come out (facts on Dhalion, 2.6).
// policies/dhalion/: formulas (pure), sensors, diagnosis, action_log.

#include "policies/dhalion/formulas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "policies/dhalion/action_log.hpp"
#include "policies/dhalion/diagnosis.hpp"
#include "policies/dhalion/sensors.hpp"
#include "sim/control/policy.hpp"
#include "sim/control/snapping_ceil.hpp"

namespace weir {
namespace dhalion {
namespace {

class Dhalion final : public Policy {
 public:
  Dhalion(const Params& params, const JobView& job)
      : p_(resolved(params)), log_(p_), most_per_instance_(job.operators.size(), 0) {
    for (const OperatorView& op : job.operators) names_.push_back(op.name);
  }

  double interval_s() const override { return p_.interval_s; }
  double first_evaluation_s() const override {
    return p_.first_evaluation_s > 0 ? p_.first_evaluation_s : p_.interval_s;
  }
  double history_s() const override { return p_.window_s; }
  std::vector<Decision> evaluate(const Observation& seen) override;
  nlohmann::json state() const override { return log_.to_json(names_); }
  std::string why_nothing(const JobView&) const override {
    if (relieving_) return {};  // it said what it saw, and why it could not help
    return "no operator was in backpressure, and none had instances to spare by the rules of scale_down";
  }

 private:
  using Sensors = std::vector<ComponentSensors>;

  void follow_reports(const Observation& seen);
  bool waiting(const Observation& seen) const;
  std::optional<Decision> judge(const Observation& seen, const Sensors& sensors);
  std::vector<Decision> relieve(const Observation& seen, const Sensors& sensors,
                                const std::vector<int>& under);
  std::optional<Decision> shrink(const Observation& seen, const Sensors& sensors);
  int shrunk(const Observation& seen, const ComponentSensors& component, int id) const;
  std::optional<Decision> serve_objective(const Observation& seen, const Sensors& sensors);
  std::optional<Decision> act(const Observation& seen, const Sensors& sensors, Diagnosis diagnosis,
                              Action action, int id, int to, std::string symptom);
  Decision seen_only(const Sensors& sensors, int id, std::string diagnosis, std::string reason) const;
  std::string symptom_of(const Sensors& sensors, int id) const;

  Params p_;
  ActionLog log_;
  std::vector<std::string> names_;
  std::vector<double> most_per_instance_;  // executed per s and instance: the highest seen, by operator
  Nanos acted_ns_ = -1;                    // the decision of the last action
  std::int64_t actions_ = 0;               // ids of ActionReport
  bool relieving_ = false;                 // some operator was in backpressure
};

std::string Dhalion::symptom_of(const Sensors& sensors, int id) const {
  const ComponentSensors& component = sensors[static_cast<std::size_t>(id)];
  return names_[static_cast<std::size_t>(id)] + ": " + describe(detect(component, p_), component);
}

Decision Dhalion::seen_only(const Sensors& sensors, int id, std::string diagnosis, std::string reason) const {
  return {symptom_of(sensors, id), std::move(diagnosis), std::move(reason), {}};
}

void Dhalion::follow_reports(const Observation& seen) {
  for (const ActionReport& report : seen.reports) {
    LogEntry* entry = log_.pending();
    if (entry == nullptr || report.id != actions_ - 1) continue;
    if (report.status == ActionReport::Status::refused || report.status == ActionReport::Status::failed)
      entry->outcome = Outcome::not_carried_out;
    if (report.status == ActionReport::Status::done)
      entry->to = seen.parallelism[static_cast<std::size_t>(entry->operator_id)];
  }
}

bool Dhalion::waiting(const Observation& seen) const {
  Nanos from_ns = acted_ns_;
  if (p_.wait_from == WaitFrom::done && acted_ns_ >= 0) from_ns = std::max(from_ns, seen.last_action_done_ns);
  return from_ns >= 0 && seen.now_ns < from_ns + to_nanos(p_.wait_s);
}

// Enters the action into the log and decides it; nothing if it is blacklisted or would change nothing.
std::optional<Decision> Dhalion::act(const Observation& seen, const Sensors& sensors, Diagnosis diagnosis,
                                     Action action, int id, int to, std::string symptom) {
  const auto index = static_cast<std::size_t>(id);
  LogEntry entry{.time_s = seen.now_s(),
                 .diagnosis = diagnosis,
                 .action = action,
                 .operator_id = id,
                 .from = seen.parallelism[index],
                 .to = clamp_parallelism(seen.job.operators[index], to),
                 .executed_per_s = sensors[index].executed_per_s(),
                 .backpressure_share = sensors[index].backpressure_share()};
  if (entry.to == entry.from || log_.blacklisted(entry)) return std::nullopt;
  // An undo returns to what is known; there is nothing to learn from it.
  if (action == Action::undo) entry.outcome = Outcome::beneficial;
  log_.add(entry);
  acted_ns_ = seen.now_ns;
  ++actions_;
  Decision decision{std::move(symptom), to_string(diagnosis), "", {{id, entry.to}}};
  decision.reason = fmt::format("{}: {}", to_string(action), describe_targets(seen, decision.targets));
  return decision;
}

// The last action's success. A scale-down that brought backpressure is undone.
std::optional<Decision> Dhalion::judge(const Observation& seen, const Sensors& sensors) {
  LogEntry* entry = log_.pending();
  if (entry == nullptr) return std::nullopt;
  const int id = entry->operator_id;
  if (!(sensors[static_cast<std::size_t>(id)].measured_s > 0)) return std::nullopt;
  entry->outcome = beneficial(*entry, sensors, seen.job, p_) ? Outcome::beneficial : Outcome::not_beneficial;
  if (entry->action != Action::scale_down || entry->outcome == Outcome::beneficial) return std::nullopt;
  return act(seen, sensors, Diagnosis::over_provisioned, Action::undo, id, entry->from,
             "backpressure after the scale-down of " + names_[static_cast<std::size_t>(id)]);
}

// `under` are the components in backpressure, the one with most first.
std::vector<Decision> Dhalion::relieve(const Observation& seen, const Sensors& sensors,
                                       const std::vector<int>& under) {
  std::vector<Decision> noted;
  if (p_.variant == Variant::heron && under.size() > 1) {
    Decision decision = seen_only(sensors, under.front(), "several operators in backpressure",
                                  "Heron 0.17.8 gives up with more than one: no action this round");
    for (std::size_t i = 1; i < under.size(); ++i) decision.symptom += "; " + symptom_of(sensors, under[i]);
    return {decision};
  }
  for (const int id : under) {
    const auto index = static_cast<std::size_t>(id);
    const Diagnosis diagnosis = diagnose(sensors[index], p_);
    if (diagnosis != Diagnosis::under_provisioned) {
      noted.push_back(seen_only(sensors, id, to_string(diagnosis), "no resolver for this: logged only"));
      continue;
    }
    if (!may_scale(seen.job.operators[index])) {
      noted.push_back(seen_only(sensors, id, to_string(diagnosis), "the engine cannot scale this operator"));
      continue;
    }
    const double t = sensors[index].backpressure_ms_per_s();
    const int to = scaled_up(seen.parallelism[index], t, scale_up_rule(p_));
    const std::string symptom = symptom_of(sensors, id);
    if (auto decision = act(seen, sensors, diagnosis, Action::scale_up, id, to, symptom)) return {*decision};
    noted.push_back(seen_only(sensors, id, to_string(diagnosis), "scale-up is blacklisted or at its limit"));
  }
  return noted;
}

// The parallelism after a scale-down of this component, or the present one.
int Dhalion::shrunk(const Observation& seen, const ComponentSensors& component, int id) const {
  const auto index = static_cast<std::size_t>(id);
  const int now = seen.parallelism[index];
  // One or two windows after a restart are no sign of anything.
  if (static_cast<int>(component.times_s.size()) < p_.growing_queue_points) return now;
  if (detect(component, p_).growing_queue) return now;
  switch (p_.scale_down) {
    case ScaleDown::off:
      return now;
    case ScaleDown::pending:
      if (component.queue_records_max() > p_.pending_records) return now;
      return snapping_floor(now * (1 - p_.scale_down_share));
    case ScaleDown::small_queue:
      if (component.queue_records_max() >= p_.small_queue_records) return now;
      return snapping_ceil(now * (1 - p_.small_queue_share));
    case ScaleDown::unsaturated: {
      const double most = most_per_instance_[index], rate = component.executed_per_s_per_instance();
      if (!(most > 0) || rate > most * (p_.unsaturated_low_confidence ? 1 : p_.unsaturated_ratio)) return now;
      return std::min(now, snapping_ceil(component.executed_per_s() / most));
    }
  }
  return now;
}

std::optional<Decision> Dhalion::shrink(const Observation& seen, const Sensors& sensors) {
  for (std::size_t o = 0; o < sensors.size(); ++o) {
    if (!may_scale(seen.job.operators[o])) continue;
    const int id = static_cast<int>(o);
    const int to = std::max(1, shrunk(seen, sensors[o], id));
    const std::string symptom = fmt::format("{}: no backpressure, {:.3g} records pending at most", names_[o],
                                            sensors[o].queue_records_max());
    if (auto decision = act(seen, sensors, Diagnosis::over_provisioned, Action::scale_down, id, to, symptom))
      return decision;
  }
  return std::nullopt;
}

// Dhalion's second policy: more sources until they emit what was asked for.
std::optional<Decision> Dhalion::serve_objective(const Observation& seen, const Sensors& sensors) {
  if (!(p_.throughput_slo_per_s > 0)) return std::nullopt;
  double emitted_per_s = 0;
  for (std::size_t o = 0; o < sensors.size(); ++o)
    if (seen.job.operators[o].source) emitted_per_s += sensors[o].executed_per_s();
  if (!(emitted_per_s > 0) || emitted_per_s >= p_.throughput_slo_per_s) return std::nullopt;
  const double factor = std::min(4.0, p_.throughput_slo_per_s / emitted_per_s);
  const std::string symptom =
      fmt::format("sources emit {:.6g}/s of {:.6g}/s", emitted_per_s, p_.throughput_slo_per_s);
  for (std::size_t o = 0; o < sensors.size(); ++o) {
    if (!seen.job.operators[o].source || !seen.job.operators[o].scalable) continue;
    const int to = snapping_ceil(seen.parallelism[o] * factor);
    if (auto decision = act(seen, sensors, Diagnosis::low_throughput, Action::scale_up_source,
                            static_cast<int>(o), to, symptom))
      return decision;
  }
  return std::nullopt;
}

std::vector<Decision> Dhalion::evaluate(const Observation& seen) {
  follow_reports(seen);
  const Sensors sensors = read_sensors(seen, p_);
  for (std::size_t o = 0; o < sensors.size(); ++o)
    most_per_instance_[o] = std::max(most_per_instance_[o], sensors[o].executed_per_s_per_instance());
  if (seen.action_running || waiting(seen)) return {};
  if (auto undo = judge(seen, sensors)) return {*undo};

  std::vector<int> under;
  for (std::size_t o = 0; o < sensors.size(); ++o)
    if (!seen.job.operators[o].source && detect(sensors[o], p_).backpressure)
      under.push_back(static_cast<int>(o));
  std::stable_sort(under.begin(), under.end(), [&](int a, int b) {
    return sensors[static_cast<std::size_t>(a)].backpressure_ms_per_s() >
           sensors[static_cast<std::size_t>(b)].backpressure_ms_per_s();
  });
  relieving_ = relieving_ || !under.empty();
  if (!under.empty()) return relieve(seen, sensors, under);
  if (auto decision = shrink(seen, sensors)) return {*decision};
  if (auto decision = serve_objective(seen, sensors)) return {*decision};
  return {};
}

ParamTable<Params> table() {
  const std::string paper = "Dhalion, VLDB 2017";
  const std::string code = "avflor/heron, branch healthmgr";
  const std::string down = "avflor/heron, branch dhalion_scale_down";
  const std::string heron = "Heron 0.17.8, healthmgr";
  const std::string chosen = "chosen: not published";
  const std::vector<std::pair<std::string, Switch>> switches = {
      {"as-variant", Switch::as_variant}, {"off", Switch::off}, {"on", Switch::on}};
  ParamTable<Params> t;
  t.choice("variant", &Params::variant,
           {.help = "the paper's rules, or those of the Heron release that DS2 was compared with",
            .source = paper + "; " + heron},
           {{"paper", Variant::paper}, {"heron-0.17.8", Variant::heron}});
  t.real("interval_s", &Params::interval_s,
         {.unit = "s", .help = "time between two evaluations", .source = heron}, interval_range());
  t.real("first_evaluation_s", &Params::first_evaluation_s,
         {.unit = "s",
          .help = "when the health manager is up and evaluates first; 0: after one interval",
          .source = chosen},
         waiting_range());
  t.real("wait_s", &Params::wait_s,
         {.unit = "s", .help = "no evaluation for this long after an action", .source = heron},
         waiting_range());
  t.choice("wait_from", &Params::wait_from,
           {.help = "whether the wait starts at the decision or at the end of the action", .source = heron},
           {{"decision", WaitFrom::decision}, {"done", WaitFrom::done}});
  t.real("window_s", &Params::window_s,
         {.unit = "s", .help = "what the sensors sum over", .source = paper + "; " + heron},
         interval_range());
  t.boolean("partial_windows", &Params::partial_windows,
            {.help = "whether metric windows that include a part of a restart count", .source = chosen});
  t.boolean("earlier_deployments", &Params::earlier_deployments,
            {.help = "whether windows of earlier deployments count, for operators of unchanged parallelism",
             .source = "off: facts on Dhalion, 2.6: empty after a restart"});
  t.real(
      "backpressure_noise_ms_per_s", &Params::backpressure_noise_ms_per_s,
      {.unit = "ms/s",
       .help = "sum over the instances up to which backpressure is noise; null: 20 in heron-0.17.8, else 0",
       .source = heron},
      non_negative());
  t.real("large_queue_records", &Params::large_queue_records,
         {.unit = "records", .help = "symptom large wait queue: every instance has more", .source = heron},
         non_negative());
  t.real("growing_queue_per_s", &Params::growing_queue_per_s,
         {.unit = "records/s",
          .help = "symptom growing wait queue: an instance's queue has a steeper slope; forbids scale-down",
          .source = heron + " (yaml: 5)"},
         non_negative());
  t.integer(
      "growing_queue_points", &Params::growing_queue_points,
      {.unit = "windows", .help = "fewest for that regression, and for any scale-down", .source = heron},
      at_least(2));
  t.real("rate_skew_ratio", &Params::rate_skew_ratio,
         {.unit = "1",
          .help = "heron-0.17.8: rate skew when most executed > ratio * least executed",
          .source = heron},
         at_least(1));
  t.real("queue_disparity_ratio", &Params::queue_disparity_ratio,
         {.unit = "1",
          .help = "heron-0.17.8: disparity when longest queue > ratio * shortest queue",
          .source = heron},
         at_least(1));
  t.choice(
      "skew_test", &Params::skew_test,
      {.help = "paper: instances with backpressure are told apart by a ratio of means, or as outliers by MAD",
       .source = code},
      {{"ratio", SkewTest::ratio}, {"mad", SkewTest::mad}});
  t.real(
      "data_skew_ratio", &Params::data_skew_ratio,
      {.unit = "1",
       .help = "paper: data skew when instances with backpressure executed more than this times the others",
       .source = code},
      positive());
  t.real("slow_instance_ratio", &Params::slow_instance_ratio,
         {.unit = "1",
          .help = "paper: slow instance when they executed less than this times the others",
          .source = code},
         positive());
  t.real("mad_threshold", &Params::mad_threshold,
         {.unit = "MAD / 0.6745",
          .help = "paper, skew_test mad: distance from the median of an outlier",
          .source = "3.5: Iglewicz and Hoaglin 1993"},
         positive());
  t.real("max_added_factor", &Params::max_added_factor,
         {.unit = "1",
          .help = "one scale-up multiplies by 1 + this at most; 0: no limit",
          .source = code + "; " + heron},
         non_negative());
  t.choice(
      "scale_down", &Params::scale_down,
      {.help = "paper: what shows over-provisioning without backpressure: nothing pending, queues small, or "
               "rate per instance below the highest seen; heron-0.17.8 has none",
       .source = code + "; " + down},
      {{"pending", ScaleDown::pending},
       {"small-queue", ScaleDown::small_queue},
       {"unsaturated", ScaleDown::unsaturated},
       {"off", ScaleDown::off}});
  t.real("pending_records", &Params::pending_records,
         {.unit = "records", .help = "pending: no instance has more waiting, in the mean", .source = code},
         non_negative());
  t.real("scale_down_share", &Params::scale_down_share,
         {.unit = "1", .help = "pending: floor(n * (1 - share))", .source = code}, between(0, 1));
  t.real("small_queue_records", &Params::small_queue_records,
         {.unit = "records",
          .help = "small-queue: all instances have fewer waiting, in the mean",
          .source = down},
         non_negative());
  t.real("small_queue_share", &Params::small_queue_share,
         {.unit = "1", .help = "small-queue: ceil(n * (1 - share))", .source = down}, between(0, 1));
  t.real("unsaturated_ratio", &Params::unsaturated_ratio,
         {.unit = "1",
          .help = "unsaturated: rate per instance at most this times the highest seen",
          .source = down},
         between(0, 1));
  t.boolean("unsaturated_low_confidence", &Params::unsaturated_low_confidence,
            {.help = "unsaturated: act already below the highest rate seen", .source = down});
  t.real("throughput_slo_per_s", &Params::throughput_slo_per_s,
         {.unit = "records/s",
          .help = "paper: what all sources are to emit; they are scaled up by at most 4 for it; 0: off",
          .source = code},
         non_negative());
  t.choice("blacklist", &Params::blacklist,
           {.help = "whether actions that did not help are avoided; paper: on, heron-0.17.8: off",
            .source = paper},
           switches);
  t.real("blacklist_threshold", &Params::blacklist_threshold,
         {.unit = "1",
          .help = "blacklisted when not beneficial / taken exceeds this",
          .source = paper + " (the number is not published)"},
         between(0, 1));
  t.choice(
      "blacklist_scope", &Params::blacklist_scope,
      {.help =
           "what makes two cases one: diagnosis and action; operator too; parallelism and similar rate too",
       .source = paper + "; " + code},
      {{"similar", Scope::similar}, {"operator", Scope::operator_}, {"pair", Scope::pair}});
  t.real("similar_factor", &Params::similar_factor,
         {.unit = "1", .help = "similar: executed rates within this factor", .source = code}, at_least(1));
  t.real("expected_share", &Params::expected_share,
         {.unit = "1", .help = "success: executed at least this share of before * to / from", .source = code},
         non_negative());
  return t;
}

const auto registered = PolicyRegistry::add<Params>(
    {.name = "dhalion",
     .help = "Relieves one operator in backpressure at a time, by rules, with an action log and a blacklist.",
     .source = "Floratou et al., Dhalion, VLDB 2017; Heron 0.17.8 healthmgr"},
    table(), [](const Params& p, PolicyContext& c) -> std::unique_ptr<Policy> {
      return std::make_unique<Dhalion>(p, c.job);
    });

}  // namespace
}  // namespace dhalion
}  // namespace weir
