#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>

#include "models/brokers/kafka/consumer_group.hpp"
#include "models/brokers/kafka/params.hpp"
#include "models/brokers/kafka/producers.hpp"
#include "models/brokers/kafka/topic_log.hpp"
#include "sim/dataflow/broker.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/scenario/errors.hpp"

// Apache Kafka: brokers with partitioned, replicated topics.
//
//   Producers ─▶ TopicLog ─▶ ConsumerGroup
//
// Modelled: batches and linger, requests in flight, threads of the brokers, replication over the network,
// acknowledgement, visibility at the high watermark, fetches that wait, their limits, the page cache and the
// disk behind it, range assignment, lag. Writing to disk costs nothing: the page cache takes it. Not
// modelled: brokers that fail, compression, retention (what is unread is never deleted), transactions,
// commits of offsets.

namespace weir {

namespace kafka {
namespace {

std::string counted(std::size_t number, const char* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

class Kafka final : public Broker {
 public:
  explicit Kafka(const KafkaParams& params) : params_(params) {}

  std::vector<TopicInfo> topics() const override {
    std::vector<TopicInfo> all;
    for (const TopicParams& topic : params_.topics) all.push_back({topic.name, params_.message_bytes_max});
    return all;
  }

  std::vector<ParameterProblem> parameter_problems(const Cluster& cluster) const override {
    std::vector<ParameterProblem> problems;
    for (std::size_t i = 0; i < params_.hosts.size(); ++i)
      check_host(cluster, params_.hosts[i], fmt::format("hosts.{}", i), problems);
    if (!params_.producer.host.empty()) check_host(cluster, params_.producer.host, "producer.host", problems);
    return problems;
  }

  void start(const BrokerSetup& setup) override {
    nodes_ = std::make_unique<Nodes>(Nodes{setup.calendar, setup.cluster, params_, {}, nullptr});
    for (std::size_t i = 0; i < params_.hosts.size(); ++i)
      nodes_->all.emplace_back(*host_of(setup.cluster, params_.hosts[i]), params_.io_threads);
    if (!params_.producer.host.empty()) outside_ = *host_of(setup.cluster, params_.producer.host);
    next_id_ = 0xC1000000u + (static_cast<std::uint32_t>(setup.number) << 16);
    nodes_->replicas = std::make_unique<ReplicaFetchers>(*nodes_, next_id_++);
    for (const TopicParams& topic : params_.topics) logs_.emplace_back(*nodes_, topic);
  }

  TopicReader& reader(const std::string& topic, Job& job, int operator_id) override {
    const std::size_t number = number_of(topic);
    auto outside = std::make_unique<Producers>(*nodes_, logs_[number], next_id_++,
                                               job.graph().operators[operator_id].parallelism(), outside_);
    groups_.push_back({number, std::make_unique<ConsumerGroup>(*nodes_, logs_[number], next_id_++, job,
                                                               operator_id, std::move(outside))});
    return *groups_.back().group;
  }

  TopicWriter& writer(const std::string& topic, Job& job, int operator_id) override {
    const std::size_t number = number_of(topic);
    writers_.push_back(
        {number, std::make_unique<Producers>(*nodes_, logs_[number], next_id_++, job, operator_id)});
    return *writers_.back().producers;
  }

  std::vector<std::string> explain() const override;
  double events_per_s(const TopicLoad& load) const override;
  std::vector<BrokerFigure> figures() const override;
  std::vector<std::string> check() const override;

 private:
  struct Group {
    std::size_t topic;
    std::unique_ptr<ConsumerGroup> group;
  };
  struct Writer {
    std::size_t topic;
    std::unique_ptr<Producers> producers;
  };

  static std::optional<int> host_of(const Cluster& cluster, const std::string& name) {
    for (int host = 0; host < cluster.host_count(); ++host)
      if (cluster.host(host).name == name) return host;
    return std::nullopt;
  }
  static void check_host(const Cluster& cluster, const std::string& name, std::string parameter,
                         std::vector<ParameterProblem>& problems) {
    if (host_of(cluster, name)) return;
    std::vector<std::string> hosts;
    for (int host = 0; host < cluster.host_count(); ++host) hosts.push_back(cluster.host(host).name);
    problems.push_back({std::move(parameter), fmt::format("there is no host {}", weir::quoted(name)),
                        "a host of the cluster, with slots or without: " + allowed_names(name, hosts)});
  }
  std::size_t number_of(const std::string& topic) const {
    const auto at = std::find_if(params_.topics.begin(), params_.topics.end(),
                                 [&](const TopicParams& t) { return t.name == topic; });
    WEIR_ASSERT(at != params_.topics.end(), "the topic is one of the broker");
    return static_cast<std::size_t>(at - params_.topics.begin());
  }
  // Of what was written to the topic, by everybody, how much is not in its log yet.
  std::int64_t held_records(std::size_t topic) const {
    std::int64_t records = 0;
    for (const Group& one : groups_)
      if (one.topic == topic) records += one.group->outside().held_records();
    for (const Writer& one : writers_)
      if (one.topic == topic) records += one.producers->held_records();
    return records;
  }
  std::int64_t written_records(std::size_t topic) const {
    std::int64_t records = 0;
    for (const Group& one : groups_)
      if (one.topic == topic) records += one.group->outside().written_records();
    for (const Writer& one : writers_)
      if (one.topic == topic) records += one.producers->written_records();
    return records;
  }

  KafkaParams params_;
  std::unique_ptr<Nodes> nodes_;
  int outside_ = -1;
  std::uint32_t next_id_ = 0;
  std::deque<TopicLog> logs_;  // by topic
  std::vector<Group> groups_;
  std::vector<Writer> writers_;
};

std::vector<std::string> Kafka::explain() const {
  const ProducerParams& p = params_.producer;
  const ConsumerParams& c = params_.consumer;
  std::vector<std::string> lines = {
      fmt::format("{} with {} threads each, {} us a request", counted(params_.hosts.size(), "broker"),
                  params_.io_threads, params_.request_us),
      fmt::format("producers: batches of {} B or {} ms, {} requests in flight, acknowledged by {}",
                  p.batch_bytes, p.linger_ms, p.requests_in_flight_max,
                  p.acks == Acks::all      ? "all replicas"
                  : p.acks == Acks::leader ? "the leader"
                                           : "nobody"),
      fmt::format("consumers: an answer with at least {} B, or after {} ms; at most {} B of a partition",
                  c.fetch_min_bytes, c.fetch_wait_max_ms, c.partition_bytes_max)};
  for (const TopicParams& topic : params_.topics)
    lines.push_back(fmt::format("topic {}: {}, {}", topic.name,
                                counted(static_cast<std::size_t>(topic.partitions), "partition"),
                                counted(static_cast<std::size_t>(topic.replication), "replica")));
  return lines;
}

// A batch: it lingers, travels, is dealt with, is acknowledged; each follower gets it and says so. A fetch:
// it comes, is looked at, and is answered now or when it has waited.
double Kafka::events_per_s(const TopicLoad& load) const {
  constexpr double of_replica = 2, of_fetch = 3;
  const double of_batch = params_.producer.host.empty() ? 3 : 4;
  const TopicParams& topic = params_.topics[number_of(load.topic)];
  double events = 0, written_per_s = load.batches_per_s;
  const double of_producer_per_s = load.batches_per_s / load.instances;
  const double lingering_per_s =
      load.batches_per_s / (1 + of_producer_per_s * params_.producer.linger_ms * 1e-3);
  written_per_s =
      std::min(written_per_s, std::max(lingering_per_s, load.bytes_per_s / params_.producer.batch_bytes));
  if (load.made) events += written_per_s * (of_batch + of_replica * (topic.replication - 1));
  if (load.read && !load.by_ranges) {
    const double fetchers =
        std::min<double>(topic.partitions, load.instances * static_cast<double>(params_.hosts.size()));
    const double each_per_s = std::max(written_per_s / fetchers, 1e3 / params_.consumer.fetch_wait_max_ms);
    events += fetchers * each_per_s * of_fetch;
  }
  return events;
}

std::vector<BrokerFigure> Kafka::figures() const {
  std::vector<BrokerFigure> figures;
  for (std::size_t topic = 0; topic < logs_.size(); ++topic) {
    const std::string& name = params_.topics[topic].name;
    figures.push_back({name + ".written_records", static_cast<double>(logs_[topic].appended_records())});
    // Each group reads all of it.
    for (const Group& one : groups_) {
      if (one.topic != topic) continue;
      const std::int64_t lag = one.group->unread_records() + logs_[topic].pending_records();
      const std::string of = name + "." + one.group->reader_name();
      figures.push_back({of + ".read_records", static_cast<double>(one.group->read_records())});
      figures.push_back({of + ".lag_records", static_cast<double>(lag)});
    }
  }
  double disk_bytes = 0, busiest = 0;
  for (const BrokerNode& node : nodes_->all) {
    disk_bytes += node.disk_read_bytes;
    busiest = std::max(busiest, to_seconds(node.io.busy_ns()));
  }
  figures.push_back({"disk_read_bytes", disk_bytes});
  const double now_s = std::max(1e-9, to_seconds(nodes_->calendar.now()));
  figures.push_back({"busiest_io_threads_share", busiest / now_s / params_.io_threads});
  return figures;
}

std::vector<std::string> Kafka::check() const {
  std::vector<std::string> wrong;
  for (const Group& one : groups_)
    if (std::string what = one.group->check(); !what.empty())
      wrong.push_back(params_.topics[one.topic].name + ": " + what);
  for (std::size_t topic = 0; topic < logs_.size(); ++topic) {
    const std::int64_t written = written_records(topic), held = held_records(topic);
    if (written != held + logs_[topic].appended_records())
      wrong.push_back(fmt::format("{}: of {} records {} are in the log and {} on their way there",
                                  params_.topics[topic].name, written, logs_[topic].appended_records(),
                                  held));
  }
  return wrong;
}

const auto registered = BrokerRegistry::add<KafkaParams>(
    {.name = "kafka",
     .help = "Apache Kafka: partitioned, replicated topics; batches, fetches, page cache, range assignment.",
     .source = "Apache Kafka 4 (ProducerConfig, ConsumerConfig, RangeAssignor)"},
    kafka_table(), [](const KafkaParams& params, BrokerContext&) -> std::unique_ptr<Broker> {
      return std::make_unique<Kafka>(params);
    });

}  // namespace
}  // namespace kafka
}  // namespace weir
