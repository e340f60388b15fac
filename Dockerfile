# Built in two steps: the wheel (brings the client), then a slim image with the pinned packages and nothing else.
FROM python:3.12-slim AS wheel
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir build==1.3.0 && python -m build --wheel --outdir /wheels

FROM python:3.12-slim
# extras that go along, of depth, content and c2pa: docker build --build-arg EXTRAS="depth c2pa" .
ARG EXTRAS=""
RUN useradd --create-home previs && mkdir /data && chown previs /data
COPY requirements /tmp/requirements
RUN set -eu; cd /tmp/requirements; set -- --requirement base.txt; \
    for extra in $EXTRAS; do set -- "$@" --requirement "extra-$extra.txt"; done; \
    pip install --no-cache-dir --require-hashes "$@"
COPY --from=wheel /wheels /tmp/wheels
RUN pip install --no-cache-dir --no-deps /tmp/wheels/*.whl
USER previs
ENV NUMBA_CACHE_DIR=/home/previs/.cache/numba
EXPOSE 8760
ENTRYPOINT ["vr-previs"]
CMD ["serve", "--host", "0.0.0.0", "--data", "/data"]
