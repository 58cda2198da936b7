"""Public buckets, played from listings in the shape of ListObjectsV2; the keys are of S-BIAD599 and of cpg0000."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given

from bioimagehub.catalogs.archives import s3
from bioimagehub.catalogs.errors import ArchiveAnswerError, ArchiveUnreachableError, CatalogError
from servers.archives import Answer
from servers.damage import damaged_text

BUCKET = "https://cellpainting-gallery.s3.amazonaws.com"
RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives" / "bia" / "archivefs"


def listing(keys=(), folders=(), token=None, count=None, etag='"a84906a7545b1d47386e7d72ee807c41"', encoding=""):
    objects = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2023-10-04T14:51:09.050Z</LastModified>"
        f"<ETag>{etag.replace(chr(34), '&quot;')}</ETag><Size>{size}</Size></Contents>"
        for key, size in keys
    )
    prefixes = "".join(f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>" for folder in folders)
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    entries = len(keys) + len(folders) if count is None else count
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>bucket</Name><KeyCount>{entries}</KeyCount><IsTruncated>{'true' if token else 'false'}</IsTruncated>"
        f"{encoding}{prefixes}{objects}{more}</ListBucketResult>"
    ).encode()


def test_a_folder_is_listed_without_what_is_deeper(server, client):
    server.add(f"{BUCKET}/?list-type=2&prefix=a/&delimiter=/", body=listing([("a/b.txt", 3)], ["a/c/"]))
    (page,) = s3.list_folder(client, BUCKET, "a")
    assert page.folders == ("a/c/",)
    assert page.objects[0].key == "a/b.txt"
    assert page.token is None
    # Without its slash the prefix would fit the sibling ab/ too.
    assert server.requests[0].query["prefix"] == "a/"


def test_pages_are_followed_by_their_tokens(server, client, report):
    server.add(f"{BUCKET}/?list-type=2&prefix=a/", body=listing([("a/1.tif", 5)], token="t 1+/="))
    server.add(f"{BUCKET}/?prefix=a/&continuation-token=t 1%2B/=", body=listing([("a/2.tif", 7)]))
    files = list(s3.walk_files(client, BUCKET, "a/", identifier="cellpainting:cpg0000", report=report))
    assert [(file.path, file.size) for file in files] == [("1.tif", 5), ("2.tif", 7)]
    assert files[0].checksum == "etag:a84906a7545b1d47386e7d72ee807c41"
    assert str(files[0].modified) == "2023-10-04"
    assert files[0].url == f"{BUCKET}/a/1.tif"


def test_an_ome_zarr_is_one_file_though_its_chunks_lie_on_two_pages(server, client, report):
    first = [("a/1.zarr/.zattrs", 10), ("a/1.zarr/0/0.0", 100)]
    server.add(f"{BUCKET}/?list-type=2&prefix=a/", body=listing(first, token="next"))
    second = [("a/1.zarr/0/0.1", 1000), ("a/1.zarr.txt", 1), ("a/empty/", 0)]
    server.add(f"{BUCKET}/?prefix=a/&continuation-token=next", body=listing(second))
    files = list(s3.walk_files(client, BUCKET, "a/", identifier="cryoet:10000", report=report, base="https://files/x"))
    assert [(file.path, file.size, file.url) for file in files] == [
        ("1.zarr", 1110, "https://files/x/a/1.zarr"),
        ("1.zarr.txt", 1, "https://files/x/a/1.zarr.txt"),
    ]
    assert files[0].checksum is None


def test_keys_that_lead_out_of_the_folder_are_left_out_and_noted(server, client, report):
    keys = [("a/../../etc/passwd", 1), ("a//double", 1), ("a/good.tif", 1)]
    server.add(f"{BUCKET}/?list-type=2&prefix=a/", body=listing(keys))
    files = list(s3.walk_files(client, BUCKET, "a/", identifier="cellpainting:cpg0000", report=report))
    assert [file.path for file in files] == ["good.tif"]
    assert len(report.defects) == 2
    assert "not a relative path" in report.defects[0].text


def test_encoded_keys_are_decoded_and_encoded_again(server, client, report):
    page = listing([("a/A+1%23%C3%B6.tif", 1)], encoding="<EncodingType>url</EncodingType>")
    server.add(f"{BUCKET}/?list-type=2&prefix=a/&encoding-type=url", body=page)
    server.add(f"{BUCKET}/a/A%201%23%C3%B6.tif", body=b"pixels")
    (file,) = s3.walk_files(client, BUCKET, "a/", identifier="cellpainting:cpg0000", report=report)
    assert file.path == "A 1#ö.tif"
    assert client.get_bytes(file.url) == b"pixels"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            b"<Error><Code>NoSuchBucket</Code><Message>The bucket does not exist</Message></Error>",
            "bucket does not exist",
        ),
        (b"<html><body>maintenance", "not XML that may be read"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><ListBucketResult>&a;</ListBucketResult>', "not XML that may be read"),
        (listing([("a/1", 1)], count=1000), "says that it has 1000 entries and has 1"),
        (listing([("a/1", 1)], token="x").replace(b"NextContinuationToken", b"Nothing"), "does not say where"),
    ],
)
def test_what_is_no_whole_listing_is_told(server, client, body, told):
    server.add(f"{BUCKET}/?list-type=2", body=body)
    with pytest.raises(ArchiveAnswerError, match=told):
        list(s3.list_folder(client, BUCKET, "a/"))


def test_a_token_that_comes_again_ends_the_listing(server, client):
    server.add(f"{BUCKET}/?list-type=2", body=listing([("a/1", 1)], token="same"))
    with pytest.raises(ArchiveAnswerError, match="same token twice"):
        list(s3.list_folder(client, BUCKET, "a/"))


def test_a_listing_that_breaks_off_is_asked_for_again(server, client):
    server.add(f"{BUCKET}/?list-type=2", body=listing([("a/1", 1)]))
    server.cut(f"{BUCKET}/?list-type=2", after=60)
    server.fail(f"{BUCKET}/?list-type=2", times=1, status=503, headers={"Retry-After": "0"})
    (page,) = s3.list_folder(client, BUCKET, "a/")
    assert page.objects[0].size == 1
    server.fail(f"{BUCKET}/?list-type=2", times=9, status=500)
    with pytest.raises(ArchiveUnreachableError, match="try again later"):
        list(s3.list_folder(client, BUCKET, "a/"))


def test_pages_are_asked_for_when_they_are_due(server, client, report):
    def answer(request):
        number = int(request.query.get("continuation-token", 0))
        return Answer(200, listing([(f"a/{number:06d}.tif", 1)], token=str(number + 1)))

    server.add(f"{BUCKET}/?list-type=2", answer=answer)
    files = s3.walk_files(client, BUCKET, "a/", identifier="cellpainting:cpg0000", report=report)
    assert next(files).path == "000000.tif"
    assert len(server.requests) == 2


@given(text=damaged_text(listing([("a/1.tif", 5)], ["a/b/"], token="next").decode()))
def test_a_damaged_listing_is_read_or_told(text):
    with suppress(CatalogError):
        s3.parse_listing(text, BUCKET)


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.xml")), ids=lambda file: file.name)
def test_recorded_listings_are_read(file):
    page = s3.parse_listing(file.read_text(), "recorded")
    assert page.folders
    assert all(folder.endswith("/") for folder in page.folders)
    assert all(each.size and len(each.etag) == 32 for each in page.objects)
