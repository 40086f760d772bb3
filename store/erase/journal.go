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

// The journal (table events) keeps what arrived, such as mails, chat messages and clicks, in its original form: for 30 days,
// if no admin has chosen otherwise. To erase a contact, who is a customer, an erasure finds the contact's events in three
// ways:
//   - by the messages and log entries that were created from them;
//   - by the conversation that they refer to;
//   - by the contact's addresses and names in their bytes (pattern.go). An event in quarantine, which could not be
//     processed, can be found only in this way.
//
// Events that came after the erasure was requested may belong to a new contact with the same address. Of these it finds
// only those that refer to the erased conversations and don't come from a customer: colleagues' messages, and results of
// work that was in progress, such as an analysis.

// journalPage is how many events one statement examines.
const journalPage = 5000

// journalMatches returns the statement that selects the contact's events from a page of the journal. It skips the requests of
// erasures themselves (erase:%), which contain only ids. late marks events from after the erasure was requested, and named
// lists the ways in which each event matches. An event from which another customer's message was created is left out, even
// if it names the contact.
func journalMatches() string {
	return `
	WITH page AS MATERIALIZED (
		SELECT e.id, e.account_id, lower(replace(e.external_id, 'I', 'i')) AS external_id, e.order_key,
			substr(e.order_key, position('/' IN e.order_key) + 1) AS queue, e.blob,
			lower(replace(encode(coalesce(e.payload, ''), 'escape'), 'I', 'i')) AS body,
			coalesce(a.side, 'system') AS side, e.id > @asked AS late
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

// Conditions by which an event (p) is found.
const (
	// madeSomething is true for an event that created a message or a log entry of the contact's, or is in the queue of one of
	// the contact's conversations.
	madeSomething = `((p.id = ANY(@linked) OR p.order_key = ANY(@orders)) AND (NOT p.late OR p.side <> 'channel'))`
	// namesConversation is true for an event of a colleague or of Parley itself that refers to one of the contact's
	// conversations or threads.
	namesConversation = `(p.side <> 'channel' AND p.body LIKE ANY(@bythread))`
	// hasName is true for an event of a colleague or of Parley itself that contains a name of the contact, or the subject of
	// one of the contact's conversations.
	hasName = `(p.side <> 'channel' AND NOT p.late AND p.body LIKE ANY(@likely)
				AND EXISTS (SELECT FROM (VALUES (p.body)) AS b(words) WHERE ` + hasWord + `))`
	// isMachineWork is true for analyses and other generated texts of other customers' conversations in which the contact
	// took part.
	isMachineWork = `(p.account_id = @system AND p.order_key LIKE ANY(@machines) AND p.body LIKE ANY(@byshared))`
)

// fileHasKey returns the condition for an event (p) in quarantine whose bytes are stored as a blob, and contain a key of the
// contact.
func fileHasKey() string {
	return `p.blob IS NOT NULL AND EXISTS (SELECT FROM quarantine AS q WHERE q.event_id = p.id)
				AND EXISTS (SELECT FROM blob_chunks AS c CROSS JOIN LATERAL lower(replace(encode(c.data, 'escape'), 'I', 'i')) AS chunk
					WHERE c.hash = p.blob AND ` + hasKey("chunk", "encode(c.data, 'escape')") + `)`
}

const (
	// queueOfContact is true for an event (p) whose queue or external id contains a key of the contact: 7/customer:u-17.
	// Addresses and phone numbers (forms) identify the contact on all accounts, and in any case. Other keys (localforms) do
	// so only on their own account, and not in external ids, which may contain similar ids of messages.
	queueOfContact = `(lower(replace(p.queue, 'I', 'i')) = ANY(@forms)
		OR lower(replace(substr(p.queue, position(':' IN p.queue) + 1), 'I', 'i')) = ANY(@forms)
		OR string_to_array(p.external_id, ':') && @forms::text[]
		OR p.account_id = ANY(@accounts) AND (p.queue = ANY(@localforms) OR substr(p.queue, position(':' IN p.queue) + 1) = ANY(@localforms)))`

	// queueOfOthers is true for an event (n) from the thread of another customer's conversation, or from its web page. It
	// belongs to that conversation, even if it names the contact.
	queueOfOthers = `CASE WHEN n.account_id = @system AND n.queue ~ '^c[1-9][0-9]{0,17}$' THEN substr(n.queue, 2)::bigint <> ALL(@ours)
		ELSE EXISTS (SELECT FROM posts AS t
			WHERE t.account_id = n.account_id
				AND t.channel = regexp_replace(n.queue, ':[^:]*$', '') AND t.message = regexp_replace(n.queue, '^.*:', '')
				AND t.conversation_id <> 0 AND t.conversation_id <> ALL(@ours)) END`
)

// payloadAsCame is the original payload of an event (p). The page has it in lower case.
const payloadAsCame = `encode((SELECT e.payload FROM events AS e WHERE e.id = p.id), 'escape')`

// hasKey returns the condition that bytes of an event (p) contain a key of the contact. lower and original are SQL
// expressions for the bytes, in lower case and unchanged. The regular expressions run only where LIKE matches.
func hasKey(lower, original string) string {
	return `CASE WHEN ` + lower + ` LIKE ANY(@bykey)
		THEN ` + lower + ` ~ ANY(@bywhole) OR p.account_id = ANY(@accounts) AND ` + original + ` ~ ANY(@byid)
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

// journalScan searches the journal for the contact's events, page by page.
type journalScan struct {
	q    store.Querier
	args pgx.NamedArgs
	upto int64 // the last event to examine
}

// newJournalScan prepares a search through all events up to the id upto. asked is the last event from before the erasure was
// requested.
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

// formsOfConversation returns the texts by which an event's JSON refers to a conversation. The character after the number
// distinguishes 12 from 123.
func formsOfConversation(conversation int64) []string {
	return []string{fmt.Sprintf(`"conversation":%d,`, conversation), fmt.Sprintf(`"conversation":%d}`, conversation)}
}

// machineOrders returns patterns of the queues of generated texts, such as analyses. Those repeat the words of everybody who
// wrote in a conversation.
func machineOrders() []string {
	return []string{store.OrderKey(store.SystemAccount, "analysis:%"), store.OrderKey(store.SystemAccount, "written:%")}
}

// next examines the page of events after the id after. It returns the contact's events, and the id of the page's last event.
func (s *journalScan) next(ctx context.Context, after int64) (found []int64, pageEnd int64, err error) {
	const selectEnd = `SELECT coalesce(max(id), $2) FROM (SELECT id FROM events WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) AS page`
	if err := s.q.QueryRow(ctx, selectEnd, after, s.upto, journalPage).Scan(&pageEnd); err != nil {
		return nil, 0, fmt.Errorf("store: journal: %w", err)
	}

	args := maps.Clone(s.args)
	args["after"], args["upto"] = after, pageEnd
	found, err = query.Column[int64](ctx, s.q, "journal", journalMatches(), args)
	return found, pageEnd, err
}
