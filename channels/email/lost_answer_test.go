package email

import (
	"testing"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// These tests go the whole way of a mail whose answer is lost, or whose id is replaced: from Send, on one channel, to what is found.

// sendAnother sends a mail of the conversation, before reply().
func sendAnother(t *testing.T, c *Channel) {
	t.Helper()
	o := reply()
	o.MessageID = 33
	if _, err := c.Send(testContext(t), o); err != nil {
		t.Fatal(err)
	}
}

// sendWithLostAnswer sends reply(), whose answer a fault of the server loses.
func sendWithLostAnswer(t *testing.T, c *Channel) {
	t.Helper()
	_, err := c.Send(testContext(t), reply())
	failed := sendErrorOf(t, err, channels.Ambiguous)
	wantContains(t, "words", failed.Text, "did not say whether it took it") // nor do we say that it did
}

// Case 40: a crash between claim, send and receipt, on a server that files what it sends. The mail that was taken has landed, the one that
// was not is absent.
func TestCase40LostAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		action mailfake.Action
		want   channels.Outcome
	}{
		{name: "taken", action: mailfake.ActionDropAfter, want: channels.Landed},
		{name: "not taken", action: mailfake.ActionDropBefore, want: channels.Absent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *mailfake.Options) { saveToSent(&o.Mailboxes[0]) })
			w.config["save_sent"] = "off"
			c := w.channel()
			sendAnother(t, c)
			w.addFault(mailfake.Fault{Op: mailfake.OpDATA, Action: tt.action})
			sendWithLostAnswer(t, c)
			wantOutcomeOf(t, c, reply(), tt.want)
		})
	}
}

// When the answer was lost and we were to file the copy, nobody can tell.
func TestLostAnswerWithoutCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.channel()
	w.addFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter})
	sendWithLostAnswer(t, c)
	wantOutcomeOf(t, c, reply(), channels.CannotTell)
}
