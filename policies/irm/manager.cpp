#include "policies/irm/manager.hpp"

#include <algorithm>

#include "sim/kernel/assert.hpp"

namespace weir::irm {

Manager::Manager(const ManagerSettings& settings, int operators, int workers)
    : settings_(settings),
      workers_(workers),
      bins_(settings.space_margin),
      profiles_(static_cast<std::size_t>(operators)) {}

std::optional<double> Manager::profile(int operator_id) const {
  const Profile& profile = profiles_[static_cast<std::size_t>(operator_id)];
  return profile.updates > 0 ? std::optional(profile.mean) : std::nullopt;
}

int Manager::request(int operator_id) {
  const auto number = static_cast<int>(containers_.size());
  containers_.push_back({.operator_id = operator_id, .size = profile(operator_id)});
  ++counts_.requested;
  put_back(number);
  return number;
}

int Manager::runs_from_start(int operator_id, int worker) {
  const auto number = static_cast<int>(containers_.size());
  const double size = settings_.parameters.default_cpu_share;
  containers_.push_back({.operator_id = operator_id, .size = size, .bin = worker, .state = State::runs});
  bins_.put_at(worker, {number, size});
  active_ = std::max(active_, worker + 1);
  target_ = bins_.target_workers();
  ++counts_.from_start;
  return number;
}

// Bins beyond the last worker have no limit: what is there is never started.
bool Manager::may_have(int worker, int operator_id) const {
  if (settings_.containers_max.empty() || worker >= workers_) return true;
  const std::vector<WorkerBins::Item>& items = bins_.bin(worker).items;
  const auto there = std::count_if(items.begin(), items.end(), [&](const WorkerBins::Item& item) {
    return containers_[static_cast<std::size_t>(item.id)].operator_id == operator_id;
  });
  return there <
         settings_.containers_max[static_cast<std::size_t>(operator_id)][static_cast<std::size_t>(worker)];
}

// Or in, for the first time.
void Manager::put_back(int number) {
  Container& container = containers_[static_cast<std::size_t>(number)];
  container.bin = -1;
  if (enqueue(container.ttl, settings_.parameters.container_request_ttl)) {
    container.state = State::queued;
    container_queue_.push_back(number);
  } else {
    container.state = State::gone;
    ++counts_.dropped;
  }
}

std::vector<Manager::Start> Manager::pack() {
  std::vector<Start> packed;
  for (; !container_queue_.empty(); container_queue_.pop_front()) {
    const int number = container_queue_.front();
    Container& container = containers_[static_cast<std::size_t>(number)];
    if (!container.size) container.size = settings_.parameters.default_cpu_share;
    container.bin =
        bins_.put({number, *container.size}, [&](int bin) { return may_have(bin, container.operator_id); });
    container.state = container.bin >= 0 ? State::packed : State::gone;
    if (container.bin < 0) {
      ++counts_.lost;
      continue;
    }
    packed.push_back({number, container.operator_id, container.bin, *container.size});
  }
  std::stable_sort(packed.begin(), packed.end(),
                   [](const Start& a, const Start& b) { return a.worker < b.worker; });
  for (const Start& one : packed) allocation_queue_.push_back(one.container);
  target_ = bins_.target_workers();
  bins_.remove_empty();
  return packed;
}

void Manager::step_workers() {
  const int reachable = std::min(target_, workers_);
  active_ += (reachable > active_) - (reachable < active_);
}

std::optional<Manager::Start> Manager::take() {
  if (allocation_queue_.empty()) return std::nullopt;
  const int number = allocation_queue_.front();
  allocation_queue_.pop_front();
  const Container& container = containers_[static_cast<std::size_t>(number)];
  if (container.bin < active_) return Start{number, container.operator_id, container.bin, *container.size};
  failed(number);
  return std::nullopt;
}

void Manager::started(int number) {
  Container& container = containers_[static_cast<std::size_t>(number)];
  WEIR_ASSERT(container.state == State::packed, "a container starts that was not packed");
  container.state = State::runs;
  ++counts_.started;
}

void Manager::failed(int number) {
  Container& container = containers_[static_cast<std::size_t>(number)];
  WEIR_ASSERT(container.state == State::packed, "a start fails that was not packed");
  const bool removed = bins_.remove(container.bin, number);
  WEIR_ASSERT(removed, "what was packed is in its bin");
  ++counts_.failed;
  put_back(number);
}

void Manager::exited(int number) {
  Container& container = containers_[static_cast<std::size_t>(number)];
  WEIR_ASSERT(container.state == State::runs, "a container exits that does not run");
  const bool removed = bins_.remove(container.bin, number);
  WEIR_ASSERT(removed, "what runs is in its bin");
  container.state = State::gone;
  ++counts_.exited;
}

void Manager::profiled(int operator_id, double cpu_share) {
  Profile& profile = profiles_[static_cast<std::size_t>(operator_id)];
  const double measured = std::max(cpu_share, settings_.minimum_cpu_share);
  profile.mean = (profile.updates * profile.mean + measured) / (profile.updates + 1);
  profile.updates = std::min(profile.updates + 1, settings_.profiling_updates_max);
  for (std::size_t number = 0; number < containers_.size(); ++number) {
    Container& container = containers_[number];
    if (container.operator_id != operator_id) continue;
    if (container.state == State::runs || container.state == State::gone) continue;
    container.size = profile.mean;
    if (container.state == State::packed) bins_.resize(container.bin, static_cast<int>(number), profile.mean);
  }
}

}  // namespace weir::irm
