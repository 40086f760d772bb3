package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

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
