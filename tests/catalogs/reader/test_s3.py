"""Addresses and signatures of S3 stores, against botocore, Amazon's worked examples and a store that checks them."""

from __future__ import annotations

import http.client
import os
import pickle
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.errors import InvalidCredentialsError, MissingFileError
from bioimagehub.catalogs.reader.credentials import VARIABLE
from bioimagehub.catalogs.reader.s3 import locate, sign
from bioimagehub.catalogs.reader.signature import Keys, sign_request
from servers.s3 import PRIVATE, PUBLIC, REGION, S3Server, run_s3_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

EXAMPLE = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SECRET = "s3cr3t-6f1ed002ab"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without anything of who runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "credentials.yml"))
    (tmp_path / ".aws").mkdir()
    return tmp_path


@pytest.fixture(scope="module")
def store() -> Iterator[S3Server]:
    with run_s3_server() as found:
        yield found


def write_rules(home: Path, text: str) -> None:
    file = home / "credentials.yml"
    file.write_text(text)
    file.chmod(0o600)


def set_keys(monkeypatch: pytest.MonkeyPatch, identifier: str, secret: str, region: str | None = None) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", identifier)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    if region is not None:
        monkeypatch.setenv("AWS_REGION", region)


def ask(url: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("GET", url.removeprefix(f"{parts.scheme}://{parts.netloc}"), headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# ---- signatures -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "headers", "signed", "signature"),
    [
        (
            "test.txt",
            {"Range": "bytes=0-9"},
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "?lifecycle",
            {},
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "?max-keys=2&prefix=J",
            {},
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_worked_examples(target: str, headers: dict[str, str], signed: str, signature: str) -> None:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, Examples."""
    url = f"https://examplebucket.s3.amazonaws.com/{target}"
    found = sign_request("GET", url, headers, EXAMPLE, "us-east-1", datetime(2013, 5, 24, tzinfo=UTC))
    assert found["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={signed},Signature={signature}"
    )
    assert found["X-Amz-Date"] == "20130524T000000Z"


KEY = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(
    key=KEY,
    query=st.dictionaries(st.sampled_from(["prefix", "list-type", "delimiter", "a b", "é"]), KEY | st.just("")),
    headers=st.fixed_dictionaries(
        {}, optional={"Range": st.just("bytes=0-9"), "If-Match": st.just('"a  b" '), "X-B": KEY}
    ),
    host=st.sampled_from(["b.s3.eu-west-2.amazonaws.com", "minio.example.org:9000", "localhost:443", "x.org:80"]),
    scheme=st.sampled_from(["https", "http"]),
    token=st.none() | st.just("FwoGZXIvYXdzE/+=="),
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_signature_is_the_one_of_botocore(
    key: str, query: dict[str, str], headers: dict[str, str], host: str, scheme: str, token: str | None, method: str
) -> None:
    headers = {name: value for name, value in headers.items() if value.isprintable()}
    url = f"{scheme}://{host}/bucket/{quote(key, safe='/~')}" + (
        f"?{urlencode(query, quote_via=quote)}" if query else ""
    )
    found = sign_request(method, url, headers, Keys("AKIA", SECRET, token), "eu-west-2")
    request = AWSRequest(method=method, url=url, headers=headers)
    signer = S3SigV4Auth(Credentials("AKIA", SECRET, token), "s3", "eu-west-2")
    request.context["timestamp"] = found["X-Amz-Date"]
    signer._modify_request_before_signing(request)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    assert found["Authorization"].endswith(f",Signature={signature}")
    assert f"SignedHeaders={signer.signed_headers(signer.headers_to_sign(request))}," in found["Authorization"]


def test_what_is_not_encoded_is_signed_as_servers_read_it() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)

    def signature(url: str) -> str:
        return sign_request("GET", url, {}, EXAMPLE, "us-east-1", moment)["Authorization"]

    assert signature("https://b.org/a é(1)!.tif#top") == signature("https://b.org/a%20%C3%A9%281%29%21.tif")
    assert signature("https://b.org/?prefix=a+b/c") == signature("https://b.org/?prefix=a%20b%2Fc")


def test_keys_are_not_shown() -> None:
    keys = Keys("AKIA", SECRET, f"token-{SECRET}")
    assert SECRET not in repr(keys) + str(keys)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(keys)


# ---- addresses --------------------------------------------------------------------


def test_public_bucket() -> None:
    assert locate("s3://bucket/a/b.tif") == "https://bucket.s3.amazonaws.com/a/b.tif"
    assert locate("s3://bucket/") == locate("s3://bucket") == "https://bucket.s3.amazonaws.com/"
    assert locate("s3://my.bucket/a") == "https://s3.amazonaws.com/my.bucket/a"
    assert locate("s3://My_Bucket/a") == "https://s3.amazonaws.com/My_Bucket/a"


def test_region_is_named_where_requests_are_signed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    assert locate("s3://bucket/a") == "https://bucket.s3.amazonaws.com/a"
    assert locate("s3://my.bucket/a") == "https://s3.eu-west-2.amazonaws.com/my.bucket/a"
    set_keys(monkeypatch, "AKIA", SECRET)
    assert locate("s3://bucket/a") == "https://bucket.s3.eu-west-2.amazonaws.com/a"
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    assert locate("s3://bucket/a") == "https://bucket.s3.cn-north-1.amazonaws.com.cn/a"
    monkeypatch.setenv("AWS_NO_SIGN_REQUEST", "true")
    assert locate("s3://bucket/a") == "https://bucket.s3.amazonaws.com/a"
    write_rules(home, "- {match: 's3://bucket/', region: us-west-2}")
    assert locate("s3://bucket/a") == "https://bucket.s3.us-west-2.amazonaws.com/a"
    assert locate("s3://bucket2/a") == "https://bucket2.s3.amazonaws.com/a"


def test_endpoints(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".aws" / "config").write_text("[default]\nendpoint_url = https://three.org\n")
    assert locate("s3://bucket/a") == "https://three.org/bucket/a"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://two.org/s3/")
    assert locate("s3://bucket/a") == "https://two.org/s3/bucket/a"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://one.org:9000")
    assert locate("s3://bucket/a") == "http://one.org:9000/bucket/a"
    write_rules(
        home, "- {match: 's3://new/', endpoint: 'https://zero.org'}\n- {match: 's3://', endpoint: 'https://half.org'}"
    )
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    assert locate("s3://bucket/a") == "https://half.org/bucket/a"
    assert locate("s3://new/a") == "https://zero.org/new/a"


@given(KEY)
def test_key_is_encoded_once(key: str) -> None:
    whole = f"https://bucket.s3.amazonaws.com/{quote(key, safe='/~')}"
    assert locate(f"s3://bucket/{quote(key)}") == locate(f"s3://bucket/{quote(key, safe='/~')}") == whole
    if "%" not in key:
        assert locate(f"s3://bucket/{key}") == whole


def test_what_may_not_stand_in_an_address_is_encoded() -> None:
    assert locate("s3://bucket/100%/a%20b+c#1?") == "https://bucket.s3.amazonaws.com/100%25/a%20b%2Bc%231%3F"


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///key", "s3://-a/key", "s3://a@b/key", "s3://a b/key", "https://a.org/key"]
)
def test_address_without_a_bucket(url: str) -> None:
    with pytest.raises(MissingFileError, match=r"names no bucket; expected s3://bucket/key. Correct the address"):
        locate(url)


# ---- keys -------------------------------------------------------------------------

AMAZON = "https://bucket.s3.eu-west-2.amazonaws.com/a"


def signer_of(url: str) -> str | None:
    """The access key ID that a request is signed with."""
    header = sign("GET", url, {"Range": "bytes=0-9"}).get("Authorization")
    return header and header.partition("Credential=")[2].partition("/")[0]


def write_profiles(home: Path) -> None:
    (home / ".aws" / "credentials").write_text(
        f"[default]\naws_access_key_id = ONE\naws_secret_access_key = {SECRET}%x\n\n"
        f"[laboratory]\naws_access_key_id=TWO\naws_secret_access_key={SECRET}\naws_session_token=lent\n\n"
        f"[half]\naws_access_key_id = {SECRET}\n"
    )
    (home / ".aws" / "config").write_text(
        "[default]\nregion = eu-west-2\ns3 =\n  max_concurrent_requests = 20\n\n[profile laboratory]\n"
        "region = eu-west-1\n\n[profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n"
    )


def test_nothing_is_signed_without_keys() -> None:
    assert sign("GET", AMAZON, {"Range": "bytes=0-9"}) == {"Range": "bytes=0-9"}


def test_variables_go_before_profiles(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_profiles(home)
    assert signer_of(AMAZON) == "ONE"
    set_keys(monkeypatch, "THREE", SECRET)
    assert signer_of(AMAZON) == "THREE"
    assert "X-Amz-Security-Token" not in sign("GET", AMAZON, {})
    monkeypatch.setenv("AWS_SESSION_TOKEN", "lent")
    assert sign("GET", AMAZON, {})["X-Amz-Security-Token"] == "lent"
    monkeypatch.setenv("AWS_NO_SIGN_REQUEST", "1")
    assert signer_of(AMAZON) is None


def test_profiles(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_profiles(home)
    monkeypatch.setenv("AWS_PROFILE", "laboratory")
    there = locate("s3://bucket/a")
    assert there == "https://bucket.s3.eu-west-1.amazonaws.com/a"
    assert signer_of(there) == "TWO"
    assert sign("GET", there, {})["X-Amz-Security-Token"] == "lent"
    (home / "elsewhere").write_text(f"[laboratory]\naws_access_key_id=FOUR\naws_secret_access_key={SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "~/elsewhere")
    assert signer_of(there) == "FOUR"


def test_rules_go_before_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_profiles(home)
    set_keys(monkeypatch, "THREE", SECRET)
    monkeypatch.setenv("MY_KEY", "FIVE")
    monkeypatch.setenv("MY_SECRET", SECRET)
    write_rules(
        home,
        "- {match: 's3://open/', anonymous: true}\n"
        "- {match: 's3://bucket/', region: eu-west-2, access_key_env: MY_KEY, secret_key_env: MY_SECRET}\n"
        "- {match: 's3://other/', profile: laboratory}\n"
        "- {match: 's3://minio/', profile: default, endpoint: 'http://minio.org:9000'}\n",
    )
    signers = {url: signer_of(locate(url)) for url in ("s3://bucket/a", "s3://open/a", "s3://other/a", "s3://x/a")}
    assert list(signers.values()) == ["FIVE", None, "TWO", "THREE"]
    assert locate("s3://minio/a") == "http://minio.org:9000/minio/a"
    assert signer_of("http://minio.org:9000/minio/a") == "ONE"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/bucket/a",
        "http://bucket.s3.eu-west-2.amazonaws.com/a",
        "https://bucket.s3.eu-west-2.amazonaws.com.evil.example/a",
        "https://bucket.s3.eu-west-2.amazonaws.com@evil.example/a",
        "https://evil.example/bucket.s3.eu-west-2.amazonaws.com/a",
        "https://minio.org:90001/bucket/a",
        "https://minio.org.evil.example/bucket/a",
        "https://bucket.s3.us-west-1.amazonaws.com/open-data",
        "",
    ],
)
def test_nobody_else_gets_a_signature(home: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    set_keys(monkeypatch, "THREE", SECRET, "eu-west-2")
    write_rules(home, "- {match: 's3://mine/', endpoint: 'https://minio.org:9000', profile: default}")
    write_profiles(home)
    assert signer_of(AMAZON) == "THREE"
    assert sign("GET", url, {"Range": "x"}) == {"Range": "x"}


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("labratory", "no AWS profile 'labratory'.*default, half, laboratory, role.*Correct AWS_PROFILE"),
        ("half", "'half' has aws_access_key_id alone; expected aws_secret_access_key, too. Add it"),
        ("role", "'role' has no keys.*aws configure export-credentials --profile role --format env"),
    ],
)
def test_profile_that_gives_no_keys(home: Path, monkeypatch: pytest.MonkeyPatch, profile: str, said: str) -> None:
    write_profiles(home)
    monkeypatch.setenv("AWS_PROFILE", profile)
    with pytest.raises(InvalidCredentialsError, match=said) as caught:
        sign("GET", AMAZON, {})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_half_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with pytest.raises(InvalidCredentialsError, match=r"AWS_ACCESS_KEY_ID is not set.*AWS_NO_SIGN_REQUEST=1") as caught:
        sign("GET", AMAZON, {})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", [f"{SECRET}\n", f"[default]\n{SECRET}\n", f"[default\nx={SECRET}\n", "\xff"])
def test_damaged_profiles(home: Path, content: str) -> None:
    (home / ".aws" / "credentials").write_text(content, encoding="latin-1")
    with pytest.raises(InvalidCredentialsError, match=r"cannot be read.*aws configure writes such a file") as caught:
        sign("GET", AMAZON, {})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


# ---- a store ----------------------------------------------------------------------


def test_public_objects_are_read_without_keys(store: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.address)
    store.put(PUBLIC, "image.zarr/0/0.0", b"open")
    store.put(PRIVATE, "image.zarr/0/0.0", b"closed")
    for bucket, expected in ((PUBLIC, (200, b"open")), (PRIVATE, (403, b""))):
        url = locate(f"s3://{bucket}/image.zarr/0/0.0")
        assert ask(url, sign("GET", url, {})) == expected


def test_private_objects_are_read_with_keys(store: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store checks the signature."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.address)
    set_keys(monkeypatch, store.access_key, store.secret_key, REGION)
    store.put(PRIVATE, "image.zarr/0/0.0", bytes(range(100)))
    url = locate(f"s3://{PRIVATE}/image.zarr/0/0.0")
    with store.ask_for_signatures():
        assert ask(url, sign("GET", url, {"Range": "bytes=10-19"})) == (206, bytes(range(10, 20)))
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        status, said = ask(url, sign("GET", url, {}))
        assert status == 403
        assert b"SignatureDoesNotMatch" in said


def test_signed_listing(store: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.address)
    set_keys(monkeypatch, store.access_key, store.secret_key, REGION)
    store.put(PRIVATE, "a b/é+1.tif", b"1")
    question = {"list-type": "2", "prefix": "a b/", "delimiter": "/", "encoding-type": "url"}
    url = f"{locate(f's3://{PRIVATE}')}?{urlencode(question, quote_via=quote)}"
    with store.ask_for_signatures():
        status, said = ask(url, sign("GET", url, {}))
    assert status == 200
    assert b"<KeyCount>1</KeyCount>" in said


@pytest.mark.parametrize(
    "key", ["a b.tif", "a+b.tif", "é/ü.tif", "100%.tif", "a%20b.tif", "a?b#c.tif", "~!*'();:@&=$,.tif"]
)
def test_objects_with_odd_names(store: S3Server, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.address)
    store.put(PUBLIC, key, key.encode())
    url = locate(f"s3://{PUBLIC}/{quote(key)}")
    assert ask(url, sign("GET", url, {})) == (200, key.encode())
