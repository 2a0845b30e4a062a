"""Encrypted connections: a gate with a certificate stands before the service."""

import shutil
import subprocess

import grpc
import pytest

from remotemedia_grpc import TLS, Client, Retry, UnavailableError, ValidationError
from remotemedia_grpc.nodes import PassThrough

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
    for name, extension in (("server", "subjectAltName=DNS:localhost,DNS:audio.test"), ("client", "extendedKeyUsage=clientAuth")):
        openssl(folder, "req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (folder / f"{name}.ext").write_text(extension)
        sign = ("x509", "-req", "-days", "2", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{name}.ext")
        openssl(folder, *sign, "-in", f"{name}.csr", "-out", f"{name}.pem")
    return folder


def credentials(pki, mutual):
    pair = ((pki / "server.key").read_bytes(), (pki / "server.pem").read_bytes())
    return grpc.ssl_server_credentials([pair], (pki / "ca.pem").read_bytes() if mutual else None, mutual)


def works(client, tone):
    return (
        client.run(PassThrough(), tone, rate=48000).status == "success"
        and len(list(client.stream(PassThrough(), [tone], rate=48000))) == 3
    )


def test_tls(gate, pki, tone):
    door = gate(lambda method, headers: None, credentials(pki, mutual=False))
    with Client(door.address, tls=TLS(ca=pki / "ca.pem")) as client:
        assert works(client, tone)
    with Client(door.address, tls=TLS(ca=(pki / "ca.pem").read_bytes(), server_name="audio.test")) as client:
        assert works(client, tone)
    for wrong in (True, TLS(ca=pki / "ca.pem", server_name="other.test"), False):
        with Client(door.address, tls=wrong, retry=ONCE) as client, pytest.raises(UnavailableError, match="certificate"):
            client.run(PassThrough(), tone, rate=48000)


def test_mutual_tls(gate, pki, tone):
    door = gate(lambda method, headers: None, credentials(pki, mutual=True))
    mine = TLS(ca=pki / "ca.pem", cert=pki / "client.pem", key=pki / "client.key")
    with Client(door.address, tls=mine) as client:
        assert works(client, tone)
    with Client(door.address, tls=TLS(ca=pki / "ca.pem"), retry=ONCE) as client, pytest.raises(UnavailableError):
        client.run(PassThrough(), tone, rate=48000)


def test_settings_that_cannot_be_used(tmp_path):
    with pytest.raises(ValidationError, match="one of them is missing"):
        Client("localhost:1", tls=TLS(cert=b"x"))
    with pytest.raises(ValidationError, match="can't be read"):
        Client("localhost:1", tls=TLS(ca=tmp_path / "no.pem"))
