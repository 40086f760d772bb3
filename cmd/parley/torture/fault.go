package torture

import "time"

// fault is one planned disturbance of a run, such as "kill replica 1 after 12 s". The schedule makes all faults of a
// run from its seed, and the injector injects them.
type fault struct {
	At       time.Duration // from the beginning of the flow
	Kind     string
	Replica  int           // which replica, for kinds that disturb one
	Route    string        // which connections, for kinds that disturb some; "" means none
	Duration time.Duration // how long it lasts; 0 means that it is over at once

	BothDirections bool // of a blackhole: requests are dropped too, not only answers
	BeforeSend     bool // of a kill in a busy lane: the bytes on which it triggers don't leave any more
}

// Kinds of faults that come at any moment. Those with an exported name can be counted on the command line.
const (
	FaultKill         = "kill"
	FaultStop         = "stop"
	faultRestart      = "restart"
	faultKillDatabase = "kill database"
	faultFillDisk     = "fill the data folder"
	faultDropSockets  = "drop sockets"
	faultCutMail      = "cut mail"
	faultLimitSlack   = "limit slack"
	faultReset        = "reset connections"
	faultBlackhole    = "half-open connections"
	faultClockHour    = "clock +1h"
	faultClockDay     = "clock +24h"
)

// In Teams these take the place of faultDropSockets and faultLimitSlack.
const (
	faultEndTokens  = "end tokens"
	faultLimitTeams = "limit teams"
)

// Kinds of faults that wait for a trigger: certain bytes on a connection (see trigger).
const (
	faultKillBusyLane     = "kill while a lane waits"
	faultStopAfterClaim   = "stop between claim and write"
	faultEarlyReceipt     = "receipt before its result"
	faultLoseCommitAnswer = "lose a commit's answer"
	faultLateRequest      = "request arrives after its sender gave up"
)

// Kinds of faults that consist of what people or other systems send.
const (
	faultFloodSender     = "flood of one sender"
	faultFloodAccount    = "flood of one account"
	faultForeignReceipts = "receipts of another system"
	faultPoisonEvent     = "an event that can't be read"
	faultFailingEvent    = "an event that fails for a while"
	faultSlowEvent       = "an event that takes 40 s"
	faultCrashingEvent   = "an event that ends the process"
)

// Kinds of faults that come of upgrades, and of somebody who reads the database, as pg_dump does.
const (
	faultHoldSnapshot = "hold a snapshot"
	faultReadTables   = "read all tables beside the migration"
	faultUpgrade      = "roll to the new version"
)

// faultMixedVersions lets replicas of two versions work beside each other for a while: a newer version
// replaces first one replica, later all. Events that the newer version accepts are of a kind that ours
// doesn't know and must not apply.
//
// The newer version is this program, told that it knows a higher store.FactVersion. Triggers of the database
// do what would be different about its events: what the newer version accepts gets that higher number,
// and only sessions of the newer version can apply it.
const faultMixedVersions = "replicas of two versions"

// killsAndStops returns the kinds of faults that end or stop a process.
func killsAndStops() []string {
	return []string{FaultKill, faultKillBusyLane, FaultStop, faultStopAfterClaim, faultKillDatabase}
}

// isDatabaseOutage reports whether a fault keeps a Parley from its database for a while.
func (f fault) isDatabaseOutage() bool {
	switch f.Kind {
	case faultKillDatabase, faultFillDisk, faultLoseCommitAnswer:
		return true
	case faultStopAfterClaim: // stops a process, not the connection
		return false
	}
	return f.Route == routePostgres
}
