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
// runs are never taken for one result, and other files in the directory are left alone.

namespace weir {

// out/<scenario>/<policy>/seed=<n>; the policies of several jobs are joined by `+`. Names cannot climb out.
std::filesystem::path default_result_directory(const Scenario& scenario);

// Whether results can be written there, without writing. What is wrong is added to `errors`; `argument` is
// how the directory was given, such as `-o DIR`.
void check_result_directory(const std::filesystem::path& directory, const std::string& argument,
                            const std::vector<std::filesystem::path>& inputs, Errors& errors);

// Makes the directory and removes a stale result's summary.json (RecordError). Unless it is kept, folders
// that were made are gone with the object.
class ResultDirectory {
 public:
  explicit ResultDirectory(const std::filesystem::path& directory);
  ~ResultDirectory();
  ResultDirectory(const ResultDirectory&) = delete;
  ResultDirectory& operator=(const ResultDirectory&) = delete;
  void keep() { made_.clear(); }

 private:
  std::vector<std::filesystem::path> made_;  // innermost first
};

}  // namespace weir
