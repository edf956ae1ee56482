#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/calibrate/parameter.hpp"
#include "sim/calibrate/report.hpp"

// What the reports of jobs and of operators have in common.

namespace weir::calibrate {

nlohmann::ordered_json files_json(const std::vector<DataFile>& files);
nlohmann::ordered_json parameter_json(const Parameter& parameter);
// `value unit (low to high)`, or what is taken instead.
std::string parameter_line(const Parameter& parameter);
// Three significant digits, with k and M.
std::string rate_text(double per_s);
std::string percent_text(double share);

}  // namespace weir::calibrate
