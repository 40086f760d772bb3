package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
)

const (
	replicaCount      = 3
	replicaBoxes      = 300
	replicaMails      = 1500 // that are sent at once
	replicaSingles    = 40   // that are sent one at a time
	sharedLook        = 200 * time.Millisecond
	replicaRateTarget = 0.8
	replicaP95Target  = 2
	replicasWithin    = 3 * time.Minute
)

// MeasureReplicas compares three Parleys that share 300 mailboxes with one that has them all.
func MeasureReplicas(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	boxes := replicaBoxes
	mails, singles := replicaMails, replicaSingles
	if b.Opt.Short {
		boxes = replicaBoxes / 25
		mails, singles = shortMails, shortSingles
	} else if b.Opt.Quick {
		const why = "left out by --quick: connects 300 mailboxes"
		return map[string]figure.Figure{"replicas_mail": figure.LeftOut(replicaRateTarget, false, "ratio", why), "replicas_p95": figure.LeftOut(replicaP95Target, true, "ratio", why)}, nil
	}

	one, err := startReplicas(ctx, b, 1, boxes, mails)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, one.close()) }()
	three, err := startReplicas(ctx, b, replicaCount, boxes, mails)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, three.close()) }()
	fetch := func(r *mailRun) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			rate, _, err := r.fetch(ctx)
			return rate, err
		}
	}

	m, err := b.Bracket(ctx, b.Rounds(), fetch(one), fetch(three))
	if err != nil {
		return nil, err
	}

	p95, details, err := replicaLatencies(ctx, b.Rounds(), singles, one, three)
	if err != nil {
		return nil, err
	}
	if err := three.awaitShared(ctx, replicaCount); err != nil { // nobody may have lost a share meanwhile
		return nil, err
	}

	f := figure.AtLeast(replicaRateTarget, "ratio", m.Ratios()...).With(map[string]float64{
		"three_per_second": figure.Median(m.Values), "one_per_second": figure.Median(m.References())})
	f.Note = figure.Join(fmt.Sprintf("%d mails in %d mailboxes", mails, boxes), m.Note)
	latency := figure.AtMost(replicaP95Target, "ratio", p95...).With(details).WithNote("mail → thread, one at a time")
	return map[string]figure.Figure{"replicas_mail": f, "replicas_p95": latency}, err
}

// replicaLatencies returns the p95 of a mail's way into its thread with three replicas, as shares of
// that with one.
func replicaLatencies(ctx context.Context, rounds, mails int, one, three *mailRun) (shares []float64, details map[string]float64, err error) {
	details = map[string]float64{}
	for range rounds {
		var p95 [2]float64
		for i, r := range []*mailRun{one, three} {
			times, err := r.timeMails(ctx, mails)
			if err != nil {
				return nil, nil, err
			}
			p95[i] = figure.Percentile(times, 0.95)
		}

		shares = append(shares, p95[1]/p95[0])
		details["one_p95_s"], details["three_p95_s"] = p95[0], p95[1]
	}

	return shares, details, nil
}

// startReplicas makes a world with mailboxes and so many Parleys, and waits until they have shared
// the mailboxes.
func startReplicas(ctx context.Context, b *rig.Rig, replicas, boxes, mails int) (_ *mailRun, err error) {
	w, err := startMailWorld(ctx, b, boxes, false, false)
	if err != nil {
		return nil, err
	}

	r := &mailRun{mailWorld: w, count: mails, boxes: boxes}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()

	for i := range replicas {
		c, err := w.Parley(ctx, rig.ParleyOptions{Name: fmt.Sprintf("parley%d", i+1)})
		if err != nil {
			return nil, err
		}
		r.c = c
	}

	if err := w.waitUntilWatched(ctx); err != nil {
		return nil, err
	}

	return r, r.awaitShared(ctx, replicas)
}

// awaitShared waits until the mailboxes are shared. Errors: errShared.
func (r *mailRun) awaitShared(ctx context.Context, replicas int) error {
	ctx, cancel := context.WithTimeout(ctx, replicasWithin)
	defer cancel()
	for {
		err := r.checkShared(ctx, replicas)
		if !errors.Is(err, errShared) || !pause.For(ctx, sharedLook) {
			return err
		}
	}
}

// errShared: a mailbox is read by nobody or by several, or a replica reads far too many.
var errShared = errors.New("bench: replicas: mailboxes are not shared")

const fetchHolders = `
	SELECT count(*), coalesce(max(n), 0), coalesce(sum(n), 0)::bigint
	FROM (SELECT holder, count(*) AS n FROM leases WHERE name ~ '^account:[0-9]+/fetch$' AND until > (SELECT clock_timestamp()) GROUP BY holder) AS h`

// checkShared checks that each replica reads some mailboxes and none far more than its part, and that
// each mailbox has one connection. Errors: errShared.
func (r *mailRun) checkShared(ctx context.Context, replicas int) error {
	var holders, most, held int
	if err := r.Pool.QueryRow(ctx, fetchHolders).Scan(&holders, &most, &held); err != nil {
		return fmt.Errorf("bench: replicas: %w", err)
	}
	sessions := r.mail.State().Sessions
	isEachRead := held == r.boxes && sessions == r.boxes
	isFair := replicas == 1 || most <= 2*r.boxes/replicas
	areAllBusy := holders == replicas && isFair
	if !isEachRead || !areAllBusy {
		return fmt.Errorf("%w: %d mailboxes, %d leases of %d replicas, at most %d of one, %d connections", errShared, r.boxes, held, holders, most, sessions)
	}
	return nil
}
