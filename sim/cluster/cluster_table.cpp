#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "sim/cluster/cluster.hpp"
#include "sim/scenario/node.hpp"

namespace weir {

namespace {

void check_profile(const ProfileSpec& profile, const Node& at, Errors& errors) {
  const bool file_known = errors.sound(at, "file"), steps_known = errors.sound(at, "steps");
  const bool repeat_known = errors.sound(at, "repeat_s");
  if (file_known && steps_known && profile.file.empty() == profile.steps.empty()) {
    errors.add(at, "a profile has either steps or a file", "steps, or file");
  }
  double last_s = -1;
  if (steps_known)
    for (const SpeedStep& step : profile.steps) {
      if (step.time_s <= last_s)
        errors.add(at.at_or_self("steps"), "the times of a profile do not grow", "times that grow");
      last_s = step.time_s;
    }
  if (repeat_known && profile.repeat_s > 0 && profile.repeat_s <= last_s) {
    errors.add(at.at_or_self("repeat_s"), "the profile repeats before its last step",
               fmt::format("more than {}", last_s));
  }
  if (file_known && repeat_known && !profile.file.empty() && profile.repeat_s > 0) {
    errors.add(at.at_or_self("repeat_s"), "a profile file says itself whether it repeats",
               "LOOPAFTER in the file");
  }
}

ParamTable<ProfileSpec> profile_table() {
  ParamTable<SpeedStep> step("step of a speed profile");
  step.real("time_s", &SpeedStep::time_s, {.unit = "s", .help = "When it begins."}, non_negative());
  step.real("factor", &SpeedStep::factor, {.help = "Times the host's own speed; 0 freezes it."},
            between(0, 1000));
  step.required("time_s");
  step.required("factor");
  ParamTable<ProfileSpec> t("speed profile");
  t.objects("steps", &ProfileSpec::steps, step,
            {.help = "In the order of time; full speed before the first."});
  t.real("repeat_s", &ProfileSpec::repeat_s,
         {.unit = "s", .help = "From then on all over again, with this period; 0: the last step stays."},
         non_negative());
  t.text("file", &ProfileSpec::file,
         {.help = "Instead of steps: a file in SimGrid's profile format (lines `time factor`, LOOPAFTER).",
          .source = "SimGrid 3.32"});
  t.check_parts(check_profile);
  return t;
}

ParamTable<InterferenceSpec> interference_table() {
  ParamTable<InterferenceSpec> t("interference");
  t.real("off_mean_s", &InterferenceSpec::off_mean_s,
         {.unit = "s", .help = "Mean time without it (exponential)."}, positive());
  t.real("on_mean_s", &InterferenceSpec::on_mean_s, {.unit = "s", .help = "Mean time with it (exponential)."},
         positive());
  t.real("factor", &InterferenceSpec::factor, {.help = "Speed while it is there, relative to without."},
         between(0, 1));
  t.required("off_mean_s");
  return t;
}

ParamTable<HostGroupSpec> host_table() {
  ParamTable<HostGroupSpec> t("group of hosts");
  t.text("name", &HostGroupSpec::name, {.help = "Of the host; a group of several is name-0, name-1, …"});
  t.integer("count", &HostGroupSpec::count, {.help = "How many alike."}, between(1, 100000));
  t.integer("cores", &HostGroupSpec::cores, {.help = "Cores of a host."}, between(1, 4096));
  t.integer(
      "slots", &HostGroupSpec::slots,
      {.help = "Instances that fit on a host; as many as cores if left out. 0: it is there for others to "
               "talk to."},
      between(0, 100000));
  t.real("speed", &HostGroupSpec::speed,
         {.help = "Of a core, relative to the reference core that costs are stated for."},
         between(1e-6, 1e6));
  t.real("memory_gib", &HostGroupSpec::memory_gib,
         {.unit = "GiB", .help = "Memory of a host: for the reader, nothing is limited by it."}, positive());
  t.real("nic_gbit_per_s", &HostGroupSpec::nic_gbit_per_s, {.unit = "Gbit/s", .help = "Line rate, each way."},
         between(1e-6, 1e6));
  t.text("rack", &HostGroupSpec::rack, {.help = "In which rack the group stands."});
  t.object("profile", &HostGroupSpec::profile, profile_table(),
           {.help = "Speed over time: stragglers, throttling."});
  t.object("interference", &HostGroupSpec::interference, interference_table(),
           {.help = "Another tenant that comes and goes, independently on each host."});
  return t;
}

ParamTable<RackSpec> rack_table() {
  ParamTable<RackSpec> t("rack");
  t.text("name", &RackSpec::name, {.help = "As in the groups of hosts."});
  t.real("uplink_gbit_per_s", &RackSpec::uplink_gbit_per_s,
         {.unit = "Gbit/s", .help = "Of the rack, each way, shared by its hosts; 0: not a bottleneck."},
         between(0, 1e6));
  t.required("name");
  return t;
}

ParamTable<NetworkSpec> network_table() {
  ParamTable<NetworkSpec> t("network");
  t.choice(
      "model", &NetworkSpec::model,
      {.help =
           "Which factors SimGrid's model of that name puts on latency and bandwidth. LV08 puts 13.01 on the "
           "latency of every message, as if each opened a connection; streams keep theirs open.",
       .source = "SimGrid 3.32; Velho and Legrand, SIMUTools 2009"},
      {{"CM02", NetworkModel::cm02}, {"LV08", NetworkModel::lv08}});
  t.real("latency_us", &NetworkSpec::latency_us,
         {.unit = "us",
          .help = "One way between two hosts of a rack.",
          .source = "griffon: 24 us a link; healthy LAN: 25 to 50 us"},
         non_negative());
  t.real("cross_rack_latency_us", &NetworkSpec::cross_rack_latency_us,
         {.unit = "us", .help = "One way between hosts of two racks.", .source = "g5k.xml: 100 us"},
         non_negative());
  t.real("efficiency", &NetworkSpec::efficiency,
         {.help = "Payload share of the line rate; 0.9415 if neither this nor bandwidth_factor is given and "
                  "the model "
                  "has none.",
          .source = "Ethernet: 1448 of 1538 bytes"},
         between(1e-3, 1));
  t.real("bandwidth_factor", &NetworkSpec::bandwidth_factor,
         {.help = "Instead of efficiency: SimGrid's factor."}, between(1e-3, 10));
  t.real("latency_factor", &NetworkSpec::latency_factor,
         {.help = "On every latency; the model's if left out."}, between(0, 1000));
  t.real("loopback_latency_us", &NetworkSpec::loopback_latency_us, {.unit = "us", .help = "Inside a host."},
         non_negative());
  t.real("loopback_gbit_per_s", &NetworkSpec::loopback_gbit_per_s,
         {.unit = "Gbit/s", .help = "Inside a host, per connection; 0: infinitely fast."}, non_negative());
  t.real("transfer_max_kib", &NetworkSpec::transfer_max_kib,
         {.unit = "KiB", .help = "What queues behind a busy connection travels together, up to this size."},
         positive());
  t.real("window_kib", &NetworkSpec::window_kib,
         {.unit = "KiB",
          .help = "A connection is no faster than window / (2 latency); 0: no window. SimGrid's default "
                  "TCP-gamma is 4096."},
         non_negative());
  t.boolean(
      "fair_share", &NetworkSpec::fair_share,
      {.help = "Transfers that all cross one link, the narrowest for each, share it evenly in closed form; "
               "false: whatever is shared is SimGrid's, which is slower and hands batches over later."});
  t.check({"efficiency", "bandwidth_factor"}, [](const NetworkSpec& network, const Node& at, Errors& errors) {
    if (network.efficiency && network.bandwidth_factor) {
      errors.add(at.at_or_self("bandwidth_factor"), "efficiency and bandwidth_factor say the same thing",
                 "one of them");
    }
  });
  return t;
}

// Says who is called like somebody else; the names of all racks in which hosts stand, or nothing when one of
// them is not known.
std::optional<std::set<std::string>> check_host_names(const ClusterSpec& cluster, const Node& at,
                                                      Errors& errors) {
  std::set<std::string> names, racks;
  const Node* hosts = at.find("hosts");
  bool racks_known = hosts == nullptr ? errors.sound(at, "hosts") : hosts->is_array();
  for (std::size_t g = 0; g < cluster.hosts.size(); ++g) {
    const HostGroupSpec& group = cluster.hosts[g];
    const Node& node = hosts != nullptr ? *hosts->items()[g] : at;
    racks.insert(group.rack);
    racks_known = racks_known && node.is_object() && errors.sound(node, "rack");
    if (!node.is_object() || !errors.sound(node, "name") || !errors.sound(node, "count")) continue;
    for (int i = 0; i < group.count; ++i) {
      const std::string name = host_name(group, i);
      if (!names.insert(name).second) {
        errors.add(at.at_or_self("hosts"), fmt::format("two hosts are called {}", quoted(name)),
                   "a name for each");
        break;
      }
    }
  }
  if (!racks_known) return std::nullopt;
  return racks;
}

void check_hosts(const ClusterSpec& cluster, const Node& at, Errors& errors) {
  const bool described = cluster.platform.empty();
  if (errors.sound(at, "platform") && errors.sound(at, "hosts") && described && cluster.hosts.empty())
    errors.add(at, "the cluster has no hosts", "hosts, or a platform file");
  if (!described && (!cluster.hosts.empty() || !cluster.racks.empty())) {
    errors.add(at.at_or_self("platform"), "hosts and racks are described twice",
               "a platform file, or hosts and racks");
  }
  const std::optional<std::set<std::string>> racks = check_host_names(cluster, at, errors);
  std::set<std::string> described_racks;
  for (std::size_t r = 0; r < cluster.racks.size(); ++r) {
    const std::string& name = cluster.racks[r].name;
    const Node& where = at.at_or_self("racks");
    if (!errors.sound(*where.items()[r], "name")) continue;
    const Node& at_name = where.items()[r]->at_or_self("name");
    if (!described_racks.insert(name).second) {
      errors.add(at_name, fmt::format("rack {} is described twice", quoted(name)), "once");
    } else if (racks && !racks->contains(name)) {
      std::vector<std::string> known(racks->begin(), racks->end());
      std::erase(known, "");
      errors.add(at_name, fmt::format("no host stands in rack {}", quoted(name)),
                 known.empty() ? "no racks: no group of hosts has a \"rack\"" : allowed_names(name, known));
    }
  }
}

}  // namespace

std::string host_name(const HostGroupSpec& group, int index) {
  return group.count == 1 ? group.name : fmt::format("{}-{}", group.name, index);
}

ParamTable<ClusterSpec> cluster_table() {
  ParamTable<ClusterSpec> t("cluster");
  t.objects("hosts", &ClusterSpec::hosts, host_table(), {.help = "Groups of equal hosts."});
  t.objects("racks", &ClusterSpec::racks, rack_table(), {.help = "Racks whose uplink may be a bottleneck."});
  t.object("network", &ClusterSpec::network, network_table(),
           {.help = "Latency, bandwidth, and how they are modelled."});
  t.text("platform", &ClusterSpec::platform,
         {.help = "Instead of hosts and racks: a platform file in SimGrid's XML."});
  t.real(
      "reference_speed_gflops", &ClusterSpec::reference_speed_gflops,
      {.unit = "Gflop/s", .help = "With a platform file: the speed of the core that costs are stated for."},
      positive());
  t.integer("platform_slots", &ClusterSpec::platform_slots,
            {.help = "With a platform file: slots of each host; as many as cores if left out."},
            between(1, 100000));
  t.real("platform_memory_gib", &ClusterSpec::platform_memory_gib,

         {.unit = "GiB",
          .help = "With a platform file: memory of each host, for the reader; nothing is limited by it."},
         positive());
  t.check_parts(check_hosts);
  return t;
}

}  // namespace weir
