#include "tests/support/lttng.hpp"

#include <catch2/catch.hpp>

#include "tests/support/program.hpp"

namespace weir::test {

bool record_with_lttng(const std::filesystem::path& folder, const std::string& command) {
  if (run_program({"bash", "-c", "command -v lttng lttng-sessiond"}, {folder}).code != 0) {
    WARN("skipped: LTTng is not installed (lttng-tools)");
    return false;
  }
  const std::string script = R"(
export LTTNG_HOME=$PWD
exec 9>"${TMPDIR:-/tmp}/weir-lttng-test.lock"
flock 9
session=weir-test-$$
if ! lttng --no-sessiond list >list.txt 2>&1; then
  lttng-sessiond --background --no-kernel --pidfile="$PWD/daemon" 9>&-
  trap 'kill $(cat daemon)' EXIT
fi
lttng create $session --output="$PWD/recorded"
lttng enable-event --session=$session --userspace 'weir:*'
lttng add-context --session=$session --userspace --type=vtid --type=procname
lttng start $session
)" + command + R"(
lttng stop $session
lttng destroy $session
)";
  const Outcome outcome = run_program({"bash", "-e", "-c", script}, {folder});
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.code == 0);
  return true;
}

}  // namespace weir::test
