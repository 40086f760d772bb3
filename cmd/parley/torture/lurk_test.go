package torture

import (
	"path/filepath"
	"testing"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/child"
	"parley/cmd/parley/torture/world"
)

// lurking lets a blow wait for the first bytes of a mail. spring lets these pass on a connection of r until the
// blow stops waiting, and says what became of it.
func lurking(t *testing.T, c *chaos, r *replica) (struck, missed int) {
	t.Helper()
	c.net, c.driver, c.began = &network{}, newDriver(world.Wire{}, Options{}), time.Now()
	c.say, c.missed = t.Logf, map[string]int{}
	before := c.struck[harmClaimStop]
	h := harm{Name: harmClaimStop, Way: waySMTP, For: time.Millisecond}
	l := &link{p: &proxy{owner: r}, way: waySMTP}
	over := make(chan struct{})
	go func() {
		defer close(over)
		c.lurk(t.Context(), h)
	}()
	for n := 0; ; n++ {
		select {
		case <-over:
			c.under.Wait()
			return c.struck[harmClaimStop] - before, c.missed[harmClaimStop]
		default:
		}
		c.net.traps.pass(l, []byte("MAIL FROM:<help@acme.test>"), true)
		if n == 20 && r.now == nil {
			r.mu.Lock()
			r.now = running(t)
			r.mu.Unlock()
		}
		if !pause.For(t.Context(), time.Millisecond) {
			t.Fatal("the blow waits for ever")
		}
	}
}

// running is a process that does nothing.
func running(t *testing.T) *child.Process {
	t.Helper()
	p, err := child.Start(child.Spec{Name: "idle", Program: []string{"sleep", "600"}, Env: child.CleanEnv(), Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.End)
	return p
}

// TestLurkAgain: a blow that meets its moment when its process has just ended waits for the next one.
func TestLurkAgain(t *testing.T) {
	t.Parallel()
	c := &chaos{opt: Options{Blows: map[string]int{harmClaimStop: 1}}, patience: time.Minute, struck: map[string]int{}}
	if struck, missed := lurking(t, c, &replica{}); struck != 1 || missed != 0 {
		t.Errorf("struck %d, missed %d", struck, missed)
	}
}

// TestLurkOn: a blow waits longer than others only if a good run needs it.
func TestLurkOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ planned, fell, struck int }{{1, 0, 1}, {4, 1, 1}, {4, 2, 0}, {2, 1, 0}} {
		ch := &chaos{opt: Options{Blows: map[string]int{harmClaimStop: c.planned}}, struck: map[string]int{harmClaimStop: c.fell}}
		struck, missed := lurking(t, ch, &replica{})
		if struck != c.struck || struck+missed != 1 {
			t.Errorf("%d of %d fell: struck %d, missed %d", c.fell, c.planned, struck, missed)
		}
	}
}

// TestLurkAfter: where the chat limits what Parley may read, replies leave later.
func TestLurkAfter(t *testing.T) {
	t.Parallel()
	free, limited := Options{}, Options{Rate: 1}
	if limited.lurkAfter() <= free.lurkAfter() || newDriver(world.Wire{}, limited).wishes.every <= newDriver(world.Wire{}, free).wishes.every {
		t.Error("nobody waits longer there")
	}
}
