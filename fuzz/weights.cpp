#include "fuzz/input_file.h"
#include "fuzz/targets.h"
#include "io/formats/npz.h"
#include "io/formats/safetensors.h"
#include "io/formats/torch_file.h"

namespace tessera::fuzz {

void safetensors(std::string_view bytes) {
  const InputFile file(bytes);
  expect_read_or_refused([&] { touch(io::read_safetensors(file.path())); });
}

void torch_file(std::string_view bytes) {
  const InputFile file(bytes);
  expect_read_or_refused([&] { touch(io::tensors_of(io::read_torch_file(file.path()))); });
}

void npz(std::string_view bytes) {
  const InputFile file(bytes);
  expect_read_or_refused([&] {
    const io::NpzFile archive = io::NpzFile::open(file.path());
    io::StateDict arrays;
    for (const std::string& name : archive.names()) arrays.tensors[name] = archive.read(name);
    touch(arrays);
  });
}

}  // namespace tessera::fuzz
