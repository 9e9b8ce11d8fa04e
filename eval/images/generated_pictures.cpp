#include "eval/images/generated_pictures.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "core/error.h"
#include "eval/images/picture_bytes.h"
#include "io/sha256.h"

namespace tessera::eval {
namespace {

class GeneratedPictures final : public PictureSet {
 public:
  GeneratedPictures(std::vector<std::string> captions,
                    PictureMaker make,
                    const GeneratedPicturesOptions& options)
      : captions_(std::move(captions)), make_(std::move(make)), options_(options) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(captions_.size()); }
  std::string name(std::int64_t index) const override {
    return concat("picture ", index, " of ", options_.title);
  }
  std::string title() const override { return options_.title; }
  std::string fingerprint() const override {
    io::Sha256 sum;
    sum.update(options_.fingerprint.data(), options_.fingerprint.size());
    for (const std::string& caption : captions_) sum.update(caption.data(), caption.size() + 1);
    return sum.hex();
  }

  at::Tensor load(std::int64_t index) const override {
    TESSERA_CHECK(index >= 0 && index < size(),
                  kInvalidArgument,
                  "picture ",
                  index,
                  " is outside 0..",
                  size() - 1);
    const std::lock_guard lock(one_at_a_time_);
    if (waiting_.count(index) == 0) make_batch(index / options_.batch);
    const auto found = waiting_.find(index);
    at::Tensor picture = found->second;
    waiting_.erase(found);
    return picture;
  }

 private:
  /// What nobody has come for in two batches is dropped: a retry makes it again.
  void make_batch(std::int64_t number) const {
    const std::int64_t first = number * options_.batch;
    const std::int64_t end = std::min(first + options_.batch, size());
    waiting_.erase(waiting_.begin(), waiting_.lower_bound(first - 2 * options_.batch));
    const auto begin = captions_.begin() + first;
    const std::vector<at::Tensor> images = make_(first, {begin, captions_.begin() + end});
    TESSERA_CHECK(static_cast<std::int64_t>(images.size()) == end - first,
                  kInternal,
                  "a model made ",
                  images.size(),
                  " pictures of ",
                  end - first);
    for (std::int64_t k = 0; k < end - first; ++k) {
      waiting_[first + k] = picture_bytes(images[static_cast<std::size_t>(k)]);
    }
  }

  std::vector<std::string> captions_;
  PictureMaker make_;
  GeneratedPicturesOptions options_;
  mutable std::mutex one_at_a_time_;
  mutable std::map<std::int64_t, at::Tensor> waiting_{};  // made and not yet fetched
};

}  // namespace

std::unique_ptr<const PictureSet> open_generated_pictures(std::vector<std::string> captions,
                                                          PictureMaker make,
                                                          const GeneratedPicturesOptions& options) {
  TESSERA_CHECK(!captions.empty(), kInvalidArgument, "there are no captions to make pictures of");
  TESSERA_CHECK(
      options.batch >= 1, kInvalidArgument, "batch must be at least 1, got ", options.batch);
  return std::make_unique<GeneratedPictures>(std::move(captions), std::move(make), options);
}

}  // namespace tessera::eval
