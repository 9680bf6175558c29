// A fully connected layer. Its weights lie [in][out padded], then the bias [out padded].
#pragma once
#include "layer.h"

namespace nas {

class Linear final : public Layer {
 public:
  // The layer sees `steps` vectors of `in` floats in each sample.
  Linear(long inputs, long outputs, bool bias, long steps)
      : inputs_(inputs), outputs_(outputs), steps_(steps), width_(round_up(outputs, PAD)), bias_(bias) {
    in = inputs * steps, out = outputs * steps;
  }
  long parameters() const override { return (inputs_ + bias_) * width_; }
  void bind(const Weights& weights, float*) override { weights_ = weights; }
  void reserve(Workspace& space, long batch) override {
    turned_ = space.take(batch * width_ * steps_);
    if (steps_ > 1) inputs_turned_ = space.take(inputs_ * batch * steps_);
  }
  void forward(const float* x, float* y, const Step& step) override {
    const float *w = weights_.value, *b = bias_ ? w + inputs_ * width_ : nullptr;
    long batch = step.batch;
    for (long s = 0; s < steps_; s++, x += inputs_ * batch, y += outputs_ * batch)
      gemm(w, width_, 1, x, batch, inputs_, outputs_, batch, [=](long r, long c, vf z) {
        st(y + r * batch + c, b ? z + b[r] : z);
      });
  }
  void backward(const float* x, const float*, float* dy, float* dx, const Step& step, const Update& u) override {
    long batch = step.batch, count = batch * steps_;
    for (long s = 0; s < steps_; s++) {
      const float* d = dy + s * outputs_ * batch;
      transpose(d, batch, outputs_, batch, turned_ + s * batch * width_, width_, width_);
      if (dx) through(d, dx + s * inputs_ * batch, batch);
    }
    x = side_by_side(x, batch);
    with_optimizer(u, [&](auto tag) { train<decltype(tag)::rule>(x, count, u); });
  }

 private:
  // dx = W dy
  void through(const float* d, float* dx, long batch) {
    gemm(weights_.value, 1, width_, d, batch, outputs_, inputs_, batch, [=](long r, long c, vf z) { st(dx + r * batch + c, z); });
  }
  // Return x as [in][all steps' samples].
  const float* side_by_side(const float* x, long batch) {
    if (steps_ == 1) return x;
    for (long s = 0; s < steps_; s++)
      for (long i = 0; i < inputs_; i++)
        memcpy(inputs_turned_ + (i * steps_ + s) * batch, x + (s * inputs_ + i) * batch, sizeof(float) * batch);
    return inputs_turned_;
  }
  template <Rule O> void train(const float* x, long count, const Update& given) {
    const Update u = given;
    const Weights w = weights_;
    long width = width_;
    gemm_along_rows(x, 1, count, turned_, width, count, inputs_, width, [=](long r, long c, vf g) { update<O>(w, r * width + c, g, u); });
    if (!bias_) return;
    for (long c = 0; c < width; c += VL) {
      vf g = {};
      for (long k = 0; k < count; k++) g += ld(turned_ + k * width + c);
      update<O>(w, inputs_ * width + c, g, u);
    }
  }

  long inputs_, outputs_, steps_, width_;
  bool bias_;
  Weights weights_{};
  float *turned_ = nullptr, *inputs_turned_ = nullptr;
};

inline Made make_linear(Description& d) {
  long inputs = d.whole(), outputs = d.whole(), bias = d.whole(), steps = d.whole();
  return std::make_unique<Linear>(inputs, outputs, bias != 0, steps);
}

}  // namespace nas
