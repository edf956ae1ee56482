#include <algorithm>

#include "models/engines/spark/micro_batches.hpp"

// What batches know of each other, and what they read and write besides their records: windows and state,
// checkpoints, data sets that they are joined with; and what is joined by key on its way.

namespace weir::spark {

void MicroBatches::deploy_window(const LogicalGraph& graph) {
  const auto slots = static_cast<int>(slots_.size());
  const auto input_of = [&](const std::string& name) {
    return graph.operators[static_cast<std::size_t>(graph.find(name))].inputs.front();
  };
  const auto keys_of = [&](int edge) -> const DistinctKeys& {
    std::unique_ptr<DistinctKeys>& keys = shuffles_.at(edge).keys;
    if (!keys)
      keys = std::make_unique<DistinctKeys>(graph.edges[static_cast<std::size_t>(edge)].spec.keys,
                                            shuffle_partitions_);
    return *keys;
  };
  const auto combine = [&](int edge) {
    shuffles_.at(edge).combiner = std::make_unique<Combiner>(keys_of(edge), slots, shuffle_partitions_);
  };
  for (const std::string& name : params_.combine) combine(input_of(name));
  std::map<std::string, WindowParams> kept = params_.windows;
  for (const auto& [name, state] : params_.states)
    kept[name] = {.length_s = 0,
                  .slide_s = params_.batch_interval_s,
                  .inverse = true,
                  .combine = false,
                  .merge_per_key_us = state.update_per_key_us};
  for (const auto& [name, data_set] : params_.joins)
    joined_.push_back({stages_.of_operator[static_cast<std::size_t>(graph.find(name))], data_set,
                       data_set_hosts_.at(name)});
  for (const auto& [name, params] : kept) {
    const Nanos slide_ns = to_nanos(params.slide_s);
    if (params.inverse)
      checkpoint_interval_ns_ = params_.checkpoint.interval_s ? to_nanos(*params_.checkpoint.interval_s)
                                                              : checkpoint_interval_ns(slide_ns);
    const int edge = input_of(name);
    const int from = graph.edges[static_cast<std::size_t>(edge)].from;
    window_.emplace(params, stages_.of_operator[static_cast<std::size_t>(graph.find(name))], keys_of(edge),
                    shuffle_partitions_, batch_interval_ns_,
                    graph.operators[static_cast<std::size_t>(from)].output_bytes(), may_fail_);
    if (params.combine) combine(edge);
  }
}

// Before a window each batch has stages of its own.
int MicroBatches::copies_of(int stage) const {
  if (!window_) return 1;
  const std::vector<int>& parents = stages_.list[static_cast<std::size_t>(window_->stage())].parents;
  const bool before = std::find(parents.begin(), parents.end(), stage) != parents.end();
  return before ? static_cast<int>(window_->slide_batches()) : 1;
}

double MicroBatches::work_before_records_s(const Slot& of) const {
  const double setup_s = params_.task_setup_ms * 1e-3;
  if (of.stage == checkpoint_stage())
    return setup_s +
           static_cast<double>(window_->result(of.number).keys) * params_.checkpoint.write_per_key_us * 1e-6;
  return setup_s + joined_s(of) + (is_window(of.stage) ? window_->merge_s(of.number) : 0);
}

void MicroBatches::note_window() {
  Statistics& s = statistics_;
  ++s.windows;
  s.window_records_last = window_->result_records();
  s.window_records_max = std::max(s.window_records_max, s.window_records_last);
  s.window_records_sum += s.window_records_last;
  s.window_keys_last = window_->result_keys();
  s.window_reads_max = std::max(s.window_reads_max, window_->reads());
  s.window_merged_last = window_->merged_records();
  s.window_merged_sum += s.window_merged_last;
}

// What is joined before it is written was never sent.
void MicroBatches::end_combining(int slot) {
  const Slot& of = slots_[static_cast<std::size_t>(slot)];
  for (const int child : stages_.list[static_cast<std::size_t>(of.stage)].children) {
    for (const int edge : stages_.list[static_cast<std::size_t>(child)].shuffles) {
      Shuffle& shuffle = shuffles_.at(edge);
      if (!shuffle.combiner) continue;
      StageRun& stage = batches_.at(of.batch).stages[static_cast<std::size_t>(child)];
      shuffle.combiner->end(slot, [&](int partition, const Batch& batch, std::int64_t before) {
        job_->pushed(edge, batch.count - before);
        Piece piece;
        piece.batch = batch;
        piece.host = executors_.host(slot);
        piece.maker = sent(of, batch);
        stage.tasks[static_cast<std::size_t>(partition)].input.push_back(piece);
      });
    }
  }
}

// A window of which each result is made of the one before, or a state, would else be made of all that ever
// came in (DStream.mustCheckpoint).
bool MicroBatches::checkpoint_due(std::uint32_t batch) const {
  if (checkpoint_interval_ns_ == 0) return false;
  return (static_cast<Nanos>(batch) + 1) * batch_interval_ns_ % checkpoint_interval_ns_ == 0;
}

void MicroBatches::write_partition(int slot) {
  Slot& of = slots_[static_cast<std::size_t>(slot)];
  const int here = executors_.host(slot);
  const double bytes = window_->result_bytes(of.number);
  if (checkpoint_host_ < 0 || checkpoint_host_ == here || bytes == 0) return run(slot);
  of.fetches = 1;
  job_->count_transfer(here, checkpoint_host_, bytes);
  job_->cluster().network().send(connection(here, checkpoint_host_), bytes, calendar_.now(), calendar_.now(),
                                 tagged(slot));
}

// A join goes through all of both sides.
double MicroBatches::joined_s(const Slot& of) const {
  double seconds = 0;
  for (const Joined& joined : joined_)
    if (joins(joined, of))
      seconds += joined.data_set.keys / shuffle_partitions_ * joined.data_set.merge_per_key_us * 1e-6;
  return seconds;
}

// What was reduced of earlier batches, what is checkpointed, and data sets, where they are elsewhere.
void MicroBatches::read_kept(const Slot& of, int here, std::map<int, double>& bytes_from) const {
  const auto read = [&](int host, double bytes) {
    if (host >= 0 && host != here) bytes_from[host] += bytes;
  };
  if (is_window(of.stage))
    window_->for_each_kept(of.number, [&](int slot, double bytes) { read(executors_.host(slot), bytes); });
  if (of.stage == checkpoint_stage() && window_->result(of.number).slot >= 0)
    read(executors_.host(window_->result(of.number).slot), window_->result_bytes(of.number));
  for (const Joined& joined : joined_) {
    if (joins(joined, of) && !joined.data_set.cached)
      read(joined.host, joined.data_set.keys / shuffle_partitions_ * joined.data_set.bytes_per_key);
  }
}

}  // namespace weir::spark
