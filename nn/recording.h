#pragma once

#include <functional>
#include <memory>

#include <c10/core/Device.h>

namespace tessera::nn {

/// Work of a device that it keeps as one graph of kernels (CUDA graphs): a step of hundreds of
/// kernels then costs one launch instead of hundreds.
class Recording {
 public:
  Recording() = default;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  virtual ~Recording() = default;
  /// Does all of it again on the device's current stream: the same kernels read and write the same
  /// memory, so new numbers are copied into the tensors that the work was recorded with. Waits for
  /// nothing.
  virtual void replay() = 0;
};

/// Opens libtessera_cuda_graph.so, which records, where it was built; once, by resolve_device().
void load_recorder();

/// Whether record() can work on a device of this kind: CUDA, with the library.
bool can_record(c10::Device device);

/// Records what `work` gives the device to do; nothing of it is done before replay(). Memory that
/// `work` allocates stays its own as long as the recording lives. Null, and a line of the debug
/// log, where it does something that cannot be recorded, such as waiting for the device.
/// REQUIRES: can_record(device); the same work was done once before, since libraries set
/// themselves up on their first call.
std::unique_ptr<Recording> record(c10::Device device, const std::function<void()>& work);

}  // namespace tessera::nn
