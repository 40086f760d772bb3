package teams

import (
	"testing"
	"time"

	"parley/bot/teams/teamsfake/client"
)

// A reply whose buttons a second form asks for was written in the first one. So it counts from when that was opened, and
// its author is asked if a colleague has answered since.
func TestReplyWithButtonsCountsFromItsFirstForm(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	w.openReplyForm()
	opened := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	w.advance(time.Minute)
	first := client.Inputs{"t:text": "Shall I send one?", "o:add": "buttons"}
	wantDialog(t, "the form of the buttons", w.submit(first), "t:choices")
	wantNoDialog(t, w.submit(client.Inputs{"t:text": "Shall I send one?", "t:choices": "Yes\nNo"}))
	wantEqual(t, "the time since which the reply is written", w.waitAction(interactionFacts).OpenedAt.UTC(), opened)
	w.wantNoProblems()
}
