# One image for every service of docker-compose.yml but the database. It trains on CPUs, and on NVIDIA GPUs where the
# host hands them in: the torch of PyPI brings CUDA along. For a smaller image without it, give pip another index:
#   docker compose build --build-arg PIP_EXTRA_INDEX_URL=URL

FROM python:3.11.14-slim-bookworm AS build
ARG PIP_EXTRA_INDEX_URL=""
# The compiler is for the native engine, and stays in this stage.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++=4:12.2.0-3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
RUN python -m venv /opt/nas
COPY pyproject.toml setup.py constraints.txt README.md LICENSE ./
COPY search_spaces search_spaces
COPY workers workers
COPY nas nas
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/nas/bin/pip install --constraint constraints.txt ".[cmaes,onnx,postgres,ray]"

FROM python:3.11.14-slim-bookworm
RUN groupadd --gid 10001 nas \
    && useradd --uid 10001 --gid nas --no-log-init --no-create-home --home-dir /tmp --shell /usr/sbin/nologin nas \
    && install --directory --owner=nas --group=nas /srv/nas /srv/nas/runs
COPY --from=build /opt/nas /opt/nas
COPY --chmod=755 docker/ray_node.py /usr/local/bin/ray-node
# All that is written goes to /srv/nas/runs, and to /tmp, where the caches are.
ENV PATH=/opt/nas/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /srv/nas
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=20s CMD ["nas", "db", "status"]
CMD ["nas", "--help"]
