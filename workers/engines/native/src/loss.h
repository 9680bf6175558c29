// Losses: the sum over a batch's real samples, and the gradient of their mean.
#pragma once
#include "layer.h"

namespace nas {

enum class LossKind : int32_t { CROSS_ENTROPY, MSE, MAE, HUBER };

struct Loss {
  LossKind kind;
  double smoothing;
  long outputs;

  // said [outputs][batch]; targets int32 [batch] or float [outputs][batch]; gradient [outputs][batch], or null.
  // Returns the sum over samples of each one's loss (of a regression: the mean over its outputs).
  double operator()(const float* said, const void* targets, float* gradient, long rows, long batch) const {
    if (kind == LossKind::CROSS_ENTROPY) return cross_entropy(said, (const int32_t*)targets, gradient, rows, batch);
    double total = 0;
    for (long k = 0; k < outputs; k++)
      for (long c = 0; c < batch; c += VL) {
        long i = k * batch + c;
        vi real = below(rows - c);
        vf error = ld(said + i) - ld((const float*)targets + i), value, slope;
        numbers(error, value, slope);
        total += sum_lanes_double(real ? value : vf{});
        if (gradient) st(gradient + i, real ? slope * (1.0f / (float)(rows * outputs)) : vf{});
      }
    return total / outputs;
  }

 private:
  void numbers(vf error, vf& value, vf& slope) const {
    vf size = vabs(error), sign = error > 0.f ? bc(1) : error < 0.f ? bc(-1) : error;
    if (kind == LossKind::MSE) value = error * error, slope = error * 2.0f;
    if (kind == LossKind::MAE) value = size, slope = sign;
    if (kind == LossKind::HUBER) {
      value = size < 1.f ? error * error * 0.5f : size - 0.5f;
      slope = size < 1.f ? error : sign;
    }
  }
  double cross_entropy(const float* said, const int32_t* targets, float* gradient, long rows, long batch) const {
    const float smooth = (float)smoothing, even = smooth / (float)outputs, sure = 1.0f - smooth;
    double total = 0;
    for (long c = 0; c < batch; c += VL) {
      vi real = below(rows - c), target;
      memcpy(&target, targets + c, sizeof target);
      vf most = ld(said + c), sum = {}, chosen = {}, all = {};
      for (long k = 1; k < outputs; k++) most = larger(most, ld(said + k * batch + c));
      for (long k = 0; k < outputs; k++) {
        vf z = ld(said + k * batch + c) - most, e = vexp(z);
        sum += e;
        all += z;
        chosen = target == (int32_t)k ? z : chosen;
        if (gradient) st(gradient + k * batch + c, e);
      }
      vf log_sum = vlog(sum), loss = sure * (log_sum - chosen) + smooth * (log_sum - all / (float)outputs);
      total += sum_lanes_double(real ? loss : vf{});
      if (!gradient) continue;
      vf share = 1.0f / sum;
      float mean = 1.0f / (float)rows;
      for (long k = 0; k < outputs; k++) {
        vf g = ld(gradient + k * batch + c) * share - even;
        g = target == (int32_t)k ? g - sure : g;
        st(gradient + k * batch + c, real ? g * mean : vf{});
      }
    }
    return total;
  }
};

}  // namespace nas
