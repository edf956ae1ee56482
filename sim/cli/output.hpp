#pragma once

#include <stdexcept>
#include <string_view>

// What the program says. Whoever reads may have gone away (`weir list policies | head -1`): that is no error.
// A full disk behind a redirection is one.

namespace weir {

class OutputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void ignore_broken_pipes();  // once, at the start

void write_out(std::string_view text);           // stdout, all of it at once; OutputError
void write_err(std::string_view text) noexcept;  // stderr; if that fails there is nobody to tell
bool is_terminal(int file_descriptor);           // and one that can move its cursor

}  // namespace weir
