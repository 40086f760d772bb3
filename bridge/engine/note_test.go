package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

// Notes are in the history. Somebody whom a note in a form names with an @ is mentioned, if they may read the
// conversation.
// Requirement R-201: Notes are marked as such.
// Requirement R-203: A note can mention a colleague.
// Requirement R-212: Only some people read an account.
func TestNotes(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	root := w.chat.Messages(vault, "")[0].ID

	noteLine := func() (text string, mentions []string) {
		for _, m := range w.chat.Messages(vault, root) {
			if strings.HasPrefix(m.Plain(), "["+string(bridge.LineDone)+"]") {
				text, mentions = m.Plain(), m.Mentions()
			}
		}
		return text, mentions
	}

	w.chat.Submit("ann", vault, root, formOf(bridge.VerbNote), "@ben, @Cat and @benno: look, not at ann@ben.test, says @ann")
	w.chat.Wait(t, "the note is shown", func() bool { text, _ := noteLine(); return text != "" })
	if text, mentions := noteLine(); !slices.Equal(mentions, []string{"ben"}) {
		t.Errorf("%q mentions %q, want %q", text, mentions, []string{"ben"})
	}

	w.waitFate(w.chat.Say("ann", vault, root, "note: he called twice"), "inside")
	w.chat.Say("ann", vault, root, "!history")
	history := w.waitWhisper("ann", "[history]").Plain()
	wantWords(t, "the history", history, "Ann wrote an internal note “he called twice”", "Ann wrote an internal note “@ben, @Cat")
}

// The history goes back to the beginning of the conversation, page by page.
// Requirement R-049: A log of everything done.
// Requirement R-220: A log that nobody changes.
func TestHistoryPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.exec(`INSERT INTO log_entries (id, conversation_id, at, actor, what)
		SELECT n, 1, parley_now() - make_interval(mins => n), 'parley', 'step ' || n FROM generate_series(1, 100) AS n`)

	d := w.engines[0].Desk(w.surface)
	type page struct {
		number, rows int
		more         bool
	}
	for _, want := range []page{ // of 100 steps and the conversation's beginning
		{number: 0, rows: 50, more: true},
		{number: 1, rows: 50, more: true},
		{number: 2, rows: 1},
		{number: 3, rows: 0},
	} {
		h := must(d.History(t.Context(), 1, want.number, "ann"))(t)
		wantEqual(t, "the page", page{h.Page, len(h.Rows), h.More}, want)
	}
	if _, err := d.History(t.Context(), 1, -1, "ann"); err == nil {
		t.Error("there is a page before the newest")
	}

	w.reply(thread, "!history 3")
	told := w.waitWhisper("ann", "[history]").Plain()
	wantWords(t, "the last page", told, "step 100")
	wantNoWords(t, "the last page", told, "step 99")
}
