# One image for web, worker and beat: compose.yaml says which. The servers it talks to are containers of their own.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements.txt .
RUN pip install --quiet -r requirements.txt

COPY . .
RUN useradd --create-home --uid 10001 leadscore \
    && install -d -o leadscore -g leadscore -m 0700 /data
USER leadscore

ENV DATA_DIR=/data HOST=0.0.0.0 PORT=8000
VOLUME /data
EXPOSE 8000

# Asked under a name the installation answers to.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-c", "import os, urllib.request as u; \
u.urlopen(u.Request('http://127.0.0.1:' + os.environ['PORT'] + '/health/live', \
headers={'Host': os.environ.get('ALLOWED_HOSTS', 'localhost').split(',')[0].lstrip('.')}), timeout=4)"]

CMD ["python", "-m", "gunicorn", "--config", "python:leadscore.web", "--bind", "0.0.0.0:8000", "leadscore.wsgi"]
