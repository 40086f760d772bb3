package slackfake

import (
	"math"
	"time"

	"parley/bot/slack/slackfake/workspace"
)

// bucket counts calls: a token bucket for posts, a fixed minute for the tiers.
type bucket struct {
	tokens float64
	at     time.Time
	count  int
}

// checkLimit applies the published rate limits when Options.Limits is set. Caller holds the lock.
// Source: docs.slack.dev/apis/web-api/rate-limits, read 2026-11.
func (a *webAPI) checkLimit(method string, tier int, channel string) *workspace.Refusal {
	if !a.Opt.Limits {
		return nil
	}
	if method == "chat.postMessage" {
		return a.limitPost(channel)
	}

	b := a.findBucket(method)
	now := a.Now()
	if now.Sub(b.at) >= time.Minute {
		b.at, b.count = now, 0
	}
	if float64(b.count) >= float64(tier)*a.Opt.TierFactor {
		return tooMany(b.at.Add(time.Minute).Sub(now))
	}

	b.count++
	return nil
}

// limitPost lets a channel have PostPerSecond with bursts of PostBurst.
func (a *webAPI) limitPost(channel string) *workspace.Refusal {
	b := a.findBucket("post|" + channel)
	now := a.Now()
	if b.at.IsZero() {
		b.tokens = float64(a.Opt.PostBurst)
	}
	b.tokens = min(float64(a.Opt.PostBurst), b.tokens+max(now.Sub(b.at).Seconds(), 0)*a.Opt.PostPerSecond)
	b.at = now
	if b.tokens < 1 {
		return tooMany(time.Duration((1 - b.tokens) / a.Opt.PostPerSecond * float64(time.Second)))
	}
	b.tokens--
	return nil
}

func (a *webAPI) findBucket(key string) *bucket {
	b := a.buckets[key]
	if b == nil {
		b = &bucket{}
		a.buckets[key] = b
	}
	return b
}

// tooMany is a 429; Retry-After is in whole seconds, at least one.
func tooMany(wait time.Duration) *workspace.Refusal {
	return &workspace.Refusal{Code: "ratelimited", Retry: max(1, int(math.Ceil(wait.Seconds())))}
}
