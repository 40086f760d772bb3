// Package observer observes the demo from outside Parley: what people write in Slack, in Teams, by mail and by phone, and what
// arrives there. It has package checker decide what became of each message, and adds what Parley's own database says of it.
//
// What does not belong here: what counts as arrived, lost or doubled (package checker), and how the report is shown.
package observer

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

	"parley/cmd/parley/demo/checker"
	"parley/cmd/parley/demo/company"
	"parley/cmd/parley/demo/plaintext"
	"parley/store"
)

const (
	// lostAfter is how long Parley must have had nothing to do, with nothing cut off, before what arrived nowhere counts as lost.
	lostAfter = time.Minute
	// maxRows is how many messages the page lists.
	maxRows = 60
	// databaseTimeout ends a query of Parley's database, which may be down.
	databaseTimeout = 5 * time.Second
)

// Report says what became of the messages. Its JSON is what the demo's page reads.
type Report struct {
	Counts checker.Counts `json:"counts"`
	Rows   []Row          `json:"rows"`  // the newest message first
	Quiet  bool           `json:"quiet"` // Parley is connected and has nothing left to do
}

// Row is one message.
type Row struct {
	Key      string     `json:"key"`
	Way      string     `json:"way"`      // its direction
	Who      string     `json:"who"`      // its author
	Whom     string     `json:"whom"`     // its recipient
	Text     string     `json:"text"`     // an excerpt
	At       time.Time  `json:"at"`       // when it was sent
	State    string     `json:"state"`    // one of checker's
	Accepted bool       `json:"accepted"` // Parley has stored it in its database
	Delivery string     `json:"delivery"` // its state, as Parley says
	Attempt  int        `json:"attempt"`  // how often Parley has tried to deliver it
	Held     bool       `json:"held"`     // it waits a moment, in which its author can take it back
	Error    string     `json:"error"`
	Reason   string     `json:"reason"`  // why it stays inside, which means that the customer doesn't get it
	SeenAt   *time.Time `json:"seen_at"` // when it was observed on the other side
	Copies   int        `json:"copies"`  // how often it was observed there
	Late     bool       `json:"late"`
	Surface  string     `json:"surface"` // where it was typed or stands; "" means nowhere yet
	Channel  string     `json:"channel"` // of the thread where it stands; "" means in none, or that an agent wrote it
	Thread   string     `json:"thread"`
	Box      string     `json:"box"`  // address of the customer
	Chat     string     `json:"chat"` // on the phone; "" means by mail
}

// Observer keeps all messages that people sent, and all that was observed where they should arrive, since the last
// Reset. Nothing notifies it: it looks into the emulators whenever Report is called. So a post that is deleted
// between two reports is known from the earlier one.
type Observer struct {
	company *company.Company

	mu          sync.Mutex
	sent        map[string]*checker.SentMessage // by key
	observed    map[string]checker.Observation  // by key; what is removed later has been observed nevertheless
	folderSizes map[string]map[string]int       // by address: how many mails each folder had at the last look
	idleSince   time.Time                       // since when Parley has had nothing to do; zero means that it has something
}

// New returns an Observer that has observed nothing yet.
func New(w *company.Company) *Observer { return &Observer{company: w} }

// Reset lets the observer forget everything, for a new round of the demo.
func (o *Observer) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent, o.observed = nil, nil
	o.folderSizes, o.idleSince = nil, time.Time{}
}

// Report looks into every emulator and reports what became of each message. db is Parley's database, nil while there is none.
// isConnected says that nothing is cut off, killed or still connecting.
// Errors: the database does not answer; then the report is without Parley's own records.
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

	var lostBefore time.Time // a message that was first seen before then, and stands nowhere, is lost; zero means none is
	limit := now.Add(-lostAfter)
	if !o.idleSince.IsZero() && o.idleSince.Before(limit) {
		lostBefore = limit
	}

	results, counts := checker.Check(sent, observed, records, lostBefore)
	report := Report{Counts: counts, Rows: []Row{}, Quiet: !o.idleSince.IsZero()}
	for _, r := range slices.Backward(results[max(0, len(results)-maxRows):]) {
		report.Rows = append(report.Rows, rowOf(&r))
	}

	return report, err
}

// rowOf makes the row of a message.
func rowOf(r *checker.Result) Row {
	row := Row{
		Key:     r.Key,
		Way:     r.Direction,
		Who:     r.Author,
		Whom:    r.Recipient,
		Text:    plaintext.Excerpt(r.Text, plaintext.RowRunes),
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

// collect looks into every emulator. It returns all that was sent and observed so far, each in order of time.
// Caller holds o.mu.
func (o *Observer) collect(now time.Time) ([]*checker.SentMessage, []checker.Observation) {
	if o.sent == nil {
		o.sent, o.observed = map[string]*checker.SentMessage{}, map[string]checker.Observation{}
		o.folderSizes = map[string]map[string]int{}
	}

	o.observeMail(now)
	o.observePhones(now)
	o.observeSlack(now)
	o.observeTeams(now)
	sent := slices.SortedFunc(maps.Values(o.sent), func(a, b *checker.SentMessage) int {
		return cmp.Or(a.SentAt.Compare(b.SentAt), cmp.Compare(a.Key, b.Key))
	})
	observed := slices.SortedFunc(maps.Values(o.observed), func(a, b checker.Observation) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key))
	})
	return sent, observed
}

// forgetTyped marks all messages that were typed in a thread as deleted. The look that follows clears the mark of
// those that still stand there: see recordSent. Caller holds o.mu.
func (o *Observer) forgetTyped(channel, thread string) {
	for _, s := range o.sent {
		if s.Channel == channel && s.Thread == thread {
			s.Deleted = true
		}
	}
}

// noteTakenBack marks the messages that their authors deleted before Parley sent them. Such a message was gone at
// the last look into the chats, and records, which were read after it, say that Parley still holds it back. Caller
// holds o.mu.
func (o *Observer) noteTakenBack(records map[string]checker.Record) {
	for key, s := range o.sent {
		if s.Deleted && records[key].Held {
			s.TakenBack = true
		}
	}
}

// recordSent keeps a message that somebody wrote. After an edit it keeps the earlier words as well, since they may
// have been sent already. Caller holds o.mu.
func (o *Observer) recordSent(s checker.SentMessage, now time.Time) {
	known := o.sent[s.Key]
	if known == nil {
		known = &s
		known.FirstSeenAt, known.AuthorKey = now, checker.NameKey(s.Author)
		o.sent[s.Key] = known
	}
	words := checker.WordingOf(s.Text).MessageWords()
	if !slices.ContainsFunc(known.Versions, func(v []string) bool { return slices.Equal(v, words) }) {
		known.Versions = append(known.Versions, words)
	}
	known.Text = s.Text
	known.Mailbox = s.Mailbox
	known.Files = s.Files
	known.Deleted, known.TakenBack = false, false
	known.IsNote = known.IsNote && s.IsNote
	known.ForCustomer = s.ForCustomer && !known.Unannounced
}

// recordObserved keeps what arrived. It replaces an earlier observation of the same post if that shows more files
// by now. Caller holds o.mu.
func (o *Observer) recordObserved(seen checker.Observation) {
	before, isKnown := o.observed[seen.Key]
	if !isKnown || seen.Files > before.Files {
		o.observed[seen.Key] = seen
	}
}

// readDatabase reads what Parley's database says of messages (see readRecords). isBusy says that Parley has something left
// to do, or that nobody knows.
func (o *Observer) readDatabase(ctx context.Context, pool *pgxpool.Pool) (records map[string]checker.Record, isBusy bool, err error) {
	if pool == nil {
		return nil, true, nil
	}

	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()
	list, err := readRecords(ctx, pool)
	if err != nil {
		return nil, true, fmt.Errorf("demo: journal: %w", err)
	}

	const left = `SELECT EXISTS (SELECT FROM queues) OR EXISTS (SELECT FROM lanes WHERE due_at IS NOT NULL)`
	if err := pool.QueryRow(ctx, left).Scan(&isBusy); err != nil {
		return list, true, fmt.Errorf("demo: journal: %w", err)
	}
	if isBusy || o.company.Teams == nil {
		return list, isBusy, nil
	}

	return list, o.company.Teams.Activities.Pending() > 0, nil
}

// readRecords reads what became of the newest messages, by the keys of checker.SentMessage.
func readRecords(ctx context.Context, q store.Querier) (map[string]checker.Record, error) {
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
		checker.Record
	}

	rows, err := q.Query(ctx, read)
	if err != nil {
		return nil, err
	}

	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, err
	}
	found := map[string]checker.Record{}
	for _, r := range list {
		found[r.Key] = r.Record
	}
	return found, nil
}
