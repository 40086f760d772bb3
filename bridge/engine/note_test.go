package engine_test

import "testing"

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

// Requirement R-202: A list of notes.
func TestNotesAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.waitFate(w.reply(thread, "// she means the small lamp"), "inside")
	w.reply(thread, "!notes")
	w.waitWhisper("ann", "she means the small lamp")
}
