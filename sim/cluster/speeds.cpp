#include "sim/cluster/speeds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace weir {

namespace {

constexpr std::uint32_t event_step = 1;  // argument: profile
constexpr std::uint32_t event_turn = 2;  // argument: tenant

constexpr std::uint32_t speeds_handler_id = 0xffff0003;

}  // namespace

SpeedProfile parse_profile(const std::string& text, const std::string& file) {
  SpeedProfile profile;
  double delay_s = -1;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto wrong = [&](const char* what) {
      return std::runtime_error(
          fmt::format("{}:{}: {} (time factor, or LOOPAFTER delay)", file, number, what));
    };
    line.erase(std::min(line.find('#'), line.size()));
    std::istringstream fields(line);
    std::string first, rest;
    double value = 0;
    if (!(fields >> first)) continue;
    if (!(fields >> value) || !std::isfinite(value) || value < 0 || (fields >> rest))
      throw wrong("not a step");
    if (first == "LOOPAFTER" || first == "PERIODICITY") {
      delay_s = value;
      continue;
    }
    char* end = nullptr;
    const double time_s = std::strtod(first.c_str(), &end);
    if (*end != '\0' || !std::isfinite(time_s) || time_s < 0 || time_s > 1e9) throw wrong("not a time");
    const Nanos time_ns = to_nanos(time_s);
    if (!profile.steps.empty() && time_ns <= profile.steps.back().time_ns)
      throw wrong("the times do not grow");
    profile.steps.push_back({time_ns, value});
  }
  if (profile.steps.empty()) throw std::runtime_error(fmt::format("{}: a profile without steps", file));
  if (delay_s >= 0) {
    profile.period_ns = profile.steps.back().time_ns + to_nanos(delay_s);
    if (profile.period_ns <= 0)
      throw std::runtime_error(fmt::format("{}: a profile that repeats at once", file));
  }
  return profile;
}

SpeedProfile make_profile(const ProfileSpec& spec, const std::string& base_dir) {
  if (!spec.file.empty()) {
    const std::filesystem::path file(spec.file);
    const std::string path =
        file.is_absolute() ? spec.file : (std::filesystem::path(base_dir) / file).string();
    std::ifstream in(path, std::ios::binary);
    if (!in || !std::filesystem::is_regular_file(path))
      throw std::runtime_error(fmt::format("{}: cannot be read", path));
    return parse_profile({std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}, path);
  }
  SpeedProfile profile;
  for (const SpeedStep& step : spec.steps) profile.steps.push_back({to_nanos(step.time_s), step.factor});
  profile.period_ns = to_nanos(spec.repeat_s);
  return profile;
}

Speeds::Speeds(Calendar& calendar, Cpus& cpus, std::uint64_t seed)
    : calendar_(calendar), cpus_(cpus), seed_(seed) {
  handler_id = speeds_handler_id;
}

void Speeds::add_profile(int host, SpeedProfile profile) {
  // What holds from the beginning needs no event, which would come after the first services have begun.
  const bool at_once = profile.steps[0].time_ns == 0;
  if (at_once) cpus_.set_factor(host, Cpus::Cause::profile, profile.steps[0].factor);
  profiles_.push_back({host, std::move(profile), at_once ? 1u : 0u, 0});
  schedule_step(static_cast<std::uint32_t>(profiles_.size() - 1));
}

void Speeds::add_interference(int host, const std::string& host_name, const InterferenceSpec& spec) {
  tenants_.push_back({host, spec, RandomStream(seed_, host_name, "interference")});
  schedule_turn(static_cast<std::uint32_t>(tenants_.size() - 1));
}

void Speeds::schedule_step(std::uint32_t index) {
  Running& running = profiles_[index];
  if (running.next == running.profile.steps.size()) {
    if (running.profile.period_ns == 0) return;
    running.next = 0;
    running.round_ns += running.profile.period_ns;
  }
  calendar_.schedule(running.round_ns + running.profile.steps[running.next].time_ns, EventClass::fault, *this,
                     event_step, index);
}

void Speeds::schedule_turn(std::uint32_t index) {
  Tenant& tenant = tenants_[index];
  const double mean_s = tenant.there ? tenant.spec.on_mean_s : tenant.spec.off_mean_s;
  const Nanos turn_ns = std::max<Nanos>(1, to_nanos(tenant.stream.exponential(mean_s)));
  calendar_.schedule(calendar_.now() + turn_ns, EventClass::fault, *this, event_turn, index);
}

void Speeds::on_event(std::uint32_t kind, std::uint32_t argument) {
  if (kind == event_step) {
    Running& running = profiles_[argument];
    cpus_.set_factor(running.host, Cpus::Cause::profile, running.profile.steps[running.next].factor);
    ++running.next;
    schedule_step(argument);
  } else {
    Tenant& tenant = tenants_[argument];
    tenant.there = !tenant.there;
    cpus_.set_factor(tenant.host, Cpus::Cause::interference, tenant.there ? tenant.spec.factor : 1);
    schedule_turn(argument);
  }
}

}  // namespace weir
