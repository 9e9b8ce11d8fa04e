#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tessera::test {

/// What a program answered.
struct Answer {
  int code = -1;  // exit code, or 128 + signal
  std::string out{};
  std::string err{};
};

struct Call {
  std::filesystem::path program{};
  std::vector<std::string> arguments{};
  std::string input{};                             // its standard input
  std::filesystem::path folder{};                  // where it runs; "" = here
  std::map<std::string, std::string> variables{};  // added to the environment
  std::function<void(int child)> started{};        // told its process id
  int interrupt_after_lines = 0;  // SIGINT once stdout has so many lines; 0 = never
};

/// Runs a program to its end. Throws std::runtime_error when it cannot be started.
Answer run_program(const Call& call);

/// The lines of a text, without the empty one behind the last line feed.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace tessera::test
