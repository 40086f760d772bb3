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

// A lane is a queue of messages that leave one after the other. An erasure stops the lanes of the contact's own
// conversations. But something about the contact may also wait in lanes of others: of other customers'
// conversations, of threads about several customers, and of direct messages to colleagues. These lanes go on, since
// most of what waits in them is for others.

// waitsElsewhere selects the deliveries (t) about the contact that wait in the lanes (l) of others.
const waitsElsewhere = `t.lane_id = l.id AND t.seq > l.head
	AND (` + goesElsewhere + ` OR l.conversation_id = ANY(@shared) AND ` + failedThere + `)`

// goesElsewhere is true for those that are removed once they are posted. Of the others the line stays, without the reason that it tells.
const goesElsewhere = `(l.conversation_id = 0 AND ` + toldDirectly + ` OR t.message_id = ANY(@messages)
	OR l.conversation_id = ANY(@shared) AND ` + toldThere + `)`

// eraseInChatsAndAwaitPosts removes posts from chats, whatever else is still to be posted, and fails with ErrWaiting while
// something about the contact waits in the lanes of others. Once that is posted, the next run removes it, too.
func (r *runner) eraseInChatsAndAwaitPosts(ctx context.Context) error {
	inChats := r.eraseInChats(ctx)
	if inChats != nil && !errors.Is(inChats, ErrInChats) {
		return inChats
	}

	const waits = `SELECT EXISTS (SELECT FROM deliveries AS t JOIN lanes AS l ON ` + waitsElsewhere + `)`
	isWaiting, err := query.Value[bool](ctx, r.o.Pool, "erase", waits, r.args)
	if err != nil {
		return err
	}
	if isWaiting {
		return ErrWaiting
	}

	return inChats
}

const (
	lanesElsewhere = `SELECT DISTINCT l.id FROM deliveries AS t JOIN lanes AS l ON ` + waitsElsewhere + ` ORDER BY l.id`

	// A lane with a delivery under way is left to a later run.
	lockLanesElsewhere = `
		SELECT id FROM lanes
		WHERE id = ANY($1) AND (leased_until IS NULL OR leased_until <= (SELECT clock_timestamp()))
		ORDER BY id
		FOR UPDATE`

	// A lane passes over what is cancelled. The row stays until then, because a lane has no gaps; nothing is left in it.
	cancelElsewhere = `
		WITH cancelled AS (
			UPDATE deliveries AS t
			SET state = 'cancelled', message_id = 0, payload = '{}', order_by = '', not_before = NULL, external_id = '', progress = '',
				error_class = '', error_text = '', join_key = ''
			FROM lanes AS l
			WHERE l.id = ANY(@lanes) AND t.lane_id = l.id AND t.seq > l.head AND ` + goesElsewhere + `
			RETURNING t.lane_id, t.seq
		), passed AS (
			UPDATE lanes SET epoch = lanes.epoch + 1, leased_until = NULL, due_at = (SELECT parley_now())
			FROM cancelled
			WHERE lanes.id = cancelled.lane_id AND cancelled.seq = lanes.head + 1
		)
		SELECT count(*) FROM cancelled`

	shortenElsewhere = `
		WITH shortened AS (
			UPDATE deliveries AS t SET ` + withoutReason + `
			FROM lanes AS l
			WHERE l.id = ANY(@lanes) AND t.lane_id = l.id AND t.seq > l.head AND l.conversation_id = ANY(@shared) AND ` + failedThere + `
			RETURNING 1
		)
		SELECT count(*) FROM shortened`
)

// giveUpPosts takes what chats have not taken in time out of the lanes of others. Lines there that tell why a reply did not arrive
// are posted without the reason.
func (r *runner) giveUpPosts(ctx context.Context) error {
	if r.awaitsPosts {
		return nil
	}

	lanes, err := query.Column[store.LaneID](ctx, r.o.Pool, "lanes of others", lanesElsewhere, r.args)
	if err != nil {
		return err
	}

	for some := range slices.Chunk(lanes, stopRows) {
		if err := r.changeElsewhere(ctx, some, "deliveries", cancelElsewhere); err != nil {
			return err
		}
		if err := r.changeElsewhere(ctx, some, "failed_there", shortenElsewhere); err != nil {
			return err
		}
	}

	return nil
}

// changeElsewhere runs a statement on the deliveries of lanes that it has locked, and counts its rows for a place.
func (r *runner) changeElsewhere(ctx context.Context, lanes []store.LaneID, place, statement string) error {
	_, err := r.runBatch(ctx, place, func(tx pgx.Tx) (changed int64, err error) {
		free, err := query.Column[store.LaneID](ctx, tx, "lanes of others", lockLanesElsewhere, lanes)
		if err != nil {
			return 0, err
		}

		args := maps.Clone(r.args)
		args["lanes"] = free
		err = tx.QueryRow(ctx, statement, args).Scan(&changed)
		return changed, err
	})
	return err
}
