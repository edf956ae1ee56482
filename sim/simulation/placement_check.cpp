#include "sim/simulation/placement_check.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <numeric>
#include <stdexcept>

#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/logical_graph.hpp"

namespace weir {

namespace {

// In the child. A line for each error: `-` or the job's number, `e` if it is the engine's, a blank, what is
// wrong.
std::string error_lines(const std::string& of, const std::string& text) {
  std::string lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines += fmt::format("{} {}\n", of, text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string try_placements(const PlacementTrial& trial) {
  auto& calendar = *new Calendar();
  auto& cluster = *new Cluster(trial.cluster, calendar, trial.base_dir, trial.seed);
  std::vector<int> free_slots;
  for (int host = 0; host < cluster.host_count(); ++host) free_slots.push_back(cluster.host(host).slots);
  std::string lines;
  for (std::size_t j = 0; j < trial.jobs.size(); ++j) {
    const JobSpec& job = *trial.jobs[j].job;
    try {
      const LogicalGraph graph = resolve(*trial.jobs[j].dataflow);
      // Nothing runs: whose number it is does not matter.
      EngineContext of_engine{calendar, cluster, {}, trial.seed, job.name, 0};
      // An engine that is not known was told of.
      const auto engine = job.engine.empty() ? nullptr : job.engine.build(of_engine);
      const bool shared = engine && engine->shares_slots();
      PlacementContext context{trial.seed, job.name, cluster, graph, shared};
      const std::vector<InstanceToPlace> wanted = slots_wanted(initial_parallelism(graph), shared);
      const auto placement = job.placement.build(context);
      if (!trial.may_fit) continue;
      const auto hosts = placement->place(wanted, {}, free_slots);
      const auto free = std::accumulate(free_slots.begin(), free_slots.end(), std::int64_t{0});
      if (!hosts && shared && free < static_cast<std::int64_t>(wanted.size())) {
        lines += error_lines(std::to_string(j),
                             fmt::format("the initial parallelism needs {} slots, which its operators share, "
                                         "and there are {}",
                                         wanted.size(), free));
        continue;
      }
      if (!hosts) {
        lines += error_lines(std::to_string(j),
                             "the initial parallelism does not fit on the hosts that the placement allows");
        continue;
      }
      for (const int host : *hosts) --free_slots[host];
      if (!engine) continue;
      std::vector<PlacedInstance> placed;
      for (std::size_t i = 0; i < wanted.size(); ++i)
        placed.push_back({wanted[i].operator_id, wanted[i].index, (*hosts)[i]});
      for (const std::string& problem : engine->problems(graph, cluster, placed))
        lines += error_lines(fmt::format("{}e", j), problem);
    } catch (const std::exception& e) {
      lines += error_lines(std::to_string(j), e.what());
    }
  }
  return lines;
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
    std::string lines;
    try {
      lines = try_placements(trial);
    } catch (const std::exception& e) {
      lines = error_lines("-", e.what());
    }
    const char* at = lines.data();
    for (std::size_t left = lines.size(); left > 0;) {
      const ssize_t wrote = write(fds[1], at, left);
      if (wrote <= 0) _exit(1);
      at += wrote;
      left -= static_cast<std::size_t>(wrote);
    }
    _exit(0);
  }
  close(fds[1]);
  const std::string lines = read_all(fds[0]);
  close(fds[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::vector<PlacementError> errors;
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = lines.find('\n', begin);
    PlacementError error;
    const std::size_t blank = lines.find(' ', begin);
    std::size_t job = 0;
    if (std::from_chars(lines.data() + begin, lines.data() + blank, job).ec == std::errc()) error.job = job;
    error.engine = blank > begin && lines[blank - 1] == 'e';
    error.what = lines.substr(blank + 1, end - blank - 1);
    errors.push_back(error);
    begin = end + 1;
  }
  if (errors.empty() && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
    errors.push_back({std::nullopt, false, "SimGrid cannot build this cluster"});
  }
  return errors;
}

}  // namespace weir
