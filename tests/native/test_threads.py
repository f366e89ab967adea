"""Teams of threads: barriers, dispatch, callers at once, modes, fork, exit, Ctrl-C, idleness."""

import ctypes
import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import neurona
from neurona.engines.native.cores import available_cores
from neurona.engines.native.llvm.assemble import check_ir
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.run import threads
from neurona.engines.native.run.team_code import has_futex, team_code
from neurona.engines.native.run.threads import Team, TeamMemory, native
from neurona.errors import ArgumentError
from tests.native.work import Table, code, expected_phases, phases

POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX only")


@pytest.fixture(params=["futex", "naps"])
def sleepers(request):
    """A maker of teams that sleep on a futex, and of teams that nap."""
    if request.param == "futex" and not has_futex(Machine.host()):
        pytest.skip("no futex here")
    made = []

    def make(count):
        made.append(Team(count, native(request.param == "futex")))
        return made[-1]

    yield make
    for team in made:
        team.dismiss()
        assert not any(worker.is_alive() for worker in team._workers)


def run_script(body: str, timeout: float = 60) -> str:
    """Run Python code in a process of its own, which must end by itself; return what it prints."""
    head = """
        import ctypes, os, signal, sys, threading, time
        from neurona.engines.native.run.threads import Team
        from tests.native.work import Table, code, expected_phases, phases
        def check(team, count=50):
            table = phases(count)
            team.run(code().address("phases"), table.address)
            assert list(table.values) == expected_phases(count)
        def threads_of(team):
            table = Table(ctypes.c_int64, *[0] * team.threads)
            team.run(code().address("count"), table.address)
            return list(table.values)
        """
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(Path(neurona.__file__).parents[1]), str(root)])
    text = "\n".join(line[8:] for line in head.splitlines()) + "\n" + body
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", text],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "PYTHONPATH": path},
        cwd=root,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_each_phase_sees_what_others_wrote_in_the_one_before(sleepers, count):
    team, result = sleepers(count), phases(3000)
    team.run(code().address("phases"), result.address)
    assert list(result.values) == expected_phases(3000)


@pytest.mark.parametrize(("count", "times"), [(1, 5000), (2, 5000), (3, 1000), (4, 1000)])
def test_every_dispatch_runs_once_on_every_thread(sleepers, count, times):
    team, runs = sleepers(count), Table(ctypes.c_int64, *[0] * count)
    work = code().address("count")
    for _ in range(times):
        team.run(work, runs.address)
    assert list(runs.values) == [count * times] * count


@pytest.mark.parametrize("pause", [0.0, 0.0002, 0.005])
def test_workers_wake_for_jobs_that_come_after_a_pause(sleepers, pause):
    team = sleepers(2)
    for count in range(1, 30):
        result = phases(count)
        team.run(code().address("phases"), result.address)
        assert list(result.values) == expected_phases(count)
        time.sleep(pause)


def test_several_callers_at_once_get_right_results():
    team, wrong = Team.of(2), []

    def call():
        for _ in range(200):
            result = phases(20)
            team.run(code().address("phases"), result.address)
            if list(result.values) != expected_phases(20):
                wrong.append(list(result.values))

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


def test_who_comes_to_a_busy_team_works_alone():
    team, held = Team.of(2), Table(ctypes.c_int64, 0, 0)
    holder = threading.Thread(target=team.run, args=(code().address("hold"), held.address))
    holder.start()
    while not held.values[0]:
        time.sleep(0.001)
    alone = Table(ctypes.c_int64, 0, 0)
    team.run(code().address("count"), alone.address)
    held.values[1] = 1
    holder.join()
    assert list(alone.values) == [1, 0]
    team.run(code().address("count"), alone.address)
    assert list(alone.values) == [3, 2]


def test_there_is_one_team_of_a_size():
    assert Team.of(2) is Team.of(2)
    assert Team.of(2) is not Team.of(3)


def test_a_team_has_at_least_one_thread():
    with pytest.raises(ArgumentError, match=r"threads is too small. Got 0; expected 1 or more"):
        Team.of(0)


def test_memory_is_laid_out_in_lines():
    starts = [getattr(TeamMemory, name).offset for name in ("meet", "posted", "phase", "cores")]
    assert starts == [0, 128, 256, 384]
    team = Team(2)
    _, address = team._lay_out()
    assert address % 128 == 0


def test_idle_teams_use_no_processor_time():
    team = Team.of(2)
    team.run(code().address("count"), Table(ctypes.c_int64, 0, 0).address)
    time.sleep(0.02)
    before = time.process_time()
    time.sleep(0.4)
    assert time.process_time() - before < 0.1


# --- floating-point mode -------------------------------------------------------------------------


@pytest.mark.skipif(Machine.host().architecture not in ("x86_64", "aarch64"), reason="no mode")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_denormals_are_zero_on_all_threads_and_not_outside(count):
    tiny = 5e-324
    results = Table(ctypes.c_double, tiny, 1.0, 1.0, *[7.0] * count)
    Team.of(count).run(code().address("arithmetic"), results.address)
    assert list(results.values)[3:] == [0.0] * count  # a denormal argument
    results = Table(ctypes.c_double, 3e-308, 2.0**10, 2.0**10, *[7.0] * count)
    Team.of(count).run(code().address("arithmetic"), results.address)
    assert list(results.values)[3:] == [0.0] * count  # a denormal result
    assert tiny * 1.0 > 0
    assert 3e-308 / 2.0**10 > 0


@POSIX
@pytest.mark.skipif(Machine.host().architecture not in ("x86_64", "aarch64"), reason="no mode")
def test_the_callers_rounding_is_neither_used_nor_changed():
    system = ctypes.CDLL(None)
    upward = {"x86_64": 0x800, "aarch64": 0x400000}[Machine.host().architecture]
    results = Table(ctypes.c_double, 1.0, 3.0, 1.0, 0.0, 0.0)
    team, work = Team(2), code().address("arithmetic")
    team.run(work, results.address)
    nearest = list(results.values)[3:]
    team.dismiss()
    system.fesetround(upward)
    try:
        fresh = Team(2)  # its worker inherits the mode at its birth
        fresh.run(work, results.address)
        kept, up = system.fegetround(), math.nextafter(1.0, 2.0) / 3.0
    finally:
        system.fesetround(0)
    fresh.dismiss()
    assert kept == upward
    assert up > 1.0 / 3.0
    assert list(results.values)[3:] == nearest == [1.0 / 3.0] * 2


# --- beginnings and ends -------------------------------------------------------------------------


def test_the_interpreter_ends_while_teams_sleep_spin_or_work():
    out = run_script("""
for count in (1, 2, 4):
    check(Team.of(count))
table = Table(ctypes.c_int64, 0, 0)
threading.Thread(
    target=Team.of(3).run, args=(code().address("hold"), table.address), daemon=True
).start()
while not table.values[0]:
    time.sleep(0.001)
def forever():
    while True:
        check(Team.of(2))
threading.Thread(target=forever, daemon=True).start()
time.sleep(0.05)
print("end", flush=True)
""")
    assert out == "end\n"


def test_after_the_interpreters_end_has_begun_callers_work_alone():
    out = run_script("""
import atexit
from neurona.engines.native.run import threads
atexit.unregister(threads._dismiss_all)
atexit.register(lambda: print(threads_of(Team.of(2)), threads_of(Team.of(3))))
atexit.register(threads._dismiss_all)
check(Team.of(2))
""")
    assert out in ("[1, 0] [3, 3, 3]\n", "[1, 0] [1, 0, 0]\n")  # new threads: until Python 3.11


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_has_a_team_of_its_own():
    out = run_script("""
team = Team.of(2)
check(team)
table = Table(ctypes.c_int64, 0, 0)
held = Team.of(3)
holder = threading.Thread(target=held.run, args=(code().address("hold"), table.address))
holder.start()
while not table.values[0]:
    time.sleep(0.001)
for _ in range(5):
    child = os.fork()
    if not child:
        check(team), check(held)
        print(threads_of(team), threads_of(held), flush=True)
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    check(team)
table.values[1] = 1
holder.join()
print(threads_of(team), threads_of(held))
""")
    assert out.splitlines() == ["[2, 2] [3, 3, 3]"] * 6


@POSIX
def test_ctrl_c_during_a_run_leaves_the_team_whole():
    out = run_script("""
signal.signal(signal.SIGINT, signal.default_int_handler)  # it may have been started in background
team = Team.of(2)
check(team)
table = Table(ctypes.c_int64, 0, 0)
def interrupt():
    while not table.values[0]:
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)
    table.values[1] = 1
threading.Thread(target=interrupt).start()
try:
    team.run(code().address("hold"), table.address)
except KeyboardInterrupt:
    print("interrupted", table.values[1])
check(team)
print(threads_of(team))
signal.signal(signal.SIGALRM, signal.default_int_handler)
for _ in range(20):
    for after in (0.0001, 0.0005, 0.001):
        try:
            signal.setitimer(signal.ITIMER_REAL, after)
            while True:
                check(team)
        except KeyboardInterrupt:
            pass
check(team)
print(threads_of(team))
""")
    assert out == "interrupted 1\n[2, 2]\n[2, 2]\n"


def test_without_more_threads_the_caller_works_alone(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    team, runs = Team(4), Table(ctypes.c_int64, *[0] * 4)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        team.run(code().address("count"), runs.address)
    assert list(runs.values) == [1, 0, 0, 0]


def test_a_start_that_is_interrupted_is_made_again(monkeypatch):
    team, runs = Team(3), Table(ctypes.c_int64, *[0] * 3)
    start, started = threading.Thread.start, []

    def interrupted(self):
        if started:
            raise KeyboardInterrupt
        started.append(self)
        start(self)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            team.run(code().address("count"), runs.address)
    started[0].join(timeout=10)
    assert not started[0].is_alive()
    team.run(code().address("count"), runs.address)
    assert list(runs.values) == [3, 3, 3]
    team.dismiss()


@pytest.mark.skipif(not has_futex(Machine.host()), reason="cores are known on Linux only")
def test_threads_on_one_core_do_not_keep_it_from_each_other():
    """They sleep at once though they may spin for 50 ms: the core changes hands at each barrier."""
    out = run_script("""
import resource
from neurona.engines.native.run import threads
threads.SPIN = threads.IDLE_SPIN = 50_000
threads.available_cores = lambda: 2
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
team = Team.of(2)
check(team, 2000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw > 1000)
""")
    assert out == "True\n"


def test_more_threads_than_cores_spin_less():
    few, many = (Team(n)._lay_out()[0] for n in (1, available_cores() + 1))
    assert 0 < many.spins < few.spins
    assert many.idle_spins < few.idle_spins


@pytest.mark.parametrize("name", ["host", "avx2", "baseline", "neon", "apple"])
@pytest.mark.parametrize("futex", [True, False])
def test_the_code_is_right_for_every_machine(name, futex):
    machine = Machine.named(name)
    if futex and not has_futex(machine):
        pytest.skip("no futex there")
    assert check_ir(team_code(machine, futex), machine, level=0)


def test_where_threads_sleep_on_a_futex():
    names = {name: has_futex(Machine.named(name)) for name in ("neon", "apple")}
    assert names == {"neon": True, "apple": False}


def test_idle_spinning_is_longer_than_spinning_between_kernels():
    assert threads.CROWDED_SPIN < threads.SPIN <= threads.IDLE_SPIN
