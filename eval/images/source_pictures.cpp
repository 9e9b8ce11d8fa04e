#include <algorithm>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/images/picture_bytes.h"
#include "eval/images/picture_set.h"
#include "io/sha256.h"

namespace tessera::eval {
namespace {

class SourcePictures final : public PictureSet {
 public:
  SourcePictures(std::unique_ptr<const data::Source> source, std::string title)
      : source_(std::move(source)), title_(std::move(title)) {}

  std::int64_t size() const override { return source_->size(); }
  std::string name(std::int64_t index) const override {
    return concat("picture ", index, " of ", title_);
  }
  at::Tensor load(std::int64_t index) const override {
    return picture_bytes(source_->get({index}, at::kCPU).images[0]);
  }
  std::string title() const override { return title_; }
  std::string fingerprint() const override { return io::sha256(source_->fingerprint()); }

 private:
  std::unique_ptr<const data::Source> source_;
  std::string title_;
};

class FirstPictures final : public PictureSet {
 public:
  FirstPictures(std::unique_ptr<const PictureSet> pictures, std::int64_t count)
      : pictures_(std::move(pictures)), count_(count) {}
  std::int64_t size() const override { return count_; }
  std::string name(std::int64_t index) const override { return pictures_->name(index); }
  at::Tensor load(std::int64_t index) const override { return pictures_->load(index); }
  std::string title() const override { return pictures_->title(); }
  std::string fingerprint() const override { return pictures_->fingerprint(); }

 private:
  std::unique_ptr<const PictureSet> pictures_;
  std::int64_t count_;
};

}  // namespace

at::Tensor picture_bytes(const at::Tensor& image) {
  return ((image.to(at::kCPU, at::kFloat).nan_to_num(0) + 1) * 127.5)
      .round()
      .clamp(0, 255)
      .to(at::kByte)
      .permute({1, 2, 0})
      .contiguous();
}

std::unique_ptr<const PictureSet> open_source_pictures(std::unique_ptr<const data::Source> source,
                                                       const std::string& title) {
  return std::make_unique<SourcePictures>(std::move(source), title);
}

std::unique_ptr<const PictureSet> first_pictures(std::unique_ptr<const PictureSet> pictures,
                                                 std::int64_t count) {
  TESSERA_CHECK(count >= 0, kInvalidArgument, "count must be 0 (all) or more, got ", count);
  const std::int64_t all = pictures->size();
  if (count == 0 || count >= all) return pictures;
  return std::make_unique<FirstPictures>(std::move(pictures), count);
}

}  // namespace tessera::eval
