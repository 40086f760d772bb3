// Package logbook reads what was done, by whom and when: to conversations, and to the set-up. It changes nothing
// of it: the log is only ever added to.
//
// What does not belong here: the words in which deeds are shown.
package logbook

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Row is one thing that was done.
type Row struct {
	Source       Source               `db:"source"`
	ID           int64                `db:"id"` // of its source
	At           time.Time            `db:"at"`
	Conversation store.ConversationID `db:"conversation"` // 0 for a change of the set-up
	Account      string               `db:"account"`      // empty for a change of the set-up
	AgentID      store.AgentID        `db:"agent_id"`     // 0 if no agent did it
	By           string               `db:"by"`           // an agent's name; else "customer", "parley", or a command
	What         string               `db:"what"`         // a store.Deed, or SetUp
	Text         string               `db:"text"`         // what else is known of it
}

// Source says where a row stands.
type Source int16

// Sources, in the order of rows of the same moment.
const (
	OfSetup Source = iota
	OfConversation
)

// SetUp is Row.What of a change of the set-up.
const SetUp = "set up"

// Filter says which rows are wanted. The zero Filter wants all.
type Filter struct {
	Agent        store.AgentID        // who did it
	What         string               // a store.Deed, or SetUp
	Account      string               // of the conversation
	Conversation store.ConversationID // this one
	From, Until  time.Time            // from this moment on, and before this one; a zero time is no bound
}

// Place is where a page of the log ended: the next one begins behind it. The zero Place is before the newest row.
type Place struct {
	At     time.Time
	Source Source
	ID     int64
}

// Page is some rows, the newest first.
type Page struct {
	Rows []Row
	Next Place // where the next page begins
	More bool  // there may be older rows
}

// look is how many rows are read at most for one page, so that no page takes long, however long the log is. If a filter wants
// few of these rows, a page may be short or empty although there are more.
const look = 3_000

// The statement takes the next rows of both sources behind a place (deeds, changes), and the first of them together (first).
// A filter leaves no row out: the column wanted says whether a row passes it. So rows are read in the order of an index,
// at most @look of each source, whatever the filter is.
const (
	readPage  = readRows + readRest
	readOfOne = readRows + ` AND conversation_id = @conversation` + readRest
)

const readRows = `
	WITH deeds AS MATERIALIZED (
		SELECT * FROM log_entries
		WHERE at >= @from AND at <= @at AND (at, 1, id) < (@at, @source, @id) AND @what <> '` + SetUp + `'`

const readRest = `
		ORDER BY at DESC, id DESC LIMIT @look
	), changes AS MATERIALIZED (
		SELECT * FROM setup_changes
		WHERE at >= @from AND at <= @at AND (at, 0, id) < (@at, @source, @id) AND @what IN ('', '` + SetUp + `')
			AND @conversation = 0 AND @account = ''
		ORDER BY at DESC, id DESC LIMIT @look
	), looked AS (
		SELECT 1::smallint AS source, entry.id, entry.at, entry.conversation_id AS conversation,
			coalesce(entry.agent_id, 0) AS agent_id, entry.actor AS by, entry.what,
			concat_ws(' · ', entry.detail ->> 'text', entry.detail ->> 'reason', entry.detail ->> 'note',
				CASE WHEN entry.detail ? 'agents' THEN (SELECT string_agg(agent.name, ', ' ORDER BY agent.name) FROM agents AS agent
					WHERE entry.detail -> 'agents' @> to_jsonb(agent.id)) END) AS text
		FROM deeds AS entry
		UNION ALL
		SELECT 0, change.id, change.at, 0, coalesce(change.agent_id, 0), change.author,
			'` + SetUp + `', array_to_string(change.lines, E'\n')
		FROM changes AS change
	), first AS MATERIALIZED (
		SELECT * FROM looked ORDER BY at DESC, source DESC, id DESC LIMIT @look
	)
	SELECT first.source, first.id, first.at, first.conversation, coalesce(account.name, '') AS account, first.agent_id,
		coalesce(nullif(agent.name, ''), first.by) AS by, first.what, first.text,
		(@agent::bigint = 0 OR first.agent_id = @agent) AND (@what = '' OR first.what = @what)
			AND (@account = '' OR account.name = @account) AS wanted
	FROM first
	LEFT JOIN LATERAL (
		SELECT account_id FROM conversations
		WHERE id = first.conversation AND (@agent::bigint = 0 OR first.agent_id = @agent) AND (@what = '' OR first.what = @what)
		OFFSET 0) AS conversation ON true -- one by one, of those that may be wanted: never all conversations
	LEFT JOIN accounts AS account ON account.id = conversation.account_id
	LEFT JOIN agents AS agent ON agent.id = first.agent_id
	ORDER BY first.at DESC, first.source DESC, first.id DESC`

// Read returns a page of the log: the rows behind a place that a filter wants, at most size.
func Read(ctx context.Context, q store.Querier, f Filter, after Place, size int) (Page, error) {
	type row struct {
		Row
		Wanted bool `db:"wanted"`
	}

	most := look
	isUnfiltered := f.Agent == 0 && f.What == "" && f.Account == "" // then every row that is read is wanted
	if isUnfiltered {
		most = size + 1
	}

	sql := readPage
	if f.Conversation != 0 {
		sql = readOfOne
	}

	rows, err := query.Collect[row](ctx, q, "log", sql, f.namedArguments(after, most))
	if err != nil {
		return Page{}, err
	}

	p := Page{Next: after, More: len(rows) == most}
	for i, r := range rows {
		if len(p.Rows) == size {
			p.More = true
			break
		}

		p.Next = Place{At: r.At, Source: r.Source, ID: r.ID}
		if r.Wanted {
			p.Rows = append(p.Rows, rows[i].Row)
		}
	}

	return p, nil
}

// namedArguments returns the arguments of a statement that reads the rows behind a place, the newest first. The zero Place
// stands for the beginning: then reading begins with the newest row before Until, or with the newest of all.
func (f Filter) namedArguments(after Place, most int) pgx.NamedArgs {
	from := f.From
	if from.IsZero() {
		from = time.Unix(0, 0)
	}
	if after.At.IsZero() {
		after = Place{At: f.Until, Source: -1} // no source is as low, so that no row of this time counts
	}
	if after.At.IsZero() {
		after.At = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC) // later than any row
	}
	return pgx.NamedArgs{"from": from, "at": after.At, "source": after.Source, "id": after.ID, "look": most, "agent": f.Agent,
		"what":    f.What,
		"account": f.Account, "conversation": f.Conversation}
}

// Names are what a filter can be set to.
type Names struct {
	Agents   []Named // everybody, also who takes part no more
	Accounts []string
}

// Named is an agent.
type Named struct {
	ID   int64  `db:"id"`
	Name string `db:"name"`
}

// FilterNames lists what a filter can be set to.
func FilterNames(ctx context.Context, q store.Querier) (n Names, err error) {
	if n.Agents, err = query.Collect[Named](ctx, q, "agents", `SELECT id, name FROM agents ORDER BY name, id`); err != nil {
		return n, err
	}
	rows, err := q.Query(ctx, `SELECT name FROM accounts WHERE side = 'channel' ORDER BY name`)
	if err == nil {
		n.Accounts, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		return n, fmt.Errorf("store: accounts: %w", err)
	}
	return n, nil
}
