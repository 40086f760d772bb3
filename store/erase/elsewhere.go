package erase

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Messages to customers, and posts in the colleagues' chats, leave through lanes. A lane is a queue of deliveries that leave
// one after the other. An erasure stops the lanes of the contact's own conversations. But deliveries about the contact may
// also wait elsewhere, in lanes that must go on: those of other customers' conversations, of threads about several
// customers, and of direct messages to colleagues.
//
// The erasure waits until these deliveries have been posted, because a posted message can be found and removed like any
// other (chats.go). If a chat doesn't accept them in time, giveUpPosts cancels them in their lanes.

// waitsElsewhere is the SQL condition for deliveries (t) about the contact that wait in such lanes (l): those that
// cancelledElsewhere selects, and notices that say why a reply failed (sharedFailure). lanes.head is the last delivery that
// has left.
const waitsElsewhere = `t.lane_id = l.id AND t.seq > l.head
	AND (` + cancelledElsewhere + ` OR l.conversation_id = ANY(@shared) AND ` + sharedFailure + `)`

// cancelledElsewhere is true for the deliveries that are cancelled if they can't be posted in time. Failure notices are
// posted all the same, but without the reason, which may name the contact.
const cancelledElsewhere = `(l.conversation_id = 0 AND ` + directNotice + ` OR t.message_id = ANY(@messages)
	OR l.conversation_id = ANY(@shared) AND ` + sharedNotice + `)`

// eraseInChatsAndAwaitPosts removes posts from chats, and fails with ErrWaiting while deliveries about the contact wait
// elsewhere. Once those are posted, the next run removes them, too.
func (r *runner) eraseInChatsAndAwaitPosts(ctx context.Context) error {
	errInChats := r.eraseInChats(ctx) // nil or ErrInChats, unless it failed
	if errInChats != nil && !errors.Is(errInChats, ErrInChats) {
		return errInChats
	}

	const hasWaiting = `SELECT EXISTS (SELECT FROM deliveries AS t JOIN lanes AS l ON ` + waitsElsewhere + `)`
	isWaiting, err := query.Value[bool](ctx, r.options.Pool, "erase", hasWaiting, r.args)
	if err != nil {
		return err
	}
	if isWaiting {
		return ErrWaiting
	}

	return errInChats
}

const (
	lanesElsewhere = `SELECT DISTINCT l.id FROM deliveries AS t JOIN lanes AS l ON ` + waitsElsewhere + ` ORDER BY l.id`

	// Lanes with a delivery in flight are left to a later run.
	lockLanesElsewhere = `
		SELECT id FROM lanes
		WHERE id = ANY($1) AND (leased_until IS NULL OR leased_until <= (SELECT clock_timestamp()))
		ORDER BY id
		FOR UPDATE`

	// A lane skips cancelled deliveries. Their rows stay until then, without content, because the numbers (seq) in a lane
	// must have no gaps.
	cancelElsewhere = `
		WITH cancelled AS (
			UPDATE deliveries AS t
			SET state = 'cancelled', message_id = 0, payload = '{}', order_by = '', not_before = NULL, external_id = '', progress = '',
				error_class = '', error_text = '', join_key = ''
			FROM lanes AS l
			WHERE l.id = ANY(@lanes) AND t.lane_id = l.id AND t.seq > l.head AND ` + cancelledElsewhere + `
			RETURNING t.lane_id, t.seq
		), passed AS (
			UPDATE lanes SET epoch = lanes.epoch + 1, leased_until = NULL, due_at = (SELECT parley_now())
			FROM cancelled
			WHERE lanes.id = cancelled.lane_id AND cancelled.seq = lanes.head + 1
		)
		SELECT count(*) FROM cancelled`

	shortenElsewhere = `
		WITH shortened AS (
			UPDATE deliveries AS t SET ` + clearReason + `
			FROM lanes AS l
			WHERE l.id = ANY(@lanes) AND t.lane_id = l.id AND t.seq > l.head AND l.conversation_id = ANY(@shared) AND ` + sharedFailure + `
			RETURNING 1
		)
		SELECT count(*) FROM shortened`
)

// giveUpPosts cancels the deliveries about the contact that chats have not accepted within postsTimeout, and removes the
// reasons from failure notices.
func (r *runner) giveUpPosts(ctx context.Context) error {
	if r.awaitsPosts {
		return nil
	}

	lanes, err := query.Column[store.LaneID](ctx, r.options.Pool, "lanes of others", lanesElsewhere, r.args)
	if err != nil {
		return err
	}

	for chunk := range slices.Chunk(lanes, stopRows) {
		if err := r.changeElsewhere(ctx, chunk, "deliveries", cancelElsewhere); err != nil {
			return err
		}
		if err := r.changeElsewhere(ctx, chunk, "failed_there", shortenElsewhere); err != nil {
			return err
		}
	}

	return nil
}

// changeElsewhere locks those of the lanes that have nothing in flight, and runs a statement on their deliveries. It adds
// the number of changed rows to the count of the place.
func (r *runner) changeElsewhere(ctx context.Context, lanes []store.LaneID, place, statement string) error {
	_, err := r.runBatch(ctx, place, func(tx pgx.Tx) (changed int64, err error) {
		idle, err := query.Column[store.LaneID](ctx, tx, "lanes of others", lockLanesElsewhere, lanes)
		if err != nil {
			return 0, err
		}

		args := maps.Clone(r.args)
		args["lanes"] = idle
		err = tx.QueryRow(ctx, statement, args).Scan(&changed)
		return changed, err
	})
	return err
}
