#include "nn/recording.h"

#include <string>

#include "core/error.h"
#include "core/log.h"
#include "core/plugin.h"
#include "nn/cuda_graph/cuda_graph.h"

namespace tessera::nn {
namespace {

RecordCudaGraph*& recorder() {
  static RecordCudaGraph* function = nullptr;
  return function;
}

}  // namespace

void load_recorder() {
  std::string missing;
  void* symbol =
      open_plugin({.file = "libtessera_cuda_graph.so", .symbol = kRecordCudaGraphSymbol}, missing);
  if (symbol == nullptr) log_debug("CUDA without graphs: " + missing);
  recorder() = reinterpret_cast<RecordCudaGraph*>(symbol);
}

bool can_record(c10::Device device) {
  return device.is_cuda() && recorder() != nullptr;
}

std::unique_ptr<Recording> record(c10::Device device, const std::function<void()>& work) {
  TESSERA_CHECK(can_record(device), kInternal, "no work can be recorded on ", device.str());
  std::string failure;
  std::unique_ptr<Recording> made(recorder()(device.index(), work, failure));
  if (made == nullptr) log_debug("a step stays outside a graph: " + failure);
  return made;
}

}  // namespace tessera::nn
