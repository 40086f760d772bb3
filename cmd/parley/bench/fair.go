package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/channels"
	"parley/channels/channelstest"
)

const (
	fairTogether = 50 // lines of a flood in one request
	fairRest     = 20 // events that wait when a flood is over
	fairFlooder  = calmThreads / budgetOthers
)

// crush is the size of a flood.
type crush struct {
	messages int
	window   time.Duration // how long the others are measured alone
}

func (b *bench) crush() crush {
	switch {
	case b.short:
		return crush{messages: 300, window: 500 * time.Millisecond}
	case b.opt.Quick:
		return crush{messages: 2000, window: 2 * time.Second}
	}
	return crush{messages: 10_000, window: 8 * time.Second}
}

// fairGroup measures how long a line needs from its request into its thread while an account is
// flooded, and while one customer floods the account of others, beside what it needs alone.
func fairGroup(b *bench, ctx context.Context) (map[string]Figure, error) {
	account, sender := []float64{}, []float64{}
	details := map[string]float64{}
	for range b.rounds() {
		alone, account99, sender99, err := fairRound(ctx, b, b.crush())
		if err != nil {
			return nil, err
		}
		account, sender = append(account, account99/alone), append(sender, sender99/alone)
		details = map[string]float64{"p99_alone_ms": alone, "p99_account_ms": account99, "p99_sender_ms": sender99}
	}
	named := func(f Figure, note string) Figure {
		f.Note = fmt.Sprintf("p99 of other %s; flood of %d messages", note, b.crush().messages)
		return f.with(details)
	}
	return map[string]Figure{
		"fair_account": named(atMost(2, "ratio", account...), "accounts"),
		"fair_sender":  named(atMost(2, "ratio", sender...), "customers"),
	}, nil
}

// fairRound gives the slowest hundredths in ms: alone, beside a flooded account, beside a customer
// who floods.
func fairRound(ctx context.Context, b *bench, size crush) (alone, account, sender float64, err error) {
	provider, err := channelstest.StartProvider(nil)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, provider.Close()) }()
	w, err := startWorld(ctx, b, worldOptions{
		specs:  []channels.Spec{channelstest.Spec()},
		slack:  &slackOptions{channels: 1 + budgetOthers},
		config: func(w *world) string { return w.slackConfig(budgetAccounts(provider.URL())) },
	})
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	c, err := w.parley(ctx, parleyOptions{args: b.measured()})
	if err != nil {
		return 0, 0, 0, err
	}
	s := &shoppers{w: w, c: c, said: map[string]int{}, at: map[string]time.Time{}}
	if err := s.open(ctx); err != nil {
		return 0, 0, 0, err
	}
	if alone, err = s.calm(ctx, size.window); err != nil {
		return 0, 0, 0, err
	}
	if account, err = s.flood(ctx, size, 0, budgetThreads, full); err != nil {
		return 0, 0, 0, err
	}
	one := shopper(1, fairFlooder)
	if sender, err = s.flood(ctx, size, 1, 1, func(who string) bool { return who == one }); err != nil {
		return 0, 0, 0, err
	}
	return alone, account, sender, s.check()
}

// flood lets customers of an account write as fast as Parley takes it, and gives p99 in ms of what
// all others write meanwhile. The flood of a single customer is one of somebody new.
func (s *shoppers) flood(ctx context.Context, size crush, account, customers int, of func(who string) bool) (float64, error) {
	m, err := s.mouth(ctx, account)
	if err != nil {
		return 0, err
	}
	stop, began := make(chan struct{}), time.Now()
	var group errgroup.Group
	group.Go(func() error { return s.talk(ctx, stop) })
	group.Go(func() error {
		defer close(stop)
		for said := 0; said < size.messages; said += fairTogether {
			if err := m.say(time.Now(), flooders(said, customers)...); err != nil {
				return err
			}
		}
		return s.ebb(ctx)
	})
	if err := group.Wait(); err != nil {
		return 0, err
	}
	m.close()
	if err := s.w.drain(ctx, budgetWithin); err != nil {
		return 0, err
	}
	return percentile(s.latencies(began, of), 0.99), nil
}

// flooders names who speaks in a flood's next request.
func flooders(said, customers int) []int {
	list := make([]int, fairTogether)
	for i := range list {
		if list[i] = (said + i) % customers; customers == 1 {
			list[i] = fairFlooder
		}
	}
	return list
}

// ebb waits until next to nothing is left to apply.
func (s *shoppers) ebb(ctx context.Context) error {
	for deadline := time.Now().Add(budgetWithin); time.Now().Before(deadline); {
		l, err := s.w.load(ctx)
		if err != nil || l.Pending < fairRest {
			return err
		}
		if !pause(ctx, 50*time.Millisecond) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("%w: the flood was not applied within %s", errBudget, budgetWithin)
}
