// Package solved keeps what was asked and answered in resolved conversations, without who their customers are, and
// finds those that are like a text.
//
// What does not belong here: how a text loses its customer (bridge/analysis/anonymous).
package solved

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Solved is a resolved conversation.
type Solved struct {
	ConversationID store.ConversationID `db:"conversation_id"`
	AccountID      store.AccountID      `db:"account_id"`
	TeamID         store.TeamID         `db:"team_id"` // 0 = none
	Intent         string               `db:"intent"`  // "" = nobody knows
	Tags           []string             `db:"tags"`
	AgentID        store.AgentID        `db:"agent_id"` // who answered last; 0 = nobody
	Asked          string               `db:"asked"`
	Answered       string               `db:"answered"` // "" = nothing that could be said to somebody else
	Language       string               `db:"-"`        // ISO 639-1, "" = unknown; Like doesn't tell it
}

// Due is a conversation that was resolved and is to be kept, with a mark of this resolving: one that was opened and
// resolved again has another mark.
type Due struct {
	ConversationID store.ConversationID `db:"conversation_id"`
	Mark           string               `db:"mark"`
}

// A row's mark is the transaction that wrote it. A conversation whose answer is still on its way is read once it has
// left: agents answer and resolve in one go.
const (
	readDue = `
		SELECT d.conversation_id, d.xmin::text AS mark
		FROM solved_due AS d
		WHERE NOT EXISTS (SELECT FROM messages AS m WHERE m.conversation_id = d.conversation_id AND m.direction = 'out' AND m.fate = 'waiting')
		ORDER BY d.conversation_id
		LIMIT $1`
	takeDue = `
		DELETE FROM solved_due AS d
		USING unnest($1::bigint[], $2::text[]) AS w (id, mark)
		WHERE d.conversation_id = w.id AND d.xmin::text = w.mark
		RETURNING d.conversation_id`
)

// ReadDue gives conversations that were resolved and are to be kept, at most so many.
func ReadDue(ctx context.Context, q store.Querier, most int) ([]Due, error) {
	return query.Collect[Due](ctx, q, "solved conversations", readDue, most)
}

// TakeDue takes those that ReadDue gave, and gives the ones which nobody has taken, opened or erased since.
func TakeDue(ctx context.Context, tx pgx.Tx, due []Due) ([]store.ConversationID, error) {
	ids, marks := make([]store.ConversationID, len(due)), make([]string, len(due))
	for i, d := range due {
		ids[i], marks[i] = d.ConversationID, d.Mark
	}
	return query.IDs[store.ConversationID](ctx, tx, "solved conversations", takeDue, ids, marks)
}

const namesOf = `
	SELECT concat_ws(' ', i.name, i.key, c.name)
	FROM identities AS i
	JOIN contacts AS c ON c.id = i.contact_id
	WHERE i.id = $1 OR i.same_as = $1 OR i.contact_id = (SELECT contact_id FROM identities WHERE id = $1)`

// Names gives all names and addresses by which the people of a conversation are known.
func Names(ctx context.Context, q store.Querier, c *store.Conversation) ([]string, error) {
	rows, err := q.Query(ctx, namesOf, c.IdentityID)
	if err != nil {
		return nil, fmt.Errorf("store: names: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("store: names: %w", err)
	}
	for _, p := range c.Participants {
		names = append(names, p.Name, p.Key)
	}
	return append(names, c.Traits["name"]), nil
}

const keepEach = 1000 // of an account and a team

const (
	keep = `
		INSERT INTO solved (conversation_id, account_id, team_id, intent, tags, agent_id, asked, answered, config, words)
		SELECT id, $2, $3, $4, $5, $6, $7, $8, $9::regconfig, to_tsvector($9::regconfig, $7) FROM conversations WHERE id = $1 AND status = 'resolved'
		ON CONFLICT (account_id, team_id, conversation_id) DO UPDATE
		SET intent = EXCLUDED.intent, tags = EXCLUDED.tags, agent_id = EXCLUDED.agent_id, asked = EXCLUDED.asked, answered = EXCLUDED.answered,
			config = EXCLUDED.config, words = EXCLUDED.words`
	dropOld = `
		DELETE FROM solved
		WHERE account_id = $1 AND team_id = $2 AND conversation_id <= (
			SELECT conversation_id FROM solved WHERE account_id = $1 AND team_id = $2 ORDER BY conversation_id DESC OFFSET $3 LIMIT 1)`
)

// Keep keeps a conversation as long as it is resolved, and forgets the oldest ones of its account and team above a
// thousand.
func Keep(ctx context.Context, tx pgx.Tx, s Solved) error {
	_, err := tx.Exec(ctx, keep, s.ConversationID, s.AccountID, s.TeamID, s.Intent, append([]string{}, s.Tags...), s.AgentID, s.Asked, s.Answered, query.SearchOf(s.Language))
	if err == nil {
		_, err = tx.Exec(ctx, dropOld, s.AccountID, s.TeamID, keepEach)
	}
	if err != nil {
		return fmt.Errorf("store: solved conversation: %w", err)
	}
	return nil
}

// The newest of each account are compared one by one, each by its own language's rules: so a question costs the
// same however many there are.
const likeText = `
	WITH newest AS MATERIALIZED (
		SELECT s.*
		FROM unnest($1::bigint[]) AS a (id)
		CROSS JOIN LATERAL (SELECT * FROM solved WHERE account_id = a.id AND team_id = $2 ORDER BY conversation_id DESC LIMIT $4) AS s
	)
	SELECT n.conversation_id, n.account_id, n.team_id, n.intent, n.tags, n.agent_id, n.asked, n.answered
	FROM (SELECT DISTINCT config, $3::text AS given FROM newest) AS c
	CROSS JOIN LATERAL (` + query.AnyWords + `) AS asked
	JOIN newest AS n ON n.config = c.config AND n.words @@ asked.words
	ORDER BY ts_rank(n.words, asked.words, 1) DESC, n.conversation_id DESC
	LIMIT $5`

const lookAt = 500 // of an account

// Like gives the resolved conversations of some accounts and a team that have most in common with a text, at most
// so many, the best first.
func Like(ctx context.Context, q store.Batcher, accounts []store.AccountID, team store.TeamID, text string, most int) ([]Solved, error) {
	return query.CollectOnePlan[Solved](ctx, q, "like conversations", likeText, accounts, team, text, lookAt, most)
}
