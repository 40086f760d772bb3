package card

import (
	"encoding/json"
	"fmt"
	"testing"

	"parley/bot/view"
	"parley/bridge"
)

// Each button of a root card (the first post of a thread) is read back with its verb and its conversation.
func TestButtonComesBack(t *testing.T) {
	t.Parallel()
	f := samples().Facts()
	f.Assignees = nil

	pages := Render(view.Root(f), Home{}, "n")
	wantEqual(t, "pages", len(pages), 1)
	var c adaptive
	noError(t, json.Unmarshal(pages[0].Card, &c))

	set := c.Body[len(c.Body)-1]
	for i, want := range []struct {
		verb  bridge.Verb
		opens view.Opens
	}{
		{verb: bridge.VerbTake},
		{verb: bridge.VerbSnooze, opens: view.OpensForm},
		{verb: bridge.VerbResolve, opens: view.OpensForm},
		{verb: bridge.VerbFind, opens: view.OpensDetails},
	} {
		got, err := Read(set.Actions[i].Data)
		noError(t, err)
		if got.Click == nil {
			t.Fatalf("button %d is read as %+v, want a click", i, got)
		}
		wantEqual(t, fmt.Sprintf("verb of button %d", i), got.Click.Verb, want.verb)
		wantEqual(t, fmt.Sprintf("what button %d opens", i), got.Click.Opens, want.opens)
		wantEqual(t, fmt.Sprintf("conversation of button %d", i), got.Click.Args.Conversation, 12)
		wantEqual(t, fmt.Sprintf("button %d has a nonce", i), got.Click.Nonce != "", true)
	}
}
