package torture

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// callsWay is the way of Parley's calls to the chat in which agents work.
func (o Options) callsWay() string {
	if o.Teams {
		return wayTeams
	}
	return waySlack
}

// waysStruckBy returns the connections that a kind of blow strikes in turn; [""] means it concerns none.
func (o Options) waysStruckBy(name string) []string {
	calls, events := o.callsWay(), waySocket
	if o.Teams {
		events = wayEvents
	}
	switch name {
	case harmCut, harmSilence:
		return []string{wayBase, calls, events, wayIMAP, waySMTP}
	case harmClaimStop:
		return []string{wayBase, waySMTP, calls}
	case harmLaneKill, harmEarly:
		return []string{waySMTP, calls}
	}
	return []string{""}
}

// schedule makes the blows of a run. The same seed and options make the same schedule.
func schedule(seed uint64, o Options) []harm {
	var list []harm
	names := make([]string, 0, len(o.Blows))
	for name := range o.Blows {
		names = append(names, name)
	}

	slices.Sort(names)
	const mostWays = 7 // more than a blow has ways, so that each can be its first
	for k, name := range names {
		rng := rand.New(rand.NewPCG(seed, uint64(k)+2)) //nolint:gosec // to be repeated
		n, where := o.Blows[name], o.waysStruckBy(name)
		for i := range n {
			// One in each n-th part of the time, so that none meets an idle end.
			part := o.Flow / time.Duration(n)
			h := harm{At: part*time.Duration(i) + time.Duration(rng.Int64N(int64(part))), Name: name, N: rng.IntN(o.Replicas),
				Way: where[(i+int(seed%mostWays))%len(where)], Wholly: rng.IntN(2) == 0}
			h.For = o.durationOf(name, h.Way, rng)
			switch name {
			case harmHour, harmDay: // late enough for something to jump over
				h.At = o.Flow/3 + h.At/2
			case harmUpgrade:
				h.At = o.Flow / 5
			case harmNewer: // after an upgrade, and over before the flow is
				h.At = o.Flow * 2 / 5
			case harmReader:
				h.At = o.Flow/5 - time.Second
			case harmHeld:
				h.At = part * time.Duration(i)
			case harmLaneKill, harmEarly, harmCommit, harmLate, harmFloodOne, harmFloodAll, harmPoison, harmFails, harmSlow, harmEnds: // they wait for a moment
				h.At = h.At * 3 / 4
			case harmClaimStop: // they wait for a moment, too, and then last
				h.At /= 2
			}

			list = append(list, h)
		}
	}

	slices.SortStableFunc(list, func(a, b harm) int { return cmp.Compare(a.At, b.At) })
	return list
}

// durationOf returns how long a blow lasts; 0 means that it is over at once.
func (o Options) durationOf(name, way string, rng *rand.Rand) time.Duration {
	switch name {
	case harmFreeze:
		return o.FreezeFor
	case harmClaimStop:
		if way == waySlack || way == wayTeams { // whose leases are shorter
			return o.StopLong / 2
		}
		return o.StopLong
	case harmHeld:
		return o.Flow / time.Duration(max(o.Blows[harmHeld], 1))
	case harmNewer:
		return o.Flow * 2 / 5
	case harmReader:
		return o.FreezeFor
	case harmSilence:
		return o.SilentFor/5 + time.Duration(rng.Int64N(int64(o.SilentFor*4/5)))
	}

	return 0
}

// describe says in a line what strikes.
func (h harm) describe(o Options) string {
	text := h.Name
	switch h.Name {
	case harmKill, harmFreeze, harmRestart, harmNewer:
		if o.Replicas > 1 {
			text += fmt.Sprintf(" %d", h.N+1)
		}
	}

	if h.Way != "" {
		text += ", " + h.Way
	}
	if h.For > 0 {
		text += fmt.Sprintf(", for %s", h.For.Round(100*time.Millisecond))
	}

	return text
}
