"""An S3 store on this machine: moto, in a process of its own, with a public and a private bucket.

Without `ask_for_signatures` it lets anybody read what is public, and whoever sends any signature read the rest. With
it, it checks each signature with botocore's implementation, and takes no request without one.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_SECONDS = 60
REGION = "eu-west-2"
PUBLIC, PRIVATE = "open-images", "closed-images"

SERVER = """
import sys
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
# It ends with the process that started it.
sys.stdin.read()
server.stop()
"""


@dataclass(frozen=True)
class S3Server:
    """A running store.

    Attributes
    ----------
    address : str
        Such as ``http://127.0.0.1:5000``.
    access_key, secret_key : str
        Of a user who may do everything.
    client : boto3 client
    """

    address: str
    access_key: str
    secret_key: str
    client: Any

    def put(self, bucket: str, key: str, data: bytes) -> None:
        acl = "public-read" if bucket == PUBLIC else "private"
        self.client.put_object(Bucket=bucket, Key=key, Body=data, ACL=acl)

    @contextmanager
    def ask_for_signatures(self) -> Iterator[None]:
        """Check signatures within the block."""
        before = self._ask_from("0")
        try:
            yield
        finally:
            self._ask_from(str(before))

    def _ask_from(self, count: str) -> float:
        address = f"{self.address}/moto-api/reset-auth"
        request = urllib.request.Request(address, count.encode(), {"Content-Type": "text/plain"}, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: float = json.load(answer)["PREVIOUS_INITIAL_NO_AUTH_ACTION_COUNT"]
        return found


@contextmanager
def run_s3_server() -> Iterator[S3Server]:
    """Start a store; it has two empty buckets."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as process:
        try:
            yield _set_up(f"http://127.0.0.1:{_read_port(process)}")
        finally:
            process.kill()


def _read_port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        assert selector.select(READY_SECONDS), f"the S3 server was not ready within {READY_SECONDS} s"
    return int(process.stdout.readline())


def _set_up(address: str) -> S3Server:
    options = {"endpoint_url": address, "region_name": REGION}
    iam = boto3.client("iam", aws_access_key_id="setup", aws_secret_access_key="setup", **options)
    iam.create_user(UserName="researcher")
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    iam.put_user_policy(UserName="researcher", PolicyName="all", PolicyDocument=json.dumps(policy))
    keys = iam.create_access_key(UserName="researcher")["AccessKey"]
    pair = (keys["AccessKeyId"], keys["SecretAccessKey"])
    client = boto3.client("s3", aws_access_key_id=pair[0], aws_secret_access_key=pair[1], **options)
    for bucket in (PUBLIC, PRIVATE):
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_bucket_acl(Bucket=PUBLIC, ACL="public-read")
    return S3Server(address, *pair, client)
