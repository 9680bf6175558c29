// A recurrent layer, rnn, gru or lstm, in one direction or both. The weights of a direction lie in rows of one number for
// each gate and unit, a gate's units padded: [in] rows for the input, [hidden] for the state, a bias for each.
#pragma once
#include <algorithm>

#include "layer.h"

namespace nas {

enum class Cell : int64_t { RNN = 1, GRU = 3, LSTM = 4 };  // the number of gates, in torch's order

class Recurrent final : public Layer {
 public:
  // A gate's units take `gate` floats of a row of weights, all gates at most `width`.
  Recurrent(Cell cell, long inputs, long hidden, long time, long directions, long gate, long width)
      : cell_(cell), inputs_(inputs), hidden_(hidden), time_(time), directions_(directions), gate_(gate), width_(width),
        gates_((long)cell), slots_(cell == Cell::RNN ? 1 : 4) {
    in = inputs * time, out = hidden * directions * time;
  }
  long parameters() const override { return directions_ * (inputs_ + hidden_ + 2) * width_; }
  void bind(const Weights& weights, float*) override { weights_ = weights; }
  void reserve(Workspace& space, long batch) override {
    for (long d = 0; d < directions_; d++) {
      kept_[d].gates = space.take(time_ * slots_ * hidden_ * batch);
      if (cell_ == Cell::LSTM) kept_[d].cells = space.take(time_ * hidden_ * batch), kept_[d].bent = space.take(time_ * hidden_ * batch);
    }
    carried_ = space.take(hidden_ * batch);
    turned_ = space.take(time_ * batch * slots_ * gate_);
  }
  void forward(const float* x, float* y, const Step& step) override {
    for (long d = 0; d < directions_; d++) with_cell([&](auto tag) { Pass<decltype(tag)::cell>(*this, d, step.batch).forward(x, y); });
  }
  void backward(const float* x, const float* y, float* dy, float* dx, const Step& step, const Update& u) override {
    for (long d = 0; d < directions_; d++) {
      with_cell([&](auto tag) { Pass<decltype(tag)::cell>(*this, d, step.batch).backward(y, dy, dx); });
      with_optimizer(u, [&](auto tag) { train<decltype(tag)::rule>(x, y, d, step.batch, u); });
    }
  }

 private:
  template <Cell C> struct CellTag { static constexpr Cell cell = C; };
  template <class F> void with_cell(F f) {
    if (cell_ == Cell::RNN) f(CellTag<Cell::RNN>{});
    if (cell_ == Cell::GRU) f(CellTag<Cell::GRU>{});
    if (cell_ == Cell::LSTM) f(CellTag<Cell::LSTM>{});
  }
  // What a direction's forward pass keeps: each step's gates (of gru also the state's part of the third), which become
  // their gradients, and of lstm the cells and their tanh.
  struct Kept { float *gates, *cells, *bent; };

  // One direction of one cell over one batch; a step's numbers are [unit][batch].
  template <Cell C> struct Pass {
    static constexpr int G = (int)C, SLOTS = C == Cell::RNN ? 1 : 4;
    static constexpr int slot(bool state, int gate) { return C == Cell::GRU && state && gate == 2 ? 3 : gate; }

    Pass(const Recurrent& of, long direction, long batch)
        : H(of.hidden_), I(of.inputs_), T(of.time_), B(batch), width(of.width_), gate(of.gate_), direction(direction), outputs(H * of.directions_),
          w(of.weights_.value + direction * (I + H + 2) * width), kept(of.kept_[direction]), carried(of.carried_), turned(of.turned_) {}
    const long H, I, T, B, width, gate, direction, outputs;
    const float* w;
    const Kept kept;
    float *carried, *turned;

    long at(long step) const { return direction ? T - 1 - step : step; }  // the time of a step
    long state(long time) const { return (time * outputs + direction * H) * B; }

    void forward(const float* x, float* y) const {
      constexpr int U = VL == 16 ? 8 / SLOTS : 4 / SLOTS;  // units whose gates fit into the registers, for two vectors
      for (long s = 0; s < T; s++) {
        long r = 0;
        for (; r + U <= H; r += U) units<U>(x, y, s, r);
        for (; r < H; r++) units<1>(x, y, s, r);
      }
    }
    template <int U> void units(const float* x, float* y, long s, long r) const {
      long l = 0;
      for (; l + 2 * VL <= B; l += 2 * VL) cell<U, 2>(x, y, s, r, l);
      if (l < B) cell<U, 1>(x, y, s, r, l);
    }
    // a[slot][unit] += rows · values, for each gate
    template <bool STATE, int U, int NV> void gather(vf (&a)[SLOTS][U][NV], const float* rows, const float* values, long count) const {
      for (long k = 0; k < count; k++) {
        vf v[NV];
        for (int j = 0; j < NV; j++) v[j] = ld(values + k * B + VL * j);
        for (int g = 0; g < G; g++)
          for (int q = 0; q < U; q++) {
            float s = rows[k * width + g * gate + q];
            for (int j = 0; j < NV; j++) a[slot(STATE, g)][q][j] += v[j] * s;
          }
      }
    }
    template <int U, int NV> void cell(const float* x, float* y, long s, long r, long l) const {
      const long t = at(s);
      const float *bias = w + (I + H) * width + r, *state_bias = bias + width;
      vf a[SLOTS][U][NV] = {};
      for (int g = 0; g < G; g++)
        for (int q = 0; q < U; q++)
          for (int j = 0; j < NV; j++) {
            a[g][q][j] += bias[g * gate + q];
            a[slot(true, g)][q][j] += state_bias[g * gate + q];
          }
      gather<false>(a, w + r, x + t * I * B + l, I);
      const float* before = s ? y + state(at(s - 1)) : nullptr;
      if (s) gather<true>(a, w + I * width + r, before + l, H);
      const long plane = H * B;
      float* gates = kept.gates + t * SLOTS * plane;
      for (int q = 0; q < U; q++)
        for (int j = 0; j < NV; j++) {
          const long p = (r + q) * B + l + VL * j;
          vf h;
          if constexpr (C == Cell::RNN) h = vtanh(a[0][q][j]);
          if constexpr (C == Cell::GRU) {
            vf reset = vsigmoid(a[0][q][j]), keep = vsigmoid(a[1][q][j]), fresh = vtanh(a[2][q][j] + reset * a[3][q][j]);
            h = s ? fresh + keep * (ld(before + p) - fresh) : fresh - keep * fresh;
            st(gates + p, reset), st(gates + plane + p, keep), st(gates + 2 * plane + p, fresh), st(gates + 3 * plane + p, a[3][q][j]);
          }
          if constexpr (C == Cell::LSTM) {
            vf let = vsigmoid(a[0][q][j]), keep = vsigmoid(a[1][q][j]), fresh = vtanh(a[2][q][j]), show = vsigmoid(a[3][q][j]);
            vf c = let * fresh;
            if (s) c += keep * ld(kept.cells + at(s - 1) * plane + p);
            vf bent = vtanh(c);
            h = show * bent;
            st(gates + p, let), st(gates + plane + p, keep), st(gates + 2 * plane + p, fresh), st(gates + 3 * plane + p, show);
            st(kept.cells + t * plane + p, c), st(kept.bent + t * plane + p, bent);
          }
          st(y + state(t) + p, h);
        }
    }

    void backward(const float* y, const float* dy, float* dx) const {
      for (long s = T; s-- > 0;) {
        over_rows(H, [&](auto rows, long r, auto vectors, long l) { step_back<rows, vectors>(y, dy, s, r, l); });
        for (int g = 0; g < SLOTS; g++)
          for (long r = 0; r < H; r += PAD)
            transpose(kept.gates + ((at(s) * SLOTS + g) * H + r) * B, B, std::min(PAD, H - r), B, turned + ((g * gate + r) * T + at(s) * PAD) * B, PAD, PAD);
      }
      for (long t = 0; t < T && dx; t++)
        over_rows(I, [&](auto rows, long r, auto vectors, long l) { through<rows, vectors>(dx + t * I * B, t, r, l); });
    }
    // f(rows, first row, vectors, first column) for tiles of all rows of a batch
    template <class F> void over_rows(long count, F f) const {
      long r = 0;
      constexpr int R = VL == 16 ? 8 : 4;
      for (; r + R <= count; r += R) over_columns<R>(r, f);
      for (; r + 2 <= count; r += 2) over_columns<2>(r, f);
      for (; r < count; r++) over_columns<1>(r, f);
    }
    template <int R, class F> void over_columns(long r, F& f) const {
      long l = 0;
      for (; l + 2 * VL <= B; l += 2 * VL) f(std::integral_constant<int, R>{}, r, std::integral_constant<int, 2>{}, l);
      if (l < B) f(std::integral_constant<int, R>{}, r, std::integral_constant<int, 1>{}, l);
    }
    // a += the gradients of the gates at time t, through weights that begin at `rows`
    template <bool STATE, int R, int NV> void return_through(vf (&a)[R][NV], const float* rows, long t, long l) const {
      for (int g = 0; g < G; g++)
        accumulate<R, NV>(rows + g * gate, 1, width, kept.gates + (t * SLOTS + slot(STATE, g)) * H * B + l, B, H, a);
    }
    template <int R, int NV> void through(float* dx, long t, long r, long l) const {
      vf a[R][NV] = {};
      return_through<false>(a, w + r * width, t, l);
      for (int q = 0; q < R; q++)
        for (int j = 0; j < NV; j++) {
          float* to = dx + (r + q) * B + l + VL * j;
          st(to, direction ? ld(to) + a[q][j] : a[q][j]);
        }
    }
    // The gradients of R units' gates at step s, in the gates' place.
    template <int R, int NV> void step_back(const float* y, const float* dy, long s, long r, long l) const {
      const long t = at(s), plane = H * B;
      const bool last = s == T - 1;
      vf a[R][NV] = {};
      if (!last) return_through<true>(a, w + (I + r) * width, at(s + 1), l);
      float* gates = kept.gates + t * SLOTS * plane;
      for (int q = 0; q < R; q++)
        for (int j = 0; j < NV; j++) {
          const long p = (r + q) * B + l + VL * j;
          vf d = a[q][j] + ld(dy + state(t) + p);
          if constexpr (C == Cell::RNN) {
            vf h = ld(y + state(t) + p);
            st(gates + p, d * (1.0f - h * h));
          }
          if constexpr (C == Cell::GRU) {
            vf reset = ld(gates + p), keep = ld(gates + plane + p), fresh = ld(gates + 2 * plane + p), part = ld(gates + 3 * plane + p);
            vf before = s ? ld(y + state(at(s - 1)) + p) : vf{};
            if (!last) d += ld(carried + p);
            vf dn = d * (1.0f - keep) * (1.0f - fresh * fresh);
            st(gates + p, dn * part * reset * (1.0f - reset)), st(gates + plane + p, d * (before - fresh) * keep * (1.0f - keep));
            st(gates + 2 * plane + p, dn), st(gates + 3 * plane + p, dn * reset);
            st(carried + p, d * keep);
          }
          if constexpr (C == Cell::LSTM) {
            vf let = ld(gates + p), keep = ld(gates + plane + p), fresh = ld(gates + 2 * plane + p), show = ld(gates + 3 * plane + p);
            vf bent = ld(kept.bent + t * plane + p), before = s ? ld(kept.cells + at(s - 1) * plane + p) : vf{};
            vf dc = d * show * (1.0f - bent * bent);
            if (!last) dc += ld(carried + p);
            st(gates + p, dc * fresh * let * (1.0f - let)), st(gates + plane + p, dc * before * keep * (1.0f - keep));
            st(gates + 2 * plane + p, dc * let * (1.0f - fresh * fresh)), st(gates + 3 * plane + p, d * bent * show * (1.0f - show));
            st(carried + p, dc * keep);
          }
        }
    }
  };

  // The weights' gradients, a sum over all steps and samples, go from the registers into the optimizer.
  template <Rule O> void train(const float* x, const float* y, long direction, long batch, const Update& given) {
    const Update u = given;
    const Weights w = weights_.at(direction * (inputs_ + hidden_ + 2) * width_);
    const long width = width_, gates = gates_ * gate_, state = inputs_ * width, outputs = hidden_ * directions_ * batch;
    auto train = [&](long offset) { return [=](long r, long c, vf g) { update<O>(w, offset + r * width + c, g, u); }; };
    summed({x, inputs_ * batch, turned_, time_ * batch, time_, batch}, inputs_, gates, train(0));
    const float *before = y + direction * (outputs + hidden_ * batch), *after = turned_ + (direction ? 0 : batch * PAD);
    const Sum states{before, outputs, after, time_ * batch, time_ - 1, batch};
    if (cell_ == Cell::GRU) {
      summed(states, hidden_, 2 * gate_, train(state));
      summed(states.from(3 * gate_), hidden_, gate_, train(state + 2 * gate_));
    } else {
      summed(states, hidden_, gates, train(state));
    }
    for (long c = 0; c < gates; c += VL) {
      vf g = total(c, batch);
      update<O>(w, state + hidden_ * width + c, g, u);
      update<O>(w, state + (hidden_ + 1) * width + c, cell_ == Cell::GRU && c >= 2 * gate_ ? total(c + gate_, batch) : g, u);
    }
  }
  vf total(long c, long batch) const {
    vf g = {};
    const float* at = Sum{nullptr, 0, turned_, time_ * batch, 0, 0}.column(c);
    for (long k = 0; k < time_ * batch; k++) g += ld(at + k * PAD);
    return g;
  }
  // Σ over steps and samples of S[step][r][sample] · V[column / PAD][sample of a step][column % PAD]: columns lie in panels,
  // so that a tile reads memory from one end to the other.
  struct Sum {
    const float* S;
    long per_step;
    const float* V;
    long samples, steps, batch;  // in a panel; those summed, of so many samples
    const float* column(long c) const { return V + c / PAD * samples * PAD + c % PAD; }
    Sum from(long c) const { Sum other = *this; other.V = column(c); return other; }
  };
  // epilogue(r, c, v) gets v = the sums of row r for the columns c …
  template <class E> static void summed(const Sum& sum, long M, long N, E epilogue) {
    long c = 0;
    for (; c + 2 * VL <= N; c += 2 * VL) rows<2>(sum, M, c, epilogue);
    if (c < N) rows<1>(sum, M, c, epilogue);
  }
  template <int NV, class E> static void rows(const Sum& sum, long M, long c, E& epilogue) {
    constexpr int R = VL == 16 ? 8 : 4;
    long r = 0;
    for (; r + R <= M; r += R) summed_tile<R, NV>(sum, r, c, epilogue);
    for (; r < M; r++) summed_tile<1, NV>(sum, r, c, epilogue);
  }
  template <int R, int NV, class E> static void summed_tile(const Sum& sum, long r0, long c0, E& epilogue) {
    vf a[R][NV] = {};
    const float *first = sum.column(c0), *last = sum.column(c0 + VL * (NV - 1));
    for (long t = 0; t < sum.steps; t++, first += sum.batch * PAD, last += sum.batch * PAD) {
      const float* s = sum.S + t * sum.per_step + r0 * sum.batch;
      for (long b = 0; b < sum.batch; b++) {
        const vf v[2] = {ld(first + b * PAD), ld(last + b * PAD)};
        for (int r = 0; r < R; r++)
          for (int j = 0; j < NV; j++) a[r][j] += v[j] * s[r * sum.batch + b];
      }
    }
    for (int r = 0; r < R; r++)
      for (int j = 0; j < NV; j++) epilogue(r0 + r, c0 + VL * j, a[r][j]);
  }

  Cell cell_;
  long inputs_, hidden_, time_, directions_, gate_, width_, gates_, slots_;
  Weights weights_{};
  Kept kept_[2] = {};
  float *carried_ = nullptr, *turned_ = nullptr;
};

inline Made make_recurrent(Description& d) {
  Cell cell = (Cell)d.whole();
  long inputs = d.whole(), hidden = d.whole(), time = d.whole(), directions = d.whole(), gate = d.whole();
  return std::make_unique<Recurrent>(cell, inputs, hidden, time, directions, gate, d.whole());
}

}  // namespace nas
