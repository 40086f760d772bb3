package twilio

import (
	"context"
	"testing"

	"parley/channels"
)

// The same short words are sent twice within a second, and the process dies before the second ones leave. Another process knows
// from the database whose the message in Twilio's list is, and doesn't take it for the second ones.
func TestSameWordsWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	w.write("hi")
	first := w.sent(w.outbound(1, "OK"))
	w.base.sent = newSentMessages() // another process takes over
	second := w.outbound(2, "OK")
	second.Attempt.FirstAt, second.Attempt.Number = w.clock.now(), 2
	owner := int64(1)
	second.Attempt.Owners = func(context.Context, []string) (map[string]int64, error) {
		return map[string]int64{first.ExternalID: owner}, nil
	}
	for _, c := range []struct {
		owner int64
		want  channels.Outcome
	}{{1, channels.Absent}, {2, channels.Landed}} {
		owner = c.owner
		if got, _, err := w.channel.Reconcile(t.Context(), second); err != nil || got != c.want {
			t.Errorf("the message of %d is taken for the second one: %v, %v", c.owner, got, err)
		}
	}
}
