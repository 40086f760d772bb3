package torture

import (
	"cmp"
	"maps"
	"time"
)

// This file decides how much happens in a run: how many mails and replies people write, and how many faults of each
// kind are injected. The flow is the time in which people write and faults come. The short form of a run has a flow
// of 20 seconds (Quick); in the long form the numbers grow with the flow (Plan).

const (
	// messagesPerMinute is how many mails and how many replies are written in a minute of the flow.
	messagesPerMinute = 60
	minMessages       = 20
	// maxMessages is a limit because the emulators keep everything in memory for the oracle.
	maxMessages = 10_000
	// maxClockHours limits the jumps of an hour: Parley tries to send a mail for two days, so all jumps together,
	// with the one of a day, are at most 32 hours.
	maxClockHours = 8
)

// floodSize is how many messages make a flood: one for each second of the flow, within bounds.
func (o Options) floodSize() int {
	const fewest, most = 20, 200
	return min(max(int(o.Flow.Seconds()), fewest), most)
}

// faultPlan says how many faults of a kind a run has.
type faultPlan struct {
	kind    string
	every   time.Duration // the long form has one in each such part of the flow, and at least one; 0 means one
	inQuick int           // the short form has so many
}

// listFaultPlans returns the plan of each kind of fault.
func listFaultPlans(replicas int) []faultPlan {
	betweenStops := 45 * time.Second
	if replicas == 1 {
		betweenStops = 2 * time.Minute // otherwise the only Parley would stand still most of the time
	}
	return []faultPlan{
		{kind: FaultKill, every: 9 * time.Second, inQuick: 4},
		{kind: faultKillBusyLane, every: 30 * time.Second, inQuick: 2},
		{kind: FaultStop, every: betweenStops, inQuick: 1},
		{kind: faultStopAfterClaim, every: 4 * betweenStops, inQuick: 2},
		{kind: faultKillDatabase, every: 2 * time.Minute, inQuick: 1},
		{kind: faultRestart, every: 3 * time.Minute, inQuick: 1},
		{kind: faultDropSockets, every: 40 * time.Second, inQuick: 2},
		{kind: faultCutMail, every: 40 * time.Second, inQuick: 2},
		{kind: faultLimitSlack, every: 90 * time.Second, inQuick: 1},
		{kind: faultReset, every: 15 * time.Second, inQuick: 4},
		{kind: faultBlackhole, every: 45 * time.Second, inQuick: 2},
		{kind: faultEarlyReceipt, every: 20 * time.Second, inQuick: 3},
		{kind: faultLateRequest, every: time.Minute, inQuick: 2},
		{kind: faultLoseCommitAnswer, every: 20 * time.Second, inQuick: 3},
		{kind: faultFillDisk, every: 10 * time.Minute, inQuick: 0},
		{kind: faultClockHour, every: 4 * time.Minute, inQuick: 1},
		{kind: faultClockDay, inQuick: 1},
		{kind: faultFloodSender, every: 3 * time.Minute, inQuick: 1},
		{kind: faultFloodAccount, every: 5 * time.Minute, inQuick: 1},
		{kind: faultForeignReceipts, every: 3 * time.Minute, inQuick: 1},
		{kind: faultPoisonEvent, every: time.Minute, inQuick: 2},
		{kind: faultHoldSnapshot, inQuick: 1},
		{kind: faultMixedVersions, inQuick: 1},
		{kind: faultFailingEvent, every: 2 * time.Minute, inQuick: 1},
		{kind: faultSlowEvent, every: 5 * time.Minute, inQuick: 0}, // it takes 40 s, twice
		{kind: faultCrashingEvent, every: 3 * time.Minute, inQuick: 1},
	}
}

// countIn returns how many faults the long form has in a flow.
func (p faultPlan) countIn(flow time.Duration) int {
	if p.every == 0 {
		return 1
	}
	return max(1, int(flow/p.every))
}

// Plan fills in how many faults of each kind and how many messages fit a flow: their number grows with it. What o has
// already stays.
func Plan(o Options) Options {
	planned := map[string]int{}
	for _, p := range listFaultPlans(o.Replicas) {
		planned[p.kind] = p.countIn(o.Flow)
	}
	planned[faultClockHour] = min(planned[faultClockHour], maxClockHours)
	maps.Copy(planned, o.Faults)
	o.Faults = planned
	o.adaptFaults()

	messages := min(max(int(o.Flow.Minutes()*messagesPerMinute), minMessages), maxMessages)
	o.Mails = cmp.Or(o.Mails, messages)
	o.Replies = cmp.Or(o.Replies, messages)
	return o
}

// Quick returns the options of the short form of a run: seconds instead of minutes, everything else alike.
func Quick(o Options) Options {
	o.Mails, o.Replies = 90, 90
	o.Flow, o.Settle = 20*time.Second, 5*time.Minute
	if o.Rate > 0 {
		o.Settle = 15 * time.Minute // Slack takes 40 marks a minute
	}

	o.Faults = map[string]int{}
	for _, p := range listFaultPlans(o.Replicas) {
		o.Faults[p.kind] = p.inQuick
	}
	o.StopFor = 5 * time.Second
	o.BlackholeFor = 5 * time.Second
	o.ClaimStopFor = 12 * time.Second
	o.RequestDelay = 2500 * time.Millisecond

	o.ShortWaits = true
	o.Upgrade = o.From != "" // building an earlier version takes longer than all of it
	o.adaptFaults()
	return o
}

// Shorten makes a short form still shorter, for the tests that run after each change: fewer mails, and half as many
// of some faults at any moment. What a run costs is mostly what a Parley costs that starts again after a kill. Faults
// that wait for a trigger, such as a receipt before its result, stay as many.
func Shorten(o Options) Options {
	o.Mails = 60
	for _, kind := range []string{FaultKill, faultDropSockets, faultCutMail, faultLateRequest, faultPoisonEvent} {
		o.Faults[kind] /= 2
	}
	return o
}

// adaptFaults leaves out the faults, and the upgrade, that this kind of run can't have. In Teams it replaces Slack's
// faults by those of Teams.
func (o *Options) adaptFaults() {
	if o.Replicas < 2 {
		o.Faults[faultMixedVersions] = 0
	}

	if o.Chats {
		o.Faults[faultClockDay] = 0 // it would close all reply windows
		o.Upgrade = false           // earlier versions don't know these channels
	} else { // both are about WhatsApp
		o.Faults[faultForeignReceipts] = 0
		o.Faults[faultPoisonEvent] = 0
	}

	if !o.Teams {
		return
	}

	o.Upgrade = o.Upgrade && o.From != "" // earlier versions may not know Teams: whoever names one knows that it does
	for inSlack, inTeams := range map[string]string{faultDropSockets: faultEndTokens, faultLimitSlack: faultLimitTeams} {
		if n, ok := o.Faults[inSlack]; ok {
			o.Faults[inTeams] = n
			delete(o.Faults, inSlack)
		}
	}
}
