package teams

import (
	"fmt"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// bucket is a bucket of a budget, as the engine keeps it: so many posts are left, and so many come in by the second.
type bucket struct {
	left      float64
	perSecond float64
	size      float64
}

func (b *bucket) fill(d time.Duration) { b.left = min(b.left+b.perSecond*d.Seconds(), b.size) }

// steadyPoster posts in a thread what the surface's budget allows. Teams' limits hold for it, by a clock that it moves.
type steadyPoster struct {
	w     *world
	short bucket
	wide  bucket
}

// newSteadyPoster makes one, and lets a quiet hour go by, after which its buckets are full. rate is a factor on Teams' limits.
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

// rest lets time go by without posts.
func (p *steadyPoster) rest(span time.Duration) {
	p.w.t.Helper()
	for range span / budgetStep {
		p.pass()
	}
}

// budgetStep is in which steps a steadyPoster moves the clock.
const budgetStep = 200 * time.Millisecond

// pass lets one step of time go by.
func (p *steadyPoster) pass() {
	p.w.advance(budgetStep)
	p.short.fill(budgetStep)
	p.wide.fill(budgetStep)
}

// post lets time go by, in which it posts all that the budget allows. It returns how many posts that were. A post that meets a limit
// of Teams fails the test.
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

// wantPosts checks that a number of posts is at least so high.
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

// Whoever keeps to the budget never meets a limit of Teams, and can post much at once after a quiet time.
func TestBudgetAfterAQuietTime(t *testing.T) {
	t.Parallel()
	forEachRate(t, func(t *testing.T, rate float64) {
		p := newSteadyPoster(t, rate)
		wantPosts(t, "in the first 30 s", p.post(30*time.Second), 50*rate)
	})
}

// Whoever posts all the time gets almost all of what the limits allow, and meets none of them, also after pauses.
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

// Each channel has a budget, which counts all messages in it.
func TestBudgetOfAChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	said := w.surface.Budget(bridge.PostSaid, w.channel)
	wantEqual(t, "budget of a thread's first message", w.surface.Budget(bridge.PostRoot, w.channel), said)
	if other := w.surface.Budget(bridge.PostSaid, "19:other@thread.tacv2"); other.Key == said.Key {
		t.Errorf("two channels share the budget %q", said.Key)
	}
}

// Reactions have one budget for the whole bot.
func TestBudgetOfReactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mark := w.surface.Budget(bridge.PostMark, w.channel)
	wantEqual(t, "budget of reactions in another channel", w.surface.Budget(bridge.PostMark, "19:other@thread.tacv2"), mark)
	if most := float64(mark.Burst) + mark.PerSecond; most >= 3 {
		t.Errorf("got %v reactions in one second, want at most 2", most)
	}
}

// Without a rate there is no limit.
func TestNoBudgetWithoutARate(t *testing.T) {
	t.Parallel()
	s, err := New(Options{AppID: "x", AppPassword: "x", TenantID: "x", Desk: newFakeDesk()})
	noError(t, err)
	b := s.Budget(bridge.PostSaid, "")
	wantEqual(t, "per second", b.PerSecond, 0)
	wantEqual(t, "per second in the wide bucket", b.WidePerSecond, 0)
}
