#include "sim/scenario/reference.hpp"

#include <fmt/format.h>

namespace weir {

namespace {

std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|')
      out += "\\|";
    else if (c == '\n')
      out += ' ';
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string markdown_table(const Table& table) {
  std::vector<ReferenceRow> rows;
  table.reference({}, nullptr, rows);
  if (rows.empty()) return "It has no parameters.\n";
  std::string out = "| parameter | default | allowed | meaning | source |\n|---|---|---|---|---|\n";
  for (const ReferenceRow& row : rows) {
    const std::string value = row.required ? "required" : "`" + row.default_json + "`";
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", cell(row.path), cell(value), cell(row.allowed),
                       cell(row.help), cell(row.source));
  }
  return out;
}

std::string markdown_section(const RegistryCore& registry) {
  std::string out = fmt::format("## {}\n", registry.kind().many);
  for (const Component* component : registry.list()) {
    if (component->info.name.starts_with("test-"))
      continue;  // of the test program: no part of what is shipped
    out += fmt::format("\n### `{}`\n\n{}\n", component->info.name, component->info.help);
    if (!component->info.source.empty()) out += fmt::format("\nSource: {}\n", component->info.source);
    out += "\n" + markdown_table(*component->table);
  }
  return out;
}

std::string markdown_reference(const std::string& title, const Table& root,
                               std::span<const RegistryCore* const> registries) {
  std::string out = fmt::format("# {}\n\n{}", title, markdown_table(root));
  for (const RegistryCore* registry : registries) out += "\n" + markdown_section(*registry);
  return out;
}

}  // namespace weir
