#include "sim/cluster/cluster.hpp"

#include "sim/cluster/activity.hpp"
#include "sim/cluster/platform.hpp"

namespace weir {

namespace sg = simgrid::s4u;

namespace {

// SimGrid's LV08: what the opening of a TCP connection costs, on every message.
constexpr double lv08_latency_factor = 13.01;

Network::Settings network_settings(const NetworkSpec& spec) {
  const double model_factor = spec.model == NetworkModel::lv08 ? lv08_latency_factor : 1;
  return {.loopback_latency_s = spec.loopback_latency_us * 1e-6,
          .loopback_bytes_per_s = spec.loopback_gbit_per_s * 1e9 / 8,
          .latency_factor = spec.latency_factor.value_or(model_factor),
          .transfer_bytes_max = spec.transfer_max_kib * 1024,
          .window_bytes = spec.window_kib * 1024};
}

}  // namespace

class Cluster::Impl {
 public:
  Impl(const ClusterSpec& spec, Calendar& calendar, const std::string& base_dir)
      : spec_(spec),
        platform_(spec, base_dir),
        cpus_(calendar),
        network_settings_(network_settings(spec.network)),
        network_(calendar, network_settings_, platform_) {
    for (int id = 0; id < static_cast<int>(platform_.hosts().size()); ++id) {
      const HostInfo& host = platform_.hosts()[static_cast<std::size_t>(id)];
      cpus_.add_host({.cores = host.cores, .speed = host.speed}, platform_.simgrid_host(id),
                     platform_.flops_per_work_s(id));
    }
    sg::Activity::on_completion_cb([](const sg::Activity& activity) {
      if (auto* owner = activity.get_data<ActivityOwner>()) owner->on_activity_end();
    });
  }

  const ClusterSpec spec_;
  Platform platform_;
  Cpus cpus_;
  const Network::Settings network_settings_;
  Network network_;
};

Cluster::Cluster(const ClusterSpec& spec, Calendar& calendar, const std::string& base_dir,
                 std::uint64_t /*seed*/)
    : impl_(std::make_unique<Impl>(spec, calendar, base_dir)) {}
Cluster::~Cluster() = default;

int Cluster::host_count() const {
  return static_cast<int>(impl_->platform_.hosts().size());
}
const HostInfo& Cluster::host(int id) const {
  return impl_->platform_.hosts()[static_cast<std::size_t>(id)];
}
int Cluster::slot_count() const {
  int slots = 0;
  for (const HostInfo& host : impl_->platform_.hosts()) slots += host.slots;
  return slots;
}
Cpus& Cluster::cpus() {
  return impl_->cpus_;
}
Network& Cluster::network() {
  return impl_->network_;
}
std::vector<std::string> Cluster::explain() const {
  return {};
}

}  // namespace weir
