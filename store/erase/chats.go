package erase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// What Parley posted about a contact in chats goes by deliveries, like everything that is done there: within the
// chats' limits, tried again, journalled. The erasure collects the posts, asks for each to be taken away, and ends
// when each has gone or a chat has refused. What colleagues wrote can't be deleted by an app: it is counted.

// ErrInChats means that everything in the database is erased, and posts are still being taken out of chats, which
// parley serve does. Run it again.
var ErrInChats = errors.New("store: posts in chats are still being erased")

// Post is a post of Parley's that is to go from a chat.
type Post struct {
	Account      store.AccountID      `db:"account_id"`
	Channel      string               `db:"channel"` // "" = a direct message
	Message      string               `db:"message"`
	Thread       string               `db:"thread"`
	Recipient    string               `db:"recipient"` // of a direct message
	Kind         string               `db:"kind"`
	Conversation store.ConversationID `db:"conversation_id"`
	MessageID    store.MessageID      `db:"message_id"`
}

const (
	askedAtOnce = 100                // posts, of one conversation
	chatsWithin = 7 * 24 * time.Hour // what a chat didn't take by then is left there, and listed
)

// A message of ours in a channel belongs to the last thread of its conversation that began before it: where a
// conversation was handed over, or a root was posted anew, there are several. Direct messages are known by what
// is left of their deliveries.
const postsOf = `
	WITH p AS MATERIALIZED (
		SELECT account_id, channel, message, kind, version, conversation_id, message_id
		FROM posts
		WHERE channel <> '' AND kind IN ('root', 'said', 'files', 'line', 'human')
			AND (conversation_id = ANY(@conversations) OR message_id <> 0 AND message_id = ANY(@messages)
				OR kind = 'line' AND conversation_id = ANY(@shared) AND (account_id, message) IN (
					SELECT l.account_id, t.external_id FROM deliveries AS t JOIN lanes AS l ON l.id = t.lane_id AND l.head >= t.seq
					WHERE l.conversation_id = ANY(@shared) AND t.external_id <> '' AND ` + toldThere + `))
	), direct AS (
		SELECT DISTINCT l.account_id, t.external_id AS message, t.payload ->> 'to' AS recipient
		FROM deliveries AS t
		JOIN lanes AS l ON l.id = t.lane_id AND l.conversation_id = 0 AND l.head >= t.seq
		WHERE lower(t.payload::text) LIKE ANY(@told) AND t.external_id <> '' AND t.payload ->> 'to' <> '' AND t.kind = 'line'
			AND cardinality(@conversations::bigint[]) > 0
	)
	SELECT p.account_id, p.channel, p.message, '' AS recipient, p.kind, p.conversation_id, p.message_id,
		CASE WHEN p.kind = 'root' THEN p.message ELSE coalesce(
			(SELECT max(r.message) FROM p AS r WHERE r.kind = 'root' AND r.account_id = p.account_id AND r.channel = p.channel
				AND r.conversation_id = p.conversation_id AND r.message <= p.message),
			(SELECT t.root FROM threads AS t WHERE t.conversation_id = p.conversation_id AND t.account_id = p.account_id), '') END AS thread
	FROM p
	WHERE p.version <> 'erased'
	UNION ALL
	SELECT d.account_id, '', d.message, d.recipient, 'line', (@conversations::bigint[])[1], 0, ''
	FROM direct AS d`

// The first message of another customer's thread names who is in copy and what was said last: it is shown anew.
const cardsOf = `
	SELECT t.account_id, t.channel, t.root, '', 'card', t.conversation_id, 0, t.root
	FROM threads AS t
	JOIN conversations AS c ON c.id = t.conversation_id AND c.kind = 'customer'
	WHERE t.conversation_id = ANY(@shared) AND t.root <> ''`

const (
	collectPosts = `
		INSERT INTO erased_posts (erasure_id, account_id, channel, message, recipient, kind, conversation_id, message_id, thread)
		SELECT @erasure::uuid, x.* FROM (` + postsOf + ` UNION ALL ` + cardsOf + `) AS x
		ON CONFLICT DO NOTHING`
	countPosts = `SELECT count(*) FROM (` + postsOf + `) AS x WHERE x.kind <> 'human'`
)

// collectChats remembers what stands in chats, before the rows are erased by which it is found.
func (r *runner) collectChats(ctx context.Context) error {
	if _, err := r.o.Pool.Exec(ctx, collectPosts, r.args); err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}
	return nil
}

const (
	nextToAsk = `
		WITH c AS (
			SELECT conversation_id FROM erased_posts WHERE erasure_id = $1::uuid AND NOT asked AND kind NOT IN ('human', 'card') ORDER BY conversation_id LIMIT 1
		)
		SELECT account_id, channel, message, thread, recipient, kind, conversation_id, message_id
		FROM erased_posts
		WHERE erasure_id = $1::uuid AND NOT asked AND kind NOT IN ('human', 'card') AND conversation_id = (SELECT conversation_id FROM c)
		ORDER BY kind = 'root', account_id, channel, message -- below a root, a chat looks for posts that aren't known
		LIMIT $2`
	markAsked = `
		UPDATE erased_posts SET asked = true
		WHERE erasure_id = $1::uuid AND (account_id, channel, message) IN (SELECT * FROM unnest($2::bigint[], $3::text[], $4::text[]))`
	stillInChats = `
		SELECT count(*)
		FROM erased_posts AS e
		LEFT JOIN posts AS p ON p.account_id = e.account_id AND p.channel = e.channel AND p.message = e.message
		WHERE e.erasure_id = $1::uuid AND e.kind NOT IN ('human', 'card') AND coalesce(p.version, '') NOT IN ('erased', 'kept')`
)

// chats asks for everything that was collected to be taken out of chats, and fails with ErrInChats while something
// of it still stands there.
func (r *runner) chats(ctx context.Context) error {
	if r.o.Ask == nil {
		return nil
	}
	var waits int64
	if err := r.o.Pool.QueryRow(ctx, stillInChats, r.row.ID).Scan(&waits); err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}
	if waits == 0 || !r.patient {
		return nil
	}
	all, err := store.AllKnow(ctx, r.o.Pool, store.KnowsErasing)
	for more := all; err == nil && more; {
		more, err = r.ask(ctx)
	}
	if err != nil {
		return err
	}
	return ErrInChats
}

// patient says that chats still have time to take away what is about a contact.
func patient(ctx context.Context, q store.Querier, e erasure) (bool, error) {
	var now time.Time
	if err := q.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return false, fmt.Errorf("store: erase: %w", err)
	}
	return now.Sub(e.AskedAt) <= chatsWithin, nil
}

// chatsBefore goes on with chats, if an earlier run has come as far as that.
func (r *runner) chatsBefore(ctx context.Context) error {
	const begun = `SELECT EXISTS (SELECT FROM erased_posts WHERE erasure_id = $1::uuid AND asked AND kind <> 'card')`
	var yes bool
	if err := r.o.Pool.QueryRow(ctx, begun, r.row.ID).Scan(&yes); err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}
	if !yes {
		return nil
	}
	return r.chats(ctx)
}

// ask asks for one page of posts to be taken away; it says no when nothing was left to ask for.
func (r *runner) ask(ctx context.Context) (more bool, err error) {
	err = store.InTx(ctx, r.o.Pool, func(tx pgx.Tx) error {
		page, err := query.Collect[Post](ctx, tx, "posts to erase", nextToAsk, r.row.ID, askedAtOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		more = true
		name := fmt.Sprintf("erase:%s:%d:%s:%s", r.row.ID, page[0].Account, page[0].Channel, page[0].Message)
		if _, err := store.InsertEvents(ctx, tx, []store.NewEvent{r.o.Ask(name, page[0].Conversation, page)}); err != nil {
			return err
		}
		return markAskedFor(ctx, tx, r.row.ID, page)
	})
	if err != nil {
		return false, fmt.Errorf("store: erase: %w", err)
	}
	return more, nil
}

const nextCards = `
		SELECT account_id, channel, message, thread, recipient, kind, conversation_id, message_id
		FROM erased_posts
		WHERE erasure_id = $1::uuid AND NOT asked AND kind = 'card'
		ORDER BY conversation_id, account_id
		LIMIT $2`

// cards has the first messages of other customers' threads shown anew, once the contact's words are gone.
func (r *runner) cards(ctx context.Context) error {
	if r.o.Ask == nil {
		return nil
	}
	for more := true; more; {
		err := store.InTx(ctx, r.o.Pool, func(tx pgx.Tx) error {
			page, err := query.Collect[Post](ctx, tx, "cards", nextCards, r.row.ID, askedAtOnce)
			if more = len(page) > 0; err != nil || !more {
				return err
			}
			facts := make([]store.NewEvent, len(page))
			for i, p := range page {
				facts[i] = r.o.Ask(fmt.Sprintf("erase:%s:card:%d:%d", r.row.ID, p.Account, p.Conversation), p.Conversation, nil)
			}
			if _, err := store.InsertEvents(ctx, tx, facts); err != nil {
				return err
			}
			return markAskedFor(ctx, tx, r.row.ID, page)
		})
		if err != nil {
			return fmt.Errorf("store: erase: %w", err)
		}
	}
	return nil
}

func markAskedFor(ctx context.Context, tx pgx.Tx, erasure string, page []Post) error {
	accounts, channels, messages := make([]store.AccountID, len(page)), make([]string, len(page)), make([]string, len(page))
	for i, p := range page {
		accounts[i], channels[i], messages[i] = p.Account, p.Channel, p.Message
	}
	_, err := tx.Exec(ctx, markAsked, erasure, accounts, channels, messages)
	return err
}

// Served says whether a process lives that takes posts out of chats.
func Served(ctx context.Context, q store.Querier) (served bool, err error) {
	const living = `SELECT EXISTS (SELECT FROM leases WHERE name LIKE 'process:%' AND until > (SELECT clock_timestamp()))`
	if err := q.QueryRow(ctx, living).Scan(&served); err != nil {
		return false, fmt.Errorf("store: erase: %w", err)
	}
	return served, nil
}

// Thread is where a conversation was shown to colleagues.
type Thread struct {
	Conversation store.ConversationID `db:"conversation" json:"conversation"`
	Chat         string               `db:"chat" json:"chat"`
	Channel      string               `db:"channel" json:"channel"`
	Message      string               `db:"message" json:"message"`             // the first one of the thread
	Erased       int64                `db:"erased" json:"erased"`               // posts of Parley's that were removed; the first one says "Erased"
	Left         int64                `db:"kept" json:"left"`                   // those that the chat didn't let Parley remove
	ByColleagues int64                `db:"by_colleagues" json:"by_colleagues"` // messages that only people can delete
}

const threadsOf = `
	WITH e AS MATERIALIZED (
		SELECT e.conversation_id, e.account_id, e.channel, e.thread, e.kind, coalesce(p.version, '') = 'erased' AS gone
		FROM erased_posts AS e
		LEFT JOIN posts AS p ON p.account_id = e.account_id AND p.channel = e.channel AND p.message = e.message
		WHERE e.erasure_id = $3::uuid AND e.kind <> 'card'
	), t AS (
		SELECT conversation_id, account_id, channel, root AS thread FROM threads
		WHERE root <> '' AND (conversation_id = ANY($1) OR conversation_id = ANY(ARRAY(SELECT m.conversation_id FROM messages AS m WHERE m.id = ANY($2))))
		UNION
		SELECT conversation_id, account_id, channel, thread FROM e
	)
	SELECT t.conversation_id AS conversation, a.name AS chat, t.channel, t.thread AS message,
		count(*) FILTER (WHERE e.kind <> 'human' AND e.gone) AS erased,
		count(*) FILTER (WHERE e.kind <> 'human' AND NOT e.gone) AS kept,
		count(*) FILTER (WHERE e.kind = 'human') AS by_colleagues
	FROM t
	JOIN accounts AS a ON a.id = t.account_id
	LEFT JOIN e ON e.conversation_id = t.conversation_id AND e.account_id = t.account_id AND e.channel = t.channel AND e.thread = t.thread
	GROUP BY t.conversation_id, a.name, t.channel, t.thread
	ORDER BY t.conversation_id, a.name, t.channel, t.thread`

func chatsFound(rows int64) Found {
	return Found{Place: "chats", What: "Parley's own posts in chats, with their files", How: "removed or replaced", Rows: rows}
}
