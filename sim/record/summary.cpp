#include "sim/record/summary.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/kernel/assert.hpp"
#include "sim/record/atomic_file.hpp"

namespace weir {

namespace {

using Json = nlohmann::ordered_json;

Json finite(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}
Json finite(const std::optional<double>& value) {
  return value ? finite(*value) : Json(nullptr);
}
template <class Whole>
Json known(const std::optional<Whole>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json conservation_json(const ConservationSummary& c) {
  Json json = {
      {"ok", c.ok},           {"emitted", c.emitted},   {"delivered", c.delivered}, {"filtered", c.filtered},
      {"dropped", c.dropped}, {"replayed", c.replayed}, {"in_flight", c.in_flight}, {"divided", c.divided}};
  if (c.origins) {
    json["origins"] = {{"complete", c.origins->complete},
                       {"lost", c.origins->lost},
                       {"pending", c.origins->pending},
                       {"repeated", c.origins->repeated}};
  }
  return json;
}

Json latency_json(const LatencyQuantiles& l) {
  return {{"mean", finite(l.mean_s)}, {"p50", finite(l.p50_s)}, {"p95", finite(l.p95_s)},
          {"p99", finite(l.p99_s)},   {"max", finite(l.max_s)}, {"count", l.count}};
}

Json throughput_json(const ThroughputSummary& t) {
  return {{"offered_per_s", finite(t.offered_per_s)},
          {"achieved_per_s", finite(t.achieved_per_s)},
          {"ratio", finite(t.ratio)},
          {"backlog_records", finite(t.backlog_records)},
          {"end_offered_per_s", finite(t.end_offered_per_s)},
          {"end_achieved_per_s", finite(t.end_achieved_per_s)},
          {"falling_behind", known(t.falling_behind)},
          {"suppressed_records", t.suppressed_records},
          {"kept_by_engine_records", t.kept_by_engine_records}};
}

Json operators_json(const std::vector<OperatorSummary>& operators) {
  Json all = Json::object();
  for (const OperatorSummary& op : operators) {
    all[op.name] = {{"parallelism", op.parallelism},
                    {"records_in", op.records_in},
                    {"records_out", op.records_out},
                    {"busy", finite(op.busy)},
                    {"backpressured", finite(op.backpressured)},
                    {"idle", finite(op.idle)},
                    {"overhead", finite(op.overhead)},
                    {"true_rate_per_s", finite(op.true_rate_per_s)},
                    {"optimal_parallelism", known(op.optimal_parallelism)},
                    {"optimum_suffices", op.optimal_parallelism ? Json(!op.unborne) : Json(nullptr)},
                    {"initial_parallelism", op.initial_parallelism},
                    {"source", op.source},
                    {"scalable", op.scalable}};
    if (op.state_keys.empty()) continue;
    all[op.name]["state"] = {{"keys_by_instance", op.state_keys}, {"size_bytes", finite(op.state_bytes)}};
  }
  return all;
}

Json action_json(const ActionSummary& a) {
  return {{"time_s", finite(a.time_s)},
          {"operator", a.operator_name},
          {"from", a.from},
          {"to", a.to},
          {"wanted", a.wanted},
          {"reason", a.reason},
          {"action_id", a.action_id},
          {"decision_id", a.decision_id},
          {"status", a.status},
          {"ended_s", finite(a.ended_s)},
          {"downtime_s", finite(a.downtime_s)},
          {"catch_up_s", finite(a.catch_up_s)},
          {"records_lost", a.records_lost},
          {"detail", a.detail}};
}

Json decision_json(const DecisionSummary& d) {
  return {{"decision_id", d.decision_id}, {"time_s", finite(d.time_s)}, {"symptom", d.symptom},
          {"diagnosis", d.diagnosis},     {"reason", d.reason},         {"acted", d.acted}};
}

Json split_json(const SplitSummary& s) {
  Json shares = Json::object();
  for (const SplitSummary::Shares& of : s.shares) shares[of.operator_name] = of.by_instance;
  return {{"action_id", s.action_id},     {"decision_id", s.decision_id},
          {"time_s", finite(s.time_s)},   {"status", s.status},
          {"ended_s", finite(s.ended_s)}, {"shares", std::move(shares)},
          {"reason", s.reason},           {"detail", s.detail}};
}

Json scaling_json(const ScalingSummary& s) {
  Json json;
  json["actions"] = Json::array();
  for (const ActionSummary& action : s.actions) json["actions"].push_back(action_json(action));
  json["actions_omitted"] = s.actions_omitted;
  json["why_nothing"] = s.why_nothing.empty() ? Json(nullptr) : Json(s.why_nothing);
  json["steps"] = s.score.steps;
  json["converged"] = s.score.converged;
  json["convergence_time_s"] = finite(s.score.convergence_time_s);
  json["oscillations"] = s.score.oscillations;
  json["over_provisioned"] = finite(s.score.over_provisioned_slot_s);
  json["under_provisioned"] = finite(s.score.under_provisioned_slot_s);
  json["slot_seconds"] = finite(s.score.slot_seconds);
  json["unexplained_oscillations"] = s.score.unexplained_oscillations;
  json["final_over_slots"] = known(s.score.final_over_slots);
  json["final_under_slots"] = known(s.score.final_under_slots);
  json["phase_count"] = s.score.phase_count;
  json["phases_settled"] = s.score.phases_settled;
  json["phases"] = Json::array();
  for (const ScalingPhase& phase : s.score.phases)
    json["phases"].push_back({{"start_s", finite(phase.start_s)}, {"settling_s", finite(phase.settling_s)}});
  json["decisions"] = Json::array();
  for (const DecisionSummary& decision : s.decisions) json["decisions"].push_back(decision_json(decision));
  json["decisions_omitted"] = s.decisions_omitted;
  json["splits"] = Json::array();
  for (const SplitSummary& split : s.splits) json["splits"].push_back(split_json(split));
  json["splits_omitted"] = s.splits_omitted;
  json["splits_done"] = s.splits_done;
  return json;
}

// What the contract holds per job, after the names.
void put_results(Json& json, const JobSummary& job) {
  json["conservation"] = conservation_json(job.conservation);
  json["latency_s"] = latency_json(job.latency);
  json["throughput"] = throughput_json(job.throughput);
  json["operators"] = operators_json(job.operators);
  json["scaling"] = scaling_json(job.scaling);
  if (job.reordering)
    json["reordering"] = {{"share", finite(job.reordering->share)},
                          {"mean_distance", finite(job.reordering->mean_distance)}};
  for (const auto& [name, value] : job.engine_figures) json["engine_figures"][name] = value;
  if (!job.policy_state_json.empty())
    json["policy_state"] = Json::parse(job.policy_state_json, nullptr, /*allow_exceptions=*/false);
}

// What the contract holds per run.
void put_run(Json& json, const RunSummary& run) {
  json["seed"] = run.seed;
  json["complete"] = run.complete;
  if (!run.complete) json["incomplete_reason"] = run.incomplete_reason;
  json["fingerprint"] = run.fingerprint;
  json["simulated_s"] = finite(run.simulated_s);
  json["wall_s"] = finite(run.wall_s);
  json["events"] = run.events;
  json["events_per_s"] =
      run.wall_s > 0 ? finite(static_cast<double>(run.events) / run.wall_s) : Json(nullptr);
  json["peak_rss_mib"] = finite(run.peak_rss_mib);
}

Json hosts_json(const HostsSummary& hosts) {
  return {{"count", hosts.count}, {"cpu_mean", finite(hosts.cpu_mean)}};
}

}  // namespace

nlohmann::ordered_json to_json(const RunSummary& run) {
  WEIR_ASSERT(!run.jobs.empty(), "a run has at least one job");
  WEIR_ASSERT(run.complete == run.incomplete_reason.empty(),
              "an incomplete run says why, a complete one does not");
  Json json;
  json["scenario"] = run.scenario;
  if (run.jobs.size() == 1) {
    const JobSummary& job = run.jobs.front();
    json["policy"] = job.policy;
    json["engine"] = job.engine;
    put_run(json, run);
    put_results(json, job);
  } else {
    put_run(json, run);
    json["jobs"] = Json::object();
    for (const JobSummary& job : run.jobs) {
      Json& one = json["jobs"][job.name];
      one["policy"] = job.policy;
      one["engine"] = job.engine;
      put_results(one, job);
    }
  }
  for (const BrokerSummary& broker : run.brokers) {
    Json& one = json["brokers"][broker.name];
    one["system"] = broker.system;
    for (const auto& [name, value] : broker.figures) one["figures"][name] = finite(value);
  }
  json["hosts"] = hosts_json(run.hosts);
  json["failed_checks"] = run.failed_checks;
  return json;
}

std::string summary_json_text(const RunSummary& summary) {
  // Names come from the scenario, which is valid UTF-8; texts of policies may quote anything: replaced, not
  // thrown.
  return to_json(summary).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_summary(const std::filesystem::path& directory, const RunSummary& summary) {
  create_result_directory(directory);
  write_file_atomically(directory / "summary.json", summary_json_text(summary));
}

}  // namespace weir
