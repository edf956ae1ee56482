// Connections against known times and max-min rates. An interface of 8 Gbit/s passes 1 byte a nanosecond.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "sim/kernel/random.hpp"
#include "tests/support/cluster_rig.hpp"

using namespace weir;

namespace {

bool near(Nanos a, Nanos b, Nanos tolerance = 3) {
  return std::abs(a - b) <= tolerance;
}

}  // namespace

TEST_CASE("a single transfer takes latency plus bytes over bandwidth", "[oracle][cluster]") {
  ClusterSpec spec = small_cluster(2, 1);
  ClusterRig rig(spec);
  const int c = rig.connect(0, 1);
  const int inside = rig.connect(1, 1);
  rig.send_at(1000, c, 1);
  rig.send_at(1'000'000, c, 123'456'789);
  rig.send_at(5000, inside, 1e9);
  rig.loop.run(to_nanos(10));
  CHECK(rig.deliveries[0].last_ns == 1000 + 1 + 50'000);
  CHECK(rig.deliveries[1].last_ns == 1'000'000 + 123'456'789 + 50'000);
  CHECK(rig.deliveries[1].at_ns == rig.deliveries[1].last_ns);
  CHECK(rig.deliveries[2].last_ns == 5000);
  CHECK(rig.cluster.network().counts().comms == 0);
}

TEST_CASE("CM02 passes 94.15 % of the line rate by default", "[oracle][cluster]") {
  ClusterSpec spec = small_cluster(2, 1, 10, 100);
  spec.network.efficiency.reset();
  ClusterRig rig(spec);
  const int c = rig.connect(0, 1);
  CHECK(rig.cluster.network().bytes_per_s(c) == Approx(1.176875e9));
  CHECK(rig.cluster.network().latency_ns(c) == 100'000);
}

TEST_CASE("LV08 has its factors", "[oracle][cluster]") {
  ClusterSpec spec = small_cluster(2, 1, 10, 100);
  spec.network.efficiency.reset();
  spec.network.model = NetworkModel::lv08;
  ClusterRig rig(spec);
  const int c = rig.connect(0, 1);
  CHECK(rig.cluster.network().bytes_per_s(c) == Approx(0.97 * 1.25e9));
  CHECK(rig.cluster.network().latency_ns(c) == 1'301'000);
}

TEST_CASE("a batch that becomes available over an interval is forwarded as it comes", "[oracle][cluster]") {
  ClusterRig rig(small_cluster(2, 1));
  const int c = rig.connect(0, 1);
  rig.at(1'000'000, [&] {
    // 10 records of 10 000 bytes between 0 and 1 ms: the last one's own 10 us follow its coming.
    rig.cluster.network().send(c, 100'000, 0, 1'000'000, 0, 10);
  });
  rig.at(4'000'000, [&] {
    // More than the link can do in the interval: begun at 3 ms, 2 ms of link time.
    rig.cluster.network().send(c, 2'000'000, 3'000'000, 4'000'000, 1, 10);
  });
  rig.loop.run(to_nanos(1));
  CHECK(rig.deliveries[0].first_ns == 10'000 + 50'000);
  CHECK(rig.deliveries[0].last_ns == 1'010'000 + 50'000);
  CHECK(rig.deliveries[1].first_ns == 3'200'000 + 50'000);
  CHECK(rig.deliveries[1].last_ns == 5'000'000 + 50'000);
}

TEST_CASE("n transfers through one interface share it equally", "[oracle][cluster]") {
  ClusterRig rig(small_cluster(12, 1));
  // Ten senders to host 0; sizes 1, 2, …, 10 MB: the i-th ends when sum of min(size_j, size_i) is through.
  std::vector<double> sizes;
  for (int i = 1; i <= 10; ++i) {
    sizes.push_back(1e6 * i);
    rig.send_at(0, rig.connect(i, 0), sizes.back());
  }
  rig.loop.run(to_nanos(10));
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    double through = 0;
    for (const double other : sizes) through += std::min(other, sizes[i]);
    INFO("transfer " << i);
    CHECK(near(rig.deliveries[static_cast<std::uint32_t>(i)].last_ns, to_nanos(through * 1e-9) + 50'000));
  }
}

TEST_CASE("a transfer that is joined in its middle goes on with what remains", "[oracle][cluster]") {
  ClusterRig rig(small_cluster(3, 1));
  const int a = rig.connect(0, 1);
  const int b = rig.connect(0, 2);
  rig.send_at(0, a, 1e6);
  rig.send_at(400'000, b, 1e6);  // a has 600 000 left: ends at 1.6 ms; b has 400 000 left then: ends at 2 ms
  rig.send_at(3'000'000, a, 1e6);  // alone again: closed form
  rig.loop.run(to_nanos(1));
  CHECK(near(rig.deliveries[0].last_ns, 1'650'000));
  CHECK(near(rig.deliveries[1].last_ns, 2'050'000));
  CHECK(rig.deliveries[2].last_ns == 4'050'000);
  CHECK(rig.cluster.network().counts().shared == 2);
  CHECK(rig.cluster.network().counts().comms == 0);
}

TEST_CASE("three links in a row: the parking lot's max-min rates", "[oracle][cluster]") {
  // One long flow over all three links of capacities 1, 2 and 0.75 bytes/ns, and local flows: two on the
  // first, one on each other. Max-min: link 1 is the bottleneck of three flows (1/3 each); the others get the
  // rest: 2 - 1/3 and 0.75 - 1/3.
  const std::string file =
      (std::filesystem::temp_directory_path() / fmt::format("weir_parking_lot_{}.xml", ::getpid())).string();
  {
    std::ofstream xml(file);
    xml << R"(<?xml version='1.0'?><!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1"><zone id="z" routing="Floyd">
<host id="h0" speed="1Gf"/><host id="h1" speed="1Gf"/><host id="h2" speed="1Gf"/><host id="h3" speed="1Gf"/>
<link id="l0" bandwidth="1000MBps" latency="1us"/><link id="l1" bandwidth="2000MBps" latency="2us"/>
<link id="l2" bandwidth="750MBps" latency="3us"/>
<route src="h0" dst="h1"><link_ctn id="l0"/></route><route src="h1" dst="h2"><link_ctn id="l1"/></route>
<route src="h2" dst="h3"><link_ctn id="l2"/></route></zone></platform>)";
  }
  ClusterSpec spec;
  spec.platform = file;
  ClusterRig rig(spec);
  const double seconds = 0.03;  // all end together
  rig.send_at(0, rig.connect(0, 3), 1e9 / 3 * seconds);
  rig.send_at(0, rig.connect(0, 1), 1e9 / 3 * seconds);
  rig.send_at(0, rig.connect(0, 1), 1e9 / 3 * seconds);
  rig.send_at(0, rig.connect(1, 2), 1e9 * (2 - 1.0 / 3) * seconds);
  rig.send_at(0, rig.connect(2, 3), 1e9 * (0.75 - 1.0 / 3) * seconds);
  rig.loop.run(to_nanos(1));
  const Nanos latencies_ns[] = {6000, 1000, 1000, 2000, 3000};
  for (std::uint32_t i = 0; i < 5; ++i) {
    INFO("flow " << i);
    CHECK(near(rig.deliveries[i].last_ns, to_nanos(seconds) + latencies_ns[i], 10));
  }
  std::remove(file.c_str());
}

TEST_CASE("racks share their uplink", "[oracle][cluster]") {
  ClusterSpec spec = small_cluster(4, 1);
  spec.hosts[0].rack = std::string("a");
  spec.hosts.push_back(spec.hosts[0]);
  spec.hosts[1].name = std::string("other");
  spec.hosts[1].rack = std::string("b");
  spec.racks = {{"a", 16}, {"b", 0}};
  ClusterRig rig(spec);
  // Four flows out of rack a over 2 bytes/ns: half of an interface each. One inside is not concerned.
  for (int i = 0; i < 4; ++i) rig.send_at(0, rig.connect(i, 4 + i), 1e6);
  rig.send_at(0, rig.connect(4, 5), 1e6);
  rig.loop.run(to_nanos(1));
  for (std::uint32_t i = 0; i < 4; ++i) CHECK(near(rig.deliveries[i].last_ns, 2'100'000));
  // Into host 5 come 0.5 bytes/ns from rack a; the rest of the interface is the fifth flow's.
  CHECK(near(rig.deliveries[4].last_ns, 2'050'000));
}

TEST_CASE("a saturated interface passes its bandwidth and queues the rest", "[oracle][cluster]") {
  ClusterRig rig(small_cluster(5, 1));
  const std::uint64_t seed = 5;
  RandomStream random(seed, "sizes", "test");
  double bytes = 0;
  std::vector<int> connections;
  for (int i = 0; i < 4; ++i) connections.push_back(rig.connect(i, 4));
  // Offered: 1.5 times the interface of host 4, for 20 ms.
  for (double t = 0; t < 20e6; t += 1e4) {
    const double size = random.exponential(15'000);
    bytes += size;
    rig.send_at(static_cast<Nanos>(t), connections[random.below(4)], size);
  }
  rig.loop.run(to_nanos(10));
  Nanos last = 0;
  for (const auto& [cookie, delivery] : rig.deliveries) {
    last = std::max(last, delivery.last_ns);
    CHECK(delivery.first_ns <= delivery.last_ns);
    CHECK(delivery.last_ns <= delivery.at_ns);
  }
  CHECK(rig.deliveries.size() == rig.cookies);
  // Never idle from the first to the last byte (but for the beginning).
  CHECK(static_cast<double>(last - 50'000) == Approx(bytes).epsilon(0.002));
  CHECK(rig.cluster.network().counts().transfers < rig.cookies);
}

TEST_CASE("what is disconnected is not delivered and gives its bandwidth back", "[oracle][cluster]") {
  ClusterRig rig(small_cluster(3, 1));
  const int a = rig.connect(0, 1);
  const int b = rig.connect(0, 2);
  rig.send_at(0, a, 1e6);
  rig.send_at(0, b, 1e6);
  rig.send_at(10, b, 1e6);
  rig.at(1'000'000, [&] {
    rig.cluster.network().disconnect(b);
    rig.send_at(1'000'000, rig.connect(2, 1), 1);
  });
  rig.loop.run(to_nanos(1));
  CHECK(near(rig.deliveries[0].last_ns, 1'550'000));
  CHECK(rig.deliveries.size() == 2);
  CHECK(rig.deliveries.count(3) == 1);
}

TEST_CASE("a transfer that outlasts every run takes its share of the links, and is never there",
          "[oracle][cluster]") {
  // 1 byte a nanosecond: 1e19 bytes take 317 years, more than the calendar counts.
  ClusterRig rig(small_cluster(16, 1));
  constexpr Nanos second = nanos_per_second;
  const double huge[] = {1e19, 1e21, 1e300};
  for (int i = 0; i < 3; ++i) rig.send_at(0, rig.connect(2 * i, 2 * i + 1), huge[i]);
  // Behind a short one, with another behind it.
  const int queue = rig.connect(6, 7);
  const std::uint32_t first = rig.cookies;
  for (const double bytes : {1e6, 1e19, 1e21, 1e6}) rig.send_at(0, queue, bytes);
  // With others that have the same narrowest link.
  const std::uint32_t fair = rig.cookies + 1;
  rig.send_at(0, rig.connect(8, 9), 1e21);
  rig.send_at(second, rig.connect(8, 9), 1e6);
  // And where they have not: 12 -> 13 and 12 -> 14 share, 12 -> 14 and 15 -> 14 share.
  const std::uint32_t row = rig.cookies + 1;
  rig.send_at(0, rig.connect(12, 13), 1e21);
  rig.send_at(second, rig.connect(12, 14), 1e6);
  rig.send_at(second, rig.connect(15, 14), 2e6);
  rig.loop.run(to_nanos(1e9));
  REQUIRE(rig.cluster.network().counts().comms > 0);
  constexpr Nanos latency_ns = 50'000;
  REQUIRE(rig.deliveries.size() == 4);
  CHECK(rig.deliveries.at(first).last_ns == 1'000'000 + latency_ns);
  CHECK(rig.deliveries.at(fair).last_ns == second + 2'000'000 + latency_ns);
  CHECK(std::abs(rig.deliveries.at(row).last_ns - (second + 2'000'000 + latency_ns)) <= 2);
  CHECK(std::abs(rig.deliveries.at(row + 1).last_ns - (second + 3'000'000 + latency_ns)) <= 2);
}

TEST_CASE("a latency that outlasts every run", "[oracle][cluster]") {
  ClusterRig rig(small_cluster(2, 1, 8, 1e300));
  rig.send_at(1'000, rig.connect(0, 1), 1e21);
  rig.send_at(1'000, rig.connect(1, 0), 1);
  rig.loop.run(to_nanos(1e9));
  CHECK(rig.deliveries.empty());
}
