package teams

import (
	"fmt"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// bucket is one bucket of a budget, as the engine keeps it: how many posts are left, and how many are added per second.
type bucket struct {
	left      float64
	perSecond float64
	size      float64
}

func (b *bucket) fill(d time.Duration) { b.left = min(b.left+b.perSecond*d.Seconds(), b.size) }

// steadyPoster posts in a thread whatever the surface's budget allows. The fake Teams enforces its limits, by a clock
// that the steadyPoster moves.
type steadyPoster struct {
	w     *world
	short bucket
	wide  bucket
}

// newSteadyPoster makes a steadyPoster and lets a quiet hour pass, after which its buckets are full. rate is a factor
// on Teams' limits.
func newSteadyPoster(t *testing.T, rate float64) *steadyPoster {
	t.Helper()
	w := newClockedWorld(t, func(o *Options, f *teamsfake.Options) { f.Limits, f.RateFactor, o.Rate = true, rate, rate })
	b := w.surface.Budget(bridge.PostSaid, w.channel)
	p := &steadyPoster{
		w:     w,
		short: bucket{left: float64(b.Burst), perSecond: b.PerSecond, size: float64(b.Burst)},
		wide:  bucket{left: float64(b.WideBurst), perSecond: b.WidePerSecond, size: float64(b.WideBurst)},
	}
	p.rest(time.Hour)
	return p
}

// rest lets time pass without posts.
func (p *steadyPoster) rest(span time.Duration) {
	p.w.t.Helper()
	for range span / budgetStep {
		p.pass()
	}
}

// budgetStep is the step in which a steadyPoster moves the clock.
const budgetStep = 200 * time.Millisecond

// pass lets one step of time pass.
func (p *steadyPoster) pass() {
	p.w.advance(budgetStep)
	p.short.fill(budgetStep)
	p.wide.fill(budgetStep)
}

// post lets time pass and makes all posts that the budget allows meanwhile. It returns their number. If a post meets a
// limit of Teams, the test fails.
func (p *steadyPoster) post(span time.Duration) (sent int) {
	p.w.t.Helper()
	for range span / budgetStep {
		p.pass()
		for ; min(p.short.left, p.wide.left) >= 1; sent++ {
			p.w.mustSend(p.w.newSaid(p.w.root, "x"))
			p.short.left--
			p.wide.left--
		}
	}
	return sent
}

// wantPosts checks that at least this many posts were made.
func wantPosts(t *testing.T, when string, got int, least float64) {
	t.Helper()
	if float64(got) < least {
		t.Errorf("%s: got %d posts, want at least %v", when, got, least)
	}
}

// forEachRate runs a check for half of Teams' limits and for all of them.
func forEachRate(t *testing.T, check func(t *testing.T, rate float64)) {
	t.Helper()
	for _, rate := range []float64{0.5, 1} {
		t.Run(fmt.Sprintf("rate %v", rate), func(t *testing.T) {
			t.Parallel()
			check(t, rate)
		})
	}
}

// A poster that posts all the time can use almost all that the limits allow. It meets none of them, also after pauses.
func TestBudgetOfAFlood(t *testing.T) {
	t.Parallel()
	const teamsTakesPerHour = 1800
	forEachRate(t, func(t *testing.T, rate float64) {
		p := newSteadyPoster(t, rate)
		p.post(30 * time.Second)
		wantPosts(t, "in an hour", p.post(time.Hour), 0.95*teamsTakesPerHour*rate)
		wantPosts(t, "in 10 s after that", p.post(10*time.Second), 4*rate)
		p.rest(3 * time.Minute)
		p.post(5 * time.Minute)
	})
}
