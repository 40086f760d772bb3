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

// Several Parleys (replicas) on one database share the mailboxes that they read. This file measures whether three of
// them that share 300 mailboxes are nearly as fast as one that reads them all, and how much longer a single mail
// takes.

const (
	replicaCount      = 3
	replicaBoxes      = 300  // mailboxes
	shortBoxes        = 12   // in tests
	replicaMails      = 1500 // sent at once
	replicaSingles    = 40   // sent one at a time
	replicaRateTarget = 0.8  // of the rate of one Parley, at least
	replicaP95Target  = 2    // times the p95 of one Parley, at most
	shareLookEvery    = 200 * time.Millisecond
	shareWithin       = 3 * time.Minute // until each replica reads its part
)

// MeasureReplicas compares Parleys that share mailboxes with one that has them all: how many mails a second become
// conversations (replicas_mail), and how long a mail takes into its thread (replicas_p95).
func MeasureReplicas(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	if b.LeavesOutLong() {
		return leftOutReplicas(), nil
	}
	boxes, mails, singles := replicaBoxes, replicaMails, replicaSingles
	if b.Opt.Short {
		boxes, mails, singles = shortBoxes, shortMails, shortSingles
	}

	alone, err := startReplicas(ctx, b, 1, boxes, mails)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, alone.close()) }()
	together, err := startReplicas(ctx, b, replicaCount, boxes, mails)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, together.close()) }()

	m, err := rig.Bracket(ctx, b, b.Rounds(), alone.fetch, together.fetch)
	if err != nil {
		return nil, err
	}
	p95, details, err := replicaLatencies(ctx, b.Rounds(), singles, alone, together)
	if err != nil {
		return nil, err
	}
	if err := together.waitUntilShared(ctx, replicaCount); err != nil { // they must still be shared
		return nil, err
	}

	rate := figure.AtLeast(replicaRateTarget, "ratio", m.Ratios()...).With(map[string]float64{
		"three_per_second": figure.Median(m.Values),
		"one_per_second":   figure.Median(m.References),
	}).WithNote(figure.JoinNotes(fmt.Sprintf("%d mails in %d mailboxes", mails, boxes), m.Note))
	latency := figure.AtMost(replicaP95Target, "ratio", p95...).With(details).WithNote("mail → thread, one at a time")
	return map[string]figure.Figure{"replicas_mail": rate, "replicas_p95": latency}, nil
}

// leftOutReplicas returns the figures of MeasureReplicas for a run that leaves it out.
func leftOutReplicas() map[string]figure.Figure {
	why := fmt.Sprintf("connects %d mailboxes", replicaBoxes)
	return map[string]figure.Figure{
		"replicas_mail": figure.AtLeast(replicaRateTarget, "ratio").LeftOutByQuick(why),
		"replicas_p95":  figure.AtMost(replicaP95Target, "ratio").LeftOutByQuick(why),
	}
}

// replicaLatencies returns, for each round, the p95 of the time that a mail needs into its thread with several
// replicas, divided by that with one. details has both of the last round, in seconds.
func replicaLatencies(
	ctx context.Context, rounds, mails int, alone, together *mailRun,
) (ratios []float64, details map[string]float64, err error) {
	measureP95 := func(r *mailRun) (float64, error) {
		times, err := r.timeMails(ctx, mails)
		if err != nil {
			return 0, err
		}
		return figure.Percentile(times, 0.95), nil
	}

	for range rounds {
		one, err := measureP95(alone)
		if err != nil {
			return nil, nil, err
		}
		three, err := measureP95(together)
		if err != nil {
			return nil, nil, err
		}
		ratios = append(ratios, three/one)
		details = map[string]float64{"one_p95_s": one, "three_p95_s": three}
	}
	return ratios, details, nil
}

// startReplicas starts Parleys on a new world with mailboxes, and waits until each watches its part of them.
func startReplicas(ctx context.Context, b *rig.Rig, replicas, boxes, mails int) (_ *mailRun, err error) {
	w, err := startMailWorld(ctx, b, mailOptions{boxes: boxes})
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
		c, err := w.StartParley(ctx, rig.ParleyOptions{Name: fmt.Sprintf("parley%d", i+1)})
		if err != nil {
			return nil, err
		}
		r.c = c // the last one: the CPU of a Parley isn't measured here
	}

	if err := w.waitUntilWatched(ctx); err != nil {
		return nil, err
	}

	return r, r.waitUntilShared(ctx, replicas)
}

// waitUntilShared waits until the replicas share the mailboxes. Errors: errNotShared after shareWithin.
func (r *mailRun) waitUntilShared(ctx context.Context, replicas int) error {
	ctx, cancel := context.WithTimeout(ctx, shareWithin)
	defer cancel()
	for {
		err := r.checkShared(ctx, replicas)
		if !errors.Is(err, errNotShared) || !pause.For(ctx, shareLookEvery) {
			return err
		}
	}
}

// errNotShared means that a mailbox is read by nobody or by several, or that a replica reads far more than its part.
var errNotShared = errors.New("bench: replicas: mailboxes are not shared")

// fetchHolders counts the replicas that read mailboxes, the mailboxes of the one that reads most, and all that are
// read.
const fetchHolders = `
	SELECT count(*), coalesce(max(n), 0), coalesce(sum(n), 0)::bigint
	FROM (
		SELECT holder, count(*) AS n
		FROM leases
		WHERE name ~ '^account:[0-9]+/fetch$' AND until > (SELECT clock_timestamp())
		GROUP BY holder) AS h`

// checkShared checks that each replica reads some mailboxes and none far more than its part, and that
// each mailbox has one connection. Errors: errNotShared.
func (r *mailRun) checkShared(ctx context.Context, replicas int) error {
	var holders, most, held int
	if err := r.Pool.QueryRow(ctx, fetchHolders).Scan(&holders, &most, &held); err != nil {
		return fmt.Errorf("bench: replicas: %w", err)
	}
	sessions := r.mail.State().Sessions
	isEachReadOnce := held == r.boxes && sessions == r.boxes
	hasEachSome := holders == replicas
	isFair := replicas == 1 || most <= 2*r.boxes/replicas
	if isEachReadOnce && hasEachSome && isFair {
		return nil
	}
	return fmt.Errorf("%w: %d mailboxes, %d leases of %d replicas, at most %d of one, %d connections",
		errNotShared, r.boxes, held, holders, most, sessions)
}
