package bridge_test

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
	w := secluded(t, options{})
	root := w.chat.Messages(vault, "")[0].ID
	line := func() (found string, mentions []string) {
		for _, m := range w.chat.Messages(vault, root) {
			if strings.HasPrefix(m.Plain(), "["+string(bridge.LineDone)+"]") {
				found, mentions = m.Plain(), m.Mentions()
			}
		}
		return found, mentions
	}
	w.chat.Submit("ann", vault, root, submit(bridge.VerbNote), "@ben, @Cat and @benno: look, not at ann@ben.test, says @ann")
	w.chat.Wait(t, "the note is shown", func() bool { text, _ := line(); return text != "" })
	if text, mentions := line(); !slices.Equal(mentions, []string{"ben"}) {
		t.Errorf("%q mentions %q", text, mentions)
	}
	w.fate(w.chat.Say("ann", vault, root, "note: he called twice"), "inside")
	w.chat.Say("ann", vault, root, "!history")
	history := w.whisper("ann", "[history]").Plain()
	for _, part := range []string{"Ann wrote an internal note “he called twice”", "Ann wrote an internal note “@ben, @Cat"} {
		if !strings.Contains(history, part) {
			t.Errorf("the history doesn't say %q: %s", part, history)
		}
	}
}
