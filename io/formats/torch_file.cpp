#include "io/formats/torch_file.h"

#include "core/error.h"
#include "io/formats/pickle_machine.h"
#include "io/formats/torch_storages.h"
#include "io/formats/zip_archive.h"
#include "io/in_quotes.h"
#include "io/mapped_file.h"

namespace tessera::io {
namespace {

constexpr std::string_view kPickleMember = "/data.pkl";
// Protocol 2, then the number 0x1950a86a20f9469cfc6c: torch.save before 1.6, and today on request.
constexpr std::string_view kLegacyHead = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

/// A pickle of protocol 2 to 5. The header of a safetensors file may begin alike: its length, of
/// which bytes 4 to 7 are zero.
bool is_pickle(std::string_view head) {
  return head.size() >= 8 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5 &&
         head.substr(4, 4) != std::string_view("\0\0\0\0", 4);
}

/// Of an archive: its one folder, and whether a TorchScript program lies beside the pickle.
struct Contents {
  std::string folder{};
  bool script = false;
};

/// A member of the program, which is never read: those alone may be compressed.
bool is_program(std::string_view rest) {
  return rest == "/constants.pkl" || rest.substr(0, 6) == "/code/";
}

Contents contents_of(const ZipArchive& archive) {
  Contents contents;
  std::string& folder = contents.folder;
  for (const auto& [name, member] : archive.members()) {
    const std::size_t slash = name.find('/');
    const std::string_view rest =
        slash == std::string::npos ? "" : std::string_view(name).substr(slash);
    contents.script = contents.script || is_program(rest);
    TESSERA_CHECK(!member.deflated || is_program(rest),
                  kCorruptFile,
                  archive.what(),
                  ": member ",
                  in_quotes(name),
                  " is compressed; only stored ones are read (byte ",
                  member.begin,
                  ")");
    if (rest != kPickleMember) continue;
    TESSERA_CHECK(folder.empty(),
                  kCorruptFile,
                  archive.what(),
                  ": a second pickle, ",
                  in_quotes(name),
                  " (byte ",
                  member.begin,
                  ")");
    folder = name.substr(0, slash);
  }
  TESSERA_CHECK(!folder.empty(),
                kCorruptFile,
                archive.what(),
                ": a zip archive without a FOLDER/data.pkl, so not from torch.save (byte 0)");
  return contents;
}

void check_byte_order(const ZipArchive& archive, const std::string& folder) {
  const ZipMember* order = archive.find(folder + "/byteorder");
  TESSERA_CHECK(order == nullptr || archive.bytes(*order) == "little",
                kCorruptFile,
                archive.what(),
                ": the byte order is ",
                in_quotes(archive.bytes(*order)),
                ", only \"little\" is read (byte ",
                order->begin,
                ")");
}

}  // namespace

bool is_torch_file(std::string_view head) {
  const bool zip = head.substr(0, 4) == "PK\3\4" || head.substr(0, 4) == "PK\5\6";
  // A safetensors header of 0x04034b50 bytes begins as a zip does, up to its brace.
  return (zip && head.size() > 8 && head[8] != '{') || is_pickle(head);
}

PickleValue read_torch_file(const std::filesystem::path& file) {
  const std::string what = file.string();
  const std::shared_ptr<const MappedFile> mapped = MappedFile::open(file);
  TESSERA_CHECK(mapped->bytes().substr(0, kLegacyHead.size()) != kLegacyHead,
                kCorruptFile,
                what,
                ": written by torch < 1.6; save it again with a newer one (byte 0)");
  TESSERA_CHECK(!is_pickle(mapped->bytes()),
                kCorruptFile,
                what,
                ": a pickle on its own, not a file of torch.save (byte 0)");
  const ZipArchive archive = ZipArchive::open(mapped, what, ZipMethods::kStoredAndDeflated);
  const auto [folder, script] = contents_of(archive);
  check_byte_order(archive, folder);
  const std::string name = folder + std::string(kPickleMember);
  const ZipMember& pickle = *archive.find(name);
  archive.check_sum(name, pickle);
  TorchStorages storages(archive, folder);
  return read_pickle(
      {.bytes = archive.bytes(pickle), .begin = pickle.begin, .what = what, .script = script},
      storages);
}

}  // namespace tessera::io
