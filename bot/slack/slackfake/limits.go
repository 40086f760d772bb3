package slackfake

import (
	"math"
	"time"
)

// bucket counts calls: a token bucket for posts, a fixed minute for the tiers.
type bucket struct {
	tokens float64
	at     time.Time
	count  int
}

// limit applies the published rate limits when Options.Limits is set. Caller holds s.mu.
// Source: docs.slack.dev/apis/web-api/rate-limits, read 2026-11.
func (s *Server) limit(method string, tier int, channel string) *apiError {
	switch {
	case !s.opt.Limits:
		return nil
	case method == "chat.postMessage":
		return s.limitPost(channel)
	}
	b := s.bucket(method)
	now := s.now()
	if now.Sub(b.at) >= time.Minute {
		b.at, b.count = now, 0
	}
	if float64(b.count) >= float64(tier)*s.opt.TierFactor {
		return tooMany(b.at.Add(time.Minute).Sub(now))
	}
	b.count++
	return nil
}

// limitPost lets a channel have PostPerSecond with bursts of PostBurst.
func (s *Server) limitPost(channel string) *apiError {
	b := s.bucket("post|" + channel)
	now := s.now()
	if b.at.IsZero() {
		b.tokens = float64(s.opt.PostBurst)
	}
	b.tokens = min(float64(s.opt.PostBurst), b.tokens+max(now.Sub(b.at).Seconds(), 0)*s.opt.PostPerSecond)
	b.at = now
	if b.tokens < 1 {
		return tooMany(time.Duration((1 - b.tokens) / s.opt.PostPerSecond * float64(time.Second)))
	}
	b.tokens--
	return nil
}

func (s *Server) bucket(key string) *bucket {
	b := s.buckets[key]
	if b == nil {
		b = &bucket{}
		s.buckets[key] = b
	}
	return b
}

// tooMany is a 429; Retry-After is in whole seconds, at least one.
func tooMany(wait time.Duration) *apiError {
	return &apiError{code: "ratelimited", retry: max(1, int(math.Ceil(wait.Seconds())))}
}
