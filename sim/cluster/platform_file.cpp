#include "sim/cluster/platform_file.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "sim/cluster/platform.hpp"

namespace weir {

namespace sg = simgrid::s4u;

namespace {

constexpr char host_mark = '\x01';   // a host of the probed platform
constexpr char error_mark = '\x02';  // what an exception said

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

// Value of attribute `name` in `tag`; with `cut`, it is blanked out there.
std::string attribute(std::string& tag, const std::string& name, bool cut) {
  for (std::size_t at = tag.find(name); at != std::string::npos; at = tag.find(name, at + 1)) {
    std::size_t equals = at + name.size();
    while (equals < tag.size() && is_space(tag[equals])) ++equals;
    if (!is_space(tag[at - 1]) || equals >= tag.size() || tag[equals] != '=') continue;
    const std::size_t open = tag.find_first_of("\"'", equals);
    if (open == std::string::npos) return {};
    const std::size_t close = tag.find(tag[open], open + 1);
    if (close == std::string::npos) return {};
    const std::string value = tag.substr(open + 1, close - open - 1);
    if (cut) tag.replace(at, close + 1 - at, close + 1 - at, ' ');
    return value;
  }
  return {};
}

void write_line(int fd, char mark, const std::string& text) {
  const std::string line = mark + text + "\n";
  if (write(fd, line.data(), line.size()) < 0) _exit(3);
}

// In the child: loads and looks at everything that weir will ask of the platform.
void probe_in_child(int fd, const std::string& xml) {
  try {
    create_simgrid_engine();
    const sg::Engine* engine = sg::Engine::get_instance();
    engine->load_platform(xml);
    engine->seal_platform();
    std::vector<sg::Host*> hosts = engine->get_all_hosts();
    for (const sg::Link* link : engine->get_all_links()) {
      const auto policy = link->get_sharing_policy();
      if (policy == sg::Link::SharingPolicy::WIFI || policy == sg::Link::SharingPolicy::NONLINEAR) {
        throw std::runtime_error(
            fmt::format("link {} is wireless or non-linear, which weir does not know", link->get_name()));
      }
    }
    // A missing route aborts: here, and not in the middle of a run. All pairs only while they are few.
    const std::size_t step = 1 + hosts.size() / 200;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      for (std::size_t j = i % step; j < hosts.size(); j += step) {
        std::vector<sg::Link*> links;
        double latency_s = 0;
        if (i == j) continue;
        hosts[i]->route_to(hosts[j], links, &latency_s);
        if (links.empty()) {
          throw std::runtime_error(
              fmt::format("no route from {} to {}", hosts[i]->get_name(), hosts[j]->get_name()));
        }
      }
    }
    for (const sg::Host* host : hosts) {
      write_line(fd, host_mark,
                 fmt::format("{} {} {}", host->get_core_count(), host->get_speed(), host->get_name()));
    }
    _exit(0);
  } catch (const std::exception& e) {
    write_line(fd, error_mark, e.what());
  }
  _exit(1);
}

// Of all that SimGrid wrote, the line for people.
std::string first_complaint(const std::string& output) {
  std::istringstream lines(output);
  std::string fallback;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == host_mark) continue;
    if (line[0] == error_mark) return line.substr(1);
    if (fallback.empty()) fallback = line;
  }
  return fallback.empty() ? "SimGrid cannot load it" : fallback;
}

}  // namespace

PlatformFile read_platform_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || !std::filesystem::is_regular_file(file))
    throw std::runtime_error(fmt::format("{}: cannot be read", file));
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  PlatformFile platform;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find('<', at);
    platform.text.append(text, at, open == std::string::npos ? open : open - at);
    if (open == std::string::npos) break;
    const bool comment = text.compare(open, 4, "<!--") == 0;
    const std::size_t close = text.find(comment ? "-->" : ">", open);
    const std::size_t end = close == std::string::npos ? text.size() : close + (comment ? 3 : 1);
    std::string tag = text.substr(open, end - open);
    if (!comment) {
      if (tag.compare(0, 5, "<host") == 0 && tag.size() > 5 && is_space(tag[5])) {
        const std::string profile = attribute(tag, "speed_file", true);
        if (!profile.empty()) platform.speed_files.emplace_back(attribute(tag, "id", false), profile);
      }
      for (const char* unknown :
           {"speed_file", "availability_file", "state_file", "bandwidth_file", "latency_file"}) {
        if (!attribute(tag, unknown, false).empty()) {
          throw std::runtime_error(
              fmt::format("{}: {} is not supported here (speed_file of a host)", file, unknown));
        }
      }
      if (tag.compare(0, 6, "<trace") == 0) {
        throw std::runtime_error(fmt::format("{}: <trace> is not supported (speed_file of a host)", file));
      }
    }
    platform.text += tag;
    at = end;
  }
  return platform;
}

std::vector<ProbedHost> probe_platform(const PlatformFile& platform, const std::string& file) {
  const TemporaryXml xml(platform.text);
  int fds[2];
  if (pipe(fds) != 0) throw std::runtime_error("cannot make a pipe");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot start a process to try the platform file in");
  if (child == 0) {
    close(fds[0]);
    dup2(fds[1], STDERR_FILENO);
    dup2(fds[1], STDOUT_FILENO);
    probe_in_child(fds[1], xml.path());
  }
  close(fds[1]);
  std::string output;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(fds[0], buffer, sizeof buffer)) != 0;) {
    if (n > 0) {
      output.append(buffer, static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      break;
    }
  }
  close(fds[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::string complaint = first_complaint(output);
    for (std::size_t at = complaint.find(xml.path()); at != std::string::npos;
         at = complaint.find(xml.path())) {
      complaint.replace(at, xml.path().size(), file);
    }
    throw std::runtime_error(fmt::format("{}: not a platform that SimGrid can load: {}", file, complaint));
  }
  std::vector<ProbedHost> hosts;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] != host_mark) continue;
    std::istringstream fields(line.substr(1));
    ProbedHost host;
    fields >> host.cores >> host.flops_per_s >> std::ws;
    std::getline(fields, host.name);
    hosts.push_back(host);
  }
  if (hosts.empty()) throw std::runtime_error(fmt::format("{}: the platform has no hosts", file));
  std::sort(hosts.begin(), hosts.end(),
            [](const ProbedHost& a, const ProbedHost& b) { return natural_less(a.name, b.name); });
  return hosts;
}

TemporaryXml::TemporaryXml(const std::string& text) {
  path_ = (std::filesystem::temp_directory_path() / "weir-platform-XXXXXX.xml").string();
  const int fd = mkstemps(path_.data(), 4);
  if (fd < 0) throw std::runtime_error("cannot make a temporary file for the platform");
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = write(fd, text.data() + written, text.size() - written);
    if (n <= 0) break;
    written += static_cast<std::size_t>(n);
  }
  close(fd);
  if (written < text.size()) throw std::runtime_error("cannot write a temporary file for the platform");
}

TemporaryXml::~TemporaryXml() {
  unlink(path_.c_str());
}

// Digits compare as numbers.
bool natural_less(const std::string& a, const std::string& b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (digit(a[i]) && digit(b[j])) {
      const auto number = [&](const std::string& s, std::size_t& at) {
        while (at < s.size() && s[at] == '0') ++at;
        const std::size_t from = at;
        while (at < s.size() && digit(s[at])) ++at;
        return s.substr(from, at - from);
      };
      const std::string x = number(a, i), y = number(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
    }
  }
  if ((a.size() - i) != (b.size() - j)) return a.size() - i < b.size() - j;
  return a < b;
}

}  // namespace weir
