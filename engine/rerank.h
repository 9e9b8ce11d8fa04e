#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/image.h"

namespace tessera::engine {

/// Best of N: of several pictures of one prompt the one that a CLIP finds closest to it (as DALL-E
/// chose among its samples, Ramesh et al. 2021, section 2.6).
class Reranker {
 public:
  /// `clip` as open_clip() takes it; "" = the shipped one. Throws as it does.
  Reranker(const std::filesystem::path& clip, const std::string& device);
  ~Reranker();
  Reranker(const Reranker&) = delete;
  Reranker& operator=(const Reranker&) = delete;

  struct Choice {
    std::size_t winner = 0;        // the first of the best
    std::vector<double> scores{};  // cosine of each candidate with the text
  };
  /// `caption` is the prompt as the model's captions say it, "" where there is none: a CLIP that
  /// was trained on such captions is asked with it, any other with the prompt.
  Choice choose(const std::vector<Image>& candidates,
                const std::string& prompt,
                const std::string& caption);

  /// {"name": …, "sha256": …}
  std::string describe() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tessera::engine
