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

// checkBackups examines the backups that parley serve makes each night.
func (o Options) checkBackups(ctx context.Context) Section {
	s := Section{Name: "backups"}
	now, err := store.Now(ctx, o.Pool)
	var st backup.Status
	if err == nil {
		st, err = backup.ReadStatus(o.Backups)
	}

	const serve = "parley serve makes one each night at 3:00, or when it next runs. Make one now: parley backup FILE."
	good := ""
	if !st.LastAt.IsZero() {
		good = fmt.Sprintf("%s of %s, %.1f MB", st.LastFile, st.LastAt.Local().Format("2006-01-02 15:04"), float64(st.LastBytes)/1e6)
	}

	switch {
	case err != nil:
		s.addWrong("nightly", err.Error(), "Look at "+o.Backups+".")
	case st.Error != "" && good == "":
		s.addWrong("nightly", "none could be made: "+st.Error, "Put that right; it is tried again in an hour.")
	case st.TrialFailed:
		s.addWrong("nightly", "the last try failed: "+st.Error, "Put that right; it is tried again in an hour. The newest one is "+good+
			", but may not be restorable: until one was restored on trial, the older ones in "+o.Backups+" stay.")
	case st.Error != "":
		s.addWrong("nightly", "the last try failed: "+st.Error,
			"Put that right; it is tried again in an hour. The last good one: "+good+".")
	case backup.IsAhead(st.LastAt, now):
		s.addWrong("nightly", "the newest is of the future, so the clock was ahead when it was made: "+good, serve)
	case good == "":
		s.addOdd("nightly", "there is none yet", serve)
	case now.Sub(st.LastAt) > staleBackup:
		s.addWrong("nightly", "the newest is old: "+good, serve)
	case !st.BegunAt.IsZero():
		s.addOdd("nightly", fmt.Sprintf("a try that began on %s is under way, or was cut off. The last good one: %s",
			st.BegunAt.Local().Format("2006-01-02 15:04"), good),
			"If it stays so, see in the log what ends Parley while it makes a backup, or restores one on trial.")
	default:
		s.addGood("nightly", "%s; restored on trial on %s", good, st.VerifiedAt.Local().Format("2006-01-02"))
	}

	return s
}
