#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "sim/scenario/errors.hpp"
#include "sim/scenario/node.hpp"

// JSON text to Document, by nlohmann's SAX interface over an iterator that counts lines.
//
// Errors go to `errors`, with line, column and the path that was reached. Empty when the syntax is wrong, the
// file cannot be read, is larger than Document::size_bytes_max or nested deeper than Document::depth_max. A
// key that is there twice is an error too, but the document is returned (with the first), so that what else
// is wrong is found in the same run.

namespace weir {

std::optional<Document> parse_document(std::string_view text, std::string file, Errors& errors);
std::optional<Document> read_document(const std::filesystem::path& file, Errors& errors);

// Parses `text` into a new node of `document` that has no parent yet; nullptr after an error.
Node* parse_value(Document& document, const Source& source, std::string_view text, Errors& errors);

}  // namespace weir
