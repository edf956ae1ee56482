#include "models/brokers/kafka/params.hpp"

#include <set>

#include "sim/scenario/errors.hpp"
#include "sim/scenario/node.hpp"

namespace weir::kafka {

namespace {

ParamTable<TopicParams> topic_table() {
  ParamTable<TopicParams> t("kafka topic");
  t.text("name", &TopicParams::name, {.help = "Its name, unique in the scenario."});
  t.integer("partitions", &TopicParams::partitions,
            {.unit = "partitions",
             .help = "Spread over the brokers; no more instances of a source can read.",
             .source = "num.partitions"},
            between(1, 10'000));
  t.integer("replication", &TopicParams::replication,
            {.unit = "brokers", .help = "How many brokers have each partition, its leader among them."},
            between(1, 100));
  t.required("name");
  t.check({"name"}, [](const TopicParams& p, const Node& at, Errors& errors) {
    if (p.name.empty()) errors.add(at.at_or_self("name"), "an empty name", "a name");
  });
  return t;
}

ParamTable<ProducerParams> producer_table() {
  ParamTable<ProducerParams> t("kafka producer");
  t.real("batch_bytes", &ProducerParams::batch_bytes,
         {.unit = "B",
          .help = "A batch of so much is sent; the next one goes to the next partition.",
          .source = "batch.size, Kafka 4.0"},
         Range{.low = 1, .high = 1e9});
  t.real("linger_ms", &ProducerParams::linger_ms,
         {.unit = "ms",
          .help = "How long one that is not full waits for more.",
          .source = "linger.ms, 5 since Kafka 4.0"},
         between(0, 60'000));
  t.real("buffer_bytes", &ProducerParams::buffer_bytes,
         {.unit = "B", .help = "A sink that has so much unacknowledged waits.", .source = "buffer.memory"},
         Range{.low = 1, .high = 1e12});
  t.integer("requests_in_flight_max", &ProducerParams::requests_in_flight_max,
            {.unit = "requests",
             .help = "Unacknowledged, of a producer to a broker.",
             .source = "max.in.flight.requests.per.connection"},
            between(1, 1000));
  t.choice("acks", &ProducerParams::acks,
           {.help = "When a request is acknowledged: never waited for, when the leader has it, or when all "
                    "replicas have. Consumers see what all have, whatever this is.",
            .source = "acks"},
           {{"none", Acks::none}, {"leader", Acks::leader}, {"all", Acks::all}});
  t.text(
      "host", &ProducerParams::host,
      {.help = "The host from which records come that no job makes; empty: from outside, by no link of the "
               "cluster."});
  return t;
}

ParamTable<ConsumerParams> consumer_table() {
  ParamTable<ConsumerParams> t("kafka consumer");
  t.real("fetch_min_bytes", &ConsumerParams::fetch_min_bytes,
         {.unit = "B", .help = "A broker answers when it has so much,", .source = "fetch.min.bytes"},
         Range{.low = 1, .high = 1e12});
  t.real("fetch_wait_max_ms", &ConsumerParams::fetch_wait_max_ms,
         {.unit = "ms", .help = "or after this time, with what there is.", .source = "fetch.max.wait.ms"},
         Range{.low = 0.1, .high = 1e6});
  t.real("fetch_bytes_max", &ConsumerParams::fetch_bytes_max,
         {.unit = "B",
          .help = "Most in an answer; a record that is larger comes alone.",
          .source = "fetch.max.bytes"},
         Range{.low = 1, .high = 1e12});
  t.real("partition_bytes_max", &ConsumerParams::partition_bytes_max,
         {.unit = "B",
          .help = "Most of a partition in an answer, likewise.",
          .source = "max.partition.fetch.bytes"},
         Range{.low = 1, .high = 1e12});
  t.boolean("fetch_ahead", &ConsumerParams::fetch_ahead,
            {.help = "Asks for more when the last of what it has is begun with, as Kafka's own client does; "
                     "false: when that has been dealt with."});
  return t;
}

ParamTable<KafkaParams> make_table() {
  ParamTable<KafkaParams> t("broker kafka");
  t.texts("hosts", &KafkaParams::hosts, {.help = "The hosts of its brokers, one each."});
  t.objects("topics", &KafkaParams::topics, topic_table(), {.help = "What can be read and written."}, 1);
  t.object("producer", &KafkaParams::producer, producer_table(), {.help = "Of everybody who writes."});
  t.object("consumer", &KafkaParams::consumer, consumer_table(), {.help = "Of everybody who reads."});
  t.real("message_bytes_max", &KafkaParams::message_bytes_max,
         {.unit = "B", .help = "Larger records are refused.", .source = "message.max.bytes"},
         Range{.low = 1, .high = 1e12});
  t.integer("io_threads", &KafkaParams::io_threads,
            {.unit = "threads", .help = "Of a broker, which deal with requests.", .source = "num.io.threads"},
            between(1, 1024));
  t.real("request_us", &KafkaParams::request_us,
         {.unit = "us", .help = "What a request takes one of them; not published, of this order."},
         between(0, 1e9));
  t.real("request_per_mb_us", &KafkaParams::request_per_mb_us,
         {.unit = "us/MB", .help = "And each megabyte that is written or read."}, between(0, 1e9));
  t.real("page_cache_mb", &KafkaParams::page_cache_mb,
         {.unit = "MB",
          .help = "Of a broker: what was written so long ago that more than this came after it is "
                  "read from its disk."},
         Range{.low = 1, .high = 1e9});
  t.real("disk_read_mb_per_s", &KafkaParams::disk_read_mb_per_s,
         {.unit = "MB/s", .help = "Of that disk, one reader after the other."},
         Range{.low = 0.001, .high = 1e6});
  t.required("hosts");
  t.required("topics");
  t.check({"hosts", "topics"}, [](const KafkaParams& p, const Node& at, Errors& errors) {
    if (p.hosts.empty()) errors.add(at.at_or_self("hosts"), "no hosts", "one for each broker");
    std::set<std::string> hosts;
    for (std::size_t i = 0; i < p.hosts.size(); ++i)
      if (!hosts.insert(p.hosts[i]).second)
        errors.add(*at.at_or_self("hosts").items()[i],
                   "the host " + weir::quoted(p.hosts[i]) + " a second time", "a host for each broker");
    const Node* topics = at.find("topics");
    for (std::size_t i = 0; i < p.topics.size(); ++i) {
      const Node& topic = topics != nullptr && i < topics->items().size() ? *topics->items()[i] : at;
      if (!p.hosts.empty() && p.topics[i].replication > static_cast<int>(p.hosts.size()))
        errors.add(topic.at_or_self("replication"), "more replicas than brokers",
                   "at most " + std::to_string(p.hosts.size()));
    }
  });
  return t;
}

}  // namespace

const ParamTable<KafkaParams>& kafka_table() {
  static const ParamTable<KafkaParams> table = make_table();
  return table;
}

}  // namespace weir::kafka
