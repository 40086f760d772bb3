package whatsapp

import (
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/graphfake"
)

// faults are the failures of the suite, as Meta has them.
func faults() map[string]graphfake.Fault {
	const send = "whatsapp.messages"
	return map[string]graphfake.Fault{
		"their fault":       {Route: send, Action: graphfake.ActionError, Status: 500, Code: 131000},
		"busy gateway":      {Route: send, Action: graphfake.ActionStatus, Status: 404},
		"too fast":          {Route: send, Action: graphfake.ActionError, Status: 429, Code: 130429},
		"pair too fast":     {Route: send, Action: graphfake.ActionError, Code: 131056},
		"token":             {Route: send, Action: graphfake.ActionError, Status: 401, Code: 190},
		"window closed":     {Route: send, Action: graphfake.ActionError, Code: 131047},
		"not on WhatsApp":   {Route: send, Action: graphfake.ActionError, Code: 131026},
		"bad parameter":     {Route: send, Action: graphfake.ActionError, Code: 131009},
		"blocked":           {Route: send, Action: graphfake.ActionError, Status: 403, Code: 131031},
		"no advertising":    {Route: send, Action: graphfake.ActionError, Code: 131050},
		"lost before":       {Route: send, Action: graphfake.ActionDropBefore},
		"lost after":        {Route: send, Action: graphfake.ActionDropAfter},
		"bad gateway":       {Route: send, Action: graphfake.ActionStatus, Status: 502},
		"bad gateway after": {Route: send, Action: graphfake.ActionStatusAfter, Status: 502},
		"half an answer":    {Route: send, Action: graphfake.ActionTruncate},
	}
}

// TestExercise: WhatsApp passes the suite of all channels.
func TestExercise(t *testing.T) {
	t.Parallel()
	channelstest.ExerciseChannel(t, channelstest.Harness{
		New: stage,
		Failures: []channelstest.Failure{
			{Name: "their fault", Class: channels.Retry},
			{Name: "busy gateway", Class: channels.Retry},
			{Name: "too fast", Class: channels.Throttled},
			{Name: "pair too fast", Class: channels.Throttled},
			{Name: "token", Class: channels.AuthBroken},
			{Name: "window closed", Class: channels.WindowClosed},
			{Name: "not on WhatsApp", Class: channels.BadRecipient},
			{Name: "bad parameter", Class: channels.BadContent},
			{Name: "blocked", Class: channels.AccountBlocked},
			{Name: "no advertising", Class: channels.OptedOut},
			{Name: "lost before", Class: channels.Ambiguous, Outcome: channels.CannotTell},
			{Name: "lost after", Class: channels.Ambiguous, Effect: true, Outcome: channels.CannotTell},
			{Name: "bad gateway", Class: channels.Ambiguous, Outcome: channels.CannotTell},
			{Name: "bad gateway after", Class: channels.Ambiguous, Effect: true, Outcome: channels.CannotTell},
			{Name: "half an answer", Class: channels.Ambiguous, Effect: true, Outcome: channels.CannotTell},
		},
		Refused: map[string]func(channels.Outbound) channels.Outbound{
			"nobody":        func(o channels.Outbound) channels.Outbound { o.To = nil; return o },
			"two people":    func(o channels.Outbound) channels.Outbound { o.To = append(o.To, o.To...); return o },
			"no number":     func(o channels.Outbound) channels.Outbound { o.To = []channels.Party{{Key: "ann@x.test"}}; return o },
			"nothing":       func(o channels.Outbound) channels.Outbound { o.Text = ""; return o },
			"a long text":   func(o channels.Outbound) channels.Outbound { o.Text = long(maxTextRunes + 1); return o },
			"a carousel":    withRich(channels.Rich{Cards: []channels.RichCard{{Title: "One"}}}),
			"four buttons":  withRich(channels.Rich{Buttons: []channels.Button{{Title: "1"}, {Title: "2"}, {Title: "3"}, {Title: "4"}}}),
			"off the Earth": withRich(channels.Rich{Location: &channels.Location{Latitude: 91}}),
		},
	})
}

func withRich(r channels.Rich) func(channels.Outbound) channels.Outbound {
	return func(o channels.Outbound) channels.Outbound { o.Rich = &r; return o }
}

func stage(t *testing.T) channelstest.Stage {
	w := newWorld(t)
	w.ann.Text("Hello") // opens the window
	w.takeFacts()
	file := ""
	return channelstest.Stage{
		Channel: w.channel,
		Write: func(t *testing.T, texts ...string) []channels.Fact {
			t.Helper()
			for _, text := range texts {
				w.ann.Text(text)
			}
			return w.takeFacts()
		},
		Again: func(t *testing.T) []channels.Fact {
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
				got = append(got, strings.ReplaceAll(m.Text, "_", "*")) // Markdown's emphasis is _ there
			}
			return got
		},
		Hang: func(t *testing.T) {
			t.Helper()
			w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionDelay, Times: graphfake.Forever})
		},
		Fail:        func(t *testing.T, name string) { t.Helper(); w.addFault(faults()[name]) },
		CloseWindow: func(*testing.T) { w.clock.advance(replyWindow + time.Hour) },
		Answered: func(*testing.T) (ids []string) {
			for _, m := range w.ann.Inbox() {
				ids = append(ids, m.Answers)
			}
			return ids
		},
		WriteFile: func(t *testing.T, content []byte) []channels.Fact {
			t.Helper()
			_, file = w.ann.Media("image", graphfake.File{ContentType: "image/jpeg", Content: content}, nil)
			return w.takeFacts()
		},
		ForgetFiles: func(*testing.T) { w.ExpireMedia(file) },
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
			return channels.TemplateUse{Values: map[string]string{"name": "Ann"}, Template: channels.Template{ExternalID: id, Name: "still_there", Language: "en",
				Category: "utility", Body: "Hello {{name}}, are you still there?", Variables: []string{"name"}}}
		},
	}
}
