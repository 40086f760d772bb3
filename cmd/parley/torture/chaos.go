package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
)

// harm is one blow of the schedule.
type harm struct {
	At   time.Duration // from the beginning of the flow
	Name string
	N    int // which replica
}

// Names of harms.
const (
	harmKill    = "kill"
	harmFreeze  = "freeze"
	harmBase    = "kill database"
	harmSockets = "drop sockets"
	harmMail    = "cut mail"
	harmLimit   = "limit slack"
)

// schedule makes the blows of a seed: the same seed, the same schedule.
func schedule(seed uint64, o Options) []harm {
	rng := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // to be repeated
	var list []harm
	add := func(name string, n int) {
		for i := range n {
			// One in each n-th part of the time, so that none meets an idle end.
			part := o.Flow / time.Duration(n)
			at := part*time.Duration(i) + time.Duration(rng.Int64N(int64(part)))
			list = append(list, harm{at, name, rng.IntN(o.Replicas)})
		}
	}
	add(harmKill, o.Kills)
	add(harmFreeze, o.Freezes)
	add(harmBase, o.BaseKills)
	add(harmSockets, max(2, o.Kills/2))
	add(harmMail, max(2, o.Kills/2))
	add(harmLimit, 2)
	slices.SortFunc(list, func(a, b harm) int { return int(a.At - b.At) })
	return list
}

// slackFaults spoil the Web API and the events all the time.
func slackFaults() []slackfake.Fault {
	const often, seldom = 0.04, 0.02
	return []slackfake.Fault{
		{Method: "chat.*", Kind: slackfake.FaultHTTP, Status: 503, Chance: often},
		{Method: "chat.*", Kind: slackfake.FaultHTTP, Status: 502, After: true, Chance: seldom},
		{Method: "chat.*", Kind: slackfake.FaultDrop, Chance: seldom},
		{Method: "chat.*", Kind: slackfake.FaultDrop, After: true, Chance: seldom},
		{Method: "chat.*", Kind: slackfake.FaultRateLimit, Retry: 1, Chance: seldom},
		{Method: "conversations.*", Kind: slackfake.FaultHTTP, Chance: often},
		{Method: "reactions.*", Kind: slackfake.FaultDrop, After: true, Chance: often},
		{Method: "event:*", Kind: slackfake.FaultDuplicate, Chance: often},
		{Method: "event:*", Kind: slackfake.FaultReorder, Chance: seldom},
		{Method: "event:*", Kind: slackfake.FaultDrop, Chance: 0.005},
	}
}

// mailFaults spoil IMAP and SMTP all the time.
func mailFaults() []mailfake.Fault {
	const often, seldom = 0.04, 0.02
	return []mailfake.Fault{
		{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: seldom, Bytes: 100},
		{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Times: mailfake.Forever, Probability: seldom},
		{Op: mailfake.OpSMTPConnect, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: seldom},
		{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpSELECT, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpSEARCH, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpIDLE, Action: mailfake.ActionBye, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpAPPEND, Action: mailfake.ActionDropAfter, Times: mailfake.Forever, Probability: often},
	}
}

// chaos strikes as scheduled.
type chaos struct {
	wire     wire
	replicas []*replica
	database *database
	opt      Options
	say      func(format string, args ...any)

	mu     sync.Mutex
	struck map[string]int
	frozen sync.WaitGroup
}

// arm spoils the providers.
func (c *chaos) arm(ctx context.Context) error {
	for _, f := range slackFaults() {
		if err := c.wire.slackFault(ctx, f); err != nil {
			return err
		}
	}
	for _, f := range mailFaults() {
		if err := c.wire.mailFault(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// run strikes every blow of the schedule and returns when the last one is over.
// Errors: the emulators don't answer, the database does not come back.
func (c *chaos) run(ctx context.Context, list []harm) error {
	defer c.frozen.Wait()
	began := time.Now()
	for _, h := range list {
		if !pause(ctx, h.At-time.Since(began)) {
			return ctx.Err()
		}
		if err := c.strike(ctx, h); err != nil {
			return fmt.Errorf("torture: %s: %w", h.Name, err)
		}
		c.mu.Lock()
		c.struck[h.Name]++
		c.mu.Unlock()
		c.say("%6.1fs  %s", time.Since(began).Seconds(), h.describe(c.opt))
	}
	return nil
}

func (h harm) describe(o Options) string {
	switch {
	case h.Name == harmKill && o.Replicas > 1, h.Name == harmFreeze && o.Replicas > 1:
		return fmt.Sprintf("%s replica %d", h.Name, h.N+1)
	}
	return h.Name
}

func (c *chaos) strike(ctx context.Context, h harm) error {
	r := c.replicas[h.N]
	switch h.Name {
	case harmKill:
		r.kill()
	case harmFreeze:
		r.freeze()
		c.frozen.Go(func() {
			pause(ctx, c.opt.FreezeFor)
			r.thaw()
		})
	case harmBase:
		return c.database.killAndStart(ctx)
	case harmSockets:
		return c.wire.dropSockets(ctx)
	case harmMail:
		return c.wire.cutMail(ctx)
	case harmLimit:
		return c.wire.slackFault(ctx, slackfake.Fault{Method: "chat.*", Kind: slackfake.FaultRateLimit, For: 3 * time.Second})
	}
	return nil
}

// counts gives how often each kind of blow struck.
func (c *chaos) counts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := map[string]int{}
	for k, n := range c.struck {
		list[k] = n
	}
	return list
}
