package slackfake

import (
	"math"
	"time"

	"parley/bot/slack/slackfake/workspace"
)

// Slack limits how often an app calls each method per minute, and how often it posts in each channel per
// second. If Options.Limits is set, the emulator does so, too, and answers 429 with the seconds to wait.

// limits count calls against Slack's rate limits.
type limits struct {
	posts   map[string]*postBucket   // by channel
	minutes map[string]*minuteWindow // by method
}

func newLimits() limits {
	return limits{posts: map[string]*postBucket{}, minutes: map[string]*minuteWindow{}}
}

// postBucket is a token bucket: the number of posts that a channel takes now. It refills by the second.
type postBucket struct {
	tokens   float64
	filledAt time.Time // the time at which tokens was computed
}

// minuteWindow counts the calls of a method in the minute from begunAt on.
type minuteWindow struct {
	begunAt time.Time
	count   int
}

// checkLimit counts a call and refuses it if it exceeds the published rate limits. It does nothing unless
// Options.Limits is set. The caller holds the lock.
// Source: docs.slack.dev/apis/web-api/rate-limits, read 2026-11.
func (a *webAPI) checkLimit(method string, callsPerMinute int, channel string) *workspace.Refusal {
	if !a.Opt.Limits {
		return nil
	}
	if method == "chat.postMessage" {
		return a.limitPost(channel)
	}

	minute, now := a.limits.minutes[method], a.Now()
	if minute == nil || now.Sub(minute.begunAt) >= time.Minute {
		minute = &minuteWindow{begunAt: now}
		a.limits.minutes[method] = minute
	}
	if float64(minute.count) >= float64(callsPerMinute)*a.Opt.TierFactor {
		return tooMany(minute.begunAt.Add(time.Minute).Sub(now))
	}

	minute.count++
	return nil
}

// limitPost lets a channel have PostPerSecond with bursts of PostBurst.
func (a *webAPI) limitPost(channel string) *workspace.Refusal {
	now, burst := a.Now(), float64(a.Opt.PostBurst)
	b := a.limits.posts[channel]
	if b == nil {
		b = &postBucket{tokens: burst, filledAt: now}
		a.limits.posts[channel] = b
	}

	elapsed := max(now.Sub(b.filledAt).Seconds(), 0) // a test may set the clock back
	b.tokens = min(burst, b.tokens+elapsed*a.Opt.PostPerSecond)
	b.filledAt = now
	if b.tokens < 1 {
		return tooMany(time.Duration((1 - b.tokens) / a.Opt.PostPerSecond * float64(time.Second)))
	}
	b.tokens--
	return nil
}

// tooMany is a 429; Retry-After is in whole seconds, at least one.
func tooMany(wait time.Duration) *workspace.Refusal {
	return &workspace.Refusal{Code: "ratelimited", Retry: max(1, int(math.Ceil(wait.Seconds())))}
}
