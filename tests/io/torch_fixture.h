#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/formats/torch_file.h"
#include "tests/io/torch_bytes.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io::test {

/// Files of torch.save in a folder of their own.
class TorchFixture : public ::testing::Test {
 protected:
  PickleValue read(const std::string& bytes) { return read_torch_file(folder_.write("x", bytes)); }

  /// The one value of a pickle without tensors.
  PickleValue value(const std::string& bytes, char protocol = '\2') {
    return read(torch_file(pickle_of(bytes, protocol)));
  }

  at::Tensor tensor_over(const std::string& type,
                         std::int64_t values,
                         const std::string& data,
                         const Shape& shape) {
    const std::string bytes =
        torch_file(pickle_of(tensor(storage(type, "0", values), shape)), {data});
    return read(bytes).tensor("the file");
  }

  /// Refused with `part`, the file's name and a byte offset.
  void expect_corrupt(const std::string& bytes, const std::string& part) {
    const std::filesystem::path file = folder_.write("x", bytes);
    for (const std::string& wanted : {part, file.string(), std::string("(byte ")}) {
      tessera::test::expect_error(ErrorCode::kCorruptFile, wanted, [&] { read_torch_file(file); });
    }
  }
  /// The same for the one value of a pickle.
  void expect_refused(const std::string& value_bytes,
                      const std::string& part,
                      const std::vector<std::string>& data = {}) {
    expect_corrupt(torch_file(pickle_of(value_bytes), data), part);
  }

  tessera::test::TemporaryFolder folder_{};
};

}  // namespace tessera::io::test
