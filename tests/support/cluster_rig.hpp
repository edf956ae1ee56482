#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/kernel/simgrid_loop.hpp"

// What the tests of the cluster share: a cluster with a script of calls at given times, and what came of it.
// One per process.

namespace weir {

struct ClusterRig final : EventHandler, DeliveryHandler {
  struct Worker final : EventHandler {
    explicit Worker(ClusterRig& r) : rig(r) {}
    void on_event(std::uint32_t kind, std::uint32_t argument) override {
      if (kind == 7 && argument == task.generation) done_ns.push_back(rig.calendar.now());
    }
    ClusterRig& rig;
    CpuTask task;
    std::vector<Nanos> done_ns;
  };
  struct Delivery {
    Nanos at_ns, first_ns, last_ns;
  };

  explicit ClusterRig(const ClusterSpec& spec, bool lookahead = true, const std::string& base_dir = "")
      : cluster(spec, calendar, base_dir, 1), loop(calendar, {lookahead}) {
    EventHandler::handler_id = 1;
  }

  Worker& worker(int host) {
    workers.push_back(std::make_unique<Worker>(*this));
    workers.back()->handler_id = 100 + static_cast<std::uint32_t>(workers.size());
    cluster.cpus().attach(workers.back()->task, host, *workers.back(), 7);
    return *workers.back();
  }
  int connect(int from, int to) { return cluster.network().connect(from, to, TrafficClass::data, *this); }

  void at(Nanos time_ns, std::function<void()> what) {
    calendar.schedule(time_ns, EventClass::timer, *this, 0, static_cast<std::uint32_t>(script.size()));
    script.push_back(std::move(what));
  }
  void start_at(Nanos time_ns, Worker& worker, double work_s) {
    at(time_ns, [this, &worker, work_s] {
      cluster.cpus().start(worker.task, work_s, calendar.now(), calendar.now());
    });
  }
  // Cookies are numbered from 0.
  void send_at(Nanos time_ns, int connection, double bytes) {
    at(time_ns, [this, connection, bytes, cookie = cookies++] {
      cluster.network().send(connection, bytes, calendar.now(), calendar.now(), cookie);
    });
  }
  void on_event(std::uint32_t, std::uint32_t argument) override { script[argument](); }
  void on_delivery(std::uint32_t cookie, Nanos first_ns, Nanos last_ns) override {
    deliveries[cookie] = {calendar.now(), first_ns, last_ns};
    order.push_back(cookie);
  }

  Calendar calendar;
  Cluster cluster;
  SimGridLoop loop;
  std::deque<std::function<void()>> script;  // a script may add to itself
  std::vector<std::unique_ptr<Worker>> workers;
  std::map<std::uint32_t, Delivery> deliveries;
  std::vector<std::uint32_t> order;
  std::uint32_t cookies = 0;
};

inline ClusterSpec small_cluster(int hosts, int cores, double nic_gbit_per_s = 8, double latency_us = 50) {
  ClusterSpec spec;
  HostGroupSpec group;
  group.name = std::string("worker");
  group.count = hosts;
  group.cores = cores;
  group.nic_gbit_per_s = nic_gbit_per_s;
  spec.hosts.push_back(group);
  spec.network.efficiency = 1;
  spec.network.latency_us = latency_us;
  return spec;
}

}  // namespace weir
