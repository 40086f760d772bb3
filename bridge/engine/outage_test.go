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

// makeNoticesDue ends the waits of notices to admins.
func (w *world) makeNoticesDue() {
	w.t.Helper()
	w.exec(`UPDATE notices SET due_at = parley_now() WHERE due_at > parley_now()`)
}

// waitChatProbed waits until Parley has asked the chat once more whether it answers.
func (w *world) waitChatProbed() {
	w.t.Helper()
	w.exec(`UPDATE outages SET asked_at = asked_at - interval '1 second'`)
	w.eventually("the chat was asked", func() bool {
		return w.count(`SELECT count(*) FROM outages WHERE asked_at > parley_now() - interval '1 second'`) == 1
	})
}

// connectPhones adds an account that sends texts (SMS), and starts the engines. The account "chat" reaches no phones.
func (w *world) connectPhones() {
	w.t.Helper()
	w.saveAccount("phones", nil)
	for _, e := range w.engines {
		id := w.accounts["phones"]
		e.SetChannel(id, counting{w.connectChannel(e, "phones", id)})
	}
	w.start()
}

// If a chat is away, the admins' phones are told by text (SMS), once each for all processes. Only the account that
// reaches phones sends the texts, and they don't wait for the mails.
// Requirement R-274: An inbox in the browser.
func TestOutageIsToldByText(t *testing.T) {
	t.Parallel()
	var asked probes
	w := newWorld(t, options{
		engines:    2,
		reachEvery: 20 * time.Millisecond,
		settings:   map[string]string{"admin_numbers": "+4915112345678, +33612345678"},
		surface:    asked.watch,
		stopped:    true,
	})
	w.connectPhones()

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.Retry})
	w.waitChatProbed()
	w.chat.AddFault(bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1})
	w.waitProbesAnew(&asked)

	texts := func(number string) (list []string) {
		for _, m := range w.provider.Sent() {
			if slices.Contains(m.To, number) {
				list = append(list, m.Text)
			}
		}
		return list
	}
	waitTold := func(what string, times int) {
		t.Helper()
		const recipients = 3 // two phones and ann's mailbox
		w.repeatUntil(what, func() {
			w.passMinuteUnlessNoticed(recipients * times)
			w.makeNoticesDue()
		}, func() bool {
			return len(texts("+4915112345678")) == times && len(texts("+33612345678")) == times && len(w.noticeSubjects("ann@acme.test")) == times
		})
	}

	waitTold("all are told that it is away", 1)
	w.chat.ClearFaults()
	w.waitProbesAnew(&asked)
	waitTold("all are told that it is back", 2)

	w.passMinutes(1)
	got := texts("+33612345678")
	if len(got) != 2 {
		t.Fatalf("the phone is told %q, want two texts", got)
	}
	wantWords(t, "the text that it is away", got[0], "can't be reached. Agents can answer in the browser")
	wantSuffix(t, "the text that it is back", got[1], "is back.")
	elsewhere := w.count(`SELECT count(*) FROM notices WHERE kind = 'text' AND account_id <> $1`, w.accounts["phones"])
	wantEqual(t, "texts by another account", elsewhere, 0)
	if n := len(got[0]); n > 160 {
		t.Errorf("the text that it is away has %d bytes, want at most the 160 of one SMS", n)
	}
}

// If the server for the mails to admins hangs, their phones are still told.
// Requirement R-274: An inbox in the browser.
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
		stopped: true,
	})

	w.connectPhones()
	w.provider.AddFault(channelstest.Fault{Text: "Nothing is lost", Until: make(chan struct{})})
	w.waitChatProbed()
	w.chat.AddFault(bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1})
	const recipients = 2 // the phone and ann's mailbox
	w.repeatUntil("the phone is told", func() { w.passMinuteUnlessNoticed(recipients) },
		func() bool { return len(w.noticeSubjects("+4915112345678")) == 1 })
	if n := len(w.noticeSubjects("ann@acme.test")); n != 0 {
		t.Errorf("ann got %d mails, though the server hangs, want none", n)
	}
}

// noticeSubjects returns the subjects of the notices that went to an address.
func (w *world) noticeSubjects(address string) []string {
	var list []string
	for _, m := range w.provider.Sent() {
		if slices.Contains(m.To, address) {
			list = append(list, m.Subject)
		}
	}
	return list
}

// passMinutes moves Parley's clock on by this many minutes. In each minute the chat is asked whether it answers.
func (w *world) passMinutes(n int) {
	w.t.Helper()
	for range n {
		w.advance(time.Minute)
		w.waitChatProbed()
	}
}

// passMinuteUnlessNoticed lets a minute pass if fewer than n notices were written. The number of minutes depends on the
// machine: an attempt to reach the chat may have begun earlier and end only now, and the minutes count from its end.
func (w *world) passMinuteUnlessNoticed(n int) {
	w.t.Helper()
	if w.count(`SELECT count(*) FROM notices`) < n {
		w.passMinutes(1)
	}
}

// If no process has reached a chat for five minutes, the admins get one mail for all processes, and another one when it
// is back. Nobody is told of a short break.
// Requirement R-274: An inbox in the browser.
func TestOutageIsTold(t *testing.T) {
	t.Parallel()
	var asked probes
	w := newWorld(t, options{engines: 2, reachEvery: 20 * time.Millisecond, surface: asked.watch})

	w.waitChatProbed()
	down := bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1}
	w.chat.AddFault(down) // for a short break
	w.passMinutes(4)
	w.chat.ClearFaults()
	w.waitProbesAnew(&asked)
	w.passMinutes(3)
	if n := w.count(`SELECT count(*) FROM notices`); n != 0 {
		t.Fatalf("%d mails about a short break, want none", n)
	}

	w.chat.AddFault(down)
	w.waitProbesAnew(&asked)
	waitTold := func(what string, times int) {
		t.Helper()
		w.repeatUntil(what, func() { w.passMinuteUnlessNoticed(times) }, func() bool { return len(w.noticeSubjects("ann@acme.test")) == times })
	}
	waitTold("ann is told that it is away", 1)

	w.chat.ClearFaults()
	w.waitProbesAnew(&asked)
	waitTold("ann is told that it is back", 2)

	w.passMinutes(1)
	got := w.noticeSubjects("ann@acme.test")
	if len(got) != 2 || !strings.HasSuffix(got[0], "can't be reached") || !strings.HasSuffix(got[1], "is back") {
		t.Errorf("ann is told %q, want that the chat can't be reached, and that it is back", got)
	}

	mails := w.provider.Sent()
	_, words, _ := strings.Cut(mails[len(mails)-1].Text, "reaches it again after ")
	words, _, _ = strings.Cut(words, ". ")
	if away, err := time.ParseDuration(words); err != nil || away < 5*time.Minute {
		t.Errorf("the mail says that it was away for %q, want five minutes at least: before them, nobody is told", words)
	}

	wantList(t, "what ben is told, who isn't an admin", w.noticeSubjects("ben@acme.test"), nil)
}

// While the whole network is away, an admin can't be told that the chat is away. Once it is back, the admin is first
// told that the chat was away, and then that it is back.
// Requirement R-274: An inbox in the browser.
func TestOutageIsToldInOrder(t *testing.T) {
	t.Parallel()
	var asked probes
	w := newWorld(t, options{reachEvery: 20 * time.Millisecond, surface: asked.watch})
	w.waitChatProbed()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.Retry})
	w.chat.AddFault(bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1})
	w.repeatUntil("a mail is refused", func() { w.passMinuteUnlessNoticed(1) }, func() bool {
		return w.count(`SELECT count(*) FROM notices WHERE state = 'queued' AND attempt = 1 AND due_at > parley_now()`) == 1
	})

	w.chat.ClearFaults()
	w.waitProbesAnew(&asked)
	w.eventually("there are two mails", func() bool { return w.count(`SELECT count(*) FROM notices`) == 2 })
	w.repeatUntil("ann is told both", w.makeNoticesDue, func() bool { return len(w.noticeSubjects("ann@acme.test")) == 2 })
	got := w.noticeSubjects("ann@acme.test")
	if !strings.HasSuffix(got[0], "can't be reached") || !strings.HasSuffix(got[1], "is back") {
		t.Errorf("ann is told %q, want first that the chat can't be reached", got)
	}
}

// refusing is a chat that refuses Parley's access.
type refusing struct{ bridge.Surface }

func (refusing) Reach(context.Context) error {
	return &channels.SendError{Class: channels.AuthBroken, Text: "The chat refuses our token.", Hint: "Enter a new one."}
}

// If a chat refuses Parley's access, the admins are told at once, with what to do.
// Requirement R-274: An inbox in the browser.
func TestRevokedIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{reachEvery: 20 * time.Millisecond, surface: func(s bridge.Surface) bridge.Surface { return refusing{s} }})
	w.eventually("ann is told", func() bool { return len(w.noticeSubjects("ann@acme.test")) == 1 })
	sent := w.provider.Sent()[0]
	wantWords(t, "the subject", sent.Subject, "refuses Parley")
	wantWords(t, "the mail", sent.Text, "Enter a new one.", "/inbox")
}

// If a mail to an admin fails it is sent again. If its answer was lost, Parley looks for the mail and doesn't send it
// twice.
// Requirement R-274: An inbox in the browser.
func TestNoticeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{reachEvery: 20 * time.Millisecond})

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.Retry})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.waitChatProbed()
	w.chat.AddFault(bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1})
	w.passMinutes(8)
	w.repeatUntil("it is sent", w.makeNoticesDue, func() bool {
		return w.count(`SELECT count(*) FROM notices WHERE state = 'sent' AND attempt = 2`) == 1
	})
	if got := w.noticeSubjects("ann@acme.test"); len(got) != 1 {
		t.Errorf("ann is told %q, want one alone", got)
	}
}

// If Parley can never find out whether a mail to an admin was sent, it sends the mail a few times and then gives up.
// Requirement R-274: An inbox in the browser.
func TestNoticeThatIsAlwaysUnclear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{reachEvery: 20 * time.Millisecond})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, Times: -1})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.waitChatProbed()
	w.chat.AddFault(bridgetest.Fault{Call: "reach", Kind: bridgetest.FaultDropBefore, Times: -1})
	w.passMinutes(8)
	w.repeatUntil("it is given up", w.makeNoticesDue, func() bool {
		return w.count(`SELECT count(*) FROM notices WHERE state = 'failed'`) == 1
	})
	const attempts = 3
	if got := w.noticeSubjects("ann@acme.test"); len(got) != attempts {
		t.Errorf("ann is told %q, want it %d times", got, attempts)
	}
}

// mailboxAway is a mailbox that can't be opened the next left times that a mail is looked for.
type mailboxAway struct {
	*channelstest.Channel
	left atomic.Int64
}

func (c *mailboxAway) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	if c.left.Add(-1) >= 0 {
		return channels.CannotTell, channels.Receipt{}, errors.New("the mailbox can't be opened")
	}
	return c.Channel.Reconcile(ctx, o)
}

// A mail to an admin was refused many times, then its answer was lost, and the mailbox can't be opened for some look-ups.
// Parley keeps looking, doesn't send the mail twice and doesn't give it up: only the look-ups count against the limit.
// Requirement R-274: An inbox in the browser.
func TestNoticeWhileMailboxIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{reachEvery: 20 * time.Millisecond})
	const before, lookUps = 40, 5 // attempts that were refused, and look-ups that fail
	away := &mailboxAway{Channel: w.live[mail].Load()}
	away.left.Store(lookUps)
	w.engines[0].SetChannel(w.accounts[mail], away)

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.exec(`INSERT INTO notices (id, address, subject, body, attempt, due_at, created_at)
		VALUES (1, 'ann@acme.test', 'Parley: Chat is away', 'It is away.', $1, parley_now(), parley_now())`, before)

	w.repeatUntil("it is known what became of it", w.makeNoticesDue, func() bool {
		return w.count(`SELECT count(*) FROM notices WHERE state IN ('sent', 'failed')`) == 1
	})
	wantEqual(t, "its state", w.text(`SELECT state FROM notices`), "sent")
	wantEqual(t, "its attempts, with the lost one and the look-ups", w.count(`SELECT attempt FROM notices`), before+1+lookUps)
	if got := w.noticeSubjects("ann@acme.test"); len(got) != 1 {
		t.Errorf("ann is told %q, want one alone", got)
	}
}
