package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A customer changes and deletes what was said: the thread shows both, the original stays.
func TestCustomerEditsAndDeletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.writes("kim", "Send it to Berlin")
	thread := w.thread("Send it to Berlin")
	w.reply(thread, "Will do")
	w.provider.WaitTexts(t, "Will do")
	w.card(thread, "#1 pending")
	w.does(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: id, Text: "Send it to Hamburg"})
	m := w.line(thread, bridge.LineChanged)
	if !strings.Contains(m.Plain(), "Hamburg") || !strings.Contains(m.Plain(), "Berlin") {
		t.Errorf("the line says %q", m.Plain())
	}
	w.card(thread, "#1 open") // somebody has to look at it
	w.does(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: id})
	if m := w.line(thread, bridge.LineDeleted); !strings.Contains(m.Plain(), "Berlin") {
		t.Errorf("the line says %q", m.Plain())
	}
	w.settled()
	if got := w.text(`SELECT text FROM messages WHERE external_id = $1`, id); got != "Send it to Berlin" {
		t.Errorf("kept: %q", got)
	}
}

// Edge case 14: a change or deletion comes before its message: nothing is lost, and what comes is
// shown for what it is.
func TestEditsBeforeTheOriginal(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{false, true} {
		w := newWorld(t, options{})
		if known {
			w.writes("kim", "Hello")
			w.thread("Hello")
		}
		w.does(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: "m1", Text: "The new words"})
		thread := w.thread("The new words")
		w.customer(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "The old words"})
		if m := w.line(thread, bridge.LineChanged); !strings.Contains(m.Plain(), "The old words") {
			t.Errorf("the line says %q", m.Plain())
		}
		w.does(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: "m2"})
		w.line(thread, bridge.LineDeleted)
		w.customer(chat, channelstest.Event{ID: "m2", From: "kim", Name: "Kim", Text: "Taken back"})
		if m := w.shown("Taken back"); !strings.Contains(m.Plain(), "deleted") {
			t.Errorf("shown as %q", m.Plain())
		}
		w.does(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: "m2", Emoji: "👀"})
		if m := w.shown("👀"); !strings.Contains(m.Plain(), "Taken back") {
			t.Errorf("the line says %q", m.Plain())
		}
		w.settled()
		if got := w.said(thread); slices.Contains(got, "The old words") {
			t.Errorf("shown twice: %q", got)
		}
	}
}

// A customer changes a message twice, and both changes come before it: the thread shows the newest words last.
func TestTwoEditsBeforeTheOriginal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.does(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: "m1", Text: "Send it to Hamburg"})
	thread := w.thread("Send it to Hamburg")
	w.does(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: "m1", Text: "Send it to Bremen"})
	w.shown("Bremen")
	w.customer(chat, channelstest.Event{ID: "m1", From: "kim", Name: "Kim", Text: "Send it to Berlin"})
	if m := w.shown("Berlin"); !strings.Contains(m.Plain(), "Bremen") || m.Thread != thread {
		t.Errorf("the last line says %q", m.Plain())
	}
	if got := w.text(`SELECT text FROM messages WHERE external_id = 'm1'`); got != "Send it to Bremen" {
		t.Errorf("kept: %q", got)
	}
}

// Somebody can change and delete nothing but what they wrote themselves. What they say is not lost.
func TestEditsOfOthersMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	kims := w.writes("kim", "Send it to Berlin")
	thread := w.thread("Send it to Berlin")
	w.reply(thread, "Will do")
	w.provider.WaitTexts(t, "Will do")
	w.card(thread, "#1 pending")
	w.settled()
	ours := w.provider.Sent()[0].ID

	w.does(channelstest.Event{Type: "edit", From: "lea", Name: "Lea", Target: kims, Text: "Send it to me"})
	leas := w.thread("Send it to me")
	w.does(channelstest.Event{Type: "delete", From: "lea", Name: "Lea", Target: kims})
	if m := w.line(leas, bridge.LineDeleted); strings.Contains(m.Plain(), "Berlin") {
		t.Errorf("she learns what another customer wrote: %q", m.Plain())
	}
	w.settled()
	w.card(thread, "#1 pending")
	if n := w.lines(thread, bridge.LineChanged) + w.lines(thread, bridge.LineDeleted); leas == thread || n != 0 {
		t.Errorf("%d lines in the thread of another customer", n)
	}

	w.does(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: ours, Text: "Will you really?"})
	if m := w.shown("Will you really?"); m.Thread != thread {
		t.Errorf("shown in %s", m.Thread)
	}
	w.does(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: ours})
	if m := w.line(thread, bridge.LineDeleted); strings.Contains(m.Plain(), "Will do") {
		t.Errorf("the customer deleted our words: %q", m.Plain())
	}
	w.settled()
	if n := w.count(`SELECT count(*) FROM messages WHERE external_id = $1 AND text = 'Will do' AND reason <> 'came_edited'`, ours); n != 1 {
		t.Error("our reply was changed")
	}
}

// A customer's message is her own with whatever key she wrote it.
func TestEditByAnotherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	id := w.customer(chat, channelstest.Event{From: "US.abc", Name: "Kim", Text: "Send it to Berlin"})
	thread := w.thread("Send it to Berlin")
	w.customer(chat, channelstest.Event{From: "+4915111", Also: []string{"US.abc"}, Name: "Kim", Text: "It is me"})
	w.shown("It is me")
	w.does(channelstest.Event{Type: "edit", From: "+4915111", Name: "Kim", Target: id, Text: "Send it to Hamburg"})
	if m := w.line(thread, bridge.LineChanged); !strings.Contains(m.Plain(), "Berlin") {
		t.Errorf("the line says %q", m.Plain())
	}
	w.does(channelstest.Event{Type: "delete", From: "+4915111", Name: "Kim", Target: id})
	if m := w.line(thread, bridge.LineDeleted); !strings.Contains(m.Plain(), "Berlin") {
		t.Errorf("the line says %q", m.Plain())
	}
}
