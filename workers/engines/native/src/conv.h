// A convolution over images. Its weights lie [channel in][kernel row][kernel column][channel out] without gaps, padded
// at the end; then the bias. The batch fills the vectors, so an image is read where it lies; borders are loop bounds.
#pragma once
#include <algorithm>

#include "layer.h"

namespace nas {

// Half-open range of places.
struct Range { long low, high; };

// Where a kernel stops along one side of an image: place `o` sees the points o·stride + tap − pad.
struct Side {
  long size, places, kernel, stride, pad;
  Side(long size, long kernel, long stride)
      : size(size), places((size + 2 * (kernel / 2) - kernel) / stride + 1), kernel(kernel), stride(stride), pad(kernel / 2) {}
  // The taps of place `o` that fall into the image.
  Range taps(long o) const { return {std::max(0L, pad - o * stride), std::min(kernel, size + pad - o * stride)}; }
  // The places at which `tap` falls into the image.
  Range places_of(long tap) const {
    long low = std::max(0L, (pad - tap + stride - 1) / stride), high = size + pad - tap <= 0 ? 0 : (size - 1 + pad - tap) / stride + 1;
    return {std::min(low, places), std::max(std::min(low, places), std::min(places, high))};
  }
};

// Sums of the lanes of `count` vectors, in a fixed order: a transpose, then halves, quarters, …
inline void sum_each(const vf* vectors, long count, float* sums) {
  for (long first = 0; first < count; first += VL) {
    vf block[VL];
    for (long i = 0; i < VL; i++) block[i] = first + i < count ? vectors[first + i] : vf{};
    transpose_block(block);
    for (int half = VL / 2; half; half /= 2)
      for (int i = 0; i < half; i++) block[i] += block[i + half];
    st(sums + first, block[0]);
  }
}

class Conv2d final : public Layer {
 public:
  Conv2d(long channels, long height, long width, long outputs, long kernel, long stride, bool bias)
      : rows_(height, kernel, stride), columns_(width, kernel, stride), ci_(channels), co_(outputs), k_(kernel), stride_(stride),
        count_(round_up(channels * kernel * kernel * outputs, PAD)), bias_(bias) {
    in = channels * height * width, out = outputs * rows_.places * columns_.places;
  }
  long parameters() const override { return count_ + (bias_ ? round_up(co_, PAD) : 0); }
  void bind(const Weights& weights, float*) override { weights_ = weights; }
  void reserve(Workspace& space, long) override { gradient_ = space.take(parameters()); }

  void forward(const float* x, float* y, const Step& step) override {
    long r = 0;
    for (; r + 8 <= co_ && VL == 16; r += 8) place<8>(x, y, r, step.batch);
    for (; r + 4 <= co_; r += 4) place<4>(x, y, r, step.batch);
    for (; r < co_; r++) place<1>(x, y, r, step.batch);
  }
  void backward(const float* x, const float*, float* dy, float* dx, const Step& step, const Update& u) override {
    if (dx) {
      long r = 0;
      for (; r + 8 <= ci_ && VL == 16; r += 8) point<8>(dy, dx, r, step.batch);
      for (; r + 4 <= ci_; r += 4) point<4>(dy, dx, r, step.batch);
      for (; r < ci_; r++) point<1>(dy, dx, r, step.batch);
    }
    gradients(x, dy, step.batch);
    update_all(weights_, gradient_, 1.0f, parameters(), u);
  }

 private:
  // R output channels from `r` on, at every place.
  template <int R> void place(const float* x, float* y, long r, long batch) const {
    for (long i = 0; i < rows_.places; i++)
      for (long j = 0; j < columns_.places; j++) {
        long l = 0;
        for (; l + 2 * VL <= batch; l += 2 * VL) place_at<R, 2>(x + l, y + l, r, i, j, batch);
        if (l < batch) place_at<R, 1>(x + l, y + l, r, i, j, batch);
      }
  }
  template <int R, int NV> void place_at(const float* x, float* y, long r, long i, long j, long batch) const {
    const Range ty = rows_.taps(i), tx = columns_.taps(j);
    const float *w = weights_.value + r, *b = bias_ ? weights_.value + count_ + r : nullptr;
    const long plane = rows_.size * columns_.size * batch;
    x += ((i * stride_ - rows_.pad) * columns_.size + j * stride_ - columns_.pad) * batch;
    vf a[R][NV];
    for (int q = 0; q < R; q++)
      for (int v = 0; v < NV; v++) a[q][v] = b ? bc(b[q]) : vf{};
    if (ci_ < 4) {  // the inner loop is over the longer of two dimensions
      for (long c = 0; c < ci_; c++)
        for (long t = ty.low; t < ty.high; t++)
          accumulate<R, NV>(w + ((c * k_ + t) * k_ + tx.low) * co_, co_, 1, x + c * plane + (t * columns_.size + tx.low) * batch, batch, tx.high - tx.low, a);
    } else {
      for (long t = ty.low; t < ty.high; t++)
        for (long s = tx.low; s < tx.high; s++)
          accumulate<R, NV>(w + (t * k_ + s) * co_, k_ * k_ * co_, 1, x + (t * columns_.size + s) * batch, plane, ci_, a);
    }
    const long places = rows_.places * columns_.places * batch;
    y += r * places + (i * columns_.places + j) * batch;
    for (int q = 0; q < R; q++)
      for (int v = 0; v < NV; v++) st(y + q * places + VL * v, a[q][v]);
  }

  // The gradient of R input channels from `r` on, at every point.
  template <int R> void point(const float* dy, float* dx, long r, long batch) const {
    for (long i = 0; i < rows_.size; i++)
      for (long j = 0; j < columns_.size; j++) {
        long l = 0;
        for (; l + 2 * VL <= batch; l += 2 * VL) point_at<R, 2>(dy + l, dx + l, r, i, j, batch);
        if (l < batch) point_at<R, 1>(dy + l, dx + l, r, i, j, batch);
      }
  }
  template <int R, int NV> void point_at(const float* dy, float* dx, long r, long i, long j, long batch) const {
    const long places = rows_.places * columns_.places * batch, kernel = k_ * k_ * co_;
    vf a[R][NV] = {};
    for (long t = 0; t < k_; t++) {
      long o = i + rows_.pad - t;
      if (o < 0 || o % stride_ || o / stride_ >= rows_.places) continue;
      const float* row = dy + o / stride_ * columns_.places * batch;
      for (long s = 0; s < k_; s++) {
        long p = j + columns_.pad - s;
        if (p < 0 || p % stride_ || p / stride_ >= columns_.places) continue;
        accumulate<R, NV>(weights_.value + r * kernel + (t * k_ + s) * co_, 1, kernel, row + p / stride_ * batch, places, co_, a);
      }
    }
    const long plane = rows_.size * columns_.size * batch;
    dx += r * plane + (i * columns_.size + j) * batch;
    for (int q = 0; q < R; q++)
      for (int v = 0; v < NV; v++) st(dx + q * plane + VL * v, a[q][v]);
  }

  // A block of the weights' gradient: T taps below each other × C input × S output channels, all sums in registers.
  struct Block { const float *x, *d; long rows, pixels, length; };
  template <int T, int C, int S> void block(vf* sums, const Block& of, long batch) const {
    const long plane = rows_.size * columns_.size * batch, places = rows_.places * columns_.places * batch;
    const long row = columns_.size * batch;
    vf a[T][C][S];
    for (int i = 0; i < T * C * S; i++) (&a[0][0][0])[i] = sums[i];
    for (long i = 0; i < of.rows; i++)
      for (long j = 0; j < of.pixels; j++) {
        const float *x = of.x + (i * columns_.size + j) * stride_ * batch, *d = of.d + (i * columns_.places + j) * batch;
        for (long l = 0; l < of.length; l += VL) {
          vf g[S];
          for (int s = 0; s < S; s++) g[s] = ld(d + s * places + l);
          for (int t = 0; t < T; t++)
            for (int c = 0; c < C; c++) {
              vf v = ld(x + c * plane + t * row + l);
              for (int s = 0; s < S; s++) a[t][c][s] += v * g[s];
            }
        }
      }
    for (int i = 0; i < T * C * S; i++) sums[i] = (&a[0][0][0])[i];
  }
  // Taps t … t + T − 1 of kernel column `tap`, for C × S channels: first the rows where all T taps fall into the image.
  template <int T, int C, int S> void column(const float* x, const float* d, long c, long o, long t, long tap, long batch) {
    vf sums[T * C * S] = {};
    const Range seen = columns_.places_of(tap);
    const long pixels = seen.high - seen.low, low = rows_.places_of(t).low, high = std::max(low, rows_.places_of(t + T - 1).high);
    x += (c * rows_.size * columns_.size + seen.low * stride_ + tap - columns_.pad) * batch;
    d += (o * rows_.places * columns_.places + seen.low) * batch;
    auto rows = [&](long first, long last, long at) {  // neighbouring points that are read in a row count as one
      bool joined = stride_ == 1;
      return Block{x + (first * stride_ + at - rows_.pad) * columns_.size * batch, d + first * columns_.places * batch,
                   pixels > 0 ? last - first : 0, joined ? 1 : pixels, joined ? pixels * batch : batch};
    };
    block<T, C, S>(sums, rows(low, high, t), batch);
    for (int i = 0; i < T; i++) {
      const Range all = rows_.places_of(t + i);
      block<1, C, S>(sums + i * C * S, rows(all.low, std::min(low, all.high), t + i), batch);
      block<1, C, S>(sums + i * C * S, rows(std::max(high, all.low), all.high, t + i), batch);
    }
    float total[(T * C * S + VL - 1) / VL * VL];
    sum_each(sums, T * C * S, total);
    for (int i = 0; i < T * C * S; i++)
      gradient_[(((c + i / S % C) * k_ + t + i / (C * S)) * k_ + tap) * co_ + o + i % S] = total[i];
  }
  template <int T, int C, int S> void taps(const float* x, const float* d, long c, long o, long& t, long batch) {
    for (; t + T <= k_; t += T)
      for (long tap = 0; tap < k_; tap++) column<T, C, S>(x, d, c, o, t, tap, batch);
  }
  // C × S channels at a time fill the registers with three taps, 1 to 4 times as many with one.
  template <int C, int C1, int S> void channels(const float* x, const float* d, long o, long batch) {
    const long threes = k_ / 3 * 3;
    long c = 0, t;
    for (; c + C <= ci_; c += C) t = 0, taps<3, C, S>(x, d, c, o, t, batch);
    for (; c < ci_; c++) t = 0, taps<3, 1, S>(x, d, c, o, t, batch);
    for (c = 0; c + C1 <= ci_; c += C1) t = threes, taps<1, C1, S>(x, d, c, o, t, batch);
    for (; c < ci_; c++) t = threes, taps<1, 1, S>(x, d, c, o, t, batch);
  }
  void gradients(const float* x, const float* d, long batch) {
    long o = 0;
    if (VL == 16 && ci_ == 1) for (; o + 8 <= co_; o += 8) channels<1, 1, 8>(x, d, o, batch);
    for (; o + 4 <= co_; o += 4) channels<VL == 16 ? 2 : 1, VL == 16 ? 4 : 2, 4>(x, d, o, batch);
    for (; o < co_; o++) channels<2, 4, 1>(x, d, o, batch);
    for (long i = ci_ * k_ * k_ * co_; i < parameters(); i++) gradient_[i] = 0;
    const long places = rows_.places * columns_.places * batch;
    for (o = 0; bias_ && o < co_; o++) {
      vf sum = {};
      for (long l = 0; l < places; l += VL) sum += ld(d + o * places + l);
      gradient_[count_ + o] = sum_lanes(sum);
    }
  }

  Side rows_, columns_;
  long ci_, co_, k_, stride_, count_;
  bool bias_;
  Weights weights_{};
  float* gradient_ = nullptr;
};

inline Made make_conv2d(Description& d) {
  long channels = d.whole(), height = d.whole(), width = d.whole(), outputs = d.whole(), kernel = d.whole(), stride = d.whole();
  return std::make_unique<Conv2d>(channels, height, width, outputs, kernel, stride, d.whole() != 0);
}

}  // namespace nas
