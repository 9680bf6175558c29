// A register-tiled product of matrices; what becomes of each vector of the result is the caller's `epilogue`.
#pragma once
#include "simd.h"

namespace nas {

// a[r][j] += Σ_k S[k·sk + r·sr] · V[k·ldv + VL·j]; the sum over k is in order, so no tile's shape changes a result.
template <int R, int NV>
inline void accumulate(const float* S, long sk, long sr, const float* V, long ldv, long K, vf (&a)[R][NV]) {
  for (long k = 0; k < K; k++) {
    vf x[NV];
    for (int j = 0; j < NV; j++) x[j] = ld(V + k * ldv + VL * j);
    const float* s = S + k * sk;
    for (int r = 0; r < R; r++) {
      float w = s[r * sr];
      for (int j = 0; j < NV; j++) a[r][j] += x[j] * w;
    }
  }
}

template <int R, int NV, class E>
inline void tile(const float* S, long sk, long sr, const float* V, long ldv, long K, long r0, long c0, E& epilogue) {
  vf a[R][NV] = {};
  accumulate<R, NV>(S + r0 * sr, sk, sr, V + c0, ldv, K, a);
  for (int r = 0; r < R; r++)
    for (int j = 0; j < NV; j++) epilogue(r0 + r, c0 + VL * j, a[r][j]);
}

template <int NV, class E>
inline void columns(const float* S, long sk, long sr, const float* V, long ldv, long K, long M, long c0, E& epilogue) {
  constexpr int R = VL == 16 ? 12 : 6;  // of 32 vector registers, or 16
  long r = 0;
  for (; r + R <= M; r += R) tile<R, NV>(S, sk, sr, V, ldv, K, r, c0, epilogue);
  if (VL == 16 && r + 8 <= M) { tile<8, NV>(S, sk, sr, V, ldv, K, r, c0, epilogue); r += 8; }
  if (r + 4 <= M) { tile<4, NV>(S, sk, sr, V, ldv, K, r, c0, epilogue); r += 4; }
  if (r + 2 <= M) { tile<2, NV>(S, sk, sr, V, ldv, K, r, c0, epilogue); r += 2; }
  if (r < M) tile<1, NV>(S, sk, sr, V, ldv, K, r, c0, epilogue);
}

// epilogue(r, c, v) gets v = out[r][c … c + VL − 1] for every r < M and c < N (N a multiple of VL),
// out[r][c] = Σ_k S[k·sk + r·sr] · V[k·ldv + c]
template <class E>
inline void gemm(const float* S, long sk, long sr, const float* V, long ldv, long K, long M, long N, E epilogue) {
  long c = 0;
  for (; c + 2 * VL <= N; c += 2 * VL) columns<2>(S, sk, sr, V, ldv, K, M, c, epilogue);
  if (c < N) columns<1>(S, sk, sr, V, ldv, K, M, c, epilogue);
}

// The same for a long epilogue: a few rows at a time, from end to end, so that what the epilogue reads and writes is
// passed through in the order of memory. An eighth of a training step, where the optimizer's states fill the cache.
template <int R, int NV, class E>
inline void along(const float* S, long sk, long sr, const float* V, long ldv, long K, long r, long N, E& epilogue) {
  long c = 0;
  for (; c + NV * VL <= N; c += NV * VL) tile<R, NV>(S, sk, sr, V, ldv, K, r, c, epilogue);
  if constexpr (NV > 2) if (c + 2 * VL <= N) { tile<R, 2>(S, sk, sr, V, ldv, K, r, c, epilogue); c += 2 * VL; }
  if (c < N) tile<R, 1>(S, sk, sr, V, ldv, K, r, c, epilogue);
}
template <class E>
inline void gemm_along_rows(const float* S, long sk, long sr, const float* V, long ldv, long K, long M, long N, E epilogue) {
  constexpr int R = 4, NV = VL == 16 ? 4 : 2;
  long r = 0;
  for (; r + R <= M; r += R) along<R, NV>(S, sk, sr, V, ldv, K, r, N, epilogue);
  if (r + 2 <= M) { along<2, NV>(S, sk, sr, V, ldv, K, r, N, epilogue); r += 2; }
  if (r < M) along<1, NV>(S, sk, sr, V, ldv, K, r, N, epilogue);
}

}  // namespace nas
