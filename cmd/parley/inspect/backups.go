package inspect

import (
	"context"
	"fmt"
	"time"

	"parley/cmd/parley/backup"
	"parley/store"
)

// staleBackup is how old the newest nightly backup may be.
const staleBackup = 48 * time.Hour

// checkBackups checks the backups that parley serve makes every night. After each backup, parley serve also restores it
// into a temporary database, to verify it (a trial). It records the results in a status file beside the backups. The only
// finding of a healthy system is, for example:
//
//	✓ nightly: nightly-2026-03-01.parley of 2026-03-01 03:00, 12.3 MB; restored on trial on 2026-03-01
func (o Options) checkBackups(ctx context.Context) Section {
	s := Section{Name: "backups"}
	now, err := store.Now(ctx, o.Pool)
	if err != nil {
		s.addWrong("nightly", err.Error(), "Look at "+o.Backups+".")
		return s
	}
	status, err := backup.ReadStatus(o.Backups)
	if err != nil {
		s.addWrong("nightly", err.Error(), "Look at "+o.Backups+".")
		return s
	}

	addNightly(&s, status, now, o.Backups)
	return s
}

// addNightly adds the finding about the backups in folder.
func addNightly(s *Section, status backup.Status, now time.Time, folder string) {
	const serve = "parley serve makes one each night at 3:00, or when it next runs. Make one now: parley backup FILE."
	newest := "" // describes the newest backup; "" if there is none
	if !status.LastAt.IsZero() {
		newest = fmt.Sprintf("%s of %s, %.1f MB",
			status.LastFile, status.LastAt.Local().Format("2006-01-02 15:04"), float64(status.LastBytes)/1e6)
	}

	switch {
	case status.Error != "" && newest == "":
		s.addWrong("nightly", "none could be made: "+status.Error, "Put that right; it is tried again in an hour.")
	case status.TrialFailed:
		s.addWrong("nightly", "the last try failed: "+status.Error, "Put that right; it is tried again in an hour. The newest one is "+newest+
			", but may not be restorable: until one was restored on trial, the older ones in "+folder+" stay.")
	case status.Error != "":
		s.addWrong("nightly", "the last try failed: "+status.Error,
			"Put that right; it is tried again in an hour. The last good one: "+newest+".")
	case backup.IsAhead(status.LastAt, now):
		s.addWrong("nightly", "the newest is of the future, so the clock was ahead when it was made: "+newest, serve)
	case newest == "":
		s.addOdd("nightly", "there is none yet", serve)
	case now.Sub(status.LastAt) > staleBackup:
		s.addWrong("nightly", "the newest is old: "+newest, serve)
	case !status.BegunAt.IsZero():
		s.addOdd("nightly", fmt.Sprintf("a try that began on %s is under way, or was cut off. The last good one: %s",
			status.BegunAt.Local().Format("2006-01-02 15:04"), newest),
			"If it stays so, see in the log what ends Parley while it makes a backup, or restores one on trial.")
	default:
		s.addGood("nightly", "%s; restored on trial on %s", newest, status.VerifiedAt.Local().Format("2006-01-02"))
	}
}
