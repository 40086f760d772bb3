// Package solved stores the questions and answers of resolved conversations, in anonymous form, and searches them for text
// similar to a new question. So when a customer asks "Where is my order?", Parley can suggest what an agent answered to
// that before.
//
// A trigger adds each resolved conversation to the table solved_due. A worker calls ReadDue, makes the texts anonymous,
// and calls TakeDue and Keep in one transaction. FindSimilar does the search.
//
// What does not belong here: how a text is made anonymous (bridge/analysis/anonymous).
package solved

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Solved is the anonymous question and answer of one resolved conversation.
type Solved struct {
	ConversationID store.ConversationID `db:"conversation_id"`
	AccountID      store.AccountID      `db:"account_id"`
	TeamID         store.TeamID         `db:"team_id"` // 0 if it has none
	Intent         string               `db:"intent"`  // what the customer wanted; empty if unknown
	Tags           []string             `db:"tags"`
	AgentID        store.AgentID        `db:"agent_id"` // the last agent who answered; 0 if nobody did
	Asked          string               `db:"asked"`
	Answered       string               `db:"answered"` // empty if nothing in the answers is fit for another customer
	Language       string               `db:"-"`        // ISO 639-1; empty if unknown. FindSimilar doesn't return it
}

// Due is a resolved conversation that is not stored yet. Mark is the transaction that wrote its row. It distinguishes this
// resolution from a later one, if the conversation is reopened and resolved again.
type Due struct {
	ConversationID store.ConversationID `db:"conversation_id"`
	Mark           string               `db:"mark"`
}

// readDue skips conversations with an answer that is still being sent, since agents often answer and resolve in one step.
const (
	readDue = `
		SELECT due.conversation_id, due.xmin::text AS mark
		FROM solved_due AS due
		WHERE NOT EXISTS (
			SELECT FROM messages
			WHERE messages.conversation_id = due.conversation_id AND messages.direction = 'out' AND messages.fate = 'waiting')
		ORDER BY due.conversation_id
		LIMIT $1`
	takeDue = `
		DELETE FROM solved_due AS due
		USING unnest($1::bigint[], $2::text[]) AS wanted (id, mark)
		WHERE due.conversation_id = wanted.id AND due.xmin::text = wanted.mark
		RETURNING due.conversation_id`
)

// ReadDue returns at most limit resolved conversations that are not stored yet. It doesn't claim them; see TakeDue.
func ReadDue(ctx context.Context, q store.Querier, limit int) ([]Due, error) {
	return query.Collect[Due](ctx, q, "solved conversations", readDue, limit)
}

// TakeDue removes the given conversations from the list that ReadDue reads. It returns those that no other process has
// taken, and that were not reopened or erased, since ReadDue.
func TakeDue(ctx context.Context, tx pgx.Tx, due []Due) ([]store.ConversationID, error) {
	ids, marks := make([]store.ConversationID, len(due)), make([]string, len(due))
	for i, d := range due {
		ids[i], marks[i] = d.ConversationID, d.Mark
	}
	return query.Column[store.ConversationID](ctx, tx, "solved conversations", takeDue, ids, marks)
}

const namesOf = `
	SELECT concat_ws(' ', identity.name, identity.key, contact.name)
	FROM identities AS identity
	JOIN contacts AS contact ON contact.id = identity.contact_id
	WHERE identity.id = $1 OR identity.same_as = $1 OR identity.contact_id = (SELECT contact_id FROM identities WHERE id = $1)`

// Names returns all known names and addresses of the people in a conversation, so that they can be removed from its texts.
// It may contain duplicates and empty strings.
func Names(ctx context.Context, q store.Querier, c *store.Conversation) ([]string, error) {
	names, err := query.Column[string](ctx, q, "names", namesOf, c.IdentityID)
	if err != nil {
		return nil, err
	}
	for _, p := range c.Participants {
		names = append(names, p.Name, p.Key)
	}
	return append(names, c.Traits["name"]), nil
}

// keptEach is how many conversations are kept for each pair of account and team.
const keptEach = 1000

const (
	keep = `
		INSERT INTO solved (conversation_id, account_id, team_id, intent, tags, agent_id, asked, answered, config, words)
		SELECT id, $2, $3, $4, $5, $6, $7, $8, $9::regconfig, to_tsvector($9::regconfig, $7)
		FROM conversations
		WHERE id = $1 AND status = 'resolved'
		ON CONFLICT (account_id, team_id, conversation_id) DO UPDATE
		SET intent = EXCLUDED.intent, tags = EXCLUDED.tags, agent_id = EXCLUDED.agent_id, asked = EXCLUDED.asked, answered = EXCLUDED.answered,
			config = EXCLUDED.config, words = EXCLUDED.words`
	dropOld = `
		DELETE FROM solved
		WHERE account_id = $1 AND team_id = $2 AND conversation_id <= (
			SELECT conversation_id FROM solved WHERE account_id = $1 AND team_id = $2 ORDER BY conversation_id DESC OFFSET $3 LIMIT 1)`
)

// Keep stores a conversation, in place of an earlier version of it, if it is still resolved. If the account and team then
// have more than keptEach, it removes the oldest.
func Keep(ctx context.Context, tx pgx.Tx, s Solved) error {
	tags := append([]string{}, s.Tags...) // nil would be NULL
	_, err := tx.Exec(ctx, keep, s.ConversationID, s.AccountID, s.TeamID, s.Intent, tags, s.AgentID,
		s.Asked, s.Answered, query.SearchOf(s.Language))
	if err != nil {
		return fmt.Errorf("store: keep a solved conversation: %w", err)
	}
	if _, err := tx.Exec(ctx, dropOld, s.AccountID, s.TeamID, keptEach); err != nil {
		return fmt.Errorf("store: forget old solved conversations: %w", err)
	}
	return nil
}

// likeText compares a text only with the newest conversations of each account, so that the cost is bounded. Each is
// compared with the text search configuration of its own language (config). Conversations for which analysis was switched
// off after they were stored are removed from the result.
const likeText = `
	WITH newest AS MATERIALIZED (
		SELECT latest.*
		FROM unnest($1::bigint[]) AS account (id)
		CROSS JOIN LATERAL (
			SELECT * FROM solved
			WHERE account_id = account.id AND team_id = $2
			ORDER BY conversation_id DESC
			LIMIT $4) AS latest
	), best AS MATERIALIZED (
		SELECT newest.*, ts_rank(newest.words, asked.words, 1) AS rank
		FROM (SELECT DISTINCT config, $3::text AS given FROM newest) AS language
		CROSS JOIN LATERAL (` + query.AnyWords + `) AS asked
		JOIN newest ON newest.config = language.config AND newest.words @@ asked.words
		ORDER BY rank DESC, newest.conversation_id DESC
		LIMIT $5
	)
	SELECT best.conversation_id, best.account_id, best.team_id, best.intent, best.tags, best.agent_id, best.asked, best.answered
	FROM best
	WHERE NOT EXISTS (
		SELECT FROM conversations AS conversation
		WHERE conversation.id = best.conversation_id AND conversation.traits->>'analysis' = 'off')
	ORDER BY best.rank DESC, best.conversation_id DESC`

// comparedEach is how many conversations of each account FindSimilar compares with the text.
const comparedEach = 500

// FindSimilar returns at most limit stored conversations of the given accounts and team whose questions share the most words
// with text, the best first.
func FindSimilar(
	ctx context.Context, q store.Batcher, accounts []store.AccountID, team store.TeamID, text string, limit int,
) ([]Solved, error) {
	return query.CollectOnePlan[Solved](ctx, q, "like conversations", likeText, accounts, team, text, comparedEach, limit)
}
