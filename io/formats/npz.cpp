#include "io/formats/npz.h"

#include <algorithm>
#include <cstring>

#include <ATen/ATen.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/listed.h"
#include "io/crc32.h"
#include "io/formats/npy_header.h"
#include "io/in_quotes.h"

namespace tessera::io {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr std::uint64_t kLargestFile = 0xFFFF'FFFE;  // without zip64

template <typename T>
void append(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

/// A member's facts, in the order that its header and the directory share (APPNOTE.TXT 4.3.7).
std::string shared_fields(std::uint32_t crc, std::uint64_t size, const std::string& name) {
  constexpr std::uint16_t kVersion = 20;
  constexpr std::uint16_t kDate = 0x21;  // 1 January 1980: the same arrays give the same bytes
  std::string out;
  append(out, kVersion);
  append(out, std::uint16_t{0});  // flags
  append(out, std::uint16_t{0});  // stored
  append(out, std::uint16_t{0});  // time
  append(out, kDate);
  append(out, crc);
  append(out, static_cast<std::uint32_t>(size));
  append(out, static_cast<std::uint32_t>(size));
  append(out, static_cast<std::uint16_t>(name.size()));
  append(out, std::uint16_t{0});  // extra field
  return out;
}

/// One file and its directory, built member by member.
class StoredZip {
 public:
  void add(const std::string& name, const std::string& data) {
    const std::uint64_t begin = out_.size();
    TESSERA_CHECK(begin + data.size() + 2 * name.size() + directory_.size() + 1024 < kLargestFile,
                  kInvalidArgument,
                  "a NumPy archive of more than 4 GiB");
    const std::string fields = shared_fields(crc32(data), data.size(), name);
    out_ += "PK\3\4" + fields + name + data;
    directory_ += "PK\1\2";
    append(directory_, std::uint16_t{20});
    directory_ += fields;
    append(directory_, std::uint16_t{0});  // comment
    append(directory_, std::uint16_t{0});  // volume
    append(directory_, std::uint16_t{0});  // internal attributes
    append(directory_, std::uint32_t{0600u << 16});
    append(directory_, static_cast<std::uint32_t>(begin));
    directory_ += name;
    ++members_;
  }

  std::string finish() {
    const std::uint64_t begin = out_.size();
    out_ += directory_ + "PK\5\6";
    append(out_, std::uint32_t{0});  // volumes
    append(out_, members_);
    append(out_, members_);
    append(out_, static_cast<std::uint32_t>(directory_.size()));
    append(out_, static_cast<std::uint32_t>(begin));
    append(out_, std::uint16_t{0});  // comment
    return std::move(out_);
  }

 private:
  std::string out_{};
  std::string directory_{};
  std::uint16_t members_ = 0;
};

}  // namespace

NpzFile NpzFile::open(const std::filesystem::path& file) {
  return NpzFile(
      ZipArchive::open(MappedFile::open(file), file.string(), ZipMethods::kStoredAndDeflated));
}

std::vector<std::string> NpzFile::names() const {
  std::vector<std::string> out;
  for (const auto& [name, member] : archive_.members()) {
    if (name.size() > kSuffix.size() && name.ends_with(kSuffix)) {
      out.push_back(name.substr(0, name.size() - kSuffix.size()));
    }
  }
  return out;
}

at::Tensor NpzFile::read(const std::string& name) const {
  const ZipMember* member = archive_.find(name + std::string(kSuffix));
  if (member == nullptr) {
    TESSERA_THROW(
        kNotFound, archive_.what(), ": no array ", in_quotes(name), "; it has: ", listed(names()));
  }
  const std::string what = archive_.what() + ": array " + in_quotes(name);
  const std::string bytes = archive_.read(name + std::string(kSuffix), *member);
  const NpyHeader header = read_npy_header(bytes, what);
  std::vector<std::int64_t> sides = header.shape;
  if (header.fortran_order) std::reverse(sides.begin(), sides.end());
  const bool truth = header.type == at::kBool;  // any byte of the file may stand for true
  at::Tensor values = at::empty(sides, truth ? at::kByte : header.type);
  if (values.numel() > 0) {
    std::memcpy(values.mutable_data_ptr(), bytes.data() + header.size, bytes.size() - header.size);
  }
  if (truth) values = values.ne(0);
  if (!header.fortran_order) return values;
  std::vector<std::int64_t> turned(sides.size());
  for (std::size_t k = 0; k < sides.size(); ++k) {
    turned[k] = static_cast<std::int64_t>(sides.size() - 1 - k);
  }
  return values.permute(turned).contiguous();
}

void write_npz(const std::filesystem::path& file, const std::map<std::string, at::Tensor>& arrays) {
  StoredZip zip;
  for (const auto& [name, array] : arrays) {
    const at::Tensor values = array.detach().cpu().contiguous();
    std::string data = npy_header_text(
        {.type = values.scalar_type(), .shape = {values.sizes().begin(), values.sizes().end()}});
    data.append(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
    zip.add(name + std::string(kSuffix), data);
  }
  write_file_atomically(file, zip.finish());
}

}  // namespace tessera::io
