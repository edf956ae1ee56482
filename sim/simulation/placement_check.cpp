#include "sim/simulation/placement_check.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <stdexcept>

#include "sim/cluster/cluster.hpp"
#include "sim/control/policy.hpp"
#include "sim/dataflow/logical_graph.hpp"
#include "sim/dataflow/placement_errors.hpp"

namespace weir {

namespace {

using nlohmann::json;

json error_of(std::size_t job, const std::string& what) {
  PlacementError usual;
  usual.job = job;
  usual.what = what;
  return {{"job", job}, {"what", what}, {"parameter", usual.parameter}, {"allowed", usual.allowed}};
}

std::string container_policies() {
  std::string names;
  for (const Component* policy : PolicyRegistry::list())
    if (policy->info.hosts_containers)
      names += fmt::format("{}{:?}", names.empty() ? "" : ", ", policy->info.name);
  return names;
}

// What is wrong where nobody ever starts a container of an operator; else nothing.
std::string never_started(const JobSpec& job, const Engine& engine, const LogicalGraph& graph) {
  if (job.policy.empty() || PolicyRegistry::find(job.policy.name())->info.hosts_containers) return "";
  std::string names;
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    if (engine.running_at_start(graph, static_cast<int>(op), graph.operators[op].parallelism()) == 0)
      names += fmt::format("{}{:?}", names.empty() ? "" : ", ", graph.operators[op].name);
  }
  return names.empty()
             ? ""
             : fmt::format("the policy {:?} starts no containers, and none of {} runs from the start",
                           job.policy.name(), names);
}

// In the child.
json try_placements(const PlacementTrial& trial) {
  auto& calendar = *new Calendar();
  auto& cluster = *new Cluster(trial.cluster, calendar, trial.base_dir, trial.seed);
  std::vector<int> free_slots;
  for (int host = 0; host < cluster.host_count(); ++host) free_slots.push_back(cluster.host(host).slots);
  json errors = json::array();
  for (std::size_t b = 0; b < trial.brokers.size(); ++b) {
    const auto broker = trial.brokers[b]->system.build(BrokerContext{});
    for (const ParameterProblem& problem : broker->parameter_problems(cluster))
      errors.push_back({{"broker", b},
                        {"what", problem.what},
                        {"parameter", "system." + problem.parameter},
                        {"allowed", problem.allowed}});
  }
  for (std::size_t j = 0; j < trial.jobs.size(); ++j) {
    const JobSpec& job = *trial.jobs[j].job;
    try {
      const LogicalGraph graph = resolve(*trial.jobs[j].dataflow);
      // Nothing runs: whose number it is does not matter.
      EngineContext of_engine{calendar, cluster, {}, trial.seed, job.name, 0, !job.failures.empty()};
      // An engine that is not known was told of.
      const auto engine = job.engine.empty() ? nullptr : job.engine.build(of_engine);
      bool right = true;
      if (engine) {
        for (const ParameterProblem& problem : engine->parameter_problems(graph, cluster)) {
          right = false;
          errors.push_back({{"job", j},
                            {"what", problem.what},
                            {"parameter", "engine." + problem.parameter},
                            {"allowed", problem.allowed}});
        }
        for (const IdleParameter& idle : engine->idle_parameters())
          errors.push_back(
              {{"job", j}, {"what", idle.why}, {"parameter", "engine." + idle.parameter}, {"idle", true}});
      }
      const bool shared = engine && engine->shares_slots();
      PlacementContext context{trial.seed, job.name, cluster, graph, shared};
      const std::vector<InstanceToPlace> wanted = slots_wanted(initial_parallelism(graph), shared);
      const auto placement = job.placement.build(context);
      if (!trial.may_fit) continue;
      const auto hosts = placement->place(wanted, {}, free_slots);
      const auto free = std::accumulate(free_slots.begin(), free_slots.end(), std::int64_t{0});
      if (!hosts && shared && free < static_cast<std::int64_t>(wanted.size())) {
        errors.push_back(
            error_of(j, fmt::format("the initial parallelism needs {} slots, which its operators share, "
                                    "and there are {}",
                                    wanted.size(), free)));
        continue;
      }
      if (!hosts) {
        const std::string refusal = placement->refusal();
        errors.push_back(error_of(
            j, refusal.empty() ? "the initial parallelism does not fit on the hosts that the placement allows"
                               : "the initial parallelism does not fit: " + refusal));
        continue;
      }
      for (const int host : *hosts) --free_slots[host];
      if (!engine || !right) continue;
      std::vector<PlacedInstance> placed;
      for (std::size_t i = 0; i < wanted.size(); ++i)
        placed.push_back({wanted[i].operator_id, wanted[i].index, (*hosts)[i]});
      for (const std::string& problem : engine->problems(graph, cluster, placed))
        errors.push_back({{"job", j}, {"what", problem}, {"parameter", "engine"}, {"allowed", ""}});
      const int workers = engine->workers_max(placed);
      for (std::size_t f = 0; workers > 0 && f < job.failures.size(); ++f) {
        if (job.failures[f].worker < workers) continue;
        errors.push_back(
            {{"job", j},
             {"what", fmt::format("there is no worker {}: there are {}", job.failures[f].worker, workers)},
             {"parameter", fmt::format("failures.{}.worker", f)},
             {"allowed", fmt::format("0 to {}", workers - 1)}});
      }
      if (const std::string idle = never_started(job, *engine, graph); !idle.empty())
        errors.push_back(
            {{"job", j},
             {"what", idle},
             {"parameter", "policy"},
             {"allowed", fmt::format("containers from the start, or the policy {}", container_policies())}});
    } catch (const EngineParameterError& e) {
      errors.push_back(
          {{"job", j}, {"what", e.what()}, {"parameter", "engine." + e.parameter}, {"allowed", e.allowed}});
    } catch (const PlacementParameterError& e) {
      for (const PlacementParameterError::Problem& one : e.problems)
        errors.push_back({{"job", j},
                          {"what", one.what},
                          {"parameter", one.parameter.empty() ? "placement" : "placement." + one.parameter},
                          {"allowed", one.allowed}});
    } catch (const std::exception& e) {
      // A placement tells of several in lines.
      std::istringstream lines(e.what());
      for (std::string line; std::getline(lines, line);) errors.push_back(error_of(j, line));
    }
  }
  return errors;
}

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

std::vector<PlacementError> check_placement(const PlacementTrial& trial) {
  int fds[2];
  if (pipe(fds) != 0) throw std::runtime_error("cannot make a pipe");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot start a process to try the placement in");
  if (child == 0) {
    close(fds[0]);
    json found = json::array();
    try {
      found = try_placements(trial);
    } catch (const std::exception& e) {
      std::istringstream lines(e.what());
      for (std::string line; std::getline(lines, line);) found.push_back({{"what", line}});
      if (found.empty()) found.push_back({{"what", "it cannot be built"}});
    }
    const std::string told = found.dump(-1, ' ', false, json::error_handler_t::replace);
    const char* at = told.data();
    for (std::size_t left = told.size(); left > 0;) {
      const ssize_t wrote = write(fds[1], at, left);
      if (wrote <= 0) _exit(1);
      at += wrote;
      left -= static_cast<std::size_t>(wrote);
    }
    _exit(0);
  }
  close(fds[1]);
  const std::string told = read_all(fds[0]);
  close(fds[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const json found = json::parse(told, nullptr, false);
  if (found.is_discarded() || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return {{std::nullopt, std::nullopt, "SimGrid cannot build this cluster"}};
  std::vector<PlacementError> errors;
  for (const json& one : found) {
    PlacementError error;
    if (one.contains("job")) error.job = one["job"].get<std::size_t>();
    if (one.contains("broker")) error.broker = one["broker"].get<std::size_t>();
    error.what = one["what"];
    error.idle = one.value("idle", false);
    error.parameter = one.value("parameter", error.parameter);
    error.allowed = one.value("allowed", error.allowed);
    errors.push_back(error);
  }
  return errors;
}

}  // namespace weir
