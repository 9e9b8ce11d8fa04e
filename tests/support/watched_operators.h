#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <ATen/record_function.h>

namespace tessera::test {

/// The operators of ATen that `work` calls in this thread, by name ("aten::nonzero"), but for those
/// that LibTorch's fused optimiser calls in turn: its kernel of the CPU reads the step number with
/// item(), that of CUDA reads it on the device.
template <typename Work>
std::set<std::string> operators_of(const Work& work) {
  static thread_local std::set<std::string>* names = nullptr;
  static thread_local int fused = 0;
  std::set<std::string> met;
  names = &met;
  fused = 0;
  static constexpr auto is_fused = [](const at::RecordFunction& called) {
    return std::string_view(called.name()) == "aten::_fused_adamw_";
  };
  const at::CallbackHandle handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(
          [](const at::RecordFunction& called) -> std::unique_ptr<at::ObserverContext> {
            if (fused == 0) names->insert(called.name());
            if (is_fused(called)) ++fused;
            return nullptr;
          },
          [](const at::RecordFunction& called, at::ObserverContext* /*context*/) {
            if (is_fused(called)) --fused;
          })
          .scopes({at::RecordScope::FUNCTION}));
  work();
  at::removeCallback(handle);
  return met;
}

/// Those among them whose result, or its shape, is a number on the CPU: on a GPU the program would
/// stop there until the device has done all that was asked of it.
template <typename Work>
std::set<std::string> reading_operators_of(const Work& work) {
  std::set<std::string> found;
  for (const char* name : {"aten::item",
                           "aten::_local_scalar_dense",
                           "aten::is_nonzero",
                           "aten::equal",
                           "aten::nonzero",
                           "aten::bincount",
                           "aten::masked_select",
                           "aten::_unique2",
                           "aten::unique_dim",
                           "aten::repeat_interleave"}) {
    found.insert(name);
  }
  std::set<std::string> both;
  for (const std::string& name : operators_of(work)) {
    if (found.contains(name)) both.insert(name);
  }
  return both;
}

}  // namespace tessera::test
