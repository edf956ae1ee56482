#include "sim/simulation/scenario_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/cluster/speeds.hpp"
#include "sim/control/policy.hpp"
#include "sim/dataflow/schedules.hpp"
#include "sim/scenario/node.hpp"
#include "sim/simulation/placement_check.hpp"
#include "sim/simulation/topic_check.hpp"

namespace weir {

namespace {

// Origins are counted in 2^-20 records in 63 bits (batch.hpp); half of that leaves room for copies.
constexpr double records_max = 4e12;

// A job with its dataflow, of which some may be unknown.
struct JobToCheck {
  const Scenario& scenario;
  const JobSpec& job;
  const Node& root;
  const Node& at;
  const Node& workload;
  DataflowSpec dataflow;
  // The dataflow as the user wrote it, item by item; else a workload made it of its parameters.
  bool written = false;

  const Node* item(const char* list, std::size_t index) const {
    const Node* node = written ? workload.find(list) : nullptr;
    return node != nullptr && index < node->items().size() ? node->items()[index] : nullptr;
  }
  // The member of an item where there is one, else what there is around it.
  const Node& place(const char* list, std::size_t index, const char* member) const {
    const Node* node = item(list, index);
    return node == nullptr ? workload : node->at_or_self(member);
  }
  bool known(const char* list, std::size_t index, const char* member, const Errors& errors) const {
    const Node* node = item(list, index);
    return node != nullptr && node->is_object() && errors.sound(*node, member);
  }
};

// Whether it is known which component was chosen, if perhaps not with all its parameters.
bool is_chosen(const Node& at, const char* key, const ChosenCore& choice, const Errors& errors) {
  return !choice.empty() && (at.find(key) != nullptr || errors.sound(at, key));
}

std::string engines_with(const char* feature) {
  std::string names;
  for (const Component* engine : EngineRegistry::list()) {
    if (engine->info.has(feature)) names += (names.empty() ? "" : ", ") + weir::quoted(engine->info.name);
  }
  return names;
}

void check_edges(const JobToCheck& j, const ComponentInfo& engine, Errors& errors) {
  for (std::size_t i = 0; i < j.dataflow.edges.size(); ++i) {
    if (j.dataflow.edges[i].feedback && !engine.has("feedback"))
      errors.add(j.place("edges", i, "feedback"),
                 fmt::format("a feedback edge, which the engine {} does not have", weir::quoted(engine.name)),
                 fmt::format("a dataflow without loops, or the engine {}", engines_with("feedback")));
    if (j.dataflow.edges[i].partitioning != Partitioning::pull || engine.has("pull")) continue;
    errors.add(j.place("edges", i, "partitioning"),
               fmt::format("a pull edge, which the engine {} does not have", weir::quoted(engine.name)),
               fmt::format("another partitioning, or the engine {}", engines_with("pull")));
  }
}

// `does` needs records one by one.
void check_single_records(const JobToCheck& j, const OperatorSpec& op, const char* does, Errors& errors) {
  const Node* fidelity = j.root.find("fidelity");
  if (fidelity == nullptr ? !errors.sound(j.root, "fidelity")
                          : !fidelity->is_object() || !errors.sound(*fidelity, "batch_records")) {
    return;
  }
  if (j.scenario.fidelity.batch_records == 1) return;
  const std::string what = fmt::format("batches of up to {} records, but {} {} one by one",
                                       j.scenario.fidelity.batch_records, weir::quoted(op.name), does);
  const std::string allowed_size = "\"fidelity\": {\"batch_records\": 1}";
  if (fidelity == nullptr) {
    errors.add_member(j.root, "fidelity", what, allowed_size);
  } else {
    errors.add(fidelity->at_or_self("batch_records"), what, allowed_size);
  }
}

// What a window sends stands for the records of many origins.
void check_no_ledger(const JobToCheck& j, const OperatorSpec& op, Errors& errors) {
  const Node* fidelity = j.root.find("fidelity");
  if (fidelity == nullptr || !fidelity->is_object() || !errors.sound(*fidelity, "origins")) return;
  if (j.scenario.fidelity.origins != Origins::exact) return;
  errors.add(
      fidelity->at_or_self("origins"),
      fmt::format("{} sends results of many source records together, which are not followed one by one",
                  weir::quoted(op.name)),
      "\"origins\": \"total\"");
}

// Whether the engine has what the policy asks for.
void check_policy_engine(const JobToCheck& j, Errors& errors) {
  if (!is_chosen(j.at, "engine", j.job.engine, errors) || !is_chosen(j.at, "policy", j.job.policy, errors))
    return;
  const ComponentInfo& policy = PolicyRegistry::find(j.job.policy.name())->info;
  const ComponentInfo& chosen = EngineRegistry::find(j.job.engine.name())->info;
  const auto check = [&](bool ComponentInfo::*does, const char* what) {
    if (!(policy.*does) || chosen.*does) return;
    std::string engines;
    for (const Component* engine : EngineRegistry::list())
      if (engine->info.*does) engines += (engines.empty() ? "" : ", ") + weir::quoted(engine->info.name);
    errors.add(j.at.at_or_self("policy"),
               fmt::format("the policy {} {}, which the engine {} does not do", weir::quoted(policy.name),
                           what, weir::quoted(chosen.name)),
               fmt::format("another policy, or the engine {}", engines));
  };
  check(&ComponentInfo::splits_rates, "splits rates among instances");
  check(&ComponentInfo::hosts_containers, "starts single containers");
  check(&ComponentInfo::scales_workers, "starts and stops workers");
}

// Whether workers of the engine may fail.
void check_failures(const JobToCheck& j, const ComponentInfo& engine, Errors& errors) {
  if (j.job.failures.empty() || engine.workers_fail) return;
  std::string engines;
  for (const Component* other : EngineRegistry::list())
    if (other->info.workers_fail) engines += (engines.empty() ? "" : ", ") + weir::quoted(other->info.name);
  errors.add(
      j.at.at_or_self("failures"),
      fmt::format("failures, from which the engine {} does not recover here", weir::quoted(engine.name)),
      fmt::format("none, or the engine {}", engines));
}

// Whether the engine has what the dataflow asks for.
void check_engine(const JobToCheck& j, Errors& errors) {
  const bool engine_known = is_chosen(j.at, "engine", j.job.engine, errors);
  const ComponentInfo* engine = engine_known ? &EngineRegistry::find(j.job.engine.name())->info : nullptr;
  if (engine != nullptr) check_edges(j, *engine, errors);
  if (engine != nullptr) check_failures(j, *engine, errors);
  if (engine != nullptr && !engine->has("exact origins") && j.scenario.fidelity.origins == Origins::exact) {
    const Node* fidelity = j.root.find("fidelity");
    errors.add(fidelity != nullptr ? fidelity->at_or_self("origins") : j.root,
               fmt::format("origins one by one, which the engine {} does not keep apart",
                           weir::quoted(engine->name)),
               fmt::format("\"total\", or the engine {}", engines_with("exact origins")));
  }
  for (std::size_t i = 0; i < j.dataflow.operators.size(); ++i) {
    const OperatorSpec& op = j.dataflow.operators[i];
    OperatorContext context{j.scenario.seed, op.name};
    if (op.logic.empty()) continue;
    const auto logic = op.logic.build(context);
    if (logic->aggregates()) check_no_ledger(j, op, errors);
    if (!logic->joins() && dynamic_cast<const SchedulesOthers*>(logic.get()) == nullptr) continue;
    if (engine != nullptr && !engine->has("join")) {
      errors.add(j.place("operators", i, "logic"),
                 fmt::format("a {}, for which the engine {} does not keep records apart",
                             logic->joins() ? "join" : "driver", weir::quoted(engine->name)),
                 fmt::format("the engine {}", engines_with("join")));
    }
    check_single_records(j, op, logic->joins() ? "joins them" : "takes their reports", errors);
  }
}

// Builds the arrivals, which reads their files, and counts the records; those that are not known count 0.
void check_sources(const JobToCheck& j, LoadedScenario& loaded, Errors& errors) {
  double records = 0;
  const bool until_known = errors.sound(j.root, "until_s");
  for (std::size_t i = 0; i < j.dataflow.sources.size(); ++i) {
    const SourceSpec& source = j.dataflow.sources[i];
    if (j.written
            ? !j.known("sources", i, "arrivals", errors) || !j.known("sources", i, "parallelism", errors)
            : !errors.sound(j.workload)) {
      continue;
    }
    ArrivalContext arrivals;
    arrivals.entity = source.name;
    arrivals.of = source.parallelism;
    arrivals.share = 1.0 / source.parallelism;
    arrivals.base_dir = loaded.base_dir.string();
    try {
      const auto process = source.arrivals.build(arrivals);
      if (until_known) {
        records += source.parallelism * process->expected_count(to_nanos(j.scenario.until_s));
      }
      for (const std::string& file : process->input_files()) {
        auto& files = loaded.input_files;
        if (std::find(files.begin(), files.end(), file) == files.end()) files.emplace_back(file);
      }
    } catch (const std::exception& e) {
      errors.add(j.place("sources", i, "arrivals"), e.what(), "");
    }
  }
  if (records > records_max) {
    errors.add(j.workload, fmt::format("up to {:.3g} records by the end of the run", records),
               fmt::format("at most {:.3g}: a lower rate or a shorter run", records_max));
  }
}

void check_operator_count(const JobToCheck& j, Errors& errors) {
  const bool alone = j.scenario.jobs.size() == 1;
  const auto most = static_cast<std::size_t>(alone ? operators_max : operators_max_of_several);
  const std::size_t count = j.dataflow.sources.size() + j.dataflow.operators.size();
  if (count <= most) return;
  errors.add(j.workload, fmt::format("{} sources and operators", count),
             fmt::format("at most {}{}", most, alone ? "" : " in each of several jobs"));
}

struct Slots {
  std::int64_t count = 0;
  bool exact = true;  // else at least so many
};

Slots slots_needed(const JobToCheck& j, const Errors& errors) {
  Slots needed;
  // Where slots may be shared, only the trial of the placements knows.
  if (is_chosen(j.at, "engine", j.job.engine, errors) &&
      EngineRegistry::find(j.job.engine.name())->info.may_share_slots)
    return {.count = 1, .exact = false};
  if (!j.written) {
    const Component& component = *WorkloadRegistry::find(j.job.workload.name());
    needed.exact = component.table->sizes_known(j.workload, errors);
    if (!needed.exact) return needed;
    for (const SourceSpec& source : j.dataflow.sources) needed.count += source.parallelism;
    for (const OperatorSpec& op : j.dataflow.operators) needed.count += op.parallelism;
    return needed;
  }
  const auto add = [&](const char* list, std::size_t i, int parallelism) {
    const bool known = j.known(list, i, "parallelism", errors);
    needed.count += known ? parallelism : 0;
    needed.exact = needed.exact && known;
  };
  for (std::size_t i = 0; i < j.dataflow.sources.size(); ++i) {
    add("sources", i, j.dataflow.sources[i].parallelism);
  }
  for (std::size_t i = 0; i < j.dataflow.operators.size(); ++i) {
    add("operators", i, j.dataflow.operators[i].parallelism);
  }
  return needed;
}

// Of the cluster; nothing when that is not known.
std::optional<std::int64_t> slots_of_cluster(LoadedScenario& loaded, const Node& root, Errors& errors) {
  const ClusterSpec& cluster = loaded.scenario.cluster;
  const Node* at = root.find("cluster");
  if (at == nullptr ? !errors.sound(root, "cluster") : !at->is_object()) return std::nullopt;
  if (at != nullptr) {
    if (!errors.sound(*at, "platform") || !errors.sound(*at, "platform_slots")) return std::nullopt;
    const Node* hosts = at->find("hosts");
    if (hosts == nullptr ? !errors.sound(*at, "hosts") : !hosts->is_array()) return std::nullopt;
    for (std::size_t i = 0; i < cluster.hosts.size(); ++i) {
      const Node& group = *hosts->items()[i];
      if (!group.is_object()) return std::nullopt;
      for (const char* key : {"count", "cores", "slots"}) {
        if (!errors.sound(group, key)) return std::nullopt;
      }
    }
  }
  if (at != nullptr && cluster.platform.empty() && cluster.hosts.empty()) return std::nullopt;  // was told
  try {
    const int slots = slot_count(cluster, loaded.base_dir.string());
    if (!cluster.platform.empty()) loaded.input_files.push_back(loaded.base_dir / cluster.platform);
    return slots;
  } catch (const std::exception& e) {
    errors.add(root.at_or_self("cluster").at_or_self("platform"), e.what(), "a SimGrid platform file");
    return std::nullopt;
  }
}

// Reads the files of the hosts' speed profiles.
void check_profiles(LoadedScenario& loaded, const Node& root, Errors& errors) {
  const Node* cluster = root.find("cluster");
  const Node* hosts = cluster == nullptr ? nullptr : cluster->find("hosts");
  if (hosts == nullptr || !hosts->is_array()) return;
  for (std::size_t i = 0; i < loaded.scenario.cluster.hosts.size(); ++i) {
    const std::optional<ProfileSpec>& profile = loaded.scenario.cluster.hosts[i].profile;
    const Node* at = hosts->items()[i]->find("profile");
    if (!profile || profile->file.empty() || at == nullptr || !errors.sound(*at, "file")) continue;
    try {
      make_profile(*profile, loaded.base_dir.string());
      const std::filesystem::path file = loaded.base_dir / profile->file;
      auto& files = loaded.input_files;
      if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(file);
    } catch (const std::exception& e) {
      const std::string what = e.what();
      errors.add(at->at_or_self("file"), what,
                 what.ends_with(')') ? "" : "a file of lines `time factor`, perhaps with LOOPAFTER");
    }
  }
}

// Whether these lists of a dataflow as the user wrote it could be read, with the names of what is in them:
// one that could not would make others unknown.
bool knows_written(const JobToCheck& j, std::initializer_list<const char*> lists, const Errors& errors) {
  for (const char* list : lists) {
    const Node* node = j.workload.find(list);
    if (node == nullptr || !node->is_array()) return false;
    for (const Node* item : node->items()) {
      if (!item->is_object() || !errors.sound(*item, "name")) return false;
    }
  }
  return true;
}

// Whether the names of the sources and operators are known, and which can be scaled.
bool knows_names(const JobToCheck& j, const Errors& errors) {
  if (!j.written) return errors.sound(j.workload);
  if (!knows_written(j, {"sources", "operators"}, errors)) return false;
  for (const Node* op : j.workload.find("operators")->items())
    if (!errors.sound(*op, "scalable")) return false;
  return true;
}

// Whether the job's placement can be tried: it needs the graph, but neither costs nor loads.
bool is_placeable(const JobToCheck& j, const Errors& errors) {
  if (!is_chosen(j.at, "placement", j.job.placement, errors)) return false;
  const Node* placement = j.at.find("placement");
  if (placement != nullptr && !errors.sound(*placement)) return false;
  if (!can_resolve(j.dataflow)) return false;
  if (!j.written) {
    return WorkloadRegistry::find(j.job.workload.name())->table->sizes_known(j.workload, errors);
  }
  return knows_written(j, {"sources", "operators", "edges"}, errors);
}

// The cluster's hosts can be built when they, their slots and names are known: what is wrong otherwise is
// left out.
bool make_buildable(ClusterSpec& cluster, const Node& root, const Errors& errors) {
  const Node* at = root.find("cluster");
  if (at == nullptr) return errors.sound(root, "cluster");
  if (!at->is_object() || !errors.sound(*at, "platform")) return false;
  if (!errors.sound(*at, "network")) cluster.network = {};
  if (!errors.sound(*at, "racks")) cluster.racks.clear();
  const Node* hosts = at->find("hosts");
  if (hosts == nullptr) return errors.sound(*at) && !cluster.platform.empty();
  static constexpr std::string_view beside[] = {"profile",        "interference", "speed",
                                                "nic_gbit_per_s", "memory_gib",   "rack"};
  if (!errors.sound_except(*hosts, beside) || !hosts->is_array()) return false;
  for (std::size_t i = 0; i < cluster.hosts.size(); ++i) {
    const Node& group = *hosts->items()[i];
    if (!errors.sound(group, "profile")) cluster.hosts[i].profile = {};
    if (!errors.sound(group, "interference")) cluster.hosts[i].interference = {};
  }
  return cluster.platform.empty() != cluster.hosts.empty();
}

// The job as far as a policy's parameters speak of it: names, and what can be scaled.
JobView view_of_names(const JobToCheck& j) {
  JobView view;
  view.name = j.job.name;
  for (const SourceSpec& source : j.dataflow.sources)
    view.operators.push_back(
        {.name = source.name, .source = true, .scalable = false, .upstream = {}, .downstream = {}});
  for (const OperatorSpec& op : j.dataflow.operators)
    view.operators.push_back({.name = op.name, .scalable = op.scalable, .upstream = {}, .downstream = {}});
  return view;
}

// Whether the operators that the policy's parameters name are there.
void check_policy(const JobToCheck& j, Errors& errors) {
  const Node* at = j.at.find("policy");
  if (at == nullptr || !at->is_object() || !errors.sound(*at) || !knows_names(j, errors)) return;
  const JobView view = view_of_names(j);
  for (const OperatorNames& named :
       j.job.policy.build(PolicyContext{view, j.scenario.seed})->operator_names()) {
    const Node* list = at->find(named.parameter);
    if (list == nullptr) continue;
    std::vector<std::string> allowed;
    for (const OperatorView& op : view.operators)
      if (named.sources ? op.source : may_scale(op)) allowed.push_back(op.name);
    for (const Node* item : list->items()) {
      const std::string name(item->text().value_or(""));
      if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
      errors.add(
          *item,
          fmt::format("the job has no {} {}", named.sources ? "source" : "operator to scale with the name",
                      weir::quoted(name)),
          allowed_names(name, allowed));
    }
  }
}

// By its name, or in a list by its number; none if it is not written.
const Node* member(const Node& node, std::string_view name) {
  if (node.is_object()) return node.find(name);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (!node.is_array() || error != std::errc() || number >= node.items().size()) return nullptr;
  return node.items()[number];
}

// The last member on a path with dots that is there, and whether it is the end of it.
struct Below {
  const Node& node;
  bool whole;
};
Below below(const Node& node, std::string_view path) {
  const Node* at = &node;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    const Node* const next = member(*at, path.substr(0, dot));
    if (next == nullptr) break;
    at = next;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return {*at, path.empty()};
}

std::string no_effect(const Node& at, const std::string& why) {
  const std::string where =
      at.source().from_argument() ? "by " + at.source().argument : fmt::format("line {}", at.line());
  return fmt::format("{} ({}) has no effect: {}", at.path(), where, why);
}

void check_placements(LoadedScenario& loaded, const std::vector<JobToCheck>& jobs, bool may_fit,
                      const Node& root, Errors& errors) {
  PlacementTrial trial{
      loaded.scenario.cluster, loaded.base_dir.string(), loaded.scenario.seed, may_fit, {}, {}};
  if (!make_buildable(trial.cluster, root, errors)) return;
  std::vector<const Node*> nodes;
  for (const JobToCheck& j : jobs) {
    if (!is_placeable(j, errors)) continue;
    nodes.push_back(&j.at);
    trial.jobs.push_back({&j.job, &j.dataflow});
  }
  std::vector<const Node*> broker_nodes;
  if (const Node* brokers = root.find("brokers"); brokers != nullptr && brokers->is_array()) {
    for (std::size_t b = 0; b < loaded.scenario.brokers.size(); ++b) {
      const Node& at = *brokers->items()[b];
      if (!at.is_object() || !is_chosen(at, "system", loaded.scenario.brokers[b].system, errors)) continue;
      broker_nodes.push_back(&at);
      trial.brokers.push_back(&loaded.scenario.brokers[b]);
    }
  }
  for (const PlacementError& error : check_placement(trial)) {
    if (error.idle) {
      // Defaults are nobody's wish.
      const Below written = below(*nodes[*error.job], error.parameter);
      if (written.whole) loaded.warnings.push_back(no_effect(written.node, error.what));
    } else if (error.job) {
      errors.add(below(*nodes[*error.job], error.parameter).node, error.what, error.allowed);
    } else if (error.broker) {
      const Node& at = below(*broker_nodes[*error.broker], error.parameter).node;
      if (errors.sound(at)) errors.add(at, error.what, error.allowed);
    } else {
      errors.add(root.at_or_self("cluster"), error.what, "");
    }
  }
}

void check_job_count(const Scenario& scenario, const Node& root, Errors& errors) {
  if (scenario.jobs.size() <= static_cast<std::size_t>(jobs_max)) return;
  errors.add(root.at_or_self("jobs"), fmt::format("{} jobs", scenario.jobs.size()),
             fmt::format("at most {}", jobs_max));
}

// The jobs whose dataflow is known, at least in part.
std::vector<JobToCheck> jobs_to_check(const Scenario& scenario, const Node& root, const Errors& errors) {
  std::vector<JobToCheck> jobs;
  const Node* nodes = root.find("jobs");
  if (nodes == nullptr || !nodes->is_array()) return jobs;
  for (std::size_t i = 0; i < scenario.jobs.size(); ++i) {
    const JobSpec& job = scenario.jobs[i];
    const Node& at = *nodes->items()[i];
    if (!at.is_object() || !is_chosen(at, "workload", job.workload, errors)) continue;
    const Node& workload = at.at_or_self("workload");
    const bool written = job.workload.params<DataflowSpec>() != nullptr;
    try {
      WorkloadContext context;
      jobs.push_back({scenario, job, root, at, workload, job.workload.build(context)->dataflow(), written});
    } catch (const std::exception&) {
      // A workload may read what its parameters name, a trace for instance: that it cannot was told.
      if (errors.sound(workload)) throw;
    }
  }
  return jobs;
}

}  // namespace

void check_scenario(LoadedScenario& loaded, const Node& root, Errors& errors) {
  const Scenario& scenario = loaded.scenario;
  const std::vector<JobToCheck> jobs = jobs_to_check(scenario, root, errors);
  check_job_count(scenario, root, errors);
  check_profiles(loaded, root, errors);
  const std::optional<std::int64_t> slots = slots_of_cluster(loaded, root, errors);
  Slots used{.count = 0, .exact = jobs.size() == scenario.jobs.size()};
  bool fits = true;
  for (const JobToCheck& j : jobs) {
    check_engine(j, errors);
    check_policy_engine(j, errors);
    check_policy(j, errors);
    check_operator_count(j, errors);
    check_sources(j, loaded, errors);
    if (!j.written || errors.sound(j.workload)) check_topics(scenario, j.job, j.dataflow, root, j.at, errors);
    const Slots needed = slots_needed(j, errors);
    used.count += needed.count;
    used.exact = used.exact && needed.exact;
    if (!slots || used.count <= *slots) continue;
    fits = false;
    errors.add(j.workload,
               fmt::format("the initial parallelism needs {}{} slots{}", used.exact ? "" : "at least ",
                           used.count, scenario.jobs.size() > 1 ? ", jobs before it included" : ""),
               fmt::format("at most {}: the slots of the cluster", *slots));
  }
  // The marks of errors in the whole lie on what is read: placements are tried as that was.
  if (!jobs.empty() && slots) check_placements(loaded, jobs, fits, root, errors);
}

}  // namespace weir
