package torture

import (
	"time"
)

// A replica is one of the Parley processes of a run. These tests check when the end of a process counts as a failed
// start, which a run tolerates, and when as an unexpected exit, which makes the run fail.

func databaseWasDown(time.Time) bool { return true }
