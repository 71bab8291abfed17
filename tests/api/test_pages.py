"""The dashboard page, its files and the setup guide."""

from __future__ import annotations

from pathlib import Path

from api.guide import render
from tests.api.application import Client

GUIDE = "/docs/integrations/amazon-sp-api-setup"


def test_the_page_and_its_files_are_served_and_revalidated(client: Client, tmp_path: Path) -> None:
    (tmp_path / "static" / "index.html").write_text("<!doctype html><title>Dashboard</title>")
    (tmp_path / "static" / "main.js").write_text("export {};")
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "private, no-cache"
    script = client.get("/static/main.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert client.get("/static/main.js", headers={"If-None-Match": script.headers["etag"]}).status_code == 304


def test_a_page_that_is_not_installed_is_a_clear_404(client: Client) -> None:
    assert "dashboard page is not part of this installation" in client.get("/").json()["message"]
    assert "setup guide is not part of this installation" in client.get(GUIDE).json()["message"]
    assert client.get("/").status_code == client.get(GUIDE).status_code == 404


def test_no_file_outside_the_static_folder_is_served(client: Client, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    for path in (
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static//etc/passwd",
    ):
        assert client.get(path).status_code == 404


def test_the_guide_is_rendered_without_any_html_of_its_text(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "integrations"
    folder.mkdir()
    (folder / "amazon-sp-api-setup.md").write_text("# Set up\n\nUse <script>alert(1)</script> `a<b`.\n")
    response = client.get(GUIDE)
    assert response.headers["content-type"].startswith("text/html")
    assert "<title>Set up</title>" in response.text
    assert "<script" not in response.text
    assert "<code>a&lt;b</code>" in response.text


def test_the_forms_of_markdown_that_the_guide_uses() -> None:
    text = """\
## A **strong** head
One line,
[a link](https://example.com/x?a=1&b=2) and [none](javascript:alert(1)).

1. First,
   continued
2. Second `**code**`

- a
- b

| name | meaning |
|---|---|
| `A` | x |

```sh
echo "<&>"

# not a heading
```
"""
    assert render(text).splitlines() == (
        [
            "<h2>A <strong>strong</strong> head</h2>",
            '<p>One line, <a href="https://example.com/x?a=1&amp;b=2">a link</a> and [none](javascript:alert(1)).</p>',
            "<ol><li>First, continued</li><li>Second <code>**code**</code></li></ol>",
            "<ul><li>a</li><li>b</li></ul>",
            "<table><tr><th>name</th><th>meaning</th></tr><tr><td><code>A</code></td><td>x</td></tr></table>",
            "<pre><code>echo &quot;&lt;&amp;&gt;&quot;",
            "",
            "# not a heading</code></pre>",
        ]
    )
