package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// Board is the message in a team's channel that shows what presses there.
type Board struct {
	AccountID  AccountID  `db:"account_id"` // the chat
	Channel    string     `db:"channel"`
	DeliveryID DeliveryID `db:"delivery_id"` // that posted it, or changed it last; 0 if it was never posted
	Message    string     `db:"message"`     // the chat's id of it; "" until it is posted
	Shown      string     `db:"shown"`       // a digest of what it shows
	IsUnderWay bool       `db:"under_way"`   // the delivery waits, or is being made
}

const (
	addBoards = `
	INSERT INTO boards (account_id, channel)
	SELECT * FROM unnest($1::bigint[], $2::text[])
	ON CONFLICT DO NOTHING`
	// A delivery that is over without an id found no message to change, or was never posted.
	boardMessage = `coalesce((
		SELECT delivery.external_id
		FROM deliveries AS delivery
		JOIN lanes AS lane ON lane.id = delivery.lane_id AND lane.head >= delivery.seq
		WHERE delivery.id = boards.delivery_id AND (boards.message = '' OR delivery.external_id = '')), boards.message)`
	hasDelivery = `EXISTS (SELECT FROM deliveries WHERE deliveries.id = boards.delivery_id)`
	noteBoards  = `
	UPDATE boards SET message = ` + boardMessage + `, delivery_id = CASE WHEN ` + hasDelivery + ` THEN delivery_id ELSE 0 END
	WHERE message <> ` + boardMessage + ` OR message = '' AND delivery_id <> 0 AND NOT ` + hasDelivery
	// The delivery of a first post is written at the end of the transaction that made it.
	boardColumns = `account_id, channel, delivery_id, ` + boardMessage + ` AS message, shown,
		message = '' AND delivery_id <> 0 AND NOT ` + hasDelivery + ` OR EXISTS (
			SELECT FROM deliveries AS delivery JOIN lanes AS lane ON lane.id = delivery.lane_id AND lane.head < delivery.seq
			WHERE delivery.id = boards.delivery_id) AS under_way`
	dueBoards = `
	UPDATE boards SET checked_at = parley_now()
	WHERE checked_at <= parley_now() - make_interval(secs => $1)
	RETURNING ` + boardColumns
	lockBoard = `
	SELECT ` + boardColumns + ` FROM boards WHERE account_id = $1 AND channel = $2 FOR UPDATE`
	checkBoards = `
	UPDATE boards SET checked_at = 'epoch'
	FROM threads
	WHERE threads.conversation_id = $1 AND threads.account_id = boards.account_id AND threads.channel = boards.channel`
	keepBoard = `UPDATE boards SET message = $3, delivery_id = $4, shown = $5 WHERE account_id = $1 AND channel = $2`
	dropBoard = `DELETE FROM boards WHERE account_id = $1 AND channel = $2`
)

// DueBoards returns the boards that nobody has looked at for a time: those of the given channels, and those that are still there
// although they aren't wanted any more. Each is returned to one process.
func DueBoards(ctx context.Context, q Querier, wanted []TeamChannel, every time.Duration) ([]Board, error) {
	accounts := query.Field(wanted, func(c *TeamChannel) AccountID { return c.AccountID })
	channels := query.Field(wanted, func(c *TeamChannel) string { return c.Channel })
	if err := query.Exec(ctx, q, "add boards", addBoards, accounts, channels); err != nil {
		return nil, err
	}
	if err := query.Exec(ctx, q, "note boards", noteBoards); err != nil {
		return nil, err
	}
	return query.Collect[Board](ctx, q, "due boards", dueBoards, every.Seconds())
}

// LockBoard returns the board of a channel, and locks it; nil if there is none.
func LockBoard(ctx context.Context, q Querier, surface AccountID, channel string) (*Board, error) {
	rows, err := query.Collect[Board](ctx, q, "lock board", lockBoard, surface, channel)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// CheckBoards has the boards that may show a conversation looked at as soon as possible.
func CheckBoards(ctx context.Context, q Querier, conversation ConversationID) error {
	return query.Exec(ctx, q, "check boards", checkBoards, conversation)
}

// KeepBoard records what a board shows as soon as a delivery is done.
func KeepBoard(ctx context.Context, q Querier, b Board, delivery DeliveryID, shown string) error {
	return query.Exec(ctx, q, "keep board", keepBoard, b.AccountID, b.Channel, b.Message, delivery, shown)
}

// DropBoard forgets a board.
func DropBoard(ctx context.Context, q Querier, b Board) error {
	return query.Exec(ctx, q, "drop board", dropBoard, b.AccountID, b.Channel)
}

const crowdedChannels = `
	SELECT account_id, channel, max(count)::int AS count
	FROM (
		SELECT thread.account_id, thread.channel, conversation.created_at::date AS day, count(*) AS count
		FROM (SELECT id, created_at FROM conversations WHERE kind = 'customer' ORDER BY id DESC LIMIT 20000) AS conversation
		JOIN threads AS thread ON thread.conversation_id = conversation.id
		WHERE conversation.created_at > parley_now() - interval '7 days'
		GROUP BY thread.account_id, thread.channel, day) AS days
	GROUP BY account_id, channel
	HAVING max(count) > $1
	ORDER BY count DESC`

// CrowdedChannel is a channel in which many conversations began on one day.
type CrowdedChannel struct {
	AccountID AccountID `db:"account_id"`
	Channel   string    `db:"channel"`
	Count     int       `db:"count"` // of its busiest day within a week
}

// CrowdedChannels returns the channels in which more conversations than that began on a day of the last week, as far as they are among
// the latest ones.
func CrowdedChannels(ctx context.Context, q Querier, than int) ([]CrowdedChannel, error) {
	return query.Collect[CrowdedChannel](ctx, q, "crowded channels", crowdedChannels, than)
}
