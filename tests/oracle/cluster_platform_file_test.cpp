// SimGrid platform files: the same cluster described twice behaves the same, and what is wrong is an error.

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <vector>

#include "sim/cluster/platform_file.hpp"
#include "sim/cluster/speeds.hpp"
#include "tests/support/cluster_rig.hpp"

using namespace weir;

namespace {

const std::string platforms = std::string(WEIR_SOURCE_DIR) + "/scenarios/platforms";

std::vector<Nanos> times_of(const ClusterSpec& spec) {
  int fds[2];
  REQUIRE(pipe(fds) == 0);
  const pid_t child = fork();
  if (child == 0) {
    ClusterRig rig(spec);
    // Host i of rack a is i, of rack b 4 + i.
    for (int i = 0; i < 4; ++i) {
      rig.send_at(0, rig.connect(i, 4 + i), 1e6 * (i + 1));
      rig.send_at(200'000, rig.connect(i, (i + 1) % 4), 5e5);
      for (int j = 0; j < 12; ++j) rig.start_at(100'000 * j, rig.worker(i), 0.01);
    }
    rig.loop.run(to_nanos(10));
    std::vector<Nanos> times;
    for (const auto& [cookie, delivery] : rig.deliveries) times.push_back(delivery.last_ns);
    for (const auto& worker : rig.workers) times.push_back(worker->done_ns.at(0));
    const auto bytes = static_cast<ssize_t>(times.size() * sizeof(Nanos));
    _exit(write(fds[1], times.data(), static_cast<std::size_t>(bytes)) == bytes ? 0 : 1);
  }
  close(fds[1]);
  std::vector<Nanos> times;
  for (Nanos t = 0; read(fds[0], &t, sizeof t) == sizeof t;) times.push_back(t);
  close(fds[0]);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(status == 0);
  return times;
}

std::string refused(const std::string& name, const std::string& xml) {
  {
    std::ofstream out(name);
    out << xml;
  }
  std::string what;
  try {
    ClusterSpec spec;
    spec.platform = name;
    slot_count(spec, "");
  } catch (const std::runtime_error& e) {
    what = e.what();
  }
  std::remove(name.c_str());
  return what;
}

}  // namespace

TEST_CASE("two racks as a platform file and as JSON take the same times", "[oracle][cluster]") {
  ClusterSpec xml;
  xml.platform = platforms + "/two_racks.xml";
  ClusterSpec json = small_cluster(4, 8, 10, 25);
  json.hosts[0].rack = std::string("a");
  json.hosts.push_back(json.hosts[0]);
  json.hosts[1].name = std::string("other");
  json.hosts[1].rack = std::string("b");
  json.racks = {{"a", 20}, {"b", 20}};
  json.network.efficiency = 0.9415;
  json.network.cross_rack_latency_us = 100;
  const std::vector<Nanos> a = times_of(xml), b = times_of(json);
  CHECK(a.size() == 8 + 48);
  CHECK(a == b);
}

TEST_CASE("a platform file: names in natural order, speeds relative to the reference, slots", "[cluster]") {
  ClusterSpec spec;
  spec.platform = std::string("backbone.xml");
  spec.reference_speed_gflops = 10.339;
  CHECK(slot_count(spec, platforms) == 64);
  Calendar calendar;
  Cluster cluster(spec, calendar, platforms);
  REQUIRE(cluster.host_count() == 16);
  CHECK(cluster.host(2).name == "node-2");
  CHECK(cluster.host(10).name == "node-10");
  CHECK(cluster.host(10).speed == Approx(2));
  CHECK(cluster.host(0).cores == 4);
  CHECK(cluster.slot_count() == 64);
  CHECK(cluster.explain().size() > 8);
}

TEST_CASE("a platform file's speed profile is played by the calendar", "[cluster]") {
  ClusterSpec spec;
  spec.platform = std::string("stragglers.xml");
  ClusterRig rig(spec, true, platforms);
  auto& slow = rig.worker(2);
  auto& fast = rig.worker(1);
  rig.start_at(to_nanos(50), slow, 30);  // 10 until 60, 15 until 90, 5 more
  rig.start_at(to_nanos(50), fast, 30);
  auto& later = rig.worker(2);
  rig.start_at(to_nanos(175), later, 20);  // the second round: 120 + 60
  rig.loop.run(to_nanos(300));
  CHECK(slow.done_ns == std::vector<Nanos>{to_nanos(95)});
  CHECK(fast.done_ns == std::vector<Nanos>{to_nanos(80)});
  CHECK(later.done_ns == std::vector<Nanos>{to_nanos(210)});
}

TEST_CASE("what SimGrid would abort on is an error with a line for people", "[cluster]") {
  const std::string head =
      "<?xml version='1.0'?><!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\"><platform "
      "version=\"4.1\">";
  CHECK(refused("cluster_bad_test.xml", "not xml at all") != "");
  CHECK(refused("cluster_bad_test.xml", "") != "");
  CHECK(refused("cluster_bad_test.xml", head + "<zone id='z' routing='Full'></zone></platform>") != "");
  CHECK(refused("cluster_bad_test.xml", head + "<zone id='z' routing='Nonsense'></zone></platform>") != "");
  CHECK(refused("cluster_bad_test.xml", head + "<zone id='z' routing='Full'><host id='a' speed='1Gf'/>"
                                               "<host id='b' speed='1Gf'/></zone></platform>") !=
        "");  // no route
  CHECK(refused("cluster_bad_test.xml", head +
                                            "<zone id='z' routing='Full'><host id='a' speed='fast'/></zone>"
                                            "</platform>") != "");
  CHECK(refused(
            "cluster_bad_test.xml",
            head + "<zone id='z' routing='Full'><host id='a' speed='1Gf' state_file='x'/></zone></platform>")
            .find("state_file") != std::string::npos);
  ClusterSpec missing;
  missing.platform = std::string("there_is_none.xml");
  CHECK_THROWS_WITH(slot_count(missing, ""), Catch::Contains("there_is_none.xml: cannot be read"));
}

TEST_CASE("natural order of names", "[cluster]") {
  CHECK(natural_less("node-2", "node-10"));
  CHECK_FALSE(natural_less("node-10", "node-2"));
  CHECK(natural_less("a-10-b", "b-1"));
  CHECK(natural_less("n", "n1"));
  CHECK(natural_less("n01", "n2"));
  CHECK(natural_less("n01", "n1") != natural_less("n1", "n01"));
  CHECK_FALSE(natural_less("n1", "n1"));
}

TEST_CASE("SimGrid's profile format", "[cluster]") {
  const SpeedProfile profile = parse_profile("# comment\n0 1.0\n\n10.5 0.25 # more\nLOOPAFTER 2\n", "f");
  REQUIRE(profile.steps.size() == 2);
  CHECK(profile.steps[1].time_ns == to_nanos(10.5));
  CHECK(profile.steps[1].factor == 0.25);
  CHECK(profile.period_ns == to_nanos(12.5));
  CHECK(parse_profile("1 2\n", "f").period_ns == 0);
  for (const char* wrong :
       {"", "1\n", "1 x\n", "2 1\n1 1\n", "1 1 1\n", "-1 1\n", "1 -1\n", "nan 1\n", "0 1\nLOOPAFTER 0\n"}) {
    INFO(wrong);
    CHECK_THROWS_AS(parse_profile(wrong, "f"), std::runtime_error);
  }
  CHECK_THROWS_WITH(parse_profile("0 1\n2 slow\n", "f"), Catch::Contains("f:2: "));
}
