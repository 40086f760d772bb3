package twilio

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/markdown"
	"parley/channels/twilio/twiliofake"
)

// suiteFailure is a failure of the suite, and the fault of Twilio's that causes it.
type suiteFailure struct {
	fault twiliofake.Fault
	channelstest.Failure
}

// suiteFailures are the ways in which Twilio fails to send a message.
func suiteFailures() []suiteFailure {
	const send = "POST /Messages"
	return []suiteFailure{
		// Twilio says for certain that the message doesn't leave.
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultThrottle, Wait: 50 * time.Millisecond},
			Failure: channelstest.Failure{Name: "throttled, with a time to wait", Class: channels.Throttled},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultCode, Code: 21611, Status: 429},
			Failure: channelstest.Failure{Name: "throttled, without a time to wait", Class: channels.Throttled},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultCode, Code: 21211},
			Failure: channelstest.Failure{Name: "invalid number", Class: channels.BadRecipient},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultCode, Code: 21610},
			Failure: channelstest.Failure{Name: "customer opted out", Class: channels.OptedOut},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultCode, Code: 20003, Status: 401},
			Failure: channelstest.Failure{Name: "wrong token", Class: channels.AuthBroken},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultCode, Code: 30007},
			Failure: channelstest.Failure{Name: "filtered", Class: channels.BadContent},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultCode, Code: 63038},
			Failure: channelstest.Failure{Name: "account blocked", Class: channels.AccountBlocked},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultCode, Code: 63016},
			Failure: channelstest.Failure{Name: "window closed", Class: channels.WindowClosed},
		},
		// The answer doesn't say whether the message left, but Twilio's list does.
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultErrorBefore},
			Failure: channelstest.Failure{Name: "error without the effect", Class: channels.Ambiguous, Outcome: channels.Absent},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultErrorAfter},
			Failure: channelstest.Failure{Name: "error after the effect", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultDropBefore},
			Failure: channelstest.Failure{Name: "connection lost before the effect", Class: channels.Ambiguous, Outcome: channels.Absent},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultDropAfter},
			Failure: channelstest.Failure{Name: "connection lost after it", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		},
		{
			fault:   twiliofake.Fault{Route: send, Kind: twiliofake.FaultTruncate},
			Failure: channelstest.Failure{Name: "cut answer", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		},
	}
}

// refused are messages that Twilio's channels refuse.
func refused() map[string]func(*channels.Outbound) {
	return map[string]func(*channels.Outbound){
		"no customer":                 func(o *channels.Outbound) { o.To = nil },
		"two customers":               func(o *channels.Outbound) { o.To = append(o.To, o.To...) },
		"a customer without a number": func(o *channels.Outbound) { o.To = []channels.Party{{Key: "kim"}} },
		"a blank text":                func(o *channels.Outbound) { o.Text = " " },
		"too many files":              func(o *channels.Outbound) { o.Files = make([]channels.File, maxMMSFiles+1) },
	}
}

// WhatsApp, SMS and MMS pass the suite of all channels.
func TestExercise(t *testing.T) {
	t.Parallel()
	var list []channelstest.Failure
	for _, f := range suiteFailures() {
		list = append(list, f.Failure)
	}
	tests := []struct {
		name string
		by   medium
		mms  string
	}{
		{name: "WhatsApp", by: viaWhatsApp, mms: "false"},
		{name: "SMS", by: viaSMS, mms: "false"},
		{name: "SMS with MMS", by: viaSMS, mms: "true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			channelstest.ExerciseChannel(t, channelstest.Harness{
				New: func(t *testing.T) channelstest.Stage {
					return newStage(newWorld(t, tt.by, func(_ *twiliofake.Options, c channels.Config) { c[fieldMMS] = tt.mms }))
				},
				Failures: list,
				Refused:  refused(),
			})
		})
	}
}

// newStage makes a world ready for the suite by opening the reply window.
func newStage(w *world) channelstest.Stage {
	w.annWrites("hello, the window is open")
	lastSID := "" // of what Ann wrote last
	acceptedSince := func(n int) []channels.Fact { return w.accepted()[n:] }

	return channelstest.Stage{
		Channel: w.channel,
		Write: func(t *testing.T, texts ...string) []channels.Fact {
			n := len(w.accepted())
			for _, text := range texts {
				lastSID = w.annWrites(text)
			}
			return acceptedSince(n)
		},
		Redeliver: func(t *testing.T) []channels.Fact {
			n := len(w.accepted())
			noError(t, w.fake.Redeliver(lastSID))
			return acceptedSince(n)
		},
		Outbound: func(id int64, text string) channels.Outbound {
			o := w.outbound(id, markdown.Escape(text)) // as the engine hands it over
			o.LastIn = time.Now()
			return o
		},
		Got: func(t *testing.T) []string {
			w.waitSettled()
			return slices.DeleteFunc(w.ann.Texts(), func(s string) bool { return strings.TrimSpace(s) == "" })
		},
		Hang: func(*testing.T) {
			w.fake.AddFault(twiliofake.Fault{Kind: twiliofake.FaultHang, Times: -1})
		},
		Fail: func(_ *testing.T, name string) {
			for _, f := range suiteFailures() {
				if f.Name == name {
					w.fake.AddFault(f.fault)
				}
			}
		},
		WriteFile: func(t *testing.T, content []byte) []channels.Fact {
			n := len(w.accepted())
			w.annSends(twiliofake.Message{Media: []twiliofake.Media{{ContentType: "image/jpeg", Content: content}}})
			return acceptedSince(n)
		},
		ForgetFiles: func(*testing.T) { w.fake.DeleteMedia() },
		Attended:    func(*testing.T) []string { return w.fake.Typing() },
		Template: func(t *testing.T) channels.TemplateUse {
			use := channels.TemplateUse{Template: sampleTemplate(), Values: map[string]string{"customer_name": "Ann", "order": "17"}}
			use.Name = "another_one"
			use.ExternalID = w.submit(use.Template).ExternalID
			return use
		},
	}
}
