package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/store/internal/query"
)

// Agents choose their next conversation from lists: "mine", "unassigned", "team" and so on (ListMine, …). A list is one statement,
// which ListQuery.compose puts together: whose conversations, in which states, a filter, and the order. All statements apply the same
// access rule (readable); their first arguments describe the reader (readableArguments).

// Reader is an agent who reads conversations. The agent may read all of them, with three exceptions: conversations of a closed
// account must be assigned to the agent or to one of the agent's teams; those of a barred account are never readable; and a
// conversation that is visible to some people only is for these.
type Reader struct {
	Agent  AgentID
	Teams  []TeamID    // the agent's teams
	Closed []AccountID // accounts whose threads are in a chat channel that the agent can't read
	Barred []AccountID // accounts that have people of their own, among whom the agent isn't
	Listed []AccountID // accounts that have people of their own, among whom the agent is
	All    bool        // also conversations that are visible to some people only
}

// May reports whether the reader may read a conversation. TestReader checks that the SQL condition readable agrees.
func (r Reader) May(c *Conversation) bool {
	isHidden := c.IsRestricted() && !r.All && !slices.Contains(c.VisibleTo, r.Agent)
	if isHidden || slices.Contains(r.Barred, c.AccountID) {
		return false
	}
	if !slices.Contains(r.Closed, c.AccountID) || slices.Contains(c.Assignees, r.Agent) {
		return true
	}
	return c.TeamID != nil && slices.Contains(r.Teams, *c.TeamID)
}

// Shuts reports whether the reader may not read an account in general.
func (r Reader) Shuts(account AccountID) bool {
	return slices.Contains(r.Closed, account) || slices.Contains(r.Barred, account)
}

// readableArguments returns $1 to $3 of readable. A barred account is in $1 twice, the second time as a negative number, and
// 0 is in it for All. Nil lists become empty ones: nil would become NULL, and no conversation would be readable.
func (r Reader) readableArguments() []any {
	closed := append(append([]AccountID{}, r.Closed...), r.Barred...)
	for _, id := range r.Barred {
		closed = append(closed, -id)
	}
	if r.All {
		closed = append(closed, 0)
	}
	return []any{closed, orEmpty(r.Teams), r.Agent}
}

// readable is the SQL equivalent of Reader.May for the row conversation.
const readable = `(conversation.visible_to = '{}' OR conversation.visible_to @> ARRAY[$3::bigint] OR 0 = ANY($1::bigint[]))
		AND (conversation.account_id <> ALL($1::bigint[]) OR -conversation.account_id <> ALL($1::bigint[])
		AND (conversation.team_id = ANY($2::bigint[]) OR conversation.assignees @> ARRAY[$3::bigint]))`

// ListName is the name of a list of conversations.
type ListName string

// Lists of conversations.
const (
	ListMine       ListName = "mine"       // assigned to the reader
	ListUnassigned ListName = "unassigned" // assigned to nobody
	ListTeam       ListName = "team"       // of the reader's teams, including snoozed ones
	ListAll        ListName = "all"        // all unfinished ones, including snoozed ones
	ListWaiting    ListName = "waiting"    // assigned to the reader, and waiting for the customer
	ListSnoozed    ListName = "snoozed"    // assigned to the reader, and hidden until some time
	ListResolved   ListName = "resolved"   // resolved by the reader
	ListClosed     ListName = "closed"     // closed by the reader
	ListArchived   ListName = "archived"   // all that ended, but for those of ListBlocked

	ListBlocked ListName = "blocked" // closed because their customers were blocked, who still are

	listFound ListName = "found" // in all states
)

// ListSort is an order of a list.
type ListSort string

// Orders of lists. "" is the list's own: SortPressing for unfinished ones, the next to wake for ListSnoozed, and the last to end for
// those that ended, which have no other.
const (
	SortPressing ListSort = "pressing" // the most pressing first, and among them who waits longest; then where nobody waits; snoozed last
	SortNewest   ListSort = "newest"   // the latest message first
	SortWaiting  ListSort = "waiting"  // who waits longest first; then where nobody waits; snoozed last
)

// Filter restricts a list. Its zero value restricts nothing.
type Filter struct {
	Status   string      // instead of the list's own states
	Accounts []AccountID // nil means any
	Tags     [][]string  // it has one of each: the names of a tag
	Agent    AgentID     // one of its assignees
	Nobodys  bool        // it has no assignees
	Team     TeamID
	Since    time.Time // of the last message, or when it ended
	Until    time.Time // exclusive
	Surface  AccountID // its thread is in Channel of this chat
	Channel  string
	Urgent   bool      // its customer waits, and it is urgent
	Late     bool      // its customer waits longer than the target of replies
	Wakes    time.Time // its snooze ends before then
	Unread   bool      // no agent has dealt with what the customer wrote last
}

// ListQuery asks for a page of a list.
type ListQuery struct {
	List     ListName
	Filter   Filter
	Sort     ListSort
	OwnTeams bool   // in ListUnassigned: nothing of teams that aren't the reader's, but for accounts that list the reader
	After    string // the page begins behind this place, which ListConversations returned; "" means the first page
	Limit    int
}

// ErrNoPlace means that ListQuery.After is no place of the list.
var ErrNoPlace = errors.New("store: no such place in the list")

const (
	lastAt  = `(-list_micros(conversation.last_at))`
	endedAt = `(-list_micros(coalesce(conversation.resolved_at, conversation.created_at)))`
	endedBy = `coalesce(conversation.ended_by, conversation.assignees[1])`
	// pressing ranks a conversation: 1 urgent, 2 important or an unhappy customer, 3 normal, 4 unimportant; more if nobody waits.
	pressing = `list_rank(conversation.status, conversation.waiting_since, conversation.traits)`
	longest  = `list_wait(conversation.waiting_since, conversation.last_at)`

	// listOpen begins the condition of unfinished conversations; further conditions follow it.
	listOpen = `
		FROM conversations AS conversation
		WHERE conversation.kind = 'customer' AND conversation.status IN ('open', 'pending', 'snoozed') AND `
	pressingFirst = `
		ORDER BY ` + pressing + `, ` + longest + `, conversation.id`
)

// statuses returns the states of the list's conversations.
func (l *ListQuery) statuses() []string {
	if l.Filter.Status != "" {
		return []string{l.Filter.Status}
	}
	switch l.List {
	case ListMine, ListUnassigned:
		return []string{"open", "pending"}
	case ListWaiting:
		return []string{"pending"}
	case ListSnoozed:
		return []string{"snoozed"}
	case ListResolved:
		return []string{"resolved"}
	case ListClosed, ListBlocked:
		return []string{"closed"}
	case ListArchived:
		return []string{"resolved", "closed"}
	case listFound:
		return []string{"open", "pending", "snoozed", "resolved", "closed"}
	default:
		return []string{"open", "pending", "snoozed"}
	}
}

// order returns the keys by which the list is sorted: they grow from row to row, and the last one is the conversation's id. at is the key
// of the time that Filter restricts. The indexes have the same expressions.
func (l *ListQuery) order() (keys []string, at string) {
	status := l.statuses()[0]
	switch {
	case status == "resolved" || status == "closed":
		return []string{endedAt, `conversation.id`}, endedAt
	case l.Sort == SortNewest:
		return []string{lastAt, `conversation.id`}, lastAt
	case l.Sort == SortWaiting:
		return []string{`(conversation.status = 'snoozed')::int`, longest, `conversation.id`}, lastAt
	case l.Sort == "" && status == "snoozed":
		return []string{`list_micros(coalesce(conversation.snoozed_until, conversation.created_at))`, `conversation.id`}, lastAt
	default:
		return []string{pressing, longest, `conversation.id`}, lastAt
	}
}

// listSQL is a statement for lists while it is composed, with its arguments.
type listSQL struct {
	args   []any
	reader Reader
}

func (s *listSQL) arg(v any) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args))
}

// where returns the conditions of a list's conversations. assignee is the agent who has all of them, 0 if the list says nothing of that:
// then conversations are found by the index of assignees, and sorted afterwards.
func (s *listSQL) where(l *ListQuery) (conditions []string, assignee AgentID) {
	f := &l.Filter
	conditions = []string{
		`conversation.kind = 'customer'`,
		`conversation.status IN ('` + strings.Join(l.statuses(), `', '`) + `')`,
		readable,
	}
	add := func(condition string, values ...any) {
		for _, v := range values {
			condition = strings.Replace(condition, "?", s.arg(v), 1)
		}
		conditions = append(conditions, condition)
	}

	assignee = f.Agent
	switch l.List {
	case ListMine, ListWaiting, ListSnoozed:
		assignee = s.reader.Agent
		if f.Agent != 0 {
			add(`conversation.assignees @> ARRAY[?::bigint]`, f.Agent)
		}
	case ListResolved, ListClosed:
		add(endedBy+` = ?::bigint`, s.reader.Agent)
	case ListArchived:
		add(`(conversation.close_reason <> 'blocked'
				OR (SELECT identities.blocked FROM identities WHERE identities.id = conversation.identity_id) IS NOT TRUE)`)
	case ListBlocked:
		add(`conversation.close_reason = 'blocked'`)
		add(`EXISTS (SELECT FROM identities WHERE identities.id = conversation.identity_id AND identities.blocked)`)
	case ListUnassigned, ListTeam, ListAll, listFound:
	}
	if assignee != 0 {
		add(`conversation.assignees @> ARRAY[?::bigint]`, assignee)
	}

	if f.Nobodys || l.List == ListUnassigned {
		add(`conversation.assignees = '{}'`)
	}
	if l.List == ListTeam && assignee != 0 {
		add(`conversation.team_id = ANY(?::bigint[])`, orEmpty(s.reader.Teams))
	}
	if l.List == ListUnassigned && l.OwnTeams {
		add(`(conversation.team_id IS NULL OR conversation.team_id = ANY(?::bigint[]) OR conversation.account_id = ANY(?::bigint[]))`,
			orEmpty(s.reader.Teams), orEmpty(s.reader.Listed))
	}
	if f.Team != 0 {
		add(`conversation.team_id = ?::bigint`, f.Team)
	}
	if f.Accounts != nil {
		add(`conversation.account_id = ANY(?::bigint[])`, f.Accounts)
	}
	for _, names := range f.Tags {
		add(`(conversation.tags && ?::text[] OR conversation.id IN (
			SELECT message.conversation_id FROM message_tags AS tagged JOIN messages AS message ON message.id = tagged.message_id
			WHERE tagged.tag = ANY(?::text[])))`, names, names)
	}

	if f.Surface != 0 {
		add(`EXISTS (SELECT FROM threads WHERE conversation_id = conversation.id AND account_id = ?::bigint AND channel = ?::text)`,
			f.Surface, f.Channel)
	}
	if f.Urgent {
		add(pressing + ` = 1`)
	}
	if f.Late {
		add(`conversation.waiting_since IS NOT NULL AND conversation.traits ? 'late'`)
	}
	if !f.Wakes.IsZero() {
		add(`conversation.snoozed_until < ?::timestamptz`, f.Wakes)
	}
	if f.Unread {
		add(`conversation.unread_since IS NOT NULL`)
	}
	_, at := l.order()
	if !f.Since.IsZero() {
		add(at+` <= -list_micros(?::timestamptz)`, f.Since)
	}
	if !f.Until.IsZero() {
		add(at+` > -list_micros(?::timestamptz)`, f.Until)
	}
	return conditions, assignee
}

// from returns the rows of a list, as conversation. tail ends each part of it that is in the order of the list.
func (s *listSQL) from(l *ListQuery, more []string, tail string) string {
	conditions, assignee := s.where(l)
	where := `
		FROM conversations AS conversation
		WHERE ` + strings.Join(append(conditions, more...), `
			AND `)
	switch {
	case assignee != 0: // OFFSET 0: otherwise the planner may scan all conversations in the order of the list until enough are found
		return `
	FROM (SELECT *` + where + `
		OFFSET 0) AS conversation` + tail
	case l.List == ListTeam: // as many of each team as the page may need
		return `
	FROM unnest(` + s.arg(orEmpty(s.reader.Teams)) + `::bigint[]) AS team (id)
	CROSS JOIN LATERAL (SELECT conversation.*` + where + ` AND conversation.team_id = team.id` + tail + `) AS conversation` + tail
	}
	return where + tail
}

// composeList returns the statement for a page of a list: one row more than the limit, with its keys.
func composeList(r Reader, l *ListQuery) (sql string, args []any, err error) {
	s := &listSQL{args: r.readableArguments(), reader: r}
	keys, _ := l.order()
	sorted := strings.Join(keys, ", ")
	var behind []string
	if l.After != "" {
		place := strings.Split(l.After, ".")
		if len(place) != len(keys) {
			return "", nil, ErrNoPlace
		}
		values := make([]string, len(keys))
		for i, text := range place {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return "", nil, ErrNoPlace
			}
			values[i] = s.arg(n) + "::bigint"
		}
		behind = []string{`(` + sorted + `) > (` + strings.Join(values, ", ") + `)`}
	}
	tail := `
		ORDER BY ` + sorted + `
		LIMIT ` + s.arg(l.Limit+1)
	from := s.from(l, behind, tail)
	return `SELECT conversation.id, concat_ws('.', ` + sorted + `) AS place` + from, s.args, nil
}

// ListConversations returns a page of a list, in its order. next is the place behind which the next page begins; it is empty if there is
// none. No row is on two pages or on none because others change meanwhile. Errors:
// ErrNoPlace; the status is unknown.
func ListConversations(ctx context.Context, q Querier, r Reader, l ListQuery) (ids []ConversationID, next string, err error) {
	if !slices.Contains([]string{"", "open", "pending", "snoozed", "resolved", "closed"}, l.Filter.Status) {
		return nil, "", fmt.Errorf("store: there is no status %q", l.Filter.Status)
	}
	sql, args, err := composeList(r, &l)
	if err != nil {
		return nil, "", err
	}
	type row struct {
		ID    ConversationID `db:"id"`
		Place string         `db:"place"`
	}
	rows, err := query.Collect[row](ctx, q, "list "+string(l.List), sql, args...)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > l.Limit {
		rows = rows[:l.Limit]
		next = rows[l.Limit-1].Place
	}
	return query.Field(rows, func(r *row) ConversationID { return r.ID }), next, nil
}

// FilterConversations returns those of the conversations that fit a filter and that r may read, the newest first.
func FilterConversations(ctx context.Context, q Querier, r Reader, ids []ConversationID, f Filter) ([]ConversationID, error) {
	s := &listSQL{args: r.readableArguments(), reader: r}
	among := `conversation.id = ANY(` + s.arg(ids) + `::bigint[])`
	from := s.from(&ListQuery{List: listFound, Filter: f}, []string{among}, `
	ORDER BY conversation.id DESC`)
	return query.Column[ConversationID](ctx, q, "filter found", `SELECT conversation.id`+from, s.args...)
}

// MaxListCount is where CountLists stops.
const MaxListCount = 100

func composeCounts(r Reader, lists []ListQuery) (sql string, args []any) {
	s := &listSQL{args: r.readableArguments(), reader: r}
	most := s.arg(MaxListCount)
	parts := make([]string, len(lists))
	for i := range lists {
		keys, _ := lists[i].order() // in an order, because otherwise the planner may scan all conversations until enough are found
		tail := `
	ORDER BY ` + strings.Join(keys, ", ") + `
	LIMIT ` + most
		parts[i] = `(SELECT ` + strconv.Itoa(i) + ` AS n, count(*)::int AS count, coalesce(bool_or(is_unread), false) AS unread
			FROM (SELECT conversation.unread_since IS NOT NULL AS is_unread` + s.from(&lists[i], nil, tail) + `) AS counted)`
	}
	return `SELECT count, unread FROM (` + strings.Join(parts, ` UNION ALL `) + `) AS counts ORDER BY n`, s.args
}

// ListCount is how many conversations a list has, up to MaxListCount.
type ListCount struct {
	Count  int  `db:"count"`
	Unread bool `db:"unread"` // among these is one that no agent has dealt with
}

// CountLists counts the conversations of each of the lists.
func CountLists(ctx context.Context, q Querier, r Reader, lists []ListQuery) ([]ListCount, error) {
	if len(lists) == 0 {
		return nil, nil
	}
	sql, args := composeCounts(r, lists)
	return query.Collect[ListCount](ctx, q, "count lists", sql, args...)
}

const isAwaited = `
	SELECT EXISTS (
		SELECT FROM conversations AS conversation
		JOIN threads AS thread ON thread.conversation_id = conversation.id AND thread.account_id = $2 AND thread.channel = $3
		WHERE conversation.assignees @> ARRAY[$1::bigint] AND conversation.kind = 'customer' AND conversation.status = 'open'
			AND conversation.waiting_since IS NOT NULL)`

// IsAwaited reports whether a customer waits for an answer in a conversation that is assigned to the agent and has a thread in
// the channel.
func IsAwaited(ctx context.Context, q Querier, agent AgentID, surface AccountID, channel string) (bool, error) {
	return query.Value[bool](ctx, q, "is awaited", isAwaited, agent, surface, channel)
}

// answerable sorts the reader's own conversations before unassigned ones, and the newest first within both.
const answerable = `
	SELECT conversation.id
	FROM conversations AS conversation
	JOIN threads AS thread ON thread.conversation_id = conversation.id AND thread.account_id = $4 AND thread.channel = $5
	WHERE conversation.kind = 'customer' AND conversation.status IN ('open', 'pending')
		AND (conversation.assignees = '{}' OR conversation.assignees @> ARRAY[$3::bigint]) AND ` + readable + `
	ORDER BY (conversation.assignees = '{}'), conversation.last_at DESC, conversation.id DESC
	LIMIT $6`

// AnswerableConversations returns the open conversations that the reader may answer by typing in their threads in the
// channel: the reader's own, and unassigned ones. It returns at most limit ids.
func AnswerableConversations(
	ctx context.Context, q Querier, r Reader, surface AccountID, channel string, limit int,
) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q,
		"answerable conversations", answerable, append(r.readableArguments(), surface, channel, limit)...)
}

const holdersOfFiles = `
	SELECT DISTINCT m.conversation_id
	FROM messages AS m
	CROSS JOIN LATERAL jsonb_array_elements(m.files) AS f(file)
	JOIN unnest($2::text[], $3::bigint[]) AS given(name, size)
		ON f.file ->> 'name' = given.name AND (f.file ->> 'size')::bigint = given.size
	WHERE m.conversation_id = ANY($1) AND m.direction = 'in' AND m.files <> '[]'`

// HoldersOfFiles returns those of the conversations whose customers sent a file of one of these names and sizes.
func HoldersOfFiles(ctx context.Context, q Querier, among []ConversationID, names []string, sizes []int64) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "holders of files", holdersOfFiles, among, names, sizes)
}

// namesInChannel looks at the first thousand open conversations: those in which customers wait, then the newest.
const namesInChannel = `
	SELECT conversation.id, known.name, identity.key, coalesce(conversation.traits ->> 'references', '') AS refs
	FROM (SELECT conversation.*` + listOpen + readable + pressingFirst + ` LIMIT 1000) AS conversation
	CROSS JOIN LATERAL (
		SELECT root FROM threads WHERE conversation_id = conversation.id AND account_id = $4 AND channel = $5 OFFSET 0) AS thread
	CROSS JOIN LATERAL (SELECT name, key FROM identities WHERE id = conversation.identity_id OFFSET 0) AS identity -- looked up one by one
	CROSS JOIN LATERAL (VALUES (identity.name), (conversation.traits ->> 'name')) AS known (name)
	WHERE thread.root <> '' AND known.name IS NOT NULL
	ORDER BY conversation.last_at DESC, conversation.id DESC`

// NamedConversation is a conversation with a name of its customer.
type NamedConversation struct {
	ID         ConversationID `db:"id"`
	Name       string         `db:"name"`
	Key        string         `db:"key"`  // of its customer
	References string         `db:"refs"` // kinds and numbers that the customer named, one per line: "order 4711"
}

// NamesInChannel returns the open conversations that the reader may read, that have a thread in the channel, and whose
// customers are known, the newest first: once with the customer's own name, and once with one that an agent gave. If
// more than a thousand are open, the less pressing ones are missing.
func NamesInChannel(ctx context.Context, q Querier, r Reader, surface AccountID, channel string) ([]NamedConversation, error) {
	return query.Collect[NamedConversation](ctx, q, "names in channel", namesInChannel, append(r.readableArguments(), surface, channel)...)
}
