# One image for every process of ours: `docker run bot-core api`, `… workers.gateway`.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements-server.lock .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes \
        --requirement requirements-server.lock

# The page needs nothing of the rest: its types of the API's calls are gone once it is built.
FROM node:22-bookworm-slim AS dashboard
WORKDIR /build
COPY dashboard/package.json dashboard/package-lock.json dashboard/.npmrc ./
RUN npm ci --ignore-scripts
COPY dashboard/scripts scripts
COPY dashboard/src src
RUN npm run build

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app bot-core && install -d -o bot-core /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY pyproject.toml .
COPY --from=dashboard /build/dist dashboard/dist
COPY activities activities
COPY adapters adapters
COPY api api
COPY domain domain
COPY sandbox sandbox
COPY workers workers
COPY workflows workflows
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER bot-core
EXPOSE 8000 8001
ENTRYPOINT ["python", "-m"]
CMD ["api"]
