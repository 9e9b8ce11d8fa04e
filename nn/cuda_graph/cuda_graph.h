#pragma once

#include <functional>
#include <string>

#include <c10/core/Device.h>

#include "nn/recording.h"

namespace tessera::nn {

/// libtessera_cuda_graph.so's one symbol: records `work` on a CUDA device as nn/recording.h says.
/// Null, and the reason in `failure`, where that cannot be done. The caller owns what it returns.
using RecordCudaGraph = Recording*(c10::DeviceIndex device,
                                   const std::function<void()>& work,
                                   std::string& failure);

/// Changes with every change of RecordCudaGraph or of Recording.
inline constexpr const char* kRecordCudaGraphSymbol = "tessera_record_cuda_graph_1";

}  // namespace tessera::nn
