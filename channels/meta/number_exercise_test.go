package meta

import (
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/graphfake"
)

// failure is a failure of the suite, with the emulator's fault that causes it.
type failure struct {
	fault graphfake.Fault
	channelstest.Failure
}

// failures are the ways in which Meta fails to send a message.
func failures() []failure {
	const send = "whatsapp.messages"
	return []failure{
		// Meta says for certain that the message doesn't leave.
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Status: 500, Code: codeSomethingWrong},
			Failure: channelstest.Failure{Name: "Meta's problem", Class: channels.Retry},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionStatus, Status: 404},
			Failure: channelstest.Failure{Name: "404 without a code of Graph", Class: channels.Retry},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Status: 429, Code: codeNumberRate},
			Failure: channelstest.Failure{Name: "too many messages", Class: channels.Throttled},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Code: codePairRate},
			Failure: channelstest.Failure{Name: "too many messages to one customer", Class: channels.Throttled},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Status: 401, Code: codeTokenEnded},
			Failure: channelstest.Failure{Name: "token ended", Class: channels.AuthBroken},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Code: codeWindowClosed},
			Failure: channelstest.Failure{Name: "window closed", Class: channels.WindowClosed},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Code: codeUndeliverable},
			Failure: channelstest.Failure{Name: "not on WhatsApp", Class: channels.BadRecipient},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Code: codeInvalidValue},
			Failure: channelstest.Failure{Name: "bad parameter", Class: channels.BadContent},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Status: 403, Code: codeLocked},
			Failure: channelstest.Failure{Name: "account blocked", Class: channels.AccountBlocked},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionError, Code: codeMarketingStopped},
			Failure: channelstest.Failure{Name: "customer wants no advertising", Class: channels.AdvertStopped},
		},

		// Parley can't know whether the message left.
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionDropBefore},
			Failure: channelstest.Failure{Name: "connection lost before the effect", Class: channels.Ambiguous, Outcome: channels.CannotTell},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionDropAfter},
			Failure: channelstest.Failure{Name: "connection lost after it", Class: channels.Ambiguous, Effect: true, Outcome: channels.CannotTell},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionStatus, Status: 502},
			Failure: channelstest.Failure{Name: "502 without the effect", Class: channels.Ambiguous, Outcome: channels.CannotTell},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionStatusAfter, Status: 502},
			Failure: channelstest.Failure{Name: "502 after the effect", Class: channels.Ambiguous, Effect: true, Outcome: channels.CannotTell},
		},
		{
			fault:   graphfake.Fault{Route: send, Action: graphfake.ActionTruncate},
			Failure: channelstest.Failure{Name: "cut answer", Class: channels.Ambiguous, Effect: true, Outcome: channels.CannotTell},
		},
	}
}

// WhatsApp passes the suite of all channels.
func TestExercise(t *testing.T) {
	t.Parallel()
	var suiteFailures []channelstest.Failure
	for _, f := range failures() {
		suiteFailures = append(suiteFailures, f.Failure)
	}
	channelstest.ExerciseChannel(t, channelstest.Harness{
		New:      newStage,
		Failures: suiteFailures,
		Refused: map[string]func(*channels.Outbound){
			"no customer":         func(o *channels.Outbound) { o.To = nil },
			"two customers":       func(o *channels.Outbound) { o.To = append(o.To, o.To...) },
			"an address of mail":  func(o *channels.Outbound) { o.To = []channels.Party{{Key: "ann@x.test"}} },
			"no text":             func(o *channels.Outbound) { o.Text = "" },
			"a long text":         func(o *channels.Outbound) { o.Text = long(maxTextRunes + 1) },
			"a carousel":          withRich(channels.Rich{Cards: []channels.RichCard{{Title: "One"}}}),
			"four buttons":        withRich(channels.Rich{Buttons: []channels.Button{{Title: "1"}, {Title: "2"}, {Title: "3"}, {Title: "4"}}}),
			"a latitude above 90": withRich(channels.Rich{Location: &channels.Location{Latitude: 91}}),
		},
	})
}

// withRich makes a message rich.
func withRich(r channels.Rich) func(*channels.Outbound) {
	return func(o *channels.Outbound) { o.Rich = &r }
}

// newStage makes a world for the suite, in which the reply window is open.
func newStage(t *testing.T) channelstest.Stage {
	w := newWorld(t)
	w.openWindow()
	mediaID := "" // of the file that the customer wrote last
	return channelstest.Stage{
		Channel: w.channel,
		Write: func(t *testing.T, texts ...string) []channels.Fact {
			t.Helper()
			for _, text := range texts {
				w.ann.Text(text)
			}
			return w.takeFacts()
		},
		Redeliver: func(t *testing.T) []channels.Fact {
			t.Helper()
			sent := w.Deliveries()
			if _, err := w.PostHook(w.hook, sent[len(sent)-1].Body); err != nil {
				t.Fatal(err)
			}
			return w.takeFacts()
		},
		Outbound: outbound,
		Got: func(*testing.T) []string {
			got := []string{}
			for _, m := range w.ann.Inbox() {
				got = append(got, strings.ReplaceAll(m.Text, "_", "*")) // the suite writes *emphasis*, which is _emphasis_ in WhatsApp
			}
			return got
		},
		Hang: func(t *testing.T) {
			t.Helper()
			w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionDelay, Times: graphfake.Forever})
		},
		Fail: func(t *testing.T, name string) {
			t.Helper()
			for _, f := range failures() {
				if f.Name == name {
					w.addFault(f.fault)
				}
			}
		},
		CloseWindow: func(*testing.T) { w.clock.advance(replyWindow + time.Hour) },
		Answered: func(*testing.T) (ids []string) {
			for _, m := range w.ann.Inbox() {
				ids = append(ids, m.Answers)
			}
			return ids
		},
		WriteFile: func(t *testing.T, content []byte) []channels.Fact {
			t.Helper()
			_, mediaID = w.ann.Media("image", graphfake.File{ContentType: "image/jpeg", Content: content}, nil)
			return w.takeFacts()
		},
		ForgetFiles: func(*testing.T) { w.ExpireMedia(mediaID) },
		Attended: func(*testing.T) (ids []string) {
			for _, m := range w.ann.Chat() {
				if m.FromCustomer && m.Tick == graphfake.TickRead {
					ids = append(ids, m.ID)
				}
			}
			return ids
		},
		Template: func(*testing.T) channels.TemplateUse {
			id := w.AddTemplate(wabaID, "still_there", "en", "UTILITY", "Hello {{1}}, are you still there?")
			return channels.TemplateUse{
				Values: map[string]string{"name": "Ann"},
				Template: channels.Template{
					ExternalID: id,
					Name:       "still_there",
					Language:   "en",
					Category:   "utility",
					Body:       "Hello {{name}}, are you still there?",
					Variables:  []string{"name"},
				},
			}
		},
	}
}
