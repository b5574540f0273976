"""Attacks on the grader, each a body of code that a submission could hold.

Most replace `ols`; two of its neighbours, `gls` and `denominator_df`, stay right. `AT_IMPORT` run while the
file is loaded and leave the rest right, where it is reached at all. What each may earn is said where it is
used (test_attacks.py): `ols` nothing in the first group, since it never returns the right numbers.
"""

IN_OLS = {
    "exit_process": "import os; os._exit(0)",
    "sys_exit": "import sys; sys.exit(0)",
    "keyboard_interrupt": "raise KeyboardInterrupt",
    "pytest_skip": "import pytest; pytest.skip('passed')",
    "base_exception": "class E(BaseException): pass\nraise E()",
    "endless_loop": "while True: pass",
    "endless_loop_ignoring_signals": (
        "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except Exception: pass\n"
        "while True: pass"
    ),
    "sleep": "import time; time.sleep(1e6)",
    "segmentation_fault": "import ctypes; ctypes.string_at(0)",
    "kill_itself": "import os; os.kill(os.getpid(), 9)",
    "abort": "import os; os.abort()",
    "fork_bomb": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "thread_bomb": (
        "import threading, time\nwhile True:\n    try: threading.Thread(target=time.sleep, args=(100,)).start()\n"
        "    except RuntimeError: pass"
    ),
    "memory_bomb": "blocks = []\nwhile True: blocks.append(bytearray(2**28))",
    "huge_reply": "return {'coef': np.zeros(10**8), 'se': np.zeros(10**8), 'sigma2': 1, 'df_resid': 1}",
    "long_text_reply": "return {'coef': 'x' * 10**8, 'se': 1, 'sigma2': 1, 'df_resid': 1}",
    "output_flood": "import os\nwhile True: os.write(1, b'x' * 65536)",
    "error_flood": "import sys\nwhile True: sys.stderr.write('x' * 65536)",
    "nested_reply": "x = []\nfor _ in range(10**5): x = [x]\nreturn {'coef': x, 'se': x, 'sigma2': x, 'df_resid': x}",
    "recursion": "return ols(X, y)",
    "not_a_number": "return {'coef': np.full(X.shape[1], np.nan), 'se': np.full(X.shape[1], np.nan), 'sigma2': np.nan, 'df_resid': np.nan}",
    "infinite": "return {'coef': np.full(X.shape[1], np.inf), 'se': np.full(X.shape[1], np.inf), 'sigma2': np.inf, 'df_resid': 1}",
    "equal_to_everything": (
        "class Yes(float):\n    __eq__ = __le__ = __ge__ = __lt__ = __gt__ = lambda *a: True\n    __hash__ = None\n"
        "    __abs__ = __sub__ = __rsub__ = lambda *a: 0.0\n"
        "return {'coef': [Yes()] * X.shape[1], 'se': [Yes()] * X.shape[1], 'sigma2': Yes(), 'df_resid': Yes()}"
    ),
    "lying_array": (
        "class Liar(np.ndarray):\n    def __array_function__(self, *a, **k): return True\n"
        "    def __array_ufunc__(self, *a, **k): return True\n    def astype(self, *a, **k): return self\n"
        "a = np.zeros(X.shape[1]).view(Liar)\nreturn {'coef': a, 'se': a, 'sigma2': a[0], 'df_resid': a[0]}"
    ),
    "answers_to_every_name": (
        "class Any:\n    def __getattr__(self, name): return Any()\n    def __dir__(self): return ['coef', 'se', 'sigma2', 'df_resid']\n"
        "    def __float__(self): return 1.0\n    def __eq__(self, other): return True\n    __hash__ = None\nreturn Any()"
    ),
    "lying_mapping": (
        "class Lie(dict):\n    def __getitem__(self, key): return Lie()\n    def __contains__(self, key): return True\n"
        "    def __iter__(self): return iter(['coef', 'se', 'sigma2', 'df_resid'])\nreturn Lie()"
    ),
    "pickle": (
        "class P:\n    def __reduce__(self): return (eval, ('1',))\n"
        "return {'coef': [P()], 'se': [P()], 'sigma2': P(), 'df_resid': P()}"
    ),
    "endless_message": ("class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E()"),
    "flood_in_message": "raise ValueError('x' * 10**8)",
    "wait_for_input": "return input()",
    "patched_numpy": (
        "np.allclose = np.array_equal = np.isfinite = lambda *a, **k: True\nnp.abs = lambda *a, **k: 0.0\n"
        "np.asarray = lambda *a, **k: np.zeros(1)\nreturn {'coef': 0, 'se': 0, 'sigma2': 0, 'df_resid': 0}"
    ),
    "patched_builtins": (
        "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.len = lambda *a: 0\n"
        "return {'coef': 0, 'se': 0, 'sigma2': 0, 'df_resid': 0}"
    ),
    "patched_worker": (
        "import sys\nfor m in list(sys.modules.values()):\n    for n in ('plain', 'encode', 'decode', 'answered', 'send'):\n"
        "        if hasattr(m, n):\n            try: setattr(m, n, lambda *a, **k: b'')\n            except Exception: pass\n"
        "return {'coef': 0, 'se': 0, 'sigma2': 0, 'df_resid': 0}"
    ),
    "forged_frames": (
        "import os, json, struct\nh = json.dumps({'nonce': '0', 'value': {'coef': 1, 'se': 1, 'sigma2': 1, 'df_resid': 1}}).encode()\n"
        "for fd in range(3, 40):\n    try: os.write(fd, struct.pack('<IQ', len(h), 0) + h)\n    except OSError: pass\nos._exit(0)"
    ),
    "forged_frame_with_the_right_nonce": (
        "import gc, os, json, struct, sys\nf = sys._getframe()\nnonce = ''\n"
        "while f:\n    r = f.f_locals.get('request')\n    nonce = r['nonce'] if isinstance(r, dict) and 'nonce' in r else nonce\n    f = f.f_back\n"
        "h = json.dumps({'nonce': nonce, 'passed': True, 'score': 100, 'value': True}).encode()\n"
        "for fd in range(3, 40):\n    try: os.write(fd, struct.pack('<IQ', len(h), 0) + h)\n    except OSError: pass\nos._exit(0)"
    ),
    "malformed_frames": (
        "import os\nfor fd in range(3, 40):\n    try: os.write(fd, b'\\x00\\xff{]' * 1000)\n    except OSError: pass\nos._exit(0)"
    ),
    "announce_a_huge_frame": (
        "import os, struct\nfor fd in range(3, 40):\n    try: os.write(fd, struct.pack('<IQ', 2**31, 2**62))\n    except OSError: pass\n"
        "import time; time.sleep(1e6)"
    ),
    "close_everything": "import os\nos.closerange(0, 256)",
    "late_frames_from_a_thread": (
        "import threading, os, time\ndef later():\n    while True:\n        time.sleep(0.001)\n        for fd in range(3, 40):\n"
        "            try: os.write(fd, b'junk')\n            except OSError: pass\n"
        "threading.Thread(target=later, daemon=True).start()\nreturn {'coef': 0, 'se': 0, 'sigma2': 0, 'df_resid': 0}"
    ),
    "walk_frames_for_expected_values": (
        "import sys, gc\nfound = [o for o in gc.get_objects() if isinstance(o, dict) and ('expected' in o or 'golden' in o)]\n"
        "v = found[0].get('expected', 0) if found else 0\nreturn {'coef': v, 'se': v, 'sigma2': v, 'df_resid': v}"
    ),
    "import_lmm_core": "sys.modules.pop('lmm_core', None)\nimport lmm_core\nreturn lmm_core.ols(X, y)",
    "find_the_project": (
        "import os, sys, importlib\nfor root, folders, files in os.walk('/'):\n"
        "    folders[:] = [f for f in folders if f not in ('proc', 'sys')]\n    if 'least_squares.py' in files:\n"
        "        s = open(os.path.join(root, 'least_squares.py')).read()\n        sys.path.insert(0, os.path.dirname(root))\n"
        "        for n in [n for n in sys.modules if n.startswith('lmm_core')]: del sys.modules[n]\n"
        "        return importlib.import_module('lmm_core').ols(X, y)\nos._exit(1)"
    ),
    "project_by_editable_install": (
        "import glob, re, sys, importlib\nfor p in sys.path:\n    for f in glob.glob(p + '/*lmm*'):\n        pass\n"
        "for f in [f for p in sys.path for f in glob.glob(p + '/__editable__*lmm*.py') + glob.glob(p + '/__editable__*lmm*.pth')]:\n"
        "    for found in re.findall(r'(/[^\\'\"\\s]+)/lmm_core', open(f).read()):\n        sys.path.insert(0, found)\n"
        "for n in [n for n in sys.modules if n.startswith('lmm_core')]: del sys.modules[n]\n"
        "return importlib.import_module('lmm_core').ols(X, y)"
    ),
    "read_other_processes": (
        "import os\ntext = b''\nfor pid in filter(str.isdigit, os.listdir('/proc')):\n    for name in ('environ', 'cmdline', 'maps', 'mem'):\n"
        "        if int(pid) == os.getpid(): continue\n        try: text += open(f'/proc/{pid}/{name}', 'rb').read(4096)\n        except OSError: pass\n"
        "os._exit(1)"
    ),
    "kill_the_grader": (
        "import os, signal\nfor pid in [os.getppid(), *map(int, filter(str.isdigit, os.listdir('/proc')))]:\n"
        "    if pid not in (os.getpid(), 0):\n        try: os.kill(pid, signal.SIGKILL)\n        except OSError: pass\nos.kill(-1, 9)"
    ),
    "daemon": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: time.sleep(0.01)\n    os._exit(0)\nos._exit(1)"
    ),
    "daemon_that_ignores_everything": (
        "import os, signal, time\nfor _ in range(5):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork(): os._exit(0)\n"
        "        for s in range(1, 65):\n            try: signal.signal(s, signal.SIG_IGN)\n            except Exception: pass\n"
        "        while True: time.sleep(0.01)\nwhile True: time.sleep(1)"
    ),
    "network": (
        "import socket\nfor family, address in ((socket.AF_INET, ('127.0.0.1', 22)), (socket.AF_INET, ('10.0.0.1', 80))):\n"
        "    s = socket.socket(family)\n    s.settimeout(1)\n    s.connect(address)\nraise RuntimeError"
    ),
    "fill_the_disk": (
        "import os, tempfile\nfolder = tempfile.gettempdir()\nfor i in range(200):\n    with open(f'{folder}/{i}', 'wb') as f: f.write(b'x' * 2**28)\n"
    ),
    "write_to_the_system": (
        "import os\nfor path in ('/etc/passwd', '/usr/lib/x', '/root/x', '/work/x', '/grader/worker.py', '/proc/sys/kernel/hostname'):\n"
        "    try:\n        open(path, 'a').write('x')\n    except OSError: continue\n    raise SystemExit('written')\nraise RuntimeError"
    ),
    "become_root": "import os; os.setuid(0); os.setgid(0)\nraise RuntimeError",
    "raise_limits": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nwhile True: pass",
    "new_namespaces": (
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.unshare(0x10000000 | 0x00020000)\n"
        "libc.mount(b'none', b'/', None, 1 << 5, None)\nlibc.umount2(b'/tmp', 2)\nraise RuntimeError"
    ),
    "trace_the_parent": "import ctypes, os; ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)\nraise RuntimeError",
}

IN_OLS |= {
    "rolling_forks": "import os\nwhile True:\n    try:\n        if os.fork(): os._exit(0)\n    except OSError: pass",
    "a_process_with_an_unreadable_name": (
        "import os, ctypes, time\nif os.fork() == 0:\n    os.setsid()\n    ctypes.CDLL(None).prctl(15, b'\\xff\\xfe', 0, 0, 0)\n"
        "    os.closerange(0, 256)\n    time.sleep(240)\ntime.sleep(1e6)"
    ),
    "lone_surrogate": "raise ValueError('bad \\udc80 \\x1b[2J')",
    "folders_in_folders": "import os, tempfile\nos.chdir(tempfile.gettempdir())\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')\nos._exit(1)",
    "one_buffer_many_times": (
        "import os, json, struct, sys\nf = sys._getframe()\nwhile f and 'request' not in f.f_locals: f = f.f_back\n"
        "a = [{'array': 0, 'shape': [2**20], 'type': '<f8'}] * 50000\n"
        "h = json.dumps({'nonce': f.f_locals['request']['nonce'], 'value': dict.fromkeys(('coef', 'se', 'sigma2', 'df_resid'), a)}).encode()\n"
        "for fd in range(3, 40):\n    try:\n        os.write(fd, struct.pack('<IQ', len(h), 2**23) + h + bytes(2**23))\n    except OSError: pass\nos._exit(0)"
    ),
}

AT_IMPORT = {
    "full_request_pipe": (
        "import os, fcntl, json, struct, time, sys\nf = sys._getframe()\nwhile f and 'config' not in f.f_locals: f = f.f_back\n"
        "c = f.f_locals['config']\nfcntl.fcntl(c['requests'], 1031, 4096)\n"
        "h = json.dumps({'nonce': c['nonce'], 'loaded': True}).encode()\n"
        "os.write(c['replies'], struct.pack('<IQ', len(h), 0) + h); time.sleep(1e6)"
    ),
    "exit_at_import": "import os; os._exit(0)",
    "loop_at_import": "while True: pass",
    "premature_frames_at_import": (
        "import os, json, struct\nh = json.dumps({'nonce': '', 'loaded': True}).encode()\n"
        "for fd in range(3, 40):\n    try: os.write(fd, struct.pack('<IQ', len(h), 0) + h)\n    except OSError: pass"
    ),
    "forged_report_at_exit": (
        "import atexit, os\ndef forge():\n    for path in ('results.json', '/tmp/results.json'):\n"
        "        try: open(path, 'w').write('{\"score\": 100}')\n        except OSError: pass\natexit.register(forge)"
    ),
    "flood_at_import": "import sys\nfor _ in range(2000): sys.stdout.write('x' * 65536)",
    "null_bytes": "\0",
    "syntax": "def ols(X, y:\n    return",
}

# Each reaches for something outside, and is refused (OSError) or let through.
# {file} is a file of the user who grades, {report} the folder of the reports, {project} the suite.
HELP = """
import ctypes, fcntl, os, resource, socket, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    value = libc.syscall(ctypes.c_long(number), *arguments)
    if value < 0: raise OSError(ctypes.get_errno(), 'refused')
    return value
others = [int(pid) for pid in os.listdir('/proc') if pid.isdigit() and int(pid) != os.getpid()]
def came_true(change):
    if not change: raise OSError('as it was')
def on_others(act):
    for pid in others:
        try: act(pid)
        except OSError: continue
        return
    raise OSError('nobody')
"""

BARRED = {
    "session_keyring": "call(248, b'user', b'lmm', b'x', 1, -3)",
    "user_keyring": "call(248, b'user', b'lmm', b'x', 1, -4)",
    "search_keyring": "call(250, 10, -3, b'user', b'lmm', 0)",
    "tcp": "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "udp": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53))",
    "unix_socket": "socket.socket(socket.AF_UNIX).bind('\\0lmm')",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "shared_memory": "call(29, 4711, 4096, 0o1666)",
    "message_queue": "call(68, 4711, 0o1666)",
    "semaphores": "call(64, 4711, 1, 0o1666)",
    "posix_queue": "call(240, b'lmm', 0o102, 0o666, None)",
    "limit_others": "on_others(lambda pid: resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0)))",
    "renice_others": "on_others(lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 19))",
    "bind_others_to_a_processor": "on_others(lambda pid: os.sched_setaffinity(pid, {{0}}))",
    "signal_others": "on_others(lambda pid: os.kill(pid, signal.SIGCONT))",
    "signal_others_by_a_file": "r, w = os.pipe(); on_others(lambda pid: fcntl.fcntl(r, fcntl.F_SETOWN, pid))",
    "queue_a_signal": "on_others(lambda pid: call(129, pid, 18, ctypes.create_string_buffer(128)))",
    "open_others": "on_others(lambda pid: call(434, pid, 0))",
    "read_memory_of_others": "on_others(lambda pid: open(f'/proc/{{pid}}/mem', 'rb').close())",
    "environment_of_others": "on_others(lambda pid: open(f'/proc/{{pid}}/environ', 'rb').read(1))",
    "trace_others": "on_others(lambda pid: call(101, 16, pid, 0, 0))",
    "user_namespace": "call(272, 0x10000000)",
    "user_namespace_of_a_child": "if call(56, 0x10000000 | 17, 0, 0, 0, 0) == 0: os._exit(0)",
    "user_namespace_by_clone3": "if call(435, (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, 17), 64) == 0: os._exit(0)",
    "io_uring": "call(425, 1, ctypes.create_string_buffer(120))",
    "mount": "call(165, b'none', b'/tmp', b'tmpfs', 0, None)",
    "change_mode": "os.chmod({file!r}, 0o600); came_true(os.stat({file!r}).st_mode & 0o777 == 0o600)",
    "change_mode_of_the_report": "os.chmod({report!r}, 0); came_true(os.stat({report!r}).st_mode & 0o777 == 0)",
    "change_times": "os.utime({file!r}, (0, 0)); came_true(os.stat({file!r}).st_mtime == 0)",
    "attributes": "os.setxattr({file!r}, 'user.x', b'x'); os.getxattr({file!r}, 'user.x')",
    "change_owner": "os.chown({file!r}, 4711, 4711); came_true(os.stat({file!r}).st_uid == 4711)",
    "cut": "os.truncate({file!r}, 0)",
    "read": "open({file!r}).read()",
    "read_the_suite": "open({project!r} + '/lmm_core/sums.py').read()",
    "list_the_report": "os.listdir({report!r})",
    "write_beside": "open({report!r} + '/x', 'w')",
    "remove": "os.unlink({file!r})",
    "rename": "os.rename({file!r}, {file!r} + 'x')",
    "link": "os.link({file!r}, 'x')",
    "folder": "os.mkdir({report!r} + '/y')",
}

# What a class folder may hold beside hand-ins; {mark} is a file that is there if it was run.
CONFIGURATION = {
    "pytest.ini": "[pytest]\naddopts = -p evil\npythonpath = .\nminversion = 99\nrequired_plugins = nobody\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-p evil'\npythonpath = '.'\n",
    "tox.ini": "[pytest]\naddopts = -p evil\npythonpath = .\n",
    "setup.cfg": "[tool:pytest]\naddopts = -p evil\npythonpath = .\n",
    ".pytest.ini": "[pytest]\naddopts = -p evil\npythonpath = .\n",
    ".coveragerc": "[run]\nplugins = evil\n",
    "evil.py": "open({mark!r}, 'w')\n",
    "conftest.py": "open({mark!r}, 'w')\n",
    "sitecustomize.py": "open({mark!r}, 'w')\n",
    "usercustomize.py": "open({mark!r}, 'w')\n",
    "numpy.py": "open({mark!r}, 'w')\n",
    "pytest.py": "open({mark!r}, 'w')\n",
    "lmm_core.py": "open({mark!r}, 'w')\n",
    ".Rprofile": "file.create({mark!r})\n",
    ".Renviron": "R_PROFILE_USER=evil.R\n",
    "evil.R": "file.create({mark!r})\n",
    "Makevars": "$(shell touch {mark})\n",
}
CONFIGURATION |= {  # names that are options, or name a file of options, where a shell makes words of them
    "-pevil.py": "",
    "--config-file=evil.py": "",
    "--rootdir=.py": "",
    "@evil.py": "-p\nevil\n",
}

# Paths of files in an archive that look for a way out of it.
WAYS_OUT = (
    *("../grader/worker.py", "../../grader/worker.py", "..\\grader\\worker.py", "a/../../grader/worker.py"),
    *("/tmp/grader/worker.py", "C:/grader/worker.py", "C:..\\grader\\worker.py", "\\\\host\\grader\\worker.py"),
    *(
        "./../grader/worker.py",
        "a/./.././../grader/worker.py",
        "..",
        ".",
        "",
        "...",
        "../",
        "home/../../grader/worker.py",
    ),
    *(
        "\u2025/grader/worker.py",
        "\uff0e\uff0e/grader/worker.py",
        "..\uff0fgrader\uff0fworker.py",
        "..\u2215grader\u2215worker.py",
    ),
    *("..\0/grader/worker.py", "\0", "a\0/../../grader/worker.py", "%2e%2e/grader/worker.py", "~/grader/worker.py"),
    *("a/" * 1200 + "x.py", "x" * 5000, "../" * 300 + "tmp/grader/worker.py", "\udc80/x.py"),
)
# Beside the source, files that are called like what a worker imports before and after it is confined.
NAMESAKES = (
    *("sitecustomize", "usercustomize", "encodings/__init__", "os", "json", "ctypes", "select", "signal", "resource"),
    *(
        "worker",
        "confinement",
        "wire",
        "plain",
        "stand_ins",
        "python_submission",
        "numpy/__init__",
        "pandas",
        "threading",
    ),
)
