#include "models/engines/flink/state_backend.hpp"

#include <algorithm>

namespace weir::flink {

StateBackend::StateBackend(Calendar& calendar, Cpus& cpus, std::uint32_t id, const BackendParams& params)
    : calendar_(calendar), cpus_(cpus), params_(params) {
  handler_id = id;
}

StateBackend::~StateBackend() {
  stop();
}

void StateBackend::deploy(const Job& job) {
  stores_.clear();
  first_store_.clear();
  record_bytes_.clear();
  if (!works_by_itself()) return;
  const LogicalGraph& graph = job.graph();
  std::uint32_t next_thread = 0;
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    const LogicalOperator& spec = graph.operators[op];
    const bool keyed = std::any_of(spec.inputs.begin(), spec.inputs.end(), [&](int edge) {
      return graph.edges[edge].spec.partitioning == Partitioning::key;
    });
    first_store_.push_back(static_cast<std::uint32_t>(stores_.size()));
    record_bytes_.push_back(keyed ? std::max(1.0, spec.input_bytes) : 0);
    for (int i = 0; keyed && i < job.parallelism()[op]; ++i) {
      const Instance& instance = job.instance(static_cast<int>(op), i);
      Store store;
      store.records_seen = instance.counters().records_in;
      for (int t = 0; t < params_.background_threads; ++t, ++next_thread) {
        if (next_thread == threads_.size()) threads_.push_back(std::make_unique<Thread>());
        Thread& thread = *threads_[next_thread];
        thread.store = static_cast<std::uint32_t>(stores_.size());
        cpus_.attach(thread.task, instance.host(), *this, next_thread);
        thread.attached = true;
        store.threads.push_back(next_thread);
      }
      stores_.push_back(std::move(store));
    }
  }
}

void StateBackend::stop() {
  for (const auto& thread : threads_) {
    if (!thread->attached) continue;
    cpus_.detach(thread->task);
    thread->attached = thread->busy = false;
  }
  stores_.clear();
}

void StateBackend::served(const Instance& instance) {
  const auto op = static_cast<std::size_t>(instance.operator_id());
  if (stores_.empty() || record_bytes_[op] == 0) return;
  const std::uint32_t number = first_store_[op] + static_cast<std::uint32_t>(instance.index());
  Store& store = stores_[number];
  const std::int64_t seen = instance.counters().records_in;
  const auto records = static_cast<double>(seen - store.records_seen);
  store.records_seen = seen;
  store.buffered_records += records;
  const double full_records = std::max(1.0, params_.write_buffer_mb * 1e6 / record_bytes_[op]);
  bool filled = false;
  for (; store.buffered_records >= full_records; store.buffered_records -= full_records) {
    store.jobs_s.push_back(full_records * params_.background_us_per_record * 1e-6);
    filled = true;
  }
  if (filled) give_work(number);
}

void StateBackend::give_work(std::uint32_t number) {
  Store& store = stores_[number];
  for (const std::uint32_t id : store.threads) {
    Thread& thread = *threads_[id];
    if (thread.busy || store.jobs_s.empty()) continue;
    const double work_s = store.jobs_s.front();
    store.jobs_s.pop_front();
    background_s_ += work_s;
    thread.busy = true;
    cpus_.start(thread.task, work_s, calendar_.now(), calendar_.now());
  }
}

void StateBackend::on_event(std::uint32_t id, std::uint32_t generation) {
  Thread& thread = *threads_[id];
  if (!thread.busy || generation != thread.task.generation) return;
  thread.busy = false;
  give_work(thread.store);
}

}  // namespace weir::flink
