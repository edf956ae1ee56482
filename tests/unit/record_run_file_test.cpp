#include "sim/record/run_file.hpp"

#include <hdf5.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>
#include <fstream>

#include "sim/record/manifest.hpp"

using namespace weir;

namespace {

// A directory of its own for each test, gone at its end.
struct Scratch {
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("weir_record_" + std::to_string(::getpid()));
  ~Scratch() { std::filesystem::remove_all(directory); }
};

RunMeta example_meta() {
  return {"example", "ds2", "flink", 18'446'744'073'709'551'615u, "ab12", 10};
}

RunDimensions example_dimensions() {
  RunDimensions d;
  d.jobs.push_back({0, "wörd count", "flink", "ds2"});
  for (int i = 0; i < 2; ++i) {
    OperatorRow row;
    row.operator_id = i;
    row.name = i == 0 ? "source" : "count";
    row.source = i == 0;
    d.operators.push_back(row);
  }
  d.hosts.push_back({0, "node-0", 16, 1e9});
  return d;
}

OperatorWindowRow example_window(int i) {
  OperatorWindowRow row;
  row.start_s = i;
  row.end_s = i + 1;
  row.operator_id = i % 2;
  row.records_in = 1'000'000'000'000 + i;
  row.useful_s = std::sqrt(i);
  row.running = i % 3 != 0;
  return row;
}

template <class T>
std::vector<T> read_column(hid_t file, const std::string& name, hid_t type) {
  const hid_t dataset = H5Dopen2(file, name.c_str(), H5P_DEFAULT);
  REQUIRE(dataset >= 0);
  const hid_t space = H5Dget_space(dataset);
  std::vector<T> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  if (!values.empty()) REQUIRE(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
  H5Sclose(space);
  H5Dclose(dataset);
  return values;
}

hid_t open_to_read(const std::filesystem::path& path, unsigned flags = H5F_ACC_RDONLY) {
  return H5Fopen(path.c_str(), flags, H5P_DEFAULT);
}

void check_windows(hid_t file, int rows) {
  const auto start = read_column<double>(file, "operator_windows/start_s", H5T_NATIVE_DOUBLE);
  const auto records = read_column<std::int64_t>(file, "operator_windows/records_in", H5T_NATIVE_INT64);
  const auto useful = read_column<double>(file, "operator_windows/useful_s", H5T_NATIVE_DOUBLE);
  REQUIRE(start.size() == static_cast<std::size_t>(rows));
  REQUIRE(records.size() == start.size());
  bool same = true;
  for (int i = 0; i < rows; ++i)
    same = same && start[i] == i && records[i] == example_window(i).records_in && useful[i] == std::sqrt(i);
  CHECK(same);
}

// Runs `body` in a process of its own: what it does to limits, HDF5 and itself stays there.
template <class Body>
int in_a_process(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("run.h5 gives back what was recorded", "[record]") {
  Scratch scratch;
  constexpr int rows = 10'000;  // two full chunks and a part
  {
    RunFile file(scratch.directory, example_meta(), example_dimensions());
    file.start();
    file.add(InstanceRow{0, 0, 0, 0, 0, 0.0});
    CHECK(file.wants_instance_windows());
    for (int i = 0; i < rows; ++i) {
      file.add(example_window(i));
      if (i % 777 == 0) file.flush();
    }
    DecisionRow decision;
    decision.symptom = std::string(100, 'x');
    file.add(decision);
    file.finish({100, 1, 42, "00ff", true});
  }
  const hid_t file = open_to_read(scratch.directory / "run.h5");
  REQUIRE(file >= 0);
  check_windows(file, rows);
  CHECK(read_column<std::int64_t>(file, "final/events", H5T_NATIVE_INT64) == std::vector<std::int64_t>{42});
  const auto lengths = read_column<std::int32_t>(file, "hosts/cores", H5T_NATIVE_INT32);
  CHECK(lengths == std::vector<std::int32_t>{16});
  const hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, 64);
  H5Tset_cset(text, H5T_CSET_UTF8);
  H5Tset_strpad(text, H5T_STR_NULLPAD);
  const auto symptoms = read_column<std::array<char, 64>>(file, "decisions/symptom", text);
  REQUIRE(symptoms.size() == 1);
  CHECK(std::string_view(symptoms[0].data(), 64) == std::string(61, 'x') + "…");
  H5Tclose(text);
  H5Fclose(file);
}

TEST_CASE("python reads run.h5 as data frames would", "[record]") {
  if (std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) {
    WARN("skipped: /usr/bin/python3 has no h5py");
    return;
  }
  Scratch scratch;
  RunFile file(scratch.directory, example_meta(), example_dimensions());
  file.start();
  for (int i = 0; i < 5000; ++i) file.add(example_window(i));
  file.finish({100, 1, 42, "00ff", true});
  std::ofstream(scratch.directory / "check.py") << R"(
import h5py, sys, numpy
with h5py.File(sys.argv[1]) as f:
    assert f["meta"].attrs["seed"] == 2**64 - 1
    assert f["meta"].attrs["scenario"] in ("example", b"example")
    assert f["jobs/name"][0].decode() == "wörd count"
    w = {c: f["operator_windows"][c][:] for c in f["operator_windows"]}
    assert {len(v) for v in w.values()} == {5000}
    assert w["running"].dtype == bool and w["running"][1] and not w["running"][3]
    assert numpy.isnan(w["offered_per_s"]).all() and w["records_in"][7] == 10**12 + 7
    assert f["operator_windows/useful_s"].attrs["unit"] in ("s", b"s")
    for name, table in f.items():
        if name != "meta":
            assert len({d.shape for d in table.values()}) == 1, name
            assert all(d.compression == "gzip" and d.shuffle and d.maxshape == (None,) for d in table.values())
)";
  CHECK(std::system(
            ("/usr/bin/python3 " + (scratch.directory / "check.py").string() + " " + file.path().string())
                .c_str()) == 0);
}

TEST_CASE("a reader follows a run while it is written", "[record]") {
  Scratch scratch;
  RunFile file(scratch.directory, example_meta(), example_dimensions());
  file.start();
  for (int i = 0; i < 100; ++i) file.add(example_window(i));
  file.flush();
  // Another process: HDF5 would hand this one its own open file.
  const std::string command =
      "/usr/bin/python3 -c \"import h5py; f = h5py.File('" + file.path().string() +
      "', 'r', libver='latest', swmr=True); assert len(f['operator_windows/start_s']) == 100; "
      "assert len(f['final/events']) == 0\"";
  if (std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) {
    WARN("skipped: /usr/bin/python3 has no h5py");
    return;
  }
  CHECK(std::system(command.c_str()) == 0);
}

TEST_CASE("a killed run leaves what was flushed", "[record]") {
  Scratch scratch;
  constexpr int flushed = 9000;
  const int status = in_a_process([&scratch] {
    RunFile file(scratch.directory, example_meta(), example_dimensions());
    file.start();
    for (int i = 0; i < flushed; ++i) file.add(example_window(i));
    file.flush();
    for (int i = flushed; i < flushed + 3000; ++i) file.add(example_window(i));
    ::raise(SIGKILL);
  });
  REQUIRE(WIFSIGNALED(status));
  CHECK(!std::filesystem::exists(scratch.directory / "summary.json"));
  const auto path = scratch.directory / "run.h5";
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  CHECK(open_to_read(path) < 0);  // it says that the file is open for write
  const hid_t file = open_to_read(path, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ);
  REQUIRE(file >= 0);
  check_windows(file, flushed);
  CHECK(read_column<std::int64_t>(file, "final/events", H5T_NATIVE_INT64).empty());
  H5Fclose(file);
}

TEST_CASE("a run that fails leaves its last rows", "[record]") {
  Scratch scratch;
  try {
    RunFile file(scratch.directory, example_meta(), example_dimensions());
    file.start();
    for (int i = 0; i < 100; ++i) file.add(example_window(i));
    throw std::logic_error("an invariant");
  } catch (const std::logic_error&) {
  }
  const hid_t file = open_to_read(scratch.directory / "run.h5");
  REQUIRE(file >= 0);
  check_windows(file, 100);
  CHECK(read_column<std::int64_t>(file, "final/events", H5T_NATIVE_INT64).empty());
  H5Fclose(file);
}

TEST_CASE("a truncated run.h5 is an error of the reader, not a crash", "[record]") {
  Scratch scratch;
  {
    RunFile file(scratch.directory, example_meta(), example_dimensions());
    file.start();
    for (int i = 0; i < 9000; ++i) file.add(example_window(i));
    file.finish({});
  }
  const auto path = scratch.directory / "run.h5";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  CHECK(open_to_read(path) < 0);
}

TEST_CASE("a full disk is an error that names the file and the reason", "[record]") {
  Scratch scratch;
  // A limit on the size of files stands for the full disk: it needs no privileges.
  const int status = in_a_process([&scratch] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{400'000, 400'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::string message;
    try {
      RunFile file(scratch.directory, example_meta(), example_dimensions());
      file.start();
      for (int i = 0; i < 1'000'000; ++i)
        file.add(example_window(static_cast<int>(i * 1'234'567LL % 1'000'003)));
      file.finish({});
    } catch (const RecordError& error) {
      message = error.what();
    }
    const bool good = message.find("run.h5: cannot") != std::string::npos &&
                      message.find("File too large") != std::string::npos;
    if (!good) std::fputs(("message: " + message + "\n").c_str(), stderr);
    std::fflush(stderr);
    ::exit(good ? 7 : 8);  // through the exit handlers: HDF5 must not hang or complain there
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
}

TEST_CASE("a directory that cannot be is an error that names it", "[record]") {
  Scratch scratch;
  std::filesystem::create_directories(scratch.directory);
  std::ofstream(scratch.directory / "file") << "x";
  CHECK_THROWS_WITH(RunFile(scratch.directory / "file", example_meta(), example_dimensions()),
                    Catch::Contains("file: ") && Catch::Contains("directory"));
  CHECK_THROWS_AS(RunFile(scratch.directory / "file" / "below", example_meta(), example_dimensions()),
                  RecordError);
}

TEST_CASE("a new run removes the old summary first", "[record]") {
  Scratch scratch;
  std::filesystem::create_directories(scratch.directory);
  std::ofstream(scratch.directory / "summary.json") << "{}";
  RunFile file(scratch.directory, example_meta(), example_dimensions());
  CHECK(!std::filesystem::exists(scratch.directory / "summary.json"));
}

TEST_CASE("memory does not grow with the length of the run", "[record]") {
  Scratch scratch;
  RunFile file(scratch.directory, example_meta(), example_dimensions());
  file.start();
  const auto write_rows = [&file](int from, int to) {
    for (int i = from; i < to; ++i) {
      InstanceWindowRow row;
      row.start_s = i / 100;
      row.instance_id = i % 100;
      row.records_in = i;
      file.add(row);
    }
  };
  write_rows(0, 20'000);
  const double before_mib = peak_rss_mib();
  write_rows(20'000, 1'000'000);
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
  CHECK(peak_rss_mib() - before_mib < 4);
#endif
  file.finish({});
  INFO("bytes a row: " << static_cast<double>(std::filesystem::file_size(file.path())) / 1e6);
  CHECK(std::filesystem::file_size(file.path()) < 4'000'000);
}

TEST_CASE("an empty run.h5 is small", "[record]") {
  Scratch scratch;
  RunFile file(scratch.directory, example_meta(), example_dimensions());
  file.start();
  file.finish({});
  INFO(std::filesystem::file_size(file.path()) << " bytes");
  CHECK(std::filesystem::file_size(file.path()) < 200'000);
}

TEST_CASE("fixed text cuts at a character and shows it", "[record]") {
  CHECK(FixedText<8>("abcdefgh").view() == "abcdefgh");
  CHECK(FixedText<8>("abcdefghi").view() == "abcde…");
  CHECK(FixedText<8>("abcdäöü").view() == "abcd…");  // the fifth byte would be half of ä
  CHECK(FixedText<8>("").view().empty());
}

TEST_CASE("tables of others join before the start, and only then", "[record]") {
  struct Edge {
    std::int64_t from = 0;
    double at_s = 0;
  };
  Scratch scratch;
  TableSchema<Edge> schema("edges", "Edges.", 16);
  schema.column("from", "", "Tail.", &Edge::from).column("at_s", "s", "When.", &Edge::at_s);
  RunFile file(scratch.directory, example_meta(), example_dimensions());
  RecordTable<Edge>& edges = file.create_table(schema);
  file.start();
  for (int i = 0; i < 100; ++i) edges.append({i, 0.5});
  CHECK_THROWS_AS(file.create_table(schema), std::logic_error);
  file.finish({});
  const hid_t read = open_to_read(file.path());
  CHECK(read_column<std::int64_t>(read, "edges/from", H5T_NATIVE_INT64).size() == 100);
  H5Fclose(read);
}
