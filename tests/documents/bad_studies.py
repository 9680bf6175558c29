"""Study files that are wrong, each with the place and a word of every mistake that must be told."""

from dataclasses import dataclass

START = "name: a\ntask: digits\n"
SPACE = START + "space:\n  family: mlp\n"
WHOLE = SPACE + "  depth: 1..3\n"


@dataclass(frozen=True, slots=True)
class Bad:
    """A wrong file and, in order, line:column and a part of the message of each mistake."""

    title: str
    content: str | bytes
    told: tuple[tuple[str, str], ...]


def _bad(title: str, content: str | bytes, *told: str) -> Bad:
    """Each of `told` is `line:column words`."""
    return Bad(title, content, tuple((place, words) for place, _, words in (each.partition(" ") for each in told)))


NOT_YAML = (
    _bad("an empty file", "", "0:0 is empty"),
    _bad("only a comment", "# nothing yet\n", "0:0 is empty"),
    _bad("a tab", "name: a\nspace:\n\tfamily: mlp\n", "3:1 tab"),
    _bad("tabs on several lines", "name:\ta\ntask:\tdigits\n", "1:6 tab", "2:6 tab"),
    _bad("not UTF-8", b"name: a\ntask: caf\xe9\n", "2:10 not UTF-8"),
    _bad("UTF-16", "name: a".encode("utf-16"), "1:1 not UTF-8"),
    _bad("a NUL", "name: a\0b\n", "1:8 U+0000"),
    _bad("five megabytes", b"# " + b"x" * 5_000_000, "0:0 larger than 256 KB"),
    _bad("nesting of 3000", "[" * 3000, "1:33 nested more than 32"),
    _bad("nesting of 3000 mappings", "{a: " * 3000, "1:129 nested more than 32"),
    _bad("an unclosed list", "name: [a, b\n", "2:1 expected ',' or ']'"),
    _bad("an unclosed quote", 'name: "a\n', "2:1 end of stream"),
    _bad("bad indentation", "name: a\n  task: digits\n", "2:7 indented too far"),
    _bad("two documents", WHOLE + "---\nname: b\n", "6:1 second document"),
    _bad("too many values", "name: [" + "1," * 50_000 + "1]\n", "1:20000 5000 values"),
    _bad("a list at the top", "- name: a\n- task: digits\n", "1:1 needs a study: a mapping"),
    _bad("a text at the top", "digits\n", "1:1 needs a study: a mapping"),
    _bad("a hundred thousand wrong escapes", 'name: "\\U99999999"\n', "0:0 not YAML"),
    _bad("half a character", 'name: a\ntask: "\\ud800"\nspace: {family: mlp}\n', "2:7 surrogate"),
)

SURPRISES = (
    _bad("a duplicate key", START + "name: b\nspace: {family: mlp}\n", "3:1 duplicate key (first on line 1)"),
    _bad("a duplicate key in a space", WHOLE + "  depth: 2\n", "6:3 duplicate key"),
    _bad(
        "an alias bomb",
        "name: &a [x, x]\ntask: &b [*a, *a]\nspace: *b\n",
        *("1:7 anchors", "2:7 anchors", "2:11 aliases", "2:15 aliases", "3:8 aliases"),
    ),
    _bad("a merge key", SPACE + "  <<: {depth: 3}\n", "5:3 merge keys"),
    _bad(
        "a Python object",
        SPACE + "  depth: !!python/object/apply:os.system [x]\n",
        "5:10 tags",
        "5:43 a number",
    ),
    _bad("a tag", SPACE + "  depth: !!int 3\n", "5:10 tags"),
    _bad("a key that is a list", SPACE + "  ? [a, b]\n  : 3\n", "5:5 key has to be text"),
    _bad("a leading zero", SPACE + "  depth: 010\n", "5:10 010 has a leading zero (write 10"),
    _bad("a year for a number", SPACE + "  depth: 2024-01-01\n", "5:10 needs a number, got '2024-01-01'"),
    _bad("a time for a number", SPACE + "  depth: 12:30:45\n", "5:10 needs a number, got '12:30:45'"),
    _bad("not a number", SPACE + "  dropout: .nan\n", "5:12 needs a number"),
    _bad("infinity", SPACE + "  dropout: .inf\n", "5:12 ≤ 0.95"),
    _bad(
        "no for false",
        SPACE + "  optimizer: {sgd: {nesterov: no}}\n",
        "5:31 got 'no' (write false)",
    ),
    _bad("yes for true", SPACE + "  optimizer: {sgd: {nesterov: yes}}\n", "5:31 (write true)"),
    _bad("an integer of 5000 digits", WHOLE + "seed: " + "9" * 5000 + "\n", "6:7 needs a whole number"),
    _bad("a number beyond all numbers", WHOLE + "budget: {target: 1e999}\n", "6:18 needs a number"),
)

SPACES = (
    _bad("no family", START + "space: {depth: 3}\n", "3:8 needs a family"),
    _bad("a misspelt family key", START + "space: {famly: mlp}\n", "3:8 did you mean family for 'famly'?"),
    _bad("an unknown family", START + "space: {family: mpl}\n", "3:17 unknown family 'mpl' (did you mean 'mlp'?)"),
    _bad("an unknown ready-made space", START + "space: mpl\n", "3:8 unknown space 'mpl'"),
    _bad("a path that leads out", START + "space: ../../etc\n", "3:8 unknown space '../../etc'"),
    _bad("a file that is not there", START + "space: spaces/mine.yaml\n", "3:8 no such file"),
    _bad("a list for a space", START + "space: [mlp]\n", "3:8 needs a search space"),
    _bad("nothing for a space", START + "space:\n", "3:7 needs a search space"),
    _bad("an unknown hyper-parameter", SPACE + "  depht: 3\n", "5:3 unknown key (did you mean 'depth'?)"),
    _bad("low above high", SPACE + "  depth: 6..1\n", "5:10 low ≤ high, got 6..1 (try 1..6)"),
    _bad("a log of zero", SPACE + "  lr: 0..0.1 log\n", "5:7 log range needs low > 0, got 0..0.1"),
    _bad("a negative log", SPACE + "  lr: -1..0.1 log\n", "5:7 log range needs low > 0"),
    _bad("half a range", SPACE + "  depth: 1..\n", "5:10 not a range"),
    _bad("a range of words", SPACE + "  depth: one..six\n", "5:10 'one' is not a number"),
    _bad("an unknown word after a range", SPACE + "  lr: 1e-4..1 lgo\n", "5:7 did you mean 'log'?"),
    _bad("a step of zero", SPACE + "  depth: 1..6 step 0\n", "5:10 step must be > 0"),
    _bad("a step back", SPACE + "  depth: 1..6 step -1\n", "5:10 step must be > 0"),
    _bad("a step over the end", SPACE + "  width: 16..32 step 64\n", "5:10 step is larger than the range"),
    _bad("a step and a log", SPACE + "  width: 16..128 log step 16\n", "5:10 unknown 'log step 16'"),
    _bad("a fraction for a whole number", SPACE + "  depth: 1.5\n", "5:10 needs a whole number, got 1.5"),
    _bad("a range of fractions for whole numbers", SPACE + "  depth: 1..2.5\n", "5:10 whole number"),
    _bad("the high end too high", SPACE + "  depth: 1..1000000000\n", "5:10 the high end needs a whole number"),
    _bad("a layer for each of a billion", SPACE + "  depth: 10\n  width: {each: 1..9999999999}\n", "6:17 the high end"),
    _bad("the low end too low", SPACE + "  lr: 0..0.1\n", "5:7 the low end needs a number > 0"),
    _bad("a value too high", SPACE + "  dropout: 2\n", "5:12 ≤ 0.95"),
    _bad("an option too high", SPACE + "  dropout: [0, 0.5, 7]\n", "5:21 ≤ 0.95"),
    _bad("an empty choice", SPACE + "  activation: []\n", "5:15 needs 1 to 1000 options, got none"),
    _bad("an empty mapping of options", SPACE + "  optimizer: {}\n", "5:14 at least one option"),
    _bad("options twice", SPACE + "  width: [16, 32, 16]\n", "5:19 given twice"),
    _bad("options twice in other words", SPACE + "  dropout: [0, 0.0]\n", "5:16 given twice"),
    _bad("an unknown option", SPACE + "  activation: [relu, gleu]\n", "5:22 unknown option 'gleu'"),
    _bad("true among numbers", SPACE + "  width: [16, true]\n", "5:15 needs a number, got true"),
    _bad("a list among options", SPACE + "  width: [16, [32]]\n", "5:15 whole number"),
    _bad("a number for a text", SPACE + "  activation: 3\n", "5:15 needs text, got 3"),
    _bad("a range of texts", SPACE + "  activation: relu..tanh\n", "5:15 unknown option"),
    _bad("two thousand options", SPACE + f"  width: {list(range(1, 2_001))}\n", "5:10 needs 1 to 1000 options"),
    _bad("each where none is", SPACE + "  norm: {each: [none, batch]}\n", "5:16 one value for the whole network"),
    _bad("each within each", SPACE + "  width: {each: {each: [1, 2]}}\n", "5:17 each: needs"),
    _bad("a wrong word beside each", SPACE + "  width: {each: [1, 2], wen: a}\n", "5:25 did you mean 'when'?"),
    _bad("a range and a choice", SPACE + "  width: {range: 1..2, choice: [1]}\n", "5:10 exactly one of"),
    _bad("only a condition", SPACE + "  width: {when: depth > 1}\n", "5:10 exactly one of"),
    _bad("a mapping for a number", SPACE + "  width: {low: 1, high: 3}\n", "5:11 unknown key", "5:19 unknown key"),
    _bad("an unknown optimizer", SPACE + "  optimizer: {adm: {lr: 0.1}}\n", "5:15 unknown option 'adm'"),
    _bad("an unknown optimizer's name", SPACE + "  optimizer: adm\n", "5:14 did you mean 'adam'?"),
    _bad("an unknown schedule", SPACE + "  schedule: cosin\n", "5:13 did you mean 'cosine'?"),
    _bad("a setting of another optimizer", SPACE + "  optimizer: {sgd: {beta1: 0.9}}\n", "5:21 unknown key"),
    _bad("a setting that nothing opens", SPACE + "  optimizer: adam\n  momentum: 0..0.9\n", "6:13 is for optimizer"),
    _bad("a setting of a norm not used", SPACE + "  groups: [1, 2]\n", "5:11 is for norm: group alone"),
    _bad("a batch of nothing", SPACE + "  batch_size: 0\n", "5:15 ≥ 1"),
    _bad("a limit that is no number", SPACE + "  limits: {parameters: many}\n", "5:24 needs a whole number"),
    _bad("a size in no unit", SPACE + "  limits: {memory: 64 potatoes}\n", "5:20 needs a size"),
    _bad("an unknown limit", SPACE + "  limits: {params: 200k}\n", "5:12 did you mean 'parameters'?"),
)

CONDITIONS = (
    _bad(
        "a circular condition",
        SPACE + "  depth: {range: 1..3, when: width > 1}\n  width: {range: 1..3, when: depth > 1}\n",
        "5:30 circular condition: depth, width",
    ),
    _bad("a word that is no option", SPACE + "  width: {range: 1..9, when: norm == bacth}\n", "5:30 'batch'?"),
    _bad("a condition on itself", SPACE + "  width: {range: 1..9, when: width > 1}\n", "5:30 circular condition"),
    _bad(
        "a condition on nothing",
        SPACE + "  width: {range: 1..9, when: dept > 1}\n",
        "5:30 did you mean 'depth'?",
    ),
    _bad("a condition that ends early", SPACE + "  width: {range: 1..9, when: depth >}\n", "5:30 missing"),
    _bad("a condition that is a number", SPACE + "  width: {range: 1..9, when: 3}\n", "5:30 needs an expression"),
    _bad("a condition that is code", SPACE + "  width: {range: 1..9, when: __import__('os')}\n", "5:30 function"),
    _bad("a condition of one value", SPACE + "  width: {choice: [8], when: depth > 1}\n", "5:30 range or a choice"),
    _bad("a constraint on nothing", SPACE + "  constraints: ['depht < 3']\n", "5:17 did you mean 'depth'?"),
    _bad("a constraint that is no list", SPACE + "  constraints: depth < 3\n", "5:16 needs a list of expressions"),
    _bad("a constraint deeper than deep", SPACE + f"  constraints: ['{'(' * 200}1']\n", "5:17 at most 40 deep"),
)

SECTIONS = (
    _bad("nothing but a name", "name: a\n", "1:1 task is missing", "1:1 space is missing"),
    _bad("an unknown key", WHOLE + "objectve: maximize accuracy\n", "6:1 unknown key (did you mean 'objective'?)"),
    _bad(
        "a name with spaces",
        WHOLE.replace("name: a", "name: My Study"),
        "1:7 needs small letters",
    ),
    _bad("a name that leads out", WHOLE.replace("name: a", "name: ../etc"), "1:7 needs small letters"),
    _bad("an empty name", WHOLE.replace("name: a", "name: ''"), "1:7 needs small letters"),
    _bad("a number for a name", WHOLE.replace("name: a", "name: 12"), "1:7 needs text, got 12 (in quotes: '12')"),
    _bad("an unknown task", WHOLE.replace("digits", "digit"), "2:7 unknown task 'digit' (did you mean 'digits'?)"),
    _bad("a task that is a list", WHOLE.replace("digits", "[digits]"), "2:7 needs the name of a task"),
    _bad("two tasks", WHOLE.replace("digits", "{digits: , wine: }"), "2:7 needs one task, got digits, wine"),
    _bad("a setting that no task has", WHOLE.replace("digits", "{digits: {size: 3}}"), "2:17 unknown key"),
    _bad("a table that is not there", WHOLE.replace("digits", "{csv: {path: no.csv, target: y}}"), "2:20 no such file"),
    _bad("a table that is a folder", WHOLE.replace("digits", "{csv: {path: .., target: y}}"), "2:20 is a folder"),
    _bad("a loss nobody has", WHOLE + "loss: entropy\n", "6:7 did you mean 'cross_entropy'?"),
    _bad("a split that leaves nothing", WHOLE + "split: {validation: 0.5, test: 0.5}\n", "6:8 leave 0.00"),
    _bad("a negative split", WHOLE + "split: {test: -1}\n", "6:15 from 0.001 to 0.9"),
    _bad("an objective of no metric", WHOLE + "objective: best\n", "6:12 such as maximize accuracy"),
    _bad("a direction nobody knows", WHOLE + "objective: maximise accuracy\n", "6:12 did you mean 'maximize'?"),
    _bad("a metric nobody measures", WHOLE + "objective: maximize acuracy\n", "6:12 did you mean 'accuracy'?"),
    _bad("an objective twice", WHOLE + "objectives: [minimize loss, minimize loss]\n", "6:29 objective already"),
    _bad("no objectives", WHOLE + "objectives: []\n", "6:13 needs 1 to 5 objectives, got 0"),
    _bad("objective and objectives", WHOLE + "objective: minimize loss\nobjectives: [minimize loss]\n", "7:13 one"),
    _bad("a constraint on no metric", WHOLE + "constraints: ['paramters <= 2']\n", "6:15 did you mean 'parameters'?"),
    _bad(
        "a constraint of two times",
        WHOLE + "constraints: ['memory <= 2k and loss < 1']\n",
        "6:15 'memory' is known before training alone",
    ),
    _bad("an unknown sampler", WHOLE + "sampler: tpee\n", "6:10 unknown sampler 'tpee' (did you mean 'tpe'?)"),
    _bad("a sampler's unknown setting", WHOLE + "sampler: {tpe: {startup: 3}}\n", "6:17 'startup_trials'?"),
    _bad(
        "a sampler's wrong setting",
        WHOLE + "sampler: {tpe: {startup_trials: many}}\n",
        "6:33 got 'many'",
    ),
    _bad(
        "a dimension for a sampler", WHOLE + "sampler: {tpe: {startup_trials: [1, 2]}}\n", "6:33 needs a whole number"
    ),
    _bad("an unknown pruner", WHOLE + "pruner: asah\n", "6:9 did you mean 'asha'?"),
    _bad("a pruner of an unknown metric", WHOLE + "pruner: {asha: , metric: acuracy}\n", "6:26 'accuracy'?"),
    _bad(
        "a pruner that cannot know what to compare",
        WHOLE + "objectives: [maximize accuracy, minimize flops]\npruner: asha\n",
        "7:9 needs the metric that the pruner compares",
    ),
    _bad("an unknown executor", WHOLE + "executor: proces\n", "6:11 did you mean 'process'?"),
    _bad("half a worker", WHOLE + "executor: {process: {workers: 1.5}}\n", "6:31 needs a whole number"),
    _bad("words for trials", WHOLE + "budget: {trials: lots}\n", "6:18 needs a whole number"),
    _bad("no trials", WHOLE + "budget: {trials: -5}\n", "6:18 from 0 to"),
    _bad("no end", WHOLE + "budget: {trials: 0}\n", "6:18 nothing else ends the search"),
    _bad("a time in no unit", WHOLE + "budget: {time: 2 fortnights}\n", "6:16 needs a duration"),
    _bad("a budget that is a number", WHOLE + "budget: 64\n", "6:9 needs a mapping (key: value), got 64"),
    _bad("a seed below zero", WHOLE + "seed: -1\n", "6:7 from 0 to"),
    _bad("true for a seed", WHOLE + "seed: true\n", "6:7 needs a whole number"),
    _bad("a storage that is no URL", WHOLE + "storage: nas.db\n", "6:10 such as sqlite:///nas.db"),
    _bad("a variable that is not set", WHOLE + "storage: ${NAS_NOWHERE}\n", "6:10 NAS_NOWHERE is not set"),
    _bad("a part that is not set", WHOLE + "storage: ${NAS_NOWHERE}/nas.db\n", "6:10 NAS_NOWHERE is not set"),
    _bad("a variable elsewhere", WHOLE + "artifacts: {folder: 3}\n", "6:21 needs a folder, got 3"),
    _bad("an unknown format", WHOLE + "artifacts: {export: [sourc]}\n", "6:22 unknown format 'sourc'"),
    _bad("a final stage of words", WHOLE + "final: {seeds: [1, 2]}\n", "6:16 needs a whole number"),
    _bad("a training option nobody has", WHOLE + "training: {epochs: 3}\n", "6:12 unknown key"),
    _bad(
        "many mistakes, told in the order of the file",
        "name: A B\ntask: digit\nspace:\n  family: mlp\n  depth: 6..1\n  depth: 3\n  widht: 3\nseed: x\n",
        *(
            "1:7 small letters",
            "2:7 unknown task",
            "5:10 low ≤ high",
            "6:3 duplicate",
            "7:3 'width'",
            "8:7 whole number",
        ),
    ),
)

ALL = (*NOT_YAML, *SURPRISES, *SPACES, *CONDITIONS, *SECTIONS)
