package message

import (
	"strings"
	"sync"
	"testing"
)

// sendAndRead sends a text in a mail, and returns what another Parley reads in it.
func sendAndRead(t *testing.T, text string) string {
	t.Helper()
	o := newAnswer()
	o.Text = text
	o.Subject = "x"
	o.InReplyTo = ""
	o.References = nil
	customer := Options{Own: []string{"ann@customer.test"}, Keys: [][]byte{[]byte("somebody else's key")}}
	in, err := NewDecoder(customer, sync.OnceValue(NewPolicy)).Decode(write(t, mustCompose(t, o)))
	noError(t, err)
	if len(in) != 1 {
		t.Fatalf("decoded: got %+v, want one message", in)
	}
	return strings.TrimSpace(in[0].Text)
}

// Canonical Markdown survives the way out and back in: what a customer's program quotes, forwards or copies is what the agent wrote.
func TestMarkdownRoundTrip(t *testing.T) {
	t.Parallel()
	texts := []string{
		"Hello.",
		"One.\n\nTwo.",
		"**bold**, *italic* and `code <b>`",
		"- one\n- two\n- three",
		"1. one\n2. two",
		"> quoted\n\nanswer",
		"[docs](https://acme.test/a_b?x=1&y=2)",
		"```\nif a < b {\n}\n```",
		"## Head\n\ntext",
		"\\*not italic\\*",
		"use \\<b> here",
		"~~gone~~",
		"| A | B |\n|---|---|\n| 1 | 2 |",
		"Grüße 日本語 🎉",
	}
	for _, text := range texts {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			wantEqual(t, "text that came back", sendAndRead(t, text), text)
		})
	}
}
