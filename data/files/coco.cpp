#include <unordered_map>

#include "core/error.h"
#include "data/files/readers.h"
#include "io/json_fields.h"

namespace tessera::data {
namespace fs = std::filesystem;
namespace {

/// A list of the file, which must be there.
const io::Json& list_of(const io::Json& json, const char* name, const fs::path& file) {
  TESSERA_CHECK(json.is_object() && json.contains(name) && json.at(name).is_array(),
                kCorruptFile,
                file.string(),
                ": not a COCO captions file, it has no list \"",
                name,
                "\"");
  return json.at(name);
}

/// A field of one entry, or nothing where it is absent or of another type.
template <typename Value>
std::optional<Value> field(const io::Json& entry, const char* name) {
  if (!entry.is_object() || !entry.contains(name)) return std::nullopt;
  const io::Json& value = entry.at(name);
  if constexpr (std::is_same_v<Value, std::string>) {
    if (!value.is_string()) return std::nullopt;
  } else {
    if (!value.is_number_integer()) return std::nullopt;
  }
  return value.get<Value>();
}

}  // namespace

void read_coco(const fs::path& list, FileSet& out) {
  const io::Json json = io::read_json(list);
  std::unordered_map<std::int64_t, std::string> names;
  std::int64_t number = 0;
  for (const io::Json& image : list_of(json, "images", list)) {
    const std::string place = concat(list.filename().string(), ", images[", number++, "]");
    const auto id = field<std::int64_t>(image, "id");
    const auto name = field<std::string>(image, "file_name");
    if (!id || !name) {
      out.problems.add(place, "no \"id\" or no \"file_name\"");
    } else if (!names.emplace(*id, *name).second) {
      out.problems.add(place, concat("the id ", *id, " is taken"));
    }
  }
  SampleCollector collector(list, out);
  number = 0;
  for (const io::Json& annotation : list_of(json, "annotations", list)) {
    const std::string place = concat(list.filename().string(), ", annotations[", number++, "]");
    const auto id = field<std::int64_t>(annotation, "image_id");
    const auto caption = field<std::string>(annotation, "caption");
    if (!id || !caption) {
      out.problems.add(place, "no \"image_id\" or no \"caption\"");
      continue;
    }
    const auto name = names.find(*id);
    if (name == names.end()) {
      out.problems.add(place, concat("no picture has the id ", *id));
    } else {
      collector.add(name->second, *caption, place);
    }
  }
}

}  // namespace tessera::data
