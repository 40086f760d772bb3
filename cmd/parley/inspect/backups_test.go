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

// writeBackupStatus writes the status file of the nightly backup, and returns its folder.
func writeBackupStatus(t *testing.T, s backup.Status) string {
	t.Helper()
	body := must(json.Marshal(s))(t)
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, ".status.json"), body, 0o600))
	return dir
}

// hasBrokenBackups reports whether the report has a fault of the backups.
func hasBrokenBackups(report inspect.Report) bool {
	for _, s := range report.Sections {
		for _, f := range s.Findings {
			if s.Name == "backups" && f.Level == inspect.Wrong {
				return true
			}
		}
	}
	return false
}

// The doctor reports a backup that failed, and that there was none for long.
func TestDoctorOfBackups(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	now := must(store.Now(t.Context(), pool))(t)
	// change returns a changed status of backups. In the unchanged one, the newest backup is an hour old.
	change := func(change func(*backup.Status)) backup.Status {
		s := backup.Status{
			Since:      now.Add(-99 * time.Hour),
			LastAt:     now.Add(-time.Hour),
			LastFile:   "nightly-x.parley",
			LastBytes:  12_300_000,
			VerifiedAt: now,
		}
		change(&s)
		return s
	}

	for _, tt := range []struct {
		name       string
		status     backup.Status
		want       []string // in the report
		wantBroken bool
	}{
		{name: "the newest is good", status: change(func(*backup.Status) {}), want: []string{"✓ nightly: nightly-x.parley of "}},
		{
			name:       "the newest is old",
			status:     change(func(s *backup.Status) { s.LastAt = now.Add(-72 * time.Hour) }),
			want:       []string{"✗ nightly: the newest is old: nightly-x.parley"},
			wantBroken: true,
		},
		{
			name:       "the last try failed",
			status:     change(func(s *backup.Status) { s.FailedAt, s.Error = now, "disk full" }),
			want:       []string{"✗ nightly: the last try failed: disk full", "The last good one: nightly-x.parley"},
			wantBroken: true,
		},
		{
			name: "the newest can't be restored",
			status: change(func(s *backup.Status) {
				s.FailedAt, s.Error, s.TrialFailed = now, "restored on trial: no table", true
			}),
			want:       []string{"The newest one is nightly-x.parley"},
			wantBroken: true,
		},
		{
			name:       "the newest is of the future",
			status:     change(func(s *backup.Status) { s.LastAt = now.AddDate(1, 0, 0) }),
			want:       []string{"✗ nightly: the newest is of the future"},
			wantBroken: true,
		},
		{
			name:   "a try was cut off",
			status: change(func(s *backup.Status) { s.BegunAt = now.Add(-time.Minute) }),
			want:   []string{"! nightly: a try that began on"},
		},
		{
			name:       "none could ever be made",
			status:     backup.Status{Since: now, FailedAt: now, Error: "no pg_dump"},
			want:       []string{"✗ nightly: none could be made: no pg_dump"},
			wantBroken: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report := inspect.Doctor(t.Context(), inspect.Options{Pool: pool, Backups: writeBackupStatus(t, tt.status)})

			checkHas(t, report, tt.want...)
			if got := hasBrokenBackups(report); got != tt.wantBroken {
				t.Errorf("backups are broken: %t, want %t", got, tt.wantBroken)
			}
		})
	}
}

func TestDoctorBeforeTheFirstBackup(t *testing.T) {
	t.Parallel()
	report := inspect.Doctor(t.Context(), inspect.Options{Pool: storetest.DB(t), Backups: t.TempDir()})

	checkHas(t, report, "! nightly: there is none yet")
	if hasBrokenBackups(report) {
		t.Error("backups are broken before the first one is due")
	}
}

// If the database isn't the embedded one, the doctor doesn't look at its backups, since its owner makes them.
func TestDoctorOfADatabaseWithBackupsOfItsOwn(t *testing.T) {
	t.Parallel()
	report := inspect.Doctor(t.Context(), inspect.Options{Pool: storetest.DB(t)})

	if strings.Contains(report.Text(), "nightly") {
		t.Errorf("the backups of somebody else's database are judged:\n%s", report.Text())
	}
}
