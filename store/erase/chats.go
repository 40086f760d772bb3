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

// A customer (contact) may ask to be erased. Parley has posted the customer's messages in chats, where colleagues
// read them. An erasure collects these posts before it erases the rows by which they are found. Then it asks parley
// serve to remove each from its chat, and ends when each is gone, or the chat has refused. Colleagues' own messages
// can't be deleted by an app: they are only counted.

// ErrInChats means that everything in the database is erased, but posts are still being removed from chats, which
// parley serve does. Run it again.
var ErrInChats = errors.New("store: posts in chats are still being erased")

const (
	askedAtOnce  = 100                // posts of one conversation
	chatsTimeout = 7 * 24 * time.Hour // what a chat has not removed by then stays there, and is listed
	// postsTimeout is how long posts are waited for that chats have not taken yet. Then they are given up. It is shorter, so that
	// there is time left to remove what one chat took while another one took nothing.
	postsTimeout = 6 * 24 * time.Hour
)

// postsOf finds posts in channels (p). It also finds what colleagues were told outside of all conversations, in
// direct messages and in channels (direct), by what is left of the deliveries. A conversation has several threads
// if it was handed over, or if its first post was made anew. A message in a channel belongs to the last of them
// that began before it.
const postsOf = `
	WITH p AS MATERIALIZED (
		SELECT account_id, channel, message, kind, version, conversation_id, message_id
		FROM posts
		WHERE channel <> '' AND kind IN ('root', 'said', 'files', 'line', 'human')
			AND (conversation_id = ANY(@conversations) OR message_id <> 0 AND message_id = ANY(@messages)
				OR kind = 'line' AND conversation_id = ANY(@shared) AND (account_id, message) IN (
					SELECT l.account_id, t.external_id FROM deliveries AS t JOIN lanes AS l ON l.id = t.lane_id AND l.head >= t.seq
					WHERE l.conversation_id = ANY(@shared) AND t.external_id <> '' AND (` + toldThere + ` OR ` + failedThere + `)))
	), direct AS (
		SELECT DISTINCT l.account_id, x.channel, t.external_id AS message, x.recipient,
			CASE WHEN x.channel <> '' THEN coalesce(nullif(t.payload #>> '{place,thread}', ''), t.external_id) ELSE '' END AS thread
		FROM deliveries AS t
		JOIN lanes AS l ON l.id = t.lane_id AND l.conversation_id = 0 AND l.head >= t.seq
		CROSS JOIN LATERAL (SELECT coalesce(t.payload #>> '{place,channel}', '') AS channel, coalesce(t.payload ->> 'to', '') AS recipient) AS x
		WHERE ` + toldDirectly + ` AND t.external_id <> '' AND t.kind = 'line' AND (x.channel <> '' OR x.recipient <> '')
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
	SELECT d.account_id, d.channel, d.message, d.recipient, 'line', (@conversations::bigint[])[1], 0, d.thread
	FROM direct AS d`

// cardsOf finds the first messages of other customers' threads. They are cards that name who is in copy and what
// was said last, so they are drawn again once the contact's words are gone.
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

// collectChats remembers which posts stand in chats. It is called before the rows by which they are found are erased.
func (r *runner) collectChats(ctx context.Context) error {
	return query.Exec(ctx, r.o.Pool, "erase", collectPosts, r.args)
}

const (
	nextToAsk = `
		WITH next AS (
			SELECT conversation_id
			FROM erased_posts
			WHERE erasure_id = $1::uuid AND NOT asked AND kind NOT IN ('human', 'card')
			ORDER BY conversation_id
			LIMIT 1
		)
		SELECT account_id, channel, message, thread, recipient, kind, conversation_id, message_id
		FROM erased_posts
		WHERE erasure_id = $1::uuid AND NOT asked AND kind NOT IN ('human', 'card') AND conversation_id = (SELECT conversation_id FROM next)
		ORDER BY kind = 'root', account_id, channel, message -- roots last: below a root, a chat looks for posts that aren't known
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

// eraseInChats asks for everything that was collected to be removed from chats, and fails with ErrInChats while
// something of that still stands there. After chatsTimeout it lets it stand.
func (r *runner) eraseInChats(ctx context.Context) error {
	if r.o.Ask == nil {
		return nil
	}

	remaining, err := query.Value[int64](ctx, r.o.Pool, "erase", stillInChats, r.row.ID)
	if err != nil {
		return err
	}
	if remaining == 0 || !r.awaitsRemovals {
		return nil
	}

	more, err := store.AllKnow(ctx, r.o.Pool, store.KnowsErasing)
	for err == nil && more {
		more, err = r.askForPage(ctx)
	}

	if err != nil {
		return err
	}

	return ErrInChats
}

// age returns how long ago an erasure was asked for.
func (e erasure) age(ctx context.Context, q store.Querier) (time.Duration, error) {
	now, err := query.Value[time.Time](ctx, q, "erase", `SELECT clock_timestamp()`)
	return now.Sub(e.AskedAt), err
}

// continueInChats goes on with chats, if an earlier run has come as far as that.
func (r *runner) continueInChats(ctx context.Context) error {
	const begun = `SELECT EXISTS (SELECT FROM erased_posts WHERE erasure_id = $1::uuid AND asked AND kind <> 'card')`
	asked, err := query.Value[bool](ctx, r.o.Pool, "erase", begun, r.row.ID)
	if err != nil || !asked {
		return err
	}
	return r.eraseInChats(ctx)
}

// askForPage asks for one page of posts to be removed. more is false if nothing was left to ask for.
func (r *runner) askForPage(ctx context.Context) (more bool, err error) {
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

// refreshCards has the first messages of other customers' threads shown anew, once the contact's words are gone.
func (r *runner) refreshCards(ctx context.Context) error {
	if r.o.Ask == nil {
		return nil
	}

	for more := true; more; {
		err := store.InTx(ctx, r.o.Pool, func(tx pgx.Tx) error {
			page, err := query.Collect[Post](ctx, tx, "cards", nextCards, r.row.ID, askedAtOnce)
			more = len(page) > 0
			if err != nil || !more {
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

// markAskedFor notes that the posts of a page were asked to be removed, or the cards to be shown anew.
func markAskedFor(ctx context.Context, tx pgx.Tx, erasure string, page []Post) error {
	accounts := query.Field(page, func(p *Post) store.AccountID { return p.Account })
	channels := query.Field(page, func(p *Post) string { return p.Channel })
	messages := query.Field(page, func(p *Post) string { return p.Message })
	_, err := tx.Exec(ctx, markAsked, erasure, accounts, channels, messages)
	return err
}

// IsRemoverRunning returns whether a process is running that removes posts from chats (parley serve).
func IsRemoverRunning(ctx context.Context, q store.Querier) (bool, error) {
	const living = `SELECT EXISTS (SELECT FROM leases WHERE name LIKE 'process:%' AND until > (SELECT clock_timestamp()))`
	return query.Value[bool](ctx, q, "erase", living)
}
