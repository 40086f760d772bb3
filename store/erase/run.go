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

// runner runs one erasure: it deletes everything that is stored about a contact, a customer, step by step and in batches of
// rows. Each batch is a transaction of its own, so a run may be interrupted at any moment. The next run repeats the steps,
// and finds only what is left. Batches are counted in the commit that erases them, so the certificate's counts are exact.
type runner struct {
	options Options
	key     Key
	row     erasure
	scope   *scope
	// Whether the run waits for the colleagues' chats. It stops waiting some days after the erasure was requested, because a
	// chat that is never connected again must not block the erasure.
	awaitsPosts    bool // for posts that are in flight (postsTimeout)
	awaitsRemovals bool // for the removal of posts (chatsTimeout)

	args    pgx.NamedArgs // arguments of the statements that erase places
	scanned int64         // the last event of the journal that eraseJournal has examined
}

const (
	tryLock = `SELECT pg_try_advisory_lock(hashtextextended('erasure/' || $1, 0))`
	unlock  = `SELECT pg_advisory_unlock(hashtextextended('erasure/' || $1, 0))`
)

// Run continues an erasure until it is finished, and returns its certificate. It returns the certificate of a finished erasure
// again. Run may be interrupted at any moment and called again.
// Errors: ErrWaiting and ErrInChats if it has to be called again later; ErrBusy; errors of Options.Say.
func Run(ctx context.Context, o Options, id string) (Certificate, error) {
	lock, err := o.Pool.Acquire(ctx) // the connection whose session holds the lock
	if err != nil {
		return Certificate{}, fmt.Errorf("store: erase: %w", err)
	}
	defer lock.Release()

	locked, err := query.Value[bool](ctx, lock, "erase", tryLock, id)
	if err != nil {
		return Certificate{}, err
	}
	if !locked {
		return Certificate{}, ErrBusy
	}
	defer func() { _, _ = lock.Exec(context.WithoutCancel(ctx), unlock, id) }()

	row, err := readRow(ctx, o.Pool, id)
	if err != nil {
		return Certificate{}, err
	}
	if row.DoneAt != nil {
		return CertificateOf(ctx, o.Pool, id)
	}

	r, err := newRunner(ctx, o, row)
	if err != nil {
		return Certificate{}, err
	}
	for _, step := range r.listSteps() {
		if err := step(ctx); err != nil {
			return Certificate{}, err
		}
	}
	return r.finish(ctx)
}

// newRunner returns a runner for an unfinished erasure.
func newRunner(ctx context.Context, o Options, row erasure) (*runner, error) {
	key, err := LoadKey(ctx, o.Pool, o.Sealer)
	if err != nil {
		return nil, err
	}
	age, err := row.age(ctx, o.Pool)
	if err != nil {
		return nil, err
	}
	return &runner{options: o, key: key, row: row, awaitsPosts: age <= postsTimeout, awaitsRemovals: age <= chatsTimeout}, nil
}

// listSteps returns the steps of a run in their order. A step that has to wait for something ends the run with an error such
// as ErrWaiting. While posts are being removed from chats, which may take hours, runs end in the first step. Once the posts
// are removed, all steps are done again, because colleagues may have written something in the meantime.
func (r *runner) listSteps() []func(context.Context) error {
	return []func(context.Context) error{
		r.continueInChats,
		r.readScope,
		r.stopConversations,
		r.noteFiles,    // before the messages that refer to the files are emptied
		r.collectChats, // before the rows that identify the posts are erased
		r.eraseWork,    // before the journal, because work writes its results there
		r.eraseJournal,
		r.eraseRest,
		r.eraseLateWork,
		r.checkNoNewEvents,
		r.refreshCards,
		r.checkNothingToSend,
		r.eraseFiles,
		r.giveUpPosts,
		r.eraseInChatsAndAwaitPosts,
	}
}

// readScope reads the names and addresses to search for, and the contact's conversations and messages.
func (r *runner) readScope(ctx context.Context) error {
	if id := r.row.Conversation; id != 0 {
		var err error
		if r.scope, err = readConversation(ctx, r.options.Pool, id); err != nil {
			return err
		}
		r.args = r.scope.namedArguments(r.row.ID)
		r.args["awaits_posts"] = r.awaitsPosts
		return r.awaitTakenOut(ctx, id)
	}
	body, err := r.options.Sealer.Open(sealContext(r.row.ID), r.row.Sealed)
	if err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}

	var who subject
	if err := json.Unmarshal(body, &who); err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}
	if r.scope, err = readScope(ctx, r.options.Pool, who); err != nil {
		return err
	}
	if len(r.scope.Shared) > len(who.Shared) {
		if err := keepSubject(ctx, r.options.Pool, r.options.Sealer, r.row.ID, r.scope.subject); err != nil {
			return err
		}
	}

	r.args = r.scope.namedArguments(r.row.ID)
	r.args["awaits_posts"] = r.awaitsPosts
	return nil
}

const (
	maxTries         = 5     // tries of a transaction that conflicts with others
	stopRows         = 50    // conversations that one transaction closes
	statementTimeout = "60s" // in PostgreSQL's notation
)

const addCount = `
	UPDATE erasures SET counts = counts || jsonb_build_object($2::text, coalesce((counts ->> $2)::bigint, 0) + $3)
	WHERE id = $1::uuid`

// runBatch runs eraseRows in a transaction, and adds the number of rows that it returns to the count of place in the same
// commit. It retries the transaction after a conflict with another one, and reports progress after the commit.
func (r *runner) runBatch(ctx context.Context, place string, eraseRows func(pgx.Tx) (int64, error)) (rows int64, err error) {
	for try := range maxTries {
		rows, err = r.tryBatch(ctx, place, eraseRows)
		if try == maxTries-1 || !store.IsConflict(err) {
			break
		}
	}
	if err != nil {
		return rows, err
	}

	if rows > 0 && r.options.Say != nil {
		err = r.options.Say(place, rows)
	}
	return rows, err
}

// tryBatch is one try of runBatch.
func (r *runner) tryBatch(ctx context.Context, place string, eraseRows func(pgx.Tx) (int64, error)) (rows int64, err error) {
	err = store.InTx(ctx, r.options.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', $1, true)`, statementTimeout)
		if err != nil {
			return err
		}
		rows, err = eraseRows(tx)
		if err != nil || rows == 0 {
			return err
		}
		_, err = tx.Exec(ctx, addCount, r.row.ID, place, rows)
		return err
	})
	return rows, err
}

// The runner locks conversations in the same order as parley serve does when it processes an event, so that the two exclude
// each other and can't deadlock. The locks are taken by separate statements, because a statement that waits for a lock sees
// other tables as they were before it waited.
const (
	lockConversations = `SELECT FROM conversations WHERE id = ANY($1) ORDER BY id FOR UPDATE`
	lockLanes         = `SELECT FROM lanes WHERE conversation_id = ANY($1) ORDER BY id FOR UPDATE`
)

// stopConversations closes conversations and stops their lanes. A lane is a queue of deliveries, messages or posts, that leave
// one after the other. If $2 is true, it doesn't stop lanes whose first post is in flight to a chat (busy): only the post's
// result says where the post is, and a card that arrived late would replace the post "Erased". It deletes the deliveries
// that wait in such a lane (behind, last).
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

// stopConversations closes the contact's conversations. It fails with ErrWaiting while posts of them are in flight.
func (r *runner) stopConversations(ctx context.Context) error {
	var inFlight int64
	for chunk := range slices.Chunk(r.scope.Conversations, stopRows) {
		var busy int64
		_, err := r.runBatch(ctx, "closed", func(tx pgx.Tx) (closed int64, err error) {
			for _, lock := range []string{lockConversations, lockLanes} {
				if _, err := tx.Exec(ctx, lock, chunk); err != nil {
					return 0, err
				}
			}

			err = tx.QueryRow(ctx, stopConversations, chunk, r.awaitsPosts).Scan(&closed, &busy)
			return closed, err
		})
		if err != nil {
			return err
		}
		inFlight += busy
	}
	if inFlight > 0 {
		return ErrWaiting
	}
	return nil
}

// noteFiles collects the files of the contact's messages, which eraseFiles deletes at the end. It leaves out files that an
// agent has uploaded again, perhaps for somebody else.
func (r *runner) noteFiles(ctx context.Context) error {
	if err := query.Exec(ctx, r.options.Pool, "erase", filesOfMessages, r.args); err != nil {
		return err
	}

	_, err := r.runBatch(ctx, "blobs", func(tx pgx.Tx) (int64, error) { return 0, keepUploadedAgain(ctx, tx, r.args) })
	return err
}

// eraseWork erases queued work on the contact's words, such as analyses and translations. A process that has claimed such work
// can no longer finish it, so no further results are written to the journal.
func (r *runner) eraseWork(ctx context.Context) error {
	return r.erasePlaces(ctx, func(p place) bool { return p.Turn == workInProgress })
}

// eraseRest erases all places that eraseWork doesn't.
func (r *runner) eraseRest(ctx context.Context) error {
	return r.erasePlaces(ctx, func(p place) bool { return p.Turn != workInProgress })
}

// eraseLateWork erases work that started during the erasure, and its results. checkNoNewEvents finds those of its results that
// are in the journal.
func (r *runner) eraseLateWork(ctx context.Context) error {
	if err := r.eraseWork(ctx); err != nil {
		return err
	}
	return r.erasePlaces(ctx, func(p place) bool { return p.Turn == madeByWork })
}

// erasePlaces erases the places that isChosen accepts.
func (r *runner) erasePlaces(ctx context.Context, isChosen func(place) bool) error {
	for _, p := range listPlaces() {
		if !isChosen(p) {
			continue
		}
		for rows := int64(batchRows); rows == batchRows; {
			var err error
			rows, err = r.runBatch(ctx, p.Name, func(tx pgx.Tx) (int64, error) { return r.eraseBatch(ctx, tx, p) })
			if err != nil {
				return fmt.Errorf("store: erase %s: %w", p.Name, err)
			}
		}
	}
	return nil
}

// eraseBatch erases one batch of a place, and then all rows of p.Together.
func (r *runner) eraseBatch(ctx context.Context, tx pgx.Tx, p place) (rows int64, err error) {
	if err := tx.QueryRow(ctx, p.eraseStatement(), r.args).Scan(&rows); err != nil {
		return 0, err
	}
	if rows == 0 || p.Together == nil {
		return rows, nil
	}

	for together := int64(batchRows); together == batchRows; {
		if err := tx.QueryRow(ctx, p.Together.eraseStatement(), r.args).Scan(&together); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, addCount, r.row.ID, p.Together.Name, together); err != nil {
			return 0, err
		}
	}
	return rows, nil
}

// hasToSend is true if one of the contact's lanes got a delivery after it was stopped, or if a reply names the contact again,
// because a transaction wrote back a row that it had read before the erasure.
const hasToSend = `
	SELECT EXISTS (SELECT FROM lanes AS l WHERE l.conversation_id = ANY(@conversations) AND ` + isRestarted + `) OR EXISTS (
		SELECT FROM deliveries AS t WHERE ` + isMeant + `)`

// checkNothingToSend fails with ErrWaiting while a reply to the contact, or a post in the threads of the contact's
// conversations, waits to be sent.
func (r *runner) checkNothingToSend(ctx context.Context) error {
	isWaiting, err := query.Value[bool](ctx, r.options.Pool, "erase", hasToSend, r.args)
	if err != nil {
		return err
	}
	if isWaiting {
		return ErrWaiting
	}
	return nil
}

// eraseFiles deletes the collected files that nothing else refers to.
func (r *runner) eraseFiles(ctx context.Context) error {
	for more := true; more; {
		_, err := r.runBatch(ctx, "blobs", func(tx pgx.Tx) (gone int64, err error) {
			gone, more, err = dropFiles(ctx, tx, r.row.ID, r.options.WithObjects)
			return gone, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
