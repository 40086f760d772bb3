package slackfake

import (
	"math"
	"time"
)

// Slack limits how often an app may call each method per minute, and how often it may post to each channel
// per second. If Options.Limits is set, this file emulates these limits: a call that exceeds one gets status
// 429 with the seconds to wait.

// limits holds the state of all rate limits.
type limits struct {
	posts   map[string]*postBucket   // by channel
	minutes map[string]*minuteWindow // by method
}

func newLimits() limits {
	return limits{posts: map[string]*postBucket{}, minutes: map[string]*minuteWindow{}}
}

// postBucket is a token bucket. Each post to the channel takes one token; tokens refill continuously.
type postBucket struct {
	tokens   float64
	filledAt time.Time // when tokens was last computed
}

// minuteWindow counts the calls of a method in the minute that started at begunAt.
type minuteWindow struct {
	begunAt time.Time
	count   int
}

// checkLimit counts a call and refuses it if it exceeds the published rate limits. It does nothing unless
// Options.Limits is set. channel is used only for chat.postMessage. The caller holds the lock.
// Source: docs.slack.dev/apis/web-api/rate-limits, read 2026-11.
func (a *webAPI) checkLimit(method string, callsPerMinute int, channel string) *WorkspaceRefusal {
	if !a.Opt.Limits {
		return nil
	}
	if method == "chat.postMessage" {
		return a.limitPost(channel)
	}

	now := a.Now()
	minute := a.limits.minutes[method]
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

// limitPost allows Options.PostPerSecond posts to a channel, with bursts of Options.PostBurst.
func (a *webAPI) limitPost(channel string) *WorkspaceRefusal {
	now, burst := a.Now(), float64(a.Opt.PostBurst)
	bucket := a.limits.posts[channel]
	if bucket == nil {
		bucket = &postBucket{tokens: burst, filledAt: now}
		a.limits.posts[channel] = bucket
	}

	elapsed := max(now.Sub(bucket.filledAt).Seconds(), 0) // a test may set the clock back
	bucket.tokens = min(burst, bucket.tokens+elapsed*a.Opt.PostPerSecond)
	bucket.filledAt = now
	if bucket.tokens < 1 {
		secondsToWait := (1 - bucket.tokens) / a.Opt.PostPerSecond
		return tooMany(time.Duration(secondsToWait * float64(time.Second)))
	}
	bucket.tokens--
	return nil
}

// tooMany returns a refusal with status 429. The time to wait is rounded up to whole seconds, as in Slack's
// Retry-After.
func tooMany(wait time.Duration) *WorkspaceRefusal {
	return &WorkspaceRefusal{Code: "ratelimited", Retry: max(1, int(math.Ceil(wait.Seconds())))}
}
