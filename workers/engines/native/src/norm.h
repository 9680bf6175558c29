// Normalisation over the batch, or over blocks of each sample; scale and shift lie [channels padded] each.
#pragma once
#include "layer.h"

namespace nas {

constexpr float NORM_EPS = 1e-5f;

// A sample is `outer` × `channels` × `inner` floats: an image has no outer, a sequence (outer = time) no inner.
struct NormShape {
  long outer, channels, inner;
  long floats() const { return outer * channels * inner; }
};

// A channel's mean and variance are over the real samples and all its positions; running means are for evaluation.
class BatchNorm final : public Layer {
 public:
  explicit BatchNorm(NormShape shape) : shape_(shape), width_(round_up(shape.channels, PAD)) { in = out = shape.floats(); }
  long parameters() const override { return 2 * width_; }
  long buffers() const override { return 2 * width_; }
  void bind(const Weights& weights, float* buffers) override { weights_ = weights, mean_ = buffers, variance_ = buffers + width_; }
  void reserve(Workspace& space, long) override {
    seen_ = space.take(2 * width_);
    gradient_ = space.take(2 * width_);
  }
  void forward(const float* x, float* y, const Step& step) override {
    for (long c = 0; c < shape_.channels; c++) {
      float mean = mean_[c], variance = variance_[c];
      if (step.train) learn(x, c, step, mean, variance);
      float root = 1.0f / std::sqrt(variance + NORM_EPS);
      seen_[c] = mean, seen_[width_ + c] = root;
      float scale = weights_.value[c] * root, shift = weights_.value[width_ + c];
      each_row(c, [&](long row) {
        for (long i = row * step.batch, end = i + step.batch; i < end; i += VL) st(y + i, (ld(x + i) - mean) * scale + shift);
      });
    }
  }
  void backward(const float* x, const float*, float* dy, float* dx, const Step& step, const Update& u) override {
    memset(gradient_, 0, sizeof(float) * 2 * width_);
    double count = (double)step.rows * shape_.outer * shape_.inner;
    for (long c = 0; c < shape_.channels; c++) {
      float mean = seen_[c], root = seen_[width_ + c];
      vf shift = {}, scale = {};
      each_row(c, [&](long row) {  // the gradients of padding samples are 0
        for (long i = row * step.batch, end = i + step.batch; i < end; i += VL) {
          vf d = ld(dy + i);
          shift += d;
          scale += d * (ld(x + i) - mean);
        }
      });
      double shifts = sum_lanes_double(shift), scales = sum_lanes_double(scale) * root;
      gradient_[c] = (float)scales, gradient_[width_ + c] = (float)shifts;
      if (!dx) continue;
      float outer = weights_.value[c] * root, level = (float)(shifts / count), tilt = (float)(scales / count * root);
      each_row(c, [&](long row) {
        for (long i = row * step.batch, k = 0; k < step.batch; i += VL, k += VL) {
          vf d = (ld(dy + i) - level - (ld(x + i) - mean) * tilt) * outer;
          st(dx + i, k + VL <= step.rows ? d : (below(step.rows - k) ? d : vf{}));
        }
      });
    }
    update_all(weights_, gradient_, 1, 2 * width_, u);
  }

 private:
  template <class F> void each_row(long channel, F f) const {
    for (long o = 0; o < shape_.outer; o++)
      for (long i = 0; i < shape_.inner; i++) f((o * shape_.channels + channel) * shape_.inner + i);
  }
  // Sum f(vector) over the real samples of a channel.
  template <class F> double sum(const float* x, long channel, const Step& step, F f) const {
    vf total = {};
    each_row(channel, [&](long row) {
      const float* at = x + row * step.batch;
      long k = 0;
      for (; k + VL <= step.rows; k += VL) total += f(ld(at + k));
      if (k < step.rows) total += below(step.rows - k) ? f(ld(at + k)) : vf{};
    });
    return sum_lanes_double(total);
  }
  void learn(const float* x, long channel, const Step& step, float& mean, float& variance) {
    double count = (double)step.rows * shape_.outer * shape_.inner;
    mean = (float)(sum(x, channel, step, [](vf v) { return v; }) / count);
    const float middle = mean;
    double squares = sum(x, channel, step, [=](vf v) { return (v - middle) * (v - middle); });
    variance = (float)(squares / count);
    mean_[channel] = 0.9f * mean_[channel] + 0.1f * mean;
    variance_[channel] = 0.9f * variance_[channel] + 0.1f * (float)(squares / (count - 1));
  }

  NormShape shape_;
  long width_;
  Weights weights_{};
  float *mean_ = nullptr, *variance_ = nullptr, *seen_ = nullptr, *gradient_ = nullptr;
};

// Each sample's floats are normalised in blocks of `size` neighbouring rows: layer and group normalisation.
class BlockNorm final : public Layer {
 public:
  BlockNorm(NormShape shape, long size) : shape_(shape), size_(size), width_(round_up(shape.channels, PAD)) { in = out = shape.floats(); }
  long parameters() const override { return 2 * width_; }
  void bind(const Weights& weights, float*) override { weights_ = weights; }
  void reserve(Workspace& space, long batch) override {
    means_ = space.take(in / size_ * batch);
    roots_ = space.take(in / size_ * batch);
    scales_ = space.take(width_ * VL);
    shifts_ = space.take(width_ * VL);
    gradient_ = space.take(2 * width_);
  }
  void forward(const float* x, float* y, const Step& step) override {
    const long batch = step.batch;
    const float *scale = weights_.value, *shift = scale + width_;
    for (long b = 0; b < in / size_; b++)
      for (long c = 0; c < batch; c += VL) {
        const float* at = x + b * size_ * batch + c;
        vf mean = {}, squares = {};
        for (long r = 0; r < size_; r++) mean += ld(at + r * batch);
        mean = mean / (float)size_;
        for (long r = 0; r < size_; r++) { vf v = ld(at + r * batch) - mean; squares += v * v; }
        vf root = 1.0f / vsqrt(squares / (float)size_ + NORM_EPS);
        st(means_ + b * batch + c, mean);
        st(roots_ + b * batch + c, root);
        for (long r = 0; r < size_; r++) {
          long row = b * size_ + r, channel = this->channel(row);
          st(y + row * batch + c, (ld(x + row * batch + c) - mean) * root * scale[channel] + shift[channel]);
        }
      }
  }
  void backward(const float* x, const float*, float* dy, float* dx, const Step& step, const Update& u) override {
    const long batch = step.batch;
    const float* scale = weights_.value;
    memset(scales_, 0, sizeof(float) * width_ * VL);
    memset(shifts_, 0, sizeof(float) * width_ * VL);
    memset(gradient_, 0, sizeof(float) * 2 * width_);
    for (long b = 0; b < in / size_; b++)
      for (long c = 0; c < batch; c += VL) {
        vf mean = ld(means_ + b * batch + c), root = ld(roots_ + b * batch + c), level = {}, tilt = {};
        for (long r = 0; r < size_; r++) {
          long row = b * size_ + r, channel = this->channel(row);
          vf d = ld(dy + row * batch + c), n = (ld(x + row * batch + c) - mean) * root;
          st(shifts_ + channel * VL, ld(shifts_ + channel * VL) + d);
          st(scales_ + channel * VL, ld(scales_ + channel * VL) + d * n);
          level += d * scale[channel];
          tilt += d * scale[channel] * n;
        }
        if (!dx) continue;
        level = level / (float)size_, tilt = tilt / (float)size_;
        for (long r = 0; r < size_; r++) {
          long row = b * size_ + r;
          vf n = (ld(x + row * batch + c) - mean) * root;
          st(dx + row * batch + c, (ld(dy + row * batch + c) * scale[channel(row)] - level - n * tilt) * root);
        }
      }
    for (long c = 0; c < shape_.channels; c++) {
      gradient_[c] = sum_lanes(ld(scales_ + c * VL));
      gradient_[width_ + c] = sum_lanes(ld(shifts_ + c * VL));
    }
    update_all(weights_, gradient_, 1, 2 * width_, u);
  }

 private:
  long channel(long row) const { return row / shape_.inner % shape_.channels; }

  NormShape shape_;
  long size_, width_;
  Weights weights_{};
  float *means_ = nullptr, *roots_ = nullptr, *scales_ = nullptr, *shifts_ = nullptr, *gradient_ = nullptr;
};

inline Made make_norm(Description& d) {
  long block = d.whole();  // rows of a block; 0 for the batch
  NormShape shape{d.whole(), 0, 0};
  shape.channels = d.whole(), shape.inner = d.whole();
  if (block) return std::make_unique<BlockNorm>(shape, block);
  return std::make_unique<BatchNorm>(shape);
}

}  // namespace nas
