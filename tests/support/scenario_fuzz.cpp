#include "tests/support/scenario_fuzz.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/kernel/assert.hpp"
#include "sim/scenario/override.hpp"
#include "sim/scenario/parse.hpp"
#include "sim/scenario/utf8.hpp"
#include "tests/support/scenario_sample.hpp"

namespace weir::test {

namespace {

void check_text(const Errors& errors) {
  const std::string text = errors.text();
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  const std::size_t kept = std::min(errors.count(), Errors::kept_max);
  WEIR_ASSERT(lines == kept + (errors.count() > kept ? 1 : 0), "an error is a line");
  WEIR_ASSERT(is_utf8(text), "an error can be printed");
  for (const char c : text) {
    WEIR_ASSERT(c == '\n' || static_cast<unsigned char>(c) >= 0x20, "an error has no control characters");
  }
}

void check_round_trip(const ParamTable<Sample>& table, const Sample& sample) {
  const nlohmann::json written = table.write(sample);
  Errors errors;
  const auto document = parse_document(written.dump(), "written", errors);
  Sample again;
  WEIR_ASSERT(document && table.read(document->root(), again, errors), "what was written can be read");
  WEIR_ASSERT(table.write(again) == written, "what was read is what was written");
}

}  // namespace

void fuzz_scenario(std::string_view bytes) {
  static const ParamTable<Sample> table = sample_table();
  const std::size_t end = std::min(bytes.find('\0'), bytes.size());
  Errors errors;
  auto document = parse_document(bytes.substr(0, end), "fuzz.json", errors);
  WEIR_ASSERT(document.has_value() || !errors.empty(), "a document or an error");
  for (std::size_t at = end; document && at < bytes.size();) {
    const std::size_t next = std::min(bytes.find('\0', at + 1), bytes.size());
    apply_override(*document, bytes.substr(at + 1, next - at - 1), errors);
    at = next;
  }
  if (document) {
    const std::size_t before = errors.count();
    Sample sample;
    const bool good = table.read(document->root(), sample, errors);
    // A value that the syntax was already told of (a number too large) fails without a second error.
    WEIR_ASSERT(good ? errors.count() == before : !errors.empty(),
                "reading fails exactly when an error was told");
    if (good) check_round_trip(table, sample);
  }
  check_text(errors);
}

}  // namespace weir::test
