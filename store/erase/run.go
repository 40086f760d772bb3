package erase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parley/store"
)

// runner erases one contact, batch by batch.
type runner struct {
	o     Options
	key   Key
	row   erasure
	scope *scope
	// patient says that chats still have time: one that is never connected again must not keep a contact from being erased.
	patient bool
	args    pgx.NamedArgs
	// looked is the last event of the journal that was looked at.
	looked int64
}

const (
	tryLock = `SELECT pg_try_advisory_lock(hashtextextended('erasure/' || $1, 0))`
	unlock  = `SELECT pg_advisory_unlock(hashtextextended('erasure/' || $1, 0))`
)

// Run goes on with an erasure until it is done, and returns its certificate; of one that was done before, the
// same one. It may be ended at any moment and run again.
// Errors: ErrWaiting, ErrInChats, ErrBusy; what Options.Say returns.
func Run(ctx context.Context, o Options, id string) (Certificate, error) {
	guard, err := o.Pool.Acquire(ctx)
	if err != nil {
		return Certificate{}, fmt.Errorf("store: erase: %w", err)
	}
	defer guard.Release()
	var mine bool
	if err := guard.QueryRow(ctx, tryLock, id).Scan(&mine); err != nil {
		return Certificate{}, fmt.Errorf("store: erase: %w", err)
	}
	if !mine {
		return Certificate{}, ErrBusy
	}
	defer func() { _, _ = guard.Exec(context.WithoutCancel(ctx), unlock, id) }()
	r := &runner{o: o}
	if r.row, err = readRow(ctx, o.Pool, id); err != nil {
		return Certificate{}, err
	}
	if r.row.DoneAt != nil {
		return CertificateOf(ctx, o.Pool, id)
	}
	if r.key, err = LoadKey(ctx, o.Pool, o.Sealer); err != nil {
		return Certificate{}, err
	}
	if r.patient, err = patient(ctx, o.Pool, r.row); err != nil {
		return Certificate{}, err
	}
	// While posts are taken out of chats, which may take hours, all the rest needn't be looked through again; but
	// once more when they are gone, since colleagues may have written meanwhile.
	steps := []func(context.Context) error{r.chatsBefore, r.look, r.stop, r.noteFiles, r.collectChats, r.eraseWork, r.eraseJournal, r.eraseRest,
		r.told, r.cards, r.posted, r.eraseFiles, r.chats}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return Certificate{}, err
		}
	}
	return r.finish(ctx)
}

// look finds out what the erasure is about.
func (r *runner) look(ctx context.Context) error {
	body, err := r.o.Sealer.Open("erasures/"+r.row.ID, r.row.Sealed)
	if err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}
	var who subject
	if err := json.Unmarshal(body, &who); err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}
	if r.scope, err = readScope(ctx, r.o.Pool, who); err != nil {
		return err
	}
	r.args = r.scope.arguments(r.row.ID)
	r.args["patient"] = r.patient
	return nil
}

const mostTries = 5 // of a transaction that another one stood in the way of

const addCount = `
	UPDATE erasures SET counts = counts || jsonb_build_object($2::text, coalesce((counts ->> $2)::bigint, 0) + $3)
	WHERE id = $1::uuid`

// batch runs one transaction that erases something of a place, and counts it in the same commit. One that
// stood in another's way is tried again.
func (r *runner) batch(ctx context.Context, place string, f func(pgx.Tx) (int64, error)) (rows int64, err error) {
	for tries := range mostTries {
		err = store.InTx(ctx, r.o.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', $1, true)`, statementTime); err != nil {
				return err
			}
			if rows, err = f(tx); err != nil || rows == 0 {
				return err
			}
			_, err := tx.Exec(ctx, addCount, r.row.ID, place, rows)
			return err
		})
		if tries == mostTries-1 || !conflicting(err) {
			break
		}
	}
	if err == nil && rows > 0 && r.o.Say != nil {
		err = r.o.Say(place, rows)
	}
	return rows, err
}

// Conversations are closed and their queues stopped under the locks that appliers take, in their order: so
// nobody is at work on them, and a result that comes later counts for nothing. The locks are taken by statements before: one
// that waited for a lock sees other tables as they were before it waited.
const (
	lockConversations = `SELECT FROM conversations WHERE id = ANY($1) ORDER BY id FOR UPDATE`
	lockLanes         = `SELECT FROM lanes WHERE conversation_id = ANY($1) ORDER BY id FOR UPDATE`
)

// A post that is on its way to a chat, or may have arrived there, is waited for as long as $2 says so, since only its
// result tells where it stands, and a card that comes late would be shown in place of "Erased"; what waits behind it goes.
const stopConversations = `
	WITH c AS MATERIALIZED (
		SELECT id, status FROM conversations WHERE id = ANY($1)
	), l AS MATERIALIZED (
		SELECT id, account_id, head FROM lanes WHERE conversation_id = ANY($1)
	), busy AS MATERIALIZED (
		SELECT l.id, l.head
		FROM l
		JOIN accounts AS a ON a.id = l.account_id AND a.side = 'surface'
		JOIN deliveries AS d ON d.lane_id = l.id AND d.seq = l.head + 1
		WHERE $2 AND d.state IN ('sending', 'unknown') AND d.kind IN ('root', 'card', 'double', 'said', 'files', 'line')
	), behind AS (
		DELETE FROM deliveries USING busy WHERE deliveries.lane_id = busy.id AND deliveries.seq > busy.head + 1
	), last AS (
		UPDATE lanes SET tail = lanes.head + 1 FROM busy WHERE lanes.id = busy.id
	), stopped AS (
		UPDATE lanes SET due_at = NULL, leased_until = NULL, epoch = epoch + 1
		WHERE id = ANY(ARRAY(SELECT id FROM l WHERE id NOT IN (SELECT id FROM busy))) AND (due_at IS NOT NULL OR leased_until IS NOT NULL)
	), closed AS (
		UPDATE conversations
		SET status = 'closed', resolved_at = coalesce(resolved_at, (SELECT parley_now())), waiting_since = NULL, snoozed_until = NULL
		WHERE id = ANY(ARRAY(SELECT id FROM c)) AND status <> 'closed'
	)
	SELECT count(*) FILTER (WHERE status IN ('open', 'pending', 'snoozed')), (SELECT count(*) FROM busy) FROM c`

// conflicting says that PostgreSQL ended a transaction because it and another one waited for each other.
func conflicting(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

func (r *runner) stop(ctx context.Context) error {
	var underWay int64
	for some := range slices.Chunk(r.scope.Conversations, stopRows) {
		var busy int64
		_, err := r.batch(ctx, "closed", func(tx pgx.Tx) (closed int64, err error) {
			for _, lock := range []string{lockConversations, lockLanes} {
				if _, err := tx.Exec(ctx, lock, some); err != nil {
					return 0, err
				}
			}
			err = tx.QueryRow(ctx, stopConversations, some, r.patient).Scan(&closed, &busy)
			return closed, err
		})
		if err != nil {
			return err
		}
		underWay += busy
	}
	if underWay > 0 {
		return ErrWaiting
	}
	return nil
}

// noteFiles remembers the files of messages before the messages are emptied.
func (r *runner) noteFiles(ctx context.Context) error {
	if _, err := r.o.Pool.Exec(ctx, filesOfMessages, r.args); err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}
	return nil
}

// journal prepares a look through the journal as it is now.
func (r *runner) journal(ctx context.Context) (*journalScan, error) {
	var asked int64
	if err := r.o.Pool.QueryRow(ctx, lastEvent, r.row.AskedAt).Scan(&asked); err != nil {
		return nil, fmt.Errorf("store: erase: %w", err)
	}
	newest, err := store.NewestEvent(ctx, r.o.Pool)
	if err != nil {
		return nil, err
	}
	return newJournalScan(ctx, r.o.Pool, r.scope, asked, newest)
}

// eraseJournal removes what arrived of the contact before the erasure was asked for, and what was told of the
// contact's conversations since.
func (r *runner) eraseJournal(ctx context.Context) error {
	scan, err := r.journal(ctx)
	if err != nil {
		return err
	}
	var waiting int64
	for r.looked = 0; r.looked < scan.upto; {
		list, end, err := scan.next(ctx, r.looked)
		if err != nil {
			return err
		}
		wait, err := r.eraseEvents(ctx, list)
		if err != nil {
			return err
		}
		waiting, r.looked = waiting+wait, end
	}
	if waiting > 0 {
		return ErrWaiting
	}
	return nil
}

// eraseEvents notes the facts of events and then removes the events; it says how many wait to be applied.
func (r *runner) eraseEvents(ctx context.Context, list []int64) (waiting int64, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	noted, gone := []int64{}, int64(0)
	for some := range slices.Chunk(list, batchRows) {
		var ids []int64
		_, err := r.batch(ctx, "events", func(tx pgx.Tx) (removed int64, err error) {
			ids, err = keepFound(ctx, tx, r.key, r.row.ID, some)
			return 0, err
		})
		if err != nil {
			return 0, err
		}
		noted = append(noted, ids...)
	}
	if err := writersEnd(ctx, r.o.Pool); err != nil {
		return 0, err
	}
	for some := range slices.Chunk(noted, batchRows) {
		removed, err := r.batch(ctx, "events", func(tx pgx.Tx) (int64, error) { return dropFound(ctx, tx, r.row.ID, some) })
		if err != nil {
			return 0, err
		}
		gone += removed
	}
	return int64(len(list)) - gone, nil
}

// told fails if something was told of the contact's conversations since the journal was looked through: when it was
// applied, it may have changed what had been erased before.
func (r *runner) told(ctx context.Context) error {
	scan, err := r.journal(ctx)
	if err != nil {
		return err
	}
	for after := r.looked; after < scan.upto; {
		list, end, err := scan.next(ctx, after)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			return ErrWaiting
		}
		after = end
	}
	return nil
}

// eraseWork erases the work on the contact's words of which the results come into the journal. Who has it in hand has
// nothing to end any more, and all results that there are can be seen there.
func (r *runner) eraseWork(ctx context.Context) error {
	return r.erasePlaces(ctx, func(p place) bool { return p.Works })
}

func (r *runner) eraseRest(ctx context.Context) error {
	return r.erasePlaces(ctx, func(p place) bool { return !p.Works })
}

// erasePlaces erases those of the places that are chosen.
func (r *runner) erasePlaces(ctx context.Context, chosen func(place) bool) error {
	for _, p := range places() {
		for chosen(p) {
			rows, err := r.batch(ctx, p.Name, func(tx pgx.Tx) (rows int64, err error) {
				err = tx.QueryRow(ctx, p.erasing(), r.args).Scan(&rows)
				return rows, err
			})
			if err != nil {
				return fmt.Errorf("store: erase %s: %w", p.Name, err)
			}
			if rows < batchRows {
				break
			}
		}
	}
	return nil
}

// What is still to be posted about the contact, to colleagues or in another customer's thread, can't be taken out of
// its queue; and what was to be posted in the contact's own threads after their queues were stopped may be on its way.
const stillToPost = `
	SELECT EXISTS (SELECT FROM lanes AS l WHERE l.conversation_id = ANY(@conversations) AND ` + wokenAgain + `) OR EXISTS (
		SELECT FROM deliveries AS t
		JOIN lanes AS l ON l.id = t.lane_id AND t.seq > l.head
		WHERE l.conversation_id = 0 AND lower(t.payload::text) LIKE ANY(@told) OR t.message_id = ANY(@messages)
			OR l.conversation_id = ANY(@shared) AND ` + toldThere + `)`

// posted fails while something about the contact is still to be posted.
func (r *runner) posted(ctx context.Context) error {
	var waits bool
	if err := r.o.Pool.QueryRow(ctx, stillToPost, r.args).Scan(&waits); err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}
	if waits {
		return ErrWaiting
	}
	return nil
}

func (r *runner) eraseFiles(ctx context.Context) error {
	for more := true; more; {
		_, err := r.batch(ctx, "blobs", func(tx pgx.Tx) (gone int64, err error) {
			gone, more, err = dropFiles(ctx, tx, r.row.ID, r.o.WithObjects)
			return gone, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
