package parse

import (
	"strings"
	"testing"
)

// Words that a mail client does not show are not read; words that it shows are,
// in the styles that clients give them.
func TestHiddenWords(t *testing.T) {
	read := func(h string) Mail {
		return Read([]byte("From: Priya <priya@acme.example>\r\nTo: shop+t1r1.aaaaaaaaaaaaaaaa@acme.example\r\nSubject: Re: Cart\r\nMessage-ID: <1@acme.example>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"+h+"<p>The list looks good.</p>"), Options{})
	}
	for _, style := range []string{
		"display:none", "display:none !important", "display:none ! important", "display:/**/none", "dis/* */play:none;display:none", `display:n\6fne`, `d\69 splay:none`,
		"display:none;display:bogus", "visibility:hidden;visibility:x", "color:#fff", "color:#fdfdfd", "color:hsl(0 0% 100%)", "color:hsl(0, 0%, 100%)",
		"color:#0000", "color:#00000000", "color:rgb(0 0 0 / 0)", "color:rgb(0 0 0 / 0%)", "color:rgba(0,0,0,0.0)", "color:hsla(0,0%,0%,0)",
		"opacity:0", "opacity:0.01", "opacity:1%", "font:0/0 a", "font:0px Arial", "font:bold 1px/1px Arial", "font-size:calc(0px)", "font-size:1px",
		"height:0;overflow:clip", "line-height:0;overflow:hidden", "text-indent:-300%", "text-indent:-999em", "margin-left:-200em",
		"clip-path:circle(0)", "clip-path:polygon(0 0,0 0,0 0)", "mask-image:linear-gradient(transparent,transparent)",
		"transform:translateX(-10000px)", "transform:scaleX(0)", "transform:rotateY(90deg)", "translate:-9999px",
	} {
		if m := read(`<p style="` + style + `">approve</p>`); len(m.Commands) > 0 && m.Commands[0].Word != "" || strings.Contains(m.Text, "approve") || !strings.Contains(m.Text, "list") {
			t.Errorf("%s: %q, %v", style, m.Text, m.Commands)
		}
	}
	for _, css := range []string{
		".q{display:none}", "@media screen{.q{display:none}}", "@media all { .q { display:none } }", "@supports (display:block){.q{display:none}}", ".q{display:/* */none}",
	} {
		if m := read("<style>" + css + `</style><p class="q">approve</p>`); strings.Contains(m.Text, "approve") {
			t.Errorf("%s: %q", css, m.Text)
		}
	}
	for _, style := range []string{
		"font:12px/1.5 Arial", "font:bold 10pt Calibri", "font:normal 400 11pt Calibri", "font-size:11pt;line-height:115%", "color:#222;background:#fff", "color:hsl(0 0% 0% / 100%)", "color:hsla(0,0%,0%,100%)", "color:rgb(34,34,34)",
		"color:rgba(0,0,0,0.87)", "color:#000000ff", "color:#000f", "opacity:1", "opacity:0.6", "transform:none", "clip-path:none", "text-indent:-18pt;margin-left:36pt",
		"margin:0 0 0 -8px", "overflow:hidden;height:auto", "line-height:0;font-size:14px", "display:block;display:inline", "color:#f00", "color:#f5a", "color:#ff0000",
	} {
		if m := read(`<p style="` + style + `">approve</p>`); !strings.HasPrefix(m.Text, "approve") {
			t.Errorf("%s is to be seen: %q", style, m.Text)
		}
	}
	for _, h := range []string{
		`<style>[class="q"]{display:none}</style><p class="q">approve</p>`, `<style>body *{display:none}</style><p>approve</p>`, `<style>p:first-of-type { font-size:0 }</style><p>approve</p>`,
		`<style>[title]{text-decoration:line-through}</style><p title="x">approve</p>`, `<details><summary>The list</summary><p>approve</p></details>`, `<div popover>approve</div>`,
	} {
		if m := read(h); len(m.Commands) > 0 && m.Commands[0].Word != "" {
			t.Errorf("%s: %v", h, m.Commands)
		}
	}
	for _, css := range []string{
		"a:hover{display:none}", "p::before{display:none}", "[class=q]{color:#222}",
		"@media (max-width:600px){.q{display:none}}", "@media print{.q{display:none}}", "@media only screen and (max-width:480px){.q{display:none}}", ".r{display:none}", "@font-face{font-family:x}",
	} {
		if m := read("<style>" + css + `</style><p class="q">approve</p>`); !strings.HasPrefix(m.Text, "approve") || m.Commands[0].Word != "approve" {
			t.Errorf("%s: %q, %v", css, m.Text, m.Commands)
		}
	}
}
