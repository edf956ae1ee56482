// A random mix of everything: the same with and without run-ahead, and twice the same.

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "sim/kernel/random.hpp"
#include "tests/support/cluster_rig.hpp"

using namespace weir;

namespace {

struct Outcome {
  std::uint64_t fingerprint;
  std::uint64_t rounds;
  std::int64_t execs;
  std::int64_t comms;
  std::int64_t shared;  // these and others
  Nanos time_sum_ns;
};

Outcome mix(std::uint64_t seed, bool lookahead) {
  ClusterSpec spec = small_cluster(4, 2, 0.8);
  spec.hosts[0].interference = InterferenceSpec{0.2, 0.1, 0.37};
  ClusterRig rig(spec, lookahead);
  RandomStream random(seed, "mix", "test");
  std::vector<int> connections;
  for (int i = 0; i < 36; ++i) {
    const int from = static_cast<int>(random.below(4));
    connections.push_back(rig.connect(from, static_cast<int>(random.below(4))));
  }
  std::vector<ClusterRig::Worker*> workers;
  for (int i = 0; i < 16; ++i) workers.push_back(&rig.worker(i % 4));
  for (int i = 0; i < 16; ++i) {
    for (Nanos t = static_cast<Nanos>(random.below(1000)); t < to_nanos(2); t += 40'000'000) {
      const double work_s = random.exponential(0.006);
      rig.at(t, [&rig, worker = workers[static_cast<std::size_t>(i)], work_s] {
        rig.cluster.cpus().cancel(worker->task);
        rig.cluster.cpus().start(worker->task, work_s, rig.calendar.now(), 0);
      });
    }
  }
  for (int i = 0; i < 4000; ++i) {
    const Nanos t = static_cast<Nanos>(random.below(2'000'000'000));
    const int connection = connections[random.below(36)];
    rig.send_at(t, connection, random.exponential(40'000));
  }
  rig.loop.run(to_nanos(3));
  Outcome outcome{rig.calendar.fingerprint(),
                  rig.loop.rounds(),
                  rig.cluster.cpus().counts().execs,
                  rig.cluster.network().counts().comms,
                  rig.cluster.network().counts().shared,
                  0};
  for (const auto& worker : rig.workers) {
    for (const Nanos t : worker->done_ns) outcome.time_sum_ns += t;
  }
  for (const auto& [cookie, delivery] : rig.deliveries)
    outcome.time_sum_ns += delivery.first_ns + delivery.at_ns;
  return outcome;
}

// One simulation per process.
Outcome mix_in_child(std::uint64_t seed, bool lookahead) {
  int fds[2];
  REQUIRE(pipe(fds) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const Outcome outcome = mix(seed, lookahead);
    _exit(write(fds[1], &outcome, sizeof outcome) == sizeof outcome ? 0 : 1);
  }
  close(fds[1]);
  Outcome outcome{};
  const auto got = read(fds[0], &outcome, sizeof outcome);
  close(fds[0]);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(got == sizeof outcome);
  REQUIRE(status == 0);
  return outcome;
}

}  // namespace

TEST_CASE("a random mix has the same fingerprint with and without run-ahead", "[oracle][cluster]") {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
    INFO("seed " << seed);
    const Outcome ahead = mix_in_child(seed, true);
    const Outcome step = mix_in_child(seed, false);
    const Outcome again = mix_in_child(seed, true);
    CHECK(ahead.fingerprint == step.fingerprint);
    CHECK(ahead.time_sum_ns == step.time_sum_ns);
    CHECK(ahead.fingerprint == again.fingerprint);
    CHECK(ahead.execs > 100);
    CHECK(ahead.comms > 100);
    CHECK(ahead.shared > ahead.comms + 100);
    CHECK(ahead.rounds < step.rounds);
  }
}

TEST_CASE("a process that ends in the middle of Execs and Comms exits cleanly", "[cluster]") {
  const pid_t child = fork();
  if (child == 0) {
    {
      ClusterSpec spec = small_cluster(3, 1);
      spec.network.fair_share = false;
      ClusterRig rig(spec);
      for (int i = 0; i < 4; ++i) rig.start_at(0, rig.worker(0), 10);
      for (int i = 0; i < 4; ++i) rig.send_at(0, rig.connect(i % 2, 2), 1e9);
      rig.at(to_nanos(0.5), [&] { rig.cluster.cpus().cancel(rig.workers[0]->task); });
      rig.loop.run(to_nanos(0.5));
    }
    std::exit(0);  // with SimGrid's own destructors
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(status == 0);
}
