package torture

import "time"

// fault is one planned disturbance of a test run, such as "kill replica 1 after 12 s". A replica is one of the Parley
// processes under test. The schedule derives all faults of a run from its seed, and the injector injects them.
type fault struct {
	At       time.Duration // since the start of the workload (the flow)
	Kind     string
	Replica  int           // which replica, for kinds that affect one
	Route    string        // which connections, for kinds that affect some, such as "smtp"; "" means none
	Duration time.Duration // how long it lasts; 0 means that it is instantaneous

	BothDirections bool // of a blackhole: requests are dropped too, not only responses
	BeforeSend     bool // of faultKillBusyLane: the bytes that trigger the fault are not sent
}

// Kinds of faults that occur at any moment. The number of those with an exported name can be set on the command line.
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
)

// In Teams these replace faultDropSockets and faultLimitSlack.
const (
	faultEndTokens  = "end tokens"
	faultLimitTeams = "limit teams"
)

// Kinds of faults that wait for a trigger: certain bytes on a connection (see trigger). A lane is a queue of messages that
// Parley sends one after the other; to claim a message is to take it from its lane in order to send it.
const (
	faultKillBusyLane     = "kill while a lane waits"
	faultStopAfterClaim   = "stop between claim and write"
	faultEarlyReceipt     = "receipt before its result"
	faultLoseCommitAnswer = "lose a commit's answer"
	faultLoseGiveUpAnswer = "lose a give-up's answer"
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

// Kinds of faults that simulate upgrades, and long reads of the database such as those of pg_dump.
const (
	faultHoldSnapshot = "hold a snapshot"
	faultReadTables   = "read all tables beside the migration"
	faultUpgrade      = "roll to the new version"
)

// killsAndStops returns the kinds of faults that end or stop a process.
func killsAndStops() []string {
	return []string{FaultKill, faultKillBusyLane, FaultStop, faultStopAfterClaim, faultKillDatabase}
}

// isDatabaseOutage reports whether a fault makes the database unreachable for a replica for a while.
func (f fault) isDatabaseOutage() bool {
	switch f.Kind {
	case faultKillDatabase, faultFillDisk, faultLoseCommitAnswer, faultLoseGiveUpAnswer:
		return true
	case faultStopAfterClaim: // stops a process, not the connection
		return false
	}
	return f.Route == routePostgres
}
