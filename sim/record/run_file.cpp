#include "sim/record/run_file.hpp"

#include <fmt/format.h>

#include <exception>
#include <system_error>

#include "sim/record/atomic_file.hpp"
#include "sim/record/hdf5.hpp"
#include "version.hpp"

namespace weir {

using hdf5::check;
using hdf5::own;

struct RunFile::File {
  hdf5::Id id;
};

struct RunFile::Tables {
  RecordTable<JobRow>& jobs;
  RecordTable<OperatorRow>& operators;
  RecordTable<HostRow>& hosts;
  RecordTable<InstanceRow>& instances;
  RecordTable<InstanceStopRow>& instance_stops;
  RecordTable<OperatorWindowRow>& operator_windows;
  RecordTable<InstanceWindowRow>& instance_windows;
  RecordTable<JobWindowRow>& job_windows;
  RecordTable<HostWindowRow>& host_windows;
  RecordTable<DecisionRow>& decisions;
  RecordTable<ActionRow>& actions;
  RecordTable<SplitRow>& splits;
  RecordTable<CatchUpRow>& catch_ups;
  RecordTable<MicroBatchRow>& micro_batches;
  RecordTable<LatencyBucketRow>& latency_histogram;
  RecordTable<FinalOperatorRow>& final_operators;
  RecordTable<FinalJobRow>& final_jobs;
  RecordTable<FinalRow>& final_state;
};

namespace {

// A stale summary.json would declare the new run complete; a reader of the old run.h5 keeps its own copy.
void remove_stale(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  if (error)
    throw RecordError(fmt::format("{}: cannot remove the old file: {}", path.string(), error.message()));
}

hdf5::Id create_file(const std::filesystem::path& path) {
  hdf5::quiet();
  const std::string name = path.string();
  auto access = own(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, name, "create the file");
  check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_LATEST, H5F_LIBVER_LATEST), name, "create the file");
  // Also when somebody forgot a dataset: closing the file closes what is in it.
  check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), name, "create the file");
  // HDF5 lets its metadata cache grow to 32 MiB; the metadata in use at a time is a small part of that.
  H5AC_cache_config_t cache;
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  check(H5Pget_mdc_config(access.get(), &cache), name, "create the file");
  cache.set_initial_size = true;
  cache.initial_size = cache.max_size = 2 << 20;
  cache.min_size = 1 << 20;
  check(H5Pset_mdc_config(access.get(), &cache), name, "create the file");
  // One chunk a column: tables are written chunk after chunk. Set here and not for each dataset, because HDF5
  // opens datasets anew, with what holds for the file, when readers are let in; a MiB each is its default.
  constexpr std::size_t no_metadata_elements = 0, one_chunk = 1, chunk_bytes = 32 << 10;
  check(H5Pset_cache(access.get(), no_metadata_elements, one_chunk, chunk_bytes, 1.0), name,
        "create the file");
  return own(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose, name,
             "create the file");
}

class MetaGroup {
 public:
  MetaGroup(hid_t file, std::string path)
      : path_(std::move(path)),
        group_(own(H5Gcreate2(file, "meta", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, path_,
                   "create group meta")) {}

  void text(const char* name, const std::string& value) {
    auto type = own(H5Tcopy(H5T_C_S1), H5Tclose, path_, "create a type");
    check(H5Tset_size(type.get(), value.empty() ? 1 : value.size()), path_, "create a type");
    check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), path_, "create a type");
    check(H5Tset_cset(type.get(), H5T_CSET_UTF8), path_, "create a type");
    write(name, type.get(), value.c_str());
  }
  void integer(const char* name, std::int64_t value) { write(name, H5T_NATIVE_INT64, &value); }
  void natural(const char* name, std::uint64_t value) { write(name, H5T_NATIVE_UINT64, &value); }
  void real(const char* name, double value) { write(name, H5T_NATIVE_DOUBLE, &value); }

 private:
  void write(const char* name, hid_t type, const void* value) {
    auto scalar = own(H5Screate(H5S_SCALAR), H5Sclose, path_, "create an attribute");
    auto attribute = own(H5Acreate2(group_.get(), name, type, scalar.get(), H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose, path_, "create an attribute");
    check(H5Awrite(attribute.get(), type, value), path_, "write an attribute");
  }

  std::string path_;
  hdf5::Id group_;
};

template <class Row>
void append_dense(RecordTable<Row>& table, const std::vector<Row>& rows, std::int32_t Row::*id) {
  for (const Row& row : rows) {
    WEIR_ASSERT(row.*id == static_cast<std::int32_t>(table.size()), "ids count from 0 without a gap");
    table.append(row);
  }
}

void write_meta(hid_t file, const std::string& path, const RunMeta& meta) {
  MetaGroup group(file, path);
  group.integer("schema_version", run_file_schema_version);
  group.text("scenario", meta.scenario);
  group.text("policy", meta.policy);
  group.text("engine", meta.engine);
  group.natural("seed", meta.seed);
  group.text("scenario_sha256", meta.scenario_sha256);
  group.real("metrics_interval_s", meta.metrics_interval_s);
  group.text("weir_version", version);
  group.text("weir_commit", version_dirty ? std::string(version_commit) + "-dirty" : version_commit);
  group.text("simgrid_version", version_simgrid);
}

}  // namespace

RunFile::RunFile(const std::filesystem::path& directory, const RunMeta& meta, const RunDimensions& dimensions,
                 const RunFileSettings& settings)
    : path_(directory / "run.h5"), settings_(settings) {
  create_result_directory(directory);
  remove_stale(directory / "summary.json");
  remove_stale(path_);
  file_ = std::make_unique<File>(File{create_file(path_)});
  write_meta(file_id(), path_.string(), meta);
  own_ = std::unique_ptr<Tables>(
      new Tables{create_table(schema_of<JobRow>()), create_table(schema_of<OperatorRow>()),
                 create_table(schema_of<HostRow>()), create_table(schema_of<InstanceRow>()),
                 create_table(schema_of<InstanceStopRow>()), create_table(schema_of<OperatorWindowRow>()),
                 create_table(schema_of<InstanceWindowRow>()), create_table(schema_of<JobWindowRow>()),
                 create_table(schema_of<HostWindowRow>()), create_table(schema_of<DecisionRow>()),
                 create_table(schema_of<ActionRow>()), create_table(schema_of<SplitRow>()),
                 create_table(schema_of<CatchUpRow>()), create_table(schema_of<MicroBatchRow>()),
                 create_table(schema_of<LatencyBucketRow>()), create_table(schema_of<FinalOperatorRow>()),
                 create_table(schema_of<FinalJobRow>()), create_table(schema_of<FinalRow>())});
  append_dense(own_->jobs, dimensions.jobs, &JobRow::job_id);
  append_dense(own_->operators, dimensions.operators, &OperatorRow::operator_id);
  append_dense(own_->hosts, dimensions.hosts, &HostRow::host_id);
}

RunFile::~RunFile() {
  if (!started_ || finished_ || std::uncaught_exceptions() == 0) return;
  // On the way out with an error: what led to it is in the last rows. If the disk is the error, this
  // fails, too.
  try {
    for (const auto& table : tables_) table->finish();
  } catch (const RecordError&) {
  }
}

std::int64_t RunFile::file_id() const {
  return file_->id.get();
}

void RunFile::start() {
  WEIR_ASSERT(!started_, "a run starts once");
  // From here on HDF5 writes its metadata in an order in which the file is readable at any time: also
  // after a kill, up to the last flush.
  check(H5Fstart_swmr_write(file_id()), path_.string(), "let readers follow");
  started_ = true;
  flush();
}

RunFile::Tables& RunFile::started() {
  WEIR_ASSERT(started_ && !finished_, "rows are added between start() and finish()");
  return *own_;
}

void RunFile::add(const InstanceRow& row) {
  started().instances.append(row);
  ++live_instances_;
}
void RunFile::add(const InstanceStopRow& row) {
  started().instance_stops.append(row);
  --live_instances_;
  WEIR_ASSERT(live_instances_ >= 0, "an instance stops once, after its start");
}
void RunFile::add(const OperatorWindowRow& row) {
  started().operator_windows.append(row);
}
void RunFile::add(const InstanceWindowRow& row) {
  started().instance_windows.append(row);
}
void RunFile::add(const JobWindowRow& row) {
  started().job_windows.append(row);
}
void RunFile::add(const HostWindowRow& row) {
  started().host_windows.append(row);
}
void RunFile::add(const DecisionRow& row) {
  started().decisions.append(row);
}
void RunFile::add(const ActionRow& row) {
  started().actions.append(row);
}
void RunFile::add(const SplitRow& row) {
  started().splits.append(row);
}
void RunFile::add(const CatchUpRow& row) {
  started().catch_ups.append(row);
}
void RunFile::add(const MicroBatchRow& row) {
  started().micro_batches.append(row);
}
void RunFile::add(const LatencyBucketRow& row) {
  started().latency_histogram.append(row);
}
void RunFile::add(const FinalOperatorRow& row) {
  started().final_operators.append(row);
}
void RunFile::add(const FinalJobRow& row) {
  started().final_jobs.append(row);
}

void RunFile::flush() {
  WEIR_ASSERT(started_ && !finished_, "flush between start() and finish()");
  for (const auto& table : tables_) table->flush();
}

void RunFile::finish(const FinalRow& row) {
  // Last and alone: whoever sees this row sees everything.
  started();
  for (const auto& table : tables_) table->finish();
  own_->final_state.append(row);
  own_->final_state.finish();
  finished_ = true;
  for (const auto& table : tables_) table->close();
  check(file_->id.close(), path_.string(), "close the file");
}

}  // namespace weir
