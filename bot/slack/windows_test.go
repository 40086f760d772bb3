package slack

import (
	"testing"

	"parley/bridge"
)

// What is opened from the third window that is open replaces it, as Slack shows no fourth one on top.
func TestFourthWindowReplacesTheThird(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	p := w.newPost(bridge.PostLine, w.postRoot(), "t1")
	p.Line = &bridge.Line{Content: &bridge.ListLine{List: "mine", Rows: []bridge.Facts{sampleFacts()}}}
	w.press(bridge.Place{Channel: w.channel, Message: w.mustSend(p).Message}, "All")
	for _, button := range []string{"More", "All with this customer", "More", "Snooze"} {
		w.pressInWindow(w.waitForWindow(w.ann, isCardWith(`"`+button+`"`)), button)
	}
	w.waitForWindow(w.ann, hasField("other"))
	wantEqual(t, "open windows", len(w.fake.Views(w.ann)), 3)
}
