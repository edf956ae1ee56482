#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/dataflow/broker.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/simulation/prediction.hpp"
#include "sim/simulation/scenario.hpp"

// The brokers of a scenario, and which jobs they join.

namespace weir {

// Who else fills a topic, besides the arrivals of that source of that job: sentences, "job a writes topic t".
// What the source will be offered is not known then.
std::vector<std::string> other_writers(const Scenario& scenario, std::size_t job, const TopicUse& reads);

// Jobs that are fed, over topics, by what they themselves deliver: each ring once, "a -> b -> a".
std::vector<std::string> topic_rings(const Scenario& scenario);

class Brokers {
 public:
  Brokers(const Scenario& scenario, Calendar& calendar, Cluster& cluster);

  // Before the job's first deployment.
  void connect(Job& job, std::size_t number);
  const std::vector<std::unique_ptr<Broker>>& all() const { return all_; }
  // About how many events a second they have from that job, which does so much.
  double events_per_s(const Job& job, std::size_t number, const JobRates& rates,
                      const std::vector<int>& parallelism) const;

 private:
  Broker& of(const std::string& topic) const;

  const Scenario& scenario_;
  std::vector<std::unique_ptr<Broker>> all_;
};

}  // namespace weir
