package erase

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// runner goes on with one erasure: it removes what is stored of a contact, step by step, in batches of rows. Each batch is
// a transaction of its own, so a run may be stopped at any moment, and the next one goes on.
type runner struct {
	o     Options
	key   Key
	row   erasure
	scope *scope
	// Whether the run waits for chats. It does so for some time after the erasure was asked for: a chat that is never
	// connected again must not keep a contact from being erased.
	awaitsPosts    bool // until posts that are on their way have landed (postsTimeout)
	awaitsRemovals bool // until posts are removed (chatsTimeout)

	args    pgx.NamedArgs // of the statements of places
	scanned int64         // the last event of the journal that was looked at
}

const (
	tryLock = `SELECT pg_try_advisory_lock(hashtextextended('erasure/' || $1, 0))`
	unlock  = `SELECT pg_advisory_unlock(hashtextextended('erasure/' || $1, 0))`
)

// Run goes on with an erasure until it is done, and returns its certificate, also if it was done before. Run may be stopped
// at any moment and called again.
// Errors: ErrWaiting and ErrInChats if it has to be called again later, ErrBusy, and those of Options.Say.
func Run(ctx context.Context, o Options, id string) (Certificate, error) {
	guard, err := o.Pool.Acquire(ctx)
	if err != nil {
		return Certificate{}, fmt.Errorf("store: erase: %w", err)
	}
	defer guard.Release()

	locked, err := query.Value[bool](ctx, guard, "erase", tryLock, id)
	if err != nil {
		return Certificate{}, err
	}
	if !locked {
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
	age, err := r.row.age(ctx, o.Pool)
	if err != nil {
		return Certificate{}, err
	}
	r.awaitsPosts, r.awaitsRemovals = age <= postsTimeout, age <= chatsTimeout

	for _, step := range r.listSteps() {
		if err := step(ctx); err != nil {
			return Certificate{}, err
		}
	}
	return r.finish(ctx)
}

// listSteps returns the steps of a run, in their order. A step that has to wait for something ends the run by its error.
// While posts are removed from chats, which may take hours, a run ends in the first step. When they are gone, all steps
// are done once more, since colleagues may have written meanwhile.
func (r *runner) listSteps() []func(context.Context) error {
	return []func(context.Context) error{
		r.continueInChats,
		r.readScope,
		r.stopConversations,
		r.noteFiles,    // before the messages that name them are emptied
		r.collectChats, // before the rows are erased by which posts are found
		r.eraseWork,    // before the journal, which gets its results
		r.eraseJournal,
		r.eraseRest,
		r.eraseLateWork,
		r.checkNothingTold,
		r.refreshCards,
		r.checkNothingToPost,
		r.eraseFiles,
		r.giveUpPosts,
		r.eraseInChatsAndAwaitPosts,
	}
}

// readScope finds out what the erasure is about.
func (r *runner) readScope(ctx context.Context) error {
	body, err := r.o.Sealer.Open(sealPlace(r.row.ID), r.row.Sealed)
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
	if len(r.scope.Shared) > len(who.Shared) {
		if err := keepSubject(ctx, r.o.Pool, r.o.Sealer, r.row.ID, r.scope.subject); err != nil {
			return err
		}
	}

	r.args = r.scope.namedArguments(r.row.ID)
	r.args["awaits_posts"] = r.awaitsPosts
	return nil
}

const (
	maxTries         = 5     // of a transaction that conflicts with others
	stopRows         = 50    // conversations that are closed at once
	statementTimeout = "60s" // in PostgreSQL's notation
)

const addCount = `
	UPDATE erasures SET counts = counts || jsonb_build_object($2::text, coalesce((counts ->> $2)::bigint, 0) + $3)
	WHERE id = $1::uuid`

// runBatch runs one transaction that erases something of a place, and counts it in the same commit. If it conflicts
// with another transaction, it is tried again.
func (r *runner) runBatch(ctx context.Context, place string, f func(pgx.Tx) (int64, error)) (rows int64, err error) {
	for try := range maxTries {
		err = store.InTx(ctx, r.o.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', $1, true)`, statementTimeout); err != nil {
				return err
			}

			rows, err = f(tx)
			if err != nil || rows == 0 {
				return err
			}

			_, err := tx.Exec(ctx, addCount, r.row.ID, place, rows)
			return err
		})
		if try == maxTries-1 || !store.IsConflict(err) {
			break
		}
	}
	if err == nil && rows > 0 && r.o.Say != nil {
		err = r.o.Say(place, rows)
	}
	return rows, err
}

// The locks of stopConversations are those that parley serve takes when it applies what happens in a conversation, in the
// same order. So nobody works on it meanwhile. They are taken by statements of their own, because a statement that waits
// for a lock sees other tables as they were before it waited.
const (
	lockConversations = `SELECT FROM conversations WHERE id = ANY($1) ORDER BY id FOR UPDATE`
	lockLanes         = `SELECT FROM lanes WHERE conversation_id = ANY($1) ORDER BY id FOR UPDATE`
)

// stopConversations closes conversations and stops their lanes, the queues of what leaves for them. If $2 is true, it
// doesn't stop lanes whose first post is on its way to a chat or may have arrived there (busy): only the post's result says
// where the post stands, and a card that comes late would be shown in place of "Erased". What waits behind such a post is
// removed (behind, last).
const stopConversations = `
	WITH conversation AS MATERIALIZED (
		SELECT id, status FROM conversations WHERE id = ANY($1)
	), lane AS MATERIALIZED (
		SELECT id, account_id, head FROM lanes WHERE conversation_id = ANY($1)
	), busy AS MATERIALIZED (
		SELECT lane.id, lane.head
		FROM lane
		JOIN accounts AS a ON a.id = lane.account_id AND a.side = 'surface'
		JOIN deliveries AS d ON d.lane_id = lane.id AND d.seq = lane.head + 1
		WHERE $2 AND d.state IN ('sending', 'unknown') AND d.kind IN ('root', 'card', 'double', 'said', 'files', 'line')
	), behind AS (
		DELETE FROM deliveries USING busy WHERE deliveries.lane_id = busy.id AND deliveries.seq > busy.head + 1
	), last AS (
		UPDATE lanes SET tail = lanes.head + 1 FROM busy WHERE lanes.id = busy.id
	), stopped AS (
		UPDATE lanes SET due_at = NULL, leased_until = NULL, epoch = epoch + 1
		WHERE id = ANY(ARRAY(SELECT id FROM lane WHERE id NOT IN (SELECT id FROM busy))) AND (due_at IS NOT NULL OR leased_until IS NOT NULL)
	), closed AS (
		UPDATE conversations
		SET status = 'closed', resolved_at = coalesce(resolved_at, (SELECT parley_now())), waiting_since = NULL, snoozed_until = NULL
		WHERE id = ANY(ARRAY(SELECT id FROM conversation)) AND status <> 'closed'
	)
	SELECT count(*) FILTER (WHERE status IN ('open', 'pending', 'snoozed')), (SELECT count(*) FROM busy) FROM conversation`

// stopConversations closes the contact's conversations. It fails with ErrWaiting while posts are on their way.
func (r *runner) stopConversations(ctx context.Context) error {
	var underWay int64
	for some := range slices.Chunk(r.scope.Conversations, stopRows) {
		var busy int64
		_, err := r.runBatch(ctx, "closed", func(tx pgx.Tx) (closed int64, err error) {
			for _, lock := range []string{lockConversations, lockLanes} {
				if _, err := tx.Exec(ctx, lock, some); err != nil {
					return 0, err
				}
			}

			err = tx.QueryRow(ctx, stopConversations, some, r.awaitsPosts).Scan(&closed, &busy)
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

// noteFiles notes the files of messages, to be removed at the end. It leaves out those that an agent has uploaded again
// since, perhaps for somebody else.
func (r *runner) noteFiles(ctx context.Context) error {
	if err := query.Exec(ctx, r.o.Pool, "erase", filesOfMessages, r.args); err != nil {
		return err
	}

	_, err := r.runBatch(ctx, "blobs", func(tx pgx.Tx) (int64, error) { return 0, keepUploadedAgain(ctx, tx, r.args) })
	return err
}

// eraseWork erases orders to work on the contact's words, such as to analyse or translate them. A process that has claimed
// one can't finish it any more, so no further results get into the journal.
func (r *runner) eraseWork(ctx context.Context) error {
	return r.erasePlaces(ctx, func(p place) bool { return p.Turn == workInProgress })
}

// eraseRest erases all other places.
func (r *runner) eraseRest(ctx context.Context) error {
	return r.erasePlaces(ctx, func(p place) bool { return p.Turn != workInProgress })
}

// eraseLateWork erases work that began while the words were erased, and what such work has made of them. Its results that
// are in the journal are found by checkNothingTold.
func (r *runner) eraseLateWork(ctx context.Context) error {
	if err := r.eraseWork(ctx); err != nil {
		return err
	}
	return r.erasePlaces(ctx, func(p place) bool { return p.Turn == madeByWork })
}

// erasePlaces erases the chosen places.
func (r *runner) erasePlaces(ctx context.Context, chosen func(place) bool) error {
	for _, p := range listPlaces() {
		for chosen(p) {
			rows, err := r.runBatch(ctx, p.Name, func(tx pgx.Tx) (int64, error) { return r.eraseBatch(ctx, tx, p) })
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

// eraseBatch erases one batch of a place, and then all of the place that goes along with it.
func (r *runner) eraseBatch(ctx context.Context, tx pgx.Tx, p place) (rows int64, err error) {
	if err := tx.QueryRow(ctx, p.eraseStatement(), r.args).Scan(&rows); err != nil || rows == 0 || p.Together == nil {
		return rows, err
	}

	for more := true; more; {
		var along int64
		if err := tx.QueryRow(ctx, p.Together.eraseStatement(), r.args).Scan(&along); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, addCount, r.row.ID, p.Together.Name, along); err != nil {
			return 0, err
		}

		more = along == batchRows
	}
	return rows, nil
}

// stillToPost finds the contact's own lanes into which something was put after they were stopped, and replies that name the
// contact again, because a transaction wrote back what it had read before the erasure.
const stillToPost = `
	SELECT EXISTS (SELECT FROM lanes AS l WHERE l.conversation_id = ANY(@conversations) AND ` + wokenAgain + `) OR EXISTS (
		SELECT FROM deliveries AS t WHERE ` + isMeant + `)`

// checkNothingToPost fails with ErrWaiting while something is still to be sent to the contact or posted in the threads of
// the contact's conversations.
func (r *runner) checkNothingToPost(ctx context.Context) error {
	waits, err := query.Value[bool](ctx, r.o.Pool, "erase", stillToPost, r.args)
	if err != nil {
		return err
	}
	if waits {
		return ErrWaiting
	}
	return nil
}

// eraseFiles removes the noted files that nobody else needs.
func (r *runner) eraseFiles(ctx context.Context) error {
	for more := true; more; {
		_, err := r.runBatch(ctx, "blobs", func(tx pgx.Tx) (gone int64, err error) {
			gone, more, err = dropFiles(ctx, tx, r.row.ID, r.o.WithObjects)
			return gone, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
