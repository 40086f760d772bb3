package torture

import (
	"cmp"
	"maps"
	"time"
)

const (
	// messagesPerMinute is how many mails and how many replies are written in a minute of the flow.
	messagesPerMinute = 60
	minMessages       = 20
	// maxMessages is a limit because the emulators keep everything in memory for the oracle.
	maxMessages = 10_000
	// maxClockHours limits the jumps of an hour: Parley tries to send a mail for two days, so all jumps together, with the
	// one of a day, are at most 32 hours.
	maxClockHours = 8
)

// floodSize is how many messages make a flood: one for each second of the flow, within bounds.
func (o Options) floodSize() int {
	const fewest, most = 20, 200
	return min(max(int(o.Flow.Seconds()), fewest), most)
}

// Plan fills in how many faults of each kind and how many messages fit a flow: their number grows with it. What o has
// already stays.
func Plan(o Options) Options {
	every := func(d time.Duration) int { return max(1, int(o.Flow/d)) }
	betweenStops := 45 * time.Second
	if o.Replicas == 1 {
		betweenStops = 2 * time.Minute // otherwise the only Parley would stand still most of the time
	}

	plan := map[string]int{
		FaultKill:             every(9 * time.Second),
		faultKillBusyLane:     every(30 * time.Second),
		FaultStop:             every(betweenStops),
		faultStopAfterClaim:   every(4 * betweenStops),
		faultKillDatabase:     every(2 * time.Minute),
		faultRestart:          every(3 * time.Minute),
		faultDropSockets:      every(40 * time.Second),
		faultCutMail:          every(40 * time.Second),
		faultLimitSlack:       every(90 * time.Second),
		faultReset:            every(15 * time.Second),
		faultBlackhole:        every(45 * time.Second),
		faultEarlyReceipt:     every(20 * time.Second),
		faultLateRequest:      every(time.Minute),
		faultLoseCommitAnswer: every(20 * time.Second),
		faultFillDisk:         every(10 * time.Minute),
		faultClockHour:        min(every(4*time.Minute), maxClockHours),
		faultClockDay:         1,
		faultFloodSender:      every(3 * time.Minute),
		faultFloodAccount:     every(5 * time.Minute),
		faultForeignReceipts:  every(3 * time.Minute),
		faultPoisonEvent:      every(time.Minute),
		faultHoldSnapshot:     1,
		faultMixedVersions:    1,
		faultFailingEvent:     every(2 * time.Minute),
		faultSlowEvent:        every(5 * time.Minute),
		faultCrashingEvent:    every(3 * time.Minute),
	}

	maps.Copy(plan, o.Faults)
	o.Faults = plan
	o.adaptFaults()
	messages := min(max(int(o.Flow.Minutes()*messagesPerMinute), minMessages), maxMessages)
	o.Mails = cmp.Or(o.Mails, messages)
	o.Replies = cmp.Or(o.Replies, messages)
	return o
}

// Quick returns the options of the short form of a run: seconds instead of minutes, everything else alike.
func Quick(o Options) Options {
	o.Mails, o.Replies = 90, 90
	o.Faults = map[string]int{
		FaultKill:             4,
		faultKillBusyLane:     2,
		FaultStop:             1,
		faultStopAfterClaim:   2,
		faultKillDatabase:     1,
		faultRestart:          1,
		faultDropSockets:      2,
		faultCutMail:          2,
		faultLimitSlack:       1,
		faultReset:            4,
		faultBlackhole:        2,
		faultEarlyReceipt:     3,
		faultLateRequest:      2,
		faultLoseCommitAnswer: 3,
		faultFillDisk:         0,
		faultClockHour:        1,
		faultClockDay:         1,
		faultFloodSender:      1,
		faultFloodAccount:     1,
		faultForeignReceipts:  1,
		faultPoisonEvent:      2,
		faultHoldSnapshot:     1,
		faultMixedVersions:    1,
		faultFailingEvent:     1,
		faultSlowEvent:        0, // it takes 40 s, three times
		faultCrashingEvent:    1,
	}

	o.StopFor = 5 * time.Second
	o.BlackholeFor = 5 * time.Second
	o.ClaimStopFor = 12 * time.Second
	o.RequestDelay = 2500 * time.Millisecond
	o.Upgrade = o.From != "" // building an earlier version takes longer than all of it
	o.Flow, o.Settle = 20*time.Second, 5*time.Minute
	o.ShortWaits = true
	if o.Rate > 0 {
		o.Settle = 15 * time.Minute // Slack takes 40 marks a minute
	}

	o.adaptFaults()
	return o
}

// Shorten makes a short form still shorter, for the tests that run after each change: fewer mails, and half as many of
// some faults at any moment. What a run costs is mostly what a Parley costs that starts again after a kill. Faults that
// wait for a trigger, such as a receipt before its result, stay as many.
func Shorten(o Options) Options {
	o.Mails = 60
	for _, kind := range []string{FaultKill, faultDropSockets, faultCutMail, faultLateRequest, faultPoisonEvent} {
		o.Faults[kind] /= 2
	}
	return o
}

// adaptFaults leaves out the faults that this kind of run can't have. In Teams it replaces Slack's faults by those of
// Teams.
func (o *Options) adaptFaults() {
	if o.Replicas < 2 {
		o.Faults[faultMixedVersions] = 0
	}

	if o.Chats {
		o.Faults[faultClockDay], o.Upgrade = 0, false
	} else {
		o.Faults[faultForeignReceipts], o.Faults[faultPoisonEvent] = 0, 0 // both are about WhatsApp
	}

	if !o.Teams {
		return
	}

	o.Upgrade = o.Upgrade && o.From != ""
	for inSlack, inTeams := range map[string]string{faultDropSockets: faultEndTokens, faultLimitSlack: faultLimitTeams} {
		if n, ok := o.Faults[inSlack]; ok {
			o.Faults[inTeams] = n
			delete(o.Faults, inSlack)
		}
	}
}
