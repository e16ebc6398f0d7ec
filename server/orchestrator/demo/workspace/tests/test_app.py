"""The application as a client sees it, wherever nobody has to be known."""


def test_health_answers_everybody(client):
    answer = client.send("GET", "/health")
    assert answer.status == 200
    assert answer.data == {"status": "ok"}


def test_health_has_no_other_method(client):
    answer = client.send("POST", "/health", {})
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET"


def test_a_body_that_is_too_large_is_refused(client):
    assert client.send("POST", "/health", body=b"x" * 70_000).status == 413
