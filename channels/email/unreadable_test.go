package email

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// These tests are about mails that the server doesn't hand out: one of them, or all for a while.

// A mail that the server never hands out is kept in quarantine under its UID, and the next one comes.
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

// One mail that breaks every connection does not take its neighbours along, and keeps no memory.
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

// What was quarantined comes in after a restart, once the server hands it out.
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

// What was quarantined comes in by a look back, which happens while the connection waits.
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

// A mail that met a line which broke again and again for a moment is not put into quarantine, and comes before the next one.
func TestMailThatMetABrokenLine(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("unlucky", "next")
	w.opts.Timing.BlameAfter = time.Hour
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Times: 12})
	w.start()
	w.waitStored("unlucky", "next")
}

// A mail that met a line which broke for so long that the mail was blamed comes in soon after, long before the next look back is due.
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

// refuseFetches arms faults that answer FETCH with an error.
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

// A provider that hands out nothing until its quota is free again, as Gmail does after too many bytes, is no reason to put mails into
// quarantine: they come later, and in order.
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

// An outage that ends by itself puts no mail into quarantine either, whether it comes alone or after a quota that was spent.
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
