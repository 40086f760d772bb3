package email

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/email/mailfake"
)

// mailFaults are the failures of the suite, as a mail server has them.
func mailFaults() map[string]mailfake.Fault {
	return map[string]mailfake.Fault{
		"busy":              {Op: mailfake.OpSMTPConnect, Action: mailfake.ActionReply, Code: 421, Enhanced: "4.3.2"},
		"dropped early":     {Op: mailfake.OpRCPT, Action: mailfake.ActionDropAfter},
		"greylisted":        {Op: mailfake.OpRCPT, Action: mailfake.ActionReply, Code: 450, Enhanced: "4.7.1"},
		"password":          {Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Code: 535, Enhanced: "5.7.8"},
		"unknown recipient": {Op: mailfake.OpRCPT, Action: mailfake.ActionReply, Code: 550, Enhanced: "5.1.1"},
		"spam":              {Op: mailfake.OpDATA, Action: mailfake.ActionReply, Code: 554, Enhanced: "5.6.0"},
		"lost before":       {Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore},
		"lost after":        {Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter},
	}
}

// TestExercise: mail passes the suite of all channels, on a server that files what it sends.
func TestExercise(t *testing.T) {
	t.Parallel()
	channelstest.ExerciseChannel(t, channelstest.Harness{
		New: mailStage,
		Failures: []channelstest.Failure{
			{Name: "busy", Class: channels.Retry},
			{Name: "dropped early", Class: channels.Retry},
			{Name: "greylisted", Class: channels.Retry},
			{Name: "password", Class: channels.AuthBroken},
			{Name: "unknown recipient", Class: channels.BadRecipient},
			{Name: "spam", Class: channels.BadContent},
			{Name: "lost before", Class: channels.Ambiguous, Outcome: channels.Absent},
			{Name: "lost after", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		},
		Refused: map[string]func(channels.Outbound) channels.Outbound{
			"nobody":     func(o channels.Outbound) channels.Outbound { o.To = nil; return o },
			"no address": func(o channels.Outbound) channels.Outbound { o.To = []channels.Party{{Key: "nobody"}}; return o },
		},
	})
}

func mailStage(t *testing.T) channelstest.Stage {
	w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].SaveToSent = true })
	w.config["save_sent"] = "off"
	w.watch()
	ann := w.Customer("Ann Lee <ann@customer.test>")
	serial, last := 0, ""
	deliver := func(t *testing.T, raw string) []channels.Fact {
		t.Helper()
		before := len(w.journal.read().calls)
		if _, err := ann.SendRaw([]byte(raw), support); err != nil {
			t.Fatal(err)
		}
		w.journal.wait(t, "the mail is accepted", func() bool { return len(w.journal.calls) > before })
		return slices.Concat(w.journal.read().calls[before:]...)
	}
	return channelstest.Stage{
		Channel: w.channel(),
		Write: func(t *testing.T, texts ...string) (facts []channels.Fact) {
			t.Helper()
			for _, text := range texts {
				serial++
				last = fmt.Sprintf("Message-ID: <%d@customer.test>\r\nDate: Fri, 20 Nov 2026 09:30:%02d +0000\r\n"+
					"From: Ann Lee <ann@customer.test>\r\nTo: %s\r\nSubject: Hello\r\n\r\n%s\r\n", serial, serial, support, text)
				facts = append(facts, deliver(t, last)...)
			}
			return facts
		},
		Again: func(t *testing.T) []channels.Fact { return deliver(t, last) },
		Outbound: func(id int64, text string) channels.Outbound {
			o := reply()
			o.DeliveryID, o.MessageID, o.Subject, o.Text = id, id, text, text
			return o
		},
		Got: func(*testing.T) []string {
			got := []string{}
			for _, m := range w.Inbox("ann@customer.test") {
				got = append(got, strings.TrimPrefix(m.Subject, "Re: "))
			}
			return got
		},
		Hang: func(t *testing.T) {
			w.addFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDelayAfter, Times: mailfake.Forever})
		},
		Fail: func(_ *testing.T, name string) { w.addFault(mailFaults()[name]) },
	}
}
