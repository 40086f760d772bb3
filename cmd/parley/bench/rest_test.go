package bench

import (
	"context"
	"testing"

	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/lanes"
	"parley/cmd/parley/bench/mail"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/bench/rig/rigtest"
	"parley/cmd/parley/bench/shop"
)

// The short forms: every mail becomes one thread, every mailbox is watched, and a Parley
// starts on a migrated and on an empty database.
func TestMail(t *testing.T) {
	t.Parallel()
	shortForm(t, mail.Measure, "mail_ratio", "mail_cpu_ms", "mail_thread_p95", "mail_idle_cpu", "rss_load")
}

// Replicas share the mailboxes, each of which is read by one of them, and every mail becomes one
// thread.
func TestReplicas(t *testing.T) {
	t.Parallel()
	shortForm(t, mail.MeasureReplicas, "replicas_mail", "replicas_p95")
}

// Each line comes out of the mill once and in order, also in tables through which rows have gone.
func TestAged(t *testing.T) {
	t.Parallel()
	shortForm(t, lanes.MeasureAged, "aged_tables")
}

// The same beside a held snapshot.
func TestDump(t *testing.T) {
	t.Parallel()
	shortForm(t, lanes.MeasureDump, "dump_snapshot")
}

func TestMemory(t *testing.T) {
	t.Parallel()
	shortForm(t, mail.MeasureMemory, "rss_idle", "idle_cpu", "rss_mailboxes")
}

func TestStart(t *testing.T) {
	t.Parallel()
	shortForm(t, mail.MeasureStart, "start_ms", "start_fresh_s", "binary_mb")
}

// Each line of each customer is in its thread once and in order.
func TestBudget(t *testing.T) {
	t.Parallel()
	shortForm(t, shop.MeasureBudget, "budget_use", "budget_calls", "budget_calls_burst", "budget_isolation")
}

// Floods too are posted whole and in order, and so is what others write beside them.
func TestFair(t *testing.T) {
	t.Parallel()
	shortForm(t, shop.MeasureFair, "fair_account", "fair_sender", "fair_accept")
}

// Each line of each customer is in its thread in Teams once and in order.
func TestTeams(t *testing.T) {
	t.Parallel()
	shortForm(t, shop.MeasureTeams, "teams_hop", "teams_budget_use", "teams_calls")
}

// shortForm runs a group as a test does: its invariants fail, its ratios don't.
func shortForm(t *testing.T, measure func(context.Context, *rig.Rig) (map[string]figure.Figure, error), names ...string) {
	t.Helper()
	b := rigtest.New(t)
	if _, err := b.Machine(t.Context()); err != nil {
		t.Fatal(err)
	}
	figures, err := measure(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, ok := figures[name]
		if !ok || f.Value == nil {
			t.Errorf("%s: not measured: %+v", name, f)
			continue
		}
		t.Logf("%s: %.3g %s %v", name, *f.Value, f.Unit, f.Details)
	}
}
