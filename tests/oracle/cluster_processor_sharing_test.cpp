// Processor sharing on c cores, against formulas and against an exact calculator of the same law.

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "sim/kernel/random.hpp"
#include "tests/support/cluster_rig.hpp"

using namespace weir;

namespace {

struct Job {
  double arrival_s;
  double work_s;
  double end_s = 0;
};
struct Speed {
  double time_s;
  double factor;
};

// n jobs in the system run at min(1, c/n) times the speed. Event by event, in long double.
void share_processors(std::vector<Job>& jobs, int cores, const std::vector<Speed>& speeds = {}) {
  std::vector<long double> left(jobs.size());
  std::vector<bool> in(jobs.size()), out(jobs.size());
  long double now = 0, factor = 1;
  std::size_t ended = 0, next_speed = 0;
  while (ended < jobs.size()) {
    const auto busy = std::count(in.begin(), in.end(), true);
    const long double rate =
        busy == 0 ? 0 : factor * std::min<long double>(1, static_cast<long double>(cores) / busy);
    long double next = std::numeric_limits<long double>::infinity();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (in[i] && rate > 0) next = std::min(next, now + left[i] / rate);
      if (!in[i] && !out[i]) next = std::min<long double>(next, jobs[i].arrival_s);
    }
    if (next_speed < speeds.size()) next = std::min<long double>(next, speeds[next_speed].time_s);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (in[i]) left[i] -= (next - now) * rate;
    }
    now = next;
    if (next_speed < speeds.size() && speeds[next_speed].time_s <= now) factor = speeds[next_speed++].factor;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (in[i] && left[i] < 1e-13L) {
        in[i] = false;
        out[i] = true;
        jobs[i].end_s = static_cast<double>(now);
        ++ended;
      }
      if (!in[i] && !out[i] && jobs[i].arrival_s <= now) {
        in[i] = true;
        left[i] = jobs[i].work_s;
      }
    }
  }
}

std::vector<Job> random_jobs(std::uint64_t seed, int count, double span_s, double mean_work_s) {
  RandomStream random(seed, "jobs", "test");
  std::vector<Job> jobs;
  for (int i = 0; i < count; ++i) {
    const double arrival_s = std::floor(random.uniform01() * span_s * 1e9) * 1e-9;
    jobs.push_back({arrival_s, random.exponential(mean_work_s)});
  }
  return jobs;
}

void run(ClusterRig& rig, const std::vector<Job>& jobs) {
  for (const Job& job : jobs) rig.start_at(to_nanos(job.arrival_s), rig.worker(0), job.work_s);
  rig.loop.run(to_nanos(1e5));
}

Nanos worst_error_ns(const ClusterRig& rig, const std::vector<Job>& jobs) {
  Nanos worst = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    REQUIRE(rig.workers[i]->done_ns.size() == 1);
    worst = std::max(worst, std::abs(rig.workers[i]->done_ns[0] - to_nanos(jobs[i].end_s)));
  }
  return worst;
}

}  // namespace

TEST_CASE("n equal services on c cores take max(1, n/c) times as long", "[oracle][cluster]") {
  // Every n and c on a host of its own.
  struct Case {
    int n, c;
  };
  std::vector<Case> cases;
  ClusterSpec spec;
  for (const int c : {1, 2, 3, 4, 7, 16, 64}) {
    for (const int n : {1, 2, 3, 4, 5, 8, 9, 16, 17, 65, 200}) {
      HostGroupSpec group;
      group.name = fmt::format("h{}", cases.size());
      group.cores = c;
      spec.hosts.push_back(group);
      cases.push_back({n, c});
    }
  }
  ClusterRig rig(spec);
  const double work_s = 0.0123456;
  std::vector<ClusterRig::Worker*> firsts;
  for (std::size_t host = 0; host < cases.size(); ++host) {
    for (int i = 0; i < cases[host].n; ++i) {
      auto& worker = rig.worker(static_cast<int>(host));
      if (i == 0) firsts.push_back(&worker);
      rig.start_at(1000, worker, work_s);
    }
  }
  rig.loop.run(to_nanos(10));
  std::size_t w = 0;
  for (const Case& one : cases) {
    const double expected_s = work_s * std::max(1.0, static_cast<double>(one.n) / one.c);
    for (int i = 0; i < one.n; ++i, ++w) {
      INFO(one.n << " services on " << one.c << " cores");
      REQUIRE(rig.workers[w]->done_ns.size() == 1);
      CHECK(std::abs(rig.workers[w]->done_ns[0] - 1000 - to_nanos(expected_s)) <= 1);
    }
  }
}

TEST_CASE("random services on 3 cores end when processor sharing says so", "[oracle][cluster]") {
  const std::uint64_t seed = 20260101;
  INFO("seed " << seed);
  auto jobs = random_jobs(seed, 400, 10, 0.07);  // load 0.93: in and out of contention
  share_processors(jobs, 3);
  ClusterRig rig(small_cluster(1, 3));
  run(rig, jobs);
  CHECK(worst_error_ns(rig, jobs) <= 5);
  const auto& counts = rig.cluster.cpus().counts();
  CHECK(counts.execs > 50);
  CHECK(counts.execs < counts.services);  // the host returned to closed form
}

TEST_CASE("random services on a single overloaded core end when processor sharing says so",
          "[oracle][cluster]") {
  const std::uint64_t seed = 7;
  auto jobs = random_jobs(seed, 150, 5, 0.05);
  share_processors(jobs, 1);
  ClusterRig rig(small_cluster(1, 1));
  run(rig, jobs);
  CHECK(worst_error_ns(rig, jobs) <= 5);
}

TEST_CASE("random services under random changes of speed end when processor sharing says so",
          "[oracle][cluster]") {
  const std::uint64_t seed = 11;
  RandomStream random(seed, "speeds", "test");
  auto jobs = random_jobs(seed, 300, 10, 0.06);
  std::vector<Speed> speeds;
  ClusterSpec spec = small_cluster(1, 2);
  spec.hosts[0].profile.emplace();
  for (double t = 0.137; t < 12; t += 0.211) {
    const double factor = random.bernoulli(0.15) ? 0.0 : random.uniform(0.3, 2.0);  // 0: frozen
    speeds.push_back({t, factor});
  }
  speeds.push_back({12.5, 1});
  for (const Speed& speed : speeds) spec.hosts[0].profile->steps.push_back({speed.time_s, speed.factor});
  share_processors(jobs, 2, speeds);
  ClusterRig rig(spec);
  run(rig, jobs);
  CHECK(rig.cluster.cpus().counts().execs > 50);
  CHECK(worst_error_ns(rig, jobs) <= 30);  // each of the up to 60 changes rounds once
}

TEST_CASE("a change of speed in mid-service, with a core for everybody", "[oracle][cluster]") {
  ClusterSpec spec = small_cluster(2, 2);
  spec.hosts[0].profile = ProfileSpec{{{1.0, 0.5}, {2.0, 2.0}, {2.25, 0.0}, {3.25, 1.0}}, 0, ""};
  ClusterRig rig(spec);
  auto& a = rig.worker(0);
  auto& b = rig.worker(1);
  rig.start_at(to_nanos(0.5), a, 1.75);  // 0.5 + 0.5 + 0.5 by 2.25, nothing until 3.25, 0.25 more
  rig.start_at(to_nanos(0.5), b, 0.25);
  rig.loop.run(to_nanos(10));
  CHECK(a.done_ns == std::vector<Nanos>{to_nanos(3.5)});
  CHECK(b.done_ns == std::vector<Nanos>{to_nanos(0.75)});
  CHECK(rig.cluster.cpus().counts().execs == 0);
}

TEST_CASE("a change of speed in mid-service, with a shared core", "[oracle][cluster]") {
  ClusterSpec spec = small_cluster(1, 1);
  spec.hosts[0].profile = ProfileSpec{{{1.0, 0.5}, {2.0, 2.0}, {2.25, 0.0}, {3.25, 1.0}}, 0, ""};
  ClusterRig rig(spec);
  auto& a = rig.worker(0);
  auto& b = rig.worker(0);
  rig.start_at(to_nanos(0.5), a, 0.875);  // half of the above: both end at 3.5
  rig.start_at(to_nanos(0.5), b, 0.875);
  rig.loop.run(to_nanos(10));
  CHECK(a.done_ns == std::vector<Nanos>{to_nanos(3.5)});
  CHECK(b.done_ns == std::vector<Nanos>{to_nanos(3.5)});
  CHECK(rig.cluster.cpus().counts().execs == 2);
}

TEST_CASE("a service that is cancelled gives its share of the core to the others", "[oracle][cluster]") {
  ClusterRig rig(small_cluster(1, 1));
  auto& a = rig.worker(0);
  auto& b = rig.worker(0);
  auto& c = rig.worker(0);
  rig.start_at(0, a, 1);
  rig.start_at(0, b, 1);
  rig.start_at(0, c, 1);
  rig.at(to_nanos(0.6), [&] { rig.cluster.cpus().cancel(b.task); });  // each has 0.2
  rig.at(to_nanos(0.8), [&] { rig.cluster.cpus().detach(c.task); });  // 0.3
  rig.at(to_nanos(0.8), [&] { rig.cluster.cpus().start(b.task, 0.1, to_nanos(0.8), 0); });
  rig.loop.run(to_nanos(10));
  CHECK(b.done_ns == std::vector<Nanos>{to_nanos(1.0)});
  CHECK(a.done_ns == std::vector<Nanos>{to_nanos(1.6)});
  CHECK(c.done_ns.empty());
}

TEST_CASE("look-back counts a service as begun, but no core works twice", "[oracle][cluster]") {
  ClusterRig rig(small_cluster(2, 1));
  auto& alone = rig.worker(0);
  auto& a = rig.worker(1);
  auto& b = rig.worker(1);
  rig.at(to_nanos(1), [&] {
    // Its last record comes at 1 and takes 10 ms by itself; work on the others has begun at 0.5.
    rig.cluster.cpus().start(alone.task, 0.3, to_nanos(0.5), to_nanos(1.01));
    // Two that share a core: it was unused for 0.5 s, which pays 0.4 of the one and 0.1 of the other.
    rig.cluster.cpus().start(a.task, 0.4, to_nanos(0.5), to_nanos(1));
    rig.cluster.cpus().start(b.task, 0.4, to_nanos(0.5), to_nanos(1));
  });
  rig.loop.run(to_nanos(10));
  CHECK(alone.done_ns == std::vector<Nanos>{to_nanos(1.01)});
  CHECK(a.done_ns == std::vector<Nanos>{to_nanos(1)});
  CHECK(b.done_ns == std::vector<Nanos>{to_nanos(1.3)});
}
