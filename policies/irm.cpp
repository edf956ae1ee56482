#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "policies/irm/manager.hpp"
#include "sim/control/policy.hpp"

// HarmonicIO's Intelligent Resource Manager (IRM): containers as they are needed, packed onto as few workers
// as their measured CPU allows.
//
//   backlog ─▶ load predictor ─▶ container queue ─▶ packing run ─▶ queue managers ─▶ containers on workers
//                                     ▲                                  │
//   CPU of containers ─▶ profiler ────┘ sizes                            └─ workers wanted: bins + some idle
//
// Each part has its own loop and interval; where several are due, they run in the order profiler, predictor,
// packing, workers, queue managers (the original's threads have none). Workers are there from the start: one
// that is active may get containers. Containers leave by themselves, when idle for long (the engine).
//
// Sources: HarmonicIO, branch adding_irm_real: irm_components.py, resource_manager.py; parameters as
// policies/irm/rules.hpp says.

namespace weir {

namespace {

enum class Preset { documented, configured };

struct IrmParams {
  Preset preset = Preset::documented;
  std::optional<double> packing_interval_s, default_cpu_share, profiling_interval_s, predictor_interval_s;
  std::optional<double> lower_rate_limit_per_s, upper_rate_limit_per_s, slowdown_rate_per_s;
  std::optional<int> queue_size_limit, large_scaleup_amount, small_scaleup_amount, container_request_ttl;
  std::optional<double> scaleup_waiting_time_s;
  double minimum_cpu_share = 0.02;
  double space_margin = 0;
  double report_interval_s = 5;
  int queue_managers = 4;
  double queue_manager_sleep_s = 1;
  double worker_step_s = 1;
  double interval_s = 0.1;
};

ParamTable<IrmParams> table() {
  using P = IrmParams;
  ParamTable<P> t;
  const char* code = "irm_components.py";
  const char* presets = "IRM_default_parameters.md; irm_configuration.json";
  t.choice(
      "preset", &P::preset,
      {.help = "Published parameters: those documented in 2020 (also with the paper), or those configured "
               "in the code from 2018 on. The ones below go before.",
       .source = "IRM_default_parameters.md; irm_configuration.json"},
      {{"documented", Preset::documented}, {"configured", Preset::configured}});
  t.real("packing_interval_s", &P::packing_interval_s,
         {.unit = "s", .help = "Between packing runs; 1 in both presets.", .source = presets},
         interval_range());
  t.real("default_cpu_share", &P::default_cpu_share,
         {.unit = "",
          .help = "Size of a container of which nothing was measured, of a worker; 0.125 or 0.5.",
          .source = presets},
         Range{.low = 1e-6, .high = 1e3});
  t.real("profiling_interval_s", &P::profiling_interval_s,
         {.unit = "s", .help = "Between updates of the profiles; 4 or 5.", .source = presets},
         interval_range());
  t.real("predictor_interval_s", &P::predictor_interval_s,
         {.unit = "s",
          .help = "Between looks at the backlogs, and the step of their rates; 1 or 2.",
          .source = presets},
         interval_range());
  const Range rate{.low = -1e9, .high = 1e9};
  t.real("lower_rate_limit_per_s", &P::lower_rate_limit_per_s,
         {.unit = "messages/s",
          .help = "A backlog that grows faster gets the small amount; 2 or 5.",
          .source = presets},
         rate);
  t.real("upper_rate_limit_per_s", &P::upper_rate_limit_per_s,
         {.unit = "messages/s",
          .help = "A backlog that grows faster gets the large amount; 5 or 10.",
          .source = presets},
         rate);
  t.real("slowdown_rate_per_s", &P::slowdown_rate_per_s,
         {.unit = "messages/s",
          .help = "A long backlog gets the large amount unless it shrinks this fast; -2 or -10.",
          .source = presets},
         rate);
  t.integer("queue_size_limit", &P::queue_size_limit,
            {.unit = "messages", .help = "A longer backlog is long; 10 or 100.", .source = presets},
            at_least(0));
  t.real("scaleup_waiting_time_s", &P::scaleup_waiting_time_s,
         {.unit = "s",
          .help = "After it asked for containers, the predictor waits for more than this; 10 or 5.",
          .source = presets},
         waiting_range());
  t.integer("large_scaleup_amount", &P::large_scaleup_amount,
            {.unit = "containers", .help = "2 or 4.", .source = presets}, between(0, 16384));
  t.integer("small_scaleup_amount", &P::small_scaleup_amount,
            {.unit = "containers", .help = "1 in both.", .source = presets}, between(0, 16384));
  t.integer("container_request_ttl", &P::container_request_ttl,
            {.unit = "",
             .help = "How often a container whose start failed is queued again; 1 or 50.",
             .source = presets},
            between(0, 1'000'000));
  t.real("minimum_cpu_share", &P::minimum_cpu_share,
         {.unit = "", .help = "No container is profiled as less.", .source = "master configuration"},
         Range{.low = 0, .high = 1});
  t.real("space_margin", &P::space_margin,
         {.unit = "", .help = "A worker keeps so much of its CPU free.", .source = code},
         Range{.low = 0, .high = 1});
  t.real("report_interval_s", &P::report_interval_s,
         {.unit = "s",
          .help = "How often workers report; the last metric window before is what they say.",
          .source = "worker; 1 in the thesis' configuration"},
         interval_range());
  t.integer("queue_managers", &P::queue_managers,
            {.unit = "", .help = "That start containers, each one at a time.", .source = code},
            between(1, 1024));
  t.real("queue_manager_sleep_s", &P::queue_manager_sleep_s,
         {.unit = "s", .help = "Before each start.", .source = code}, interval_range());
  t.real("worker_step_s", &P::worker_step_s,
         {.unit = "s", .help = "Between changes of the number of active workers, by one.", .source = code},
         interval_range());
  t.real("interval_s", &P::interval_s,
         {.unit = "s", .help = "How often it looks which of its loops are due.", .source = "weir's own"},
         interval_range());
  return t;
}

irm::Parameters chosen(const IrmParams& p) {
  irm::Parameters c = p.preset == Preset::documented ? irm::documented : irm::configured;
  c.packing_interval_s = p.packing_interval_s.value_or(c.packing_interval_s);
  c.default_cpu_share = p.default_cpu_share.value_or(c.default_cpu_share);
  c.profiling_interval_s = p.profiling_interval_s.value_or(c.profiling_interval_s);
  c.predictor_interval_s = p.predictor_interval_s.value_or(c.predictor_interval_s);
  c.lower_rate_limit_per_s = p.lower_rate_limit_per_s.value_or(c.lower_rate_limit_per_s);
  c.upper_rate_limit_per_s = p.upper_rate_limit_per_s.value_or(c.upper_rate_limit_per_s);
  c.slowdown_rate_per_s = p.slowdown_rate_per_s.value_or(c.slowdown_rate_per_s);
  if (p.queue_size_limit) c.queue_size_limit = *p.queue_size_limit;
  c.scaleup_waiting_time_s = p.scaleup_waiting_time_s.value_or(c.scaleup_waiting_time_s);
  c.large_scaleup_amount = p.large_scaleup_amount.value_or(c.large_scaleup_amount);
  c.small_scaleup_amount = p.small_scaleup_amount.value_or(c.small_scaleup_amount);
  c.container_request_ttl = p.container_request_ttl.value_or(c.container_request_ttl);
  return c;
}

std::string containers(int count) {
  return fmt::format("{} container{}", count, count == 1 ? "" : "s");
}

// A loop that sleeps: due at multiples of its interval.
class Loop {
 public:
  explicit Loop(double interval_s) : interval_ns_(std::max<Nanos>(1, to_nanos(interval_s))) {
    next_ns_ = interval_ns_;
  }
  bool due(Nanos now) {
    if (now < next_ns_) return false;
    next_ns_ = (now / interval_ns_ + 1) * interval_ns_;
    return true;
  }

 private:
  Nanos interval_ns_;
  Nanos next_ns_;
};

class Irm final : public Policy {
 public:
  Irm(const IrmParams& params, const PolicyContext& context)
      : params_(params),
        rules_(chosen(params)),
        window_s_(context.job.metrics_interval_s),
        profiling_(rules_.profiling_interval_s),
        predicting_(rules_.predictor_interval_s),
        packing_(rules_.packing_interval_s),
        scaling_(params.worker_step_s),
        threads_(static_cast<std::size_t>(params.queue_managers),
                 {to_nanos(params.queue_manager_sleep_s), -1}) {}

  double interval_s() const override { return params_.interval_s; }
  double history_s() const override {
    return params_.report_interval_s + 2 * window_s_ + 2 * params_.interval_s;
  }
  std::vector<Decision> evaluate(const Observation& seen) override;
  std::vector<std::string> in_force() const override;
  nlohmann::json state() const override;
  std::string why_nothing(const JobView&) const override;

 private:
  struct Thread {
    Nanos ready_ns = 0;
    std::int64_t starting = -1;  // the decision that it waits for
  };
  struct Starting {
    int container = 0;
    int operator_id = 0;
  };
  struct Running {
    int container = 0;
    Nanos since_ns = 0;
  };
  struct WorkerCount {
    double time_s;
    int bins, target, active;
  };

  void set_up(const JobView& job);
  void hear_of_running(const MetricWindow& window, const JobView& job);
  void hear_reports(const Observation& seen);
  void hear_exits(const MetricWindow& window);
  void profile(const Observation& seen);
  void predict(const Observation& seen, std::vector<Decision>& decisions);
  void pack(std::vector<Decision>& decisions, const JobView& job);
  void start(const Observation& seen, std::vector<Decision>& decisions);
  void note_workers(Nanos now);

  IrmParams params_;
  irm::Parameters rules_;
  double window_s_;
  Loop profiling_, predicting_, packing_, scaling_;
  std::vector<Thread> threads_;
  std::optional<irm::Manager> manager_;
  bool told_of_running_ = false;
  std::vector<std::string> names_;               // of operators
  std::vector<int> in_containers_;               // operators
  std::vector<irm::LoadPredictor> predictors_;   // of these
  std::map<std::int64_t, Starting> starting_;    // by decision that asks for something
  std::map<std::pair<int, int>, Running> runs_;  // by operator and instance
  std::int64_t asked_ = 0;
  std::vector<WorkerCount> workers_;  // over time
};

// By operator and worker: the places there. Where all workers have as many, that is weir's way to say how
// many containers there can be, and no limit: HarmonicIO does not know of one, and what finds no port fails.
std::vector<std::vector<int>> limits(const ContainerPlaces& places) {
  std::vector<std::vector<int>> limits;
  for (const std::vector<int>& worker_of : places.worker_of) {
    std::vector<int>& own = limits.emplace_back(places.workers.size(), 0);
    for (const int worker : worker_of) ++own[static_cast<std::size_t>(worker)];
    const int most = *std::max_element(own.begin(), own.end());
    std::replace(own.begin(), own.end(), most, std::numeric_limits<int>::max());
  }
  return limits;
}

void Irm::set_up(const JobView& job) {
  WEIR_ASSERT(job.containers != nullptr, "the engine hosts containers: that was checked");
  const auto operators = static_cast<int>(job.operators.size());
  manager_.emplace(irm::ManagerSettings{.parameters = rules_,
                                        .minimum_cpu_share = params_.minimum_cpu_share,
                                        .space_margin = params_.space_margin,
                                        .containers_max = limits(*job.containers)},
                   operators, static_cast<int>(job.containers->workers.size()));
  for (int op = 0; op < operators; ++op) {
    names_.push_back(job.operators[static_cast<std::size_t>(op)].name);
    if (job.containers->worker_of[static_cast<std::size_t>(op)].empty()) continue;
    in_containers_.push_back(op);
    predictors_.emplace_back(rules_);
  }
}

// The first reports of the workers: what they say is there was not asked for, and runs from the start.
void Irm::hear_of_running(const MetricWindow& window, const JobView& job) {
  told_of_running_ = true;
  for (const int op : in_containers_) {
    const auto& instances = window.operators[static_cast<std::size_t>(op)].instances;
    for (std::size_t i = 0; i < instances.size(); ++i) {
      if (instances[i].stopped) continue;
      const int worker = job.containers->worker_of[static_cast<std::size_t>(op)][i];
      runs_[{op, static_cast<int>(i)}] = {manager_->runs_from_start(op, worker), window.end_ns};
    }
  }
}

void Irm::hear_reports(const Observation& seen) {
  for (const ActionReport& report : seen.reports) {
    const auto of = starting_.find(report.id);
    if (of == starting_.end() || report.status == ActionReport::Status::accepted) continue;
    const Starting start = of->second;
    starting_.erase(of);
    for (Thread& thread : threads_) {
      if (thread.starting == report.id)
        thread = {report.ended_ns + to_nanos(params_.queue_manager_sleep_s), -1};
    }
    if (report.status != ActionReport::Status::done) {
      manager_->failed(start.container);
      continue;
    }
    manager_->started(start.container);
    const auto [place, added] = runs_.try_emplace({start.operator_id, report.instance});
    if (!added) manager_->exited(place->second.container);  // who was there before has gone
    place->second = {start.container, report.ended_ns};
  }
}

void Irm::hear_exits(const MetricWindow& window) {
  std::erase_if(runs_, [&](const auto& one) {
    const auto [op, index] = one.first;
    const InstanceMetrics& m =
        window.operators[static_cast<std::size_t>(op)].instances[static_cast<std::size_t>(index)];
    if (!m.stopped || one.second.since_ns >= window.end_ns) return false;
    manager_->exited(one.second.container);
    return true;
  });
}

// By worker: the part of a second of CPU that a container had of each second in service. Containers that were
// in service for longer than their worker's cores were there shared these evenly.
std::vector<double> served_share(const MetricWindow& window, const ContainerPlaces& places) {
  std::vector<double> in_service_s(places.workers.size(), 0);
  for (std::size_t op = 0; op < places.worker_of.size(); ++op) {
    for (std::size_t i = 0; i < places.worker_of[op].size(); ++i)
      in_service_s[static_cast<std::size_t>(places.worker_of[op][i])] +=
          window.operators[op].instances[i].useful_s;
  }
  std::vector<double> share;
  for (std::size_t worker = 0; worker < in_service_s.size(); ++worker) {
    const double cores_s = places.workers[worker].cores * window.duration_s();
    share.push_back(in_service_s[worker] > cores_s ? cores_s / in_service_s[worker] : 1);
  }
  return share;
}

// Of each operator, the mean over its containers of their share of their worker's CPU, as last reported.
void Irm::profile(const Observation& seen) {
  const Nanos report_ns = to_nanos(params_.report_interval_s);
  const Nanos reported_ns = seen.now_ns / report_ns * report_ns;
  const MetricWindow* last = nullptr;
  for (const MetricWindow& window : seen.windows) {
    if (window.end_ns <= reported_ns) last = &window;
  }
  if (last == nullptr || last->duration_s() <= 0) return;
  const std::vector<double> served = served_share(*last, *seen.job.containers);
  for (const int op : in_containers_) {
    double sum = 0;
    int containers = 0;
    const auto& instances = last->operators[static_cast<std::size_t>(op)].instances;
    for (std::size_t i = 0; i < instances.size(); ++i) {
      if (instances[i].stopped) continue;
      const int worker = seen.job.containers->worker_of[static_cast<std::size_t>(op)][i];
      sum += instances[i].useful_s * served[static_cast<std::size_t>(worker)] / last->duration_s() /
             seen.job.containers->workers[static_cast<std::size_t>(worker)].cores;
      ++containers;
    }
    if (containers > 0) manager_->profiled(op, sum / containers);
  }
}

void Irm::predict(const Observation& seen, std::vector<Decision>& decisions) {
  const MetricWindow& last = seen.windows.back();
  for (std::size_t i = 0; i < in_containers_.size(); ++i) {
    const auto op = static_cast<std::size_t>(in_containers_[i]);
    const auto queue = static_cast<std::int64_t>(std::llround(last.operators[op].queue_records()));
    const int more = predictors_[i].step(queue, seen.now_s());
    for (int n = 0; n < more; ++n) manager_->request(in_containers_[i]);
    if (more > 0)
      decisions.push_back({fmt::format("{}: backlog of {}", names_[op], queue),
                           "load predictor",
                           fmt::format("{} containers asked for", more),
                           {}});
  }
}

void Irm::pack(std::vector<Decision>& decisions, const JobView& job) {
  const std::vector<irm::Manager::Start> packed = manager_->pack();
  if (packed.empty()) return;
  std::string where;
  for (const irm::Manager::Start& one : packed) {
    const auto worker = static_cast<std::size_t>(one.worker);
    const auto& workers = job.containers->workers;
    where += fmt::format("{}{} ({:.6g}) -> {}", where.empty() ? "" : ", ",
                         names_[static_cast<std::size_t>(one.operator_id)], one.size,
                         worker < workers.size() ? workers[worker].name : fmt::format("bin {}", worker));
  }
  decisions.push_back({fmt::format("{} containers in the queue", packed.size()), "first-fit", where, {}});
}

void Irm::start(const Observation& seen, std::vector<Decision>& decisions) {
  for (Thread& thread : threads_) {
    if (thread.starting >= 0 || seen.now_ns < thread.ready_ns) continue;
    const auto start = manager_->take();
    if (!start) {
      // Nothing to do, or its worker is not active: it sleeps again.
      thread.ready_ns += to_nanos(params_.queue_manager_sleep_s);
      continue;
    }
    const std::string& worker = seen.job.containers->workers[static_cast<std::size_t>(start->worker)].name;
    Decision decision{"a packed container",
                      "start",
                      fmt::format("{} ({:.6g}) on {}", names_[static_cast<std::size_t>(start->operator_id)],
                                  start->size, worker),
                      {}};
    decision.container = ContainerTarget{start->operator_id, start->worker};
    decisions.push_back(std::move(decision));
    thread.starting = asked_;
    starting_[asked_++] = {start->container, start->operator_id};
  }
}

void Irm::note_workers(Nanos now) {
  const WorkerCount count{static_cast<double>(now) / 1e9, manager_->bins().count(),
                          manager_->target_workers(), manager_->active_workers()};
  if (!workers_.empty() && workers_.back().bins == count.bins && workers_.back().target == count.target &&
      workers_.back().active == count.active)
    return;
  workers_.push_back(count);
}

std::vector<Decision> Irm::evaluate(const Observation& seen) {
  std::vector<Decision> decisions;
  if (!manager_) set_up(seen.job);
  hear_reports(seen);
  if (!seen.windows.empty()) {
    if (!told_of_running_) hear_of_running(seen.windows.back(), seen.job);
    hear_exits(seen.windows.back());
  }
  if (profiling_.due(seen.now_ns)) profile(seen);
  if (!seen.windows.empty() && predicting_.due(seen.now_ns)) predict(seen, decisions);
  if (packing_.due(seen.now_ns)) pack(decisions, seen.job);
  if (scaling_.due(seen.now_ns)) manager_->step_workers();
  start(seen, decisions);
  note_workers(seen.now_ns);
  return decisions;
}

// It may have asked for containers, and still have started none.
std::string Irm::why_nothing(const JobView&) const {
  if (!manager_ || manager_->counts().requested == 0)
    return fmt::format("no backlog ever grew by more than {} messages/s, or was longer than {}",
                       rules_.lower_rate_limit_per_s, rules_.queue_size_limit);
  const irm::Manager::Counts& counts = manager_->counts();
  std::string why =
      fmt::format("its load predictor asked for containers ({}), and none was started", counts.requested);
  if (counts.lost > 0) why += fmt::format("; {} were lost, being as large as a whole worker", counts.lost);
  if (counts.failed > 0)
    why += fmt::format(
        "; a start failed {} times, where a worker was not active or had no free place, and {} "
        "were dropped after that",
        counts.failed, counts.dropped);
  return why;
}

std::vector<std::string> Irm::in_force() const {
  const irm::Parameters& p = rules_;
  return {
      fmt::format("irm: parameters as {}{}",
                  params_.preset == Preset::documented ? "documented (2020)" : "configured in the code",
                  p == (params_.preset == Preset::documented ? irm::documented : irm::configured)
                      ? ""
                      : ", but for those that the scenario gives"),
      fmt::format("irm: load predictor every {} s: a backlog that grows by more than {} messages/s, or is "
                  "longer than {} and changes by more than {} messages/s, gets {}; one that grows by more "
                  "than {} messages/s, or is longer than {}, gets {}; then none for {} s",
                  p.predictor_interval_s, p.upper_rate_limit_per_s, p.queue_size_limit, p.slowdown_rate_per_s,
                  containers(p.large_scaleup_amount), p.lower_rate_limit_per_s, p.queue_size_limit,
                  containers(p.small_scaleup_amount), p.scaleup_waiting_time_s),
      fmt::format("irm: packing by first-fit every {} s: a container takes {} of a worker until it is "
                  "profiled, every {} s; a start that failed is tried again {}",
                  p.packing_interval_s, p.default_cpu_share, p.profiling_interval_s,
                  p.container_request_ttl == 1 ? "once" : fmt::format("{} times", p.container_request_ttl))};
}

// What the preset says, and what goes before it.
nlohmann::json told_parameters(const irm::Parameters& p) {
  return {{"packing_interval_s", p.packing_interval_s},
          {"default_cpu_share", p.default_cpu_share},
          {"profiling_interval_s", p.profiling_interval_s},
          {"predictor_interval_s", p.predictor_interval_s},
          {"lower_rate_limit_per_s", p.lower_rate_limit_per_s},
          {"upper_rate_limit_per_s", p.upper_rate_limit_per_s},
          {"slowdown_rate_per_s", p.slowdown_rate_per_s},
          {"queue_size_limit", p.queue_size_limit},
          {"scaleup_waiting_time_s", p.scaleup_waiting_time_s},
          {"large_scaleup_amount", p.large_scaleup_amount},
          {"small_scaleup_amount", p.small_scaleup_amount},
          {"container_request_ttl", p.container_request_ttl}};
}

nlohmann::json Irm::state() const {
  nlohmann::json told = {{"preset", params_.preset == Preset::documented ? "documented" : "configured"},
                         {"parameters", told_parameters(rules_)}};
  if (!manager_) return told;
  const irm::Manager::Counts& counts = manager_->counts();
  told["containers"] = {
      {"requested", counts.requested},  {"started", counts.started}, {"failed_starts", counts.failed},
      {"dropped", counts.dropped},      {"lost", counts.lost},       {"exited", counts.exited},
      {"from_start", counts.from_start}};
  for (const int op : in_containers_) {
    const auto share = manager_->profile(op);
    told["profiles"][names_[static_cast<std::size_t>(op)]] = share ? nlohmann::json(*share) : nullptr;
  }
  told["workers"] = nlohmann::json::array();
  for (const WorkerCount& one : workers_)
    told["workers"].push_back(
        {{"time_s", one.time_s}, {"bins", one.bins}, {"target", one.target}, {"active", one.active}});
  return told;
}

const auto registered = PolicyRegistry::add<IrmParams>(
    {.name = "irm",
     .help = "HarmonicIO's resource manager: profiles containers, predicts load, packs by first-fit.",
     .source = "Snapple49/HarmonicIO, branch adding_irm_real; HASTE-project/bin-packing-paper",
     .hosts_containers = true},
    table(), [](const IrmParams& params, PolicyContext& context) -> std::unique_ptr<Policy> {
      return std::make_unique<Irm>(params, context);
    });

}  // namespace

}  // namespace weir
