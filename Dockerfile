# Production image: the packages that Concord runs and nothing else. No compiler, no sandbox, no root.
FROM python:3.13-slim AS packages
COPY requirements.lock .
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock \
 && /opt/venv/bin/pip uninstall --yes pip

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin concord
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY pyproject.toml ./
COPY kit kit
COPY oauth oauth
COPY sync sync
COPY web web
COPY frontend frontend
COPY migrations migrations
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN printf '#!/bin/sh\nexec python -m sync "$@"\n' > /opt/venv/bin/concord && chmod 755 /opt/venv/bin/concord
USER concord
EXPOSE 8000
# web; the other processes of compose.yaml override this
CMD ["uvicorn", "web.app:app", "--host", "0.0.0.0", "--port", "8000", "--no-server-header", "--proxy-headers"]
