#pragma once

#include <cstdint>

#include <c10/core/Device.h>

namespace torch::nn {
class Module;
}

namespace tessera::pipeline {

/// Sets a network to evaluation and moves it to `device` -> its parameters, how many there are; 0
/// where there is none (null).
std::int64_t make_ready(torch::nn::Module* network, c10::Device device);

}  // namespace tessera::pipeline
