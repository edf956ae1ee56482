#include <catch2/catch.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/scenario/parse.hpp"
#include "sim/scenario/registry.hpp"

using namespace weir;

namespace {

enum class Metric { utilization, queue };
struct ThresholdParams {
  double interval_s = 60;
  Metric metric = Metric::utilization;
  double low = 0.2;
  double high = 0.8;
  int cooldown_windows = 3;
  bool down = true;
};

class Toy {
 public:
  static constexpr RegistryKind registry_kind{"policy", "policies"};
  virtual ~Toy() = default;
  virtual double high() const = 0;
};
struct ToyContext {
  double factor = 1;
};
using ToyRegistry = Registry<Toy, ToyContext>;

class Threshold final : public Toy {
 public:
  Threshold(const ThresholdParams& p, ToyContext& c) : high_(p.high * c.factor) {}
  double high() const override { return high_; }

 private:
  double high_;
};

ParamTable<ThresholdParams> threshold_table() {
  ParamTable<ThresholdParams> t;
  t.real("interval_s", &ThresholdParams::interval_s, {.unit = "s", .help = "How often."}, positive());
  t.choice("metric", &ThresholdParams::metric, {.help = "What is compared."},
           {{"utilization", Metric::utilization}, {"queue", Metric::queue}});
  t.real("low", &ThresholdParams::low, {.unit = "share of time"}, between(0, 1));
  t.real("high", &ThresholdParams::high, {.unit = "share of time"}, between(0, 1));
  t.integer("cooldown_windows", &ThresholdParams::cooldown_windows, {.help = "Windows of rest."},
            at_least(0));
  t.boolean("down", &ThresholdParams::down, {.help = "May it scale down."});
  t.check_all([](const ThresholdParams& p, const Node& at, Errors& errors) {
    if (p.low >= p.high) errors.add(at, "low is not below high", "low < high");
  });
  return t;
}

const auto registered = ToyRegistry::add<ThresholdParams>(
    {.name = "threshold", .help = "Toy.", .source = "none"}, threshold_table(),
    [](const ThresholdParams& p, ToyContext& c) -> std::unique_ptr<Toy> {
      return std::make_unique<Threshold>(p, c);
    });

struct JobParams {
  std::string name;
  ToyRegistry::Choice policy;
};
struct RootParams {
  std::vector<JobParams> jobs;
};

ParamTable<RootParams> root_table() {
  ParamTable<JobParams> job("job");
  job.text("name", &JobParams::name, {.help = "Name."});
  job.component<ToyRegistry>("policy", &JobParams::policy, {.help = "Policy."});
  job.required("name");
  ParamTable<RootParams> t("scenario");
  t.objects("jobs", &RootParams::jobs, job, {.help = "Jobs."}, 1);
  return t;
}

std::string errors_of(const std::string& text, RootParams* out = nullptr) {
  Errors errors;
  RootParams params;
  if (const auto document = parse_document(text, "wc.json", errors)) {
    root_table().read(document->root(), params, errors);
  }
  if (out != nullptr) *out = params;
  return errors.text();
}

}  // namespace

TEST_CASE("a component is read with its parameters and built", "[scenario]") {
  RootParams root;
  CHECK(errors_of(R"({"jobs": [{"name": "wc", "policy": {"type": "threshold", "high": 0.7, "metric": "queue",
                      "cooldown_windows": 4.0}}, {"name": "b", "policy": "threshold"}]})",
                  &root) == "");
  REQUIRE(root.jobs.size() == 2);
  CHECK(root.jobs[0].policy.build(ToyContext{2})->high() == 1.4);
  CHECK(root.jobs[1].policy.build(ToyContext{1})->high() == 0.8);
  CHECK(root.jobs[0].policy.params<ThresholdParams>()->cooldown_windows == 4);
  CHECK(root.jobs[0].policy.params<ThresholdParams>()->metric == Metric::queue);
}

TEST_CASE("errors say file, line, path, what is wrong and what is allowed, all at once", "[scenario]") {
  CHECK(errors_of(
            "{\"jobs\": [\n{\"name\": \"a\", \"policy\": {\"type\": \"threshold\",\n\"hihg\": 1}},\n"
            "{\"policy\": \"treshold\"},\n{\"name\": 3, \"policy\": {\"type\": \"threshold\", \"low\": 0.9}},"
            "\n{\"name\": \"d\", \"policy\": {\"type\": \"threshold\",\n \"high\": -1}}\n]}") ==
        "wc.json:3: jobs[0].policy.hihg: unknown parameter of policy threshold (did you mean \"high\"? "
        "allowed: "
        "cooldown_windows, down, high, interval_s, low, metric)\n"
        "wc.json:4: jobs[1].policy: unknown policy \"treshold\" (did you mean \"threshold\"? allowed: "
        "threshold)\n"
        "wc.json:4: jobs[1].name: missing in job (a text in double quotes)\n"
        "wc.json:5: jobs[2].name: 3 is not a text (a text in double quotes)\n"
        "wc.json:5: jobs[2].policy: low is not below high (low < high)\n"
        "wc.json:7: jobs[3].policy.high: -1 is out of range (a finite number from 0 to 1, share of time)\n");
}
