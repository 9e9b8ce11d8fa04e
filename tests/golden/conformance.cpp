// Holds Tessera to tensors that reference implementations recorded: `golden_conformance DIR` runs
// every case of DIR/manifest.json and prints one line a case with its largest error.

#include "tests/golden/conformance.h"

#include <cmath>
#include <cstdio>
#include <exception>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"

namespace tessera::golden {
namespace {
namespace fs = std::filesystem;

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
  }
  return !name.empty() && name.front() == pattern.front() &&
         matches(pattern.substr(1), name.substr(1));
}

const Case* find_case(const std::string& file) {
  for (const auto& family : {chain_cases(),
                             text_cases(),
                             codec_cases(),
                             denoiser_cases(),
                             sampling_cases(),
                             clip_cases(),
                             metric_cases()}) {
    for (const Case& each : family) {
      if (matches(each.pattern, file)) return &each;
    }
  }
  return nullptr;
}

struct Totals {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
};

/// The number that a tolerance of the manifest begins with ("1e-5; tokens exact").
double tolerance_of(const std::string& text) {
  return std::strtod(text.c_str(), nullptr);
}

void run_case(const Case& each, const Recorded& recorded, Totals& totals) {
  Report report;
  std::string thrown;
  try {
    const at::NoGradGuard no_grad;
    each.run(recorded, report);
    if (report.compared() == 0) thrown = "the case compared nothing";
  } catch (const c10::Error& error) {
    thrown = error.what_without_backtrace();
  } catch (const std::exception& error) {
    thrown = error.what();
  }
  const bool failed = !thrown.empty() || !report.failures().empty();
  ++(failed ? totals.failed : totals.passed);
  std::printf("%-4s %-70s %4lld compared, largest error %.2e (allowed %.0e)\n",
              failed ? "FAIL" : "ok",
              recorded.file.c_str(),
              static_cast<long long>(report.compared()),
              report.worst_error(),
              report.worst_tolerance());
  if (!thrown.empty()) std::printf("     %s\n", thrown.c_str());
  for (const std::string& failure : report.failures()) std::printf("     %s\n", failure.c_str());
}

int run_all(const fs::path& root) {
  const io::Json manifest = io::read_json(root / "manifest.json");
  Totals totals;
  for (const io::Json& entry : manifest.at("files")) {
    const std::string file = entry.at("path").get<std::string>();
    const std::string tolerance = entry.at("tolerance").get<std::string>();
    if (tolerance == "input") continue;
    const Case* found = find_case(file);
    if (found == nullptr) {
      ++totals.skipped;
      std::printf("skip %-70s nothing of Tessera is held to it yet\n", file.c_str());
    } else if (found->run != nullptr) {
      run_case(*found, {.root = root, .file = file, .tolerance = tolerance_of(tolerance)}, totals);
    }
    std::fflush(stdout);
  }
  std::printf("conformance: %d passed, %d failed, %d skipped\n",
              totals.passed,
              totals.failed,
              totals.skipped);
  return totals.failed == 0 && totals.passed > 0 ? 0 : 1;
}

}  // namespace

const io::StateDict& Recorded::tensors() const {
  if (read_.tensors.empty()) read_ = io::read_state_dict(path());
  return read_;
}

bool Recorded::has(const std::string& name) const {
  return tensors().tensors.count(name) == 1;
}

at::Tensor Recorded::operator[](const std::string& name) const {
  TESSERA_CHECK(has(name), kNotFound, path().string(), ": no tensor \"", name, "\"");
  return tensors().tensors.at(name);
}

void Report::close(const std::string& what,
                   const at::Tensor& actual,
                   const at::Tensor& expected,
                   double tolerance) {
  ++compared_;
  if (actual.sizes() != expected.sizes()) {
    failures_.push_back(concat(what, ": shape ", actual.sizes(), ", recorded ", expected.sizes()));
    return;
  }
  const at::Tensor a = actual.to(at::kDouble).cpu();
  const at::Tensor b = expected.to(at::kDouble).cpu();
  const at::Tensor difference = at::where(a == b, at::zeros_like(a), (a - b).abs());
  const at::Tensor finite = b.abs().masked_fill(b.isinf(), 0);
  const double scale = std::max(1.0, b.numel() > 0 ? finite.max().item<double>() : 0.0);
  const double error = b.numel() > 0 ? difference.max().item<double>() / scale : 0.0;
  const bool fails = !(error <= tolerance);
  if (fails) failures_.push_back(concat(what, ": error ", error, ", allowed ", tolerance));
  const double share = tolerance > 0 ? error / tolerance : error;
  const double worst = worst_tolerance_ > 0 ? worst_error_ / worst_tolerance_ : -1.0;
  if (share > worst || std::isnan(error)) {
    worst_error_ = error;
    worst_tolerance_ = tolerance;
  }
}

void Report::equal(const std::string& what, const at::Tensor& actual, const at::Tensor& expected) {
  ++compared_;
  if (actual.sizes() != expected.sizes()) {
    failures_.push_back(concat(what, ": shape ", actual.sizes(), ", recorded ", expected.sizes()));
    return;
  }
  const auto differing =
      (actual.cpu().to(at::kDouble) != expected.cpu().to(at::kDouble)).sum().item<std::int64_t>();
  if (differing > 0) {
    failures_.push_back(concat(what, ": ", differing, " of ", expected.numel(), " differ"));
  }
}

void Report::check(const std::string& what, bool holds) {
  ++compared_;
  if (!holds) failures_.push_back(what);
}

}  // namespace tessera::golden

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: golden_conformance DIR   (a folder with manifest.json)\n");
    return 2;
  }
  try {
    return tessera::golden::run_all(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "golden_conformance: %s\n", error.what());
    return 3;
  }
}
