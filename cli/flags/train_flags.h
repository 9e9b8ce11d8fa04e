#pragma once

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tessera::cli {

/// Flags of `train vqvae|diffusion`, shared by tessera and tessera-worker.
struct TrainFlags {
  std::string stage{};
  std::string config{};
  std::string out{};
  bool resume = false;
  std::string device = "auto";
  int threads = 0;
  std::vector<std::string> set{};
};

/// `stages` are the stages that the program offers.
void add_train_flags(CLI::App& app,
                     TrainFlags& flags,
                     const std::vector<std::string>& stages = {
                         "vqvae", "diffusion", "ddpm", "clip"});

/// "train.steps=200" -> {"train.steps", "200"}. Throws kInvalidArgument naming the text.
std::map<std::string, std::string> parse_overrides(const std::vector<std::string>& texts);

}  // namespace tessera::cli
