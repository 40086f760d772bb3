package teamsfake

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"time"
)

// This file emulates Teams' rate limits for bots. A limit has several windows: a bot may post to one conversation 7 times in
// a second, but only 8 times in two seconds. The emulator keeps the times of past calls and answers 429 with Retry-After
// when a window is full.

// window allows a number of calls within any span of time of this length.
type window struct {
	calls int
	span  time.Duration
}

// rule is one of the published rate limits. Each name has its own count of calls, such as "send|19:tickets@thread.tacv2".
// Source: "Optimize your bot: Rate limiting and best practices in Teams", read 2026-11.
type rule struct {
	name    string
	windows []window
}

func sendRule(conversation string) rule {
	return rule{name: "send|" + conversation, windows: conversationWindows(1)}
}

func createRule(conversation string) rule {
	return rule{name: "create|" + conversation, windows: conversationWindows(1)}
}

// readRule allows twice as many calls as sendRule.
func readRule(conversation string) rule {
	return rule{name: "read|" + conversation, windows: conversationWindows(2)}
}

// conversationWindows returns the published windows for posts to one conversation, with their calls multiplied by factor.
func conversationWindows(factor int) []window {
	const perSecond, perTwoSeconds, perHalfMinute, perHour = 7, 8, 60, 1800
	return []window{
		{calls: factor * perSecond, span: time.Second},
		{calls: factor * perTwoSeconds, span: 2 * time.Second},
		{calls: factor * perHalfMinute, span: time.Minute / 2},
		{calls: factor * perHour, span: time.Hour},
	}
}

// reactRule limits all reactions of the bot together.
// Source: "Agent reactions", read 2026-11.
func reactRule() rule { return rule{name: "react", windows: []window{{calls: 2, span: time.Second}}} }

// tenantRule limits all calls of one app in one tenant.
func tenantRule() rule {
	const perSecond = 50
	return rule{name: "tenant", windows: []window{{calls: perSecond, span: time.Second}}}
}

// ensureWithinLimits counts a call against rules. If one of them doesn't allow it, it answers 429 and returns false. Refused
// calls don't count. The caller holds the lock.
func (api *API) ensureWithinLimits(w http.ResponseWriter, rules ...rule) bool {
	if !api.Opt.Limits {
		return true
	}

	now := api.Now()
	var wait time.Duration
	for _, r := range rules {
		wait = max(wait, r.waitAfter(api.rates[r.name], now, api.Opt.RateFactor))
	}
	if wait > 0 {
		Throttle(w, int(math.Ceil(wait.Seconds())))
		return false
	}

	for _, r := range rules {
		api.rates[r.name] = r.keep(append(api.rates[r.name], now), now)
	}
	return true
}

// waitAfter returns how long the next call has to wait; 0 means that it is allowed now. past has the times of earlier calls,
// oldest first. factor multiplies the allowed number of calls, so that tests can lower the limits.
func (r rule) waitAfter(past []time.Time, now time.Time, factor float64) time.Duration {
	var wait time.Duration
	for _, win := range r.windows {
		allowed := max(1, int(float64(win.calls)*factor))
		if len(past) < allowed {
			continue
		}
		oldest := past[len(past)-allowed] // the next call is allowed once this one leaves the window
		wait = max(wait, win.span-now.Sub(oldest))
	}
	return wait
}

// keep returns the past calls that still count, that is, those within the rule's longest window. It reuses the slice.
func (r rule) keep(past []time.Time, now time.Time) []time.Time {
	longest := slices.MaxFunc(r.windows, func(a, b window) int { return cmp.Compare(a.span, b.span) }).span
	return slices.DeleteFunc(past, func(at time.Time) bool { return now.Sub(at) >= longest })
}
