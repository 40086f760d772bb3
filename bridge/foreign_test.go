package bridge_test

import (
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
)

// an answer written elsewhere is shown, counts as one, and is never sent.
func TestAnsweredElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.writes("kim", "Hello")
	thread := w.thread("Hello")
	w.does(channelstest.Event{Type: "foreign", ID: "echo-1", From: "kim", Author: "Dora", Text: "Hi from the page"})
	m := w.shown("Hi from the page")
	if m.Thread != thread || m.Name != "Dora" {
		t.Errorf("shown as %q in %s", m.Name, m.Thread)
	}
	w.card(thread, "#1 pending")
	if n := w.count(`SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL`); n != 0 {
		t.Error("the customer still waits")
	}
	w.does(channelstest.Event{Type: "foreign", ID: "echo-2", From: "lea", Text: "We begin"})
	w.shown("We begin")
	w.writes("lea", "Fine")
	if w.thread("Fine") != w.thread("We begin") {
		t.Error("her answer is elsewhere")
	}
	w.settled()
	if n := w.provider.Calls(); n != 0 {
		t.Errorf("the customer got %q", w.provider.Texts())
	}
}

// An automatic answer of the Page's inbox is shown, and the customer still waits; so does one
// who was answered before the last words.
func TestMachineElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: windowed(0)})
	wrote := time.Now().Add(-time.Hour)
	w.customer(chat, channelstest.Event{From: "kim", Text: "Hello", At: wrote})
	thread := w.thread("Hello")
	waiting := `SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL AND status = 'open'`
	for id, at := range map[string]time.Duration{"before": -time.Minute, "at once": 2 * time.Second} {
		w.does(channelstest.Event{Type: "foreign", ID: id, From: "kim", At: wrote.Add(at), Text: "Thank you, " + id})
		if m := w.shown("Thank you, " + id); m.Thread != thread || w.count(waiting) != 1 {
			t.Errorf("%s: %q counts as an answer", id, m.Plain())
		}
	}
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
	w.fate(w.reply(thread, "Refused"), "failed") // it did not reach her, nor did anything else
	if w.count(waiting) != 1 {
		t.Error("the customer doesn't wait any more")
	}
	w.does(channelstest.Event{Type: "foreign", ID: "later", From: "kim", At: wrote.Add(6 * time.Second), Text: "We look"})
	w.shown("We look")
	if w.count(waiting) != 0 {
		t.Error("the customer still waits")
	}
}
