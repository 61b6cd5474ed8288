"""What /health and `manage.py doctor` say, part by part."""

import json
import time
from datetime import timedelta

import pytest
import redis
from django.core.management import call_command
from django.utils import timezone

from leads.enums import Role
from leads.models import Effect, Heartbeat, Lane
from leadscore.health import ALIVE, HEARTBEAT_QUEUE
from leadscore.tasks import heartbeat
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db


def ready(client):
    answer = client.get("/health/ready")
    return answer.status_code, answer.json()


@pytest.fixture
def queue(settings):
    """The heartbeats that wait; empty before and after."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete(HEARTBEAT_QUEUE)
    yield broker
    broker.delete(HEARTBEAT_QUEUE)


def test_live_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/health/live").json() == {"status": "ok"}


def test_everything_is_well_after_a_heartbeat(client, queue):
    heartbeat(time.time())
    parts = {"database": "ok", "broker": "ok", "worker": "ok", "beat": "ok"}
    assert ready(client) == (200, {"status": "ok"} | parts)


def test_silence_with_an_empty_queue_is_a_missing_beat(client, queue):
    Heartbeat.note(worker=timezone.now() - ALIVE, beat=timezone.now() - ALIVE)
    status, parts = ready(client)
    assert (status, parts["worker"], parts["beat"]) == (503, "unknown", "failed")


def test_silence_with_waiting_heartbeats_is_a_missing_worker(client, queue):
    queue.lpush(HEARTBEAT_QUEUE, "{}")
    status, parts = ready(client)
    assert (status, parts["worker"], parts["beat"]) == (503, "failed", "ok")


def test_no_broker(client, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    status, parts = ready(client)
    assert (status, parts["database"], parts["broker"], parts["worker"]) == (503, "ok", "failed", "unknown")


def test_a_heartbeat_keeps_the_moment_it_was_sent():
    sent = timezone.now() - timedelta(seconds=20)
    heartbeat(sent.timestamp())
    beat, worker = (Heartbeat.objects.get(name=name).at for name in ("beat", "worker"))
    assert abs(beat - sent) < timedelta(seconds=1) < worker - beat


def test_doctor_is_content(queue, capsys):
    heartbeat(time.time())
    call_command("doctor", "--json")
    report = json.loads(capsys.readouterr().out)
    checks = ["python", "data dir", "database", "migrations", "time zone", "keys", "outbox", "redis", "worker", "beat"]
    assert (report["ok"], [each["check"] for each in report["checks"]]) == (True, checks)


def test_doctor_says_what_is_wrong(queue, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("doctor")
    assert ended.value.code == 1
    assert "FAILED  beat        not alive: is `make run` running?" in capsys.readouterr().out


def test_doctor_knows_a_zone_nobody_knows(queue, settings, capsys):
    settings.TIME_ZONE = "Mars/Olympus"
    with pytest.raises(SystemExit):
        call_command("doctor")
    assert "FAILED  time zone   Mars/Olympus is not known" in capsys.readouterr().out


def test_staff_read_how_far_the_outbox_is_behind(client, queue):
    heartbeat(time.time())
    assert "outbox" not in ready(client)[1]
    Lane.objects.create(name="webhook:1")
    late = timezone.now() - timedelta(hours=1)
    Effect.objects.create(kind="webhook", key="a", lane="webhook:1", due_at=late)
    Effect.objects.create(kind="webhook", key="b", lane="webhook:1", state=Effect.DEAD)
    client.force_login(make_user("Mia", make_team(), Role.MARKETING))
    told = ready(client)[1]["outbox"]
    assert (told["waiting"], told["dead"], told["late"]) == (1, 1, True)
    assert 3590 < told["lag"] < 3700
    Lane.objects.update(failures=1)  # it rests: that is not our lateness
    assert ready(client)[1]["outbox"] | {"lag": 0} == {"waiting": 1, "dead": 1, "lag": 0, "late": False, "resting": 1}
