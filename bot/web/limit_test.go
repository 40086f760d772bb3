package web_test

import (
	"testing"
	"time"

	"parley/bot/web"
)

// Of tokens that somebody tries at one moment only some are looked up, however many they are. Others don't have to wait for it.
func TestTokensAreLookedUpWithinALimit(t *testing.T) {
	t.Parallel()
	const tried, maxLookedUp = 5000, 1000
	mustWait := web.LookUps(func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	lookedUp := 0
	for range tried {
		if !mustWait("192.0.2.7:40000") {
			lookedUp++
		}
	}
	if lookedUp == 0 || lookedUp > maxLookedUp {
		t.Errorf("%d of %d tokens were looked up, want 1 to %d", lookedUp, tried, maxLookedUp)
	}
	if mustWait("192.0.2.8:40000") {
		t.Error("a program elsewhere has to wait")
	}
}
