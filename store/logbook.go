package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// LogRow is one entry of the log.
type LogRow struct {
	Source       LogSource      `db:"source"`
	ID           int64          `db:"id"` // unique within its source
	At           time.Time      `db:"at"`
	Conversation ConversationID `db:"conversation"` // 0 for a configuration change
	Account      string         `db:"account"`      // empty for a configuration change
	AgentID      AgentID        `db:"agent_id"`     // 0 if no agent did it
	By           string         `db:"by"`           // an agent's name; else "customer", "parley", or a command
	What         string         `db:"what"`         // a store.Deed, or SetUp
	Text         string         `db:"text"`         // details
}

// LogSource is the table that a row comes from: setup_changes or log_entries.
type LogSource int16

// Sources. They break ties between rows with the same time.
const (
	LogOfSetup LogSource = iota
	LogOfConversation
)

// LogSetUp is Row.What of a configuration change.
const LogSetUp = "set up"

// LogFilter selects rows. The zero Filter selects every row.
type LogFilter struct {
	Agent        AgentID // who did it
	What         string  // a store.Deed, or SetUp
	Account      string  // of the conversation
	Conversation ConversationID
	From, Until  time.Time // From is inclusive, Until exclusive; a zero time sets no limit
}

// LogPlace is a cursor into the log. It identifies the last row that a page covered, and the next page starts after it. With
// the zero Place, reading starts at the newest row.
type LogPlace struct {
	At     time.Time
	Source LogSource
	ID     int64
}

// LogPage is a page of the log, the newest row first.
type LogPage struct {
	Rows []LogRow
	Next LogPlace // the cursor for the next page
	More bool     // whether there may be older rows
}

// maxScanned limits how many rows are read for one page, so that a page loads fast however long the log is. If few of those
// rows match the filter, the page may be short or even empty although Page.More is true.
const maxScanned = 3_000

// readPage reads the next @look rows after a place from each source (deeds, changes), and keeps the first @look rows of both
// together (first). Most filters don't exclude rows in the query. Instead, the column wanted reports whether a row matches.
// So PostgreSQL reads rows in index order, and at most @look rows of each source, whatever the filter is.
//
// readOfOne is the variant for a single conversation.
const (
	readPage  = readRows + readRest
	readOfOne = readRows + ` AND conversation_id = @conversation` + readRest
)

const readRows = `
	WITH deeds AS MATERIALIZED (
		SELECT * FROM log_entries
		WHERE at >= @from AND at <= @at AND (at, 1, id) < (@at, @source, @id) AND @what <> '` + LogSetUp + `'`

const readRest = `
		ORDER BY at DESC, id DESC LIMIT @look
	), changes AS MATERIALIZED (
		SELECT * FROM setup_changes
		WHERE at >= @from AND at <= @at AND (at, 0, id) < (@at, @source, @id) AND @what IN ('', '` + LogSetUp + `')
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
			'` + LogSetUp + `', array_to_string(change.lines, E'\n')
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
		OFFSET 0) AS conversation ON true -- looked up one by one, for rows that may be wanted: never a scan of all conversations
	LEFT JOIN accounts AS account ON account.id = conversation.account_id
	LEFT JOIN agents AS agent ON agent.id = first.agent_id
	ORDER BY first.at DESC, first.source DESC, first.id DESC`

// ReadLog returns the rows after a place that match a filter: at most size of them. Pass Page.Next to read the next page.
func ReadLog(ctx context.Context, q Querier, f LogFilter, after LogPlace, size int) (LogPage, error) {
	type row struct {
		LogRow
		Wanted bool `db:"wanted"`
	}

	limit := maxScanned
	selectsAll := f.Agent == 0 && f.What == "" && f.Account == "" // then every row that is read matches
	if selectsAll {
		limit = size + 1
	}

	sql := readPage
	if f.Conversation != 0 {
		sql = readOfOne
	}

	rows, err := query.Collect[row](ctx, q, "log", sql, f.namedArguments(after, limit))
	if err != nil {
		return LogPage{}, err
	}

	p := LogPage{Next: after, More: len(rows) == limit}
	for i, r := range rows {
		if len(p.Rows) == size {
			p.More = true
			break
		}

		p.Next = LogPlace{At: r.At, Source: r.Source, ID: r.ID}
		if r.Wanted {
			p.Rows = append(p.Rows, rows[i].LogRow)
		}
	}

	return p, nil
}

// namedArguments returns the arguments of readPage and readOfOne. For the zero Place, reading starts at the newest row before
// Until, or at the newest row of all if Until is zero.
func (f LogFilter) namedArguments(after LogPlace, limit int) pgx.NamedArgs {
	from := f.From
	if from.IsZero() {
		from = time.Unix(0, 0)
	}
	if after.At.IsZero() {
		after = LogPlace{At: f.Until, Source: -1} // -1 is less than every source, so rows at exactly Until are excluded
	}
	if after.At.IsZero() {
		after.At = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC) // later than any row
	}
	return pgx.NamedArgs{
		"from": from, "at": after.At, "source": after.Source, "id": after.ID, "look": limit,
		"agent": f.Agent, "what": f.What, "account": f.Account, "conversation": f.Conversation,
	}
}

// LogNames lists the agents and accounts that a user can choose for a Filter.
type LogNames struct {
	Agents   []LogNamed // including deactivated ones
	Accounts []string
}

// LogNamed is an agent's id and name.
type LogNamed struct {
	ID   int64  `db:"id"`
	Name string `db:"name"`
}

// LogFilterNames reads the agents and the customer-facing accounts.
func LogFilterNames(ctx context.Context, q Querier) (n LogNames, err error) {
	if n.Agents, err = query.Collect[LogNamed](ctx, q, "agents", `SELECT id, name FROM agents ORDER BY name, id`); err != nil {
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
