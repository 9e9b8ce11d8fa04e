#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/error.h"
#include "io/formats/pickle_globals.h"
#include "io/formats/pickle_value.h"

namespace tessera::io {

// What a pickle can make Tessera hold, whatever it says.
inline constexpr int kMaxPickleDepth = 100;
inline constexpr std::size_t kMaxPickleObjects = std::size_t{1} << 21;
inline constexpr std::size_t kMaxPickleTensors = std::size_t{1} << 18;
inline constexpr std::size_t kMaxPickleText = std::size_t{1} << 27;  // bytes, over all values

/// The bytes of a pickle and where they come from.
struct PickleSource {
  std::string_view bytes{};
  std::uint64_t begin = 0;  // of the bytes in the file
  std::string what{};       // names the file
  bool script = false;      // of a TorchScript archive: objects of its classes are read as dicts

  /// Throws kCorruptFile naming the file and the byte; `at` counts from the first byte of the
  /// pickle.
  template <typename... Parts>
  [[noreturn]] void refuse(std::uint64_t at, const Parts&... parts) const {
    TESSERA_THROW(kCorruptFile, what, ": ", parts..., " (byte ", begin + at, ")");
  }
};

/// Index of an object in the order of creation.
using PickleRef = std::uint32_t;

/// An object while the pickle is being read: containers refer to their items, since a pickle fills
/// a container after others have taken hold of it.
struct PickleObject {
  struct Bytes {
    std::string_view bytes{};
  };
  struct List {
    std::vector<PickleRef> items{};
  };
  struct Tuple {
    std::vector<PickleRef> items{};
  };
  struct Dict {
    std::vector<PickleRef> items{};  // key, value, key, value, …
  };
  struct Storage {
    at::Tensor values{};
  };
  using Data = std::variant<std::monostate,
                            bool,
                            std::int64_t,
                            double,
                            std::string_view,
                            Bytes,
                            List,
                            Tuple,
                            Dict,
                            const PickleGlobal*,
                            Storage,
                            at::Tensor>;
  Data data{};
  std::uint64_t at = 0;  // of the opcode that made it, from the first byte of the pickle
};

/// "None", "a tuple", "a storage", … for messages.
const char* kind_of(const PickleObject& object);

/// The value of `root` and all below it, each container copied wherever it appears. Throws
/// kCorruptFile: deeper than kMaxPickleDepth (a container inside itself is), more values or text
/// than the limits above, keys that are neither text nor whole numbers, a key twice, a storage or a
/// name of a module as a value.
PickleValue tree_of(const std::vector<PickleObject>& objects,
                    PickleRef root,
                    const PickleSource& source);

}  // namespace tessera::io
