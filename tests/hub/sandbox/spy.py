"""A method that looks for everything it must not find; PORT, NAME, PATH and SHOWN are put before it."""

# ruff: noqa
import ctypes, json, os, signal, socket, sys, time


def attempt(name, action):
    begin = time.monotonic()
    try:
        told[name] = repr(action())
    except BaseException as error:
        told[name] = type(error).__name__
    spent[name] = round(time.monotonic() - begin, 1)


def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        client.connect(address)
        return "connected"


def send(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        return client.sendto(b"x", address)


def fetch():
    import urllib.request

    return urllib.request.urlopen("http://127.0.0.1:%d/" % PORT, timeout=3).read()


def walk():
    found = []
    for folder, names, files in os.walk("/"):
        names[:] = [name for name in names if os.path.join(folder, name) not in ("/usr", "/proc", "/dev", *SHOWN)]
        found += [os.path.join(folder, name) for name in files]
    return [name for name in found if not name.startswith(("/etc/alternatives/", "/etc/fonts/"))]


def mount():
    libc = ctypes.CDLL(None, use_errno=True)
    return [
        libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
        libc.unshare(0x10000000),
        libc.ptrace(16, 1, 0, 0),
        libc.unshare(0x00020000),
        libc.syscall(165, b"/dev/vda", b"/tmp", b"ext4", 0, 0),
    ]


told = {}
spent = {}


def predict(image):
    attempt("loopback", lambda: connect(socket.AF_INET, ("127.0.0.1", PORT)))
    attempt("abstract", lambda: connect(socket.AF_UNIX, "\\0" + NAME))
    attempt("unix", lambda: connect(socket.AF_UNIX, PATH + "/socket"))
    attempt("outside", lambda: connect(socket.AF_INET, ("192.0.2.1", 80)))
    attempt("datagram", lambda: send(("192.0.2.1", 53)))
    attempt("http", fetch)
    attempt("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    attempt("truth", lambda: open(PATH + "/truth").read())
    attempt("folder", lambda: os.listdir(PATH))
    attempt("found", walk)
    attempt("shadow", lambda: open("/etc/shadow").read())
    attempt("passwd", lambda: open("/etc/passwd").read())
    attempt("root", lambda: os.listdir("/root"))
    attempt("home", lambda: os.listdir("/home"))
    attempt("temporary", lambda: sorted(os.listdir("/tmp")))
    attempt("inputs", lambda: sorted(os.listdir("/input")))
    attempt("environment", lambda: dict(os.environ))
    attempt("parents", lambda: open("/proc/1/environ").read() + open("/proc/self/environ").read())
    attempt("others", lambda: sorted(name for name in os.listdir("/proc") if name.isdigit()))
    attempt("uid", lambda: (os.getuid(), os.geteuid(), os.getgroups()))
    attempt("setuid", lambda: os.setuid(0))
    for name in ("", "/input", "/method", "/usr", "/etc", "/dev", "/proc", "/proc/sys/kernel", sys.prefix, PATH):
        attempt("write " + name, lambda name=name: open(name + "/x", "w").write("x"))
    attempt("device", lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(8, 0)))
    attempt("mount", mount)
    attempt("terminal", lambda: os.open("/dev/tty", os.O_RDWR))
    attempt("core", lambda: open("/proc/sys/kernel/core_pattern", "w").write("x"))
    attempt("kill", lambda: [os.kill(1, signal.SIGKILL), os.kill(os.getppid(), signal.SIGKILL)])
    attempt("link", lambda: open("/proc/1/root" + PATH + "/truth").read())
    attempt("setuid programs", lambda: os.system("su -c id root || sudo id || newgrp root") and "refused")
    attempt("pictures of memory", lambda: open("/dev/mem", "rb").read(10))
    print(json.dumps(told))
    print({name: one for name, one in spent.items() if one > 0.5})
    return (image.values > 100).astype("uint16")
