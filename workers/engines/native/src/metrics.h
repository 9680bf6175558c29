// What is measured of a network's outputs, as `workers.metrics` does, in doubles.
#pragma once
#include <algorithm>

#include "loss.h"

namespace nas {

typedef double vd __attribute__((vector_size(4 * VL)));
typedef int64_t vl __attribute__((vector_size(4 * VL)));
constexpr long DL = VL / 2;  // lanes of a vector of doubles
inline vd ldd(const double* p) { vd r; memcpy(&r, p, sizeof r); return r; }
inline void std_(double* p, vd v) { memcpy(p, &v, sizeof v); }

// exp(x) for x ≤ 0 to about an ulp: 2^n times the Taylor series of the rest; 0 below −700.
inline vd exp_double(vd x) {
  vd low = x < -700.0 ? vd{} - 700.0 : x;
  vd t = low * 1.4426950408889634 + 6755399441055744.0, n = t - 6755399441055744.0;
  vd r = (low - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  vd p = vd{} + 1.0 / 6227020800.0;
  const double terms[] = {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0};
  for (double term : terms) p = p * r + term;
  vl bits = (__builtin_convertvector(n, vl) + 1023) << 52;
  vd power;
  memcpy(&power, &bits, sizeof power);
  vd value = p * power;
  return x < -700.0 ? vd{} : value;
}

// Turn said [outputs][stride] into probabilities [outputs][stride], columns `samples` and more left as they come.
inline void softmax(const float* said, long outputs, long samples, long stride, double* scores) {
  for (long c = 0; c < samples; c += DL) {
    auto at = [&](long k) { vd v; for (long i = 0; i < DL; i++) v[i] = said[k * stride + c + i]; return v; };
    vd most = at(0), sum = {};
    for (long k = 1; k < outputs; k++) { vd v = at(k); most = most < v ? v : most; }
    for (long k = 0; k < outputs; k++) {
      vd e = exp_double(at(k) - most);
      sum += e;
      std_(scores + k * stride + c, e);
    }
    for (long k = 0; k < outputs; k++) std_(scores + k * stride + c, ldd(scores + k * stride + c) / sum);
  }
}

// Twice the number of pairs (one of the class, one not) that the scores order rightly, ties counting half.
inline double pairs_by_counting(const double* scores, const int32_t* targets, int32_t klass, long samples, std::vector<double>& others) {
  others.clear();
  for (long i = 0; i < samples; i++) if (targets[i] != klass) others.push_back(scores[i]);
  while (others.size() % DL) others.push_back(2.0);  // greater than every probability: never counted
  double total = 0;
  for (long i = 0; i < samples; i++) {
    if (targets[i] != klass) continue;
    vl count = {};
    for (size_t j = 0; j < others.size(); j += DL) {
      vd other = ldd(&others[j]);
      count -= (vl)(other < scores[i]) + (vl)(other <= scores[i]);
    }
    for (long l = 0; l < DL; l++) total += (double)count[l];
  }
  return total;
}
inline double pairs_by_sorting(const double* scores, const int32_t* targets, int32_t klass, long samples, std::vector<double>& others) {
  others.clear();
  for (long i = 0; i < samples; i++) if (targets[i] != klass) others.push_back(scores[i]);
  std::sort(others.begin(), others.end());
  double total = 0;
  for (long i = 0; i < samples; i++) {
    if (targets[i] != klass) continue;
    auto equal = std::equal_range(others.begin(), others.end(), scores[i]);
    total += (double)(equal.first - others.begin()) + (double)(equal.second - others.begin());
  }
  return total;
}

// loss, accuracy, balanced accuracy, macro F1, area under the ROC curve
inline void measure_classes(const float* said, const int32_t* targets, long outputs, long samples, long stride, double* metrics) {
  std::vector<double> right(outputs), actual(outputs), claimed(outputs), scores(outputs * stride), others;
  for (long i = 0; i < samples; i++) {
    long best = 0;
    for (long k = 1; k < outputs; k++) if (said[k * stride + i] > said[best * stride + i]) best = k;
    actual[targets[i]]++, claimed[best]++;
    if (best == targets[i]) right[best]++;
  }
  softmax(said, outputs, samples, stride, scores.data());
  double hits = 0, recall = 0, present = 0, f1 = 0, named = 0, area = 0, split = 0;
  for (long k = 0; k < outputs; k++) {
    hits += right[k];
    if (actual[k] > 0) recall += right[k] / actual[k], present++;
    if (actual[k] + claimed[k] > 0) f1 += 2 * right[k] / (actual[k] + claimed[k]), named++;
    double rest = samples - actual[k];
    if (actual[k] > 0 && rest > 0) {
      auto count = actual[k] > 2000 ? pairs_by_sorting : pairs_by_counting;
      area += count(&scores[k * stride], targets, (int32_t)k, samples, others) / (2 * actual[k] * rest), split++;
    }
  }
  metrics[1] = hits / samples, metrics[2] = recall / present, metrics[3] = f1 / named, metrics[4] = area / split;
}

// loss, mean squared error, mean absolute error, mean R²; errors in the unit of the targets
inline void measure_numbers(const float* said, const float* targets, const double* scale, long outputs, long samples, long stride, double* metrics) {
  double squared = 0, absolute = 0, r2 = 0;
  for (long k = 0; k < outputs; k++) {
    const float *s = said + k * stride, *t = targets + k * stride;
    double mean = 0, unexplained = 0, total = 0;
    for (long i = 0; i < samples; i++) mean += t[i];
    mean /= samples;
    for (long i = 0; i < samples; i++) {
      double error = (double)s[i] - t[i], away = t[i] - mean;
      unexplained += error * error, total += away * away;
      squared += error * error * scale[k] * scale[k], absolute += std::abs(error * scale[k]);
    }
    r2 += total > 0 ? 1 - unexplained / total : unexplained == 0 ? 1 : 0;
  }
  double count = (double)samples * outputs;
  metrics[1] = squared / count, metrics[2] = absolute / count, metrics[3] = r2 / outputs;
}

}  // namespace nas
