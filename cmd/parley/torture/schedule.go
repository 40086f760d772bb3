package torture

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// chatRoute is the way of Parley's calls to the chat in which agents work.
func (o Options) chatRoute() string {
	if o.Teams {
		return routeTeams
	}
	return routeSlackAPI
}

// routesOf returns the connections that a kind of blow strikes in turn; [""] means it concerns none.
func (o Options) routesOf(name string) []string {
	calls, events := o.chatRoute(), routeSlackSocket
	if o.Teams {
		events = routeTeamsWebhooks
	}
	switch name {
	case faultReset, faultBlackhole:
		return []string{routePostgres, calls, events, routeIMAP, routeSMTP}
	case faultStopAfterClaim:
		return []string{routePostgres, routeSMTP, calls}
	case faultKillBusyLane, faultEarlyReceipt:
		return []string{routeSMTP, calls}
	}
	return []string{""}
}

// schedule makes the blows of a run. The same seed and options make the same schedule.
func schedule(seed uint64, o Options) []fault {
	var list []fault
	names := make([]string, 0, len(o.Faults))
	for name := range o.Faults {
		names = append(names, name)
	}

	slices.Sort(names)
	const mostWays = 7 // more than a blow has ways, so that each can be its first
	for k, name := range names {
		rng := rand.New(rand.NewPCG(seed, uint64(k)+2)) //nolint:gosec // to be repeated
		n, where := o.Faults[name], o.routesOf(name)
		for i := range n {
			// One in each n-th part of the time, so that none meets an idle end.
			part := o.Flow / time.Duration(n)
			h := fault{At: part*time.Duration(i) + time.Duration(rng.Int64N(int64(part))), Kind: name, Replica: rng.IntN(o.Replicas),
				Route: where[(i+int(seed%mostWays))%len(where)], Wholly: rng.IntN(2) == 0}
			h.Duration = o.durationOf(name, h.Route, rng)
			switch name {
			case faultClockHour, faultClockDay: // late enough for something to jump over
				h.At = o.Flow/3 + h.At/2
			case faultUpgrade:
				h.At = o.Flow / 5
			case faultMixedVersions: // after an upgrade, and over before the flow is
				h.At = o.Flow * 2 / 5
			case faultReadTables:
				h.At = o.Flow/5 - time.Second
			case faultHoldSnapshot:
				h.At = part * time.Duration(i)
			case faultKillBusyLane, faultEarlyReceipt, faultLoseCommitAnswer, faultLateRequest, faultFloodSender, faultFloodAccount, faultPoisonEvent, faultFailingEvent, faultSlowEvent, faultCrashingEvent: // they wait for a moment
				h.At = h.At * 3 / 4
			case faultStopAfterClaim: // they wait for a moment, too, and then last
				h.At /= 2
			}

			list = append(list, h)
		}
	}

	slices.SortStableFunc(list, func(a, b fault) int { return cmp.Compare(a.At, b.At) })
	return list
}

// durationOf returns how long a blow lasts; 0 means that it is over at once.
func (o Options) durationOf(name, way string, rng *rand.Rand) time.Duration {
	switch name {
	case faultStop:
		return o.StopFor
	case faultStopAfterClaim:
		if way == routeSlackAPI || way == routeTeams { // whose leases are shorter
			return o.ClaimStopFor / 2
		}
		return o.ClaimStopFor
	case faultHoldSnapshot:
		return o.Flow / time.Duration(max(o.Faults[faultHoldSnapshot], 1))
	case faultMixedVersions:
		return o.Flow * 2 / 5
	case faultReadTables:
		return o.StopFor
	case faultBlackhole:
		return o.BlackholeFor/5 + time.Duration(rng.Int64N(int64(o.BlackholeFor*4/5)))
	}

	return 0
}

// describe says in a line what strikes.
func (f fault) describe(o Options) string {
	text := f.Kind
	switch f.Kind {
	case faultKill, faultStop, faultRestart, faultMixedVersions:
		if o.Replicas > 1 {
			text += fmt.Sprintf(" %d", f.Replica+1)
		}
	}

	if f.Route != "" {
		text += ", " + f.Route
	}
	if f.Duration > 0 {
		text += fmt.Sprintf(", for %s", f.Duration.Round(100*time.Millisecond))
	}

	return text
}
