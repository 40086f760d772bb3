package email

import (
	"slices"
	"strings"
	"testing"

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
