package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

// notes stand in the history as such. Whom one in a form names by an @ is
// mentioned, if they may read the conversation.
func TestNotes(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	root := w.chat.Messages(vault, "")[0].ID
	line := func() (found string, mentions []string) {
		for _, m := range w.chat.Messages(vault, root) {
			if strings.HasPrefix(m.Plain(), "["+string(bridge.LineDone)+"]") {
				found, mentions = m.Plain(), m.Mentions()
			}
		}
		return found, mentions
	}
	w.chat.Submit("ann", vault, root, formOf(bridge.VerbNote), "@ben, @Cat and @benno: look, not at ann@ben.test, says @ann")
	w.chat.Wait(t, "the note is shown", func() bool { text, _ := line(); return text != "" })
	if text, mentions := line(); !slices.Equal(mentions, []string{"ben"}) {
		t.Errorf("%q mentions %q, want %q", text, mentions, []string{"ben"})
	}
	w.waitFate(w.chat.Say("ann", vault, root, "note: he called twice"), "inside")
	w.chat.Say("ann", vault, root, "!history")
	history := w.waitWhisper("ann", "[history]").Plain()
	for _, part := range []string{"Ann wrote an internal note “he called twice”", "Ann wrote an internal note “@ben, @Cat"} {
		if !strings.Contains(history, part) {
			t.Errorf("the history doesn't say %q: %s", part, history)
		}
	}
}

// the history goes back to the beginning, page by page.
func TestHistoryPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.exec(`INSERT INTO log_entries (id, conversation_id, at, actor, what)
		SELECT n, 1, parley_now() - make_interval(mins => n), 'parley', 'step ' || n FROM generate_series(1, 100) AS n`)
	d := w.engines[0].Desk(w.surface)
	for page, want := range map[int]struct {
		rows int
		more bool
	}{0: {50, true}, 1: {50, true}, 2: {1, false}, 3: {0, false}} {
		h := must(d.History(t.Context(), 1, page, "ann"))(t)
		if len(h.Rows) != want.rows || h.More != want.more || h.Page != page {
			t.Errorf("page %d has %d rows, and more: %v", page, len(h.Rows), h.More)
		}
	}
	if _, err := d.History(t.Context(), 1, -1, "ann"); err == nil {
		t.Error("there is a page before the newest")
	}
	w.reply(thread, "!history 3")
	if told := w.waitWhisper("ann", "[history]").Plain(); !strings.Contains(told, "step 100") || strings.Contains(told, "step 99") {
		t.Errorf("the last page: %s", told)
	}
}
