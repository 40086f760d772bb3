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
	"parley/store/storetest"
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
	groups := []shortGroup{
		// With the appliers held.
		{"Accept", accept.Measure, []string{"accept_ratio", "accept_idle"}},
		// While customers and agents talk.
		{"Relay", talk.MeasureRelay, []string{"relay_ratio", "commits_per_message"}},
		// What is accepted under overload is kept, what is refused says when to come back.
		{"Overload", accept.MeasureOverload, []string{"overload"}},
	}
	forSoak := []shortGroup{
		{"AcceptChat", accept.MeasureChat, []string{"accept_chat"}},
		{"Busy", talk.MeasureBusy, []string{"accept_ratio_busy"}},
		{"Hop", talk.MeasureHop, []string{"hop", "hop_p95"}},
	}
	measureShort(t, groups, forSoak)
}

// Lanes and budgets: each line of each customer comes out once and in order.
func TestLanesInShort(t *testing.T) {
	t.Parallel()
	groups := []shortGroup{
		// In tables through which rows have gone.
		{"Aged", lanes.MeasureAged, []string{"aged_tables"}},
		{"Budget", shop.MeasureBudget, []string{"budget_use", "budget_calls", "budget_calls_burst", "budget_isolation"}},
		{"Teams", shop.MeasureTeams, []string{"teams_hop", "teams_budget_use", "teams_calls"}},
	}
	forSoak := []shortGroup{
		// Beside a held snapshot.
		{"Dump", lanes.MeasureDump, []string{"dump_snapshot"}},
		// Floods too are posted whole, and so is what others write beside them.
		{"Fair", shop.MeasureFair, []string{"fair_account", "fair_sender", "fair_accept"}},
	}
	measureShort(t, groups, forSoak)
}

// Mailboxes and starts: every mail becomes one thread, every mailbox is watched, by one of several replicas, and a Parley starts
// on a migrated and on an empty database.
func TestMailInShort(t *testing.T) {
	t.Parallel()
	groups := []shortGroup{
		{"Mail", mail.Measure, []string{"mail_ratio", "mail_cpu_ms", "mail_thread_p95", "mail_idle_cpu", "rss_load"}},
		{"Start", mail.MeasureStart, []string{"start_ms", "start_fresh_s", "binary_mb"}},
	}
	forSoak := []shortGroup{
		{"Replicas", mail.MeasureReplicas, []string{"replicas_mail", "replicas_p95"}},
		{"Memory", mail.MeasureMemory, []string{"rss_idle", "idle_cpu", "rss_mailboxes"}},
	}
	measureShort(t, groups, forSoak)
}

// measureShort measures groups one after the other in one run, whose database all of them use, as `parley bench` does. Those for
// soak are measured in the long form of the tests only: what they judge, others judge as well.
func measureShort(t *testing.T, groups, forSoak []shortGroup) {
	t.Helper()
	if storetest.LongForm() {
		groups = append(groups, forSoak...)
	}

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
