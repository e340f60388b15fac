# Built in two steps: the wheel (brings the client), then a slim image with the pinned packages and nothing else.
FROM python:3.12-slim AS wheel
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir build==1.3.0 && python -m build --wheel --outdir /wheels

FROM python:3.12-slim
RUN useradd --create-home previs && mkdir /data && chown previs /data
COPY requirements/base.txt /tmp/base.txt
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/base.txt
COPY --from=wheel /wheels /tmp/wheels
RUN pip install --no-cache-dir --no-deps /tmp/wheels/*.whl
USER previs
ENV NUMBA_CACHE_DIR=/home/previs/.cache/numba
EXPOSE 8760
ENTRYPOINT ["vr-previs"]
CMD ["serve", "--host", "0.0.0.0", "--data", "/data"]
