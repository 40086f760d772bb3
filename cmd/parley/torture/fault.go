package torture

import "time"

// fault is one blow of the schedule.
type fault struct {
	At       time.Duration // from the beginning of the flow
	Kind     string
	Replica  int           // which replica, for blows that strike one
	Route    string        // which connections, for blows that strike some; "" means none
	Duration time.Duration // how long
	Wholly   bool          // of a silence: both directions; of a kill: before the bytes leave
}

// Names of harms.
const (
	faultKill             = "kill"
	faultKillBusyLane     = "kill while a lane waits"
	faultStop             = "stop"
	faultStopAfterClaim   = "stop between claim and write"
	faultKillDatabase     = "kill database"
	faultRestart          = "restart"
	faultDropSockets      = "drop sockets"
	faultCutMail          = "cut mail"
	faultLimitSlack       = "limit slack"
	faultReset            = "reset connections"
	faultBlackhole        = "half-open connections"
	faultEarlyReceipt     = "receipt before its result"
	faultLoseCommitAnswer = "lose a commit's answer"
	faultLateRequest      = "request arrives after its sender gave up"
	faultClockHour        = "clock +1h"
	faultClockDay         = "clock +24h"
	faultFillDisk         = "fill the data folder"
	faultUpgrade          = "roll to the new version"
	faultFloodSender      = "flood of one sender"
	faultFloodAccount     = "flood of one account"
	faultForeignReceipts  = "receipts of another system"
	faultPoisonEvent      = "an event that can't be read"
	faultFailingEvent     = "an event that fails for a while"
	faultSlowEvent        = "an event that takes 40 s"
	faultCrashingEvent    = "an event that ends the process"
	faultHoldSnapshot     = "hold a snapshot"
	faultReadTables       = "read all tables beside the migration"
)

// In Teams these take the place of faultDropSockets and faultLimitSlack.
const (
	faultEndTokens  = "end tokens"
	faultLimitTeams = "limit teams"
)

// faultMixedVersions lets replicas of two versions work beside each other for a while: first one, later
// all of them are replaced by a newer version, whose events are of a kind that ours doesn't know.
// Ours must not apply them.
//
// The newer version is this program, told that it knows a higher store.FactVersion. Triggers play
// what would be different about its events: what the newer version accepts gets that higher number,
// and only sessions that are marked as the newer version's can apply it.
const faultMixedVersions = "replicas of two versions"

// killsAndStops names the blows that end or stop a process.
func killsAndStops() []string {
	return []string{faultKill, faultKillBusyLane, faultStop, faultStopAfterClaim, faultKillDatabase}
}

// isDatabaseOutage reports whether a blow keeps a Parley from its database for a while.
func (f fault) isDatabaseOutage() bool {
	switch f.Kind {
	case faultKillDatabase, faultFillDisk, faultLoseCommitAnswer:
		return true
	case faultStopAfterClaim: // stops a process, not the connection
		return false
	}
	return f.Route == routePostgres
}
