package web_test

import (
	"testing"
	"time"

	"parley/bot/web"
)

// However many tokens somebody tries at one moment, few of them are looked up; others are not kept waiting.
func TestTokensAreLookedUpWithinALimit(t *testing.T) {
	t.Parallel()
	waits := web.LookUps(func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	looked := 0
	for range 5000 {
		if !waits("192.0.2.7:40000") {
			looked++
		}
	}
	if looked == 0 || looked > 1000 {
		t.Errorf("%d of 5000 tokens were looked up", looked)
	}
	if waits("192.0.2.8:40000") {
		t.Error("a program elsewhere has to wait")
	}
}
