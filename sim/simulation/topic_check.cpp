#include "sim/simulation/topic_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "sim/scenario/node.hpp"
#include "sim/simulation/topics.hpp"

namespace weir {

namespace {

// All topics; nothing while some broker is not known.
std::optional<std::vector<TopicInfo>> topics_of(const Scenario& scenario, const Node& root,
                                                const Errors& errors) {
  const Node* brokers = root.find("brokers");
  if (brokers == nullptr ? !errors.sound(root, "brokers") : !errors.sound(*brokers)) return std::nullopt;
  std::vector<TopicInfo> topics;
  for (const BrokerSpec& broker : scenario.brokers) {
    if (broker.system.empty()) return std::nullopt;
    const std::vector<TopicInfo> own = broker.system.build(BrokerContext{})->topics();
    topics.insert(topics.end(), own.begin(), own.end());
  }
  return topics;
}

const Node& use_at(const Node& job, const char* list, std::size_t index) {
  const Node* uses = job.find(list);
  return uses != nullptr && index < uses->items().size() ? *uses->items()[index] : job;
}

const TopicInfo* find_topic(const std::vector<TopicInfo>& topics, const std::string& name, const Node& at,
                            Errors& errors) {
  const auto topic =
      std::find_if(topics.begin(), topics.end(), [&](const TopicInfo& t) { return t.name == name; });
  if (topic != topics.end()) return &*topic;
  std::vector<std::string> names;
  for (const TopicInfo& one : topics) names.push_back(one.name);
  errors.add(at.at_or_self("topic"), fmt::format("no broker has a topic {}", weir::quoted(name)),
             names.empty() ? "a topic of one of the scenario's `brokers`" : allowed_names(name, names));
  return nullptr;
}

void check_size(const TopicInfo& topic, double record_bytes, const Node& at, Errors& errors) {
  if (record_bytes <= topic.message_bytes_max) return;
  errors.add(at.at_or_self("topic"),
             fmt::format("records of {:.6g} B, which the broker of {} refuses", record_bytes,
                         weir::quoted(topic.name)),
             fmt::format("at most its message_bytes_max, {:.6g} B", topic.message_bytes_max));
}

// Each once.
bool is_new(std::set<std::string>& seen, const TopicUse& use, const Node& at, Errors& errors) {
  if (seen.insert(use.operator_name).second) return true;
  errors.add(at, fmt::format("{} a second time", weir::quoted(use.operator_name)), "one topic for each");
  return false;
}

template <class Spec>
std::vector<std::string> names_of(const std::vector<Spec>& all) {
  std::vector<std::string> names;
  for (const Spec& one : all) names.push_back(one.name);
  return names;
}

}  // namespace

void check_topics(const Scenario& scenario, const JobSpec& job, const DataflowSpec& dataflow,
                  const Node& root, const Node& at, Errors& errors) {
  if (job.reads.empty() && job.writes.empty()) return;
  if (!errors.sound(at, "reads") || !errors.sound(at, "writes")) return;
  const auto topics = topics_of(scenario, root, errors);
  if (!topics) return;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < job.reads.size(); ++i) {
    const Node& node = use_at(at, "reads", i);
    const TopicUse& use = job.reads[i];
    const TopicInfo* topic = find_topic(*topics, use.topic, node, errors);
    const auto source = std::find_if(dataflow.sources.begin(), dataflow.sources.end(),
                                     [&](const SourceSpec& s) { return s.name == use.operator_name; });
    if (source == dataflow.sources.end()) {
      errors.add(node.at_or_self("source"),
                 fmt::format("the job has no source {}", weir::quoted(use.operator_name)),
                 allowed_names(use.operator_name, names_of(dataflow.sources)));
      continue;
    }
    if (!is_new(seen, use, node, errors)) continue;
    if (source->when_blocked == WhenBlocked::skip)
      errors.add(node.at_or_self("source"),
                 fmt::format("{} skips records while it is blocked; those of a topic wait",
                             weir::quoted(source->name)),
                 "a source with \"when_blocked\": \"queue\"");
    if (topic == nullptr) continue;
    check_size(*topic, source->record_bytes, node, errors);
    const auto number = static_cast<std::size_t>(&job - scenario.jobs.data());
    if (source->arrivals.name() == "none" && other_writers(scenario, number, use).empty())
      errors.add(node.at_or_self("topic"), fmt::format("nobody writes topic {}", weir::quoted(use.topic)),
                 "a topic that a job `writes`, or arrivals other than \"none\"");
  }
  for (std::size_t i = 0; i < job.writes.size(); ++i) {
    const Node& node = use_at(at, "writes", i);
    const TopicUse& use = job.writes[i];
    const TopicInfo* topic = find_topic(*topics, use.topic, node, errors);
    const auto sends = [&](const std::string& name) {
      return std::any_of(dataflow.edges.begin(), dataflow.edges.end(),
                         [&](const EdgeSpec& edge) { return edge.from == name; });
    };
    std::vector<std::string> sinks;
    for (const OperatorSpec& op : dataflow.operators)
      if (!sends(op.name)) sinks.push_back(op.name);
    if (std::find(sinks.begin(), sinks.end(), use.operator_name) == sinks.end()) {
      errors.add(node.at_or_self("sink"),
                 fmt::format("the job has no sink {}", weir::quoted(use.operator_name)),
                 allowed_names(use.operator_name, sinks));
      continue;
    }
    if (!is_new(seen, use, node, errors) || topic == nullptr) continue;
    double record_bytes = 0;
    for (const EdgeSpec& edge : dataflow.edges) {
      if (edge.to != use.operator_name) continue;
      for (const SourceSpec& source : dataflow.sources)
        if (source.name == edge.from) record_bytes = std::max(record_bytes, source.record_bytes);
      for (const OperatorSpec& op : dataflow.operators)
        if (op.name == edge.from) record_bytes = std::max(record_bytes, op.output_bytes);
    }
    check_size(*topic, record_bytes, node, errors);
  }
}

}  // namespace weir
