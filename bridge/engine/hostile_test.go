package engine_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// randomLetters returns n letters that no compression makes smaller than an index takes.
func randomLetters(n int) string {
	random := rand.New(rand.NewSource(int64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-"[random.Intn(64)]
	}
	return string(b)
}

// wantNoQuarantine checks that no event is in quarantine.
func (w *world) wantNoQuarantine() {
	w.t.Helper()
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		w.t.Errorf("%d events are in quarantine, want none: %s", n, w.text(`SELECT string_agg(reason, ' | ') FROM quarantine`))
	}
}

// IDs and references of any length are no way to keep a message out, and are found again.
func TestHugeIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := randomLetters(6000)
	refs := []string{randomLetters(5000), randomLetters(5001)}
	for i := range 40 {
		refs = append(refs, fmt.Sprint("r", i))
	}
	w.customerSends(mail, channelstest.Event{ID: id, From: "kim@x.test", Subject: randomLetters(7000), Text: "the first", References: refs})
	thread := w.waitThread("the first")
	w.customerSends(mail, channelstest.Event{ID: "short", From: "kim@x.test", Text: "the second", References: []string{id}})
	wantEqual(t, "the thread of the mail that refers to the long id", w.waitThread("the second"), thread)
	w.waitDrained()
	w.wantNoQuarantine()
}

// A receipt from one account says nothing about another's message.
func TestReceiptOfAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	m := w.reply(thread, "One")
	external := w.provider.WaitTexts(t, "One")[0].ID
	w.waitFate(m, "out")
	forged := w.failure(m, "forged", "")
	forged.ID, forged.External = "forged", []string{external}
	w.postEvents(mail, forged)
	w.waitShown("forged")
	w.waitDrained()
	w.waitDeliveryState(m, "accepted")
	wantEqual(t, "lines that say it failed", w.countLines(thread, bridge.LineFailed), 0)
}

// A mail with the token of another account's conversation doesn't join it.
func TestTokenOfAnotherAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.customerSends(mail, channelstest.Event{From: "mallory@x.test", Subject: "Hi", Text: "let me in", Conversation: 1})
	if got := w.waitThread("let me in"); got == thread {
		t.Error("a stranger joined another account's conversation, want one of its own")
	}
}

// Files, names and texts of odd kinds are shown and stop nothing.
func TestOddContent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	oddFiles := []channelstest.File{{Name: "../../etc/passwd\x00", Content: nil}, {Name: "", Content: []byte("x")}}
	odd := []channelstest.Event{
		{Text: "", Subject: ""},
		{Text: strings.Repeat("\u0301", 2000)}, // combining accents without a letter
		{Text: "ok", Name: "\x00\xff\xfe"},     // no UTF-8
		{Text: "\U000E0001\u200b\ufeff"},       // nothing that can be seen
		{Text: "file", Files: oddFiles},
		{Text: "quote\n\n" + strings.Repeat("> ", 5000)},
		{Text: "parties", Cc: []string{"", "kim0@x.test", "KIM@X.TEST", randomLetters(3000)}},
	}
	for i, e := range odd {
		e.From = fmt.Sprintf("kim%d@x.test", i)
		w.customerSends(mail, e)
	}
	w.customerSends(mail, channelstest.Event{From: "last@x.test", Text: "the last"})
	w.waitThread("the last")
	w.waitDrained()
	w.wantNoQuarantine()
	wantEqual(t, "threads, one a mail", w.countRoots(), len(odd)+1)
}
