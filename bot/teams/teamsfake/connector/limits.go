package connector

import (
	"math"
	"net/http"
	"slices"
	"time"

	"parley/bot/teams/teamsfake/calls"
)

// window allows so many calls in so many seconds.
type window struct {
	calls int
	span  time.Duration
}

// rule is one row of the published rate limits.
// Source: "Optimize your bot: Rate limiting and best practices in Teams", read 2026-11.
type rule struct {
	name    string
	windows []window
}

func sendRule(place string) rule {
	return rule{"send|" + place, []window{{7, time.Second}, {8, 2 * time.Second}, {60, 30 * time.Second}, {1800, time.Hour}}}
}

func createRule(place string) rule {
	return rule{"create|" + place, []window{{7, time.Second}, {8, 2 * time.Second}, {60, 30 * time.Second}, {1800, time.Hour}}}
}

func readRule(place string) rule {
	return rule{"read|" + place, []window{{14, time.Second}, {16, 2 * time.Second}, {120, 30 * time.Second}, {3600, time.Hour}}}
}

// reactRule is for all reactions of the bot together.
// Source: "Agent reactions", read 2026-11.
func reactRule() rule { return rule{"react", []window{{2, time.Second}}} }

// tenantRule is for all calls of one app in one tenant.
func tenantRule() rule { return rule{"tenant", []window{{50, time.Second}}} }

// admit counts a call against the rules, or answers 429. Refused calls do not count.
// Caller holds the lock.
func (c *API) admit(w http.ResponseWriter, rules ...rule) bool {
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
