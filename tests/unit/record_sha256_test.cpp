#include "sim/record/sha256.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace weir;

// Vectors of NIST's "Secure Hash Standard" example pages and of the long-message tests.
TEST_CASE("SHA-256 agrees with the published vectors", "[record]") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmno"
            "pqrsmnopqrstnopqrstu") == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 does not depend on how the bytes arrive", "[record]") {
  std::string text;
  for (int i = 0; i < 300; ++i) text.push_back(static_cast<char>(i * 7));
  for (std::size_t length = 0; length <= text.size(); ++length) {
    Sha256 hash;
    for (std::size_t i = 0; i < length; i += 13)
      hash.update(std::string_view(text).substr(i, std::min<std::size_t>(13, length - i)));
    REQUIRE(hash.finish_hex() == sha256_hex(std::string_view(text).substr(0, length)));
  }
}

TEST_CASE("SHA-256 of a file", "[record]") {
  const auto path = std::filesystem::temp_directory_path() / "weir_record_sha256";
  std::ofstream(path, std::ios::binary) << std::string(1'000'000, 'a');
  CHECK(sha256_of_file(path) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(sha256_of_file(path),
                    Catch::Contains("weir_record_sha256: cannot be read: No such file"));
}
