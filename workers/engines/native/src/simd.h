// Vectors as wide as the target's registers, and the functions of them that layers need.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// A generic vector wider than the hardware's compiles to very slow code, so this follows the target.
#if defined(__AVX512F__)
#define VL 16
#elif defined(__AVX2__)
#define VL 8
#else
#define VL 4
#endif

namespace nas {

typedef float vf __attribute__((vector_size(4 * VL)));
typedef int32_t vi __attribute__((vector_size(4 * VL)));
typedef uint32_t vu __attribute__((vector_size(4 * VL)));

constexpr long PAD = 16;  // floats that rows of weights are padded to, whatever the target

inline long round_up(long n, long to) { return (n + to - 1) / to * to; }
inline vf ld(const float* p) { vf r; memcpy(&r, p, sizeof r); return r; }
inline void st(float* p, vf v) { memcpy(p, &v, sizeof v); }
inline vf bc(float x) { return vf{} + x; }
inline vi as_int(vf x) { vi r; memcpy(&r, &x, sizeof r); return r; }
inline vf as_float(vi x) { vf r; memcpy(&r, &x, sizeof r); return r; }
inline vi lanes() { vi r; for (int i = 0; i < VL; i++) r[i] = i; return r; }
// true in the lanes below `count`
inline vi below(long count) { return lanes() < (int32_t)count; }
inline vf larger(vf a, vf b) { return a < b ? b : a; }      // NaN in `a` stays
inline vf smaller(vf a, vf b) { return a > b ? b : a; }     // NaN in `a` stays
inline vf vabs(vf x) { return as_float(as_int(x) & 0x7fffffff); }
inline vf with_sign(vf size, vf sign) { return as_float((as_int(size) & 0x7fffffff) | (as_int(sign) & (int32_t)0x80000000)); }
inline float sum_lanes(vf v) {                              // a fixed order: halves, quarters, …
  float s[VL];
  st(s, v);
  for (int half = VL / 2; half; half /= 2) for (int i = 0; i < half; i++) s[i] += s[i + half];
  return s[0];
}
inline double sum_lanes_double(vf v) { double s = 0; for (int i = 0; i < VL; i++) s += v[i]; return s; }

inline vf vsqrt(vf x) {
#if VL == 16
  return (vf)_mm512_sqrt_ps((__m512)x);
#elif VL == 8
  return (vf)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
  return (vf)_mm_sqrt_ps((__m128)x);
#else
  vf r;
  for (int i = 0; i < VL; i++) r[i] = std::sqrt(x[i]);
  return r;
#endif
}

// exp(x) = 2^n (1 + r + r² q), |r| ≤ ln 2 / 2; the coefficients of Cephes' expf (Moshier 1989).
struct ExpParts { vf power, rest; };  // 2^n, exp(r) − 1
inline ExpParts exp_parts(vf x) {
  x = smaller(larger(x, bc(-87.3f)), bc(88.0f));
  vf t = x * 1.44269504f + 12582912.f, n = t - 12582912.f;  // rounds to the nearest whole number
  vf r = x - n * 0.693359375f + n * 2.12194440e-4f;
  vf q = r * 1.9875691500e-4f + 1.3981999507e-3f;
  q = q * r + 8.3334519073e-3f;
  q = q * r + 4.1665795894e-2f;
  q = q * r + 1.6666665459e-1f;
  q = q * r + 5.0000001201e-1f;
  return {as_float((__builtin_convertvector(n, vi) + 127) << 23), q * (r * r) + r};
}
inline vf vexp(vf x) { ExpParts e = exp_parts(x); return e.power * e.rest + e.power; }
inline vf vexpm1(vf x) { ExpParts e = exp_parts(x); return e.power * e.rest + (e.power - 1.0f); }
inline vf vsigmoid(vf x) { return 1.0f / (1.0f + vexp(-x)); }

// (exp(2x) − 1) / (exp(2x) + 1): one exponential and one division, exact to a few units in the last place near 0 too.
inline vf vtanh(vf x) { vf e = vexpm1(x + x); return e / (e + 2.0f); }

// Natural logarithm of x > 0 (Cephes' logf); log(0) is about −87, NaN stays.
inline vf vlog(vf x) {
  vf given = x;
  x = larger(x, bc(1.17549435e-38f));
  vi b = as_int(x);
  vi small = ((b & 0x007fffff) | 0x3f000000);
  vf m = as_float(small), e = __builtin_convertvector((b >> 23) - 126, vf);
  auto low = m < 0.707106781186547524f;
  e = low ? e - 1.0f : e;
  m = low ? m + m - 1.0f : m - 1.0f;
  vf z = m * m;
  vf p = m * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  vf y = p * m * z + e * -2.12194440e-4f - 0.5f * z;
  y = m + y + e * 0.693359375f;
  return given != given ? given : given > 3.4e38f ? given : y;
}
inline vf vlog1p(vf x) { vf w = 1.0f + x; return vlog(w) + (x - (w - 1.0f)) / w; }

// The error function to 1 ulp: one polynomial below 0.93, 1 − exp(polynomial) above.
inline vf verf(vf x) {
  vf t = smaller(vabs(x), bc(6.0f)), s = x * x, large = t * t;
  vf r = t * -1.72853470e-5f + 3.83197126e-4f, u = t * -3.88396438e-3f + 2.42546219e-2f;
  r = r * large + u;
  r = r * t - 1.06777877e-1f;
  r = r * t - 6.34846687e-1f;
  r = r * t - 1.28717512e-1f;
  r = r * t - t;
  vf outer = with_sign(1.0f - vexp(r), x);
  vf q = s * -5.96761703e-4f + 4.99119423e-3f;
  q = q * s - 2.67681349e-2f;
  q = q * s + 1.12819925e-1f;
  q = q * s - 3.76125336e-1f;
  q = q * s + 1.28379166e-1f;
  q = q * x + x;
  return t > 0.927734375f ? outer : q;
}

// VL × VL transpose in registers, by exchanges of ever larger blocks.
template <int S, size_t... I> inline void exchange(vf* r, std::index_sequence<I...>) {
  for (int i = 0; i < VL; i++)
    if (!(i & S)) {
      vf a = r[i], b = r[i + S];
#if defined(__clang__)
      r[i] = __builtin_shufflevector(a, b, (I & S ? (int)I + VL - S : (int)I)...);
      r[i + S] = __builtin_shufflevector(a, b, (I & S ? (int)I + VL : (int)I + S)...);
#else
      const vi low = {(I & S ? (int)I + VL - S : (int)I)...}, high = {(I & S ? (int)I + VL : (int)I + S)...};
      r[i] = __builtin_shuffle(a, b, low);
      r[i + S] = __builtin_shuffle(a, b, high);
#endif
    }
}
inline void transpose_block(vf* r) {
  constexpr auto all = std::make_index_sequence<VL>{};
  exchange<1>(r, all);
  exchange<2>(r, all);
  if constexpr (VL > 4) exchange<4>(r, all);
  if constexpr (VL > 8) exchange<8>(r, all);
}
// dst[c][r] = src[r][c] for c < cols (a multiple of VL), r < rows; the columns of dst up to `padded` become 0
inline void transpose(const float* src, long lds, long rows, long cols, float* dst, long ldd, long padded) {
  for (long r = 0; r < padded; r += VL)
    for (long c = 0; c < cols; c += VL) {
      vf block[VL];
      for (int i = 0; i < VL; i++) block[i] = r + i < rows ? ld(src + (r + i) * lds + c) : vf{};
      transpose_block(block);
      for (int i = 0; i < VL; i++) st(dst + (c + i) * ldd + r, block[i]);
    }
}

// Numbers too small to be normal count as 0 while one of these lives: they are slow on many CPUs.
class FlushSmall {
 public:
#if defined(__x86_64__)
  FlushSmall() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushSmall() { _mm_setcsr(before_); }
 private:
  unsigned before_;
#endif
};

}  // namespace nas
