#include "io/formats/pickle_opcodes.h"

#include <array>
#include <string_view>

namespace tessera::io {
namespace {

struct Named {
  std::uint8_t op;
  std::string_view name;
};

// Those that are never read: a refusal says what a file wanted to do.
constexpr std::array<Named, 30> kRefused = {
    {{'0', "POP"},
     {'1', "POP_MARK"},
     {'2', "DUP"},
     {'F', "FLOAT"},
     {'I', "INT"},
     {'L', "LONG"},
     {'P', "PERSID"},
     {'S', "STRING"},
     {'T', "BINSTRING"},
     {'U', "SHORT_BINSTRING"},
     {'V', "UNICODE"},
     {'d', "DICT"},
     {'g', "GET"},
     {'i', "INST"},
     {'l', "LIST"},
     {'o', "OBJ"},
     {'p', "PUT"},
     {0x81, "NEWOBJ"},
     {0x82, "EXT1"},
     {0x83, "EXT2"},
     {0x84, "EXT4"},
     {0x8b, "LONG4"},
     {0x8f, "EMPTY_SET"},
     {0x90, "ADDITEMS"},
     {0x91, "FROZENSET"},
     {0x92, "NEWOBJ_EX"},
     {0x96, "BYTEARRAY8"},
     {0x97, "NEXT_BUFFER"},
     {0x98, "READONLY_BUFFER"},
     {static_cast<std::uint8_t>(PickleOp::kProto), "PROTO"}}};

}  // namespace

std::string pickle_op_name(std::uint8_t op) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::string number = {'0', 'x', kDigits[op >> 4], kDigits[op & 15]};
  for (const Named& named : kRefused) {
    if (named.op == op) return std::string(named.name) + " (" + number + ")";
  }
  return number;
}

}  // namespace tessera::io
