package inspect_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/backup"
	"parley/cmd/parley/inspect"
	"parley/store"
	"parley/store/storetest"
)

// A backup that failed, or that nobody made for long, is found and said with what to do.
func TestDoctorBackups(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	now, err := store.Now(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	good := backup.Status{Since: now.Add(-time.Hour * 99), LastAt: now.Add(-time.Hour), LastFile: "nightly-x.parley", LastBytes: 12_300_000, VerifiedAt: now}
	old, failed, never := good, good, backup.Status{Since: now, FailedAt: now, Error: "no pg_dump"}
	old.LastAt = now.Add(-72 * time.Hour)
	failed.FailedAt, failed.Error = now, "disk full"
	untried := failed
	untried.Error, untried.TrialFailed = "restored on trial: no table", true
	ahead, cutOff := good, good
	ahead.LastAt = now.AddDate(1, 0, 0)
	cutOff.BegunAt = now.Add(-time.Minute)
	for _, c := range []struct {
		status *backup.Status // nil if there is none
		want   string         // in the report
		broken bool
	}{
		{status: nil, want: "! nightly: there is none yet"},
		{status: &good, want: "✓ nightly: nightly-x.parley of "},
		{status: &old, want: "✗ nightly: the newest is old: nightly-x.parley", broken: true},
		{status: &failed, want: "✗ nightly: the last try failed: disk full", broken: true},
		{status: &failed, want: "The last good one: nightly-x.parley", broken: true},
		{status: &untried, want: "The newest one is nightly-x.parley", broken: true},
		{status: &ahead, want: "✗ nightly: the newest is of the future", broken: true},
		{status: &cutOff, want: "! nightly: a try that began on"},
		{status: &never, want: "✗ nightly: none could be made: no pg_dump", broken: true},
	} {
		dir := t.TempDir()
		if c.status != nil {
			body, err := json.Marshal(c.status)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, ".status.json"), body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		report := inspect.Doctor(t.Context(), inspect.Options{Pool: pool, Backups: dir})
		broken := false
		for _, s := range report.Sections {
			for _, f := range s.Findings {
				broken = broken || s.Name == "backups" && f.Level == inspect.Wrong
			}
		}
		if !strings.Contains(report.Text(), c.want) {
			t.Errorf("the report lacks %q:\n%s", c.want, report.Text())
		}
		if broken != c.broken {
			t.Errorf("%q: got broken %t, want %t", c.want, broken, c.broken)
		}
	}
	if report := inspect.Doctor(t.Context(), inspect.Options{Pool: pool}); strings.Contains(report.Text(), "nightly") {
		t.Errorf("somebody else's backups are judged:\n%s", report.Text())
	}
}
