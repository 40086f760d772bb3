package torture

import "time"

// harm is one blow of the schedule.
type harm struct {
	At     time.Duration // from the beginning of the flow
	Name   string
	N      int           // which replica, for blows that strike one
	Way    string        // which connections, for blows that strike some; "" means none
	For    time.Duration // how long
	Wholly bool          // of a silence: both directions; of a kill: before the bytes leave
}

// Names of harms.
const (
	harmKill      = "kill"
	harmLaneKill  = "kill while a lane waits"
	harmFreeze    = "stop"
	harmClaimStop = "stop between claim and write"
	harmBase      = "kill database"
	harmRestart   = "restart"
	harmSockets   = "drop sockets"
	harmMail      = "cut mail"
	harmLimit     = "limit slack"
	harmCut       = "reset connections"
	harmSilence   = "half-open connections"
	harmEarly     = "receipt before its result"
	harmCommit    = "lose a commit's answer"
	harmLate      = "request arrives after its sender gave up"
	harmHour      = "clock +1h"
	harmDay       = "clock +24h"
	harmFull      = "fill the data folder"
	harmUpgrade   = "roll to the new version"
	harmFloodOne  = "flood of one sender"
	harmFloodAll  = "flood of one account"
	harmReceipts  = "receipts of another system"
	harmPoison    = "an event that can't be read"
	harmFails     = "an event that fails for a while"
	harmSlow      = "an event that takes 40 s"
	harmEnds      = "an event that ends the process"
	harmHeld      = "hold a snapshot"
	harmReader    = "read all tables beside the migration"
)

// In Teams these take the place of harmSockets and harmLimit.
const (
	harmTokens     = "end tokens"
	harmLimitTeams = "limit teams"
)

// harmNewer lets replicas of two versions work beside each other for a while: first one, later
// all of them are replaced by a newer version, whose events are of a kind that ours doesn't know.
// Ours must not apply them.
//
// The newer version is this program, told that it knows a higher store.FactVersion. Triggers play
// what would be different about its events: what the newer version accepts gets that higher number,
// and only sessions that are marked as the newer version's can apply it.
const harmNewer = "replicas of two versions"

// killsAndStops names the blows that end or stop a process.
func killsAndStops() []string {
	return []string{harmKill, harmLaneKill, harmFreeze, harmClaimStop, harmBase}
}

// isDatabaseOutage reports whether a blow keeps a Parley from its database for a while.
func (h harm) isDatabaseOutage() bool {
	switch h.Name {
	case harmBase, harmFull, harmCommit:
		return true
	case harmClaimStop: // stops a process, not the connection
		return false
	}
	return h.Way == wayBase
}
