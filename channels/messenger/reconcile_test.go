package messenger

import (
	"context"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// lost sends a message whose answer is lost, with or without an effect.
func (r *rig) lost(t *testing.T, o channels.Outbound, effect bool) channels.Outbound {
	t.Helper()
	began := r.clock.now()
	action := graphfake.ActionDropBefore
	if effect {
		action = graphfake.ActionDropAfter
	}
	r.fault(t, graphfake.Fault{Route: "messenger.messages", Action: action})
	if _, err := r.Send(t.Context(), o); channels.ClassOf(err) != channels.Ambiguous {
		t.Fatalf("the lost answer is %v", err)
	}
	o.Attempt.FirstAt = began
	return o
}

// Edge case 7: the answer is lost after Facebook took the message; its echo brings our
// token and settles it.
func TestTimeoutAfterCommitTokenResolves(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.lost(t, r.out(5, "Hi"), true)
	in := r.one(t, channels.InboundOwn)
	if in.Answers.Message != 1005 || in.Answers.Conversation != 7 || in.Status == nil || in.Status.MessageID != 1005 || in.ExternalID != r.customer.Inbox()[0].ID {
		t.Errorf("the echo became %+v", in)
	}
}

// Edge case 23: the echo comes before the answer; an answer written elsewhere is told
// apart.
func TestEchoBeforeAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fault(t, graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionHookFirst})
	receipt, err := r.Send(t.Context(), r.out(5, "Hi"))
	if err != nil {
		t.Fatal(err)
	}
	if in := r.one(t, channels.InboundOwn); in.ExternalID != receipt.ExternalID || in.Answers.Message != 1005 {
		t.Errorf("the echo became %+v", in)
	}
	mid := r.page.AnswerElsewhere(r.customer, "This is _Kim_ in the inbox")
	if in := r.one(t, channels.InboundForeign); in.ExternalID != mid || in.Text != "This is \\_Kim\\_ in the inbox" || in.From.Key != r.customer.ID() {
		t.Errorf("an answer written elsewhere became %+v", in)
	}
}

// Edge case 8: neither answer nor echo. The conversation itself says what happened, unless
// more than one message could be it.
func TestTimeoutWithoutToken(t *testing.T) {
	t.Parallel()
	type world struct {
		*rig
		o channels.Outbound
	}
	old := func(id int64, text string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			if _, err := w.Send(t.Context(), w.out(id, text)); err != nil {
				t.Fatal(err)
			}
			w.clock.move(time.Minute)
		}
	}
	known := func(_ *testing.T, w *world) { // the database knows whose the first message is
		first := w.customer.Inbox()[0].ID
		w.o.Attempt.Owners = func(context.Context, []string) (map[string]int64, error) { return map[string]int64{first: 1001}, nil }
	}
	ahead := func(d time.Duration) func(*testing.T, *world) { // our database's clock is ahead of Facebook's
		return func(_ *testing.T, w *world) { w.o.Attempt.FirstAt = w.o.Attempt.FirstAt.Add(d) }
	}
	for name, c := range map[string]struct {
		before  func(*testing.T, *world)
		effect  bool
		change  func(*testing.T, *world)
		outcome channels.Outcome
	}{
		"landed":                  {effect: true, outcome: channels.Landed},
		"absent":                  {outcome: channels.Absent},
		"the same, a minute ago":  {before: old(1, "Hello  again"), change: known, outcome: channels.Absent},
		"the same, and landed":    {before: old(1, "Hello again"), effect: true, change: known, outcome: channels.Landed},
		"the same, of whom":       {before: old(1, "Hello again"), outcome: channels.CannotTell},
		"the same, long ago":      {before: old(1, "Hello again"), change: ahead(clockSkew), outcome: channels.Absent},
		"somebody wrote the same": {effect: true, change: func(_ *testing.T, w *world) { w.page.AnswerElsewhere(w.customer, "Hello again") }, outcome: channels.CannotTell},
		"somebody wrote another":  {effect: true, change: func(_ *testing.T, w *world) { w.page.AnswerElsewhere(w.customer, "Hi") }, outcome: channels.Landed},
		"the customer said it":    {change: func(_ *testing.T, w *world) { w.customer.Text("Hello again") }, outcome: channels.Absent},
		"known to be another": {effect: true, change: func(_ *testing.T, w *world) {
			w.o.References = []string{w.page.AnswerElsewhere(w.customer, "Hello again")}
		}, outcome: channels.Landed},
		"clocks differ":           {effect: true, change: ahead(10 * time.Second), outcome: channels.CannotTell},
		"clocks differ much":      {effect: true, change: ahead(45 * time.Second), outcome: channels.CannotTell},
		"nobody knows when":       {effect: true, change: func(_ *testing.T, w *world) { w.o.Attempt.FirstAt = time.Time{} }, outcome: channels.CannotTell},
		"too much happened since": {change: func(_ *testing.T, w *world) { chatter(w.rig) }, outcome: channels.CannotTell},
		"Facebook can't be asked": {change: func(t *testing.T, w *world) {
			w.fault(t, graphfake.Fault{Route: "messenger.conversations", Action: graphfake.ActionStatus})
		}, outcome: channels.CannotTell},
		"the token doesn't let us": {effect: true, change: func(_ *testing.T, w *world) { w.meta.RevokeToken(testToken) }, outcome: channels.CannotTell},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{rig: newRig(t)}
			if c.before != nil {
				c.before(t, w)
			}
			w.o = w.lost(t, w.out(5, "Hello again"), c.effect)
			if c.change != nil {
				c.change(t, w)
			}
			outcome, receipt, err := w.Reconcile(t.Context(), w.o)
			if outcome != c.outcome {
				t.Errorf("outcome %v, %v, want %v", outcome, err, c.outcome)
			}
			if outcome == channels.Landed && receipt.ExternalID == "" {
				t.Errorf("receipt %+v", receipt)
			}
		})
	}
}

// A file's answer is lost: the text before it isn't taken for it, and it is found.
func TestReconcileParts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := r.out(5, "Here it is")
	o.Files = []channels.File{attached("a.png", "image/png", []byte("PNG"))}
	lost := r.lost(t, o, true)
	outcome, receipt, err := r.Reconcile(t.Context(), lost)
	if outcome != channels.Landed || !receipt.More {
		t.Fatalf("the text: %v, %+v, %v", outcome, receipt, err)
	}
	lost.Attempt.Part = 1
	if outcome, _, err := r.Reconcile(t.Context(), lost); outcome != channels.Absent {
		t.Errorf("a file that nobody sent: %v, %v", outcome, err)
	}
	again := r.lost(t, lost, true)
	outcome, receipt, err = r.Reconcile(t.Context(), again)
	if outcome != channels.Landed || receipt.More {
		t.Errorf("the file: %v, %+v, %v", outcome, receipt, err)
	}
	if got := r.customer.Inbox(); len(got) != 2 {
		t.Errorf("the customer got %+v", got)
	}
}

// chatter fills all that Facebook tells of a conversation.
func chatter(r *rig) {
	for range maxListed {
		r.customer.Text("and another thing")
	}
}
