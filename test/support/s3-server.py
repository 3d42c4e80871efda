"""OpenStack Swift with its S3 interface, all in one process on loopback, for the tests: an S3 server that others wrote.

Prints two ports. At the first one conditional PUTs get as far as the object servers, which know them; at the second they are refused, as
Swift does it by itself. A line of input, a bucket and names in JSON, enters the names into the bucket's list, and is answered by a line.
It ends when its input does, and takes its files away.
"""
import atexit
import json
import logging
import os
import shutil
import sys
import tempfile
from array import array

import eventlet

eventlet.monkey_patch()

from eventlet import wsgi  # noqa: E402
from swift.common import utils  # noqa: E402


def place():
    """In memory where there is room and what Swift needs of a file system: each object is synced, and a test has many."""
    memory = "/dev/shm"
    try:
        room = os.statvfs(memory)
        if room.f_bavail * room.f_frsize > 2**30:
            folder = tempfile.mkdtemp(prefix="holdfast-s3-", dir=memory)
            try:
                os.setxattr(folder, "user.try", b"")
                return folder
            except OSError:
                os.rmdir(folder)
    except OSError:
        pass
    return tempfile.mkdtemp(prefix="holdfast-s3-")


folder = place()
atexit.register(shutil.rmtree, folder, ignore_errors=True)
with open(os.path.join(folder, "swift.conf"), "w") as conf:
    conf.write("[swift-hash]\nswift_hash_path_suffix = tests\n[storage-policy:0]\nname = only\ndefault = yes\n")
utils.SWIFT_CONF_FILE = os.path.join(folder, "swift.conf")
utils.validate_hash_conf()

from swift.account.server import AccountController  # noqa: E402
from swift.common.http_protocol import SwiftHttpProtocol  # noqa: E402
from swift.common.middleware.s3api import s3api  # noqa: E402
from swift.common.ring import Ring, RingData  # noqa: E402
from swift.container.backend import ContainerBroker  # noqa: E402
from swift.container.server import ContainerController  # noqa: E402
from swift.obj.server import ObjectController  # noqa: E402
from swift.proxy.server import Application  # noqa: E402

log = logging.getLogger("swift")
log.addHandler(logging.StreamHandler(sys.stderr))


def serve(app, sock):
    eventlet.spawn(wsgi.server, sock, app, log, log_output=False, protocol=SwiftHttpProtocol, max_size=256)


class Cache:
    """What memcached would keep."""

    def __init__(self):
        self.kept = {}

    def get(self, key, **_):
        return self.kept.get(key)

    def set(self, key, value, **_):
        self.kept[key] = value

    def incr(self, key, delta=1, **_):
        self.kept[key] = self.kept.get(key, 0) + delta
        return self.kept[key]

    def delete(self, key, **_):
        self.kept.pop(key, None)


def with_cache(app, cache=Cache()):
    def cached(env, start_response):
        env["swift.cache"] = cache
        return app(env, start_response)

    return cached


os.makedirs(os.path.join(folder, "disks", "disk"))
common = {
    "devices": os.path.join(folder, "disks"),
    "swift_dir": folder,
    "mount_check": "false",
    "disable_fallocate": "true",
    "fallocate_reserve": "0",
    "bind_ip": "127.0.0.1",
}
for name, controller in (("account", AccountController), ("container", ContainerController), ("object", ObjectController)):
    sock = eventlet.listen(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    device = {
        "id": 0,
        "region": 1,
        "zone": 1,
        "weight": 1.0,
        "device": "disk",
        "ip": "127.0.0.1",
        "port": port,
        "replication_ip": "127.0.0.1",
        "replication_port": port,
    }
    RingData([array("H", [0] * 4)], [device], 30).save(os.path.join(folder, name + ".ring.gz"))
    serve(controller(dict(common, bind_port=port)), sock)


def filtered(app, module, **settings):
    factory = __import__("swift.common.middleware." + module, fromlist=["filter_factory"]).filter_factory
    return factory(dict(common), **settings)(app)


class TakingConditions:
    """A request whose condition is not seen by what would refuse it, but by all behind that."""

    def _validate_headers(self):
        condition = self.headers.pop("If-None-Match", None)
        super()._validate_headers()
        if condition is not None:
            self.headers["If-None-Match"] = condition


request_class = s3api.get_request_class


def request_class_for(env, s3_acl):
    found = request_class(env, s3_acl)
    return type("Conditional", (TakingConditions, found), {}) if env.get("tests.conditions") else found


s3api.get_request_class = request_class_for

app = Application(dict(common, account_autocreate="true", allow_account_management="true"))
app = filtered(app, "dlo")
app = filtered(app, "symlink")
app = filtered(app, "versioned_writes", allow_object_versioning="true", allow_versioned_writes="true")
app = filtered(app, "copy")
app = filtered(app, "slo", rate_limit_after_segment="10000")
app = filtered(app, "bulk")
app = filtered(app, "tempauth", user_test_tester="testing .admin")
app = filtered(app, "s3api.s3api", location="us-east-1", min_segment_size="1", max_upload_part_num="10000", storage_domain="s3.test", s3_acl="false")
app = filtered(app, "listing_formats")
app = with_cache(app)
app = filtered(app, "gatekeeper")
app = filtered(app, "catch_errors")



def with_conditions(env, start_response):
    return app(dict(env, **{"tests.conditions": True}), start_response)


ports = []
for each in (with_conditions, app):
    sock = eventlet.listen(("127.0.0.1", 0))
    serve(each, sock)
    ports.append(sock.getsockname()[1])
print(*ports, flush=True)


def fill(bucket, names):
    part = Ring(folder, ring_name="container").get_part("AUTH_test", bucket)
    key = utils.hash_path("AUTH_test", bucket)
    database = os.path.join(common["devices"], "disk", utils.storage_directory("containers", part, key), key + ".db")
    now = utils.Timestamp.now().internal
    same = {"created_at": now, "size": 1, "content_type": "text/plain", "etag": "0" * 32, "deleted": 0, "storage_policy_index": 0}
    ContainerBroker(database, account="AUTH_test", container=bucket).merge_items([dict(same, name=name) for name in names])


for line in iter(lambda: eventlet.tpool.execute(sys.stdin.readline), ""):
    fill(*json.loads(line))
    print("filled", flush=True)
