package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
)

// waitChatProbed waits until the chat was asked once more whether it answers.
func (w *world) waitChatProbed() {
	w.t.Helper()
	w.exec(`UPDATE outages SET asked_at = asked_at - interval '1 second'`)
	w.eventually("the chat was asked", func() bool {
		return w.count(`SELECT count(*) FROM outages WHERE asked_at > parley_now() - interval '1 second'`) == 1
	})
}

// A chat that is away is told to the admins' phones as well, by the account that has their numbers: each once, for all
// processes, and without waiting for the mails.
//
func TestOutageIsToldByText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2, reachEvery: 20 * time.Millisecond, settings: map[string]string{"admin_numbers": "+4915112345678, +33612345678"}})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.Retry})
	w.waitChatProbed()
	w.chat.AddFault(bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1})
	texts := func(number string) (list []string) {
		for _, m := range w.provider.Sent() {
			if slices.Contains(m.To, number) {
				list = append(list, m.Text)
			}
		}
		return list
	}
	told := func(n int) bool {
		w.passMinuteUnlessNoticed(3 * n)
		w.exec(`UPDATE notices SET due_at = parley_now() WHERE due_at > parley_now()`)
		return len(texts("+4915112345678")) == n && len(texts("+33612345678")) == n && len(w.noticeSubjects("ann@acme.test")) == n
	}
	w.eventually("all are told that it is away", func() bool { return told(1) })
	w.chat.ClearFaults()
	w.eventually("all are told that it is back", func() bool { return told(2) })
	w.passMinutes(1)
	if got := texts("+33612345678"); len(got) != 2 || !strings.Contains(got[0], "can't be reached. Agents can answer in the browser") || !strings.HasSuffix(got[1], "is back.") || len(got[0]) > 160 {
		t.Errorf("the phone is told %q", got)
	}
}

// While the server of the mails to admins hangs, their phones are told all the same.
//
func TestTextsWhileMailsHang(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{
		reachEvery: 20 * time.Millisecond,
		settings:   map[string]string{"admin_numbers": "+4915112345678"},
		caps: func(caps *channels.Capabilities) {
			if caps.Threads {
				caps.Sending.Timeout = 2 * patience
			}
		},
	})
	w.provider.AddFault(channelstest.Fault{Text: "Nothing is lost", Until: make(chan struct{})})
	w.waitChatProbed()
	w.chat.AddFault(bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1})
	w.eventually("the phone is told", func() bool {
		w.passMinuteUnlessNoticed(2)
		return len(w.noticeSubjects("+4915112345678")) == 1
	})
	if n := len(w.noticeSubjects("ann@acme.test")); n != 0 {
		t.Errorf("ann got %d mails, though the server hangs, want none", n)
	}
}

// noticeSubjects returns the subjects of the mails that admins got.
func (w *world) noticeSubjects(address string) []string {
	var list []string
	for _, m := range w.provider.Sent() {
		if slices.Contains(m.To, address) {
			list = append(list, m.Subject)
		}
	}
	return list
}

// passMinutes lets Parley's clock go on while the chat is asked all the time.
func (w *world) passMinutes(n int) {
	for range n {
		w.advance(time.Minute)
		w.waitChatProbed()
	}
}

// passMinuteUnlessNoticed lets a minute pass while fewer notices than n were written. How many it takes depends on the
// machine: an attempt to reach the chat that began before may end only now, and the minutes count from then on.
func (w *world) passMinuteUnlessNoticed(n int) {
	w.t.Helper()
	if w.count(`SELECT count(*) FROM notices`) < n {
		w.passMinutes(1)
	}
}

// A chat that no process has reached for five minutes is told to the admins by mail, once for all processes; and
// when it is back, that is told. A short break is told to nobody.
//
func TestOutageIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2, reachEvery: 20 * time.Millisecond})
	w.waitChatProbed()
	down := bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1}
	w.chat.AddFault(down)
	w.passMinutes(4)
	w.chat.ClearFaults()
	w.waitChatProbed()
	w.waitChatProbed() // an attempt that had failed before may have ended only now
	w.passMinutes(3)
	if n := w.count(`SELECT count(*) FROM notices`); n != 0 {
		t.Fatalf("%d mails about a short break, want none", n)
	}
	w.chat.AddFault(down)
	told := func(n int) func() bool {
		return func() bool {
			w.passMinuteUnlessNoticed(n)
			return len(w.noticeSubjects("ann@acme.test")) == n
		}
	}
	w.eventually("ann is told", told(1))
	w.chat.ClearFaults()
	w.eventually("ann is told that it is back", told(2))
	w.passMinutes(1)
	got := strings.Join(w.noticeSubjects("ann@acme.test"), "; ")
	if !strings.Contains(got, "can't be reached; ") || !strings.HasSuffix(got, "is back") || len(w.noticeSubjects("ben@acme.test")) != 0 {
		t.Errorf("ann is told %q, ben %q", got, w.noticeSubjects("ben@acme.test"))
	}
}

// refusing is a chat that refuses Parley's access.
type refusing struct{ bridge.Surface }

// Reach implements bridge.Reachable.
func (refusing) Reach(context.Context) error {
	return &channels.SendError{Class: channels.AuthBroken, Text: "The chat refuses our token.", Hint: "Enter a new one."}
}

// A chat that refuses Parley's access is told at once, with what to do.
//
func TestRevokedIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{reachEvery: 20 * time.Millisecond, surface: func(s bridge.Surface) bridge.Surface { return refusing{s} }})
	w.eventually("ann is told", func() bool { return len(w.noticeSubjects("ann@acme.test")) == 1 })
	sent := w.provider.Sent()[0]
	if !strings.Contains(sent.Subject, "refuses Parley") || !strings.Contains(sent.Text, "Enter a new one.") || !strings.Contains(sent.Text, "/inbox") {
		t.Errorf("%s: %s", sent.Subject, sent.Text)
	}
}

// A mail to an admin that fails is sent again; one whose answer was lost is looked for, and not doubled.
//
func TestNoticeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{reachEvery: 20 * time.Millisecond})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.Retry})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.waitChatProbed()
	w.chat.AddFault(bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1})
	w.passMinutes(8)
	w.eventually("it is sent", func() bool {
		w.exec(`UPDATE notices SET due_at = parley_now() WHERE due_at > parley_now()`)
		return w.count(`SELECT count(*) FROM notices WHERE state = 'sent' AND attempt = 2`) == 1
	})
	if got := w.noticeSubjects("ann@acme.test"); len(got) != 1 {
		t.Errorf("ann is told %q, want one alone", got)
	}
}

// Where nobody can ever tell whether a mail to an admin was sent, it is sent a few times, and not each minute without end.
//
func TestNoticeThatIsAlwaysUnclear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{reachEvery: 20 * time.Millisecond})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, Times: -1})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.waitChatProbed()
	w.chat.AddFault(bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1})
	w.passMinutes(8)
	w.eventually("it is given up", func() bool {
		w.exec(`UPDATE notices SET due_at = parley_now() WHERE due_at > parley_now()`)
		return w.count(`SELECT count(*) FROM notices WHERE state = 'failed'`) == 1
	})
	if got := w.noticeSubjects("ann@acme.test"); len(got) != 3 {
		t.Errorf("ann is told %q, want 3 of them", got)
	}
}

// mailboxAway is a mailbox that can't be looked into for some times.
type mailboxAway struct {
	*channelstest.Channel
	left atomic.Int64
}

// Reconcile implements channels.Channel.
func (c *mailboxAway) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	if c.left.Add(-1) >= 0 {
		return channels.CannotTell, channels.Receipt{}, errors.New("the mailbox can't be opened")
	}
	return c.Channel.Reconcile(ctx, o)
}

// A mail to an admin was refused for long, then its answer was lost, and the mailbox is away for some look-ups. It is looked for until
// that is known, and neither doubled nor given up: only the look-ups count for how long it is looked for.
//
func TestNoticeWhileMailboxIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{reachEvery: 20 * time.Millisecond})
	away := &mailboxAway{Channel: w.live[mail].Load()}
	away.left.Store(5)
	w.engines[0].SetChannel(w.accounts[mail], away)
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.exec(`INSERT INTO notices (id, address, subject, body, attempt, due_at, created_at)
		VALUES (1, 'ann@acme.test', 'Parley: Chat is away', 'It is away.', 40, parley_now(), parley_now())`)
	w.eventually("it is known to be sent", func() bool {
		w.exec(`UPDATE notices SET due_at = parley_now() WHERE due_at > parley_now()`)
		return w.count(`SELECT count(*) FROM notices WHERE state IN ('sent', 'failed')`) == 1
	})
	if n := w.count(`SELECT count(*) FROM notices WHERE state = 'sent' AND attempt = 46`); n != 1 {
		t.Error("it was given up, or the failed look-ups were not counted")
	}
	if got := w.noticeSubjects("ann@acme.test"); len(got) != 1 {
		t.Errorf("ann is told %q, want one alone", got)
	}
}
