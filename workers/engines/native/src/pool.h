// Pooling: of windows of an image, of whole channels, of the steps of a sequence; and images read row by row.
#pragma once
#include "layer.h"

namespace nas {

enum class Pooling : int64_t { MAX, AVERAGE, LAST };

// Windows that do not overlap; a rest at the edge is cut. Of equal maxima the first gets the gradient, as in torch.
class Pool final : public Layer {
 public:
  Pool(Pooling kind, long channels, long height, long width, long size)
      : kind_(kind), channels_(channels), h_(height), w_(width), size_(size), oh_(height / size), ow_(width / size) {
    in = channels * height * width, out = channels * oh_ * ow_;
  }
  void forward(const float* x, float* y, const Step& step) override {
    each_window(step.batch, [&](long to, long from) {
      vf v = ld(x + from);
      each_point(step.batch, [&](long at) {
        vf p = ld(x + from + at);
        if (at) v = kind_ == Pooling::MAX ? larger(v, p) : v + p;
      });
      st(y + to, kind_ == Pooling::MAX ? v : v / (float)(size_ * size_));
    });
  }
  void backward(const float* x, const float* y, float* dy, float* dx, const Step& step, const Update&) override {
    if (!dx) return;
    if (h_ % size_ || w_ % size_) memset(dx, 0, sizeof(float) * in * step.batch);
    each_window(step.batch, [&](long to, long from) {
      vf d = ld(dy + to), top = ld(y + to);
      if (kind_ == Pooling::AVERAGE) d = d / (float)(size_ * size_);
      each_point(step.batch, [&](long at) {
        vi mine = kind_ == Pooling::AVERAGE ? vi{} - 1 : ld(x + from + at) == top;
        st(dx + from + at, mine ? d : vf{});
        if (kind_ == Pooling::MAX) d = mine ? vf{} : d;
      });
    });
  }

 private:
  template <class F> void each_window(long batch, F f) const {
    for (long c = 0; c < channels_; c++)
      for (long i = 0; i < oh_; i++)
        for (long j = 0; j < ow_; j++)
          for (long l = 0; l < batch; l += VL) f(((c * oh_ + i) * ow_ + j) * batch + l, ((c * h_ + i * size_) * w_ + j * size_) * batch + l);
  }
  template <class F> void each_point(long batch, F f) const {
    for (long a = 0; a < size_; a++)
      for (long b = 0; b < size_; b++) f((a * w_ + b) * batch);
  }

  Pooling kind_;
  long channels_, h_, w_, size_, oh_, ow_;
};

inline Made make_pool(Description& d) {
  Pooling kind = (Pooling)d.whole();
  long channels = d.whole(), height = d.whole(), width = d.whole();
  return std::make_unique<Pool>(kind, channels, height, width, d.whole());
}

// One number for each of `groups` rows of `count` numbers, which are `stride` apart: the points of a channel, the steps of a
// feature. Equal maxima share the gradient, as in torch's amax.
class Reduce final : public Layer {
 public:
  Reduce(Pooling kind, long groups, long apart, long count, long stride)
      : kind_(kind), groups_(groups), apart_(apart), count_(count), stride_(stride) {
    in = groups * count, out = groups;
  }
  void forward(const float* x, float* y, const Step& step) override {
    const long batch = step.batch;
    for (long g = 0; g < groups_; g++)
      for (long l = 0; l < batch; l += VL) {
        const float* from = x + g * apart_ * batch + l;
        vf v = ld(from + (kind_ == Pooling::LAST ? count_ - 1 : 0) * stride_ * batch);
        for (long i = 1; i < count_ && kind_ != Pooling::LAST; i++) {
          vf p = ld(from + i * stride_ * batch);
          v = kind_ == Pooling::MAX ? larger(v, p) : v + p;
        }
        st(y + g * batch + l, kind_ == Pooling::AVERAGE ? v / (float)count_ : v);
      }
  }
  void backward(const float* x, const float* y, float* dy, float* dx, const Step& step, const Update&) override {
    const long batch = step.batch;
    for (long g = 0; g < groups_ && dx; g++)
      for (long l = 0; l < batch; l += VL) {
        const long at = g * apart_ * batch + l, next = stride_ * batch;
        vf d = ld(dy + g * batch + l), top = ld(y + g * batch + l);
        if (kind_ == Pooling::MAX) d = d / equal(x + at, next, top);
        if (kind_ == Pooling::AVERAGE) d = d / (float)count_;
        for (long i = 0; i < count_; i++) {
          bool all = kind_ == Pooling::AVERAGE || (kind_ == Pooling::LAST && i == count_ - 1);
          vi mine = kind_ == Pooling::MAX ? ld(x + at + i * next) == top : vi{} - (all ? 1 : 0);
          st(dx + at + i * next, mine ? d : vf{});
        }
      }
  }

 private:
  vf equal(const float* x, long next, vf top) const {
    vf n = {};
    for (long i = 0; i < count_; i++) n += ld(x + i * next) == top ? bc(1) : vf{};
    return larger(n, bc(1));
  }

  Pooling kind_;
  long groups_, apart_, count_, stride_;
};

inline Made make_global_pool(Description& d) {
  Pooling kind = (Pooling)d.whole();
  long channels = d.whole(), points = d.whole();
  return std::make_unique<Reduce>(kind, channels, points, points, 1);
}

inline Made make_sequence_pool(Description& d) {
  Pooling kind = (Pooling)d.whole();
  long time = d.whole(), features = d.whole();
  return std::make_unique<Reduce>(kind, features, 1, time, features);
}

// An image (channel, row, column) read as a sequence (row, channel and column).
class Rows final : public Layer {
 public:
  Rows(long channels, long height, long width) : c_(channels), h_(height), w_(width) { in = out = channels * height * width; }
  void forward(const float* x, float* y, const Step& step) override {
    each(step.batch, [&](long image, long sequence, long bytes) { memcpy(y + sequence, x + image, bytes); });
  }
  void backward(const float*, const float*, float* dy, float* dx, const Step& step, const Update&) override {
    if (dx) each(step.batch, [&](long image, long sequence, long bytes) { memcpy(dx + image, dy + sequence, bytes); });
  }

 private:
  template <class F> void each(long batch, F copy) const {
    const long row = w_ * batch;
    for (long c = 0; c < c_; c++)
      for (long i = 0; i < h_; i++) copy((c * h_ + i) * row, (i * c_ + c) * row, (long)sizeof(float) * row);
  }
  long c_, h_, w_;
};

inline Made make_rows(Description& d) {
  long channels = d.whole(), height = d.whole();
  return std::make_unique<Rows>(channels, height, d.whole());
}

}  // namespace nas
