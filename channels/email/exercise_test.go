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

// mailFaults are the failures of the suite, as faults of a mail server.
func mailFaults() map[string]mailfake.Fault {
	return map[string]mailfake.Fault{
		"busy":              smtpReply(mailfake.OpSMTPConnect, 421, "4.3.2"),
		"dropped early":     {Op: mailfake.OpRCPT, Action: mailfake.ActionDropAfter},
		"greylisted":        smtpReply(mailfake.OpRCPT, 450, "4.7.1"),
		"password":          smtpReply(mailfake.OpAUTH, 535, "5.7.8"),
		"unknown recipient": smtpReply(mailfake.OpRCPT, 550, "5.1.1"),
		"spam":              smtpReply(mailfake.OpDATA, 554, "5.6.0"),
		"lost before":       {Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore},
		"lost after":        {Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter},
	}
}

// The mail channel passes the suite for all channels, on a server that files copies of sent mail.
func TestExercise(t *testing.T) {
	t.Parallel()
	channelstest.ExerciseChannel(t, channelstest.Harness{
		New: newMailStage,
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
		Refused: map[string]func(*channels.Outbound){
			"nobody":     func(o *channels.Outbound) { o.To = nil },
			"no address": func(o *channels.Outbound) { o.To = []channels.Party{{Key: "nobody"}} },
		},
	})
}

// mailWriter is a customer who writes mails to a world whose channel runs.
type mailWriter struct {
	*world
	written int
	latest  string // the latest mail
}

// write writes one mail for each text, and returns the facts that come of them.
func (m *mailWriter) write(t *testing.T, texts ...string) (facts []channels.Fact) {
	t.Helper()
	const mail = `Message-ID: <%[1]d@customer.test>
Date: Fri, 20 Nov 2026 09:30:%02[1]d +0000
From: Ann Lee <ann@customer.test>
To: %[2]s
Subject: Hello

%[3]s
`
	for _, text := range texts {
		m.written++
		m.latest = strings.ReplaceAll(fmt.Sprintf(mail, m.written, support, text), "\n", "\r\n")
		facts = append(facts, m.sendLatest(t)...)
	}
	return facts
}

// sendLatest sends the latest mail, possibly again, and returns the facts that come of it.
func (m *mailWriter) sendLatest(t *testing.T) []channels.Fact {
	t.Helper()
	before := len(m.journal.snapshot().calls)
	if _, err := m.Customer("Ann Lee <"+customer+">").SendRaw([]byte(m.latest), support); err != nil {
		t.Fatal(err)
	}
	m.journal.waitUntil(t, "the mail", func() bool { return len(m.journal.calls) > before })
	return slices.Concat(m.journal.snapshot().calls[before:]...)
}

func newMailStage(t *testing.T) channelstest.Stage {
	w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].SaveToSent = true })
	w.config["save_sent"] = "off"
	w.startAndWaitActive()

	writer := &mailWriter{world: w}
	return channelstest.Stage{
		Channel:   w.channel(),
		Write:     writer.write,
		Redeliver: writer.sendLatest,
		Outbound: func(id int64, text string) channels.Outbound {
			o := reply()
			o.DeliveryID = id
			o.MessageID = id
			o.Subject = text
			o.Text = text
			return o
		},
		Got: func(*testing.T) []string {
			got := []string{}
			for _, m := range w.Inbox(customer) {
				got = append(got, strings.TrimPrefix(m.Subject, "Re: "))
			}
			return got
		},
		Hang: func(*testing.T) {
			w.addFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDelayAfter, Times: mailfake.Forever})
		},
		Fail: func(_ *testing.T, name string) { w.addFault(mailFaults()[name]) },
	}
}
