package lanes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/channels/pause"
	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
)

// A database that has been used for long may be slower than a new one, because of dead rows and grown indexes. This
// file lets ten million rows pass through the tables of the journal and the lanes. Then it compares the rate of a
// mill there with its rate in a new database.

const (
	agedTarget    = 0.8 // of the rate in a new database, at least
	agedRows      = 10_000_000
	shortAgedRows = 8_000   // in tests
	agedWave      = 250_000 // messages that pass at once
	shortAgedWave = 1_000   // in tests
	// A message is four rows: its event, its place in a queue, its delivery, and the hash that stays
	// of it. (And a tenth of a lane.)
	agedRowsEach  = 4
	agedCustomers = 2000            // of the mill
	agedFor       = 8 * time.Second // how long a mill is measured
	vacuumWithin  = 3 * time.Minute
)

// agedEvents are the statements by which a wave of messages passes through the journal, two to a queue. They write
// each row as often as Parley does, and remove it as Parley does. The wave's $2 messages have the numbers from $1 + 1
// on.
func agedEvents() []string {
	return []string{`
	INSERT INTO events (id, account_id, external_id, order_key, payload, size_bytes)
	OVERRIDING SYSTEM VALUE
	SELECT n, 10 + n % 8, 'm:' || md5(n::text), 10 + n % 8 || '/' || md5((n / 2)::text), convert_to(repeat('.', 200), 'UTF8'), 200
	FROM generate_series($1::bigint + 1, $1::bigint + $2::int) AS n`, `
	INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
	SELECT order_key, account_id, 2, id, id, id + 1, clock_timestamp() FROM events WHERE id > $1 AND id <= $1 + $2::int AND id % 2 = 0`, `
	INSERT INTO queue_events (queue_id, place, event_id)
	SELECT id, last_place, last_place FROM queues WHERE first_event > $1 AND first_event <= $1 + $2::int`, `
	UPDATE queues SET holder = 1, epoch = epoch + 1 WHERE first_event > $1 AND first_event <= $1 + $2::int`, `
	UPDATE queues SET holder = NULL, place = last_place, due_at = clock_timestamp() WHERE first_event > $1 AND first_event <= $1 + $2::int`, `
	DELETE FROM queue_events WHERE event_id > $1 AND event_id <= $1 + $2::int + 1`, `
	DELETE FROM queues WHERE first_event > $1 AND first_event <= $1 + $2::int`, `
	INSERT INTO seen (account_id, fact)
	SELECT account_id, md5(external_id)::uuid FROM events WHERE id > $1 AND id <= $1 + $2::int`, `
	DELETE FROM events WHERE id > $1 AND id <= $1 + $2::int`}
}

// agedDeliveries are the statements by which the same wave passes through the lanes, ten messages each.
func agedDeliveries() []string {
	return []string{`
	INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, tail, due_at)
	SELECT n, 10 + n % 8, 'old' || n, n, 1 + n % 64, 10, parley_now()
	FROM generate_series($1::bigint / 10 + 1, ($1::bigint + $2::int) / 10) AS n`, `
	INSERT INTO deliveries (id, lane_id, seq, message_id, kind, payload, created_at)
	SELECT n, 1 + (n - 1) / 10, 1 + (n - 1) % 10, n, 'reply', '{"text": "Thank you for writing to us."}', parley_now()
	FROM generate_series($1::bigint + 1, $1::bigint + $2::int) AS n`, `
	UPDATE lanes SET epoch = epoch + 1, leased_until = clock_timestamp() WHERE id > $1 / 10 AND id <= ($1 + $2::int) / 10`, `
	UPDATE deliveries SET state = 'sending', sent_at = clock_timestamp() WHERE id > $1 AND id <= $1 + $2::int`, `
	UPDATE deliveries SET state = 'accepted' WHERE id > $1 AND id <= $1 + $2::int`, `
	UPDATE lanes SET head = head + 1, due_at = parley_now(), leased_until = NULL WHERE id > $1 / 10 AND id <= ($1 + $2::int) / 10`, `
	UPDATE lanes SET head = tail, due_at = NULL WHERE id > $1 / 10 AND id <= ($1 + $2::int) / 10`, `
	DELETE FROM deliveries WHERE id > $1 AND id <= $1 + $2::int`, `
	DELETE FROM lanes WHERE id > $1 / 10 AND id <= ($1 + $2::int) / 10`}
}

// MeasureAged compares the mill in a database through which millions of rows have gone with the mill in a new one.
func MeasureAged(ctx context.Context, b *rig.Rig) (_ map[string]figure.Figure, err error) {
	if b.LeavesOutLong() {
		f := figure.AtLeast(agedTarget, "ratio").LeftOutByQuick("lets ten million rows pass first")
		return map[string]figure.Figure{"aged_tables": f}, nil
	}

	fresh, err := rig.StartWorld(ctx, b, rig.WorldOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fresh.Close()) }()
	aged, err := rig.StartWorld(ctx, b, rig.WorldOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, aged.Close()) }()
	rows, wave := agedRows, agedWave
	if b.Opt.Short {
		rows, wave = shortAgedRows, shortAgedWave
	}

	begin := time.Now()

	if err := passMessages(ctx, aged, rows/agedRowsEach, wave); err != nil {
		return nil, err
	}

	fillSeconds := time.Since(begin).Seconds()
	b.Say("        %d rows have gone within %.0f s", rows, fillSeconds)
	dead, err := waitForVacuum(ctx, aged)
	if err != nil {
		return nil, err
	}

	f, err := agedRatio(ctx, b, fresh, aged)
	if err != nil {
		return nil, err
	}

	f = f.WithNote(figure.JoinNotes(fmt.Sprintf("%d rows have gone; %s", rows, laneNote), f.Note))
	return map[string]figure.Figure{"aged_tables": f.With(map[string]float64{"fill_s": fillSeconds, "dead_rows": float64(dead)})}, nil
}

// agedRatio measures a mill in the aged database, with one in the new database as its reference.
func agedRatio(ctx context.Context, b *rig.Rig, fresh, aged *rig.World) (figure.Figure, error) {
	measure := func(w *rig.World) rig.Measurement[float64] {
		return func(ctx context.Context) (rate, cpu float64, err error) {
			return millRate(ctx, w, b.Span(agedFor, shortWindow))
		}
	}

	m, err := rig.Bracket(ctx, b, b.Rounds(), measure(fresh), measure(aged))
	if err != nil {
		return figure.Figure{}, err
	}

	return figure.AtLeast(agedTarget, "ratio", m.Ratios()...).WithNote(m.Note).With(describe(m, "aged", "fresh")), nil
}

// millRate starts a mill and measures it for d: lines a second, and µs of CPU a line.
func millRate(ctx context.Context, w *rig.World, d time.Duration) (rate, cpu float64, err error) {
	if err := w.Checkpoint(ctx); err != nil {
		return 0, 0, err
	}
	m, err := startMill(ctx, w, agedCustomers)
	if err != nil {
		return 0, 0, err
	}
	if !pause.For(ctx, min(d, 2*time.Second)) { // until the mill is warm
		return 0, 0, m.close(ctx)
	}
	rate, cpu, err = m.measureRate(ctx, d)
	return rate, cpu, errors.Join(err, m.close(ctx))
}

// passMessages lets so many messages pass through the tables, a wave at a time, through the journal and through the
// lanes at the same time, as in a Parley that works.
func passMessages(ctx context.Context, w *rig.World, messages, wave int) error {
	group, both := errgroup.WithContext(ctx)
	for _, statements := range [][]string{agedEvents(), agedDeliveries()} {
		group.Go(func() error {
			for before := 0; before < messages; before += wave {
				for _, sql := range statements {
					if _, err := w.Pool.Exec(both, sql, before, wave); err != nil {
						return fmt.Errorf("bench: aged: pass messages: %w", err)
					}
				}
			}
			return nil
		})
	}

	if err := group.Wait(); err != nil {
		return err
	}

	const skipIDs = `SELECT setval('events_id_seq', $1)` // new events have larger ids than those that passed
	if _, err := w.Pool.Exec(ctx, skipIDs, messages); err != nil {
		return fmt.Errorf("bench: aged: skip ids: %w", err)
	}

	return nil
}

// The first column is 0 once autovacuum has nothing to do: it counts the dead rows of tables that have so many that
// autovacuum will come, and the vacuums that run now. The second column counts all dead rows.
const deadRows = `
	SELECT coalesce(sum(n_dead_tup) FILTER (WHERE n_dead_tup > 1000 + 0.05 * n_live_tup), 0)::bigint + count(p.pid),
		coalesce(sum(n_dead_tup), 0)::bigint
	FROM pg_stat_user_tables AS s
	LEFT JOIN pg_stat_progress_vacuum AS p ON p.relid = s.relid AND p.datid = (SELECT oid FROM pg_database WHERE datname = current_database())
	WHERE s.relname IN ('events', 'queues', 'queue_events', 'lanes', 'deliveries')`

// waitForVacuum waits until autovacuum, as Parley sets it for these tables, has found all that passed,
// and returns how many dead rows it left. Nothing is vacuumed by hand.
func waitForVacuum(ctx context.Context, w *rig.World) (dead int64, err error) {
	for deadline := time.Now().Add(vacuumWithin); ; {
		var due int64
		if err := w.Pool.QueryRow(ctx, deadRows).Scan(&due, &dead); err != nil {
			return 0, fmt.Errorf("bench: aged: count dead rows: %w", err)
		}
		mayStop := w.Rig.Opt.Short || time.Now().After(deadline)
		if due == 0 || mayStop {
			return dead, nil
		}
		if !pause.For(ctx, time.Second) {
			return 0, ctx.Err()
		}
	}
}
