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

// An erasure deletes everything about a contact, who is a customer. That includes posts in chats such as Slack, where
// Parley has shown the customer's messages to colleagues:
//
//  1. collectChats copies the ids of these posts to the table erased_posts, before the rows that link them to the contact
//     are erased.
//  2. eraseInChats asks parley serve, by an event in the journal, to remove the posts from their chats.
//  3. The erasure ends once each post is removed, or its chat has refused to remove it.
//
// An app can't delete messages that colleagues wrote themselves. Those are only counted, for the certificate.

// ErrInChats means that everything in the database is erased, but parley serve is still removing posts from chats. Call
// Run again later.
var ErrInChats = errors.New("store: posts in chats are still being erased")

const (
	postsPerRequest = 100                // posts that one event asks to remove
	chatsTimeout    = 7 * 24 * time.Hour // posts that a chat has not removed by then are given up; the certificate lists them
	// postsTimeout is how long an erasure waits for posts that are still on their way to a chat. It is shorter than
	// chatsTimeout, so that a chat that is down leaves time to remove the posts from the others.
	postsTimeout = 6 * 24 * time.Hour
)

// postsOf selects posts in the threads of conversations (p), and posts outside of any conversation, such as direct messages
// to a colleague, by their deliveries (direct). A conversation may have several threads in a channel: it may have been
// handed over to another team, or its first post was deleted and posted again. A post belongs to the latest thread that
// began before it.
const postsOf = `
	WITH p AS MATERIALIZED (
		SELECT account_id, channel, message, kind, version, conversation_id, message_id
		FROM posts
		WHERE channel <> '' AND kind IN ('root', 'said', 'files', 'line', 'human', 'aside', 'asked', 'answer')
			AND (conversation_id = ANY(@conversations) OR message_id <> 0 AND message_id = ANY(@messages)
				OR kind = 'line' AND conversation_id = ANY(@shared) AND (account_id, message) IN (
					SELECT l.account_id, t.external_id FROM deliveries AS t JOIN lanes AS l ON l.id = t.lane_id AND l.head >= t.seq
					WHERE l.conversation_id = ANY(@shared) AND t.external_id <> '' AND (` + sharedNotice + ` OR ` + sharedFailure + `)))
	), direct AS (
		SELECT DISTINCT l.account_id, x.channel, t.external_id AS message, x.recipient,
			CASE WHEN x.channel <> '' THEN coalesce(nullif(t.payload #>> '{place,thread}', ''), t.external_id) ELSE '' END AS thread
		FROM deliveries AS t
		JOIN lanes AS l ON l.id = t.lane_id AND l.conversation_id = 0 AND l.head >= t.seq
		CROSS JOIN LATERAL (SELECT coalesce(t.payload #>> '{place,channel}', '') AS channel, coalesce(t.payload ->> 'to', '') AS recipient) AS x
		WHERE ` + directNotice + ` AND t.external_id <> '' AND t.kind = 'line' AND (x.channel <> '' OR x.recipient <> '')
			AND cardinality(@conversations::bigint[]) > 0
	)
	SELECT p.account_id, p.channel, p.message, '' AS recipient,
		CASE p.kind WHEN 'aside' THEN 'line' WHEN 'asked' THEN 'line' WHEN 'answer' THEN 'human' ELSE p.kind END AS kind,
		p.conversation_id, p.message_id,
		CASE WHEN p.kind IN ('root', 'aside') THEN p.message ELSE coalesce(
			(SELECT max(r.message) FROM p AS r WHERE r.kind IN ('root', 'aside') AND r.account_id = p.account_id AND r.channel = p.channel
				AND r.conversation_id = p.conversation_id AND r.message <= p.message),
			(SELECT t.root FROM threads AS t WHERE t.conversation_id = p.conversation_id AND t.account_id = p.account_id), '') END AS thread
	FROM p
	WHERE p.version <> 'erased'
	UNION ALL
	SELECT d.account_id, d.channel, d.message, d.recipient, 'line', (@conversations::bigint[])[1], 0, d.thread
	FROM direct AS d`

// cardsOf selects the cards of other customers' conversations in which the contact took part. A card is the first post of a
// thread, a summary that names the people in copy and quotes the latest message. It isn't removed, but rendered again
// after the contact's words are erased.
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

// collectChats records which posts to remove from chats. It must run before the rows that identify them are erased.
func (r *runner) collectChats(ctx context.Context) error {
	return query.Exec(ctx, r.options.Pool, "erase", collectPosts, r.args)
}

const (
	nextPosts = `
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
		ORDER BY kind = 'root', account_id, channel, message -- roots (first posts) last: the chat also searches a root's thread for unknown posts
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

// eraseInChats requests the removal of all collected posts, and fails with ErrInChats until all are removed. After
// chatsTimeout it gives up the remaining ones.
func (r *runner) eraseInChats(ctx context.Context) error {
	if r.options.Ask == nil {
		return nil
	}

	remaining, err := query.Value[int64](ctx, r.options.Pool, "erase", stillInChats, r.row.ID)
	if err != nil {
		return err
	}
	if remaining == 0 || !r.awaitsRemovals {
		return nil
	}

	for more := true; more; {
		if more, err = r.askForPage(ctx); err != nil {
			return err
		}
	}

	return ErrInChats
}

// age returns the time since the erasure was requested.
func (e erasure) age(ctx context.Context, q store.Querier) (time.Duration, error) {
	now, err := query.Value[time.Time](ctx, q, "erase", `SELECT clock_timestamp()`)
	return now.Sub(e.AskedAt), err
}

// continueInChats continues eraseInChats if an earlier run has got that far.
func (r *runner) continueInChats(ctx context.Context) error {
	const hasAsked = `SELECT EXISTS (SELECT FROM erased_posts WHERE erasure_id = $1::uuid AND asked AND kind <> 'card')`
	asked, err := query.Value[bool](ctx, r.options.Pool, "erase", hasAsked, r.row.ID)
	if err != nil || !asked {
		return err
	}
	return r.eraseInChats(ctx)
}

// askForPage requests the removal of one page of posts, all of one conversation. more is false if no posts were left.
func (r *runner) askForPage(ctx context.Context) (more bool, err error) {
	err = store.InTx(ctx, r.options.Pool, func(tx pgx.Tx) error {
		page, err := query.Collect[Post](ctx, tx, "posts to erase", nextPosts, r.row.ID, postsPerRequest)
		if err != nil || len(page) == 0 {
			return err
		}

		more = true
		name := fmt.Sprintf("erase:%s:%d:%s:%s", r.row.ID, page[0].Account, page[0].Channel, page[0].Message)
		if _, err := store.InsertEvents(ctx, tx, []store.NewEvent{r.options.Ask(name, page[0].Conversation, page)}); err != nil {
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

// refreshCards requests that the cards of other customers' conversations be rendered again, without the contact's words.
func (r *runner) refreshCards(ctx context.Context) error {
	if r.options.Ask == nil {
		return nil
	}

	for more := true; more; {
		var err error
		if more, err = r.askForCards(ctx); err != nil {
			return err
		}
	}
	return nil
}

// askForCards requests that one page of cards be rendered again. more is false if no cards were left.
func (r *runner) askForCards(ctx context.Context) (more bool, err error) {
	err = store.InTx(ctx, r.options.Pool, func(tx pgx.Tx) error {
		page, err := query.Collect[Post](ctx, tx, "cards", nextCards, r.row.ID, postsPerRequest)
		if err != nil || len(page) == 0 {
			return err
		}

		more = true
		facts := make([]store.NewEvent, len(page))
		for i, card := range page {
			name := fmt.Sprintf("erase:%s:card:%d:%d", r.row.ID, card.Account, card.Conversation)
			facts[i] = r.options.Ask(name, card.Conversation, nil)
		}
		if _, err := store.InsertEvents(ctx, tx, facts); err != nil {
			return err
		}
		return markAskedFor(ctx, tx, r.row.ID, page)
	})
	if err != nil {
		return false, fmt.Errorf("store: erase: %w", err)
	}

	return more, nil
}

// markAskedFor records that the posts or cards of a page were requested.
func markAskedFor(ctx context.Context, tx pgx.Tx, erasure string, page []Post) error {
	accounts := query.Field(page, func(p *Post) store.AccountID { return p.Account })
	channels := query.Field(page, func(p *Post) string { return p.Channel })
	messages := query.Field(page, func(p *Post) string { return p.Message })
	_, err := tx.Exec(ctx, markAsked, erasure, accounts, channels, messages)
	return err
}

// IsRemoverRunning reports whether a parley serve process is running, which removes posts from chats.
func IsRemoverRunning(ctx context.Context, q store.Querier) (bool, error) {
	const hasProcess = `SELECT EXISTS (SELECT FROM leases WHERE name LIKE 'process:%' AND until > (SELECT clock_timestamp()))`
	return query.Value[bool](ctx, q, "erase", hasProcess)
}
