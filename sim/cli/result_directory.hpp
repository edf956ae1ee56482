#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/scenario/errors.hpp"
#include "sim/simulation/scenario.hpp"

// Where a run's results go.
//
// A directory that holds a result already is used again: summary.json, whose presence means "complete", goes
// first, then run.h5 and manifest.json are replaced, and the new summary.json comes last. So files of two
// runs are never taken for one result, and other files in the directory are left alone. A directory that
// holds other things only is somebody else's and refused. While a run writes, it locks the directory (flock:
// the lock goes with the process, however that ends); a second run into it is refused.

namespace weir {

// out/<scenario>/<policy>/seed=<n>; the policies of several jobs are joined by `+`. Names cannot climb out.
std::filesystem::path default_result_directory(const Scenario& scenario);

// Whether results can be written there, without writing. What is wrong is added to `errors`; `argument` is
// how the directory was given, such as `-o DIR`.
void check_result_directory(const std::filesystem::path& directory, const std::string& argument,
                            const std::vector<std::filesystem::path>& inputs, Errors& errors);

// Whether a run writes its results there now.
bool is_being_written(const std::filesystem::path& directory);

// Makes the directory, locks it for as long as the object lives, and removes a stale result's summary.json
// (RecordError). Folders that were made are gone with the object if they are empty then.
class ResultDirectory {
 public:
  explicit ResultDirectory(const std::filesystem::path& directory);
  ResultDirectory(const ResultDirectory&) = delete;
  ResultDirectory& operator=(const ResultDirectory&) = delete;
  // Removes the files of a result: as if the run had never been asked for.
  void discard();

 private:
  // Members: what was done is undone when the constructor throws, too.
  struct Made {
    std::vector<std::filesystem::path> folders;  // innermost first
    ~Made();
  };
  struct Lock {
    int fd = -1;
    ~Lock();
  };
  std::filesystem::path directory_;
  Made made_;
  Lock lock_;
};

}  // namespace weir
