package app_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/cmd/parley/app"
	"parley/store/storetest"
)

// newState returns the state of a process whose backups are in a folder.
func newState(t *testing.T, folder string) app.ProcessState {
	t.Helper()
	return app.ProcessState{
		Ready:   func() bool { return true },
		Started: func() time.Duration { return time.Second },
		Pool:    storetest.Reused(t),
		Backups: folder,
	}
}

// newestBackup returns the metric of the newest backup, in Unix seconds. ok is false if there is no such metric.
func newestBackup(t *testing.T, state app.ProcessState) (seconds float64, ok bool) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(app.NewProcess(state))
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

// writeFile writes a file as if it were written at a time.
func metricsWriteFile(t *testing.T, folder, name string, at time.Time) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// fillWithoutBackup returns a folder of backups in which none counts.
func fillWithoutBackup(t *testing.T, now time.Time) string {
	t.Helper()
	folder := t.TempDir()
	// The list of erasures is written each time that somebody is erased, and must not keep the alert from firing.
	metricsWriteFile(t, folder, "erasures.jsonl", now)
	metricsWriteFile(t, folder, "erasures.jsonl.lock", now)
	metricsWriteFile(t, folder, "erasures.jsonl.partial", now)
	// A backup that wasn't completed.
	metricsWriteFile(t, folder, "nightly-2026-05-02.parley.partial", now)
	// A backup made while the clock was ahead would look new for a year.
	metricsWriteFile(t, folder, "nightly-2027-05-02.parley", now.AddDate(1, 0, 0))
	return folder
}

// There is no metric until a backup is in the folder.
func TestNewestBackupWhereNoneIsMade(t *testing.T) {
	t.Parallel()
	state := newState(t, fillWithoutBackup(t, time.Now()))

	if got, ok := newestBackup(t, state); ok {
		t.Errorf("the newest backup is of %v, want no metric", got)
	}
}

// A backup counts by its time, whoever made it and whatever it is called.
func TestNewestBackup(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	state := newState(t, fillWithoutBackup(t, now))
	made := now.Add(-time.Hour)
	metricsWriteFile(t, state.Backups, "acme.parley.age", made)

	got, ok := newestBackup(t, state)

	if want := float64(made.Unix()); !ok || got != want {
		t.Errorf("the newest backup is of %v, %t, want %v", got, ok, want)
	}
}
