#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/dataflow/batch.hpp"
#include "sim/dataflow/parameter_problem.hpp"
#include "sim/kernel/calendar.hpp"
#include "sim/scenario/registry.hpp"

// A broker lies between who makes records and the sources that read them, in front of any engine, and joins
// jobs: what the sinks of one write to a topic, the sources of others read.
//
//   arrivals of a source ─┐                      ┌─▶ source instances of a job (TopicReader)
//                         ├─▶ topic of a broker ─┤
//   sinks of a job ───────┘  (TopicWriter)       └─▶ … of another one
//
// A job has its own books: a record that is read is one that arrives. Its origin, from which latency counts,
// is that of the record that was written.

namespace weir {

class Cluster;
class Instance;
class Job;

// Who reads a topic by ranges of its partitions, where and when it likes (Spark's direct stream). What is in
// the log is told by its offsets, and given to the source's instances at once; its bytes stay at the broker
// until they are fetched.
class RangeReader {
 public:
  // Just before the records are given to the source's instance of that index. `written_bytes`: what the
  // partition's leader had written by then; tells how old they are.
  virtual void readable(int index, int partition, std::int64_t records, double written_bytes) = 0;
  virtual void fetched(std::uint32_t cookie) = 0;

 protected:
  ~RangeReader() = default;
};

struct TopicRange {
  int partition = 0;
  std::int64_t records = 0;
  double bytes = 0;
  double written_bytes = 0;  // RangeReader::readable, of the oldest
  bool again = false;        // it was asked for before, by who is lost
};

// All instances of a source, which share the topic's partitions among them.
class TopicReader {
 public:
  virtual ~TopicReader() = default;
  // The outside world made these records, in the share of the source's instance of that index.
  virtual void arrived(int index, const Batch& batch) = 0;
  // The instances may be on other hosts now.
  virtual void deployed() = 0;
  // The instance has begun with the last of what it was given, or has dealt with it.
  virtual void took_all(const Instance& instance) = 0;
  virtual void dealt_with_all(const Instance& instance) = 0;
  // Made for the instance, and not given to it yet.
  virtual std::int64_t waiting_records(int index) const = 0;

  virtual int partitions() const = 0;
  // Before the first deployment.
  virtual void read_by_ranges(RangeReader& reader) = 0;
  // Brings the records to the host, request by request; then tells the reader.
  virtual void fetch(const TopicRange& range, int to_host, std::uint32_t cookie) = 0;
};

// All instances of a sink.
class TopicWriter {
 public:
  virtual ~TopicWriter() = default;
  virtual void deployed() = 0;
  // May hold the instance's output up until there is room.
  virtual void write(Instance& by, const Batch& batch) = 0;
};

struct TopicInfo {
  std::string name;
  double message_bytes_max;  // a larger one is refused
};

// What one source or sink has to do with a topic, in the mean.
struct TopicLoad {
  std::string topic;
  int instances = 1;
  double bytes_per_s = 0;
  double batches_per_s = 0;  // of the simulation
  bool made = false;         // the records are put into the topic
  bool read = false;         // and read from it
  bool by_ranges = false;
};

struct BrokerSetup {
  Calendar& calendar;
  Cluster& cluster;
  std::uint64_t seed = 1;
  int number = 0;  // of the broker, in the scenario
};

struct BrokerFigure {
  std::string name;  // its unit is last
  double value;
};

struct BrokerContext {};

class Broker {
 public:
  static constexpr RegistryKind registry_kind{"broker", "brokers"};

  virtual ~Broker() = default;
  virtual std::vector<TopicInfo> topics() const = 0;
  // What its parameters say wrongly of the cluster, each by itself: a parameter that could not be read has
  // its default, and what is said of that one is not told.
  virtual std::vector<ParameterProblem> parameter_problems(const Cluster& cluster) const {
    static_cast<void>(cluster);
    return {};
  }

  // ---- once, before anything else below, if its parameters are right ----
  virtual void start(const BrokerSetup& setup) = 0;
  // For as long as the broker lives. The topic is one of its own.
  virtual TopicReader& reader(const std::string& topic, Job& job, int operator_id) = 0;
  virtual TopicWriter& writer(const std::string& topic, Job& job, int operator_id) = 0;

  virtual std::vector<std::string> explain() const = 0;
  // For `weir explain`: about how many events a second that is.
  virtual double events_per_s(const TopicLoad& load) const = 0;
  virtual std::vector<BrokerFigure> figures() const = 0;
  // What does not add up in its books: sentences.
  virtual std::vector<std::string> check() const = 0;
};

using BrokerRegistry = Registry<Broker, BrokerContext>;

}  // namespace weir
