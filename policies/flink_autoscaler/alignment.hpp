#pragma once

#include "policies/flink_autoscaler/params.hpp"

// Parallelism to which key groups, or the partitions of a source, are spread evenly or nearly so. Sources: of
// apache/flink-kubernetes-operator JobVertexScaler.scale (releases until 1.15) and ParallelismAligner
// (later).

namespace weir::flink_autoscaler {

struct Aligned {
  int groups = 1;  // key groups, or source partitions
  int current = 1, wanted = 1;
  int least = 1, most = 1;  // limits
};

// `wanted`, or an aligned parallelism near it, or `current` where alignment forbids the change.
int align(const Aligned& a, Alignment mode, Unaligned otherwise);

}  // namespace weir::flink_autoscaler
