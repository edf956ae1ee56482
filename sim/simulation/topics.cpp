#include "sim/simulation/topics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

namespace {

// Whether the outside world feeds the topic through that source.
bool has_arrivals(const JobSpec& job, const TopicUse& reads) {
  WorkloadContext context;
  const auto workload = job.workload.build(context);
  for (const SourceSpec& source : workload->dataflow().sources)
    if (source.name == reads.operator_name) return source.arrivals.name() != "none";
  return false;
}

bool writes(const JobSpec& job, const std::string& topic) {
  return std::any_of(job.writes.begin(), job.writes.end(),
                     [&](const TopicUse& use) { return use.topic == topic; });
}

// From the jobs so far to the one they began with.
void find_rings(const Scenario& scenario, std::vector<std::size_t>& path, std::vector<std::string>& rings) {
  for (const TopicUse& written : scenario.jobs[path.back()].writes) {
    for (std::size_t next = path.front(); next < scenario.jobs.size(); ++next) {
      const JobSpec& job = scenario.jobs[next];
      if (std::none_of(job.reads.begin(), job.reads.end(),
                       [&](const TopicUse& use) { return use.topic == written.topic; }))
        continue;
      if (next == path.front()) {
        std::vector<std::string> names;
        for (const std::size_t at : path) names.push_back(scenario.jobs[at].name);
        names.push_back(job.name);
        rings.push_back(fmt::format("{}", fmt::join(names, " -> ")));
      } else if (std::find(path.begin(), path.end(), next) == path.end()) {
        path.push_back(next);
        find_rings(scenario, path, rings);
        path.pop_back();
      }
    }
  }
}

}  // namespace

std::vector<std::string> other_writers(const Scenario& scenario, std::size_t number, const TopicUse& reads) {
  std::vector<std::string> who;
  for (std::size_t j = 0; j < scenario.jobs.size(); ++j) {
    const JobSpec& job = scenario.jobs[j];
    if (writes(job, reads.topic)) who.push_back(fmt::format("job {} writes topic {}", job.name, reads.topic));
    for (const TopicUse& use : job.reads)
      if (use.topic == reads.topic && (j != number || use.operator_name != reads.operator_name) &&
          has_arrivals(job, use))
        who.push_back(fmt::format("what arrives at {} of job {} goes to topic {}", use.operator_name,
                                  job.name, use.topic));
  }
  return who;
}

std::vector<std::string> topic_rings(const Scenario& scenario) {
  std::vector<std::string> rings;
  for (std::size_t first = 0; first < scenario.jobs.size(); ++first) {
    std::vector<std::size_t> path = {first};
    find_rings(scenario, path, rings);
  }
  std::sort(rings.begin(), rings.end());
  rings.erase(std::unique(rings.begin(), rings.end()), rings.end());
  return rings;
}

Brokers::Brokers(const Scenario& scenario, Calendar& calendar, Cluster& cluster) : scenario_(scenario) {
  for (std::size_t b = 0; b < scenario.brokers.size(); ++b) {
    all_.push_back(scenario.brokers[b].system.build(BrokerContext{}));
    all_.back()->start({calendar, cluster, scenario.seed, static_cast<int>(b)});
  }
}

Broker& Brokers::of(const std::string& topic) const {
  for (const auto& broker : all_)
    for (const TopicInfo& info : broker->topics())
      if (info.name == topic) return *broker;
  WEIR_ASSERT(false, "topics were checked");
  return *all_.front();
}

void Brokers::connect(Job& job, std::size_t number) {
  const JobSpec& spec = scenario_.jobs[number];
  for (const TopicUse& use : spec.reads) {
    const int source = job.graph().find(use.operator_name);
    job.read_from(source, of(use.topic).reader(use.topic, job, source),
                  other_writers(scenario_, number, use).empty());
  }
  for (const TopicUse& use : spec.writes) {
    const int sink = job.graph().find(use.operator_name);
    job.write_to(sink, of(use.topic).writer(use.topic, job, sink));
  }
}

double Brokers::events_per_s(const Job& job, std::size_t number, const JobRates& rates,
                             const std::vector<int>& parallelism) const {
  const JobSpec& spec = scenario_.jobs[number];
  const auto load = [&](const TopicUse& use, const std::vector<double>& records_per_s, double record_bytes) {
    const int op = job.graph().find(use.operator_name);
    TopicLoad of_use;
    of_use.topic = use.topic;
    of_use.instances = parallelism[op];
    of_use.bytes_per_s = records_per_s[op] * record_bytes;
    const double of_one = records_per_s[op] / of_use.instances;
    of_use.batches_per_s = records_per_s[op] / std::clamp(of_one * to_seconds(job.batch_span_ns()), 1.0,
                                                          static_cast<double>(job.batch_records()));
    return of_use;
  };
  double events = 0;
  for (const TopicUse& use : spec.reads) {
    const LogicalOperator& source = job.graph().operators[job.graph().find(use.operator_name)];
    // What is offered is put into the topic whether the job can read it or not.
    TopicLoad made = load(use, rates.offered_per_s, source.source_spec.record_bytes);
    made.made = source.source_spec.arrivals.name() != "none";
    events += of(use.topic).events_per_s(made);
    TopicLoad read = load(use, rates.input_per_s, source.source_spec.record_bytes);
    read.by_ranges = job.engine().reads_by_ranges();
    read.read = true;
    events += of(use.topic).events_per_s(read);
  }
  for (const TopicUse& use : spec.writes) {
    TopicLoad of_use = load(use, rates.input_per_s, 0);
    const int sink = job.graph().find(use.operator_name);
    for (const int edge : job.graph().operators[sink].inputs)
      of_use.bytes_per_s = std::max(
          of_use.bytes_per_s,
          rates.input_per_s[sink] * job.graph().operators[job.graph().edges[edge].from].output_bytes());
    of_use.made = true;
    events += of(use.topic).events_per_s(of_use);
  }
  return events;
}

}  // namespace weir
