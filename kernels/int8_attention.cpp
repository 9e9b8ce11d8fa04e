#include "kernels/int8_attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "kernels/int8_panels.h"

namespace tessera::kernels {
namespace {

/// Rows of q that a thread takes at a time.
constexpr std::int64_t kBlockRows = 2 * kPanelRows;

constexpr std::int64_t round_up(std::int64_t x, std::int64_t step) {
  return (x + step - 1) / step * step;
}

/// The parts of a packed head; Byte is const where they are only read.
template <typename Byte>
struct PackedHead {
  template <typename Number>
  using Part = std::conditional_t<std::is_const_v<Byte>, const Number, Number>;

  PackedHead(Byte* head, const Int8KeysLayout& parts)
      : layout(parts),
        keys(head),
        values(head + parts.values()),
        key_scales(reinterpret_cast<Part<float>*>(head + parts.key_scales())),
        key_shifts(reinterpret_cast<Part<std::int32_t>*>(head + parts.key_shifts())),
        value_scales(reinterpret_cast<Part<float>*>(head + parts.value_scales())) {}

  Int8KeysLayout layout;
  Byte* keys;
  Byte* values;
  Part<float>* key_scales;
  Part<std::int32_t>* key_shifts;
  Part<float>* value_scales;
};

/// A row of a head on its way to bytes, zeros behind its end.
struct PackingWork {
  explicit PackingWork(const Int8KeysLayout& layout)
      : numbers(static_cast<std::size_t>(layout.columns)),
        bytes(static_cast<std::size_t>(layout.depth)) {}
  std::vector<float> numbers;
  std::vector<std::int8_t> bytes;
};

/// What a thread needs for a block of rows, which stays in the nearest caches.
class AttentionWork {
 public:
  AttentionWork(const Int8KeysLayout& most, std::int64_t row_width)
      : width(row_width),
        query_stride(most.depth),
        product_stride(most.places + kPanelColumns),  // no power of two: int8_panels.h
        weight_stride(most.places + kPanelDepth) {
    const auto part = [this](std::int64_t bytes) {
      const std::int64_t begin = bytes_;
      bytes_ += round_up(bytes, sizeof(Line));
      return begin;
    };
    queries_ = part(kPanelRows * query_stride);
    products_ = part(4 * kPanelRows * product_stride);
    low_ = part(kPanelRows * weight_stride);
    high_ = part(kPanelRows * weight_stride);
    lower_ = part(4 * kPanelRows * most.columns);
    upper_ = part(4 * kPanelRows * most.columns);
    row_ = part(4 * most.columns);
    mixed_ = part(4 * kBlockRows * width);
    lines_.resize(static_cast<std::size_t>(bytes_) / sizeof(Line));
  }

  const std::int64_t width;           // of a row of all heads
  const std::int64_t query_stride;    // bytes
  const std::int64_t product_stride;  // numbers
  const std::int64_t weight_stride;   // bytes

  std::uint8_t* queries() { return at<std::uint8_t>(queries_); }
  std::int32_t* products() { return at<std::int32_t>(products_); }
  std::uint8_t* low() { return at<std::uint8_t>(low_); }
  std::uint8_t* high() { return at<std::uint8_t>(high_); }
  std::int32_t* lower() { return at<std::int32_t>(lower_); }
  std::int32_t* upper() { return at<std::int32_t>(upper_); }
  float* row() { return at<float>(row_); }
  float* mixed() { return at<float>(mixed_); }

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  template <typename Number>
  Number* at(std::int64_t offset) {
    return reinterpret_cast<Number*>(reinterpret_cast<std::byte*>(lines_.data()) + offset);
  }

  std::int64_t bytes_ = 0;
  std::int64_t queries_, products_, low_, high_, lower_, upper_, row_, mixed_;
  std::vector<Line> lines_;
};

}  // namespace

#define TESSERA_KERNEL "kernels/int8_attention.inc"
#include "kernels/builds.inc"

namespace {

template <typename Number>
constexpr Builds<PackInt8Keys<Number>> kPack{
    any::pack<Number>, avx2::pack<Number>, avx512::pack<Number>};

template <typename Number>
void attend_on(const Int8Attention<Number>& args,
               std::int64_t first,
               std::int64_t last,
               Target target,
               Int8Unit unit) {
  const auto run = target == Target::kAvx512 ? avx512::attend<Number>
                   : target == Target::kAvx2 ? avx2::attend<Number>
                                             : any::attend<Number>;
  run(args, first, last, unit);
}

}  // namespace

Int8KeysLayout::Int8KeysLayout(std::int64_t length, std::int64_t head_width)
    : depth(round_up(head_width, kPanelDepth)),
      places(round_up(length, kPanelDepth)),
      columns(round_up(head_width, kPanelColumns)) {}

std::int64_t attention_blocks(std::int64_t rows) {
  return (rows + kBlockRows - 1) / kBlockRows;
}

void pack_int8_keys(const PackInt8Keys<float>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target) {
  kPack<float>.of(target)(args, first, last);
}

void pack_int8_keys(const PackInt8Keys<Bfloat16>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target) {
  kPack<Bfloat16>.of(target)(args, first, last);
}

void int8_attention(const Int8Attention<float>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target,
                    Int8Unit unit) {
  attend_on(args, first, last, target, unit);
}

void int8_attention(const Int8Attention<Bfloat16>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target,
                    Int8Unit unit) {
  attend_on(args, first, last, target, unit);
}

}  // namespace tessera::kernels
