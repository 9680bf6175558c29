"""Source listing of a network: standalone code, put together from its layers' own source."""

import inspect
from collections.abc import Iterator, Sequence

from torch import nn

from search_spaces.network import Op
from search_spaces.ops.residual import Residual
from workers.exporters import _parts
from workers.exporters._trained import BATCH, Trained
from workers.layers.protocol import layer_of
from workers.messages import Shape

DOCSTRING = '''"""{title}

Plain torch and numpy; the weights are in {weights} beside this file. From Python,

    import network

    model = network.load()
    print(network.predict(model, samples)){probabilities}

where samples are {samples}. From a terminal,

    python network.py {usage}
"""'''

WEIGHTS = 'WEIGHTS = Path(__file__).with_name("{weights}")\n{constants}'

NETWORK = '''class Network(nn.Sequential):
    """{family}: {parameters:,} parameters, (batch, {inputs}) to (batch, {outputs})."""

    def __init__(self) -> None:
        super().__init__(
{layers}
        )
'''

LOAD = '''def load(path: str | Path = WEIGHTS) -> nn.Module:
    """Return the trained network, ready to predict."""
    network = {network}
    network.load_state_dict(load_file(path))
    return network.eval()
'''

CLASSIFY = '''def predict(network: nn.Module, samples: Any) -> np.ndarray:
    """Return the class of each raw sample, one of CLASSES."""
    return labels(run(network, samples))


def predict_proba(network: nn.Module, samples: Any) -> Floats:
    """Return the probability of each class for each raw sample, (samples, {outputs}), in the order of CLASSES."""
    return probabilities(run(network, samples))
'''

REGRESS = '''def predict(network: nn.Module, samples: Any) -> Floats:
    """Return what is predicted for each raw sample, in the unit of the targets."""
    return numbers(run(network, samples))
'''

RUN = '''def run(network: nn.Module, samples: Any) -> Floats:
    """Return the network's outputs for raw samples, (samples, {outputs}): {outcome}."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        batches = torch.from_numpy(prepare(samples)).split({batch})
        return torch.cat([network(batch.to(device)).cpu() for batch in batches]).numpy()
'''

ARRAY_FILE = '''def read_file(path: str) -> np.ndarray:
    """Return the samples of an .npy file, or of an .npz file: its array x, x_test or x_train, or its only one."""
    found = np.load(path, allow_pickle=False)
    if isinstance(found, np.ndarray):
        return found
    arrays = {name.lower(): name for name in found.files}
    wanted = [name for name in ("x", "x_test", "x_train", *arrays) if name in arrays]
    if not wanted or (len(arrays) > 1 and not wanted[0].startswith("x")):
        raise ValueError(f"{path}: no array x, x_test or x_train, but {', '.join(arrays) or 'none'}")
    return found[arrays[wanted[0]]]
'''

TABLE_FILE = '''def read_file(path: str) -> dict[str, list[str]]:
    """Return the columns of a table, read as the search has read its own."""
    return read_table(path, PREPROCESSING["reading"])[0]
'''

MAIN_CLASSIFY = '''def main(arguments: Sequence[str]) -> None:
    """Print the class of each sample of a file or, with --proba, the probabilities of all classes."""
    paths = [argument for argument in arguments if argument != "--proba"]
    if len(paths) != 1 or paths[0].startswith("-"):
        sys.exit(f"usage: python {{Path(__file__).name}} {usage}")
    try:
        outputs = run(load(), read_file(paths[0]))
    except OSError as error:
        sys.exit(f"error: cannot read {{paths[0]}}: {{error.strerror or error}}")
    except (TypeError, ValueError) as error:
        sys.exit(f"error: {{error}}")
    table = csv.writer(sys.stdout, lineterminator="\\n")
    if "--proba" in arguments:
        table.writerow({names})
        table.writerows(probabilities(outputs).round(6).tolist())
    else:
        table.writerows([{names}[number]] for number in outputs.argmax(axis=1))
'''

MAIN_REGRESS = '''def main(arguments: Sequence[str]) -> None:
    """Print what is predicted for each sample of a file."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.exit(f"usage: python {{Path(__file__).name}} {usage}")
    try:
        predicted = predict(load(), read_file(arguments[0]))
    except OSError as error:
        sys.exit(f"error: cannot read {{arguments[0]}}: {{error.strerror or error}}")
    except (TypeError, ValueError) as error:
        sys.exit(f"error: {{error}}")
    csv.writer(sys.stdout, lineterminator="\\n").writerows(predicted.reshape(len(predicted), -1).tolist())
'''

CALL = """if __name__ == "__main__":
    main(sys.argv[1:])
"""


def listing(trained: Trained) -> str:
    """Return the source of a trained network, from imports to `__main__`."""
    info = trained.dataset.info
    classify, outputs = info.kind == "classification", trained.network.outputs
    constants = WEIGHTS.format(weights="network.safetensors", constants=_parts.constants(trained))
    main = MAIN_CLASSIFY if classify else MAIN_REGRESS
    return _parts.put_together(
        _docstring(trained),
        constants,
        _network(trained),
        *(inspect.getsource(module) for module in _modules(trained)),
        LOAD.format(network=_made(trained)),
        (CLASSIFY if classify else REGRESS).format(outputs=outputs),
        RUN.format(
            outputs=outputs, batch=BATCH, outcome="before the softmax" if classify else "standardised as in training"
        ),
        _parts.to_answer(trained),
        *_parts.to_prepare(trained),
        *_reading(trained),
        main.format(usage=_usage(trained), names=_parts.names(trained)),
        CALL,
    )


def _reading(trained: Trained) -> list[str]:
    """Write what reads a file of samples."""
    if not _parts.is_table(trained):
        return [ARRAY_FILE]
    return [TABLE_FILE, *map(inspect.getsource, _parts.READER)]


def _docstring(trained: Trained) -> str:
    info, count = trained.dataset.info, len(trained.seeds)
    what = f"The average of {count} networks" if count > 1 else "A network"
    classify = info.kind == "classification"
    if _parts.is_table(trained):
        samples = "a data frame (pandas, polars or Arrow), columns by name, rows, or one row by name"
    else:
        samples = f"an array (samples, {', '.join(map(str, trained.raw.shape[1:]))}), or one sample"
    told = [f"{name} {trained.metrics[name]:.4g}" for name in info.metrics[1:] if name in trained.metrics]  # no loss
    score = f"; on {trained.measured_on} samples {', '.join(told)}" if told else ""
    return DOCSTRING.format(
        title=f"{what} found for the task {info.name}, trained for {trained.epoch} epochs{score}.",
        weights="network.safetensors",
        probabilities="\n    print(network.predict_proba(model, samples))" if classify else "",
        samples=samples,
        usage=_usage(trained),
    )


def _usage(trained: Trained) -> str:
    file = "samples.csv" if _parts.is_table(trained) else "samples.npy"
    return f"{file} [--proba]" if trained.dataset.info.kind == "classification" else file


def _network(trained: Trained) -> str:
    network = trained.network
    return NETWORK.format(
        family=trained.candidate.architecture.family,
        parameters=network.parameters,
        inputs=", ".join(map(str, network.inputs)),
        outputs=network.outputs,
        layers="\n".join(_layers(network.ops, network.inputs)),
    )


def _made(trained: Trained) -> str:
    """Write how the network is made: alone, or as many as an ensemble has."""
    if len(trained.seeds) == 1:
        return "Network()"
    return f"{type(trained.module).__name__}(Network() for _ in range({len(trained.seeds)}))"


def _layers(ops: Sequence[Op], shape: Shape) -> Iterator[str]:
    """Write a layer a line, with the shape that comes out of it."""
    for op in ops:
        expression = layer_of(op).source(op, shape)
        shape = op.output(shape)
        yield f"            {expression},  # {' × '.join(map(str, shape))}"


def _modules(trained: Trained) -> list[type[nn.Module]]:
    """List the module classes of ours that the source names, each once."""
    found = [module for op in _walk(trained.network.ops) for module in layer_of(op).modules]
    used = {type(module) for module in trained.module.modules()}
    ensemble = [type(trained.module)] if len(trained.seeds) > 1 else []
    return [*ensemble, *(module for module in dict.fromkeys(found) if module in used)]


def _walk(ops: Sequence[Op]) -> Iterator[Op]:
    for op in ops:
        yield op
        if isinstance(op, Residual):
            yield from _walk((*op.body, *op.shortcut))
