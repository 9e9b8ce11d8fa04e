#pragma once

#include "core/error.h"

namespace tessera::cli {

/// What a program of Tessera answers to the shell; `--help` and the README list them.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailure = 1;      // something went wrong while running
inline constexpr int kExitUsage = 2;        // a flag or a value that cannot be
inline constexpr int kExitInput = 3;        // a file or a model is missing, corrupt or does not fit
inline constexpr int kExitSome = 4;         // some of several items failed
inline constexpr int kExitUnavailable = 5;  // the device that was asked for cannot be used
inline constexpr int kExitInterrupted = 130;  // SIGINT
inline constexpr int kExitTerminated = 143;   // SIGTERM

constexpr int exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return kExitUsage;
    case ErrorCode::kShapeMismatch:
    case ErrorCode::kNotFound:
    case ErrorCode::kCorruptFile:
      return kExitInput;
    case ErrorCode::kUnavailable:
      return kExitUnavailable;
    case ErrorCode::kCancelled:
      return kExitInterrupted;
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      return kExitFailure;
  }
  return kExitFailure;
}

}  // namespace tessera::cli
