// The fuzz targets without libFuzzer: sound files, and thousands of files near them.
#include <random>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "fuzz/targets.h"
#include "io/state_dict.h"
#include "tests/io/torch_bytes.h"
#include "tests/support/temporary_folder.h"
#include "text/token_table.h"

namespace tessera::fuzz {
namespace {

namespace bytes = io::test;

std::string pickle_seed() {
  const std::string view = bytes::tensor(bytes::storage("FloatStorage", "0", 16),
                                         {.offset = 1, .sizes = {2, 3}, .strides = {5, 2}});
  const std::string flags =
      bytes::tensor(bytes::storage("BoolStorage", "1", 7), {.sizes = {7}, .strides = {1}});
  return bytes::pickle_of(bytes::dict({{"model",
                                        bytes::ordered_dict() + "q\1(" + bytes::text("a") + view +
                                            "q\2" + bytes::text("b") + "h\2u"},
                                       {"flags", flags},
                                       {"list", "](K\1NM\1\1" + bytes::real(0.5) + "e"},
                                       {"pair", bytes::integer(-7) + "\x88\x86"}}));
}

/// A sound file for each target.
std::string seed_of(const std::string& target) {
  const test::TemporaryFolder folder;
  if (target == "pickle") return pickle_seed();
  if (target == "torch_file") {
    return bytes::torch_file(pickle_seed(), {std::string(64, '\1'), std::string(7, '\1')});
  }
  if (target == "safetensors") {
    io::StateDict state;
    state.metadata["key"] = "value";
    state.tensors["a"] = at::ones({2, 3});
    state.tensors["b"] = at::ones({3}, at::kBool);
    io::write_safetensors(folder / "x", state);
    return read_file(folder / "x");
  }
  if (target == "npz") return read_file(TESSERA_SOURCE_DIR "/tests/eval/data/deflated.npz");
  if (target == "token_table") {
    text::write_token_table(folder / "x",
                            {{"<pad>", 0, text::PieceKind::kControl},
                             {"<unk>", 0, text::PieceKind::kUnk},
                             {"<bos>", 0, text::PieceKind::kControl},
                             {"<eos>", 0, text::PieceKind::kControl},
                             {"word", -3.5F, text::PieceKind::kNormal}});
    return read_file(folder / "x");
  }
  return R"({"flag": true, "number": -3, "seed": 7, "rate": 1.5e-3, "name": "\u00fc", "sizes": [1, 2],)"
         R"( "words": ["a"]})";
}

/// One to four small changes: a bit, a byte, a stretch removed, repeated or overwritten.
std::string mutated(std::string text, std::mt19937_64& random) {
  for (std::uint64_t changes = 1 + random() % 4; changes > 0 && !text.empty(); --changes) {
    const std::size_t at = random() % text.size();
    const std::size_t length = std::min<std::size_t>(1 + random() % 16, text.size() - at);
    switch (random() % 6) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << (random() % 8)));
        break;
      case 1:
        text[at] = static_cast<char>(random());
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(random() % text.size(), text.substr(at, length));
        break;
      case 4:
        text.replace(at, length, length, "\0\xff\x7f\x80"[random() % 4]);
        break;
      default:
        text.resize(at);
    }
  }
  return text;
}

TEST(MutatedSeeds, AreReadOrRefused) {
  for (const Target& target : kTargets) {
    const std::string seed = seed_of(target.name);
    EXPECT_NO_THROW(target.run(seed)) << target.name;
    EXPECT_NO_THROW(target.run("")) << target.name;
    std::mt19937_64 random(20240229);
    for (int i = 0; i < 3000; ++i) {
      const std::string input = mutated(seed, random);
      EXPECT_NO_THROW(target.run(input)) << target.name << ", input " << i;
    }
  }
}

// The readers do read these seeds: a target that refused everything would find nothing.
TEST(MutatedSeeds, SeedsAreSound) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(io::read_state_dict(folder.write("t", seed_of("torch_file"))).tensors.size(), 3U);
  EXPECT_EQ(io::read_state_dict(folder.write("s", seed_of("safetensors"))).tensors.size(), 2U);
  EXPECT_EQ(text::read_token_table(folder.write("v", seed_of("token_table"))).size(), 5U);
}

}  // namespace
}  // namespace tessera::fuzz
