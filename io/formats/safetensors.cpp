#include "io/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/formats/safetensors_header.h"
#include "io/mapped_tensor.h"

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

namespace tessera::io {
namespace fs = std::filesystem;
namespace {

struct Dtype {
  const char* name;
  at::ScalarType type;
};
constexpr std::array<Dtype, 10> kDtypes = {{{"F64", at::kDouble},
                                            {"F32", at::kFloat},
                                            {"F16", at::kHalf},
                                            {"BF16", at::kBFloat16},
                                            {"I64", at::kLong},
                                            {"I32", at::kInt},
                                            {"I16", at::kShort},
                                            {"I8", at::kChar},
                                            {"U8", at::kByte},
                                            {"BOOL", at::kBool}}};

const Dtype* find_dtype(const std::string& name) {
  for (const Dtype& dtype : kDtypes) {
    if (name == dtype.name) return &dtype;
  }
  return nullptr;
}

const Dtype* find_dtype(at::ScalarType type) {
  for (const Dtype& dtype : kDtypes) {
    if (type == dtype.type) return &dtype;
  }
  return nullptr;
}

std::uint64_t header_length(std::string_view bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  return length;
}

/// Bytes of a tensor, or nothing where the product overflows. Dimensions of zero count as one
/// while multiplying: [2^62, 2^62, 0] has no element, yet its strides would overflow.
std::optional<std::uint64_t> checked_bytes(const std::vector<std::uint64_t>& shape,
                                           std::uint64_t item) {
  std::uint64_t bytes = item;
  bool empty = false;
  for (const std::uint64_t side : shape) {
    empty = empty || side == 0;
    if (__builtin_mul_overflow(bytes, std::max<std::uint64_t>(side, 1), &bytes)) return {};
  }
  if (bytes > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
  return empty ? 0 : bytes;
}

/// Offsets must cover the data exactly: no holes, no overlaps, nothing left over.
void check_layout(const SafetensorsHeader& header,
                  std::uint64_t data_begin,
                  std::uint64_t data_size,
                  const std::string& what) {
  std::vector<const std::pair<const std::string, SafetensorsEntry>*> order;
  order.reserve(header.entries.size());
  for (const auto& item : header.entries) order.push_back(&item);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });
  std::uint64_t reached = 0;
  for (const auto* item : order) {
    const auto& [name, entry] = *item;
    TESSERA_CHECK(entry.begin == reached && entry.end >= entry.begin && entry.end <= data_size,
                  kCorruptFile,
                  what,
                  ": tensor \"",
                  name,
                  "\" claims bytes ",
                  entry.begin,
                  " to ",
                  entry.end,
                  " of ",
                  data_size,
                  " where ",
                  reached,
                  " comes next (byte ",
                  data_begin + reached,
                  ")");
    const Dtype* dtype = find_dtype(entry.dtype);
    TESSERA_CHECK(dtype != nullptr,
                  kCorruptFile,
                  what,
                  ": tensor \"",
                  name,
                  "\" has the unknown dtype \"",
                  entry.dtype,
                  "\" (byte ",
                  data_begin + reached,
                  ")");
    const auto bytes = checked_bytes(entry.shape, c10::elementSize(dtype->type));
    TESSERA_CHECK(bytes && *bytes == entry.end - entry.begin,
                  kCorruptFile,
                  what,
                  ": tensor \"",
                  name,
                  "\" has ",
                  entry.end - entry.begin,
                  " bytes, its shape another number (byte ",
                  data_begin + reached,
                  ")");
    reached = entry.end;
  }
  TESSERA_CHECK(reached == data_size,
                kCorruptFile,
                what,
                ": ",
                data_size - reached,
                " bytes belong to no tensor (byte ",
                data_begin + reached,
                ")");
}

at::Tensor view_of(const std::shared_ptr<const MappedFile>& mapped,
                   std::uint64_t data_begin,
                   const SafetensorsEntry& entry) {
  const at::ScalarType type = find_dtype(entry.dtype)->type;
  const std::vector<std::int64_t> shape(entry.shape.begin(), entry.shape.end());
  const std::uint64_t bytes = entry.end - entry.begin;
  if (bytes == 0) return at::empty(shape, type);
  std::byte* data = mapped->data() + data_begin + entry.begin;
  if (type == at::kBool) {  // any byte but 0 and 1 would be undefined behaviour
    return at::from_blob(data, shape, at::kByte).ne(0);
  }
  if (reinterpret_cast<std::uintptr_t>(data) % c10::elementSize(type) != 0) {
    at::Tensor copy = at::empty(shape, type);
    std::memcpy(copy.mutable_data_ptr(), data, bytes);
    return copy;
  }
  return mapped_tensor(mapped, data_begin + entry.begin, shape, type);
}

void write_bytes(std::ofstream& out, const void* data, std::size_t size, const fs::path& file) {
  out.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
  TESSERA_CHECK(out, kIo, file.string(), ": cannot write: ", std::strerror(errno));
}

}  // namespace

StateDict read_safetensors(const fs::path& file) {
  const std::shared_ptr<const MappedFile> mapped = MappedFile::open(file);
  const std::string what = file.string();
  const std::string_view bytes = mapped->bytes();
  TESSERA_CHECK(bytes.size() >= 8,
                kCorruptFile,
                what,
                ": ",
                bytes.size(),
                " bytes are too few for a safetensors file (byte 0)");
  const std::uint64_t length = header_length(bytes);
  TESSERA_CHECK(length <= kMaxSafetensorsHeader && length <= bytes.size() - 8,
                kCorruptFile,
                what,
                ": claims a header of ",
                length,
                " bytes in a file of ",
                bytes.size(),
                " (byte 0)");
  TESSERA_CHECK(length > 0 && bytes[8] == '{',
                kCorruptFile,
                what,
                ": not a safetensors file, its header does not begin with { (byte 8)");
  SafetensorsHeader header = parse_safetensors_header(bytes.substr(8, length), what);
  check_layout(header, 8 + length, bytes.size() - 8 - length, what);
  StateDict state;
  for (const auto& [name, entry] : header.entries) {
    state.tensors.emplace(name, view_of(mapped, 8 + length, entry));
  }
  state.metadata = std::move(header.metadata);
  return state;
}

void write_safetensors(const fs::path& file, const StateDict& state) {
  struct Item {
    const std::string* name;
    const at::Tensor* tensor;
    std::int64_t size;  // bytes of an element
  };
  std::vector<Item> items;
  for (const auto& [name, tensor] : state.tensors) {
    TESSERA_CHECK(tensor.defined(), kInvalidArgument, "tensor \"", name, "\" is undefined");
    TESSERA_CHECK(name != "__metadata__", kInvalidArgument, "\"__metadata__\" names no tensor");
    TESSERA_CHECK(find_dtype(tensor.scalar_type()) != nullptr,
                  kInvalidArgument,
                  "tensor \"",
                  name,
                  "\" of type ",
                  c10::toString(tensor.scalar_type()),
                  " has no place in safetensors");
    items.push_back({&name, &tensor, tensor.element_size()});
  }
  // Wide types first keeps every tensor aligned; the map is in order of names already.
  std::stable_sort(
      items.begin(), items.end(), [](const Item& a, const Item& b) { return a.size > b.size; });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!state.metadata.empty()) header["__metadata__"] = state.metadata;
  std::size_t end = 0;
  for (const Item& item : items) {
    const std::size_t begin = end;
    end += item.tensor->nbytes();
    header[*item.name] = {{"dtype", find_dtype(item.tensor->scalar_type())->name},
                          {"shape", item.tensor->sizes().vec()},
                          {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();

  write_atomically(file, [&](const fs::path& temporary) {
    errno = 0;
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    TESSERA_CHECK(out, kIo, file.string(), ": cannot write: ", std::strerror(errno));
    write_bytes(out, &length, sizeof length, file);
    write_bytes(out, text.data(), text.size(), file);
    for (const Item& item : items) {
      const at::Tensor plain = item.tensor->detach().to(at::kCPU).contiguous();
      write_bytes(out, plain.const_data_ptr(), plain.nbytes(), file);
    }
    out.flush();
    TESSERA_CHECK(out, kIo, file.string(), ": cannot write: ", std::strerror(errno));
  });
}

}  // namespace tessera::io
