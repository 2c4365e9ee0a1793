"""Secrets never reach the memory, and ordinary text is kept as it is."""

import base64
import random
import string
import time

import pytest

from memory_store.redact import redact

ALNUM = string.ascii_letters + string.digits


def made_up(length: int, letters: str = ALNUM, seed: int = 7) -> str:
    return "".join(random.Random(seed).choices(letters, k=length))


HEX = "0123456789abcdef"
SECRETS = [
    # (text, with {} where the secret stands, the secret)
    ("use {} please", "sk-" + made_up(40)),
    ("use {} please", "sk-ant-api03-" + made_up(60, ALNUM + "_-")),
    ("OPENAI={}", "sk-proj-" + made_up(50, ALNUM + "_-")),
    ("escaped\\n{}\\n", "sk-ant-" + made_up(40)),
    ("https://example.org/{}/getMe", "ghp_" + made_up(36)),
    ("router {}", "sk-or-v1-" + made_up(64, HEX)),
    ("push with {}.", "ghp_" + made_up(36)),
    ("push with {}.", "github_pat_" + made_up(22) + "_" + made_up(59)),
    ("ci uses {}", "glpat-" + made_up(20)),
    ("id {} in us-east-1", "AKIA" + made_up(16, string.ascii_uppercase + string.digits)),
    ("aws_secret_access_key = {}", made_up(40, ALNUM + "+/")),
    ("AWS_SECRET_ACCESS_KEY={}", "/" + made_up(39, ALNUM + "+/")),
    ("pay {}", "sk_live_" + made_up(24)),
    ("bot {}", "xoxb-" + made_up(12, string.digits) + "-" + made_up(24)),
    ("post to https://hooks.slack.com/services/{}", "T0000/B0000/" + made_up(24)),
    ("maps {}", "AIza" + made_up(35)),
    ("hub {}", "hf_" + made_up(34)),
    ("jwt {} expired", "eyJ" + made_up(20) + "." + made_up(40) + "." + made_up(43)),
    ("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----", made_up(64)),
    ("cut off: -----BEGIN PRIVATE KEY----- {}", made_up(64)),
    ("Authorization: Bearer {}", "abcdef" + made_up(10)),
    ('curl -H "Authorization: Basic {}"', base64.b64encode(b"me:pass").decode()),
    ('"authorization": "token {}"', made_up(40, HEX)),
    ("got bearer {} back", made_up(30) + "1"),
    ("clone https://me:{}@example.org/x.git", "hunter2"),
    ("postgres://app:{}@db:5432/app", "p@ss!w"),
    ("clone https://{}@example.org/x.git", made_up(30) + "1"),
    ("password={}", "hunter2"),
    ("PASSWORD={}", "letmein"),
    ("DB_PASSWORD={} make run", "letmein"),
    ("login?user=me&password={}&x=1", "abc123"),
    ("password: {}", "hunter2!"),
    ("password = {}", "hunter2"),
    ('"password": "{}"', "letmein"),
    ("the line password='{}' in settings.py", "letmein"),
    ('if password == "{}":', "letmein"),
    ('{{"body": "{{\\"password\\": \\"{}\\"}}"}}', "letmein"),
    ("connect(user=bob, password={})", "hunter2"),
    ("passwd: {}", "x9#kk"),
    ("api_key: {}", "abcd1234efgh"),
    ('apiKey: "{}"', "abcdefgh"),
    ("x-api-key: {}", made_up(20) + "1"),
    ("--api-key={}", "abcd1234"),
    ("run --password {} now", "hunter2"),
    ("run --token {} now", made_up(24) + "1a2b3c"),
    ("client_secret={}", "abc-DEF-123"),
    ("token: {}", made_up(40, HEX)),
    ("GITLAB_TOKEN={}", made_up(24) + "1a2b3c"),
    ("SIGNING_KEY={}", made_up(44, ALNUM + "+/")),
    ("STRIPE_KEY={}", made_up(44, HEX)),
    ("key={}", made_up(32, HEX)),
]

KEPT = [
    "Fix the off-by-one in paginate() when page=0",
    "Add password reset: the link must expire after 24 hours",
    "the password must be at least 8 characters",
    'errors = {"password": "must be at least 8 characters"}',
    "def login(user: str, password: str) -> Token:",
    "def login(user, password=None, token=None): ...",
    "password: Optional[str] = None",
    "password = get_password()",
    "password=derive2key(salt)",
    "password = user.password",
    "self.password = password",
    "connect(host=h, password=password, port=5432)",
    "Session(api_key=settings.api_key)",
    'api_key = os.environ["OPENAI_API_KEY"]',
    "api_key: os.getenv('KEY')",
    "API_KEY=$OPENAI_API_KEY make run",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    'f"password={password}"',
    "https://example.org:8080/a?b=c and me@example.org",
    "git@github.com:owner/name.git",
    "ssh://git@github.com:22/owner/name.git",
    "https://user@bitbucket.org/owner/name.git",
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "tree 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "refs/acrouter/3f1c2a9e7b",
    "id 123e4567-e89b-12d3-a456-426614174000",
    "idempotency key: 123e4567-e89b-12d3-a456-426614174000",
    "cache_key: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "data:image/png;base64," + base64.b64encode(bytes(range(256))).decode(),
    "sort(key=lambda row: row.score)",
    "sorted(rows, key=operator.itemgetter)",
    "primary_key=True, foreign_key=user_id",
    "max_tokens: 4096, token_count=123456789012345678",
    "tokens = tokenizer.encode_batch2(text)",
    'if token == "INDENT":',
    "token = tokens[position2]",
    "basic usage of python3.11",
    "bearer authentication is missing",
    "Basic authentication2 fails",
    "authorization: required for admins",
    "fetch(url, {credentials: 'same-origin'})",
    "risk-assessment and task-scheduling-for-busy-people",
    "class sk-circle-fade-dot has no rule",
    "private_key: ~/.ssh/id_ed25519.pem",
    "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkq\n-----END CERTIFICATE-----",
    "claude-opus-4-1@high",
    "2026-11-24T09:30:00.000Z",
    "assert total == 3 # was 4",
    "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n-a = 1\n+a = 2\n",
    "使う鍵を変える",
    "",
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret_is_taken_out_and_the_rest_stays(text: str, secret: str) -> None:
    cleaned = redact(text.format(secret))
    assert secret not in cleaned
    assert "[redacted]" in cleaned
    first_words = text.format(secret).split(secret)[0].split("-----BEGIN")[0]
    assert cleaned.startswith(first_words)


@pytest.mark.parametrize("text", KEPT)
def test_ordinary_text_and_code_are_kept(text: str) -> None:
    assert redact(text) == text


def test_redacting_twice_changes_nothing_more() -> None:
    everything = [text.format(secret) for text, secret in SECRETS] + KEPT
    for text in [*everything, "\n".join(everything)]:
        assert redact(redact(text)) == redact(text)


def test_a_megabyte_of_anything_takes_linear_time() -> None:
    for piece in ("password=", "a_key: ", "://a:b", "eyJ" * 3, "-----BEGIN PRIVATE KEY-----", "x" * 50, "Bearer "):
        started = time.perf_counter()
        redact(piece * (200_000 // len(piece)))
        assert time.perf_counter() - started < 5, piece
