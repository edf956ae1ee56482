#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/calibrate/job_calibration.hpp"
#include "sim/calibrate/operator_fit.hpp"

// What a calibration found, for people and for programs. The JSON is also what --output writes: everything
// that was found, where it comes from, and under "scenario" the members that a scenario has for it.

namespace weir::calibrate {

// A file that was read.
struct DataFile {
  std::string path;
  std::uintmax_t bytes = 0;
  std::string sha256;
};
std::vector<DataFile> data_files(const std::vector<std::string>& paths);

std::string job_text(const JobCalibration& all);
nlohmann::ordered_json job_json(const JobCalibration& all, const std::vector<DataFile>& files);
// A row of the recording each: what was recorded, what the model says, to which part it belongs.
std::string job_series_csv(const JobCalibration& all);

std::string operators_text(const OperatorCalibration& all);
nlohmann::ordered_json operators_json(const OperatorCalibration& all, const std::vector<DataFile>& files);

}  // namespace weir::calibrate
