#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "engine/engine.h"

namespace CLI {
class App;
}

namespace tessera::cli {

/// What a sub-command does once its flags are read; the answer is the exit code.
using Action = std::function<int(std::stop_token stop)>;

// One function a sub-command: adds it and its flags to the program, and sets `action` when the user
// chose it. The flags live in the action.
void add_generate(CLI::App& app, Action& action);
void add_train(CLI::App& app, Action& action);
void add_eval(CLI::App& app, Action& action);
void add_reconstruct(CLI::App& app, Action& action);
void add_data(CLI::App& app, Action& action);
void add_convert(CLI::App& app, Action& action);
void add_new_model(CLI::App& app, Action& action);
void add_info(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);
void add_pull(CLI::App& app, Action& action);
void add_models(CLI::App& app, Action& action);
void add_lab(CLI::App& app, Action& action);

/// Which model, and where it runs: --model, --device, --threads, in every sub-command that opens
/// one.
void add_model_flags(CLI::App& app, engine::EngineOptions& options);
/// Of a checkpoint of the original code: --weights, --codec, --index-map.
void add_checkpoint_flags(CLI::App& app, engine::EngineOptions& options);
/// The rest of the options, for published models: those, --precision and --tokenizer.
void add_published_flags(CLI::App& app, engine::EngineOptions& options);

}  // namespace tessera::cli
