package engine_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// noise returns n letters that no compression makes smaller than an index takes.
func noise(n int) string {
	random := rand.New(rand.NewSource(int64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-"[random.Intn(64)]
	}
	return string(b)
}

// IDs and references of any length are no way to keep a message out.
func TestHugeIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := noise(6000)
	refs := []string{noise(5000), noise(5001)}
	for i := range 40 {
		refs = append(refs, fmt.Sprint("r", i))
	}
	w.customer(mail, channelstest.Event{ID: id, From: "kim@x.test", Subject: noise(7000), Text: "the first", References: refs})
	thread := w.thread("the first")
	w.customer(mail, channelstest.Event{ID: "short", From: "kim@x.test", Text: "the second", References: []string{id}})
	if same := w.thread("the second"); same != thread {
		t.Error("a long id is not found again")
	}
	w.settled()
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Errorf("%d events in quarantine\n%s", n, w.text(`SELECT string_agg(reason, ' ') FROM quarantine`))
	}
}

// A receipt from one account says nothing about another's message.
func TestReceiptOfAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	m := w.reply(thread, "One")
	external := w.provider.WaitTexts(t, "One")[0].ID
	w.fate(m, "out")
	id := w.count(`SELECT id FROM messages WHERE place = $1`, m)
	w.hook(mail, channelstest.Event{Type: "status", ID: "forged", State: "failed", Message: int64(id), External: []string{external}, Reason: "forged"})
	w.shown("forged")
	w.settled()
	w.stateOf(m, "accepted")
	if n := w.lines(thread, bridge.LineFailed); n != 0 {
		t.Error("another account's receipt was believed")
	}
}

// A token of another account's conversation opens no door.
func TestTokenOfAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	w.customer(mail, channelstest.Event{From: "mallory@x.test", Subject: "Hi", Text: "let me in", Conversation: 1})
	if got := w.thread("let me in"); got == thread {
		t.Error("a stranger joined another account's conversation")
	}
}

// Files, names and texts of odd kinds are shown and stop nothing.
func TestOddContent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for i, e := range []channelstest.Event{
		{Text: "", Subject: ""},
		{Text: strings.Repeat("\u0301", 2000)},
		{Text: "ok", Name: "\x00\xff\xfe"},
		{Text: "\U000E0001\u200b\ufeff"},
		{Text: "file", Files: []channelstest.File{{Name: "../../etc/passwd\x00", Content: nil}, {Name: "", Content: []byte("x")}}},
		{Text: "quote", Quoted: strings.Repeat("> ", 5000)},
		{Text: "parties", Cc: []string{"", "kim0@x.test", "KIM@X.TEST", noise(3000)}},
	} {
		e.From = fmt.Sprintf("kim%d@x.test", i)
		w.customer(mail, e)
	}
	w.customer(mail, channelstest.Event{From: "last@x.test", Text: "the last"})
	w.thread("the last")
	w.settled()
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Errorf("%d events in quarantine: %s", n, w.text(`SELECT string_agg(reason, ' | ') FROM quarantine`))
	}
	if n := len(w.chat.Messages(support, "")); n != 8 {
		t.Errorf("%d roots, want 8", n)
	}
}
