package connector

import (
	"cmp"
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
		wait = max(wait, r.waitAfter(c.rates[r.name], now, c.Opt.RateFactor))
	}
	if wait > 0 {
		calls.Throttle(w, int(math.Ceil(wait.Seconds())))
		return false
	}

	for _, r := range rules {
		c.rates[r.name] = r.keep(append(c.rates[r.name], now), now)
	}
	return true
}

// waitAfter returns how long the next call has to wait after those in the past, which are in order; 0 means not at all.
// factor multiplies what the rule allows.
func (r rule) waitAfter(past []time.Time, now time.Time, factor float64) time.Duration {
	var wait time.Duration
	for _, win := range r.windows {
		allowed := max(1, int(float64(win.calls)*factor))
		if len(past) < allowed {
			continue
		}
		oldest := past[len(past)-allowed] // of as many calls as the window allows
		wait = max(wait, win.span-now.Sub(oldest))
	}
	return wait
}

// keep returns those of the calls in the past that still count.
func (r rule) keep(past []time.Time, now time.Time) []time.Time {
	longest := slices.MaxFunc(r.windows, func(a, b window) int { return cmp.Compare(a.span, b.span) }).span
	return slices.DeleteFunc(past, func(at time.Time) bool { return now.Sub(at) >= longest })
}
