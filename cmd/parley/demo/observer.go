package demo

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

const (
	// lostAfter is how long Parley must have been connected and idle before an undelivered message counts as lost.
	lostAfter = time.Minute
	// maxRows is the maximum number of messages in a report.
	maxRows = 60
	// databaseTimeout limits the queries of Parley's database, which may be down.
	databaseTimeout = 5 * time.Second
)

// Report contains the outcome of all messages, as JSON for the demo's page.
type Report struct {
	Counts Counts `json:"counts"`
	Rows   []Row  `json:"rows"`  // the newest message first
	Quiet  bool   `json:"quiet"` // Parley is connected and idle
}

// Row is one message of a Report.
type Row struct {
	Key      string     `json:"key"`
	Way      string     `json:"way"`      // its direction: checker.Inbound or checker.Outbound
	Who      string     `json:"who"`      // its author
	Whom     string     `json:"whom"`     // its recipient
	Text     string     `json:"text"`     // an excerpt
	At       time.Time  `json:"at"`       // when it was sent
	State    string     `json:"state"`    // such as checker.StateArrived
	Accepted bool       `json:"accepted"` // Parley has stored it in its database
	Delivery string     `json:"delivery"` // state of its delivery in Parley's database
	Attempt  int        `json:"attempt"`  // how often Parley has tried to deliver it
	Held     bool       `json:"held"`     // Parley delays it, so that its author can still undo it
	Error    string     `json:"error"`
	Reason   string     `json:"reason"`  // of its fate, such as why Parley does not send it
	SeenAt   *time.Time `json:"seen_at"` // when it was first seen at its destination; nil means never
	Copies   int        `json:"copies"`  // how often it was seen there
	Late     bool       `json:"late"`    // a later message arrived before it
	Surface  string     `json:"surface"` // slack or teams; "" if it was neither typed nor seen there yet
	Channel  string     `json:"channel"` // channel of the thread where a customer's message was seen; "" means none
	Thread   string     `json:"thread"`
	Box      string     `json:"box"`  // mail address of the customer
	Chat     string     `json:"chat"` // kind of chat on the phone; "" means mail
}

// Observer collects two things since the last Reset: the messages that people sent, and the observations, which are
// mails, phone lines and posts seen where messages should arrive. It isn't notified of changes; each call of Report reads
// the emulators. It keeps the messages that an earlier call has seen, even if somebody deletes them afterwards. It is safe
// for concurrent use.
type Observer struct {
	company *Company

	mu          sync.Mutex
	sent        map[string]*SentMessage   // by key
	observed    map[string]Observation    // by key; kept even if the post is deleted later
	folderSizes map[string]map[string]int // by address and folder: how many mails there were at the last call
	idleSince   time.Time                 // since when Parley has been connected and idle; zero means it isn't
}

// NewObserver returns an Observer of a company's emulators.
func NewObserver(w *Company) *Observer { return &Observer{company: w} }

// Reset discards everything that was observed. It is called when the demo starts over.
func (o *Observer) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent, o.observed = nil, nil
	o.folderSizes, o.idleSince = nil, time.Time{}
}

// Report reads all emulators and reports the outcome of each message. db is Parley's database; nil means there is none
// yet. isConnected says that Parley is running and connected to all services.
// Errors: the database does not answer; the report may then lack Parley's own records.
func (o *Observer) Report(ctx context.Context, db *pgxpool.Pool, isConnected bool) (Report, error) {
	records, busy, err := o.readDatabase(ctx, db)
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	canWork := err == nil && isConnected
	if canWork {
		o.noteTakenBack(records)
	}

	sent, observed := o.collect(now)
	if busy || !canWork {
		o.idleSince = time.Time{}
	} else if o.idleSince.IsZero() {
		o.idleSince = now
	}

	var lostBefore time.Time // see checker.Check, where it is the parameter idle
	limit := now.Add(-lostAfter)
	if !o.idleSince.IsZero() && o.idleSince.Before(limit) {
		lostBefore = limit
	}

	results, counts := Check(sent, observed, records, lostBefore)
	report := Report{Counts: counts, Rows: []Row{}, Quiet: !o.idleSince.IsZero()}
	for _, r := range slices.Backward(results[max(0, len(results)-maxRows):]) {
		report.Rows = append(report.Rows, observerRowOf(&r))
	}

	return report, err
}

// rowOf returns the row of a message.
func observerRowOf(r *Result) Row {
	row := Row{
		Key:     r.Key,
		Way:     r.Direction,
		Who:     r.Author,
		Whom:    r.Recipient,
		Text:    Excerpt(cmp.Or(r.SeenText, r.Text), RowRunes),
		At:      r.SentAt,
		State:   r.State,
		Copies:  max(r.Copies, r.Notices),
		Late:    r.OutOfOrder,
		Surface: surfaceFor(r.Channel),
	}
	row.Box, row.Chat, _ = strings.Cut(r.Mailbox, " ")
	if r.IsSeen() {
		row.SeenAt = &r.SeenAt
		row.Channel, row.Thread, _ = strings.Cut(r.SeenThread, "/")
		row.Surface = cmp.Or(row.Surface, surfaceFor(row.Channel))
	}

	if record := r.Record; record != nil {
		row.Accepted = true
		row.Delivery = record.Delivery
		row.Attempt = record.Attempt
		row.Held = record.Held
		row.Error = record.Error
		row.Reason = record.Reason
	}

	return row
}

// collect reads all emulators. It returns everything that was sent and observed so far, in chronological order.
// Caller holds o.mu.
func (o *Observer) collect(now time.Time) ([]*SentMessage, []Observation) {
	if o.sent == nil {
		o.sent, o.observed = map[string]*SentMessage{}, map[string]Observation{}
		o.folderSizes = map[string]map[string]int{}
	}

	o.observeMail(now)
	o.observePhones(now)
	o.observeSlack(now)
	o.observeTeams(now)
	sent := slices.SortedFunc(maps.Values(o.sent), func(a, b *SentMessage) int {
		return cmp.Or(a.SentAt.Compare(b.SentAt), cmp.Compare(a.Key, b.Key))
	})
	observed := slices.SortedFunc(maps.Values(o.observed), func(a, b Observation) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key))
	})
	return sent, observed
}

// forgetTyped marks all messages typed in a thread as deleted. The caller then reads the thread, and recordSent clears
// the mark of each message that still exists. Caller holds o.mu.
func (o *Observer) forgetTyped(channel, thread string) {
	for _, s := range o.sent {
		if s.Channel == channel && s.Thread == thread {
			s.Deleted = true
		}
	}
}

// noteTakenBack marks the messages that their authors deleted before Parley sent them. Such a message was already gone
// when the chats were last read, while records, which were read later, say that Parley still delays it.
// Caller holds o.mu.
func (o *Observer) noteTakenBack(records map[string]Record) {
	for key, s := range o.sent {
		if s.Deleted && records[key].Held {
			s.TakenBack = true
		}
	}
}

// recordSent adds or updates a message that somebody wrote. After an edit it keeps the earlier versions as well, because
// one of them may already have been sent. Caller holds o.mu.
func (o *Observer) recordSent(s SentMessage, now time.Time) {
	known := o.sent[s.Key]
	if known == nil {
		known = &s
		known.FirstSeenAt, known.AuthorKey = now, NameKey(s.Author)
		o.sent[s.Key] = known
	}
	words := WordingOf(s.Text).MessageWords()
	if !slices.ContainsFunc(known.Versions, func(v Version) bool { return slices.Equal(v.Words, words) }) {
		known.Versions = append(known.Versions, Version{Text: s.Text, Words: words})
	}
	known.Text = s.Text
	known.Mailbox = s.Mailbox
	known.Files = s.Files
	known.Deleted, known.TakenBack = false, false
	known.IsNote = known.IsNote && s.IsNote
	known.ForCustomer = s.ForCustomer && !known.Unannounced
}

// recordObserved adds an observation. It replaces an earlier one of the same post only if the post shows more files now.
// Caller holds o.mu.
func (o *Observer) recordObserved(seen Observation) {
	before, isKnown := o.observed[seen.Key]
	if !isKnown || seen.Files > before.Files {
		o.observed[seen.Key] = seen
	}
}

// readDatabase reads Parley's records (see readRecords). isBusy reports that Parley has work left, or that this isn't
// known.
func (o *Observer) readDatabase(ctx context.Context, pool *pgxpool.Pool) (records map[string]Record, isBusy bool, err error) {
	if pool == nil {
		return nil, true, nil
	}

	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()
	list, err := readRecords(ctx, pool)
	if err != nil {
		return nil, true, fmt.Errorf("demo: journal: %w", err)
	}

	const hasWork = `SELECT EXISTS (SELECT FROM queues) OR EXISTS (SELECT FROM lanes WHERE due_at IS NOT NULL)`
	if err := pool.QueryRow(ctx, hasWork).Scan(&isBusy); err != nil {
		return list, true, fmt.Errorf("demo: journal: %w", err)
	}
	if isBusy || o.company.Teams == nil {
		return list, isBusy, nil
	}

	return list, o.company.Teams.Activities.Pending() > 0, nil
}

// readRecords reads what Parley has recorded about the newest 500 messages, by SentMessage.Key. For an inbound message
// the record includes the first delivery of its text, and for an outbound one the first reply to the customer.
func readRecords(ctx context.Context, q store.Querier) (map[string]Record, error) {
	const read = `
		SELECT CASE WHEN m.direction = 'in' THEN '<' || m.external_id || '>' ELSE m.channel || '/' || m.place END AS key,
			m.fate, m.reason, coalesce(d.state, '') AS delivery, coalesce(d.attempt, 0) AS attempt,
			coalesce(d.state = 'queued' AND d.attempt = 0 AND d.not_before > parley_now(), false) AS held, coalesce(d.error_text, '') AS error
		FROM (SELECT * FROM messages WHERE direction = 'in' OR author_user <> '' ORDER BY created_at DESC LIMIT 500) AS m
		LEFT JOIN LATERAL (
			SELECT state, attempt, not_before, error_text
			FROM deliveries
			WHERE message_id = m.id AND kind NOT IN ('mark', 'files', 'card', 'ephemeral') AND (m.direction = 'in' OR kind = 'reply')
			ORDER BY created_at, seq
			LIMIT 1) AS d ON true`

	type row struct {
		Key string
		Record
	}

	rows, err := q.Query(ctx, read)
	if err != nil {
		return nil, err
	}

	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, err
	}
	found := map[string]Record{}
	for _, r := range list {
		found[r.Key] = r.Record
	}
	return found, nil
}
