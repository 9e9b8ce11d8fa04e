#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include <cuda_runtime.h>

/// Puts this stack's registers onto it, its top into `*left`, and goes on with the stack whose top
/// is `entered`, as the caller of its own switch_stacks. The library's swapcontext does the same
/// and asks the system for the signals twice, which takes fifty times as long; a test has 10^8 of
/// them.
extern "C" void switch_stacks(void** left, void* entered);
asm(R"(
.text
.globl switch_stacks
.type switch_stacks, @function
switch_stacks:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size switch_stacks, .-switch_stacks
)");

uint3 threadIdx{};
uint3 blockIdx{};
dim3 blockDim{};
dim3 gridDim{};

namespace tessera::kernels::cuda {

float4 shared_by_block[kBlockBytes / sizeof(float4)];
Order order = Order::kForwards;

namespace {

constexpr unsigned kLanes = 32;
constexpr std::size_t kStackBytes = 64 << 10;
constexpr float kUnset = NAN;

enum class State { kReady, kAtWarp, kAtBlock, kEnded };

struct Fiber {
  std::unique_ptr<char[]> stack = std::make_unique<char[]>(kStackBytes);
  void* top = nullptr;
  State state = State::kEnded;
  bool turn = false;  // which half of its warp's slots it uses next
};

struct Warp {
  std::uint64_t slots[2][kLanes];
};

/// The block that runs, of which there is one at a time.
struct Block {
  std::vector<Fiber> fibers{};
  std::vector<Warp> warps{};
  std::vector<unsigned> turns{};  // the order of the threads of a warp, and of the warps
  const std::function<void()>* thread = nullptr;
  const char* failure = nullptr;
  void* scheduler = nullptr;  // the top of its stack
  Fiber* running = nullptr;
};

Block block;

void wait(State at) {
  block.running->state = at;
  switch_stacks(&block.running->top, block.scheduler);
}

void enter() {
  (*block.thread)();
  wait(State::kEnded);
}

/// A stack as switch_stacks leaves one, that goes on with enter().
void prepare(Fiber& fiber) {
  constexpr std::size_t kRegisters = 6;
  auto* end = reinterpret_cast<void**>(fiber.stack.get() + kStackBytes);
  end[-1] = nullptr;  // a frame begins 8 bytes below a multiple of 16, and this one has no caller
  end[-2] = reinterpret_cast<void*>(&enter);
  fiber.top = end - 2 - kRegisters;
  fiber.state = State::kReady;
  fiber.turn = false;
}

void resume(unsigned thread) {
  block.running = &block.fibers[thread];
  threadIdx = {thread, 0, 0};
  switch_stacks(&block.scheduler, block.running->top);
}

/// Runs a warp until all of its lanes wait for the block or have ended. Whether any lane ran.
bool run_warp(unsigned first, unsigned lanes, const std::vector<unsigned>& turns) {
  bool ran = false;
  for (;;) {
    for (const unsigned turn : turns) {
      if (turn < lanes && block.fibers[first + turn].state == State::kReady) {
        resume(first + turn);
        ran = true;
        if (block.failure != nullptr) return ran;
      }
    }
    unsigned waiting = 0;
    for (unsigned i = 0; i < lanes; ++i) waiting += block.fibers[first + i].state == State::kAtWarp;
    if (waiting == 0) return ran;
    if (waiting < lanes) {
      block.failure = "lanes of one warp stand at different barriers";
      return ran;
    }
    for (unsigned i = 0; i < lanes; ++i) block.fibers[first + i].state = State::kReady;
  }
}

void run_block(unsigned threads, std::mt19937& random) {
  for (unsigned i = 0; i < threads; ++i) prepare(block.fibers[i]);
  const unsigned warps = (threads + kLanes - 1) / kLanes;
  std::vector<unsigned> turns(std::max(warps, kLanes));
  std::iota(turns.begin(), turns.end(), 0u);
  if (order == Order::kBackwards) std::reverse(turns.begin(), turns.end());
  for (;;) {
    bool ran = false;
    if (order == Order::kMixed) std::shuffle(turns.begin(), turns.end(), random);
    for (const unsigned warp : turns) {
      if (warp >= warps) continue;
      const unsigned first = warp * kLanes;
      ran |= run_warp(first, std::min(kLanes, threads - first), turns);
      if (block.failure != nullptr) return;
    }
    unsigned waiting = 0;
    for (unsigned i = 0; i < threads; ++i) waiting += block.fibers[i].state == State::kAtBlock;
    if (waiting == 0 && !ran) return;
    for (unsigned i = 0; i < threads; ++i) {
      if (block.fibers[i].state == State::kAtBlock) block.fibers[i].state = State::kReady;
    }
  }
}

}  // namespace

unsigned lane() {
  return threadIdx.x % kLanes;
}

void wait_for_block() {
  wait(State::kAtBlock);
}

std::uint64_t exchanged(unsigned mask, std::uint64_t passed, unsigned source) {
  const unsigned here = threadIdx.x;
  if (mask != 0xffffffffu) {
    block.failure = "a warp's operation without all of its lanes";
    wait(State::kEnded);
  }
  auto& slots = block.warps[here / kLanes].slots[block.running->turn];
  block.running->turn = !block.running->turn;
  slots[here % kLanes] = passed;
  wait(State::kAtWarp);
  return slots[source];
}

const char* run_grid(dim3 blocks,
                     dim3 threads,
                     std::size_t bytes,
                     const std::function<void()>& thread) {
  if (threads.x == 0 || threads.x > 1024 || threads.y != 1 || threads.z != 1 || blocks.x == 0 ||
      blocks.y == 0 || blocks.y > 65535 || blocks.z != 1) {
    return "a grid that no device takes";
  }
  if (bytes > kBlockBytes) return "more memory than a block may have";
  block.thread = &thread;
  block.failure = nullptr;
  if (block.fibers.size() < threads.x) block.fibers.resize(threads.x);
  block.warps.resize(threads.x);
  blockDim = threads;
  gridDim = blocks;
  std::mt19937 random(1);
  const std::size_t quads = (bytes + sizeof(float4) - 1) / sizeof(float4);
  const std::size_t fence = std::min(quads + 64, kBlockBytes / sizeof(float4));
  for (unsigned y = 0; y < blocks.y; ++y) {
    for (unsigned x = 0; x < blocks.x; ++x) {
      blockIdx = {x, y, 0};
      std::fill_n(shared_by_block, fence, float4{kUnset, kUnset, kUnset, kUnset});
      run_block(threads.x, random);
      if (block.failure != nullptr) return block.failure;
      for (std::size_t i = quads; i < fence; ++i) {
        if (!std::isnan(shared_by_block[i].x)) return "a block wrote behind its memory";
      }
    }
  }
  return nullptr;
}

}  // namespace tessera::kernels::cuda

namespace {

const char* failure = nullptr;

}  // namespace

cudaError_t told(const char* what) {
  failure = what;
  return what == nullptr ? cudaSuccess : cudaErrorLaunchFailure;
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** at, std::size_t bytes) {
  *at = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  return *at == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}

cudaError_t cudaFree(void* at) {
  std::free(at);
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind) {
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  return cudaSuccess;
}

const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaSuccess) return "no error";
  return failure != nullptr ? failure : "out of memory";
}
