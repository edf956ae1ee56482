#include "tests/support/spark_log.hpp"

#include <sstream>

namespace weir::test {

namespace {

std::string task_end(int stage, const std::string& executor, int launch, int finish, int deserialize, int run,
                     int serialize) {
  std::ostringstream line;
  line << R"({"Event":"SparkListenerTaskEnd","Stage ID":)" << stage << R"(,"Task Info":{"Executor ID":")"
       << executor << R"(","Launch Time":)" << launch << R"(,"Finish Time":)" << finish
       << R"(,"Getting Result Time":0},"Task Metrics":{"Executor Deserialize Time":)" << deserialize
       << R"(,"Executor Run Time":)" << run << R"(,"Result Serialization Time":)" << serialize << "}}\n";
  return line.str();
}

}  // namespace

std::string small_spark_log() {
  return R"({"Event":"SparkListenerApplicationStart","Timestamp":1000}
{"Event":"SparkListenerExecutorAdded","Executor ID":"a","Executor Info":{"Total Cores":1}}
{"Event":"SparkListenerExecutorAdded","Executor ID":"b","Executor Info":{"Total Cores":1}}
{"Event":"SparkListenerJobStart","Submission Time":1100}
{"Event":"SparkListenerStageSubmitted","Stage Info":{"Stage ID":0,"Stage Name":"map","Submission Time":1110}}
)" + task_end(0, "a", 1120, 1220, 10, 70, 0) +
         task_end(0, "b", 1120, 1320, 10, 170, 0) +
         R"({"Event":"SparkListenerStageSubmitted","Stage Info":{"Stage ID":1,"Stage Name":"\"reduce\", by key","Submission Time":1330}}
)" + task_end(1, "a", 1340, 1400, 10, 30, 0) +
         R"({"Event":"SparkListenerJobEnd","Completion Time":1410}
)";
}

}  // namespace weir::test
