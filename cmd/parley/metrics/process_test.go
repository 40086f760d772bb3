package metrics_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/cmd/parley/metrics"
	"parley/store/storetest"
)

// newestBackup returns the metric of the newest backup, and whether there is one.
func newestBackup(t *testing.T, folder string, makesBackups bool) (seconds float64, isThere bool) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.NewProcess(metrics.ProcessState{Ready: func() bool { return true }, Started: func() time.Duration { return time.Second },
		Pool: storetest.Reused(t), Backups: folder, MakesBackups: makesBackups}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "parley_backup_newest_timestamp_seconds" {
			return f.GetMetric()[0].GetGauge().GetValue(), true
		}
	}
	return 0, false
}

// A folder in which no backup was ever completed has none, whatever else stands there: the list of erasures is written each time
// that somebody is erased, and must not keep the alert from firing.
func TestNewestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, at time.Time) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().Truncate(time.Second)
	for _, name := range []string{"erasures.jsonl", "erasures.jsonl.lock", "erasures.jsonl.partial", "nightly-2026-05-02.parley.partial", ".status.json"} {
		write(name, now)
	}
	write("nightly-2027-05-02.parley", now.AddDate(1, 0, 0)) // the clock was ahead
	if at, isThere := newestBackup(t, dir, false); isThere {
		t.Errorf("with a database of one's own the newest is of %v", at)
	}
	if at, isThere := newestBackup(t, dir, true); !isThere || at != 0 {
		t.Errorf("the newest is of %v", at)
	}
	write("acme.parley.age", now.Add(-time.Hour))
	for _, makesBackups := range []bool{false, true} {
		if at, isThere := newestBackup(t, dir, makesBackups); !isThere || at != float64(now.Add(-time.Hour).Unix()) {
			t.Errorf("the newest is of %v", at)
		}
	}
}
