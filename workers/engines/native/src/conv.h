// A convolution over images. Its weights lie [channel in][kernel row][kernel column][channel out] without gaps, padded
// at the end; then the bias. The batch fills the vectors, so an image is read where it lies; borders are loop bounds.
#pragma once
#include <algorithm>

#include "activation.h"

namespace nas {

// Half-open range of places.
struct Range { long low, high; };

// Who sees a point: a first tap from a place, and each `stride` taps further from the place before, `count` in all.
struct Seen { long tap, place, count; };

// Where a kernel stops along one side of an image: place `o` sees the points o·stride + tap − pad.
struct Side {
  long size, places, kernel, stride, pad;
  Side(long size, long kernel, long stride)
      : size(size), places((size + 2 * (kernel / 2) - kernel) / stride + 1), kernel(kernel), stride(stride), pad(kernel / 2) {}
  // The taps of place `o` that fall into the image.
  Range taps(long o) const { return {std::max(0L, pad - o * stride), std::min(kernel, size + pad - o * stride)}; }
  Seen seen(long point) const {
    const long last = point + pad, phase = stride == 1 ? 0 : last % stride, place = stride == 1 ? last : last / stride;
    const long skip = std::max(0L, place - (places - 1)), taps = stride == 1 ? kernel : (kernel - phase + stride - 1) / stride;
    return {phase + skip * stride, place - skip, std::max(0L, std::min(taps, place + 1) - skip)};
  }
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
    find_spans();
  }
  long parameters() const override { return count_ + (bias_ ? round_up(co_, PAD) : 0); }
  void bind(const Weights& weights, float*) override { weights_ = weights; }
  bool absorb(int64_t activation) override { return !activation_ && with_value_alone(activation, [&](auto) { activation_ = activation; }); }
  void reserve(Workspace& space, long) override { gradient_ = space.take(parameters()); }

  // Of all samples, a few vectors at a time go through the image row by row, so that what a row needs stays in the cache.
  void forward(const float* x, float* y, const Step& step) override {
    each_chunk(step.batch, [&](long l, auto vectors) {
      for (long i = 0; i < rows_.places; i++)
        each_block(co_, [&](auto rows, long r) {
          for (long j = 0; j < columns_.places; j++) place<rows, vectors>(x + l, y + l, r, i, j, step.batch);
          activate<rows, vectors>(y + (r * rows_.places + i) * columns_.places * step.batch + l, step.batch);
        });
    });
  }
  void backward(const float* x, const float* y, float* dy, float* dx, const Step& step, const Update& u) override {
    deactivate(y, dy, out * step.batch);
    each_chunk(dx ? step.batch : 0, [&](long l, auto vectors) {
      for (long i = 0; i < rows_.size; i++)
        each_block(ci_, [&](auto rows, long r) {
          for (long j = 0; j < columns_.size; j++) point<rows, vectors>(dy + l, dx + l, r, i, j, step.batch);
        });
    });
    memset(gradient_, 0, sizeof(float) * parameters());
    const long rows = rows_of_strip(step.batch);
    for (long i = 0; i < rows_.places; i += rows) gradients({x, dy, {i, std::min(i + rows, rows_.places)}, step.batch});
    update_all(weights_, gradient_, 1.0f, parameters(), u);
  }

 private:
  template <int N> using Number = std::integral_constant<int, N>;
  // f(R, first) for blocks of R channels whose sums fit into the registers
  template <class F> static void each_block(long count, F f) {
    long r = 0;
    while (r < count) {
      const long left = count - r;
      if (VL == 16 && left >= 8) f(Number<8>{}, r), r += 8;
      else if (VL == 8 && (left == 6 || left >= 12)) f(Number<6>{}, r), r += 6;
      else if (left >= 4) f(Number<4>{}, r), r += 4;
      else f(Number<1>{}, r), r += 1;
    }
  }
  template <class F> static void each_chunk(long batch, F f) {
    long l = 0;
    for (; l + 2 * VL <= batch; l += 2 * VL) f(l, Number<2>{});
    if (l < batch) f(l, Number<1>{});
  }
  // R channels of a row of places.
  template <int R, int NV> void activate(float* y, long batch) const {
    const long places = rows_.places * columns_.places * batch;
    with_value_alone(activation_, [&](auto kind) {
      for (int q = 0; q < R; q++)
        for (long i = 0; i < columns_.places * batch; i += batch)
          for (int v = 0; v < NV; v++) st(y + q * places + i + v * VL, kind.value(ld(y + q * places + i + v * VL)));
    });
  }
  void deactivate(const float* y, float* dy, long count) const {
    with_value_alone(activation_, [&](auto kind) {
      for (long i = 0; i < count; i += VL) { vf v = ld(y + i); st(dy + i, ld(dy + i) * kind.slope(v, v)); }
    });
  }
  // Whether taps are the inner loop, and not the channels: where these are few, or so many a power of two apart that
  // they share few lines of the cache.
  static bool taps_inside(long channels) { return channels < 4 || (VL < 16 && channels > 16); }

  // R output channels from `r` on, at one place.
  template <int R, int NV> void place(const float* x, float* y, long r, long i, long j, long batch) const {
    const Range ty = rows_.taps(i), tx = columns_.taps(j);
    const float *w = weights_.value + r, *b = bias_ ? weights_.value + count_ + r : nullptr;
    const long plane = rows_.size * columns_.size * batch, places = rows_.places * columns_.places * batch;
    x += ((i * stride_ - rows_.pad) * columns_.size + j * stride_ - columns_.pad) * batch;
    vf a[R][NV];
    for (int q = 0; q < R; q++)
      for (int v = 0; v < NV; v++) a[q][v] = b ? bc(b[q]) : vf{};
    if (taps_inside(ci_)) {
      for (long c = 0; c < ci_; c++)
        for (long t = ty.low; t < ty.high; t++)
          accumulate<R, NV>(w + ((c * k_ + t) * k_ + tx.low) * co_, co_, 1, x + c * plane + (t * columns_.size + tx.low) * batch, batch,
                            tx.high - tx.low, a);
    } else {
      for (long t = ty.low; t < ty.high; t++)
        for (long s = tx.low; s < tx.high; s++)
          accumulate<R, NV>(w + (t * k_ + s) * co_, k_ * k_ * co_, 1, x + (t * columns_.size + s) * batch, plane, ci_, a);
    }
    write<R, NV>(a, y + r * places + (i * columns_.places + j) * batch, places);
  }
  // The gradient of R input channels from `r` on, at one point.
  template <int R, int NV> void point(const float* dy, float* dx, long r, long i, long j, long batch) const {
    const Seen ty = rows_.seen(i), tx = columns_.seen(j);
    const long plane = rows_.size * columns_.size * batch, places = rows_.places * columns_.places * batch, kernel = k_ * k_ * co_;
    const float *w = weights_.value + r * kernel + (ty.tap * k_ + tx.tap) * co_, *d = dy + (ty.place * columns_.places + tx.place) * batch;
    const long w_row = stride_ * k_ * co_, w_column = stride_ * co_, d_row = columns_.places * batch;
    vf a[R][NV] = {};
    if (taps_inside(co_)) {
      for (long o = 0; o < co_; o++)
        for (long t = 0; t < ty.count; t++) accumulate<R, NV>(w + o + t * w_row, w_column, kernel, d + o * places - t * d_row, -batch, tx.count, a);
    } else {
      for (long t = 0; t < ty.count; t++)
        for (long s = 0; s < tx.count; s++) accumulate<R, NV>(w + t * w_row + s * w_column, 1, kernel, d - t * d_row - s * batch, places, co_, a);
    }
    write<R, NV>(a, dx + r * plane + (i * columns_.size + j) * batch, plane);
  }
  template <int R, int NV> static void write(const vf (&a)[R][NV], float* to, long apart) {
    for (int q = 0; q < R; q++)
      for (int v = 0; v < NV; v++) st(to + q * apart + VL * v, a[q][v]);
  }

  // A block of the weights' gradient: T taps below each other × C input × S output channels, all sums in registers.
  struct Block { const float *x, *d; long rows, pixels, length; };
  template <int T, int C, int S> __attribute__((noinline)) void block(vf* sums, const Block& of, long batch) const {
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
  // Some rows of places of all images: the weights' gradients are summed over what fits into the cache at a time.
  struct Strip { const float *x, *d; Range rows; long batch; };
  // Taps t … t + T − 1 of kernel column `tap`, for C × S channels.
  template <int T, int C, int S> void column(const Strip& strip, long c, long o, long t, long tap) {
    vf sums[T][C * S] = {};
    const Range seen = columns_.places_of(tap);
    const long pixels = seen.high - seen.low, batch = strip.batch;
    const float* x = strip.x + (c * rows_.size * columns_.size + seen.low * stride_ + tap - columns_.pad) * batch;
    const float* d = strip.d + (o * rows_.places * columns_.places + seen.low) * batch;
    for (const Span& span : spans_[t]) {
      const long first = std::max(span.first, strip.rows.low), last = std::min(span.last, strip.rows.high);
      if (pixels <= 0 || first >= last) continue;
      Block of{x + (first * stride_ + t + span.taps.low - rows_.pad) * columns_.size * batch, d + first * columns_.places * batch,
               last - first, pixels, batch};
      if (stride_ == 1) of.length *= pixels, of.pixels = 1;  // neighbouring points are read in a row
      if (stride_ == 1 && pixels == columns_.size && pixels == columns_.places) of.length *= of.rows, of.rows = 1;
      const long taps = span.taps.high - span.taps.low;
      if (taps == T) block<T, C, S>(sums[0], of, batch);
      if (T > 2 && taps == 2) block<T < 2 ? 1 : 2, C, S>(sums[span.taps.low], of, batch);
      if (T > 1 && taps == 1) block<1, C, S>(sums[span.taps.low], of, batch);
    }
    float total[(T * C * S + VL - 1) / VL * VL];
    sum_each(sums[0], T * C * S, total);
    for (int i = 0; i < T * C; i++) {
      float* to = gradient_ + (((c + i % C) * k_ + t + i / C) * k_ + tap) * co_ + o;
      for (int s = 0; s < S; s++) to[s] += total[i * S + s];
    }
  }
  template <int T, int C, int S> void taps(const Strip& strip, long c, long o, long& t) {
    for (; t + T <= k_; t += T)
      for (long tap = 0; tap < k_; tap++) column<T, C, S>(strip, c, o, t, tap);
  }
  // Rows of places at which the same taps, counted from the first of up to three, fall into the image.
  struct Span { long first, last; Range taps; };
  void find_spans() {
    for (long t = 0; t < k_; t++) {
      const long count = t < k_ / 3 * 3 ? 3 : 1;
      std::vector<Span> spans;
      for (long i = 0; i < rows_.places && (count == 1 || t % 3 == 0); i++) {
        const Range all = rows_.taps(i), some{std::max(all.low - t, 0L), std::min(all.high - t, count)};
        if (some.low >= some.high) continue;
        if (!spans.empty() && spans.back().last == i && spans.back().taps.low == some.low && spans.back().taps.high == some.high) spans.back().last++;
        else spans.push_back({i, i + 1, some});
      }
      spans_.push_back(std::move(spans));
    }
  }
  // C × S channels at a time fill the registers with three taps, 1 to 4 times as many with one.
  template <int C, int C1, int S> void channels(const Strip& strip, long o) {
    const long threes = k_ / 3 * 3;
    long c = 0, t;
    for (; c + C <= ci_; c += C) t = 0, taps<3, C, S>(strip, c, o, t);
    for (; c < ci_; c++) t = 0, taps<3, 1, S>(strip, c, o, t);
    for (c = 0; c + C1 <= ci_; c += C1) t = threes, taps<1, C1, S>(strip, c, o, t);
    for (; c < ci_; c++) t = threes, taps<1, 1, S>(strip, c, o, t);
  }
  void gradients(const Strip& strip) {
    long o = 0;
    if (VL == 16 && ci_ == 1) for (; o + 8 <= co_; o += 8) channels<1, 1, 8>(strip, o);
    for (; o + 4 <= co_; o += 4) channels<VL == 16 ? 2 : 1, VL == 16 ? 4 : 2, 4>(strip, o);
    for (; o < co_; o++) channels<2, 4, 1>(strip, o);
    for (o = 0; bias_ && o < co_; o++) gradient_[count_ + o] += total(strip, o);
  }
  float total(const Strip& strip, long o) const {
    const float* at = strip.d + (o * rows_.places + strip.rows.low) * columns_.places * strip.batch;
    const long places = (strip.rows.high - strip.rows.low) * columns_.places * strip.batch;
    vf sums[4] = {};  // four chains of sums, for one would wait for itself
    long l = 0;
    for (; l + 4 * VL <= places; l += 4 * VL)
      for (int i = 0; i < 4; i++) sums[i] += ld(at + l + i * VL);
    for (; l < places; l += VL) sums[0] += ld(at + l);
    return sum_lanes(sums[0] + sums[1] + (sums[2] + sums[3]));
  }
  // All rows where the images of the channels of a block stay in the second cache, else what of all channels does.
  long rows_of_strip(long batch) const {
    constexpr long CACHE = 640 << 8;  // floats
    const long point = stride_ * columns_.size * batch, place = columns_.places * batch;
    if ((2 * stride_ * point + 4 * place) * rows_.places <= CACHE) return rows_.places;
    return std::max(1L, CACHE / (ci_ * stride_ * point + co_ * place));
  }

  Side rows_, columns_;
  std::vector<std::vector<Span>> spans_;
  long ci_, co_, k_, stride_, count_;
  bool bias_;
  int64_t activation_ = 0;
  Weights weights_{};
  float* gradient_ = nullptr;
};

inline Made make_conv2d(Description& d) {
  long channels = d.whole(), height = d.whole(), width = d.whole(), outputs = d.whole(), kernel = d.whole(), stride = d.whole();
  return std::make_unique<Conv2d>(channels, height, width, outputs, kernel, stride, d.whole() != 0);
}

}  // namespace nas
