#pragma once

#include "policies/flink_autoscaler/delayed_scale_down.hpp"
#include "policies/flink_autoscaler/evaluator.hpp"
#include "policies/flink_autoscaler/history.hpp"

// From an operator's rates to its parallelism. Source: JobVertexScaler of apache/flink-kubernetes-operator.
//
//   capacity / true rate --limits--> factor --alignment--> parallelism --up: was the last growth of any use?
//                                                                       --down: for a whole interval?

namespace weir::flink_autoscaler {

struct Vertex {
  int parallelism = 1;
  int least = 1, most = 1;  // what the job allows
  int groups = 1;           // key groups, or partitions of a source
  int max_parallelism = 1;  // key groups
  bool aligns = false;      // it is partitioned by key, or a source with known partitions
};

enum class Verdict : std::uint8_t { unknown, stays, delayed, ineffective, changes };

struct VertexDecision {
  int parallelism = 1;
  Verdict verdict = Verdict::stays;
  bool outside = false;       // of the thresholds: a reason to rescale the job
  double expected_per_s = 0;  // true rate with it
};

VertexDecision scale_vertex(const Vertex& vertex, const Rates& rates, const Thresholds& thresholds,
                            const Options& options, double restart_s, const ChangeHistory& history,
                            DelayedScaleDown& delayed, Nanos now_ns);

// The parallelism by itself, before the history is asked.
int target_parallelism(const Vertex& vertex, const Rates& rates, const Options& options, double restart_s,
                       double scalability);

}  // namespace weir::flink_autoscaler
