package openai

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestWait bounds what a server may ask for.
const longestWait = time.Hour

// retryAfter reads how long a server asks to wait: in milliseconds, in seconds, or until a date. It returns 0 if the server doesn't say.
// Source: RFC 9110 section 10.2.3; retry-after-ms is OpenAI's own, as its clients read it.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, ok := parseNumber(h.Get("Retry-After-Ms")); ok {
		const inSecond = 1000
		return boundWait(ms / inSecond)
	}
	value := h.Get("Retry-After")
	if seconds, ok := parseNumber(value); ok {
		return boundWait(seconds)
	}
	if at, err := http.ParseTime(value); err == nil {
		return boundWait(at.Sub(now).Seconds())
	}
	return 0
}

func parseNumber(s string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && !math.IsNaN(n)
}

// boundWait makes a duration of what a server asks for: at least a millisecond, since 0 means that it asked for nothing.
func boundWait(seconds float64) time.Duration {
	d := time.Duration(min(max(seconds, 0), longestWait.Seconds()) * float64(time.Second))
	return max(d, time.Millisecond)
}
