package bench

import (
	"context"
	"testing"

	"parley/cmd/parley/bench/accept"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/lanes"
	"parley/cmd/parley/bench/mail"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/bench/rig/rigtest"
	"parley/cmd/parley/bench/shop"
	"parley/cmd/parley/bench/talk"
)

// shortGroup is a group of measurements in its short form: its invariants fail the test, its ratios don't.
type shortGroup struct {
	name    string
	measure func(context.Context, *rig.Rig) (map[string]figure.Figure, error)
	figures []string // each must have been measured
}

// Messages in and out: what got a 2xx is in the journal, arrives once and in order, and all receipts count.
func TestMessagesInShort(t *testing.T) {
	t.Parallel()
	measureShort(t, []shortGroup{
		// With the appliers held.
		{"Accept", accept.Measure, []string{"accept_ratio", "accept_idle"}},
		{"AcceptChat", accept.MeasureChat, []string{"accept_chat"}},
		// While customers and agents talk.
		{"Busy", talk.MeasureBusy, []string{"accept_ratio_busy"}},
		{"Relay", talk.MeasureRelay, []string{"relay_ratio", "commits_per_message"}},
		{"Hop", talk.MeasureHop, []string{"hop", "hop_p95"}},
		// What is accepted under overload is kept, what is refused says when to come back.
		{"Overload", accept.MeasureOverload, []string{"overload"}},
	})
}

// Lanes and budgets: each line of each customer comes out once and in order.
func TestLanesInShort(t *testing.T) {
	t.Parallel()
	measureShort(t, []shortGroup{
		// In tables through which rows have gone, and beside a held snapshot.
		{"Aged", lanes.MeasureAged, []string{"aged_tables"}},
		{"Dump", lanes.MeasureDump, []string{"dump_snapshot"}},
		{"Budget", shop.MeasureBudget, []string{"budget_use", "budget_calls", "budget_calls_burst", "budget_isolation"}},
		// Floods too are posted whole, and so is what others write beside them.
		{"Fair", shop.MeasureFair, []string{"fair_account", "fair_sender", "fair_accept"}},
		{"Teams", shop.MeasureTeams, []string{"teams_hop", "teams_budget_use", "teams_calls"}},
	})
}

// Mailboxes and starts: every mail becomes one thread, every mailbox is watched, by one of several replicas, and a Parley starts
// on a migrated and on an empty database.
func TestMailInShort(t *testing.T) {
	t.Parallel()
	measureShort(t, []shortGroup{
		{"Mail", mail.Measure, []string{"mail_ratio", "mail_cpu_ms", "mail_thread_p95", "mail_idle_cpu", "rss_load"}},
		{"Replicas", mail.MeasureReplicas, []string{"replicas_mail", "replicas_p95"}},
		{"Memory", mail.MeasureMemory, []string{"rss_idle", "idle_cpu", "rss_mailboxes"}},
		{"Start", mail.MeasureStart, []string{"start_ms", "start_fresh_s", "binary_mb"}},
	})
}

// measureShort measures groups one after the other in one run, whose database all of them use, as `parley bench` does.
func measureShort(t *testing.T, groups []shortGroup) {
	t.Helper()
	b := rigtest.New(t)
	if _, err := b.Machine(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) { //nolint:paralleltest // they share the run, which measures one thing at a time
			figures, err := group.measure(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range group.figures {
				f, ok := figures[name]
				if !ok || f.Value == nil {
					t.Errorf("%s: not measured: %+v", name, f)
					continue
				}
				t.Logf("%s: %.3g %s %v", name, *f.Value, f.Unit, f.Details)
			}
		})
	}
}
