package erase

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// The journal keeps what arrived for a month, as it came. Events that have to do with a contact are found in three ways:
//   - by the messages and log entries that they made;
//   - by the conversation that they name;
//   - by the contact's addresses and names in their bytes (pattern.go), because nothing else says what a click in a list
//     or an event in quarantine is about.
//
// Events that came after the erasure was asked for may belong to a new contact with the same address. Of these, only events
// are found that name the erased conversations and came from no customer: a colleague's words, and results of work that
// was under way, such as an analysis.

// journalPage is how many events are looked through at once.
const journalPage = 5000

// journalMatches returns the statement that looks through a page of events. What erasures asked of chats is passed over,
// since it has only ids. late is true for an event that came after the erasure was asked for, and named says by what an event
// is found. An event of a channel that made somebody else's message is left out, even if it names the contact.
func journalMatches() string {
	return `
	WITH page AS MATERIALIZED (
		SELECT e.id, e.account_id, lower(e.external_id) AS external_id, e.order_key,
			substr(e.order_key, position('/' IN e.order_key) + 1) AS queue, e.blob,
			lower(encode(coalesce(e.payload, ''), 'escape')) AS body, coalesce(a.side, 'system') AS side, e.id > @asked AS late
		FROM events AS e
		LEFT JOIN accounts AS a ON a.id = e.account_id
		WHERE e.id > @after AND e.id <= @upto AND NOT (e.account_id = @system AND e.external_id LIKE 'erase:%')
	), named AS (
		SELECT p.id, p.account_id, p.queue,
			` + madeSomething + ` AS made,
			NOT p.late AND (` + queueOfContact + ` OR ` + hasKey("p.body", payloadAsCame) + `
				OR ` + fileHasKey() + ` OR ` + hasFormerKey + `) AS bykey,
			` + namesConversation + ` AS bythread,
			` + hasName + ` AS byname,
			` + isMachineWork + ` AS bymachine
		FROM page AS p
	)
	SELECT n.id
	FROM named AS n
	WHERE (n.made OR n.bythread OR n.bymachine OR (n.bykey OR n.byname) AND NOT ` + queueOfOthers + `)
		AND NOT EXISTS (
			SELECT FROM messages AS m
			JOIN events AS e ON e.id = m.event_id
			JOIN accounts AS a ON a.id = e.account_id AND a.side = 'channel'
			WHERE m.event_id = n.id AND m.conversation_id <> ALL(@conversations) AND m.id <> ALL(@messages))
	ORDER BY n.id`
}

// How an event (p) is found.
const (
	// madeSomething is true for an event that made a message or a log entry of the contact's, or is in the queue of one of
	// the contact's conversations.
	madeSomething = `((p.id = ANY(@linked) OR p.order_key = ANY(@orders)) AND (NOT p.late OR p.side <> 'channel'))`
	// namesConversation is true for what a colleague or Parley told of one of the contact's conversations or threads.
	namesConversation = `(p.side <> 'channel' AND p.body LIKE ANY(@bythread))`
	// hasName is true for what a colleague or Parley told with a name of the contact's, or the subject of a conversation.
	hasName = `(p.side <> 'channel' AND NOT p.late AND p.body LIKE ANY(@likely)
				AND EXISTS (SELECT FROM (VALUES (p.body)) AS b(words) WHERE ` + hasWord + `))`
	// isMachineWork is true for what machines made of other customers' conversations in which something of the contact is.
	isMachineWork = `(p.account_id = @system AND p.order_key LIKE ANY(@machines) AND p.body LIKE ANY(@byshared))`
)

// fileHasKey returns the condition that is true for an event (p) in quarantine whose bytes are in a file, and have a key of the
// contact's.
func fileHasKey() string {
	return `p.blob IS NOT NULL AND EXISTS (SELECT FROM quarantine AS q WHERE q.event_id = p.id)
				AND EXISTS (SELECT FROM blob_chunks AS c CROSS JOIN LATERAL lower(encode(c.data, 'escape')) AS chunk
					WHERE c.hash = p.blob AND ` + hasKey("chunk", "encode(c.data, 'escape')") + `)`
}

const (
	// queueOfContact is true for an event (p) whose queue or name is a key of the contact's: 7/customer:u-17. Only addresses
	// and numbers mean the contact in any case, in other accounts, too, and in an event's name, where ids of messages stand as well.
	queueOfContact = `(lower(p.queue) = ANY(@forms) OR lower(substr(p.queue, position(':' IN p.queue) + 1)) = ANY(@forms)
		OR string_to_array(p.external_id, ':') && @forms::text[]
		OR p.account_id = ANY(@accounts) AND (p.queue = ANY(@localforms) OR substr(p.queue, position(':' IN p.queue) + 1) = ANY(@localforms)))`

	// queueOfOthers is true for an event (n) that was told in the thread of another customer's conversation, or on its page.
	// It belongs to that conversation, even if it names the contact.
	queueOfOthers = `CASE WHEN n.account_id = @system AND n.queue ~ '^c[1-9][0-9]{0,17}$' THEN substr(n.queue, 2)::bigint <> ALL(@ours)
		ELSE EXISTS (SELECT FROM posts AS t
			WHERE t.account_id = n.account_id
				AND t.channel = regexp_replace(n.queue, ':[^:]*$', '') AND t.message = regexp_replace(n.queue, '^.*:', '')
				AND t.conversation_id <> 0 AND t.conversation_id <> ALL(@ours)) END`
)

// payloadAsCame is the payload of an event (p), which the page of events has in small letters only.
const payloadAsCame = `encode((SELECT e.payload FROM events AS e WHERE e.id = p.id), 'escape')`

// hasKey returns the condition that is true if a key of the contact's stands in bytes of an event (p), which are given in small
// letters and as they came. The regular expressions read only what LIKE has found.
func hasKey(small, asCame string) string {
	return `CASE WHEN ` + small + ` LIKE ANY(@bykey)
		THEN ` + small + ` ~ ANY(@bywhole) OR p.account_id = ANY(@accounts) AND ` + asCame + ` ~ ANY(@byid)
		ELSE false END`
}

const (
	linkedEvents = `
		SELECT event_id FROM messages WHERE (conversation_id = ANY($1) OR id = ANY($2)) AND event_id <> 0
		UNION
		SELECT event_id FROM log_entries WHERE conversation_id = ANY($1) AND event_id <> 0`
	accountsOf = `SELECT DISTINCT account_id FROM identities WHERE id = ANY($1)`
	lastEvent  = `SELECT coalesce(max(id), 0) FROM events WHERE received_at <= $1`
)

// journalScan looks through the journal up to the event upto, page by page.
type journalScan struct {
	q    store.Querier
	args pgx.NamedArgs
	upto int64
}

// newJournalScan prepares a look through all events up to an id. Those behind the id asked came after the erasure was
// asked for.
func newJournalScan(ctx context.Context, q store.Querier, s *scope, asked, upto int64) (*journalScan, error) {
	linked, err := query.Column[int64](ctx, q, "events of messages", linkedEvents, s.Conversations, s.Messages)
	if err != nil {
		return nil, err
	}

	accounts, err := query.Column[store.AccountID](ctx, q, "accounts of contacts", accountsOf, s.Identities)
	if err != nil {
		return nil, err
	}

	threads, orders := slices.Clone(s.Roots), []string{}
	for _, id := range s.Conversations {
		orders = append(orders, store.ConversationKey(id), store.OrderKey(store.SystemAccount, fmt.Sprintf("written:%d", id)),
			store.OrderKey(store.SystemAccount, fmt.Sprintf("replying:%d", id)))
		threads = append(threads, formsOfConversation(int64(id))...)
	}

	ours := query.Field(s.Conversations, func(id *store.ConversationID) int64 { return int64(*id) })
	ours = append(ours, s.Shared...)
	shared := []string{}
	for _, id := range s.Shared {
		shared = append(shared, formsOfConversation(id)...)
	}

	words := lowerAll(inBytes(slices.Concat(s.Names, s.Subjects)))
	args := pgx.NamedArgs{
		"asked":         asked,
		"linked":        linked,
		"orders":        orders,
		"accounts":      accounts,
		"forms":         lowerAll(orderForms(s.Keys, isGlobal)),
		"localforms":    orderForms(s.Keys, isLocal),
		"bykey":         likePatterns(lowerAll(inBytes(slices.Concat(keyForms(s.Keys, isGlobal), keyForms(s.Keys, isLocal))))),
		"bywhole":       s.wholeKeys(asBytes),
		"byid":          s.wholeIDs(),
		"bythread":      likePatterns(lowerAll(inBytes(threads))),
		"likely":        likePatterns(words),
		"whole":         inPersonalText(words),
		"byshared":      likePatterns(inBytes(shared)),
		"machines":      machineOrders(),
		"system":        store.SystemAccount,
		"conversations": s.Conversations,
		"ours":          ours,
		"messages":      s.Messages,
	}

	former, err := formerArguments(ctx, q, s.subject)
	if err != nil {
		return nil, err
	}
	maps.Copy(args, former)

	return &journalScan{q: q, args: args, upto: upto}, nil
}

// formsOfConversation returns the forms in which an event names its conversation.
func formsOfConversation(conversation int64) []string {
	return []string{fmt.Sprintf(`"conversation":%d,`, conversation), fmt.Sprintf(`"conversation":%d}`, conversation)}
}

// machineOrders are patterns of the queues of what machines made of conversations, which repeats the words of all who
// wrote there.
func machineOrders() []string {
	return []string{store.OrderKey(store.SystemAccount, "analysis:%"), store.OrderKey(store.SystemAccount, "written:%")}
}

// next returns the contact's events in the page behind the event after, and the last event of that page.
func (j *journalScan) next(ctx context.Context, after int64) (list []int64, upto int64, err error) {
	args := maps.Clone(j.args)
	args["after"] = after
	const pageEnd = `SELECT coalesce(max(id), $2) FROM (SELECT id FROM events WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) AS page`
	if err := j.q.QueryRow(ctx, pageEnd, after, j.upto, journalPage).Scan(&upto); err != nil {
		return nil, 0, fmt.Errorf("store: journal: %w", err)
	}
	args["upto"] = upto
	list, err = query.Column[int64](ctx, j.q, "journal", journalMatches(), args)
	return list, upto, err
}
