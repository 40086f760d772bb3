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
	Conversation store.ConversationID `db:"conversation"` // 0 = the set-up
	Account      string               `db:"account"`      // "" = the set-up
	AgentID      store.AgentID        `db:"agent_id"`     // 0 = no agent did it
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
	From, Until  time.Time            // from this moment on, and before this one; zero = no bound
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

// look is how many rows are read at most for one page. If a filter wants few of the rows, a page may be short or empty and
// still have More: so no page takes long, however long the log is.
const look = 3_000

// Each source gives the rows behind the place that it looked at, and which of them are wanted. A row is looked at in
// the order of its index: no filter makes PostgreSQL read more.
const (
	readPage  = readRows + readRest
	readOfOne = readRows + ` AND l.conversation_id = @conversation` + readRest
)

const readRows = `
	WITH deeds AS MATERIALIZED (
		SELECT l.* FROM log_entries AS l
		WHERE l.at >= @from AND l.at <= @at AND (l.at, 1, l.id) < (@at, @source, @id) AND @what <> '` + SetUp + `'`

const readRest = `
		ORDER BY l.at DESC, l.id DESC LIMIT @look
	), changes AS MATERIALIZED (
		SELECT c.* FROM setup_changes AS c
		WHERE c.at >= @from AND c.at <= @at AND (c.at, 0, c.id) < (@at, @source, @id) AND @what IN ('', '` + SetUp + `')
			AND @conversation = 0 AND @account = ''
		ORDER BY c.at DESC, c.id DESC LIMIT @look
	), looked AS (
		SELECT 1::smallint AS source, l.id, l.at, l.conversation_id AS conversation, coalesce(l.agent_id, 0) AS agent_id, l.actor AS by, l.what,
			concat_ws(' · ', l.detail ->> 'text', l.detail ->> 'reason', l.detail ->> 'note',
				CASE WHEN l.detail ? 'agents' THEN (SELECT string_agg(g.name, ', ' ORDER BY g.name) FROM agents AS g
					WHERE l.detail -> 'agents' @> to_jsonb(g.id)) END) AS text
		FROM deeds AS l
		UNION ALL
		SELECT 0, c.id, c.at, 0, coalesce(c.agent_id, 0), c.author, '` + SetUp + `', array_to_string(c.lines, E'\n')
		FROM changes AS c
	), first AS MATERIALIZED (
		SELECT * FROM looked ORDER BY at DESC, source DESC, id DESC LIMIT @look
	)
	SELECT f.source, f.id, f.at, f.conversation, coalesce(a.name, '') AS account, f.agent_id, coalesce(nullif(g.name, ''), f.by) AS by, f.what, f.text,
		(@agent::bigint = 0 OR f.agent_id = @agent) AND (@what = '' OR f.what = @what) AND (@account = '' OR a.name = @account) AS wanted
	FROM first AS f
	LEFT JOIN LATERAL (
		SELECT c.account_id FROM conversations AS c
		WHERE c.id = f.conversation AND (@agent::bigint = 0 OR f.agent_id = @agent) AND (@what = '' OR f.what = @what)
		OFFSET 0) AS v ON true -- one by one, of those that may be wanted: never all conversations
	LEFT JOIN accounts AS a ON a.id = v.account_id
	LEFT JOIN agents AS g ON g.id = f.agent_id
	ORDER BY f.at DESC, f.source DESC, f.id DESC`

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
	return pgx.NamedArgs{"from": from, "at": after.At, "source": after.Source, "id": after.ID, "look": most, "agent": f.Agent, "what": f.What,
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
