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
	if ms, ok := number(h.Get("Retry-After-Ms")); ok {
		return bounded(ms / 1000)
	}
	value := h.Get("Retry-After")
	if seconds, ok := number(value); ok {
		return bounded(seconds)
	}
	if at, err := http.ParseTime(value); err == nil {
		return bounded(at.Sub(now).Seconds())
	}
	return 0
}

func number(s string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && !math.IsNaN(n)
}

// bounded: a server that asks to wait no time at all asks to wait a millisecond.
func bounded(seconds float64) time.Duration {
	d := time.Duration(min(max(seconds, 0), longestWait.Seconds()) * float64(time.Second))
	return max(d, time.Millisecond)
}
