package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/web"
)

// Help texts show code as it is written, and nothing of them is HTML.
func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Markdown (`**bold**`, `[link](https://acme.com)`)": "Markdown (<code>**bold**</code>, <code>[link](https://acme.com)</code>)",
		"*Tell* it, see [hours](settings.md)":               "<em>Tell</em> it, see hours",
		"`<b>` & <i>":                                       "<code>&lt;b&gt;</code> &amp; &lt;i&gt;",
	} {
		if got := web.Words(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// A form that was refused says at each secret that was typed that it has to be typed again: the admin would otherwise save the
// form without it, and the old secret would stay.
func TestTypedSecretIsAskedForAgain(t *testing.T) {
	t.Parallel()
	secret := func(name string) web.Field { return web.Field{Name: name, Kind: web.KindSecret, Stored: true} }
	form := web.Form{Groups: []web.Group{{Folded: true, Fields: []web.Field{secret("typed"), secret("empty"), secret("wrong"), {Name: "hold"}}}}}
	r := &http.Request{PostForm: url.Values{"typed": {"an0ther"}, "empty": {""}, "wrong": {"x"}, "hold": {"soon"}}}
	form.Keep(&web.Visit{Request: r}, map[string]string{"wrong": "Is no token.", "hold": "Is no time."})
	fields := form.Groups[0].Fields
	if !strings.Contains(fields[0].Problem, "Type it again") || fields[1].Problem != "" || fields[2].Problem != "Is no token." {
		t.Errorf("%+v", fields)
	}
	for _, f := range fields[:3] {
		if f.Value != "" {
			t.Errorf("a secret is kept: %+v", f)
		}
	}
}
