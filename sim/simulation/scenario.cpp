#include "sim/simulation/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/dataflow/schedules.hpp"
#include "sim/scenario/override.hpp"
#include "sim/scenario/parse.hpp"
#include "sim/simulation/placement_check.hpp"

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

ParamTable<PaperSpec> paper_table() {
  ParamTable<PaperSpec> t("paper");
  t.text("citation", &PaperSpec::citation, {.help = "The publication."});
  t.text("figure", &PaperSpec::figure, {.help = "Figure, table or section that is reproduced."});
  t.objects("published", &PaperSpec::published, published_table(),
            {.help = "Published values to compare with."});
  t.objects("calibrated", &PaperSpec::calibrated, calibrated_table(),
            {.help = "Parameters of this file that were fitted, and to what."});
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
  t.check([](const FidelitySpec& p, const Node& at, Errors& errors) {
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

ParamTable<JobSpec> job_table() {
  ParamTable<JobSpec> t("job");
  t.text("name", &JobSpec::name, {.help = "Its name, unique in the scenario."});
  t.component<WorkloadRegistry>("workload", &JobSpec::workload, {.help = "What it computes, and its load."});
  t.component<EngineRegistry>("engine", &JobSpec::engine, {.help = "The stream engine that runs it."});
  t.component<PolicyRegistry>("policy", &JobSpec::policy, {.help = "The policy that scales it."});
  t.component<PlacementRegistry>("placement", &JobSpec::placement, {.help = "Where its instances go."});
  t.required("workload");
  return t;
}

ParamTable<Scenario> make_scenario_table() {
  ParamTable<Scenario> t("scenario");
  t.integer("weir", &Scenario::weir, {.help = "Version of this format."}, between(1, 1));
  t.text("name", &Scenario::name, {.help = "Its name; names the output folder. Default: the file's name."});
  t.text("description", &Scenario::description, {.help = "One line for `weir list scenarios`."});
  t.object("paper", &Scenario::paper, paper_table(),
           {.help = "The published experiment that it reproduces."});
  t.integer("seed", &Scenario::seed, {.help = "Of all random streams."});
  t.real("until_s", &Scenario::until_s, {.unit = "s", .help = "Simulated time at which the run ends."},
         Range{.low = 0, .high = 1e9, .low_open = true});
  t.object("cluster", &Scenario::cluster, cluster_table(), {.help = "Hosts and network."});
  t.object("fidelity", &Scenario::fidelity, fidelity_table(),
           {.help = "The dial between accuracy and speed."});
  t.objects("jobs", &Scenario::jobs, job_table(), {.help = "What runs on the cluster."}, 1);
  t.object("record", &Scenario::record, record_table(), {.help = "What is written down."});
  t.required("weir");
  t.required("jobs");
  t.check([](const Scenario& p, const Node& at, Errors& errors) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < p.jobs.size(); ++i) {
      const Node& node = *at.at_or_self("jobs").items()[i];
      if (p.jobs[i].name.empty()) errors.add(node.at_or_self("name"), "an empty name", "a name");
      if (!names.insert(p.jobs[i].name).second) {
        errors.add(node.at_or_self("name"), "the name " + weir::quoted(p.jobs[i].name) + " is taken",
                   "unique job names");
      }
    }
  });
  return t;
}

// Origins are counted in 2^-20 records in 63 bits (batch.hpp); half of that leaves room for copies.
constexpr double records_max = 4e12;

// Whether the engine has what the dataflow asks for.
void check_engine(const Scenario& scenario, const JobSpec& job, const DataflowSpec& dataflow, const Node& at,
                  const Node& root, Errors& errors) {
  const auto allowed = [](const char* feature) {
    std::string names;
    for (const Component* engine : EngineRegistry::list()) {
      if (!engine->info.has(feature)) continue;
      names += (names.empty() ? "" : ", ") + weir::quoted(engine->info.name);
    }
    return names;
  };
  const ComponentInfo& engine = EngineRegistry::find(job.engine.name())->info;
  const Node& workload = at.at_or_self("workload");
  const Node* edges = workload.find("edges");
  for (std::size_t i = 0; i < dataflow.edges.size(); ++i) {
    if (dataflow.edges[i].partitioning != Partitioning::pull || engine.has("pull")) continue;
    const bool written = edges != nullptr && i < edges->items().size();
    errors.add(written ? edges->items()[i]->at_or_self("partitioning") : workload,
               fmt::format("a pull edge, which the engine {} does not have", weir::quoted(engine.name)),
               fmt::format("another partitioning, or the engine {}", allowed("pull")));
  }
  const Node* operators = workload.find("operators");
  for (std::size_t i = 0; i < dataflow.operators.size(); ++i) {
    const OperatorSpec& op = dataflow.operators[i];
    OperatorContext context{scenario.seed, op.name};
    const auto logic = op.logic.build(context);
    if (!logic->joins() && dynamic_cast<const SchedulesOthers*>(logic.get()) == nullptr) continue;
    const char* const does = logic->joins() ? "joins them" : "takes their reports";
    const bool written = operators != nullptr && i < operators->items().size();
    const Node& where = written ? operators->items()[i]->at_or_self("logic") : workload;
    if (!engine.has("join")) {
      errors.add(where,
                 fmt::format("a {}, for which the engine {} does not keep records apart",
                             logic->joins() ? "join" : "driver", weir::quoted(engine.name)),
                 fmt::format("the engine {}", allowed("join")));
    }
    if (scenario.fidelity.batch_records != 1) {
      const std::string what = fmt::format("batches of up to {} records, but {} {} one by one",
                                           scenario.fidelity.batch_records, weir::quoted(op.name), does);
      const std::string allowed_size = "\"fidelity\": {\"batch_records\": 1}";
      const Node* fidelity = root.find("fidelity");
      if (fidelity == nullptr) {
        errors.add_member(root, "fidelity", what, allowed_size);
      } else {
        errors.add(fidelity->at_or_self("batch_records"), what, allowed_size);
      }
    }
  }
}

// What only the whole scenario can tell: whether the workloads' files can be read, the engines have what the
// dataflows ask for, and the jobs fit the cluster.
void check_whole(LoadedScenario& loaded, const Node& root, Errors& errors) {
  const Scenario& scenario = loaded.scenario;
  int slots = 0;
  try {
    slots = slot_count(scenario.cluster, loaded.base_dir.string());
  } catch (const std::exception& e) {
    errors.add(root.at_or_self("cluster").at_or_self("platform"), e.what(), "a SimGrid platform file");
    return;
  }
  if (!scenario.cluster.platform.empty()) {
    loaded.input_files.push_back(loaded.base_dir / scenario.cluster.platform);
  }
  int used = 0;
  for (std::size_t i = 0; i < scenario.jobs.size(); ++i) {
    const JobSpec& job = scenario.jobs[i];
    const Node& node = *root.at_or_self("jobs").items()[i];
    WorkloadContext context;
    const DataflowSpec dataflow = job.workload.build(context)->dataflow();
    check_engine(scenario, job, dataflow, node, root, errors);
    int needed = 0;
    double records = 0;
    for (const SourceSpec& source : dataflow.sources) {
      needed += source.parallelism;
      ArrivalContext arrivals;
      arrivals.entity = source.name;
      arrivals.of = source.parallelism;
      arrivals.share = 1.0 / source.parallelism;
      arrivals.base_dir = loaded.base_dir.string();
      try {
        const auto process = source.arrivals.build(arrivals);
        records += source.parallelism * process->expected_count(to_nanos(scenario.until_s));
        for (const std::string& file : process->input_files()) {
          if (std::find(loaded.input_files.begin(), loaded.input_files.end(), file) ==
              loaded.input_files.end()) {
            loaded.input_files.emplace_back(file);
          }
        }
      } catch (const std::exception& e) {
        errors.add(node.at_or_self("workload"), e.what(), "");
      }
    }
    for (const OperatorSpec& op : dataflow.operators) needed += op.parallelism;
    if (records > records_max) {
      errors.add(node.at_or_self("workload"),
                 fmt::format("up to {:.3g} records by the end of the run", records),
                 fmt::format("at most {:.3g}: a lower rate or a shorter run", records_max));
    }
    used += needed;
    if (used > slots) {
      errors.add(node.at_or_self("workload"),
                 fmt::format("the initial parallelism needs {} slots{}", used,
                             scenario.jobs.size() > 1 ? ", jobs before it included" : ""),
                 fmt::format("at most {}: the slots of the cluster", slots));
    }
  }
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
  const bool read = scenario_table().read(document.root(), loaded.scenario, found);
  add_new(found, written, errors);
  if (read && errors.empty()) check_whole(loaded, document.root(), errors);
  if (errors.empty()) {
    for (const PlacementError& error : check_placement(loaded)) {
      const Node& job = *document.root().at_or_self("jobs").items()[error.job];
      errors.add(job.at_or_self("placement"), error.what, "hosts of the cluster with free slots");
    }
  }
  if (!errors.empty()) return std::nullopt;
  if (loaded.scenario.name.empty()) loaded.scenario.name = default_name;
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
