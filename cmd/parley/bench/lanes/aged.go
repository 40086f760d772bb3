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

// A database that has been in use for a long time may be slower than a new one, because of dead rows and
// bloated indexes. This file checks how much slower. It inserts, updates and deletes ten million rows in the
// tables through which messages pass. Then it measures a mill, which sends messages through Parley's delivery
// code, in that database and in a new one, and compares the two rates.
//
// The tables are those of the journal (events that have arrived, and their queues) and of the lanes (a lane is
// a queue of deliveries that leave one after the other; a delivery is one outgoing message).

const (
	agedTarget    = 0.8 // share of the rate in a new database, at least
	agedRows      = 10_000_000
	shortAgedRows = 8_000   // in tests
	agedWave      = 250_000 // messages in one batch of statements
	shortAgedWave = 1_000   // in tests
	// Each message takes four rows: its event, its entry in a queue, its delivery, and a hash that is never deleted.
	// (And a tenth of a lane.)
	agedRowsEach  = 4
	agedCustomers = 2000            // customers who write in the mill
	agedFor       = 8 * time.Second // how long a mill is measured
	vacuumWithin  = 3 * time.Minute // how long to wait for autovacuum
)

// agedEvents returns statements that send a wave of messages through the journal, two messages to a queue. They
// write each row as often as Parley does, and delete it as Parley does. The messages of a wave have the numbers
// $1 + 1 to $1 + $2.
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

// agedDeliveries returns statements that send the same wave through the lanes, ten messages to a lane.
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

// MeasureAged compares the rate of a mill in a database that ten million rows have passed through with the rate
// in a new one.
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

// agedRatio measures the mill in the aged database, with the new database as the reference.
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

// millRate runs a mill for d. rate is the number of messages per second, cpu the processor time per message in
// µs.
func millRate(ctx context.Context, w *rig.World, d time.Duration) (rate, cpu float64, err error) {
	if err := w.Checkpoint(ctx); err != nil {
		return 0, 0, err
	}
	m, err := startMill(ctx, w, agedCustomers)
	if err != nil {
		return 0, 0, err
	}
	if !pause.For(ctx, min(d, 2*time.Second)) { // warm-up
		return 0, 0, m.close(ctx)
	}
	rate, cpu, err = m.measureRate(ctx, d)
	return rate, cpu, errors.Join(err, m.close(ctx))
}

// passMessages sends messages through the tables, one wave at a time. The journal and the lanes are written
// concurrently, as in a working Parley.
func passMessages(ctx context.Context, w *rig.World, messages, wave int) error {
	group, groupCtx := errgroup.WithContext(ctx)
	for _, statements := range [][]string{agedEvents(), agedDeliveries()} {
		group.Go(func() error {
			for done := 0; done < messages; done += wave {
				for _, sql := range statements {
					if _, err := w.Pool.Exec(groupCtx, sql, done, wave); err != nil {
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

	const skipIDs = `SELECT setval('events_id_seq', $1)` // new events need larger ids than the deleted ones
	if _, err := w.Pool.Exec(ctx, skipIDs, messages); err != nil {
		return fmt.Errorf("bench: aged: skip ids: %w", err)
	}

	return nil
}

// deadRows has two columns. The first is 0 once autovacuum is done: it counts running vacuums, and the dead
// rows of tables that have enough of them to trigger autovacuum. The second column counts all dead rows.
const deadRows = `
	SELECT coalesce(sum(n_dead_tup) FILTER (WHERE n_dead_tup > 1000 + 0.05 * n_live_tup), 0)::bigint + count(p.pid),
		coalesce(sum(n_dead_tup), 0)::bigint
	FROM pg_stat_user_tables AS s
	LEFT JOIN pg_stat_progress_vacuum AS p ON p.relid = s.relid AND p.datid = (SELECT oid FROM pg_database WHERE datname = current_database())
	WHERE s.relname IN ('events', 'queues', 'queue_events', 'lanes', 'deliveries')`

// waitForVacuum waits until autovacuum, with the settings that Parley uses for these tables, has cleaned up,
// and returns how many dead rows it left. It does not run VACUUM itself, because nobody would do that in
// production.
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
