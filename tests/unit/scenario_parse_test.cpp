#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/scenario/parse.hpp"
#include "sim/scenario/utf8.hpp"
#include "tests/support/dice.hpp"

using namespace weir;
using weir::test::Dice;

namespace {

std::string errors_of(const std::string& text) {
  Errors errors;
  const auto document = parse_document(text, "f.json", errors);
  // A number that is too large is an error, and does not hide what is wrong elsewhere.
  CHECK((document.has_value() || !errors.empty()));
  return errors.text();
}

// Writes a random document and remembers on which line each value begins: the oracle for the reader's lines.
class Writer {
 public:
  explicit Writer(Dice& dice) : dice_(&dice) {}

  void value(int depth) {
    space();
    lines.push_back(line_);
    const int kind = depth == 0 ? 7 + dice_->below(2) : dice_->below(depth > 6 ? 7 : 12);
    switch (kind) {
      case 0:
        text += "null";
        break;
      case 1:
        text += dice_->coin() ? "true" : "false";
        break;
      case 2:
        text += std::to_string(dice_->below(1000) - 500);
        break;
      case 3:
        text += "1.5e" + std::to_string(dice_->below(10));
        break;
      case 4:
        text += "\"a\\n\\u00e9\\\"é\"";
        break;
      case 5:
        text += "{}";
        break;
      case 6:
        text += "[]";
        break;
      default:
        children(depth, kind % 2 == 1);
        break;
    }
    space();
  }

  std::string text;
  std::vector<int> lines;      // of the values, in the order of the file
  std::vector<int> key_lines;  // of the keys

 private:
  void children(int depth, bool object) {
    text += object ? '{' : '[';
    const int count = 1 + dice_->below(4);
    for (int i = 0; i < count; ++i) {
      if (i > 0) text += ',';
      if (object) {
        space();
        key_lines.push_back(line_);
        text += "\"k" + std::to_string(i) + "\"";
        space();
        text += ':';
      }
      value(depth + 1);
    }
    text += object ? '}' : ']';
  }
  void space() {
    for (int i = dice_->below(4); i > 0; --i) {
      const char* kinds[] = {" ", "\t", "\n", "\r\n"};
      const int kind = dice_->below(4);
      text += kinds[kind];
      if (kind >= 2) ++line_;
    }
  }

  Dice* dice_;
  int line_ = 1;
};

void collect(const Node& node, std::vector<int>& lines, std::vector<int>& key_lines) {
  lines.push_back(node.line());
  for (const Node* child : node.children()) {
    if (node.is_object()) key_lines.push_back(child->key_line());
    collect(*child, lines, key_lines);
  }
}

bool same(const Node& node, const nlohmann::json& json) {
  switch (node.kind()) {
    case NodeKind::unknown:
      return false;
    case NodeKind::null:
      return json.is_null();
    case NodeKind::boolean:
      return json.is_boolean() && json.get<bool>() == node.boolean();
    case NodeKind::integer:
      return json.is_number_integer() && json.get<std::int64_t>() == node.integer();
    case NodeKind::real:
      return json.is_number_float() && json.get<double>() == node.real();
    case NodeKind::string:
      return json.is_string() && json.get<std::string>() == node.text();
    case NodeKind::array: {
      bool good = json.is_array() && json.size() == node.items().size();
      for (std::size_t i = 0; good && i < json.size(); ++i) good = same(*node.items()[i], json[i]);
      return good;
    }
    case NodeKind::object: {
      bool good = json.is_object() && json.size() == node.members().size();
      for (const Node* child : node.members()) {
        good = good && json.contains(child->key()) && same(*child, json[child->key()]);
      }
      return good;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("every value and key knows its line, whatever the white space", "[scenario]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  for (int run = 0; run < 500; ++run) {
    Writer writer(dice);
    writer.value(0);
    INFO(writer.text);
    Errors errors;
    const auto document = parse_document(writer.text, "f.json", errors);
    REQUIRE(errors.text() == "");
    std::vector<int> lines, key_lines;
    collect(document->root(), lines, key_lines);
    REQUIRE(lines == writer.lines);
    REQUIRE(key_lines == writer.key_lines);
    REQUIRE(same(document->root(), nlohmann::json::parse(writer.text)));
  }
}

TEST_CASE("a document cut off anywhere gives one error at the last line", "[scenario]") {
  Dice dice(test::test_seed());
  for (int run = 0; run < 20; ++run) {
    Writer writer(dice);
    while (writer.text.size() < 50 || writer.text.find_first_of("{[") == std::string::npos) {
      writer = Writer(dice);
      writer.value(0);
    }
    const std::size_t last = writer.text.find_last_of("}]");
    for (std::size_t size = 0; size <= last; ++size) {
      const std::string text = writer.text.substr(0, size);
      Errors errors;
      INFO(text);
      REQUIRE_FALSE(parse_document(text, "f.json", errors));
      REQUIRE(errors.count() == 1);
      // A newline at the very end belongs to the line that it ends.
      const auto newlines = std::count(text.begin(), text.end(), '\n') - (text.ends_with('\n') ? 1 : 0);
      REQUIRE(errors.sorted().front().line == 1 + newlines);
    }
  }
}

TEST_CASE("wrong syntax says line, column, path and why", "[scenario]") {
  const std::string json = " (JSON as in RFC 8259, in UTF-8)\n";
  CHECK(errors_of("") ==
        "f.json:1: $: column 0: unexpected end of input; expected '[', '{', or a literal" + json);
  CHECK(errors_of("{\n\"a\": [1,\n  2,]}").starts_with("f.json:3: a[2]: column 5: "));
  CHECK(errors_of("{\"a\": {\"b\": [{\"c\": 1,\n\"d\": x}]}}")
            .starts_with("f.json:2: a.b[0].d: column 6: invalid"));
  CHECK(errors_of("{} {}").starts_with("f.json:1: $: column 4: "));
  CHECK(errors_of("{\"é\": y").starts_with("f.json:1: [\"é\"]: column 7: "));
  CHECK(errors_of("{'a': 1}").find("JSON quotes with \"") != std::string::npos);
  CHECK(errors_of("[1, NaN]").find("(JSON has no NaN and no Infinity)") != std::string::npos);
  CHECK(errors_of("[-Infinity]").find("(JSON has no NaN and no Infinity)") != std::string::npos);
  CHECK(errors_of("[1 // one\n]").find("no comments") != std::string::npos);
  CHECK(errors_of("[\n1e999]") == "f.json:2: [0]: 1e999 is too large (a finite number)\n");
  CHECK(errors_of("{\"x\":\n-1e400}") == "f.json:2: x: -1e400 is too large (a finite number)\n");
  CHECK(errors_of("[1e-999]") == "");
  // Not UTF-8: the error itself must be clean.
  for (const char* bad :
       {"[\"\xff\"]", "[\"\xc3\"]", "\xff", "[\"\xed\xa0\x80\"]", "[\"a\nb\"]", "{\"a\xfe\": 1}"}) {
    const std::string text = errors_of(bad);
    CHECK(text.starts_with("f.json:1: "));
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(nlohmann::json(text).dump().size() > 0);  // throws when it is not UTF-8
  }
  CHECK(errors_of("\xef\xbb\xbf{}") == "");  // a byte order mark is skipped
}

TEST_CASE("a key that is there twice is reported with both lines, and reading goes on", "[scenario]") {
  Errors errors;
  const auto document = parse_document(
      "{\n\"a\": 1,\n\"b\": {\"c\": 1, \"c\":\n {\"d\": 1}},\n\"a\": 2,\n\"a\": [3]}", "f.json", errors);
  CHECK(errors.text() ==
        "f.json:3: b.c: this key is there twice, first on line 3 (each key once)\n"
        "f.json:5: a: this key is there twice, first on line 2 (each key once)\n"
        "f.json:6: a: this key is there twice, first on line 2 (each key once)\n");
  REQUIRE(document);
  CHECK(document->root().find("a")->integer() == 1);
  CHECK(document->root().members().size() == 2);
}

TEST_CASE("nesting is bounded", "[scenario]") {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  CHECK(errors_of(nested(64)) == "");
  CHECK(errors_of(nested(65)).ends_with("nested too deeply (at most 64 levels)\n"));
  CHECK(errors_of(std::string(1'000'000, '[')).ends_with("nested too deeply (at most 64 levels)\n"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK(errors_of(objects).ends_with("nested too deeply (at most 64 levels)\n"));
}

TEST_CASE("numbers keep what they are", "[scenario]") {
  Errors errors;
  const auto document = parse_document(
      "[3, 3.0, 3.5, 9223372036854775807, 9223372036854775808, -9223372036854775808, 1e18, 1e19, 1e300, "
      "-0.0, "
      "18446744073709551616]",
      "f.json", errors);
  const auto items = document->root().items();
  CHECK(items[0]->integer() == 3);
  CHECK(items[0]->real() == 3.0);
  CHECK(items[1]->kind() == NodeKind::real);
  CHECK(items[1]->integer() == 3);
  CHECK_FALSE(items[2]->integer());
  CHECK(items[3]->integer() == INT64_MAX);
  CHECK_FALSE(items[4]->integer());
  CHECK(items[4]->shown() == "9223372036854775808");
  CHECK(items[5]->integer() == INT64_MIN);
  CHECK(items[6]->integer() == 1'000'000'000'000'000'000);
  CHECK_FALSE(items[7]->integer());
  CHECK_FALSE(items[8]->integer());
  CHECK(items[9]->integer() == 0);
  CHECK(items[10]->real() == 18446744073709551616.0);
  CHECK_FALSE(items[0]->boolean());
  CHECK_FALSE(items[0]->text());
}

TEST_CASE("files that cannot be read are input errors", "[scenario]") {
  Errors errors;
  CHECK_FALSE(read_document("/nowhere/x.json", errors));
  CHECK_FALSE(read_document(std::filesystem::temp_directory_path(), errors));
  CHECK_FALSE(read_document("/dev/zero", errors));  // never ends
  CHECK(errors.text().starts_with(
      "/nowhere/x.json:1: $: cannot be opened: No such file or directory (a readable JSON file)\n"));
  CHECK(errors.text().find("is a directory (a readable JSON file)\n") != std::string::npos);
  CHECK(errors.text().ends_with("/dev/zero:1: $: the file is too large (at most 16 MiB)\n"));
}

TEST_CASE("paths can be pasted into --set, and errors stay on one line", "[scenario]") {
  Errors errors;
  const auto document = parse_document(R"({"a": [{"b c": {"d.e": 1}}], "x\ny": 2, "": 3})", "f.json", errors);
  const Node& root = document->root();
  CHECK(root.path() == "");
  CHECK(root.find("a")->items()[0]->find("b c")->find("d.e")->path() == R"(a[0]["b c"]["d.e"])");
  errors.add(*root.find("x\ny"), "bad\nthing\x1b[31m");
  errors.add(*root.find(""), "empty");
  CHECK(errors.text() == "f.json:1: [\"x\\x0ay\"]: bad\\x0athing\\x1b[31m\nf.json:1: [\"\"]: empty\n");
}

TEST_CASE("errors are sorted by file and line, and bounded in number", "[scenario]") {
  Errors errors;
  errors.add_argument("--set a=1", "a", "no");
  errors.add_file("b.json", 7, "x", "seven");
  errors.add_file("a.json", 1, "x", "other");
  errors.add_file("b.json", 3, "x", "three", "ok");
  CHECK(errors.text() ==
        "b.json:3: x: three (ok)\nb.json:7: x: seven\na.json:1: x: other\n--set a=1: a: no\n");
  for (int i = 0; i < 2000; ++i) errors.add_file("c.json", i, "x", "much");
  CHECK(errors.count() == 2004);
  CHECK(errors.text().ends_with("and 1004 more errors\n"));
}

TEST_CASE("a typing error finds its name", "[scenario]") {
  const std::vector<std::string> names = {"high", "low", "interval_s", "cooldown_windows", "metric"};
  CHECK(closest("hihg", names) == "high");
  CHECK(closest("hgih", names) == "high");
  CHECK(closest("ihhg", names) == "");  // two errors in four letters
  CHECK(closest("lo", names) == "low");
  CHECK(closest("interval", names) == "interval_s");
  CHECK(closest("cooldown", names) == "cooldown_windows");
  CHECK(closest("cooldwn_window", names) == "cooldown_windows");
  CHECK(closest("x", names) == "");
  CHECK(closest("", names) == "");
  CHECK(closest("completely_different", names) == "");
  CHECK(closest(std::string(100'000, 'h'), names) == "");
  CHECK(allowed_names("metrik", names) ==
        "did you mean \"metric\"? allowed: high, low, interval_s, cooldown_windows, metric");
}

TEST_CASE("UTF-8 is told from what is not", "[scenario]") {
  for (const char* good : {"", "a", "é", "€", "😀", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) CHECK(is_utf8(good));
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xff", "\xf0\x9f\x98", "a\xc3(", "\xf8\x88\x80\x80\x80"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}
