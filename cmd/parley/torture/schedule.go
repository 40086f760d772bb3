package torture

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// This file decides when each fault of a test run is injected, for how long, and which replica (Parley process) or route
// (kind of connection, such as "smtp") it disturbs. The schedule depends only on the run's seed and options, so that a
// failed run can be repeated with the same schedule. Example: "kill 2" at 12.3 s, then "reset connections, smtp" at 14 s.

// chatRoute returns the route of Parley's calls to the agents' chat.
func (o Options) chatRoute() string {
	if o.Teams {
		return routeTeams
	}
	return routeSlackAPI
}

// routesOf returns the routes that faults of a kind disturb in turn; [""] for a kind that disturbs no route.
func (o Options) routesOf(kind string) []string {
	calls, events := o.chatRoute(), routeSlackSocket
	if o.Teams {
		events = routeTeamsWebhooks
	}
	switch kind {
	case faultReset, faultBlackhole:
		return []string{routePostgres, calls, events, routeIMAP, routeSMTP}
	case faultStopAfterClaim:
		return []string{routePostgres, routeSMTP, calls}
	case faultKillBusyLane, faultEarlyReceipt:
		return []string{routeSMTP, calls}
	}
	return []string{""}
}

// maxRoutes is larger than the number of routes of any kind, so that any of them can be the first.
const maxRoutes = 7

// schedule makes the faults of a run. The same seed and options make the same schedule.
func schedule(seed uint64, o Options) []fault {
	var list []fault
	for k, kind := range slices.Sorted(maps.Keys(o.Faults)) {
		rng := rand.New(rand.NewPCG(seed, uint64(k)+2)) //nolint:gosec // to be repeated
		planned, routes := o.Faults[kind], o.routesOf(kind)
		for i := range planned {
			// One in each part of the flow, so that they don't all occur at the end, when nothing is left to do.
			part := o.Flow / time.Duration(planned)
			drawnAt := part*time.Duration(i) + time.Duration(rng.Int64N(int64(part)))
			replica := rng.IntN(o.Replicas)
			route := routes[(i+int(seed%maxRoutes))%len(routes)]
			isThorough := rng.IntN(2) == 0

			list = append(list, fault{
				At:             o.timeOf(kind, drawnAt, part*time.Duration(i)),
				Kind:           kind,
				Replica:        replica,
				Route:          route,
				Duration:       o.durationOf(kind, route, rng),
				BothDirections: isThorough && kind == faultBlackhole,
				BeforeSend:     isThorough && kind == faultKillBusyLane,
			})
		}
	}

	slices.SortStableFunc(list, func(a, b fault) int { return cmp.Compare(a.At, b.At) })
	return list
}

// timeOf returns when a fault is injected, since the start of the flow. drawn is a random time in the part of the flow that
// begins at partBegins.
func (o Options) timeOf(kind string, drawn, partBegins time.Duration) time.Duration {
	switch kind {
	case faultReadTables: // just before the upgrade, which must wait for it
		return o.Flow/5 - time.Second
	case faultUpgrade:
		return o.Flow / 5
	case faultHoldSnapshot:
		return partBegins
	case faultKillBusyLane, faultEarlyReceipt, faultLoseCommitAnswer, faultLateRequest,
		faultLoseGiveUpAnswer, faultFloodSender, faultFloodAccount, faultPoisonEvent, faultFailingEvent, faultSlowEvent, faultCrashingEvent:
		return drawn * 3 / 4 // they have to wait for a trigger or for messages
	case faultStopAfterClaim: // it has to wait for a trigger, and then takes time
		return drawn / 2
	}
	return drawn
}

// durationOf returns how long a fault lasts; 0 means that it is instantaneous.
func (o Options) durationOf(kind, route string, rng *rand.Rand) time.Duration {
	switch kind {
	case FaultStop, faultReadTables:
		return o.StopFor
	case faultStopAfterClaim:
		hasShortLease := route == routeSlackAPI || route == routeTeams
		if hasShortLease {
			return o.ClaimStopFor / 2
		}
		return o.ClaimStopFor
	case faultHoldSnapshot:
		return o.Flow / time.Duration(max(o.Faults[faultHoldSnapshot], 1))
	case faultBlackhole:
		return o.BlackholeFor/5 + time.Duration(rng.Int64N(int64(o.BlackholeFor*4/5)))
	}

	return 0
}

// describe returns a description for people, such as "kill 2" or "reset connections, smtp".
func (f fault) describe(o Options) string {
	text := f.Kind
	switch f.Kind {
	case FaultKill, FaultStop, faultRestart:
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
