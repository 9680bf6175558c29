// The C ABI: candidates are made from descriptions, and a list of them is trained or measured by a few threads.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <thread>

#include "activation.h"
#include "conv.h"
#include "dropout.h"
#include "linear.h"
#include "metrics.h"
#include "norm.h"
#include "pool.h"
#include "recurrent.h"
#include "residual.h"

namespace nas {

Made make_layer(int64_t code, Description& d) {
  switch (code) {
    case op("linear"): return make_linear(d);
    case op("activation"): return make_activation(d);
    case op("dropout"): return make_dropout(d);
    case op("norm"): return make_norm(d);
    case op("residual"): return make_residual(d);
    case op("conv2d"): return make_conv2d(d);
    case op("pool"): return make_pool(d);
    case op("global_pool"): return make_global_pool(d);
    case op("recurrent"): return make_recurrent(d);
    case op("sequence_pool"): return make_sequence_pool(d);
    case op("rows"): return make_rows(d);
    default: return nullptr;
  }
}

// Memory for floats that grows and is never shared.
class Memory {
 public:
  ~Memory() { std::free(floats_); }
  float* of(long count) {
    if (count > count_) {
      std::free(floats_);
      count_ = 0;
      floats_ = (float*)std::aligned_alloc(64, round_up(count, 16) * sizeof(float));
      if (!floats_) throw std::bad_alloc();
      count_ = count;
    }
    return floats_;
  }

 private:
  float* floats_ = nullptr;
  long count_ = 0;
};

}  // namespace nas

using namespace nas;

extern "C" {

// How a candidate is trained.
struct NasRecipe {
  int32_t rule, loss;
  double lr, decay, first, second, eps, further;  // see Optimizer
  double clipping, smoothing;
};

// One candidate's part of a call; from `product` on it is answered.
struct NasWork {
  void* candidate;
  const float* inputs;    // packed by nas_pack
  const void* targets;    // int32 [batches][batch], or packed by nas_pack
  const double* factors;  // of the learning rate, one a step; null: all 1
  const volatile int32_t* ended;  // written by another thread: not 0 ends the work before its next batch
  int64_t samples, size;  // in all and of a batch
  int64_t step;           // steps taken before
  double product;         // NAdam's own state
  double loss, seconds, metrics[5];
  int64_t failed;         // 1: no memory; 2: ended before it was done
};

}

namespace {

struct Candidate {
  Candidate(Description description, long inputs, const NasRecipe& r)
      : net(description, inputs),
        optimizer{(Rule)r.rule, r.lr, r.decay, r.first, r.second, r.eps, r.further},
        loss{(LossKind)r.loss, r.smoothing, net.out},
        clipping(r.clipping) {}

  // One arena: weights, the optimizer's two states, the gradient where it is clipped, numbers that are not trained.
  void allocate() {
    parameters = net.parameters(), buffers = net.buffers();
    long floats = parameters * (clipping > 0 ? 4 : 3) + buffers;
    arena = memory.of(floats + PAD);
    memset(arena, 0, sizeof(float) * floats);
    float* gradient = clipping > 0 ? arena + 3 * parameters : nullptr;
    weights = {arena, gradient, arena + parameters, arena + 2 * parameters};
    net.bind(weights, arena + floats - buffers);
  }

  Chain net;
  Optimizer optimizer;
  Loss loss;
  double clipping;
  Memory memory;
  float* arena = nullptr;
  long parameters = 0, buffers = 0;
  Weights weights{};
};

// Walks through a packed list of samples, batch by batch, until it is told to end.
struct Batches {
  NasWork& work;
  long inputs, targets;  // floats of a sample, numbers of its target
  template <class F> void each(F f) const {
    long full = round_up(work.size, VL), batches = (work.samples + work.size - 1) / work.size;
    for (long b = 0; b < batches; b++) {
      if (*work.ended) { work.failed = 2; return; }
      long rows = std::min(work.size, work.samples - b * work.size);
      f(b, rows, round_up(rows, VL), work.inputs + b * full * inputs, (const float*)work.targets + b * full * targets);
    }
  }
};

thread_local Memory scratch;

// Reserve the working memory of a candidate, and `further` floats that are returned.
float* prepare(Candidate& c, long batch, long further) {
  Workspace counted;
  c.net.reserve(counted, batch);
  counted.take(further);
  Workspace space(scratch.of(counted.used()));
  c.net.reserve(space, batch);
  return space.take(further);
}

// The gradient lies in the arena: shrink it to the largest norm allowed and let the weights take their step.
void clip_and_step(Candidate& c, const Update& u) {
  double squares = 0;
  for (long i = 0; i < c.parameters; i += VL) { vf g = ld(c.weights.gradient + i); squares += sum_lanes_double(g * g); }
  double scale = c.clipping / (std::sqrt(squares) + 1e-6);
  if (scale > 1) scale = 1;
  update_all(c.weights, c.weights.gradient, (float)scale, c.parameters, u);
}

void train(NasWork& work) {
  Candidate& c = *(Candidate*)work.candidate;
  long most = round_up(std::min(work.size, work.samples), VL), outputs = c.net.out;
  float *said = prepare(c, most, 2 * outputs * most), *gradient = said + outputs * most;
  double total = 0;
  bool classes = c.loss.kind == LossKind::CROSS_ENTROPY;
  Batches{work, c.net.in, classes ? 1 : outputs}.each([&](long b, long rows, long batch, const float* x, const float* t) {
    Step step{rows, batch, (uint64_t)(work.step + b), true};
    Update u = Update::of(c.optimizer, work.factors ? work.factors[b] : 1, work.step + b + 1, work.product);
    c.net.forward(x, said, step);
    total += c.loss(said, t, gradient, rows, batch);
    c.net.backward(x, said, gradient, nullptr, step, c.clipping > 0 ? Update::store() : u);
    if (c.clipping > 0) clip_and_step(c, u);
  });
  work.loss = total / work.samples;
}

void measure(NasWork& work, const double* scale) {
  Candidate& c = *(Candidate*)work.candidate;
  bool classes = c.loss.kind == LossKind::CROSS_ENTROPY;
  long most = round_up(std::min(work.size, work.samples), VL), outputs = c.net.out;
  long stride = round_up(work.samples, work.size) + VL;
  float *said = prepare(c, most, outputs * most + 2 * outputs * stride), *all = said + outputs * most, *truth = all + outputs * stride;
  double total = 0;
  Loss plain = c.loss;
  plain.smoothing = 0;
  Batches{work, c.net.in, classes ? 1 : outputs}.each([&](long b, long rows, long batch, const float* x, const float* t) {
    c.net.forward(x, said, Step{rows, batch, 0, false});
    total += plain(said, t, nullptr, rows, batch);
    for (long k = 0; k < outputs; k++) {
      memcpy(all + k * stride + b * work.size, said + k * batch, sizeof(float) * batch);
      if (!classes) memcpy(truth + k * stride + b * work.size, t + k * batch, sizeof(float) * batch);
    }
  });
  if (work.failed) return;
  work.metrics[0] = work.loss = total / work.samples;
  if (classes) measure_classes(all, (const int32_t*)work.targets, outputs, work.samples, stride, work.metrics);
  else measure_numbers(all, truth, scale, outputs, work.samples, stride, work.metrics);
}

// Candidates are independent: each thread takes the next one until none is left.
template <class F> void each_work(NasWork* works, int64_t count, int threads, F f) {
  std::atomic<int64_t> next{0};
  auto worker = [&] {
    FlushSmall flush;
    for (int64_t i; (i = next++) < count;) {
      auto begin = std::chrono::steady_clock::now();
      try {
        f(works[i]);
      } catch (const std::bad_alloc&) {
        works[i].failed = 1;
      }
      works[i].seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads && t < count; t++) others.emplace_back(worker);
  worker();
  for (auto& other : others) other.join();
}

}  // namespace

extern "C" {

int64_t nas_abi() { return 2; }
int64_t nas_lanes() { return VL; }

// The best x86-64 level of this machine (2, 3 or 4); 0 elsewhere.
int64_t nas_level() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return v4 ? 4 : v3 ? 3 : 2;
#else
  return 0;
#endif
}

// Null where an op is not known or the memory does not suffice.
void* nas_make(const int64_t* description, int64_t length, int64_t inputs, const NasRecipe* recipe) {
  try {
    auto made = std::make_unique<Candidate>(Description(description, (long)length), (long)inputs, *recipe);
    if (!made->net.complete || made->net.empty()) return nullptr;
    made->allocate();
    return made.release();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void nas_free(void* candidate) { delete (Candidate*)candidate; }
float* nas_arena(void* candidate) { return ((Candidate*)candidate)->arena; }
int64_t nas_parameters(void* candidate) { return ((Candidate*)candidate)->parameters; }
int64_t nas_buffers(void* candidate) { return ((Candidate*)candidate)->buffers; }
// Floats from the arena's beginning to its numbers that are not trained.
int64_t nas_buffers_at(void* candidate) {
  auto* c = (Candidate*)candidate;
  return c->parameters * (c->clipping > 0 ? 4 : 3);
}

// Measure the operations a second that one core does at most: products and sums in registers alone.
double nas_peak() {
  constexpr int N = 12;  // few enough for the compiler to unroll: in memory they would be slower
  constexpr long ROUNDS = 200000;
  vf a[N], x = bc(0.999f), y = bc(1e-3f);
  for (int i = 0; i < N; i++) a[i] = bc((float)i);
  auto begin = std::chrono::steady_clock::now();
  for (long k = 0; k < ROUNDS; k++)
    for (int i = 0; i < N; i++) a[i] = a[i] * x + y;
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  volatile float keep = 0;
  for (int i = 0; i < N; i++) keep = keep + a[i][0];
  return 2.0 * VL * N * ROUNDS / seconds;
}

// [samples][features] → for each batch [features][batch], padding samples 0; returns the floats, `packed` may be null.
int64_t nas_pack(const float* samples, int64_t count, int64_t features, int64_t size, float* packed) {
  long full = round_up(size, VL), total = 0;
  for (long begin = 0; begin < count; begin += size) {
    long rows = std::min<long>(size, count - begin), batch = round_up(rows, VL);
    if (packed) {
      float* to = packed + begin / size * full * features;
      const float* from = samples + begin * features;
      long whole = features / VL * VL;
      transpose(from, features, rows, whole, to, batch, batch);
      for (long f = whole; f < features; f++)
        for (long r = 0; r < batch; r++) to[f * batch + r] = r < rows ? from[r * features + f] : 0;
    }
    total = begin / size * full * features + batch * features;
  }
  return total;
}

void nas_train(NasWork* works, int64_t count, int64_t threads) {
  each_work(works, count, (int)threads, [](NasWork& work) { train(work); });
}
// `scale`: of each output of a regression
void nas_measure(NasWork* works, int64_t count, int64_t threads, const double* scale) {
  each_work(works, count, (int)threads, [=](NasWork& work) { measure(work, scale); });
}
}
