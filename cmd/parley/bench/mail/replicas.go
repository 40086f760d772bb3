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

// Several Parley processes on one database, called replicas, divide the mailboxes among themselves: each
// mailbox is read by the replica that holds its lease. This file compares three replicas that share 300
// mailboxes with one Parley that reads them all. Since all run on one machine, three can't be faster; they
// should be nearly as fast.

const (
	replicaCount      = 3
	replicaBoxes      = 300                    // number of mailboxes
	shortBoxes        = 12                     // the same in tests
	replicaMails      = 1500                   // sent at once
	replicaSingles    = 40                     // sent one at a time
	replicaRateTarget = 0.8                    // share of the rate of one Parley, at least
	replicaP95Target  = 2                      // p95 in times of that of one Parley, at most
	shareLookEvery    = 200 * time.Millisecond // how often to check whether the mailboxes are shared
	shareWithin       = 3 * time.Minute        // limit until each replica reads its share
)

// MeasureReplicas compares replicas that share mailboxes with one Parley that reads them all: how many mails
// per second become conversations (replicas_mail), and how long a single mail takes to reach its thread in
// Slack (replicas_p95).
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

func leftOutReplicas() map[string]figure.Figure {
	why := fmt.Sprintf("connects %d mailboxes", replicaBoxes)
	return map[string]figure.Figure{
		"replicas_mail": figure.AtLeast(replicaRateTarget, "ratio").LeftOutByQuick(why),
		"replicas_p95":  figure.AtMost(replicaP95Target, "ratio").LeftOutByQuick(why),
	}
}

// replicaLatencies times single mails. For each round, ratios has the p95 with several replicas divided by the
// p95 with one. details has both p95 of the last round, in seconds.
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

// startReplicas starts replicas on a new world with mailboxes, and waits until each of them watches its share.
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

// waitUntilShared waits until the replicas share the mailboxes.
//
// Errors: errNotShared after shareWithin.
func (r *mailRun) waitUntilShared(ctx context.Context, replicas int) error {
	ctx, cancel := context.WithTimeout(ctx, shareWithin)
	defer cancel()
	for {
		err := r.checkShared(ctx, replicas)
		if !errors.Is(err, errNotShared) {
			return err
		}
		if !pause.For(ctx, shareLookEvery) {
			return err
		}
	}
}

// errNotShared means that a mailbox is read by no replica or by several, or that one replica reads far more
// than its share.
var errNotShared = errors.New("bench: replicas: mailboxes are not shared")

// fetchHolders reads the leases, which say who reads which mailbox. It returns the number of replicas that read
// mailboxes, the number of mailboxes of the busiest replica, and the number of mailboxes that are read.
const fetchHolders = `
	SELECT count(*), coalesce(max(n), 0), coalesce(sum(n), 0)::bigint
	FROM (
		SELECT holder, count(*) AS n
		FROM leases
		WHERE name ~ '^account:[0-9]+/fetch$' AND until > (SELECT clock_timestamp())
		GROUP BY holder) AS h`

// checkShared checks that each mailbox has one lease and one IMAP connection, and that no replica reads more
// than twice its share.
//
// Errors: errNotShared.
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
