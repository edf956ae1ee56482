#pragma once

#include <string>
#include <vector>

#include "sim/scenario/params.hpp"

namespace weir::kafka {

struct TopicParams {
  std::string name;
  int partitions = 1;
  int replication = 1;
};

enum class Acks { none, leader, all };

struct ProducerParams {
  double batch_bytes = 16384;
  double linger_ms = 5;
  double buffer_bytes = 33554432;
  int requests_in_flight_max = 5;
  Acks acks = Acks::all;
  std::string host;  // from which records come that the outside world makes; empty: no link leads there
};

struct ConsumerParams {
  double fetch_min_bytes = 1;
  double fetch_wait_max_ms = 500;
  double fetch_bytes_max = 52428800;
  double partition_bytes_max = 1048576;
  bool fetch_ahead = true;
};

struct KafkaParams {
  std::vector<std::string> hosts;
  std::vector<TopicParams> topics;
  ProducerParams producer;
  ConsumerParams consumer;
  double message_bytes_max = 1048588;
  int io_threads = 8;
  double request_us = 50;
  double request_per_mb_us = 0;
  double page_cache_mb = 4096;
  double disk_read_mb_per_s = 200;
};

const ParamTable<KafkaParams>& kafka_table();

}  // namespace weir::kafka
