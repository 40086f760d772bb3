package connector

import (
	"math"
	"net/http"
	"slices"
	"time"

	"parley/bot/teams/teamsfake/calls"
)

// window allows this many calls within a span of time.
type window struct {
	calls int
	span  time.Duration
}

// rule is one of the published rate limits. Calls are counted by its name.
// Source: "Optimize your bot: Rate limiting and best practices in Teams", read 2026-11.
type rule struct {
	name    string
	windows []window
}

func sendRule(place string) rule { return rule{name: "send|" + place, windows: writeWindows(1)} }

func createRule(place string) rule { return rule{name: "create|" + place, windows: writeWindows(1)} }

// readRule allows twice as many calls as those that write.
func readRule(place string) rule { return rule{name: "read|" + place, windows: writeWindows(2)} }

// writeWindows are the published windows for posts in one conversation, times a factor.
func writeWindows(factor int) []window {
	const perSecond, perTwoSeconds, perHalfMinute, perHour = 7, 8, 60, 1800
	return []window{
		{calls: factor * perSecond, span: time.Second},
		{calls: factor * perTwoSeconds, span: 2 * time.Second},
		{calls: factor * perHalfMinute, span: time.Minute / 2},
		{calls: factor * perHour, span: time.Hour},
	}
}

// reactRule is for all reactions of the bot together.
// Source: "Agent reactions", read 2026-11.
func reactRule() rule { return rule{name: "react", windows: []window{{calls: 2, span: time.Second}}} }

// tenantRule is for all calls of one app in one tenant.
func tenantRule() rule {
	const perSecond = 50
	return rule{name: "tenant", windows: []window{{calls: perSecond, span: time.Second}}}
}

// ensureWithinLimits counts a call against the rules. If one of them allows no more, it answers 429 and returns
// false. Refused calls do not count. Caller holds the lock.
func (c *API) ensureWithinLimits(w http.ResponseWriter, rules ...rule) bool {
	if !c.Opt.Limits {
		return true
	}

	now := c.Now()
	var wait time.Duration
	for _, r := range rules {
		past := c.rates[r.name]
		for _, win := range r.windows {
			calls := max(1, int(float64(win.calls)*c.Opt.RateFactor))
			if len(past) < calls {
				continue
			}
			if oldest := past[len(past)-calls]; now.Sub(oldest) < win.span {
				wait = max(wait, win.span-now.Sub(oldest))
			}
		}
	}

	if wait > 0 {
		calls.Throttle(w, int(math.Ceil(wait.Seconds())))
		return false
	}

	for _, r := range rules {
		longest := slices.MaxFunc(r.windows, func(a, b window) int { return int(a.span - b.span) })
		past := append(c.rates[r.name], now)
		for len(past) > 0 && now.Sub(past[0]) >= longest.span {
			past = past[1:]
		}

		c.rates[r.name] = past
	}

	return true
}
