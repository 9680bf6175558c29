"""Study files that are right."""

SHORTEST = """\
name: first-search
task: digits
space:
  family: mlp
  depth: 1..6
  width: {each: [16, 32, 64, 128]}        # sampled anew for each layer
  activation: [relu, gelu, tanh, elu]
  optimizer: {sgd: {lr: 1e-3..1 log, momentum: 0..0.99}, adamw: {lr: 1e-4..1e-1 log}}
objective: maximize accuracy
budget: {trials: 64, epochs: 27}
"""

FULL = """\
name: second
task: {csv: {path: adult.csv, target: income}}
split: {validation: .1, seed: 4}
loss: cross_entropy
space:
  name: mine
  family: cnn
  activation: [relu, gelu]
  channels: {each: 8..64 step 8}
  kernel: {each: {choice: [1, 3], when: "batch_size > 16"}}
  stages: 1..3
  norm: {none: , group: {groups: [1, 2, 4]}, batch: {}}
  dropout: {range: 0..0.5, when: "stages >= 2 and norm != none"}
  lr: 1e-5..0.3 log
  optimizer: [sgd, adam]
  batch_size: 16..128 step 16
  schedule: {constant: , one_cycle: {rise: 0.1..0.5}, step: {}}
  warmup: 0..1
  constraints: ["sum(channels) <= 128"]
  limits: {parameters: 200k, memory: 64MB}
objectives: [maximize accuracy, minimize parameters]
constraints: ["parameters <= 200k", "loss < 2"]
limits: {flops: 2M}
pruner: {asha: {reduction_factor: 3}, metric: accuracy}
sampler: {tpe: {startup_trials: 8}}
budget: {trials: 1k, time: 1h30m, target: 0.98, patience: 20}
training: {checkpoint_seconds: 30s, epoch_samples: 5k}
final: {seeds: 5, top: 2, ensemble: true}
executor: {process: {workers: 2}}
storage: "${NAS_TEST_DB:-sqlite:///x.db}"
artifacts: {folder: "runs — März", keep: 3, export: [source]}
seed: 7
"""
