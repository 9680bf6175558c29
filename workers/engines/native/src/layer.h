// What every layer does. A sample's floats lie in torch's own order (channel, row, column; time, feature), and each
// is a row of `batch` neighbouring floats, one a sample: memory is [float of a sample][sample of the batch].
#pragma once
#include <memory>
#include <vector>

#include "gemm.h"
#include "optimizer.h"

namespace nas {

// One batch: `rows` real samples, padded to `batch`, a multiple of VL. Padding samples hold finite numbers that
// never count: their gradients are 0, statistics leave them out.
struct Step {
  long rows, batch;
  uint64_t number;  // training steps before this one
  bool train;
};

// Hands out a thread's working memory, 64-byte aligned; without memory it only counts what is needed.
class Workspace {
 public:
  explicit Workspace(float* memory = nullptr) : memory_(memory) {}
  float* take(long floats) {
    float* taken = memory_ ? memory_ + used_ : nullptr;
    used_ += round_up(floats, 16);
    return taken;
  }
  long used() const { return used_; }

 private:
  float* memory_;
  long used_ = 0;
};

struct Layer {
  long in = 0, out = 0;  // floats of a sample
  virtual ~Layer() = default;
  // Floats of packed weights, a multiple of PAD; and of numbers that are kept but not trained, likewise.
  virtual long parameters() const { return 0; }
  virtual long buffers() const { return 0; }
  virtual void bind(const Weights&, float* /* buffers */) {}
  // Take working memory for batches of at most `batch` (a multiple of VL). It holds anything: another candidate used
  // it before, so nothing may be read from it that was not written in the same step.
  virtual void reserve(Workspace&, long /* batch */) {}
  // Take over the activation that follows, so that its numbers are not written and read once more; false if it cannot.
  virtual bool absorb(int64_t /* activation */) { return false; }
  // x [in][batch] → y [out][batch]
  virtual void forward(const float* x, float* y, const Step&) = 0;
  // First dx (null if nobody wants it) from dy, which may be overwritten; then the weights take their step, or with
  // Rule::STORE their gradient is written down. x and y are what forward saw and said.
  virtual void backward(const float* x, const float* y, float* dy, float* dx, const Step&, const Update&) = 0;
};

// A description is a list of whole numbers that Python wrote: for each layer its op (see `op`), how many numbers
// follow, and these. Reals are written as the bits of a double.
class Description {
 public:
  Description(const int64_t* at, long count) : at_(at), end_(at + count) {}
  bool more() const { return at_ < end_; }
  int64_t whole() { return at_ < end_ ? *at_++ : 0; }
  double real() { int64_t bits = whole(); double r; memcpy(&r, &bits, sizeof r); return r; }
  // The next `count` numbers as a description of their own.
  Description part(long count) {
    const int64_t* begin = at_;
    at_ = at_ + count < end_ ? at_ + count : end_;
    return {begin, (long)(at_ - begin)};
  }

 private:
  const int64_t *at_, *end_;
};

// The first eight letters of an op's file name as a number.
constexpr int64_t op(const char* name) {
  int64_t code = 0;
  for (int i = 0; i < 8 && name[i]; i++) code |= (int64_t)(unsigned char)name[i] << (8 * i);
  return code;
}

using Made = std::unique_ptr<Layer>;
// One a file: Made make_<op>(Description&), and in engine.cpp a line in make_layer.
Made make_layer(int64_t code, Description& description);

// Layers that follow each other; it owns the floats between them.
class Chain final : public Layer {
 public:
  // `inputs` floats of a sample; an op that is not known makes `complete` false.
  Chain(Description description, long inputs) {
    in = out = inputs;
    while (description.more()) {
      int64_t code = description.whole();
      Description own = description.part(description.whole()), begin = own;
      if (code == op("activation") && !layers_.empty() && layers_.back()->absorb(begin.whole())) continue;
      Made layer = make_layer(code, own);
      if (!layer || layer->in != out) { complete = false; return; }
      out = layer->out;
      layers_.push_back(std::move(layer));
    }
  }
  bool complete = true;

  bool empty() const { return layers_.empty(); }
  long parameters() const override { return sum(&Layer::parameters); }
  long buffers() const override { return sum(&Layer::buffers); }
  void bind(const Weights& weights, float* buffers) override {
    long w = 0, b = 0;
    for (auto& layer : layers_) {
      layer->bind(weights.at(w), buffers + b);
      w += layer->parameters(), b += layer->buffers();
    }
  }
  void reserve(Workspace& space, long batch) override {
    long widest = 0;
    between_.clear();
    for (auto& layer : layers_) {
      layer->reserve(space, batch);
      widest = layer->out > widest ? layer->out : widest;
      if (layer != layers_.back()) between_.push_back(space.take(layer->out * batch));
    }
    for (float*& gradient : gradients_) gradient = space.take(widest * batch);
  }
  void forward(const float* x, float* y, const Step& step) override {
    for (size_t i = 0; i < layers_.size(); i++) {
      float* to = i + 1 < layers_.size() ? between_[i] : y;
      layers_[i]->forward(x, to, step);
      x = to;
    }
  }
  void backward(const float* x, const float* y, float* dy, float* dx, const Step& step, const Update& u) override {
    for (size_t i = layers_.size(); i-- > 0;) {
      float* to = i ? gradients_[i % 2] : dx;
      layers_[i]->backward(i ? between_[i - 1] : x, i + 1 < layers_.size() ? between_[i] : y, dy, to, step, u);
      dy = to;
    }
  }

 private:
  long sum(long (Layer::*count)() const) const {
    long total = 0;
    for (auto& layer : layers_) total += (layer.get()->*count)();
    return total;
  }
  std::vector<Made> layers_;
  std::vector<float*> between_;
  float* gradients_[2] = {};
};

}  // namespace nas
