#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/int8_units.h"
#include "kernels/quantised_rows.h"
#include "kernels/targets.h"

namespace tessera::kernels {

// softmax(q kᵀ / sqrt(d)) v with both products in 8-bit integers, from the products that give q, k
// and v to the bytes that the next product takes. A row of q or k has a scale for each of its
// heads, a column of v one over the rows that are seen. The weights of softmax are integers of 16
// bits, 65,535 for the likeliest of a row, in two bytes that are multiplied one by one: with a
// single byte all that lies below a 510th of the likeliest would be lost, and among a thousand
// positions that can be most of the weight. Sequences have no part in each other, and all targets
// and units give the same bits.

/// Rows of a sequence whose sums of two bytes' products still fit 32 bits.
inline constexpr std::int64_t kMostInt8Keys = 1 << 16;

/// What a product says of its heads: number d of head h in a row means
/// values[row * stride + h * head_width + d] * scales[row] + bias[h * head_width + d].
template <typename Number>
struct HeadRows {
  const Number* values = nullptr;
  std::int64_t stride = 0;
  const float* scales = nullptr;  // null = 1
  const float* bias = nullptr;    // null = 0
};

/// The parts of a head's keys and values as bytes, in order, for so many rows that are seen:
/// panels of kᵀ and of v (kernels/int8_panels.h; of each 64 rows of v those sixteen apart are
/// neighbours), the keys' scales, what the 128 that make q unsigned add to each of their products,
/// the scales of v's columns. Behind the last row that is seen v has zeros; what k has there is
/// never looked at.
struct Int8KeysLayout {
  Int8KeysLayout(std::int64_t length, std::int64_t head_width);
  std::int64_t depth;    // head_width as far as panels go
  std::int64_t places;   // length as far as panels go
  std::int64_t columns;  // head_width in sixteens
  std::int64_t values() const { return places * depth; }
  std::int64_t key_scales() const { return values() + places * columns; }
  std::int64_t key_shifts() const { return key_scales() + 4 * places; }
  std::int64_t value_scales() const { return key_shifts() + 4 * places; }
  std::int64_t bytes() const { return value_scales() + 4 * columns; }  // a multiple of 64
};

template <typename Number>
struct PackInt8Keys {
  std::int64_t heads = 0;
  std::int64_t head_width = 0;
  std::int64_t length = 0;        // rows of a sequence, kMostInt8Keys at most
  HeadRows<Number> keys{};        // [sequences * length] rows
  HeadRows<Number> values{};      // the same
  const bool* visible = nullptr;  // [sequences, length]: rows that are seen; null = all
  std::int8_t* packed = nullptr;  // [sequences, heads, Int8KeysLayout(length, head_width).bytes()]
  std::int64_t* seen = nullptr;   // [sequences] how many rows are seen
};

/// q against packed keys and values; a sequence that sees none gets zeros.
template <typename Number>
struct Int8Attention {
  std::int64_t heads = 0;
  std::int64_t head_width = 0;  // times heads a multiple of 16
  std::int64_t rows = 0;        // of q a sequence
  HeadRows<Number> queries{};   // [sequences * rows] rows
  std::int64_t length = 0;      // that the keys were packed for
  const std::int8_t* packed = nullptr;
  const std::int64_t* seen = nullptr;
  Int8Rows out{};  // [sequences * rows, heads * head_width]
};

/// How many items int8_attention() has a sequence.
std::int64_t attention_blocks(std::int64_t rows);

/// Heads first ... last - 1 of all sequences.
void pack_int8_keys(const PackInt8Keys<float>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target = best_target());
void pack_int8_keys(const PackInt8Keys<Bfloat16>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target = best_target());

/// Blocks first ... last - 1 of all sequences.
void int8_attention(const Int8Attention<float>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target = best_target(),
                    Int8Unit unit = best_int8_unit());
void int8_attention(const Int8Attention<Bfloat16>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target = best_target(),
                    Int8Unit unit = best_int8_unit());

}  // namespace tessera::kernels
