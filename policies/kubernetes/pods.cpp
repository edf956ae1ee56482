#include "policies/kubernetes/pods.hpp"

namespace weir::kubernetes {

namespace {

std::size_t index_of(int id) {
  return static_cast<std::size_t>(id);
}

bool index_below(std::size_t index, int count) {
  return index < static_cast<std::size_t>(count);
}

PodState state_of(const MetricWindow& window, Nanos started_ns, const Readiness& readiness, Nanos now_ns) {
  const Nanos ready_ns = started_ns + to_nanos(readiness.ready_after_s);
  const bool young = now_ns < started_ns + to_nanos(readiness.initialization_s);
  const bool unready = now_ns < ready_ns || (young && window.start_ns < ready_ns);
  return unready ? PodState::unready : PodState::counted;
}

// Calls `visit` with each instance that the window has of pod `index`.
template <class Visit>
void visit_instances(const Deployment& deployment, const MetricWindow& window, std::size_t index,
                     Visit visit) {
  for (const int id : deployment.operators) {
    const std::vector<InstanceMetrics>& instances = window.operators[index_of(id)].instances;
    if (index < instances.size()) visit(instances[index]);
  }
}

}  // namespace

void Pods::observe(int replicas, Nanos changed_ns) {
  started_ns_.resize(static_cast<std::size_t>(replicas), began_ ? changed_ns : 0);
  began_ = true;
}

std::vector<Pod> Pods::by_busy_share(const Deployment& deployment, const MetricWindow& window,
                                     std::span<const int> parallelism, const Readiness& readiness,
                                     Nanos now_ns) const {
  std::vector<Pod> pods;
  for (std::size_t i = 0; i < started_ns_.size(); ++i) {
    Pod pod{.state = PodState::missing, .usage = 0, .request = 0};
    for (const int id : deployment.operators) pod.request += index_below(i, parallelism[index_of(id)]);
    if (deployment.workers) pod.request = 1;
    visit_instances(deployment, window, i, [&](const InstanceMetrics& instance) {
      if (window.end_ns > started_ns_[i]) pod.state = state_of(window, started_ns_[i], readiness, now_ns);
      pod.usage += instance.useful_s / window.duration_s();
    });
    pods.push_back(pod);
  }
  return pods;
}

std::vector<Pod> Pods::by_queue(const Deployment& deployment, const MetricWindow& window) const {
  std::vector<Pod> pods;
  for (std::size_t i = 0; i < started_ns_.size(); ++i) {
    Pod pod{.state = PodState::missing};
    visit_instances(deployment, window, i, [&](const InstanceMetrics& instance) {
      if (window.end_ns > started_ns_[i]) pod.state = PodState::counted;
      pod.usage += instance.queue_records;
    });
    pods.push_back(pod);
  }
  return pods;
}

}  // namespace weir::kubernetes
