package twilio

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/twilio/twiliofake"
	"parley/channels/wamark"
)

// apiFaults are the failures of the suite, as Twilio has them.
func apiFaults() map[string]twiliofake.Fault {
	return map[string]twiliofake.Fault{
		"throttled":     {Route: "POST /Messages", Kind: twiliofake.FaultThrottle, Wait: 50 * time.Millisecond},
		"no wait told":  {Route: "POST /Messages", Kind: twiliofake.FaultCode, Code: 21611, Status: 429},
		"invalid":       {Route: "POST /Messages", Kind: twiliofake.FaultCode, Code: 21211},
		"opted out":     {Route: "POST /Messages", Kind: twiliofake.FaultCode, Code: 21610},
		"token":         {Route: "POST /Messages", Kind: twiliofake.FaultCode, Code: 20003, Status: 401},
		"filtered":      {Route: "POST /Messages", Kind: twiliofake.FaultCode, Code: 30007},
		"blocked":       {Route: "POST /Messages", Kind: twiliofake.FaultCode, Code: 63038},
		"window":        {Route: "POST /Messages", Kind: twiliofake.FaultCode, Code: 63016},
		"error before":  {Route: "POST /Messages", Kind: twiliofake.FaultErrorBefore},
		"error after":   {Route: "POST /Messages", Kind: twiliofake.FaultErrorAfter},
		"drop before":   {Route: "POST /Messages", Kind: twiliofake.FaultDropBefore},
		"drop after":    {Route: "POST /Messages", Kind: twiliofake.FaultDropAfter},
		"answer broken": {Route: "POST /Messages", Kind: twiliofake.FaultTruncate},
	}
}

// TestExercise: both kinds pass the suite of all channels.
func TestExercise(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by  medium
		mms string
	}{
		"twilio_whatsapp": {by: viaWhatsApp, mms: "false"},
		"sms":             {by: viaSMS, mms: "false"},
		"sms with mms":    {by: viaSMS, mms: "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channelstest.ExerciseChannel(t, channelstest.Harness{
				New: func(t *testing.T) channelstest.Stage { return twilioStage(t, c.by, c.mms) },
				Failures: []channelstest.Failure{
					{Name: "throttled", Class: channels.Throttled},
					{Name: "no wait told", Class: channels.Throttled},
					{Name: "invalid", Class: channels.BadRecipient},
					{Name: "opted out", Class: channels.OptedOut},
					{Name: "token", Class: channels.AuthBroken},
					{Name: "filtered", Class: channels.BadContent},
					{Name: "blocked", Class: channels.AccountBlocked},
					{Name: "window", Class: channels.WindowClosed},
					{Name: "error before", Class: channels.Ambiguous, Outcome: channels.Absent},
					{Name: "error after", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
					{Name: "drop before", Class: channels.Ambiguous, Outcome: channels.Absent},
					{Name: "drop after", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
					{Name: "answer broken", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
				},
				Refused: map[string]func(channels.Outbound) channels.Outbound{
					"nobody":     func(o channels.Outbound) channels.Outbound { o.To = nil; return o },
					"no number":  func(o channels.Outbound) channels.Outbound { o.To = []channels.Party{{Key: "kim"}}; return o },
					"nothing":    func(o channels.Outbound) channels.Outbound { o.Text = " "; return o },
					"two people": func(o channels.Outbound) channels.Outbound { o.To = append(o.To, o.To...); return o },
					"too many":   func(o channels.Outbound) channels.Outbound { o.Files = make([]channels.File, 11); return o },
				},
			})
		})
	}
}

func twilioStage(t *testing.T, by medium, mms string) channelstest.Stage {
	w := newWorld(t, by, func(_ *twiliofake.Options, c channels.Config) { c[fieldMMS] = mms })
	w.annWrites("hello, the window is open")
	last := ""
	since := func(n int) []channels.Fact { return w.accepted()[n:] }
	return channelstest.Stage{
		Channel: w.channel,
		Write: func(t *testing.T, texts ...string) []channels.Fact {
			n := len(w.accepted())
			for _, text := range texts {
				last = w.annWrites(text)
			}
			return since(n)
		},
		Again: func(t *testing.T) []channels.Fact {
			n := len(w.accepted())
			if err := w.fake.Redeliver(last); err != nil {
				t.Fatal(err)
			}
			return since(n)
		},
		Outbound: func(id int64, text string) channels.Outbound {
			o := w.outbound(id, wamark.Escape(text)) // as the engine hands it over
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
		Fail: func(_ *testing.T, name string) { w.fake.AddFault(apiFaults()[name]) },
		WriteFile: func(t *testing.T, content []byte) []channels.Fact {
			n := len(w.accepted())
			w.annSends(twiliofake.Message{Media: []twiliofake.Media{{ContentType: "image/jpeg", Content: content}}})
			return since(n)
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
