package messenger

import (
	"context"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// Whether a message whose answer is lost has arrived.
const (
	arrived = graphfake.ActionDropAfter
	missing = graphfake.ActionDropBefore
)

// sendUnanswered sends a message whose answer is lost, and returns it as Reconcile is given it.
func (r *rig) sendUnanswered(t *testing.T, o channels.Outbound, whether graphfake.Action) channels.Outbound {
	t.Helper()
	began := r.clock.now()
	r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: whether})
	_, err := r.Send(t.Context(), o)
	wantClass(t, "a message whose answer is lost", err, channels.Ambiguous)
	o.Attempt.FirstAt = began
	return o
}

// Edge case 7: the answer is lost after Facebook took the message; its echo brings our
// token and settles it.
func TestTimeoutAfterCommitTokenResolves(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sendUnanswered(t, r.outbound(5, "Hi"), arrived)
	echo := r.takeOne(t, channels.InboundOwn)
	wantEqual(t, "id of the echo", echo.ExternalID, r.customer.Inbox()[0].ID)
	wantEqual(t, "our message", echo.Answers.Message, messageID(5))
	wantEqual(t, "our conversation", echo.Answers.Conversation, testConversation)
	if echo.Status == nil || echo.Status.MessageID != messageID(5) {
		t.Errorf("got the status %+v, want one of message %d", echo.Status, messageID(5))
	}
}

// Edge case 23: the echo comes before the answer; an answer written elsewhere is told
// apart.
func TestEchoBeforeAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addFault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionHookFirst})
	receipt, err := r.Send(t.Context(), r.outbound(5, "Hi"))
	if err != nil {
		t.Fatal(err)
	}
	own := r.takeOne(t, channels.InboundOwn)
	wantEqual(t, "id of the echo", own.ExternalID, receipt.ExternalID)
	wantEqual(t, "our message", own.Answers.Message, messageID(5))

	elsewhere := r.page.AnswerElsewhere(r.customer, "This is _Kim_ in the inbox")
	foreign := r.takeOne(t, channels.InboundForeign)
	wantEqual(t, "id of the answer written elsewhere", foreign.ExternalID, elsewhere)
	wantEqual(t, "text of the answer written elsewhere", foreign.Text, "This is \\_Kim\\_ in the inbox")
	wantEqual(t, "customer of the answer written elsewhere", foreign.From.Key, r.customer.ID())
}

// unclear is a message whose answer was lost, and what a case does around it.
type unclear struct {
	*rig
	o channels.Outbound
}

// Edge case 8: neither answer nor echo. The conversation itself says what happened, unless
// more than one message could be it.
func TestTimeoutWithoutToken(t *testing.T) {
	t.Parallel()
	const text = "Hello again"
	sentEarlier := func(text string) func(*testing.T, *unclear) {
		return func(t *testing.T, u *unclear) {
			if _, err := u.Send(t.Context(), u.outbound(1, text)); err != nil {
				t.Fatal(err)
			}
			u.clock.move(time.Minute)
		}
	}
	earlierIsKnown := func(_ *testing.T, u *unclear) { // the database knows whose the message of sentEarlier is
		first := u.customer.Inbox()[0].ID
		u.o.Attempt.Owners = func(context.Context, []string) (map[string]int64, error) {
			return map[string]int64{first: messageID(1)}, nil
		}
	}
	ourClockIsAhead := func(by time.Duration) func(*testing.T, *unclear) {
		return func(_ *testing.T, u *unclear) { u.o.Attempt.FirstAt = u.o.Attempt.FirstAt.Add(by) }
	}
	writtenElsewhere := func(text string) func(*testing.T, *unclear) {
		return func(_ *testing.T, u *unclear) { u.page.AnswerElsewhere(u.customer, text) }
	}
	for name, c := range map[string]struct {
		before func(*testing.T, *unclear) // the message is sent
		fate   graphfake.Action           // arrived or missing
		after  func(*testing.T, *unclear)
		want   channels.Outcome
	}{
		"it arrived": {fate: arrived, want: channels.Landed},
		"it did not": {fate: missing, want: channels.Absent},

		"the same was sent before, which is known":       {before: sentEarlier("Hello  again"), fate: missing, after: earlierIsKnown, want: channels.Absent},
		"the same was sent before, and it arrived":       {before: sentEarlier(text), fate: arrived, after: earlierIsKnown, want: channels.Landed},
		"the same was sent before, nobody knows by whom": {before: sentEarlier(text), fate: missing, want: channels.CannotTell},
		"the same was sent long before":                  {before: sentEarlier(text), fate: missing, after: ourClockIsAhead(clockSkew), want: channels.Absent},

		"somebody wrote the same elsewhere":      {fate: arrived, after: writtenElsewhere(text), want: channels.CannotTell},
		"somebody wrote something else":          {fate: arrived, after: writtenElsewhere("Hi"), want: channels.Landed},
		"the customer wrote the same":            {fate: missing, after: func(_ *testing.T, u *unclear) { u.customer.Text(text) }, want: channels.Absent},
		"the other one is in the conversation":   {fate: arrived, after: answerThatIsKnown(text), want: channels.Landed},
		"our clock is ahead by ten seconds":      {fate: arrived, after: ourClockIsAhead(10 * time.Second), want: channels.CannotTell},
		"our clock is ahead by most of a minute": {fate: arrived, after: ourClockIsAhead(45 * time.Second), want: channels.CannotTell},
		"nobody knows when it was sent":          {fate: arrived, after: func(_ *testing.T, u *unclear) { u.o.Attempt.FirstAt = time.Time{} }, want: channels.CannotTell},
		"more happened since than is listed":     {fate: missing, after: fillListing, want: channels.CannotTell},
		"Facebook can't be asked":                {fate: missing, after: failListing, want: channels.CannotTell},
		"the token was revoked":                  {fate: arrived, after: func(_ *testing.T, u *unclear) { u.meta.RevokeToken(testToken) }, want: channels.CannotTell},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := &unclear{rig: newRig(t)}
			if c.before != nil {
				c.before(t, u)
			}
			u.o = u.sendUnanswered(t, u.outbound(5, text), c.fate)
			if c.after != nil {
				c.after(t, u)
			}
			outcome, receipt, err := u.Reconcile(t.Context(), u.o)
			if outcome != c.want {
				t.Errorf("got the outcome %v (%v), want %v", outcome, err, c.want)
			}
			if outcome == channels.Landed && receipt.ExternalID == "" {
				t.Errorf("the receipt %+v has no id", receipt)
			}
		})
	}
}

// answerThatIsKnown writes an answer elsewhere, which the conversation has already.
func answerThatIsKnown(text string) func(*testing.T, *unclear) {
	return func(_ *testing.T, u *unclear) { u.o.References = []string{u.page.AnswerElsewhere(u.customer, text)} }
}

// fillListing fills all that Facebook lists of a conversation.
func fillListing(_ *testing.T, u *unclear) {
	for range maxListed {
		u.customer.Text("and another thing")
	}
}

func failListing(t *testing.T, u *unclear) {
	u.addFault(t, graphfake.Fault{Route: "messenger.conversations", Action: graphfake.ActionStatus})
}

// A file's answer is lost: the text before it isn't taken for it, and it is found.
func TestReconcileParts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	wantOutcome := func(part string, o channels.Outbound, want channels.Outcome, wantMore bool) {
		t.Helper()
		outcome, receipt, err := r.Reconcile(t.Context(), o)
		if outcome != want {
			t.Fatalf("%s: got the outcome %v (%v), want %v", part, outcome, err, want)
		}
		wantEqual(t, "there is more to send after "+part, receipt.More, wantMore)
	}
	o := r.outbound(5, "Here it is")
	o.Files = []channels.File{attached("a.png", "image/png", []byte("PNG"))}
	o = r.sendUnanswered(t, o, arrived)
	wantOutcome("the text", o, channels.Landed, true)
	o.Attempt.Part = 1
	wantOutcome("a file that nobody sent", o, channels.Absent, false)
	wantOutcome("the file", r.sendUnanswered(t, o, arrived), channels.Landed, false)
	wantEqual(t, "messages that the customer got", len(r.customer.Inbox()), 2)
}
