#include <signal.h>

#include <catch2/catch.hpp>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/kernel/simgrid_loop.hpp"

using namespace weir;

namespace {

struct Worker final : EventHandler {
  Worker(Calendar& c, Cpus& cpus, int host, std::uint32_t id) : calendar(c) {
    handler_id = id;
    cpus.attach(task, host, *this, 7);
  }
  void on_event(std::uint32_t kind, std::uint32_t argument) override {
    if (kind == 7 && argument == task.generation) done.push_back(calendar.now());
  }
  Calendar& calendar;
  CpuTask task;
  std::vector<Nanos> done;
};

struct Receiver final : DeliveryHandler {
  void on_delivery(std::uint32_t cookie, Nanos first_ns, Nanos last_ns) override {
    cookies.push_back(cookie);
    firsts.push_back(first_ns);
    lasts.push_back(last_ns);
  }
  std::vector<std::uint32_t> cookies;
  std::vector<Nanos> firsts, lasts;
};

volatile sig_atomic_t interrupts = 0;

extern "C" void count_interrupt(int) {
  interrupts = interrupts + 1;
}

ClusterSpec two_hosts() {
  ClusterSpec spec;
  spec.hosts.push_back({.name = "worker", .count = 2, .cores = 1, .nic_gbit_per_s = 8});
  spec.network.efficiency = 1;
  return spec;
}

}  // namespace

TEST_CASE("one service and one batch take their closed-form times", "[cluster]") {
  Calendar calendar;
  Cluster cluster(two_hosts(), calendar, "");
  SimGridLoop loop(calendar, {});
  Worker worker(calendar, cluster.cpus(), 0, 1);
  cluster.cpus().start(worker.task, 0.25, 0, 0);
  Receiver receiver;
  const int c = cluster.network().connect(0, 1, TrafficClass::data, receiver);
  cluster.network().send(c, 1e6, 0, 0, 42);
  cluster.network().send(c, 1e6, 0, 0, 43, 10);
  loop.run(to_nanos(1));
  REQUIRE(worker.done == std::vector<Nanos>{to_nanos(0.25)});
  REQUIRE(receiver.cookies == std::vector<std::uint32_t>{42, 43});
  CHECK(receiver.lasts == std::vector<Nanos>{1'050'000, 2'050'000});
  CHECK(receiver.firsts == std::vector<Nanos>{1'050'000, 1'150'000});
}

TEST_CASE("two services on one core and two batches through one interface share", "[cluster]") {
  Calendar calendar;
  Cluster cluster(two_hosts(), calendar, "");
  SimGridLoop loop(calendar, {});
  Worker a(calendar, cluster.cpus(), 0, 1);
  Worker b(calendar, cluster.cpus(), 0, 2);
  cluster.cpus().start(a.task, 0.25, 0, 0);
  cluster.cpus().start(b.task, 0.5, 0, 0);
  Receiver receiver;
  const int c = cluster.network().connect(0, 1, TrafficClass::data, receiver);
  const int d = cluster.network().connect(0, 1, TrafficClass::data, receiver);
  cluster.network().send(c, 1e6, 0, 0, 42);
  cluster.network().send(d, 2e6, 0, 0, 43);
  loop.run(to_nanos(1));
  CHECK(a.done == std::vector<Nanos>{to_nanos(0.5)});
  CHECK(b.done == std::vector<Nanos>{to_nanos(0.75)});
  CHECK(receiver.lasts == std::vector<Nanos>{2'050'000, 3'050'000});
}

TEST_CASE("SimGrid leaves Ctrl-C to who had it", "[cluster]") {
  struct sigaction own {
  }, before{}, after{};
  own.sa_handler = count_interrupt;
  sigaction(SIGINT, &own, &before);
  sigset_t blocked_before, blocked_after;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked_before);
  Calendar calendar;
  Cluster cluster(two_hosts(), calendar, "");
  SimGridLoop loop(calendar, {});
  loop.run(to_nanos(1));
  sigaction(SIGINT, nullptr, &after);
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked_after);
  const bool left = after.sa_handler == count_interrupt;
  if (left) raise(SIGINT);  // SimGrid would end the process
  sigaction(SIGINT, &before, nullptr);
  CHECK(left);
  CHECK(interrupts == 1);
  CHECK(sigismember(&blocked_after, SIGINT) == sigismember(&blocked_before, SIGINT));
}
