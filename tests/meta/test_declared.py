"""What a peer says of itself, and what becomes of its answers."""

import re

import numpy as np
import pytest
from lmm_verification.frame import frame

from lmm_core import mixed
from reference import second_level
from tests.contract import EVERY, VERSION, ContractError
from tests.meta.graded import PROJECT, typed
from tests.peers import board, peer, plugin
from tests.peers.declared import DeclarationError, Declared
from tests.strategies import twelve_frogs

FROGS = twelve_frogs()
ARGUMENTS = FROGS.cell_means, FROGS.y, FROGS.group
FLAT = np.tile([1.0, -1.0, 0.0], 4)  # all bucket means are equal: the boundary
HEAD = "import lmm_core\n"
OLS = "from lmm_core import ols\n"
FIT = (
    "def fit_reml(X, y, group):\n    fit = lmm_core.fit_reml(X, y, group)\n"
    "    return {'Vb': fit.Vb, 'Ve': fit.Ve, 'coef': fit.coef, 'se': fit.se"
)


def _load(tmp_path, text):
    path = tmp_path / "mine_peer.py"
    path.write_text(HEAD + text)
    return peer.load(path)


def test_a_field_that_is_not_offered_skips_the_checks_that_read_it(tmp_path):
    """The others are there; whoever looks at this one is skipped."""
    source = f"NOT_OFFERED = ('fit_reml.criterion',)\n{FIT}}}\n"
    got = _load(tmp_path, source).implementation().fit_reml(*ARGUMENTS)
    assert got.Vb == pytest.approx(69)
    with pytest.raises(pytest.skip.Exception):
        np.asarray(got.criterion, dtype=float)


@pytest.mark.parametrize(("constant", "sign"), [("+log|X'X|", 1), ("-log|X'X|", -1), ("lme4", 0)])
def test_another_constant_of_the_criterion_is_taken_off(tmp_path, constant, sign):
    """The criterion is lme4's afterwards."""
    source = f'CRITERION = "{constant}"\nfrom numpy.linalg import slogdet\n{FIT}'
    source += f", 'criterion': fit.criterion + {sign} * slogdet(X.T @ X)[1]}}\n"
    got = _load(tmp_path, source).implementation().fit_reml(*ARGUMENTS)
    assert float(got.criterion) == pytest.approx(60.29064, abs=1e-5)


REFUSING = "REFUSES = {'boundary': 'by design'}\ndef fit_reml(X, y, group):\n    raise ValueError('no')\n"


def test_a_refusal_by_design_is_none_elsewhere(tmp_path):
    """At the boundary the check is skipped; inside, the error is the answer."""
    impl = _load(tmp_path, REFUSING).implementation()
    with pytest.raises(ContractError, match="fit_reml raised ValueError: no"):
        impl.fit_reml(*ARGUMENTS)
    with pytest.raises(pytest.skip.Exception, match="refuses boundary: by design"):
        impl.fit_reml(np.ones((12, 1)), FLAT, FROGS.group)


@pytest.mark.parametrize("raised", ["SystemExit(3)", "BaseException('panicked')", "MemoryError()"])
def test_whatever_a_package_raises_is_its_answer(tmp_path, raised):
    """An extension in Rust panics with a BaseException."""
    impl = _load(tmp_path, f"def gls(X, y, V):\n    raise {raised}\n").implementation()
    with pytest.raises(ContractError, match=r"gls raised \w+"):
        impl.gls(np.ones((2, 1)), np.ones(2), np.eye(2))


def test_the_packages_own_flag_is_kept(tmp_path):
    """`converged` beside the fields, and None where there is none."""
    source = f"{FIT}, 'criterion': fit.criterion, 'converged': Vb_is(fit)}}\n"
    impl = _load(tmp_path, source + "def Vb_is(fit):\n    return fit.Vb > 0\n").implementation()
    impl.fit_reml(*ARGUMENTS)
    assert impl.converged is True
    impl.fit_reml(np.ones((12, 1)), FLAT, FROGS.group)
    assert impl.converged is False
    core = peer.core().implementation()
    core.fit_reml(*ARGUMENTS)
    assert core.converged is None


@pytest.mark.parametrize(
    "said",
    [
        {"not_offered": frozenset({"glm"})},
        {"lacking": frozenset({"gls.sigma"})},
        {"criterion": "SAS"},
        {"refuses": {"sundays": "why"}},
        {"df": "containment"},
    ],
)
def test_what_cannot_be_declared_is_named(said):
    """One sentence with the word and those that are known."""
    (value,) = said.values()
    word = value if isinstance(value, str) else next(iter(value))
    with pytest.raises(DeclarationError, match=f"declares '{word}'; known are"):
        Declared(**said)


def test_another_version_of_the_contract_is_refused(tmp_path):
    """A peer that names a newer contract is not judged by this one; an older one is accepted."""
    with pytest.raises(peer.PeerError, match=f"is for contract {VERSION + 1}; this is {VERSION}"):
        _load(tmp_path, f"CONTRACT = {VERSION + 1}\n{OLS}")
    assert _load(tmp_path, f"CONTRACT = 1  # another size: no bytecode of before\n{OLS}").offers("ols")


def test_a_function_that_is_not_defined_is_not_offered_and_that_is_said(tmp_path):
    """Nobody has to declare it; what is declared is said apart."""
    loaded = _load(tmp_path, f"{OLS}NOT_OFFERED = ('gls', 'ols.se')\n")
    assert loaded.offers("ols") and not loaded.offers("gls") and not loaded.offers("anova_reml")
    first, second = loaded.remarks
    assert first.startswith("Not asked, being not defined: simulate_frogs, buckets_per_color, ")
    assert "gls" not in first and second == "Not asked, being declared as not offered: gls, ols.se."


def test_the_documented_peer_is_asked_for_what_it_defines_alone(tmp_path):
    """The README's file: one function, and no failure of those that it leaves out."""
    (block,) = re.findall(
        r"```\n(VERSION = .*?)```", (PROJECT / "tests" / "peers" / "README.md").read_text(), re.DOTALL
    )
    loaded = _load(tmp_path, block)
    assert [name for name in EVERY if loaded.offers(name)] == ["fit_reml"]


CHOSEN = {  # what is chosen, what is declared to fail, and how the run ends
    "known": (("-k", "test_gls_by_hand"), "test_gls_tends_to_ols_as_vb_vanishes", 0, ""),
    "unknown": (("-m", "ordinary"), "test_gls_equals_ols", 4, "of test_gls_equals_ols, which is no test of this run"),
}


@pytest.mark.parametrize("case", CHOSEN)
def test_a_known_failure_is_known_whatever_is_chosen(tmp_path, case):
    """Names are compared before -k and -m leave tests out; one that is no test is still named."""
    chosen, name, status, words = CHOSEN[case]
    path = tmp_path / "mine_peer.py"
    path.write_text(f"from lmm_core import gls\nKNOWN_FAILURES = {{'{name}': 'why'}}\n")
    ended = typed(f"--implementation={path}", "--collect-only", "-q", *chosen, cwd=tmp_path)
    assert ended.returncode == status, ended.stdout[-999:] + ended.stderr[-999:]
    assert words in ended.stderr


def test_a_slip_of_the_pen_is_told(tmp_path):
    """fit_remle is not asked, and who wrote it learns why."""
    loaded = _load(tmp_path, f"{OLS}def fit_remle(X, y, group): ...\n")
    assert loaded.remarks[-1] == "fit_remle is defined; did you mean fit_reml?"


def test_a_file_without_any_function_is_no_implementation(tmp_path):
    """Nothing would be asked, and nothing would fail."""
    with pytest.raises(peer.PeerError, match="defines no function of the contract, such as fit_reml"):
        _load(tmp_path, "def fit_remle(X, y, group): ...\n")


OLDER = """
CONTRACT = 1
from lmm_core.mixed import fit_mixed as _fit, mixed_df as _df
import numpy as np
def _terms(groups):
    return [(np.ones((len(g), 1)), g) for g in groups]
def fit_components(X, y, groups):
    fit = _fit(X, y, _terms(groups))
    return {"V": [G[0, 0] for G in fit.G], "Ve": fit.Ve, "coef": fit.coef, "se": fit.se, "criterion": fit.criterion}
def components_df(X, y, groups):
    return _df(X, y, _terms(groups))
"""


def test_the_functions_of_contract_1_are_asked_by_those_of_contract_2(tmp_path):
    """fit_components and components_df answer what fit_mixed and mixed_df are asked, and one sentence says so."""
    older = _load(tmp_path, OLDER)
    data = second_level.load("ponds")
    fit = older.implementation().fit_mixed(data.X, data.y, data.terms)
    assert np.allclose([G[0, 0] for G in fit.G], data.expected["V"], rtol=1e-6)
    assert np.allclose(older.implementation().mixed_df(data.X, data.y, data.terms), data.expected["df"], rtol=1e-5)
    assert "fit_mixed(X, y, terms)" in older.remarks[-1]


NO_METHOD = "Not asked: fit_mixed by ML, which takes no argument `method`"
MIXED = "from lmm_core import mixed\n"
BY_ML = {
    "def fit_mixed(X, y, terms, method='REML'):\n    return mixed.fit_mixed(X, y, terms, method)\n": "",
    "def fit_mixed(X, y, terms, *, method='REML'):\n    return mixed.fit_mixed(X, y, terms, method)\n": "",
    "def fit_mixed(X, y, terms, method='lbfgs'):\n    return mixed.fit_mixed(X, y, terms)\n": NO_METHOD,
    "import operator\nfit_mixed = operator.itemgetter(0)\n": NO_METHOD,
    "def fit_mixed(X, y, terms):\n    return mixed.fit_mixed(X, y, terms)\n": NO_METHOD,
    "REFUSES = {'ml': 'none here'}\nfrom lmm_core.mixed import fit_mixed\n": "Not asked: fit_mixed by ML, none here.",
}


@pytest.mark.parametrize(("source", "said"), BY_ML.items())
def test_a_fit_that_takes_a_method_is_asked_by_ml(source, said, tmp_path):
    """By the argument's name; of another it is said that it is not asked."""
    loaded = _load(tmp_path, MIXED + source)
    data = second_level.load("ponds")
    assert [said in " ".join(loaded.remarks), loaded.by_ml] == [True, not said]
    if loaded.by_ml:
        got = loaded.implementation().fit_mixed(data.X, data.y, data.terms, "ML")
        assert got.criterion == mixed.fit_mixed(data.X, data.y, data.terms, "ML").criterion


def test_a_likelihood_ratio_of_who_has_no_ml_is_refused_by_design(tmp_path):
    """It is by ML."""
    source = "REFUSES = {'ml': 'none'}\ndef likelihood_ratio(*arguments):\n    raise NotImplementedError\n"
    with pytest.raises(pytest.skip.Exception, match="refuses ml: none"):
        _load(tmp_path, source).implementation().likelihood_ratio(ARGUMENTS[0][:, :1], *ARGUMENTS[:2], [])


def test_components_df_alone_is_asked_and_told_its_name_now(tmp_path):
    """Not silently passed over."""
    alone = _load(tmp_path, OLDER + "del fit_components\n")
    data = second_level.load("ponds")
    assert np.allclose(alone.implementation().mixed_df(data.X, data.y, data.terms), data.expected["df"], rtol=1e-5)
    assert "mixed_df now" in alone.remarks[-1]


ONES = np.ones((4, 1))


def test_contract_1_is_not_asked_for_slopes(tmp_path):
    """It has none: no failure."""
    with pytest.raises(pytest.skip.Exception, match="contract 1 has none"):
        _load(tmp_path, OLDER).implementation().fit_mixed(ONES, ARGUMENTS[1][:4], [(np.eye(4, 2), list("aabb"))])


def test_a_frame_has_the_columns_and_the_formula():
    """x0, x1, y, group as text, and a formula without a constant of its own."""
    data, formula = frame(*ARGUMENTS)
    assert list(data.columns) == ["x0", "x1", "y", "group"] and formula == "y ~ 0 + x0 + x1"
    assert data["group"].tolist() == [str(label) for label in FROGS.group] and data["y"].tolist() == FROGS.y.tolist()


def test_declarations_are_written_in_the_language_of_the_peer():
    """Quotation marks do not break them."""
    python = plugin.declaration("Python", {"test_a[x]": 'got "1"'})
    assert eval("\n".join(python).partition("KNOWN_FAILURES = ")[2]) == {"test_a[x]": "got '1'"}
    assert plugin.declaration("R", {"test_a[x]": "why"})[-3:] == [
        "KNOWN_FAILURES <- list(",
        '  `test_a[x]` = "why"',
        ")",
    ]


def test_a_column_of_the_board_takes_the_place_of_its_older_one():
    """The others stay, in alphabetical order."""
    old = "| digits | A 1.0 | lmm_core |\n|---|---|---|\n| d | 5 | 15 |\n"
    new = "| digits | B 2.0 | lmm_core |\n|---|---|---|\n| d | 7 | 14 |\n"
    both = board.merged(old, new)
    assert board.columns(both) == {"A 1.0": {"d": "5"}, "B 2.0": {"d": "7"}, "lmm_core": {"d": "14"}}
    newer = board.merged(both, new.replace("B 2.0", "B 2.1").replace("7", "8"))
    assert board.columns(newer) == {"A 1.0": {"d": "5"}, "B 2.1": {"d": "8"}, "lmm_core": {"d": "14"}}


def test_the_boards_page_has_a_table_for_each_level(monkeypatch):
    """A package without the second level leaves that table as it is."""
    b, c = peer.Peer("b", "B 2.0", None), peer.Peer("c", "C 3.0", None)
    monkeypatch.setattr(board.scoreboard, "table", lambda both: f"| V | {both[1].version} |\n|---|---|\n| d | 1 |\n")
    monkeypatch.setattr(board.scoreboard, "second_table", lambda _: "| G | B 2.0 |\n|---|---|\n| e | 2 |\n")
    monkeypatch.setattr(peer.Peer, "offers", lambda self, _: self.name == "b")
    first, _, second = board.page(board.page("", b), c).partition(board.SECOND)
    assert board.columns(first) == {"B 2.0": {"d": "1"}, "C 3.0": {"d": "1"}}
    assert board.columns(second) == {"B 2.0": {"e": "2"}}
