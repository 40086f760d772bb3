package messenger

import (
	"testing"

	"parley/channels"
)

// Facebook lists messages without our token, so that they are told apart by their words. The answer to a message was lost, and its author
// has edited it since: that nothing with the new words is there doesn't tell that the old ones didn't arrive.
func TestEditedMessageIsNotCalledAbsent(t *testing.T) {
	t.Parallel()
	u := &unclear{rig: newRig(t)}
	o := u.sendUnanswered(t, u.outbound(5, "You get 100 back"), arrived)
	o.Text, o.Attempt.Reworded = "You get 10 back", true

	outcome, _, err := u.Reconcile(t.Context(), o)

	if err != nil {
		t.Fatal(err)
	}
	if outcome != channels.CannotTell {
		t.Errorf("got the outcome %v, want %v", outcome, channels.CannotTell)
	}
}
