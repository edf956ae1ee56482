#include "sim/record/summary_check.hpp"

#include <fmt/format.h>

#include <cmath>

namespace weir {

namespace {

class Complaints {
 public:
  // Finite and at least 0. What is unknown is none, never NaN.
  void count(const std::string& where, const char* what, double value) {
    if (!(value >= 0) || !std::isfinite(value)) complain(where, what, value);
  }
  void count(const std::string& where, const char* what, const std::optional<double>& value) {
    if (value) count(where, what, *value);
  }
  void share(const std::string& where, const char* what, double value) {
    if (!(value >= 0 && value <= 1)) complain(where, what, value);
  }
  void complain(const std::string& where, const char* what, double value) {
    sentences.push_back(fmt::format("{}: {} {}", where, what, value));
  }

  std::vector<std::string> sentences;
};

void check_operator(const OperatorSummary& op, Complaints& complaints) {
  complaints.count(op.name, "records_in is", static_cast<double>(op.records_in));
  complaints.count(op.name, "records_out is", static_cast<double>(op.records_out));
  complaints.share(op.name, "the busy share of its time is", op.busy);
  complaints.share(op.name, "the backpressured share of its time is", op.backpressured);
  complaints.share(op.name, "the idle share of its time is", op.idle);
  complaints.share(op.name, "the overhead share of its time is", op.overhead);
  complaints.count(op.name, "true_rate_per_s is", op.true_rate_per_s);
  // Four quotients of integers, each rounded once; an operator that never had any time has four zeros.
  constexpr double rounding = 1e-9;
  const double all = op.busy + op.backpressured + op.idle + op.overhead;
  if (all != 0 && !(std::abs(all - 1) <= rounding))
    complaints.complain(op.name, "busy + backpressured + idle + overhead is", all);
}

void check_latency(const LatencyQuantiles& latency, Complaints& complaints) {
  const std::string where = "latency";
  complaints.count(where, "the mean is", latency.mean_s);
  double before = 0;
  for (const std::optional<double>& quantile : {latency.p50_s, latency.p95_s, latency.p99_s, latency.max_s}) {
    complaints.count(where, "a quantile is", quantile);
    if (quantile && *quantile < before) complaints.complain(where, "a higher quantile is only", *quantile);
    if (quantile) before = *quantile;
  }
}

}  // namespace

std::vector<std::string> implausible(const JobSummary& job) {
  Complaints complaints;
  for (const OperatorSummary& op : job.operators) check_operator(op, complaints);
  check_latency(job.latency, complaints);
  const ConservationSummary& books = job.conservation;
  for (const auto& [what, value] : {std::pair{"emitted is", books.emitted},
                                    {"delivered is", books.delivered},
                                    {"filtered is", books.filtered},
                                    {"dropped is", books.dropped},
                                    {"in_flight is", books.in_flight}})
    complaints.count("origins", what, static_cast<double>(value));
  const ThroughputSummary& throughput = job.throughput;
  complaints.count("throughput", "offered_per_s is", throughput.offered_per_s);
  complaints.count("throughput", "achieved_per_s is", throughput.achieved_per_s);
  complaints.count("throughput", "backlog_records is", throughput.backlog_records);
  complaints.count("scaling", "slot_seconds is", job.scaling.score.slot_seconds);
  complaints.count("scaling", "over_provisioned is", job.scaling.score.over_provisioned_slot_s);
  complaints.count("scaling", "under_provisioned is", job.scaling.score.under_provisioned_slot_s);
  return complaints.sentences;
}

}  // namespace weir
