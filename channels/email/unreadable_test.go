package email

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// These tests are about mails that the server doesn't hand out: a single mail, or all mails for a while.

// A mail that the server never hands out is put into quarantine under its UID. The next mail still comes in.
func TestUnreadableMailIsQuarantined(t *testing.T) {
	t.Parallel()
	actions := []mailfake.Action{
		mailfake.ActionFlagsOnly,
		mailfake.ActionUnknownItem,
		mailfake.ActionCut,
		mailfake.ActionReply,
		mailfake.ActionBye,
	}
	for _, action := range actions {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.deliver("unreadable")
			w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: action, Times: mailfake.Forever})
			w.start()
			w.waitStored(quarantined)
			fact := w.journal.snapshot().facts[0]
			wantEqual(t, "order key", fact.OrderKey, "mail")
			if !strings.HasPrefix(fact.ExternalID, "uid:INBOX:") {
				t.Errorf("id: got %q, want one of the UID", fact.ExternalID)
			}

			w.ClearFaults()
			w.deliver("healthy")
			w.journal.waitUntil(t, "the next mail", func() bool {
				got := subjectsOf(w.journal.facts)
				return got[0] == quarantined && slices.Contains(got, "healthy")
			})
		})
	}
}

// A mail that breaks each connection doesn't keep its neighbours from coming, and keeps no memory reserved.
func TestMailThatBreaksConnections(t *testing.T) {
	t.Parallel()
	const bigBytes, cutAfter = 108_000, 50_000
	w := newWatchedWorld(t)
	w.deliver("one")
	w.appendMail("INBOX", "Message-ID: <b@x>\nSubject: big\n\n"+textOf(bigBytes), time.Time{})
	w.deliver("two")
	w.opts.Timing.BlameAfter = 50 * time.Millisecond
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Bytes: cutAfter, Times: mailfake.Forever})
	w.start()
	w.waitStored("one", quarantined, "two")
	w.waitNothingReserved()
}

// A mail in quarantine comes in after a restart, as soon as the server hands it out.
func TestQuarantinedMailComesAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("unreadable at first")
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: mailfake.Forever})
	stop := w.start()
	w.waitStored(quarantined)
	stop()
	w.ClearFaults()
	w.start()
	w.waitStored(quarantined, "unreadable at first")
}

// A mail in quarantine comes in when Parley looks back, which it does while the connection waits.
func TestQuarantinedMailComesByALookBack(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("unreadable at first")
	w.opts.Timing.Rescan = 20 * time.Millisecond
	const triesAndFirstLookBack = 6 // answers without a body
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: triesAndFirstLookBack})
	w.start()
	w.waitStored(quarantined, "unreadable at first")
}

// If the connection breaks several times in a short time, the mail that was being fetched isn't put into quarantine. It
// comes in before the next one.
func TestMailThatMetABrokenLine(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("unlucky", "next")
	w.opts.Timing.BlameAfter = time.Hour
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Times: 12})
	w.start()
	w.waitStored("unlucky", "next")
}

// If the connection breaks for so long that a mail is put into quarantine, the mail comes in soon after, long before the
// next regular look back.
func TestMailThatMetABrokenLineComesSoon(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("unlucky")
	w.opts.Timing.RescanBad = 20 * time.Millisecond
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Times: 8})
	w.start()
	w.waitStored(quarantined, "unlucky")
}

const overQuota = "Account exceeded command or bandwidth limits."

// refuseFetches adds faults that answer FETCH with an error.
func (w *world) refuseFetches(faults ...mailfake.Fault) {
	w.t.Helper()
	for _, f := range faults {
		f.Op = mailfake.OpFETCH
		f.Action = mailfake.ActionReply
		w.addFault(f)
	}
}

// waitNothingHandedOut waits until the channel reports that the server hands out no mail, and why.
func (w *world) waitNothingHandedOut(reason string) {
	w.t.Helper()
	got := w.waitCondition(channels.Broken)
	wantContains(w.t, "condition", got.Text, "hands out no mail")
	wantContains(w.t, "condition", got.Text, reason)
}

// A provider such as Gmail hands out no mail while a quota is used up. Parley puts no mail into quarantine for that: the
// mails come later, in order.
func TestProviderThatThrottles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault mailfake.Fault
	}{
		{name: "Gmail", fault: mailfake.Fault{ResponseCode: "OVERQUOTA", Text: overQuota}},
		{name: "Microsoft 365", fault: mailfake.Fault{Text: "Request is throttled. Suggested Backoff Time: 10 milliseconds"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.deliver("one", "two")
			tt.fault.Times = mailfake.Forever
			w.refuseFetches(tt.fault)
			w.start()
			w.waitNothingHandedOut(tt.fault.Text)
			w.ClearFaults()
			w.deliver("three")
			w.waitStored("one", "two", "three")
		})
	}
}

// An outage of the provider that ends by itself puts no mail into quarantine, even if it follows a used-up quota.
func TestOutageOfAProvider(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		faults []mailfake.Fault
	}{
		{name: "an outage", faults: []mailfake.Fault{{Text: "System Error", Times: 20}}},
		{
			name: "an outage after the quota",
			faults: []mailfake.Fault{
				{ResponseCode: "OVERQUOTA", Text: overQuota, Times: 60},
				{Text: "System Error", Nth: 61, Times: 20},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.deliver("one", "two")
			w.refuseFetches(tt.faults...)
			w.start()
			w.waitNothingHandedOut(tt.faults[0].Text)
			w.deliver("three")
			w.waitStored("one", "two", "three")
		})
	}
}
