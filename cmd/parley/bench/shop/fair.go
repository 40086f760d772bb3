package shop

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/load"
	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/lab"
)

// A flood is thousands of messages at once. This file measures whether a flood makes other customers wait: customers
// of other accounts, and other customers of the same account. Ten accounts share one Parley.

const (
	fairOthers   = 9           // accounts beside the flooded one
	fairTogether = 50          // lines of a flood in one request
	fairRest     = 20          // so few events that wait mean that a flood is over
	fairFlooder  = calmThreads // the number of a customer who writes nothing but a flood
)

// floodSize is one run's size.
type floodSize struct {
	messages int           // of a flood
	window   time.Duration // how long the others are measured without it
}

func floodSizeOf(b *rig.Rig) floodSize {
	return rig.Choose(b,
		floodSize{messages: 10_000, window: 8 * time.Second},
		floodSize{messages: 2000, window: 2 * time.Second},
		floodSize{messages: 150, window: 500 * time.Millisecond})
}

// MeasureFair compares how long a line needs from its request into its thread in three situations:
// alone, while one of ten accounts is flooded, and while one customer floods the account of others.
// It also measures how fast a flood is accepted while it is applied.
func MeasureFair(ctx context.Context, b *rig.Rig) (map[string]figure.Figure, error) {
	var account, sender, accept []float64
	var details []map[string]float64
	for range b.Rounds() {
		r, err := fairRound(ctx, b, floodSizeOf(b))
		if err != nil {
			return nil, err
		}

		account = append(account, r.account/r.alone)
		sender = append(sender, r.sender/r.alone)
		accept = append(accept, r.accepted/r.rows)
		details = append(details, map[string]float64{
			"p99_alone_ms":        r.alone,
			"p99_account_ms":      r.account,
			"p99_sender_ms":       r.sender,
			"accepted_per_second": r.accepted,
			"reference_per_s":     r.rows,
		})
	}

	describe := func(f figure.Figure, note string) figure.Figure {
		return f.WithNote(fmt.Sprintf("%s; flood of %d messages", note, floodSizeOf(b).messages)).With(figure.MedianDetails(details))
	}

	return map[string]figure.Figure{
		"fair_account": describe(figure.AtMost(2, "ratio", account...), "p99 of nine other accounts"),
		"fair_sender":  describe(figure.AtMost(2, "ratio", sender...), "p99 of other customers"),
		"fair_accept":  describe(figure.AtLeast(load.BusyTarget, "ratio", accept...), "ten accounts are applied meanwhile"),
	}, nil
}

// fairness is what one round showed.
type fairness struct {
	alone    float64 // p99 in ms of the measured customers while nobody else writes
	account  float64 // the same beside a flooded account
	sender   float64 // the same beside a customer who floods
	accepted float64 // lines of the first flood that were accepted a second
	rows     float64 // the reference: rows inserted a second, by as many clients as accept_ratio_busy has
}

func fairRound(ctx context.Context, b *rig.Rig, size floodSize) (r fairness, err error) {
	s, err := openShops(ctx, b, fairOthers, rig.SlackOptions{})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()

	if r.rows, err = s.measureInserts(ctx); err != nil {
		return r, err
	}
	if r.alone, err = s.measureCalm(ctx, size.window); err != nil {
		return r, err
	}
	if r.account, r.accepted, err = s.measureFlood(ctx, size, 0, budgetThreads, isInFullChannel); err != nil {
		return r, err
	}

	isFlooder := func(who string) bool { return who == shopperName(1, fairFlooder) }
	if r.sender, _, err = s.measureFlood(ctx, size, 1, 1, isFlooder); err != nil {
		return r, err
	}

	after, err := s.measureInserts(ctx)
	if err != nil {
		return r, err
	}

	r.rows = (r.rows + after) / 2
	return r, s.checkThreads()
}

// measureFlood lets so many customers of an account write as fast as Parley takes it; a single one is fairFlooder.
// p99 is the latency in ms of what is written meanwhile by all customers whom isLeftOut doesn't leave out. perSecond
// is how many lines of the flood were accepted.
func (s *shoppers) measureFlood(
	ctx context.Context, size floodSize, account, customers int, isLeftOut func(who string) bool,
) (p99, perSecond float64, err error) {
	m, err := s.openWriter(ctx, account)
	if err != nil {
		return 0, 0, err
	}

	p99, err = s.measureBeside(ctx, isLeftOut, func() (err error) {
		defer m.close()
		if perSecond, err = m.sendLines(size.messages, customers); err != nil {
			return err
		}
		return s.waitForQuiet(ctx)
	})
	return p99, perSecond, err
}

const oneLine = `
	SELECT payload
	FROM events
	WHERE payload IS NOT NULL AND account_id = (SELECT id FROM accounts WHERE name = 'shop0')
	LIMIT 1`

// measureInserts is the reference: durable inserts of what the journal keeps of a line.
func (s *shoppers) measureInserts(ctx context.Context) (float64, error) {
	var payload []byte
	if err := s.w.Pool.QueryRow(ctx, oneLine).Scan(&payload); err != nil {
		return 0, fmt.Errorf("bench: read a line of the journal: %w", err)
	}
	perSecond, _, err := s.w.MeasureReference(rig.Clients, payload)(ctx)
	return perSecond, err
}

// sendLines sends lines of customers in turn, and returns how many were accepted a second.
func (m *writer) sendLines(lines, customers int) (perSecond float64, err error) {
	began := time.Now()
	for said := 0; said < lines; said += fairTogether {
		if err := m.writeLines(time.Now(), pickFlooders(said, customers)...); err != nil {
			return 0, err
		}
	}
	return float64(lines) / time.Since(began).Seconds(), nil
}

// pickFlooders returns the numbers of the customers who write in a flood's next request, after so many lines.
func pickFlooders(said, customers int) []int {
	list := make([]int, fairTogether)
	for i := range list {
		list[i] = (said + i) % customers
		if customers == 1 {
			list[i] = fairFlooder
		}
	}
	return list
}

// waitForQuiet waits until fewer than fairRest facts are left to apply.
func (s *shoppers) waitForQuiet(ctx context.Context) error {
	for deadline := time.Now().Add(budgetWithin); time.Now().Before(deadline); {
		l, err := lab.ReadLoad(ctx, s.w.Pool)
		if err != nil || l.Pending < fairRest {
			return err
		}
		if !pause.For(ctx, rig.LookEvery) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("%w: the flood was not applied within %s", rig.ErrNotDrained, budgetWithin)
}
