"""The same site with its files on S3-compatible storage, over HTTP."""

import io
import json
import subprocess
import sys

import boto3
import httpx
import pytest
from PIL import Image
from tusclient.client import TusClient

from tests.journeys.conftest import Site
from tests.processes import free_port, wait_until

PUBLIC, PRIVATE = "public-renditions", "private-files"


@pytest.fixture
def s3_endpoint():
    """A moto server; yields its address."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers():
        try:
            return httpx.get(endpoint, timeout=2)
        except httpx.HTTPError:
            return None

    try:
        wait_until(answers, timeout_seconds=30, what="the S3 server")
        yield endpoint
    finally:
        server.terminate()
        server.wait(10)


def upload_by_tus(site, file: io.BytesIO) -> None:
    """Log in and upload a file in pieces; none of them was cut off."""
    with httpx.Client(base_url=site.url, follow_redirects=True) as browser:
        browser.get("/admin/login/")
        username, password = site.login()
        login = {"username": username, "password": password, "next": "/admin/"}
        login["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        browser.post("/admin/login/", data=login).raise_for_status()
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        headers = {"Cookie": cookies, "X-CSRFToken": browser.cookies["csrftoken"]}
        at = f"{site.url}/admin/gallery/photo/upload"
        batch = browser.post(f"{at}/batches/", data={"visibility": "public"}, headers=headers)
        assert file.tell() > 2 * 2**20, "it takes three pieces"
        what = {"batch": batch.json()["id"], "filename": "large.jpg"}
        tus = TusClient(f"{at}/files/", headers=headers)
        tus.uploader(file_stream=file, metadata=what).upload()


def test_photo_lives_on_s3_and_leaves_public_when_hidden(s3_endpoint, make_data_dir, tmp_path):
    client = boto3.client(
        "s3",
        endpoint_url=s3_endpoint,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )
    for bucket in (PUBLIC, PRIVATE):
        client.create_bucket(Bucket=bucket)
    anyone_reads = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{PUBLIC}/*",
    }
    client.put_bucket_policy(
        Bucket=PUBLIC, Policy=json.dumps({"Version": "2012-10-17", "Statement": [anyone_reads]})
    )

    def keys(bucket) -> list[str]:
        listing = client.list_objects_v2(Bucket=bucket)
        return [item["Key"] for item in listing.get("Contents", [])]

    site = Site(
        make_data_dir(),
        photos=0,
        AWS_S3_ENDPOINT_URL=s3_endpoint,
        AWS_S3_REGION_NAME="us-east-1",
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY="secret",
        AWS_STORAGE_BUCKET_NAME=PUBLIC,
        AWS_PRIVATE_BUCKET_NAME=PRIVATE,
        UPLOAD_PIECE_MB="1",
    )
    picture = tmp_path / "IMG_0001.jpg"
    exif = Image.Exif()
    exif[0x010E] = "A paper lantern"
    Image.effect_noise((900, 600), 60).convert("RGB").save(picture, exif=exif)
    try:
        site.start()
        site.manage("import_photos", str(picture))
        site.wait_until_done(1, timeout_seconds=90)
        hit = site.search("lantern")["results"][0]
        rendition = hit["image"]["src"]
        assert rendition.startswith(s3_endpoint)
        answer = httpx.get(rendition)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert len(keys(PUBLIC)) >= 4
        assert any(key.startswith("originals/") for key in keys(PRIVATE))

        hide = (
            "from gallery.models import Photo; from gallery.services import set_visibility; "
            "set_visibility(Photo.objects.all(), 'private')"
        )
        site.manage("shell", "-c", hide)
        wait_until(lambda: not keys(PUBLIC), timeout_seconds=30, what="the move out of public")
        assert httpx.get(rendition).status_code in (403, 404)
        assert site.search("lantern")["results"] == []
        assert any(key.startswith("r/") for key in keys(PRIVATE))

        large = io.BytesIO()
        Image.effect_noise((2400, 1800), 90).convert("RGB").save(large, "JPEG", quality=95)
        upload_by_tus(site, large)
        stored = [key for key in keys(PRIVATE) if key.startswith("originals/")]
        bodies = [client.get_object(Bucket=PRIVATE, Key=key)["Body"].read() for key in stored]
        assert len(bodies) == 2 and large.getvalue() in bodies
        site.manage("sweep")
        assert not any(key.startswith("uploads/") for key in keys(PRIVATE))
    finally:
        site.stop()
