# Three images of one checkout:
#   docker build -t fcv-mlapi:0.1.0 .                                  the service
#   docker build -t fcv-mlapi-importer:0.1.0 --target importer .       `fcv` with TensorFlow, for `fcv model import`
#   docker build -t fcv-mlapi-backup:0.1.0 --target backup .           `fcv` with PostgreSQL's programs, for `fcv db backup`
#
# The packages are pinned by hash (deploy/requirements*.txt). The base is pinned by its tag: `deploy/pin-images.sh` writes its
# digest beside it, where a registry of images can be asked.
# Behind a mirror of Python's packages: --build-arg PIP_INDEX_URL=https://mirror.hospital.lan/simple
#
# For sign-in by a directory (docs/directory.md): --build-arg LDAP=1. python-ldap is compiled in a stage that stays behind.
#
# `make image-check` builds both with buildah and runs them, on a stand-in for the base: Debian bookworm's own Python 3.11.
ARG BASE=python:3.11-slim-bookworm

# What the service needs, in /opt/venv. Only the files that say what that is are copied: a change of the code leaves it be.
FROM ${BASE} AS environment
ARG PIP_INDEX_URL
ARG LDAP=0
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_WARN_SCRIPT_LOCATION=1
WORKDIR /opt/fcv
COPY LICENSE README.md pyproject.toml ./
COPY deploy/requirements.txt deploy/requirements-importer.txt deploy/requirements-ldap.txt deploy/
COPY fcv_api/__init__.py fcv_api/
# hadolint ignore=DL3008
RUN [ "$LDAP" = 0 ] || { apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev libldap2-dev libsasl2-dev \
 && rm -rf /var/lib/apt/lists/*; }
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --quiet --require-hashes --only-binary :all: --requirement deploy/requirements.txt \
 && { [ "$LDAP" = 0 ] || /opt/venv/bin/pip install --quiet --require-hashes --no-build-isolation --requirement deploy/requirements-ldap.txt; } \
 && /opt/venv/bin/pip install --quiet --no-index --no-deps --no-build-isolation --editable .

FROM environment AS training-environment
ARG PIP_INDEX_URL
RUN /opt/venv/bin/pip install --quiet --require-hashes --only-binary :all: --requirement deploy/requirements-importer.txt

# A running service installs nothing.
FROM environment AS serving-environment
RUN /opt/venv/bin/pip uninstall --quiet --yes pip setuptools

# The checkout, compiled. The code of an image never changes, so no time of a file is ever compared.
FROM ${BASE} AS checkout
WORKDIR /opt/fcv
COPY . .
# What only the guide is made of stays out of the images.
RUN rm -r bench docs mkdocs.yml mkdocs.es.yml CHANGELOG.md CONTRIBUTING.md SECURITY.md deploy/guide.py deploy/guide_pages.py deploy/requirements-docs.txt \
 && python3 -m compileall -q --invalidation-mode unchecked-hash fcv_api migrations wsgi.py

# The guide, by packages that no image keeps.
FROM ${BASE} AS guide
ARG PIP_INDEX_URL
WORKDIR /opt/fcv
COPY deploy/requirements-docs.txt deploy/
RUN python3 -m venv /opt/docs \
 && /opt/docs/bin/pip install --quiet --no-cache-dir --require-hashes --only-binary :all: --requirement deploy/requirements-docs.txt
COPY CHANGELOG.md CONTRIBUTING.md SECURITY.md mkdocs.yml mkdocs.es.yml ./
COPY deploy/guide.py deploy/guide_pages.py deploy/
COPY bench bench
COPY docs docs
RUN /opt/docs/bin/python deploy/guide.py

# What all images are, but for their packages. The user's number is fixed: volumes and secrets are given to it.
FROM ${BASE} AS runtime
ARG LDAP=0
# hadolint ignore=DL3008
RUN [ "$LDAP" = 0 ] || { apt-get update -qq && apt-get install -y -qq --no-install-recommends libldap-2.5-0 libsasl2-2 \
 && rm -rf /var/lib/apt/lists/*; }
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin fcv \
 && install -d -o fcv -g fcv -m 0750 /var/lib/fcv /var/lib/fcv/models /var/log/fcv \
 && install -d -o fcv -g fcv -m 0700 /opt/fcv/instance
COPY --from=checkout /opt/fcv /opt/fcv
# Development keeps its database and secret in instance/; production writes to the two folders under /var, and to no other.
# A container is one process: the feed is another one's, and development's `child` would be refused.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FCV_ENV=production \
    FCV_BIND=0.0.0.0:8000 \
    FCV_MODELS_DIR=/var/lib/fcv/models \
    FCV_LOG_DIR=/var/log/fcv \
    FCV_FEED=off
WORKDIR /opt/fcv

FROM runtime AS importer
COPY --from=training-environment /opt/venv /opt/venv
RUN fcv --version
USER 10001:10001
ENTRYPOINT ["fcv"]
CMD ["--help"]

# PostgreSQL 15's programs, as Debian bookworm has them: pg_dump must be no older than the server.
FROM runtime AS backup
# hadolint ignore=DL3008
RUN apt-get update -qq \
 && apt-get install -qq --yes --no-install-recommends postgresql-client-15 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o fcv -g fcv -m 0700 /var/backups/fcv
COPY --from=serving-environment /opt/venv /opt/venv
RUN fcv --version && pg_dump --version && pg_restore --version
USER 10001:10001
ENTRYPOINT ["fcv"]
CMD ["--help"]

FROM runtime AS service
ARG LDAP=0
COPY --from=serving-environment /opt/venv /opt/venv
COPY --from=guide /opt/fcv/build/guide /opt/fcv/build/guide
# A base without time zones, or a package that does not load, fails here and not on the ward.
RUN fcv --version && python -c "import zoneinfo, psycopg, ai_edge_litert.interpreter; zoneinfo.ZoneInfo('America/Bogota')" \
 && { [ "$LDAP" = 0 ] || python -c "import ldap"; }
USER 10001:10001
EXPOSE 8000
# Not urllib.request: it would ask the proxy that a hospital's Docker hands to every container.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", \
 "import http.client; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/health/live'); raise SystemExit(c.getresponse().status != 200)"]
# `fcv serve` becomes gunicorn, which then is process 1: it ends in good order on SIGTERM, and reaps its workers.
CMD ["fcv", "serve"]
