// body(x) + shortcut(x), each layers that follow each other; an empty shortcut is the identity.
#pragma once
#include "layer.h"

namespace nas {

class Residual final : public Layer {
 public:
  Residual(long inputs, Description body, Description shortcut) : body_(body, inputs), shortcut_(shortcut, inputs) {
    in = inputs, out = body_.out;
  }
  bool complete() const { return body_.complete && shortcut_.complete && body_.out == shortcut_.out && !body_.empty(); }
  long parameters() const override { return body_.parameters() + shortcut_.parameters(); }
  long buffers() const override { return body_.buffers() + shortcut_.buffers(); }
  void bind(const Weights& weights, float* buffers) override {
    body_.bind(weights, buffers);
    shortcut_.bind(weights.at(body_.parameters()), buffers + body_.buffers());
  }
  void reserve(Workspace& space, long batch) override {
    body_.reserve(space, batch);
    shortcut_.reserve(space, batch);
    said_ = space.take(out * batch);
    if (!shortcut_.empty()) other_said_ = space.take(out * batch), copy_ = space.take(out * batch);
    other_ = space.take(in * batch);
  }
  void forward(const float* x, float* y, const Step& step) override {
    body_.forward(x, said_, step);
    if (!shortcut_.empty()) shortcut_.forward(x, other_said_, step);
    add(said_, shortcut_.empty() ? x : other_said_, y, out * step.batch);
  }
  void backward(const float* x, const float*, float* dy, float* dx, const Step& step, const Update& u) override {
    long size = out * step.batch;
    if (shortcut_.empty()) {
      if (dx) memcpy(other_, dy, sizeof(float) * size);
    } else {
      memcpy(copy_, dy, sizeof(float) * size);
      shortcut_.backward(x, other_said_, copy_, dx ? other_ : nullptr, step, u);
    }
    body_.backward(x, said_, dy, dx, step, u);
    if (dx) add(dx, other_, dx, in * step.batch);
  }

 private:
  static void add(const float* a, const float* b, float* to, long n) {
    for (long i = 0; i < n; i += VL) st(to + i, ld(a + i) + ld(b + i));
  }
  Chain body_, shortcut_;
  float *said_ = nullptr, *other_said_ = nullptr, *copy_ = nullptr, *other_ = nullptr;
};

inline Made make_residual(Description& d) {
  long inputs = d.whole();
  Description body = d.part(d.whole());
  Description shortcut = d.part(d.whole());
  auto made = std::make_unique<Residual>(inputs, body, shortcut);
  return made->complete() ? std::move(made) : nullptr;
}

}  // namespace nas
