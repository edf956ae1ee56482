#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/control/policy.hpp"
#include "sim/dataflow/broker.hpp"
#include "sim/dataflow/engine.hpp"
#include "sim/dataflow/placement.hpp"
#include "sim/dataflow/workload.hpp"
#include "sim/scenario/params.hpp"

// A scenario: everything that a run depends on, as validated structs. scenario_table() is the one description
// of the file format: reader, errors, schema, reference pages and the resolved form all come from it.

namespace weir {

// A source reads a topic of a broker, or a sink writes one.
struct TopicUse {
  std::string operator_name;
  std::string topic;
};

struct BrokerSpec {
  std::string name = "broker";
  BrokerRegistry::Choice system = BrokerRegistry::Choice("kafka");
};

// The process of a worker ends: an executor of Spark.
struct WorkerFailure {
  double time_s = 0;
  int worker = 0;
  double down_s = 0;
};

struct JobSpec {
  std::string name = "job";
  WorkloadRegistry::Choice workload;
  EngineRegistry::Choice engine = EngineRegistry::Choice("generic");
  PolicyRegistry::Choice policy = PolicyRegistry::Choice("static");
  PlacementRegistry::Choice placement = PlacementRegistry::Choice("round-robin");
  std::vector<TopicUse> reads;
  std::vector<TopicUse> writes;
  std::vector<WorkerFailure> failures;
};

// A published scaling step, the next one of its list: what the run's own is compared with.
struct PublishedStep {
  std::string operator_name;
  int from = 1;
  int to = 1;
  double time_s = 0;
};

// Quantities of a run that a published number can be compared with (sim/analyzer/convergence.hpp).
enum class PublishedQuantity { none, steps, last_step_asked_s, settled_s, final_slots };

// A published number, and what it was used for: a value that was calibrated on is never a prediction.
struct PublishedValue {
  std::string what;    // e.g. "FlatMap parallelism after the first action"
  std::string value;   // with its unit, as published
  std::string source;  // section, figure, digitised or stated
  bool calibrated = false;
  // The same for programs, one of them.
  std::optional<PublishedStep> step;
  PublishedQuantity quantity = PublishedQuantity::none;
  double number = 0;
};

struct CalibratedParameter {
  std::string parameter;  // path in this file
  std::string against;    // which published values it was fitted to
};

// Where a number of the scenario comes from.
struct NumberSource {
  std::string parameter;  // path in this file; names what is inside it, too
  std::string source;
};

struct PaperSpec {
  std::string citation;
  std::string figure;
  std::vector<PublishedValue> published;
  std::vector<CalibratedParameter> calibrated;
  std::vector<NumberSource> numbers;
};

struct RecordSpec {
  int instance_windows_max_instances = 2000;
};

struct Scenario {
  int weir = 1;  // version of this format
  std::string name;
  std::string description;
  std::optional<PaperSpec> paper;
  std::uint64_t seed = 1;
  double until_s = 600;
  ClusterSpec cluster;
  FidelitySpec fidelity;
  std::vector<BrokerSpec> brokers;
  std::vector<JobSpec> jobs;
  RecordSpec record;
};

const ParamTable<Scenario>& scenario_table();

struct ScenarioOverrides {
  std::vector<std::string> sets;      // path.to.key=VALUE
  std::optional<std::string> policy;  // of every job, with its default parameters
  std::optional<std::uint64_t> seed;
  std::optional<double> until_s;
};

struct LoadedScenario {
  Scenario scenario;
  std::filesystem::path base_dir;                  // relative paths in it start here
  std::vector<std::filesystem::path> input_files;  // read besides the scenario: traces, platforms
  std::vector<std::string> warnings;               // legal, but hardly what is meant: sentences
};

// Reads, overrides and validates; everything that is wrong goes to `errors`, and then nothing is returned.
// Besides the table's checks: names and graphs of the workloads, placement of the initial parallelism.
std::optional<LoadedScenario> load_scenario(const std::filesystem::path& path,
                                            const ScenarioOverrides& overrides, Errors& errors);
// The same from the text of a resolved scenario (a manifest's); `label` names it in errors.
std::optional<LoadedScenario> load_scenario_text(const std::string& text, const std::string& label,
                                                 const std::filesystem::path& base_dir,
                                                 const ScenarioOverrides& overrides, Errors& errors);

}  // namespace weir
