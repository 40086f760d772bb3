// Package witness stands outside Parley: it hears what people say in Slack, in Teams, by mail and by phone, sees what
// arrives there, and accounts for each message, beside what Parley's own database says.
//
// What does not belong here: what counts as arrived, lost or doubled (package judge), and how the account is shown.
package witness

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

	"parley/cmd/parley/demo/judge"
	"parley/cmd/parley/demo/outside"
	"parley/cmd/parley/demo/plaintext"
	"parley/store"
)

const (
	// lostAfter is how long Parley must have had nothing to do, with every line plugged
	// in, before what arrived nowhere counts as lost.
	lostAfter = time.Minute
	// shownRows is how many messages the page lists.
	shownRows = 60
	// askTimeout ends a question to Parley's database, which may be down.
	askTimeout = 5 * time.Second
)

// Account is the witness' account, the newest message first.
type Account struct {
	Counts judge.Counts `json:"counts"`
	Rows   []Row        `json:"rows"`
	Quiet  bool         `json:"quiet"` // Parley has nothing left to do
}

// Row is one message on its way.
type Row struct {
	Key      string     `json:"key"`
	Way      string     `json:"way"`
	Who      string     `json:"who"`
	Whom     string     `json:"whom"`
	Text     string     `json:"text"`
	At       time.Time  `json:"at"`
	State    string     `json:"state"`
	Accepted bool       `json:"accepted"` // Parley has stored it
	Delivery string     `json:"delivery"` // its state, as Parley says
	Attempt  int        `json:"attempt"`
	Held     bool       `json:"held"`
	Error    string     `json:"error"`
	Reason   string     `json:"reason"` // why it stays inside
	SeenAt   *time.Time `json:"seen_at"`
	Copies   int        `json:"copies"`
	Late     bool       `json:"late"`
	Surface  string     `json:"surface"` // where it was typed or stands; "" means nowhere yet
	Channel  string     `json:"channel"` // wayIn: of the thread where it stands, if it does
	Thread   string     `json:"thread"`
	Box      string     `json:"box"`  // address of the customer
	Chat     string     `json:"chat"` // on the phone; "" means by mail
}

// Witness stands outside Parley: it sees what people say in Slack and in their mail
// programs, and what arrives there, and compares.
type Witness struct {
	world *outside.World

	mu    sync.Mutex
	known map[string]*judge.Saying  // by key: what was said in this round
	seen  map[string]judge.Arrival  // by key: what was seen in this round; it counts as arrived even if it is removed later
	boxes map[string]map[string]int // by address: how many mails each folder had at the last look
	idle  time.Time                 // since when Parley has nothing to do; zero means it has
}

// New returns a Witness who has seen nothing yet.
func New(w *outside.World) *Witness { return &Witness{world: w} }

// Forget empties the witness for a new round.
func (w *Witness) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known, w.seen = nil, nil
	w.boxes, w.idle = nil, time.Time{}
}

// Account looks into every emulator, compares with what Parley says, and returns its account. db is Parley's database,
// nil while there is none; through says that nothing is cut, killed or still connecting.
// Errors: the database does not answer; then the account is without Parley's word.
func (w *Witness) Account(ctx context.Context, db *pgxpool.Pool, through bool) (Account, error) {
	claims, busy, err := w.askDatabase(ctx, db)
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	said, arrived := w.collect(now)
	isTold := err == nil && through // Parley can be asked, and can do what it has to do
	if busy || !isTold {
		w.idle = time.Time{}
	} else if w.idle.IsZero() {
		w.idle = now
	}

	var overdue time.Time
	limit := now.Add(-lostAfter)
	if !w.idle.IsZero() && w.idle.Before(limit) {
		overdue = limit
	}

	list, n := judge.Compare(said, arrived, claims, overdue)
	j := Account{Counts: n, Rows: []Row{}, Quiet: !w.idle.IsZero()}
	for _, v := range slices.Backward(list[max(0, len(list)-shownRows):]) {
		j.Rows = append(j.Rows, rowOf(&v))
	}

	return j, err
}

// rowOf makes the row of a message that was judged.
func rowOf(v *judge.Verdict) Row {
	r := Row{Key: v.Key, Way: v.Way, Who: v.Who, Whom: v.Whom, Text: plaintext.Excerpt(v.Text, plaintext.RowRunes),
		At: v.At, State: v.State,
		Copies: max(v.Copies, v.Told), Late: v.Late}

	r.Box, r.Chat, _ = strings.Cut(v.Box, " ")
	r.Surface = surfaceOf(v.Channel)
	if v.IsSeen() {
		r.SeenAt = &v.SeenAt
		r.Channel, r.Thread, _ = strings.Cut(v.Root, "/")
		r.Surface = cmp.Or(r.Surface, surfaceOf(r.Channel))
	}

	if c := v.Claim; c != nil {
		r.Accepted = true
		r.Delivery, r.Attempt = c.Delivery, c.Attempt
		r.Held, r.Error = c.Held, c.Error
		r.Reason = c.Reason
	}

	return r
}

// collect sees everything that is said and everything that arrived, each in its order.
// Caller holds mu.
func (w *Witness) collect(now time.Time) ([]*judge.Saying, []judge.Arrival) {
	if w.known == nil {
		w.known, w.seen = map[string]*judge.Saying{}, map[string]judge.Arrival{}
		w.boxes = map[string]map[string]int{}
	}

	for _, s := range w.known {
		s.Gone = s.Way == judge.WayOut // until it is seen again; a mail can't be taken back
	}

	w.lookIntoMail(now)
	w.lookIntoPhones(now)
	w.lookIntoSlack(now)
	w.lookIntoTeams(now)
	said := slices.SortedFunc(maps.Values(w.known), func(a, b *judge.Saying) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key)) })
	arrived := slices.SortedFunc(maps.Values(w.seen), func(a, b judge.Arrival) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key)) })
	return said, arrived
}

// noteSaying notes what somebody said, and remembers how it read before an edit.
func (w *Witness) noteSaying(s judge.Saying, now time.Time) {
	known := w.known[s.Key]
	if known == nil {
		known = &s
		known.Heard, known.Name = now, judge.NameKey(s.Who)
		w.known[s.Key] = known
	}
	words := judge.WordingOf(s.Text).Said()
	if !slices.ContainsFunc(known.Versions, func(v []string) bool { return slices.Equal(v, words) }) {
		known.Versions = append(known.Versions, words)
	}
	known.Gone = false
	known.Text, known.Box = s.Text, s.Box
	known.Meant, known.Files = s.Meant && !known.Unheard, s.Files
}

// noteArrival notes what arrived. A post of files may show more of them later.
func (w *Witness) noteArrival(a judge.Arrival) {
	before, isSeen := w.seen[a.Key]
	if !isSeen || a.Files > before.Files {
		w.seen[a.Key] = a
	}
}

// askDatabase asks Parley's database what became of the newest messages, by the witness'
// keys, and whether Parley has anything left to do.
func (w *Witness) askDatabase(ctx context.Context, pool *pgxpool.Pool) (map[string]judge.Claim, bool, error) {
	if pool == nil {
		return nil, true, nil
	}

	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	list, err := readClaims(ctx, pool)
	if err != nil {
		return nil, true, fmt.Errorf("demo: journal: %w", err)
	}

	const left = `SELECT EXISTS (SELECT FROM queues) OR EXISTS (SELECT FROM lanes WHERE due_at IS NOT NULL)`
	var busy bool
	if err := pool.QueryRow(ctx, left).Scan(&busy); err != nil {
		return list, true, fmt.Errorf("demo: journal: %w", err)
	}
	if busy || w.world.Teams == nil {
		return list, busy, nil
	}

	return list, w.world.Teams.Activities.Pending() > 0, nil
}

func readClaims(ctx context.Context, q store.Querier) (map[string]judge.Claim, error) {
	const read = `
		SELECT CASE WHEN m.direction = 'in' THEN '<' || m.external_id || '>' ELSE m.channel || '/' || m.place END AS key,
			m.fate, m.reason, coalesce(d.state, '') AS delivery, coalesce(d.attempt, 0) AS attempt,
			coalesce(d.state = 'queued' AND d.attempt = 0 AND d.not_before > parley_now(), false) AS held, coalesce(d.error_text, '') AS error
		FROM (SELECT * FROM messages WHERE direction = 'in' OR author_user <> '' ORDER BY id DESC LIMIT 500) AS m
		LEFT JOIN LATERAL (
			SELECT state, attempt, not_before, error_text
			FROM deliveries
			WHERE message_id = m.id AND kind NOT IN ('mark', 'files', 'card', 'ephemeral') AND (m.direction = 'in' OR kind = 'reply')
			ORDER BY id
			LIMIT 1) AS d ON true`

	type row struct {
		Key string
		judge.Claim
	}

	rows, err := q.Query(ctx, read)
	if err != nil {
		return nil, err
	}

	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (row, error) {
		var c row
		return c, r.Scan(&c.Key, &c.Fate, &c.Reason, &c.Delivery, &c.Attempt, &c.Held, &c.Error)
	})
	if err != nil {
		return nil, err
	}

	found := make(map[string]judge.Claim, len(list))
	for _, c := range list {
		found[c.Key] = c.Claim
	}

	return found, nil
}
