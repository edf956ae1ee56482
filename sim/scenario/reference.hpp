#pragma once

#include <span>
#include <string>

#include "sim/scenario/registry.hpp"
#include "sim/scenario/table.hpp"

// The reference pages, from the tables: what the reader accepts is what is documented.

namespace weir {

// A Markdown table of all parameters of `table`, those of nested objects with their path.
std::string markdown_table(const Table& table);
// A section with each component of a registry: help, source, parameters.
std::string markdown_section(const RegistryCore& registry);
// The whole page: the document's own parameters, then the registries in the order given.
std::string markdown_reference(const std::string& title, const Table& root,
                               std::span<const RegistryCore* const> registries);

}  // namespace weir
