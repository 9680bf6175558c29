// The optimizers' rules as torch 2.13 computes them, one vector of weights at a time.
#pragma once
#include "simd.h"

namespace nas {

enum class Rule : int32_t { STORE, SGD, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, RMSPROP_MOMENTUM, ADADELTA, ADAM, ADAMW, NADAM };

// An optimizer and its hyper-parameters, as Python describes them.
struct Optimizer {
  Rule rule;
  double lr, decay;       // weight decay
  double first, second;   // momentum, alpha, rho, or beta1; momentum of RMSprop, or beta2
  double eps, further;    // lr_decay of Adagrad, momentum_decay of NAdam
};

// What the rule needs in one step; STORE only writes down the gradient.
struct Update {
  Rule rule;
  float lr = 0, decay = 0, first = 0, first_rest = 0, second = 0, second_rest = 0, eps = 0;
  float correction = 1;  // what the root of the second moment is multiplied by
  float ahead = 0;       // NAdam: the learning rate of the momentum, `lr` being that of the gradient

  static Update store() { Update made{}; made.rule = Rule::STORE; return made; }

  // The update of step `number` (from 1), its learning rate multiplied by `factor`; `product` is NAdam's own state.
  static Update of(const Optimizer& o, double factor, long number, double& product) {
    Update u{};
    double lr = o.lr * factor, n = (double)number;
    u.rule = o.rule;
    u.decay = (float)(o.rule == Rule::ADAMW ? 1 - lr * o.decay : o.decay);
    u.first = (float)o.first, u.first_rest = (float)(1 - o.first);
    u.second = (float)o.second, u.second_rest = (float)(1 - o.second);
    u.eps = (float)o.eps;
    if (o.rule == Rule::ADAGRAD) lr /= 1 + (n - 1) * o.further;
    if (o.rule == Rule::ADAM || o.rule == Rule::ADAMW || o.rule == Rule::NADAM)
      u.correction = (float)(1 / std::sqrt(1 - std::pow(o.second, n)));
    if (o.rule == Rule::ADAM || o.rule == Rule::ADAMW) lr /= 1 - std::pow(o.first, n);
    if (o.rule == Rule::NADAM) {
      double now = o.first * (1 - 0.5 * std::pow(0.96, n * o.further));
      double next = o.first * (1 - 0.5 * std::pow(0.96, (n + 1) * o.further));
      product = (float)product * (float)now;
      u.ahead = (float)(lr * next / (1 - product * next));
      lr *= (1 - now) / (1 - product);
    }
    u.lr = (float)lr;
    return u;
  }
};

// The memory of one piece of weights: its values, its gradient where it is stored, and two states of its optimizer.
struct Weights {
  float *value, *gradient, *first, *second;
  Weights at(long offset) const { return {value + offset, gradient ? gradient + offset : nullptr, first + offset, second + offset}; }
};

// Take one vector's step: `g` is the gradient of the vector that lies at `w`.
template <Rule O> inline void update(const Weights& w, long at, vf g, const Update& u) {
  if constexpr (O == Rule::STORE) {
    st(w.gradient + at, g);
    return;
  }
  vf p = ld(w.value + at);
  if constexpr (O == Rule::ADAMW) p *= u.decay; else g += p * u.decay;
  if constexpr (O == Rule::SGD) p -= g * u.lr;
  if constexpr (O == Rule::MOMENTUM || O == Rule::NESTEROV) {
    vf a = ld(w.first + at) * u.first + g;
    st(w.first + at, a);
    if constexpr (O == Rule::NESTEROV) a = g + a * u.first;
    p -= a * u.lr;
  }
  if constexpr (O == Rule::ADAGRAD) {
    vf a = ld(w.first + at) + g * g;
    st(w.first + at, a);
    p -= g * u.lr / (vsqrt(a) + u.eps);
  }
  if constexpr (O == Rule::RMSPROP || O == Rule::RMSPROP_MOMENTUM) {
    vf a = ld(w.first + at) * u.first + g * g * u.first_rest;
    st(w.first + at, a);
    if constexpr (O == Rule::RMSPROP) {
      p -= g * u.lr / (vsqrt(a) + u.eps);
    } else {
      vf b = ld(w.second + at) * u.second + g / (vsqrt(a) + u.eps);
      st(w.second + at, b);
      p -= b * u.lr;
    }
  }
  if constexpr (O == Rule::ADADELTA) {
    vf a = ld(w.first + at) * u.first + g * g * u.first_rest, b = ld(w.second + at);
    st(w.first + at, a);
    vf d = vsqrt(b + u.eps) / vsqrt(a + u.eps) * g;
    st(w.second + at, b * u.first + d * d * u.first_rest);
    p -= d * u.lr;
  }
  if constexpr (O == Rule::ADAM || O == Rule::ADAMW || O == Rule::NADAM) {
    vf a = ld(w.first + at), b = ld(w.second + at) * u.second + g * g * u.second_rest;
    a += (g - a) * u.first_rest;
    st(w.first + at, a);
    st(w.second + at, b);
    vf step = a * u.lr;
    if constexpr (O == Rule::NADAM) step = g * u.lr + a * u.ahead;
    p -= step / (vsqrt(b) * u.correction + u.eps);
  }
  st(w.value + at, p);
}

template <Rule O> struct Tag { static constexpr Rule rule = O; };

// Call f(Tag<rule>{}) so that the rule is inlined into whatever produces the gradient.
template <class F> inline void with_optimizer(const Update& u, F&& f) {
  switch (u.rule) {
    case Rule::STORE: return f(Tag<Rule::STORE>{});
    case Rule::SGD: return f(Tag<Rule::SGD>{});
    case Rule::MOMENTUM: return f(Tag<Rule::MOMENTUM>{});
    case Rule::NESTEROV: return f(Tag<Rule::NESTEROV>{});
    case Rule::ADAGRAD: return f(Tag<Rule::ADAGRAD>{});
    case Rule::RMSPROP: return f(Tag<Rule::RMSPROP>{});
    case Rule::RMSPROP_MOMENTUM: return f(Tag<Rule::RMSPROP_MOMENTUM>{});
    case Rule::ADADELTA: return f(Tag<Rule::ADADELTA>{});
    case Rule::ADAM: return f(Tag<Rule::ADAM>{});
    case Rule::ADAMW: return f(Tag<Rule::ADAMW>{});
    case Rule::NADAM: return f(Tag<Rule::NADAM>{});
  }
}

// Update `count` weights (a multiple of PAD) from a gradient that was stored, scaled by `scale`.
inline void update_all(const Weights& w, const float* gradient, float scale, long count, const Update& u) {
  with_optimizer(u, [&](auto tag) {
    for (long i = 0; i < count; i += VL) update<decltype(tag)::rule>(w, i, ld(gradient + i) * scale, u);
  });
}

}  // namespace nas
