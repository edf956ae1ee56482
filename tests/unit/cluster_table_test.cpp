#include <catch2/catch.hpp>

#include "sim/cluster/cluster.hpp"
#include "sim/scenario/parse.hpp"

using namespace weir;

namespace {

std::string errors_of(const std::string& text, ClusterSpec* out = nullptr) {
  Errors errors;
  const auto document = parse_document(text, "f", errors);
  ClusterSpec spec;
  if (document) cluster_table().read(document->root(), spec, errors);
  if (out != nullptr) *out = spec;
  return errors.text();
}

}  // namespace

TEST_CASE("a cluster is read from JSON", "[cluster]") {
  ClusterSpec spec;
  CHECK(errors_of(R"({"hosts": [
      {"name": "worker", "count": 3, "cores": 8, "slots": 12, "speed": 1.5, "memory_gib": 32, "nic_gbit_per_s": 25,
       "rack": "a", "profile": {"steps": [{"time_s": 10, "factor": 0.5}, {"time_s": 20, "factor": 1}], "repeat_s": 60}},
      {"name": "broker", "rack": "b", "interference": {"off_mean_s": 100}}],
    "racks": [{"name": "a", "uplink_gbit_per_s": 40}],
    "network": {"model": "CM02", "latency_us": 20, "bandwidth_factor": 0.97}})",
                  &spec) == "");
  REQUIRE(spec.hosts.size() == 2);
  CHECK(spec.hosts[0].slots == 12);
  CHECK_FALSE(spec.hosts[1].slots.has_value());
  CHECK(spec.hosts[0].profile->steps[1].time_s == 20);
  CHECK(spec.hosts[1].interference->off_mean_s == 100);
  CHECK(slot_count(spec, "") == 3 * 12 + 4);
  CHECK(host_name(spec.hosts[0], 2) == "worker-2");
  CHECK(host_name(spec.hosts[1], 0) == "broker");
}

TEST_CASE("what is wrong with a cluster is said", "[cluster]") {
  using Catch::Contains;
  CHECK_THAT(errors_of("{}"), Contains("no hosts"));
  CHECK_THAT(errors_of(R"({"hosts": [{}], "platform": "x.xml"})"), Contains("described twice"));
  CHECK_THAT(errors_of(R"({"hosts": [{"name": "a"}, {"name": "a"}]})"), Contains("two hosts are called"));
  CHECK_THAT(errors_of(R"({"hosts": [{"rack": "left"}], "racks": [{"name": "lefd"}]})"),
             Contains("did you mean"));
  CHECK_THAT(errors_of(R"({"hosts": [{}], "network": {"efficiency": 0.9, "bandwidth_factor": 0.97}})"),
             Contains("the same thing"));
  CHECK_THAT(
      errors_of(
          R"({"hosts": [{"profile": {"steps": [{"time_s": 2, "factor": 1}, {"time_s": 1, "factor": 1}]}}]})"),
      Contains("do not grow"));
  CHECK_THAT(errors_of(R"({"hosts": [{"profile": {}}]})"), Contains("either steps or a file"));
  CHECK_THAT(errors_of(R"({"hosts": [{"cores": 0}]})"), Contains("cores"));
}
