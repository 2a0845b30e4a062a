"""Encrypted connections to the real service."""

import shutil
import subprocess

import pytest

from remotemedia_grpc import TLS, Client, Retry, UnavailableError, ValidationError
from remotemedia_grpc.nodes import PassThrough
from server import Server

ONCE = Retry(attempts=1)


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """A CA, and certificates of it for a server and a client."""
    if shutil.which("openssl") is None:
        pytest.skip("the certificates are made with openssl, which isn't there")
    folder = tmp_path_factory.mktemp("pki")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(folder, "req", "-x509", *key, "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem")
    server = "subjectAltName=DNS:localhost,DNS:audio.test,IP:127.0.0.1"
    for name, extension in (("server", server), ("client", "extendedKeyUsage=clientAuth")):
        openssl(folder, "req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (folder / f"{name}.ext").write_text(extension)
        sign = ("x509", "-req", "-days", "2", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{name}.ext")
        openssl(folder, *sign, "-in", f"{name}.csr", "-out", f"{name}.pem")
    return folder


def encrypted(pki, **more):
    keys = {"cert_path": pki / "server.pem", "key_path": pki / "server.key", **more}
    return Server(settings={f"server.tls.{name}": path for name, path in keys.items()})


@pytest.fixture(scope="module")
def door(pki):
    server = encrypted(pki)
    yield server.address
    assert server.stop() == 0


@pytest.fixture(scope="module")
def mutual_door(pki):
    server = encrypted(pki, client_ca_path=pki / "ca.pem")
    yield server.address
    assert server.stop() == 0


def works(client, tone):
    return (
        client.run(PassThrough(), tone, rate=48000).status == "success"
        and len(list(client.stream(PassThrough(), [tone], rate=48000))) == 3
    )


def test_tls(door, pki, tone):
    with Client(door, tls=TLS(ca=pki / "ca.pem")) as client:
        assert works(client, tone)
    with Client(door, tls=TLS(ca=(pki / "ca.pem").read_bytes(), server_name="audio.test")) as client:
        assert works(client, tone)
    for wrong in (True, TLS(ca=pki / "ca.pem", server_name="other.test"), False):
        with Client(door, tls=wrong, retry=ONCE) as client, pytest.raises(UnavailableError, match="certificate"):
            client.run(PassThrough(), tone, rate=48000)


def test_mutual_tls(mutual_door, pki, tone):
    mine = TLS(ca=pki / "ca.pem", cert=pki / "client.pem", key=pki / "client.key")
    with Client(mutual_door, tls=mine) as client:
        assert works(client, tone)
    with Client(mutual_door, tls=TLS(ca=pki / "ca.pem"), retry=ONCE) as client, pytest.raises(UnavailableError):
        client.run(PassThrough(), tone, rate=48000)


def test_settings_that_cannot_be_used(tmp_path):
    with pytest.raises(ValidationError, match="one of them is missing"):
        Client("localhost:1", tls=TLS(cert=b"x"))
    with pytest.raises(ValidationError, match="can't be read"):
        Client("localhost:1", tls=TLS(ca=tmp_path / "no.pem"))
