"""The pages that the server makes itself: asking for the join token, and saying that the client is not built."""

import html

from starlette.responses import HTMLResponse, Response

_STYLE = (
    "body{font:17px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;background:#14161a;color:#e8e6e1;margin:0;"
    "min-height:100vh;display:grid;place-items:center}main{max-width:30rem;padding:2rem}h1{font-size:1.4rem}"
    "input,button{font:inherit;padding:.6rem .8rem;border-radius:.4rem;border:1px solid #4a4e57;width:100%;"
    "box-sizing:border-box;margin:.3rem 0}input{background:#1f2228;color:inherit}"
    "button{background:#d9a441;color:#14161a;border:0;cursor:pointer}.wrong{color:#ff9b85}code{color:#d9a441}"
)


def _page(title: str, body: str, status: int) -> Response:
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style><main>{body}</main></html>"
    )
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


def join_page(*, room: str, wrong: bool, status: int) -> Response:
    """Ask for the token, in English and Chinese. `room` is carried along."""
    body = "<h1>vr-previs</h1>"
    if wrong:
        body += (
            '<p class="wrong" role="alert">That token is not right. <span lang="zh">口令不对，请再试一次。</span></p>'
        )
    body += (
        "<p>This room needs its join token: open the link or scan the code that the server printed, or type it here.</p>"
        '<p lang="zh">进入房间需要口令：请打开服务器给出的链接或扫描二维码，也可以在这里输入。</p>'
        '<form action="/join" method="get">'
        f'<input type="hidden" name="room" value="{html.escape(room, quote=True)}">'
        '<input name="token" type="password" required autofocus autocomplete="off" aria-label="Token 口令" '
        'placeholder="Token 口令"><button>Join 进入</button></form>'
    )
    return _page("vr-previs: join", body, status)


def unbuilt_page() -> Response:
    """The server is installed without its client."""
    return _page(
        "vr-previs: client not built",
        "<h1>The client is not built</h1><p>The server runs, but the page it should show here is missing. Build it with "
        "<code>make setup</code> and reload.</p>"
        '<p lang="zh">服务器已运行，但网页尚未构建。请执行 <code>make setup</code>，然后刷新。</p>',
        503,
    )
