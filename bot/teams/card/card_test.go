package card

import (
	"encoding/json"
	"testing"

	"parley/bot/view"
	"parley/bridge"
)

// A button of the root card comes back as what it is.
func TestButtonComesBack(t *testing.T) {
	t.Parallel()
	f := samples().Facts()
	f.Assignees = nil
	pages := Render(view.Root(f), Home{}, "n")
	var c adaptive
	if err := json.Unmarshal(pages[0].Card, &c); err != nil || len(pages) != 1 {
		t.Fatal(err, len(pages))
	}
	set := c.Body[len(c.Body)-1]
	for i, want := range []struct {
		verb  bridge.Verb
		opens view.Opens
	}{{bridge.VerbTake, ""}, {bridge.VerbSnooze, view.OpensForm}, {bridge.VerbResolve, view.OpensForm}, {bridge.VerbFind, view.OpensDetails}} {
		got, err := Read(set.Actions[i].Data)
		if err != nil || got.Click == nil || got.Click.Verb != want.verb || got.Click.Opens != want.opens || got.Click.Args.Conversation != 12 || got.Click.Nonce == "" {
			t.Errorf("%d: %+v, %v", i, got.Click, err)
		}
	}
}
