"""The page of states in docs is what the machine says."""

from tools import proxy_states


def test_the_page_of_states_is_fresh():
    assert proxy_states.PAGE.read_text(encoding="utf-8") == proxy_states.page(), (
        "run: python -m tools.proxy_states"
    )


def test_an_old_page_is_noticed(tmp_path, monkeypatch):
    old = tmp_path / "proxy-states.md"
    monkeypatch.setattr(proxy_states, "PAGE", old)
    assert proxy_states.main(["--check"]) == 1
    old.write_text("something else")
    assert proxy_states.main(["--check"]) == 1
    assert proxy_states.main([]) == 0
    assert proxy_states.main(["--check"]) == 0
