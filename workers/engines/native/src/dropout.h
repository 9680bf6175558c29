// Dropout from a counter-based stream: whether a float is kept is a hash of (key, step, float, sample), made in
// registers, so backward makes it again instead of remembering it.
#pragma once
#include "layer.h"

namespace nas {

// SplitMix64's last mixing (Steele et al. 2014).
inline uint64_t mix(uint64_t v) {
  v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9ull;
  v = (v ^ (v >> 27)) * 0x94D049BB133111EBull;
  return v ^ (v >> 31);
}

class Dropout final : public Layer {
 public:
  Dropout(long floats, double p, uint64_t key) : key_(key), scale_((float)(1 / (1 - p))) {
    in = out = floats;
    below_ = (uint32_t)(p * 4294967296.0);
  }
  void forward(const float* x, float* y, const Step& step) override {
    if (step.train) apply(x, y, step); else memcpy(y, x, sizeof(float) * in * step.batch);
  }
  void backward(const float*, const float*, float* dy, float* dx, const Step& step, const Update&) override {
    if (dx) apply(dy, dx, step);
  }

 private:
  void apply(const float* from, float* to, const Step& step) const {
    uint64_t key = mix(key_ + 0x9E3779B97F4A7C15ull * (step.number + 1));
    const uint32_t first = (uint32_t)key, second = (uint32_t)(key >> 32);
    for (long f = 0; f < in; f++)
      for (long c = 0; c < step.batch; c += VL) {
        vu counter = (vu)lanes() + (uint32_t)(f * step.rows + c);  // the same element whatever the padding
        vf kept = hash(counter, first, second) >= below_ ? bc(scale_) : vf{};
        st(to + f * step.batch + c, ld(from + f * step.batch + c) * kept);
      }
  }
  // Wellons' lowbias32 (2018) with a key added before each multiplication.
  static vu hash(vu x, uint32_t first, uint32_t second) {
    x += first;
    x = (x ^ (x >> 16)) * 0x7feb352du;
    x += second;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    return x ^ (x >> 16);
  }
  uint64_t key_;
  uint32_t below_;
  float scale_;
};

inline Made make_dropout(Description& d) {
  long floats = d.whole();
  double p = d.real();
  return std::make_unique<Dropout>(floats, p, (uint64_t)d.whole());
}

}  // namespace nas
