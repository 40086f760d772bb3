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

// This file measures whether a flood, which is thousands of messages at once, makes other customers wait. Ten
// accounts (mailboxes or phone numbers of a company, for example) share one Parley. First all customers of one
// account flood it, then a single customer floods another account. In both cases the latency of everybody else
// should at most double.

const (
	fairOthers   = 9           // accounts in addition to the flooded one
	fairTogether = 50          // messages of a flood in one request
	fairRest     = 20          // a flood is over when fewer events than this are waiting
	fairFlooder  = calmThreads // number of the customer who floods an account alone
)

// floodSize is how much is sent in one round.
type floodSize struct {
	messages int           // messages in a flood
	window   time.Duration // how long latency is measured without a flood
}

func floodSizeOf(b *rig.Rig) floodSize {
	return rig.Choose(b,
		floodSize{messages: 10_000, window: 8 * time.Second},
		floodSize{messages: 2000, window: 2 * time.Second},
		floodSize{messages: 150, window: 500 * time.Millisecond})
}

// MeasureFair compares the latency of messages, from the customer's request to the post in the thread, in three
// situations: without a flood, while another account is flooded, and while another customer floods the same
// account. It also measures how many events per second Parley accepts during a flood.
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

// fairness is the result of one round.
type fairness struct {
	alone    float64 // p99 latency in ms without a flood
	account  float64 // the same while another account is flooded
	sender   float64 // the same while another customer floods the account
	accepted float64 // messages per second that were accepted during the first flood
	rows     float64 // the reference: rows inserted per second
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
	const floodedByAll, floodedByOne = 0, 1 // accounts
	if r.account, r.accepted, err = s.measureFlood(ctx, size, floodedByAll, budgetThreads, isInFullChannel); err != nil {
		return r, err
	}

	isFlooder := func(who string) bool { return who == shopperName(floodedByOne, fairFlooder) }
	if r.sender, _, err = s.measureFlood(ctx, size, floodedByOne, 1, isFlooder); err != nil {
		return r, err
	}

	after, err := s.measureInserts(ctx)
	if err != nil {
		return r, err
	}

	r.rows = (r.rows + after) / 2
	return r, s.checkThreads()
}

// measureFlood makes customers of an account write as fast as Parley accepts it. If customers is 1, fairFlooder
// is the one who writes. p99 is the latency in ms of messages written during the flood by all other customers:
// those for whom isLeftOut returns false. perSecond is how many messages of the flood were accepted per second.
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

// measureInserts measures the reference: how many rows of the size of a stored message PostgreSQL commits per
// second.
func (s *shoppers) measureInserts(ctx context.Context) (float64, error) {
	var payload []byte
	if err := s.w.Pool.QueryRow(ctx, oneLine).Scan(&payload); err != nil {
		return 0, fmt.Errorf("bench: read a line of the journal: %w", err)
	}
	perSecond, _, err := s.w.MeasureReference(rig.Clients, payload)(ctx)
	return perSecond, err
}

// sendLines sends lines of customers in turn, and returns how many were accepted per second.
func (m *writer) sendLines(lines, customers int) (perSecond float64, err error) {
	began := time.Now()
	for sent := 0; sent < lines; sent += fairTogether {
		if err := m.writeLines(time.Now(), pickFlooders(sent, customers)...); err != nil {
			return 0, err
		}
	}
	return float64(lines) / time.Since(began).Seconds(), nil
}

// pickFlooders returns the numbers of the customers who write in the next request of a flood, after sent lines.
func pickFlooders(sent, customers int) []int {
	list := make([]int, fairTogether)
	for i := range list {
		list[i] = (sent + i) % customers
		if customers == 1 {
			list[i] = fairFlooder
		}
	}
	return list
}

// waitForQuiet waits until fewer than fairRest events are waiting to be processed.
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
