// Activations, float by float, and maxout, which halves its input; all as torch defines them.
#pragma once
#include "layer.h"

namespace nas {

// One kind: y = value(x), dx = dy · slope(x, y).
struct Relu {
  static vf value(vf x) { return larger(x, vf{}); }
  static vf slope(vf x, vf) { return x > 0.f ? bc(1) : vf{}; }
};
struct LeakyRelu {
  static vf value(vf x) { return x > 0.f ? x : x * 0.01f; }
  static vf slope(vf x, vf) { return x > 0.f ? bc(1) : bc(0.01f); }
};
struct Elu {
  static vf value(vf x) { return x > 0.f ? x : vexpm1(x); }
  static vf slope(vf x, vf y) { return x > 0.f ? bc(1) : y + 1.0f; }
};
struct Gelu {  // x Φ(x)
  static vf value(vf x) { return x * (0.5f + 0.5f * verf(x * 0.70710678f)); }
  static vf slope(vf x, vf) { return 0.5f + 0.5f * verf(x * 0.70710678f) + x * 0.39894228f * vexp(x * x * -0.5f); }
};
struct Silu {
  static vf value(vf x) { return x / (1.0f + vexp(-x)); }
  static vf slope(vf x, vf) { vf s = vsigmoid(x); return s * (1.0f + x * (1.0f - s)); }
};
struct Tanh {
  static vf value(vf x) { return vtanh(x); }
  static vf slope(vf, vf y) { return 1.0f - y * y; }
};
struct Sigmoid {
  static vf value(vf x) { return vsigmoid(x); }
  static vf slope(vf, vf y) { return y * (1.0f - y); }
};
struct Softplus {
  static vf value(vf x) { return x > 20.f ? x : larger(x, vf{}) + vlog1p(vexp(-vabs(x))); }
  static vf slope(vf x, vf) { return x > 20.f ? bc(1) : vsigmoid(x); }
};

// Call f(Kind{}) for a kind whose slope its value alone tells; false for another.
template <class F> inline bool with_value_alone(int64_t kind, F f) {
  switch (kind) {
    case op("relu"): f(Relu{}); return true;
    case op("leaky_relu"): f(LeakyRelu{}); return true;
    case op("elu"): f(Elu{}); return true;
    case op("tanh"): f(Tanh{}); return true;
    case op("sigmoid"): f(Sigmoid{}); return true;
    default: return false;
  }
}

template <class Kind> class Activation final : public Layer {
 public:
  explicit Activation(long floats) { in = out = floats; }
  void forward(const float* x, float* y, const Step& step) override {
    for (long i = 0, n = in * step.batch; i < n; i += VL) st(y + i, Kind::value(ld(x + i)));
  }
  void backward(const float* x, const float* y, float* dy, float* dx, const Step& step, const Update&) override {
    if (!dx) return;
    for (long i = 0, n = in * step.batch; i < n; i += VL) st(dx + i, ld(dy + i) * Kind::slope(ld(x + i), ld(y + i)));
  }
};

// The larger of two halves of each of `groups` blocks: of all features (1 group), or of those of each time step.
class Maxout final : public Layer {
 public:
  Maxout(long floats, long groups) : groups_(groups) { in = floats, out = floats / 2; }
  void forward(const float* x, float* y, const Step& step) override {
    long half = out / groups_ * step.batch;
    for (long g = 0; g < groups_; g++, x += 2 * half, y += half)
      for (long i = 0; i < half; i += VL) {
        vf a = ld(x + i), b = ld(x + half + i);
        st(y + i, b != b ? b : larger(a, b));
      }
  }
  void backward(const float* x, const float*, float* dy, float* dx, const Step& step, const Update&) override {
    if (!dx) return;
    long half = out / groups_ * step.batch;
    for (long g = 0; g < groups_; g++, x += 2 * half, dx += 2 * half, dy += half)
      for (long i = 0; i < half; i += VL) {
        vf a = ld(x + i), b = ld(x + half + i), d = ld(dy + i), shared = a == b ? d * 0.5f : d;
        st(dx + i, a < b ? vf{} : shared);
        st(dx + half + i, a > b ? vf{} : shared);
      }
  }

 private:
  long groups_;
};

inline Made make_activation(Description& d) {
  int64_t kind = d.whole();
  long floats = d.whole(), groups = d.whole();
  switch (kind) {
    case op("relu"): return std::make_unique<Activation<Relu>>(floats);
    case op("leaky_relu"): return std::make_unique<Activation<LeakyRelu>>(floats);
    case op("elu"): return std::make_unique<Activation<Elu>>(floats);
    case op("gelu"): return std::make_unique<Activation<Gelu>>(floats);
    case op("silu"): return std::make_unique<Activation<Silu>>(floats);
    case op("tanh"): return std::make_unique<Activation<Tanh>>(floats);
    case op("sigmoid"): return std::make_unique<Activation<Sigmoid>>(floats);
    case op("softplus"): return std::make_unique<Activation<Softplus>>(floats);
    case op("maxout"): return std::make_unique<Maxout>(floats, groups);
    default: return nullptr;
  }
}

}  // namespace nas
