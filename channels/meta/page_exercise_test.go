package meta

import (
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/graphfake"
)

// suiteFailure is a failure of the suite, with the fault of Facebook's emulator that causes it.
type suiteFailure struct {
	fault graphfake.Fault
	channelstest.Failure
}

// suiteFailures are the ways in which Facebook fails to send a message.
func suiteFailures() []suiteFailure {
	const send = "messenger.messages"
	return []suiteFailure{
		// The answer doesn't say whether the message left, but the conversation does.
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionDropBefore},
			Failure: channelstest.Failure{Name: "connection lost before the effect", Class: channels.Ambiguous, Outcome: channels.Absent},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionDropAfter},
			Failure: channelstest.Failure{Name: "connection lost after it", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionStatus, Status: 502},
			Failure: channelstest.Failure{Name: "502 without the effect", Class: channels.Ambiguous, Outcome: channels.Absent},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionStatusAfter, Status: 504},
			Failure: channelstest.Failure{Name: "504 after the effect", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionTruncate},
			Failure: channelstest.Failure{Name: "cut answer", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		},

		// Facebook says for certain that the message wasn't sent.
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Code: 613, RetryAfter: 7 * time.Second},
			Failure: channelstest.Failure{Name: "throttled", Class: channels.Throttled, Outcome: channels.Absent},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionStatus, Status: 429},
			Failure: channelstest.Failure{Name: "throttled by a gateway", Class: channels.Throttled, Outcome: channels.Absent},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Code: 2, Status: 500},
			Failure: channelstest.Failure{Name: "temporary problem", Class: channels.Retry, Outcome: channels.Absent},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Code: 190, Status: 401},
			Failure: channelstest.Failure{Name: "token revoked", Class: channels.AuthBroken, Outcome: channels.Absent},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Code: 10, Subcode: 1893063},
			Failure: channelstest.Failure{Name: "Page restricted", Class: channels.AccountBlocked, Outcome: channels.Absent},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Code: 551, Subcode: 1545041},
			Failure: channelstest.Failure{Name: "blocked by the customer", Class: channels.BadRecipient, Outcome: channels.Absent},
		},
	}
}

// refused returns changes that make a message one that is refused.
func refused() map[string]func(*channels.Outbound) {
	return map[string]func(*channels.Outbound){
		"a long text":                func(o *channels.Outbound) { o.Text = strings.Repeat("x", maxText+1) },
		"an empty text":              func(o *channels.Outbound) { o.Text = "" },
		"no customer":                func(o *channels.Outbound) { o.To = nil },
		"a phone number":             func(o *channels.Outbound) { o.To[0].Key = "+15550100" },
		"an unknown customer":        func(o *channels.Outbound) { o.To[0].Key = "424242" },
		"a customer who never wrote": func(o *channels.Outbound) { o.LastIn = time.Time{} },
		"the eighth day":             func(o *channels.Outbound) { o.LastIn = o.LastIn.Add(-humanWindow) },
		"a template":                 func(o *channels.Outbound) { o.Template = &channels.TemplateUse{} },
		"a signature alone":          func(o *channels.Outbound) { o.Text, o.Signature.Text = "", "Acme" },
		"a part that is no more":     func(o *channels.Outbound) { o.Attempt.Part = 1 },
		"buttons without a text": func(o *channels.Outbound) {
			o.Text, o.Rich = "", &channels.Rich{Buttons: []channels.Button{{ID: "1", Title: "One"}}}
		},
		"a card with a long title": func(o *channels.Outbound) {
			o.Rich = &channels.Rich{Cards: []channels.RichCard{{Title: strings.Repeat("x", maxCardText+1), Text: "x"}}}
		},
		"an empty file": func(o *channels.Outbound) { o.Files = []channels.File{attached("a.pdf", "application/pdf", nil)} },
		"a picture of nine megabytes": func(o *channels.Outbound) {
			o.Files = []channels.File{attached("a.png", "image/png", make([]byte, 9*megabyte))}
		},
		"a picture of nine megabytes, whose size isn't known": func(o *channels.Outbound) {
			o.Files = []channels.File{attached("a.png", "image/png", make([]byte, 9*megabyte))}
			o.Files[0].SizeBytes = 0
		},
		"too many buttons": func(o *channels.Outbound) {
			o.Rich = &channels.Rich{}
			for range maxQuickReplies + 1 {
				o.Rich.Buttons = append(o.Rich.Buttons, channels.Button{ID: "1", Title: "One"})
			}
		},
	}
}

// Messenger passes the suite of all channels.
func TestExerciseChannel(t *testing.T) {
	t.Parallel()
	var list []channelstest.Failure
	for _, f := range suiteFailures() {
		list = append(list, f.Failure)
	}
	channelstest.ExerciseChannel(t, channelstest.Harness{Failures: list, Refused: refused(), New: newPageStage})
}

// newPageStage makes a rig for the suite.
func newPageStage(t *testing.T) channelstest.Stage {
	r := newRig(t)
	return channelstest.Stage{
		Channel: r.Page,
		Write: func(t *testing.T, texts ...string) []channels.Fact {
			r.takeFacts(t)
			for _, text := range texts {
				r.customer.Text(text)
			}
			return r.takeFacts(t)
		},
		Redeliver: func(t *testing.T) []channels.Fact {
			r.customer.Again()
			return r.takeFacts(t)
		},
		Outbound: r.outbound,
		Got:      func(*testing.T) []string { return r.customerTexts() },
		Hang: func(t *testing.T) {
			r.addFault(t, graphfake.Fault{Route: "messenger.*", Action: graphfake.ActionDelay, Times: graphfake.Forever})
			t.Cleanup(r.meta.ClearFaults)
		},
		Fail: func(t *testing.T, name string) {
			for _, f := range suiteFailures() {
				if f.Name == name {
					r.addFault(t, f.fault)
				}
			}
		},
		CloseWindow: func(*testing.T) { r.clock.move(humanWindow + time.Hour) },
		Answered: func(*testing.T) (ids []string) {
			for _, m := range r.customer.Inbox() {
				ids = append(ids, m.ReplyTo)
			}
			return ids
		},
		WriteFile: func(t *testing.T, content []byte) []channels.Fact {
			r.customer.Media("image", "picture.jpg", "image/jpeg", content)
			return r.takeFacts(t)
		},
		ForgetFiles: func(*testing.T) { r.clock.move(25 * time.Hour) }, // longer than their addresses work
		Attended: func(*testing.T) (ids []string) {
			seen := r.customer.Seen()
			for _, m := range r.customer.Conversation() {
				if !m.FromPage && !m.At.After(seen) {
					ids = append(ids, m.ID)
				}
			}
			return ids
		},
	}
}
