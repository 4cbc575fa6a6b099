"""Redis as it is run in production: over TLS with a CA of one's own, with an ACL user, behind a Unix
socket, and with Sentinels. The bot's store and its job queue both use it."""

import datetime
import ipaddress
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.errors import StoreError
from bot.jobs.queue import JobQueue
from bot.store import Store, open_store
from bot.store.redis import RedisStore
from bot.store.redis_connections import RedisConnector
from tests.conditions import until
from tests.conftest import APP_ID, RedisServer
from tests.store.redis_servers import Group, SentinelProcess, redis_process

pytestmark = [pytest.mark.redis, pytest.mark.slow]

# The rights in deploy/README.md.
RIGHTS = (Path(__file__).parents[2] / "deploy" / "README.md").read_text(encoding="utf-8")


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Write a CA, and a certificate of 127.0.0.1 with its key. Return the paths of the three files."""
    now = datetime.datetime.now(datetime.UTC)

    def certificate(
        name: str, issuer: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
    ) -> x509.Certificate:
        building = x509.CertificateBuilder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            key.public_key(),
            x509.random_serial_number(),
            now - datetime.timedelta(days=1),
            now + datetime.timedelta(days=1),
        ).add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
        if name != issuer:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
            building = building.add_extension(names, critical=False)
        return building.sign(signer, hashes.SHA256())

    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    paths = folder / "ca.pem", folder / "redis.pem", folder / "redis.key"
    pem = serialization.Encoding.PEM
    paths[0].write_bytes(certificate("our CA", "our CA", ca_key, ca_key).public_bytes(pem))
    paths[1].write_bytes(certificate("redis", "our CA", key, ca_key).public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[2].write_bytes(key.private_bytes(pem, *plain))
    return paths


def works(url: str) -> None:
    """Use the store and the queue at `url`."""
    with closing(open_store(url, app_id=APP_ID)) as store:
        store.ping()
        assert store.add("k", b"v", 60)
        assert store.count("n", 60) == 1
    queue = JobQueue(url, APP_ID, lambda job_id: None)
    queue.wake("j")
    assert queue.waiting() >= 1
    queue.close()


@pytest.fixture(scope="module")
def folder(need_redis: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("r")


def test_tls_with_a_ca_of_ones_own(folder: Path) -> None:
    ca, certificate, key = map(str, certificates(folder))
    files = ("--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", ca)
    with redis_process(folder / "server", *files, "--tls-auth-clients", "no", tls=True) as server:
        url = f"rediss://127.0.0.1:{server.port}/0"
        works(f"{url}?ssl_ca_certs={ca}")
        with closing(RedisStore(url, APP_ID)) as store, pytest.raises(StoreError, match="ssl_ca_certs"):
            store.ping()

        by_name = url.replace("127.0.0.1", "localhost")
        with closing(RedisStore(f"{by_name}?ssl_ca_certs={ca}", APP_ID)) as store, pytest.raises(StoreError):
            store.ping()
        works(f"{by_name.removesuffix('0')}1?ssl_ca_certs={ca}&ssl_check_hostname=no")


def test_tls_with_a_certificate_of_the_bot(folder: Path) -> None:
    ca, certificate, key = map(str, certificates(folder))
    files = ("--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", ca)
    with redis_process(folder / "asking", *files, tls=True) as server:
        url = f"rediss://127.0.0.1:{server.port}/0?ssl_ca_certs={ca}"
        works(f"{url}&ssl_certfile={certificate}&ssl_keyfile={key}")
        with closing(RedisStore(url, APP_ID)) as store, pytest.raises(StoreError):
            store.ping()


def test_sentinels_over_tls_with_a_password_of_their_own(folder: Path) -> None:
    ca, certificate, key = map(str, certificates(folder))
    files = ("--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", ca)
    options = (*files, "--tls-auth-clients", "no", "--tls-replication", "yes")
    with redis_process(folder / "master", *options, "--requirepass", "hunter2", tls=True) as master:
        place = folder / "sentinel"
        place.mkdir()
        settings = [
            f"{name.removeprefix('--')} {value}"
            for name, value in zip(options[::2], options[1::2], strict=True)
        ]
        settings += [f"sentinel monitor mymaster 127.0.0.1 {master.port} 1", "requirepass swordfish"]
        settings += ["sentinel auth-pass mymaster hunter2"]
        (place / "sentinel.conf").write_text("\n".join(settings) + "\n")
        with closing(SentinelProcess(place, tls=True)) as sentinel:
            works(
                f"rediss+sentinel://:hunter2@127.0.0.1:{sentinel.port}/mymaster/0"
                f"?ssl_ca_certs={ca}&sentinel_password=swordfish"
            )


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(StoreError, match=r"ssl_ca_certs names /nowhere/ca\.pem, which is not there"):
        open_store("rediss://127.0.0.1:1/0?ssl_ca_certs=/nowhere/ca.pem", app_id=APP_ID)


def test_an_acl_user_with_the_documented_rights(folder: Path) -> None:
    line = next(line for line in RIGHTS.splitlines() if "ACL SETUSER" in line)
    words = line.partition("ACL SETUSER ")[2].replace("APPID", APP_ID)
    with redis_process(folder) as server:
        words = words.replace("PASSWORD", "hunter2")
        server.client.execute_command("ACL", "SETUSER", *words.split())
        server.client.execute_command("ACL", "SETUSER", "default", "off")
        works(server.url.replace("//", "//bot:hunter2@"))
        store = open_store(server.url.replace("//", "//bot:hunter2@"), app_id="wx9999999999999999")
        with pytest.raises(StoreError, match="lacks a right"):
            store.ping()
        store.close()


def test_a_unix_socket(redis_server: RedisServer) -> None:
    works(redis_server.url + "?db=1")
    redis_server.client.connection_pool.disconnect()


# -- Sentinels


@pytest.fixture(scope="module")
def group(folder: Path) -> Iterator[Group]:
    group = Group(folder, password="hunter2")
    yield group
    group.close()


def until_it_works(store: Store) -> None:
    def is_ready() -> bool:
        try:
            store.tend()
            store.ping()
        except StoreError:
            return False
        return True

    until(is_ready)


def test_the_queue_follows_the_master(group: Group) -> None:
    got: list[str] = []
    queue = JobQueue(group.url, APP_ID, got.append)
    queue.start()
    queue.wake("before")
    until(lambda: got, lambda got: got == ["before"])
    old = group.master()
    group.fail_over()
    until(group.master, lambda number: number not in (-1, old))

    def is_taken() -> bool:
        queue.tend()
        try:
            queue.wake("after")
        except redis.RedisError:
            return False
        return "after" in got

    until(is_taken)
    queue.stop()
    queue.close()


def test_the_store_and_the_queue_are_found(group: Group) -> None:
    works(group.url)


def test_sentinels_that_are_down_take_a_second_in_all(group: Group) -> None:
    """Two of three do not answer: the third one is asked at the same time."""
    for one in group.sentinels[:2]:
        one.child.send_signal(19)  # SIGSTOP
    connector = RedisConnector(group.url, 5)
    begun = threading.Event()
    found: list[object] = []
    thread = threading.Thread(target=lambda: (begun.set(), found.append(connector.master())))
    thread.start()
    thread.join(60)
    for one in group.sentinels[:2]:
        one.child.send_signal(18)
    assert found == [("127.0.0.1", group.nodes[group.master()].port)]


def test_a_name_that_no_sentinel_knows_is_said(group: Group) -> None:
    store = RedisStore(group.url.replace("mymaster", "other"), APP_ID)
    with pytest.raises(StoreError, match="knows no master of this name"):
        store.ping()
    store.close()


def test_a_sentinel_named_as_a_redis_is_said(group: Group) -> None:
    store = RedisStore(f"redis://127.0.0.1:{group.sentinels[0].port}/0", APP_ID)
    with pytest.raises(StoreError, match="this is a Sentinel"):
        store.ping()
    store.close()


def test_the_store_follows_the_master(group: Group) -> None:
    """Its last failover kills a node, so this test is the last one of the group."""
    with closing(RedisStore(group.url, APP_ID, replicas=1)) as store:
        until_it_works(store)
        store.put("k", b"v", 60)
        for is_killed in (False, True):
            old = group.master()
            if is_killed:
                group.nodes[old].kill()
            else:
                group.fail_over()
            until(group.master, lambda number, old=old: number not in (-1, old))
            if is_killed:
                break
            until_it_works(store)
            assert store.get("k") == b"v", "the replica had it"
            store.put("k2", b"w", 60)
            assert group.client(group.master()).get(f"{APP_ID}:k2") == b"w"
        with pytest.raises(StoreError, match="STORE_REPLICAS"):
            until(lambda: store.ping() if store.tend() is None else None)
    with closing(RedisStore(group.url, APP_ID)) as store:
        until_it_works(store)
        assert store.get("k2") == b"w"
