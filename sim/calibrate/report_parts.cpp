#include "sim/calibrate/report_parts.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "sim/record/sha256.hpp"

namespace weir::calibrate {

std::vector<DataFile> data_files(const std::vector<std::string>& paths) {
  std::vector<DataFile> files;
  for (const std::string& path : paths) {
    std::error_code unknown;
    files.push_back({path, std::filesystem::file_size(path, unknown), sha256_of_file(path)});
  }
  return files;
}

nlohmann::ordered_json files_json(const std::vector<DataFile>& files) {
  auto json = nlohmann::ordered_json::array();
  for (const DataFile& file : files)
    json.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  return json;
}

nlohmann::ordered_json parameter_json(const Parameter& parameter) {
  nlohmann::ordered_json json = {{"name", parameter.name},
                                 {"unit", parameter.unit},
                                 {"identified", parameter.identified},
                                 {parameter.identified ? "value" : "taken", parameter.value}};
  if (parameter.identified && parameter.interval)
    json["interval"] = {{"low", parameter.interval->low}, {"high", parameter.interval->high}};
  json["why"] = parameter.why;
  return json;
}

std::string rate_text(double per_s) {
  if (!std::isfinite(per_s)) return "unknown";
  if (std::abs(per_s) >= 1e7) return fmt::format("{:.1f} M", per_s / 1e6);
  if (std::abs(per_s) >= 1e6) return fmt::format("{:.2f} M", per_s / 1e6);
  if (std::abs(per_s) >= 1e5) return fmt::format("{:.0f} k", per_s / 1e3);
  if (std::abs(per_s) >= 1e4) return fmt::format("{:.1f} k", per_s / 1e3);
  if (std::abs(per_s) >= 1e3) return fmt::format("{:.2f} k", per_s / 1e3);
  return fmt::format("{:.3g}", per_s);
}

std::string percent_text(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

std::string parameter_line(const Parameter& parameter) {
  const auto number = [&](double value) {
    return parameter.unit == "records/s" ? rate_text(value) : fmt::format("{:.4g}", value);
  };
  const std::string unit = parameter.unit.empty() ? "" : " " + parameter.unit;
  std::string text = fmt::format("  {:<28} ", parameter.name);
  if (parameter.identified) {
    text += number(parameter.value) + unit;
    if (parameter.interval)
      text += fmt::format(" ({} to {})", number(parameter.interval->low), number(parameter.interval->high));
  } else {
    text += fmt::format("not identified; taken: {}{}", number(parameter.value), unit);
  }
  return text + fmt::format("\n  {:<28} {}\n", "", parameter.why);
}

}  // namespace weir::calibrate
