#pragma once

#include <cstdint>
#include <vector>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/pag.hpp"

// From an epoch of a log of ST2 (the successor of SnailTrail, for Timely Dataflow) to its graph. Other than
// SnailTrail's windows of time (construction.hpp), ST2's are the epochs that the computation itself counts,
// and its rules look at neighbouring records only: every record is a vertex, what lies between two is one
// activity.
//
//   from             to                  activity
//   schedule start   its end             processing if the end says how many records there were, else
//   spinning schedule end     the next start      busy waiting; waiting if the next record is a data message
//   received anything         control received    waiting anything         control sent        busy waiting
//   control          anything else       busy waiting
//   data             schedule            processing
//   schedule         data                processing
//
// Messages join a record that was sent with those received that have the same sender, correlator and channel,
// and, of data, the same receiver; control messages go to all. Both are of one epoch. Waiting carries no
// path.
//
// What ST2's publication (its code) leaves open or does otherwise, and what is done here:
//   * Its code takes any data message, also one that is sent, for the reason of having waited; what it says
//   of it
//     is only true of received ones: wait_before_sends does as the code does, the default is off.
//   * It loses each worker's last edge of an epoch, as it would like to see the record after it. It is kept
//   here.
//   * It calls an activity by its operator from the start on up to the first message in it only; here to its
//   end.
//   * It stops at a log that contradicts itself. Here what contradicts is left out and counted.
//   * Chains begin with their worker's first record. Paths are not equally long, so that participations add
//   up to
//     less than 1.

namespace weir::analyzer {

struct St2Record {
  static constexpr std::int64_t none = -1;

  std::int64_t sequence = 0;  // of the worker's records
  std::int64_t epoch = 0;
  Nanos time_ns = 0;
  std::int64_t worker = 0;
  Activity activity{};  // scheduling, control_message or data_message
  LogEvent event{};
  std::int64_t remote_worker = none;
  std::int32_t operator_id = no_operator;
  std::int64_t channel = none;
  std::int64_t correlator = none;
  std::int64_t records = none;  // dealt with until a schedule's end, or in a data message
};

struct St2Options {
  bool wait_before_sends = false;
};

class St2Construction {
 public:
  explicit St2Construction(const St2Options& options) : options_(options) {}

  // `records` of one epoch, in any order. Consumed. The graph has no vertex if there are none.
  void build(std::vector<St2Record>& records, Pag& pag);
  const LeftOut& left_out() const { return left_out_; }  // of the graph built last

 private:
  struct Half {  // of a message
    std::int64_t sender;
    std::int64_t receiver;  // none: all
    std::int64_t correlator;
    std::int64_t channel;
    bool received;
    std::uint32_t vertex;
    std::uint32_t chain;
    const St2Record* record;
  };

  void drop_same_instants(std::vector<St2Record>& records);
  void add_chain(const St2Record* begin, const St2Record* end, Pag& pag);
  void add_half(const St2Record& record, std::uint32_t vertex, std::uint32_t chain);
  void add_messages(Pag& pag);
  void add_group(std::size_t begin, std::size_t end, Pag& pag);

  St2Options options_;
  LeftOut left_out_;
  std::vector<Half> halves_;
};

}  // namespace weir::analyzer
