"""Messages to people: off by default, on every way that the settings name, without secrets, in no run's way."""

import json
import smtplib
import socketserver
import sys
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import HTTPError

import pytest

from labctl.cli import night
from labctl.common.refusals import BenchFault, Refusal
from labctl.config.user_settings import UserSettings, user_settings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Write the user's settings."""
    file = tmp_path / "settings.yaml"
    monkeypatch.setenv("LABCTL_SETTINGS", str(file))

    def write(text):
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def to_file(settings, tmp_path):
    """The command of the settings appends each message to a file; gives what it holds."""
    kept = tmp_path / "messages.txt"
    code = "import sys, pathlib; pathlib.Path(sys.argv[1]).open('a', encoding='utf-8').write(sys.stdin.read())"

    def write(occasions="completed, failed, suspended, aborted"):
        command = json.dumps([sys.executable, "-c", code, str(kept)])
        settings(f"messages:\n  on: [{occasions}]\n  command: {command}\n")
        return lambda: kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []

    return write


def test_without_a_file_nothing_is_sent():
    assert user_settings() == UserSettings()
    code, words = sent()
    assert code == 2
    assert "Messages are off" in words


def sent(*words):
    """`labctl message`: its exit code, and what it says."""
    try:
        night.message(*words)
    except (Refusal, BenchFault) as fault:
        return 2 if isinstance(fault, Refusal) else 1, "\n".join(fault.faults)
    return 0, ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("messages:\n  webhook:\n    url: https://x\n", "messages.webhook.url: secrets are in no file"),
        ("messages:\n  webhoook: {}\n", "messages.webhoook: there is no such setting; did you mean 'webhook'?"),
        ("messages:\n  on: [ended]\n", "messages.on.0 must be"),
        ("messages:\n  mail: {server: a, to: [b]}\n", "messages.mail.sender must be given"),
        ("messages: [", "is no YAML"),
        ("alarms:\n  - {instrument: a, reading: b, least: .nan}\n", "alarms.0.least must be a finite number"),
        ("messages:\n  webhook: https://SECRET\n", "messages.webhook must be a mapping"),
        ("messages:\n  webhook: {url_variable: https://SECRET}\n", "url_variable must be the name of an environment"),
        ("messages:\n  command: curl SECRET\n", "messages.command must be a list"),
        ("messages:\n  webhook: {url: https://SECRET: x}\n  }", "is no YAML in line"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_before_anything_is_opened(labctl, settings, monkeypatch, text, words):
    monkeypatch.setattr("labctl.bench.connect.bench", lambda *_: pytest.fail("a bench was opened"))
    settings(text)
    done = labctl("run", "part", "--simulated")
    assert done.code == 2
    assert words in done.err
    assert "SECRET" not in done.err


def test_how_runs_end_is_told_and_of_a_sweep_its_end(labctl, to_file):
    told = to_file()
    assert labctl("run", "part", "--simulated", "--set", "points=2").code == 0
    assert told()[:2] == ["labctl: part completed (run 1)", "slope per v 100 1/V"]
    labctl("sweep", "toy", "--simulated", "--over", "ends=badly,well", "--over", "points=1,2", "--set", "parts=1")
    subjects = [line for line in told() if line.startswith("labctl: ")][1:]
    assert subjects == [
        "labctl: toy failed (run 2), point 1 of 4 of a sweep: ends = badly, points = 1",
        "labctl: toy failed (run 4), point 2 of 4 of a sweep: ends = badly, points = 2",
        "labctl: toy completed (run 8), point 4 of 4 of a sweep: ends = well, points = 2",
    ]
    assert "The counts fell to 3. Look at the shutter" in told()
    only = to_file("suspended")
    before = len(only())
    labctl("run", "part", "--simulated", "--set", "points=1")
    assert len(only()) == before


def test_a_message_that_fails_harms_no_run_and_is_logged_with_a_sentence(labctl, settings, tmp_path, monkeypatch):
    monkeypatch.setenv("LABCTL_TEST_HOOK", "http://127.0.0.1:9/secret-part")
    settings(
        "messages:\n  webhook: {url_variable: LABCTL_TEST_HOOK}\n  command: [labctl-no-such-program]\n"
        "  mail: {server: 127.0.0.1, port: 9, sender: a@b, to: [c@d], user: x, password_variable: NOT_SET}\n"
    )
    assert labctl("run", "part", "--simulated", "--set", "points=1").code == 0
    logged = (tmp_path / "data" / "labctl.log").read_text(encoding="utf-8")
    for way in ("webhook", "mail", "command"):
        assert f"The message 'labctl: part completed (run 1)' could not be sent by {way}: " in logged
    assert "secret-part" not in logged
    assert "Traceback" not in logged


class Repeating:
    """A mail server that does not know us, and repeats what it was told."""

    def __init__(self, *_, **__):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def login(self, _user, password):
        if not password.isascii():
            password.encode("ascii")
        raise smtplib.SMTPAuthenticationError(535, f"no {password}".encode())


@pytest.mark.parametrize(
    ("section", "secret", "words"),
    [
        ("webhook: {url_variable: LABCTL_TEST_SECRET}", "https://x/SECRET", "the server answered with code 302"),
        ("webhook: {url_variable: SECRET}", "", "the environment variable that messages.webhook.url_variable names"),
        ("mail: {MAIL, password_variable: LABCTL_TEST_SECRET}", "SECRET", "does not let x in (code 535)"),
        ("mail: {MAIL, password_variable: LABCTL_TEST_SECRET}", "SECRET\xe4", "does not let x in (UnicodeEncodeError)"),
        (f"command: [{sys.executable}, -c, 'import time; time.sleep(60)', SECRET]", "", "did not end within 0.2 s"),
    ],
)
def test_why_a_message_failed_repeats_no_secret(settings, monkeypatch, section, secret, words):
    def redirected(request, **_):
        raise HTTPError(request.full_url, 302, f"Redirection to {request.full_url}", Message(), None)

    monkeypatch.setattr("urllib.request.urlopen", redirected)
    monkeypatch.setattr("smtplib.SMTP", Repeating)
    monkeypatch.setattr("labctl.messages.ways.PATIENCE_S", 0.2)
    monkeypatch.setenv("LABCTL_TEST_SECRET", secret)
    settings("messages:\n  " + section.replace("MAIL", "server: m, security: none, sender: a@b, to: [c@d], user: x"))
    code, said = sent()
    assert (code, words in said) == (1, True), said
    assert "SECRET" not in said
    assert "\\xe4" not in said


def test_a_webhook_gets_json_and_a_mail_server_a_mail(settings, monkeypatch):
    taken = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    class Mail(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 hello\r\n")
            answers, lines = {"DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}, []
            while line := self.rfile.readline().decode().strip():
                self.wfile.write(answers.get(line.upper(), b"250 ok\r\n"))
                if line.upper() == "DATA":
                    lines += iter(lambda: self.rfile.readline().decode().strip(), ".")
                    self.wfile.write(b"250 taken\r\n")
            taken.append(lines)

    with HTTPServer(("127.0.0.1", 0), Hook) as hook, socketserver.TCPServer(("127.0.0.1", 0), Mail) as mail:
        for server in (hook, mail):
            threading.Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv("LABCTL_TEST_HOOK", f"http://127.0.0.1:{hook.server_port}/")
        settings(
            "messages:\n  webhook: {url_variable: LABCTL_TEST_HOOK, text_key: content}\n"
            f"  mail: {{server: 127.0.0.1, port: {mail.server_address[1]}, security: none, sender: a@b, to: [d@e]}}\n"
        )
        assert sent("all is well") == (0, "")
    assert {"content": "labctl: a test\nall is well"} in taken
    (lines,) = [one for one in taken if isinstance(one, list)]
    assert "Subject: labctl: a test" in lines
    assert "all is well" in lines


def test_a_run_starts_at_a_time_and_its_failure_to_open_is_told(labctl, to_file, monkeypatch, tmp_path):
    told, waited = to_file(), []
    monkeypatch.setattr("labctl.common.start_time.wait_until", waited.append)
    done = labctl("run", "part", "--simulated", "--set", "points=1", "--at", "23:59:59")
    assert done.code == 0
    assert "labctl: part starts at " in done.err
    assert "Nothing is switched on before" in done.err
    assert [(at.hour, at.minute) for at in waited] == [(23, 59)]
    (tmp_path / "file").write_text("")
    data = tmp_path / "file" / "data"
    assert labctl("sweep", "part", "--simulated", "--over", "points=1,2", "--at", "2999-01-01", data=data).code == 2
    assert "labctl: the sweep of part has not begun" in told()
    assert labctl("run", "part", "--simulated", "--at", "half past").code == 2
    assert labctl("run", "part", "--simulated", "--at", "2020-01-01 12:00").code == 2
    assert len(waited) == 2
