package web_test

import (
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
