#include "sim/simulation/scenario.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "sim/scenario/override.hpp"
#include "sim/scenario/parse.hpp"
#include "sim/simulation/prediction.hpp"
#include "sim/simulation/scenario_check.hpp"

namespace weir {

namespace {

ParamTable<PublishedStep> published_step_table() {
  ParamTable<PublishedStep> t("published step");
  t.text("operator", &PublishedStep::operator_name, {.help = "Its name in this file."});
  t.integer("from", &PublishedStep::from, {.unit = "instances", .help = "Parallelism before."},
            between(1, 1e6));
  t.integer("to", &PublishedStep::to, {.unit = "instances", .help = "Parallelism after."}, between(1, 1e6));
  t.real("time_s", &PublishedStep::time_s, {.unit = "s", .help = "When it was done, or was seen."},
         between(0, 1e9));
  t.required("operator");
  t.required("from");
  t.required("to");
  t.required("time_s");
  return t;
}

ParamTable<PublishedValue> published_table() {
  ParamTable<PublishedValue> t("published");
  t.text("what", &PublishedValue::what, {.help = "The quantity."});
  t.text("value", &PublishedValue::value, {.help = "As published, with its unit."});
  t.text("source", &PublishedValue::source, {.help = "Section or figure; stated or digitised."});
  t.boolean("calibrated", &PublishedValue::calibrated,
            {.help = "Whether a parameter of this file was fitted to it: then it is no prediction."});
  t.object("step", &PublishedValue::step, published_step_table(),
           {.help = "The next scaling step, which the run's own is compared with."});
  t.choice(
      "quantity", &PublishedValue::quantity,
      {.help = "Which quantity of the run `number` is compared with: how many steps, when the last one was "
               "asked for, or was done, or how many slots the scalable operators have at the end."},
      {{"none", PublishedQuantity::none},
       {"steps", PublishedQuantity::steps},
       {"last_step_asked_s", PublishedQuantity::last_step_asked_s},
       {"settled_s", PublishedQuantity::settled_s},
       {"final_slots", PublishedQuantity::final_slots}});
  t.real("number", &PublishedValue::number, {.help = "The published number of that quantity."},
         between(0, 1e12));
  t.required("what");
  t.required("value");
  return t;
}

ParamTable<CalibratedParameter> calibrated_table() {
  ParamTable<CalibratedParameter> t("calibrated");
  t.text("parameter", &CalibratedParameter::parameter,
         {.help = "Path of the fitted parameter in this file."});
  t.text("against", &CalibratedParameter::against, {.help = "The published values it was fitted to."});
  t.required("parameter");
  t.required("against");
  return t;
}

ParamTable<NumberSource> numbers_table() {
  ParamTable<NumberSource> t("numbers");
  t.text("parameter", &NumberSource::parameter,
         {.help = "Path of a number in this file, or of what it is inside of."});
  t.text(
      "source", &NumberSource::source,
      {.help = "Section, figure or code that says it; or that it is not published, and why it was chosen."});
  t.required("parameter");
  t.required("source");
  return t;
}

ParamTable<PaperSpec> paper_table() {
  ParamTable<PaperSpec> t("paper");
  t.text("citation", &PaperSpec::citation, {.help = "The publication."});
  t.text("figure", &PaperSpec::figure, {.help = "Figure, table or section that is reproduced."});
  t.objects("published", &PaperSpec::published, published_table(),
            {.help = "Published values to compare with."});
  t.objects("calibrated", &PaperSpec::calibrated, calibrated_table(),
            {.help = "Parameters of this file that were fitted, and to what."});
  t.objects("numbers", &PaperSpec::numbers, numbers_table(),
            {.help = "Where the other numbers of this file come from."});
  t.required("citation");
  return t;
}

ParamTable<FidelitySpec> fidelity_table() {
  ParamTable<FidelitySpec> t("fidelity");
  t.integer(
      "batch_records", &FidelitySpec::batch_records,
      {.unit = "records", .help = "Most records in a batch, the unit of simulation; 1: record by record."},
      between(1, 1e6));
  t.real("batch_span_ms", &FidelitySpec::batch_span_ms,
         {.unit = "ms",
          .help = "Longest time over which records are gathered into a batch; engines stretch "
                  "shorter timers of theirs to it. 0: not at all."},
         between(0, 60'000));
  t.choice(
      "origins", &FidelitySpec::origins,
      {.help = "What is known of the records that sources sent: the `total` that was delivered, filtered, "
               "lost, or of each, `exact`, whether it is complete, lost or pending. Exact needs batches of "
               "one record; engines that merge records on their way then do not."},
      {{"total", Origins::total}, {"exact", Origins::exact}});
  t.check({"origins", "batch_records"}, [](const FidelitySpec& p, const Node& at, Errors& errors) {
    if (p.origins == Origins::exact && p.batch_records != 1) {
      errors.add(at.at_or_self("origins"),
                 fmt::format("origins one by one, but batches of up to {} records", p.batch_records),
                 "\"batch_records\": 1, or \"total\"");
    }
  });
  return t;
}

ParamTable<RecordSpec> record_table() {
  ParamTable<RecordSpec> t("record");
  t.integer("instance_windows_max_instances", &RecordSpec::instance_windows_max_instances,
            {.unit = "instances",
             .help = "run.h5 has metrics of single instances while there are at most so many."},
            between(0, 1e6));
  return t;
}

ParamTable<TopicUse> topic_use_table(const char* title, const char* who, const char* help) {
  ParamTable<TopicUse> t(title);
  t.text(who, &TopicUse::operator_name, {.help = help});
  t.text("topic", &TopicUse::topic, {.help = "A topic of one of the `brokers`."});
  t.required(who);
  t.required("topic");
  return t;
}

ParamTable<BrokerSpec> broker_table() {
  ParamTable<BrokerSpec> t("broker");
  t.text("name", &BrokerSpec::name, {.help = "Its name, unique in the scenario."});
  t.component<BrokerRegistry>("system", &BrokerSpec::system, {.help = "What it is."});
  t.required("system");
  return t;
}

// Names of brokers and of all their topics.
void check_broker_names(const Scenario& p, const Node& at, Errors& errors) {
  const Node* brokers = at.find("brokers");
  if (brokers == nullptr || !brokers->is_array() || !errors.sound(*brokers)) return;
  std::set<std::string> names, topics;
  for (std::size_t i = 0; i < p.brokers.size(); ++i) {
    const Node& node = *brokers->items()[i];
    if (p.brokers[i].name.empty()) errors.add(node.at_or_self("name"), "an empty name", "a name");
    if (!names.insert(p.brokers[i].name).second)
      errors.add(node.at_or_self("name"), "the name " + weir::quoted(p.brokers[i].name) + " is taken",
                 "unique broker names");
    for (const TopicInfo& topic : p.brokers[i].system.build(BrokerContext{})->topics())
      if (!topics.insert(topic.name).second)
        errors.add(node.at_or_self("system").at_or_self("topics"),
                   "a second topic " + weir::quoted(topic.name), "unique topic names");
  }
}

ParamTable<WorkerFailure> failure_table() {
  ParamTable<WorkerFailure> t("failure of a worker");
  t.real("time_s", &WorkerFailure::time_s, {.unit = "s", .help = "When its process ends."}, between(0, 1e9));
  t.integer("worker", &WorkerFailure::worker,
            {.help = "Its number, from 0. Nothing happens to one that is not there at that time."},
            between(0, 1e6));
  t.real("down_s", &WorkerFailure::down_s,
         {.unit = "s", .help = "For so long nothing can be started in its place."}, between(0, 1e9));
  t.required("time_s");
  t.required("worker");
  return t;
}

ParamTable<JobSpec> job_table() {
  ParamTable<JobSpec> t("job");
  t.text("name", &JobSpec::name, {.help = "Its name, unique in the scenario."});
  t.component<WorkloadRegistry>("workload", &JobSpec::workload, {.help = "What it computes, and its load."});
  t.component<EngineRegistry>("engine", &JobSpec::engine, {.help = "The stream engine that runs it."});
  t.component<PolicyRegistry>("policy", &JobSpec::policy, {.help = "The policy that scales it."});
  t.component<PlacementRegistry>("placement", &JobSpec::placement, {.help = "Where its instances go."});
  t.objects("reads", &JobSpec::reads,
            topic_use_table("topic that is read", "source",
                            "A source of the job: what arrives there goes to the topic, and is read from it; "
                            "with arrivals `none` other jobs write it."),
            {.help = "Sources that read topics of brokers."});
  t.objects("writes", &JobSpec::writes,
            topic_use_table("topic that is written", "sink", "A sink of the job."),
            {.help = "Sinks that write topics of brokers."});
  t.objects("failures", &JobSpec::failures, failure_table(),
            {.help = "Workers that fail, with all that they hold, and what the engine does then. Of engines "
                     "that recover: `spark`, whose workers are its executors."});
  t.required("workload");
  return t;
}

ParamTable<Scenario> make_scenario_table() {
  ParamTable<Scenario> t("scenario");
  t.integer("weir", &Scenario::weir, {.help = "Version of this format."}, between(1, 1));
  t.text("name", &Scenario::name, {.help = "Its name; names the output folder. Default: the file's name."});
  t.lines("description", &Scenario::description,
          {.help = "A line or a few for `weir list scenarios`; \\n ends a line."});
  t.object("paper", &Scenario::paper, paper_table(),
           {.help = "The published experiment that it reproduces."});
  t.integer("seed", &Scenario::seed, {.help = "Of all random streams."});
  t.real("until_s", &Scenario::until_s, {.unit = "s", .help = "Simulated time at which the run ends."},
         between(1e-9, 1e9));  // the clock's step is a nanosecond
  t.object("cluster", &Scenario::cluster, cluster_table(), {.help = "Hosts and network."});
  t.object("fidelity", &Scenario::fidelity, fidelity_table(),
           {.help = "The dial between accuracy and speed."});
  t.objects("brokers", &Scenario::brokers, broker_table(),
            {.help = "Brokers in front of jobs and between them."});
  t.objects("jobs", &Scenario::jobs, job_table(), {.help = "What runs on the cluster."}, 1);
  t.object("record", &Scenario::record, record_table(), {.help = "What is written down."});
  t.required("weir");
  t.required("jobs");
  t.check_parts(check_broker_names);
  t.check_parts([](const Scenario& p, const Node& at, Errors& errors) {
    const Node* jobs = at.find("jobs");
    if (jobs == nullptr || !jobs->is_array()) return;
    std::set<std::string> names;
    for (std::size_t i = 0; i < p.jobs.size(); ++i) {
      const Node& node = *jobs->items()[i];
      if (!node.is_object() || !errors.sound(node, "name")) continue;
      if (p.jobs[i].name.empty()) errors.add(node.at_or_self("name"), "an empty name", "a name");
      if (!names.insert(p.jobs[i].name).second) {
        errors.add(node.at_or_self("name"), "the name " + weir::quoted(p.jobs[i].name) + " is taken",
                   "unique job names");
      }
    }
  });
  return t;
}

bool any(const ScenarioOverrides& overrides) {
  return !overrides.sets.empty() || overrides.policy || overrides.seed || overrides.until_s;
}

// A value that is overridden is checked like any other: a file is wrong or right by itself.
Errors errors_as_written(const Document& document) {
  Errors errors;
  Scenario ignored;
  scenario_table().read(document.root(), ignored, errors);
  return errors;
}

// Those that are not in `known`, too: what is wrong in the file is found with the overrides and without.
void add_new(const Errors& found, const Errors& known, Errors& errors) {
  std::set<std::string> texts;
  for (const InputError& error : known.sorted()) texts.insert(error.text());
  for (InputError& error : found.sorted())
    if (texts.count(error.text()) == 0) errors.add(std::move(error));
}

std::optional<LoadedScenario> read_loaded(Document& document, const std::filesystem::path& base_dir,
                                          const std::string& default_name, const ScenarioOverrides& overrides,
                                          Errors& errors) {
  const Errors written = any(overrides) ? errors_as_written(document) : Errors();
  for (const InputError& error : written.sorted()) errors.add(error);
  if (overrides.policy) {
    const Node* jobs = document.root().find("jobs");
    const std::size_t count = jobs == nullptr ? 0 : jobs->items().size();
    for (std::size_t i = 0; i < count; ++i) {
      set_value(document, fmt::format("jobs[{}].policy", i), nlohmann::json(*overrides.policy).dump(),
                "--policy " + *overrides.policy, errors);
    }
  }
  // After the policy, whose parameters they may set.
  for (const std::string& set : overrides.sets) apply_override(document, set, errors);
  if (overrides.seed) {
    set_value(document, "seed", std::to_string(*overrides.seed), fmt::format("--seed {}", *overrides.seed),
              errors);
  }
  if (overrides.until_s) {
    set_value(document, "until_s", nlohmann::json(*overrides.until_s).dump(),
              fmt::format("--until {}", *overrides.until_s), errors);
  }
  LoadedScenario loaded;
  loaded.base_dir = base_dir;
  Errors found;
  found.doubt_as(errors);  // what the parser could not read
  scenario_table().read(document.root(), loaded.scenario, found);
  check_scenario(loaded, document.root(), found);
  add_new(found, written, errors);
  if (!errors.empty()) return std::nullopt;
  if (loaded.scenario.name.empty()) loaded.scenario.name = default_name;
  for (std::string& warning : warnings_of(loaded.scenario)) loaded.warnings.push_back(std::move(warning));
  return loaded;
}

}  // namespace

const ParamTable<Scenario>& scenario_table() {
  static const ParamTable<Scenario> table = make_scenario_table();
  return table;
}

std::optional<LoadedScenario> load_scenario(const std::filesystem::path& path,
                                            const ScenarioOverrides& overrides, Errors& errors) {
  std::optional<Document> document = read_document(path, errors);
  if (!document) return std::nullopt;
  return read_loaded(*document, path.parent_path(), path.stem().string(), overrides, errors);
}

std::optional<LoadedScenario> load_scenario_text(const std::string& text, const std::string& label,
                                                 const std::filesystem::path& base_dir,
                                                 const ScenarioOverrides& overrides, Errors& errors) {
  std::optional<Document> document = parse_document(text, label, errors);
  if (!document) return std::nullopt;
  return read_loaded(*document, base_dir, std::filesystem::path(label).stem().string(), overrides, errors);
}

}  // namespace weir
