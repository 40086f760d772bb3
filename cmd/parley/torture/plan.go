package torture

import (
	"cmp"
	"maps"
	"time"
)

// This file decides how much happens in a test run: how many mails and replies people write, and how many faults of each
// kind, such as "kill", are injected. The flow is the part of a run in which people write and faults occur. A long run has
// a flow of any length, and the numbers grow with it (Plan). A short run has a flow of 20 seconds (Quick).

const (
	// messagesPerMinute is the number of mails, and also of replies, in a minute of the flow.
	messagesPerMinute = 60
	minMessages       = 20
	// maxMessages bounds the memory of the emulators, which keep everything for the oracle.
	maxMessages = 10_000
)

// floodSize returns the number of messages in a flood: one for each second of the flow, within bounds.
func (o Options) floodSize() int {
	const fewest, most = 20, 200
	return min(max(int(o.Flow.Seconds()), fewest), most)
}

// faultPlan determines the number of faults of one kind.
type faultPlan struct {
	kind    string
	every   time.Duration // a long run has one per this part of the flow, but at least one; 0 means exactly one
	inQuick int           // number in a short run
}

// listFaultPlans returns the plan of each kind of fault.
func listFaultPlans(replicas int) []faultPlan {
	betweenStops := 45 * time.Second
	if replicas == 1 {
		betweenStops = 2 * time.Minute // otherwise the only process would be suspended most of the time
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
		{kind: faultLoseGiveUpAnswer, every: time.Minute, inQuick: 2},
		{kind: faultFillDisk, every: 10 * time.Minute, inQuick: 0},
		{kind: faultFloodSender, every: 3 * time.Minute, inQuick: 1},
		{kind: faultFloodAccount, every: 5 * time.Minute, inQuick: 1},
		{kind: faultForeignReceipts, every: 3 * time.Minute, inQuick: 1},
		{kind: faultPoisonEvent, every: time.Minute, inQuick: 2},
		{kind: faultHoldSnapshot, inQuick: 1},
		{kind: faultFailingEvent, every: 2 * time.Minute, inQuick: 1},
		{kind: faultSlowEvent, every: 5 * time.Minute, inQuick: 0}, // it takes 40 s, twice
		{kind: faultCrashingEvent, every: 3 * time.Minute, inQuick: 1},
	}
}

// countIn returns the number of faults in a long run with this flow.
func (p faultPlan) countIn(flow time.Duration) int {
	if p.every == 0 {
		return 1
	}
	return max(1, int(flow/p.every))
}

// Plan returns the options of a long run: it fills in numbers of faults and messages that are proportional to the flow.
// Numbers that are already set stay, unless the fault doesn't fit this kind of run.
func Plan(o Options) Options {
	planned := map[string]int{}
	for _, p := range listFaultPlans(o.Replicas) {
		planned[p.kind] = p.countIn(o.Flow)
	}
	maps.Copy(planned, o.Faults)
	o.Faults = planned
	o.adaptFaults()

	messages := min(max(int(o.Flow.Minutes()*messagesPerMinute), minMessages), maxMessages)
	o.Mails = cmp.Or(o.Mails, messages)
	o.Replies = cmp.Or(o.Replies, messages)
	return o
}

// Quick returns the options of a short run, which takes seconds instead of minutes.
func Quick(o Options) Options {
	o.Mails, o.Replies = 90, 90
	o.Flow, o.Settle = 20*time.Second, 5*time.Minute
	if o.Rate > 0 {
		o.Settle = 15 * time.Minute // Slack accepts only 40 reactions a minute
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
	o.Upgrade = o.From != "" // choosing and building an earlier version takes longer than the rest of the run
	o.adaptFaults()
	return o
}

// Shorten makes a short run even shorter, for tests that run after each change. It reduces the number of mails, and halves
// the number of some faults, because the cost of a run is mostly that of restarting Parley after a kill.
func Shorten(o Options) Options {
	o.Mails = 60
	for _, kind := range []string{FaultKill, faultDropSockets, faultCutMail, faultLateRequest, faultPoisonEvent, faultLoseGiveUpAnswer} {
		o.Faults[kind] /= 2
	}
	return o
}

// adaptFaults removes faults, and the upgrade, that this kind of run can't have. In Teams it replaces faults of Slack by
// the corresponding faults of Teams.
func (o *Options) adaptFaults() {
	if o.Chats {
		o.Upgrade = false // earlier versions don't know these channels
	} else { // these faults need WhatsApp
		o.Faults[faultForeignReceipts] = 0
		o.Faults[faultPoisonEvent] = 0
	}

	if !o.Teams {
		return
	}

	o.Upgrade = o.Upgrade && o.From != "" // an earlier version that we choose may not support Teams yet
	for inSlack, inTeams := range map[string]string{faultDropSockets: faultEndTokens, faultLimitSlack: faultLimitTeams} {
		if n, ok := o.Faults[inSlack]; ok {
			o.Faults[inTeams] = n
			delete(o.Faults, inSlack)
		}
	}
}
