#include "nn/recording.h"

#include <string>

#include <dlfcn.h>

#include "core/error.h"
#include "core/log.h"
#include "nn/cuda_graph/cuda_graph.h"

namespace tessera::nn {
namespace {

RecordCudaGraph*& loaded() {
  static RecordCudaGraph* function = nullptr;
  return function;
}

}  // namespace

void load_recorder() {
  constexpr const char* kLibrary = "libtessera_cuda_graph.so";
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    log_debug(concat("CUDA without graphs: ", dlerror()));
    return;
  }
  loaded() = reinterpret_cast<RecordCudaGraph*>(dlsym(library, kRecordCudaGraphSymbol));
  TESSERA_CHECK(loaded() != nullptr,
                kUnavailable,
                kLibrary,
                " is of another version than this program; build both from one checkout");
}

bool can_record(c10::Device device) {
  return device.is_cuda() && loaded() != nullptr;
}

std::unique_ptr<Recording> record(c10::Device device, const std::function<void()>& work) {
  TESSERA_CHECK(can_record(device), kInternal, "no work can be recorded on ", device.str());
  std::string failure;
  std::unique_ptr<Recording> made(loaded()(device.index(), work, failure));
  if (made == nullptr) log_debug("a step stays outside a graph: " + failure);
  return made;
}

}  // namespace tessera::nn
