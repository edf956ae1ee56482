// weir schema: what a scenario may contain, as JSON Schema: for editors and generators.

#include <nlohmann/json.hpp>

#include "sim/cli/options.hpp"
#include "sim/cli/output.hpp"
#include "sim/scenario/schema.hpp"
#include "sim/simulation/scenario.hpp"

namespace weir {
namespace {

ExitCode run(const CommandContext& context) {
  Options options(*find_command("schema"), "");
  if (!options.parse(context.arguments)) return ExitCode::good;
  write_out(document_schema(scenario_table().table(), "weir scenario").dump(2) + "\n");
  return ExitCode::good;
}

const auto registered = add_command(
    {.name = "schema", .usage = "", .help = "the JSON Schema of scenarios", .order = 50, .run = run});

}  // namespace
}  // namespace weir
