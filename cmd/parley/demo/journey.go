package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/operate"
	"parley/store"
)

// shownStory is the maximum number of lines of a conversation's story on the page.
const shownStory = 12

// journey is the path of one message through Parley's database, which the demo's page shows step by step. A customer's
// mail, for example, arrives as an event, becomes a message of a conversation, and is sent to Slack by a delivery.
// The journey is about the newest message.
type journey struct {
	Number   int64          `json:"number"` // of the conversation; 0 means there is no conversation yet
	Subject  string         `json:"subject"`
	Contact  string         `json:"contact"`
	Status   string         `json:"status"`
	Message  journeyMessage `json:"message"`
	Event    *journeyEvent  `json:"event"`
	Story    []string       `json:"story"` // of the whole conversation, in the words of parley explain
	Sends    []journeySend  `json:"deliveries"`
	Earlier  int            `json:"earlier"` // how many messages of the conversation came before this one
	Assigned []string       `json:"assigned"`
}

type journeyMessage struct {
	ID        store.MessageID `db:"id" json:"id"`
	Direction string          `db:"direction" json:"direction"`
	Fate      string          `db:"fate" json:"fate"`
	Reason    string          `db:"reason" json:"reason"`
	Author    string          `db:"author" json:"author"`
	Text      string          `db:"text" json:"text"`
	EventID   store.EventID   `db:"event_id" json:"event_id"`
	At        time.Time       `db:"said_at" json:"at"`
}

type journeyEvent struct {
	ID       int64     `db:"id" json:"id"`
	Account  string    `db:"account" json:"account"`
	External string    `db:"external_id" json:"external_id"`
	Bytes    int64     `db:"size_bytes" json:"bytes"`
	At       time.Time `db:"received_at" json:"at"`
	Pending  bool      `db:"pending" json:"pending"`
	Refused  string    `db:"refused" json:"refused"` // why it is in quarantine; "" means it isn't
}

type journeySend struct {
	ID       int64      `db:"id" json:"id"`
	To       string     `db:"account" json:"to"`
	Side     string     `db:"side" json:"side"`
	Kind     string     `db:"kind" json:"kind"`
	State    string     `db:"state" json:"state"`
	Attempt  int        `db:"attempt" json:"attempt"`
	Held     *time.Time `db:"not_before" json:"held_until"`
	External string     `db:"external_id" json:"external_id"`
	Error    string     `db:"error_text" json:"error"`
}

// showJourney serves GET /journey: the newest message of the thread that the request names or, without a thread, of all.
func (p *Page) showJourney(w http.ResponseWriter, r *http.Request) {
	pool := p.db.Load()
	if pool == nil {
		writeError(w, http.StatusServiceUnavailable, errNotYet)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageQueryTimeout)
	defer cancel()
	j, err := lastJourney(ctx, pool, r.FormValue("channel"), r.FormValue("thread"))
	if err != nil {
		p.failRequest(w, err)
		return
	}
	writeJSON(w, j)
}

// lastJourney reads the journey of the newest message in a thread, or of the newest one overall if thread is "". It
// orders by time, because message ids are allocated in blocks and aren't chronological. If there is no message, it
// returns the zero value.
func lastJourney(ctx context.Context, q store.Querier, channel, thread string) (journey, error) {
	const find = `
		SELECT m.id, m.conversation_id
		FROM messages AS m
		LEFT JOIN threads AS t ON t.conversation_id = m.conversation_id
		WHERE $2 = '' OR (t.channel = $1 AND t.root = $2)
		ORDER BY m.created_at DESC, m.event_id DESC, m.id DESC
		LIMIT 1`

	var j journey
	var conversation store.ConversationID
	err := q.QueryRow(ctx, find, channel, thread).Scan(&j.Message.ID, &conversation)
	if errors.Is(err, pgx.ErrNoRows) {
		return j, nil
	}
	if err != nil {
		return j, fmt.Errorf("demo: journey: %w", err)
	}
	if err := j.read(ctx, q, conversation); err != nil {
		return j, fmt.Errorf("demo: journey: %w", err)
	}

	return j, nil
}

func (j *journey) read(ctx context.Context, q store.Querier, conversation store.ConversationID) error {
	const about = `
		SELECT c.id, c.subject, c.status, coalesce(nullif(i.name, ''), i.key, ''),
			(SELECT count(*)
				FROM messages AS m
				JOIN messages AS shown ON shown.id = $2
				WHERE m.conversation_id = c.id
					AND (m.created_at, m.event_id, m.id) < (shown.created_at, shown.event_id, shown.id)),
			ARRAY(SELECT a.name FROM unnest(c.assignees) AS x(id) JOIN agents AS a USING (id))
		FROM conversations AS c
		LEFT JOIN identities AS i ON i.id = c.identity_id
		WHERE c.id = $1`

	row := q.QueryRow(ctx, about, conversation, j.Message.ID)
	if err := row.Scan(&j.Number, &j.Subject, &j.Status, &j.Contact, &j.Earlier, &j.Assigned); err != nil {
		return err
	}

	var err error
	if j.Message, err = readMessage(ctx, q, j.Message.ID); err != nil {
		return err
	}
	if j.Event, err = readEvent(ctx, q, j.Message.EventID); err != nil {
		return err
	}
	if j.Story, err = readStory(ctx, q, conversation); err != nil {
		return err
	}

	j.Sends, err = readSends(ctx, q, j.Message.ID)
	return err
}

func readMessage(ctx context.Context, q store.Querier, id store.MessageID) (journeyMessage, error) {
	const read = `
		SELECT m.id, m.direction, m.fate, m.reason, coalesce(a.name, nullif(i.name, ''), i.key, 'Parley') AS author,
			left(m.text, 300) AS text, m.event_id, m.said_at
		FROM messages AS m
		LEFT JOIN agents AS a ON a.id = m.agent_id
		LEFT JOIN identities AS i ON i.id = m.identity_id
		WHERE m.id = $1`
	rows, err := q.Query(ctx, read, id)
	if err != nil {
		return journeyMessage{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[journeyMessage])
}

func readEvent(ctx context.Context, q store.Querier, id store.EventID) (*journeyEvent, error) {
	const read = `
		SELECT e.id, a.name AS account, e.external_id, e.size_bytes, e.received_at,
			EXISTS (SELECT FROM queues AS q JOIN queued AS w ON w.queue_id = q.id WHERE q.key = e.order_key AND w.event_id = e.id) AS pending,
			coalesce((SELECT reason FROM quarantine WHERE event_id = e.id), '') AS refused
		FROM events AS e
		JOIN accounts AS a ON a.id = e.account_id
		WHERE e.id = $1`

	rows, err := q.Query(ctx, read, id)
	if err != nil {
		return nil, err
	}

	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[journeyEvent])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}

	return e, err
}

// readStory returns the last lines of a conversation's story, oldest first.
func readStory(ctx context.Context, q store.Querier, conversation store.ConversationID) ([]string, error) {
	story, err := operate.Conversation(ctx, q, conversation)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, s := range story.Steps {
		if s.Kind == operate.StepDone || s.Kind == operate.StepSaid {
			lines = append(lines, s.At.Format(time.RFC3339)+" "+s.Text)
		}
	}
	return lines[max(0, len(lines)-shownStory):], nil
}

func readSends(ctx context.Context, q store.Querier, message store.MessageID) ([]journeySend, error) {
	const read = `
		SELECT d.id, a.name AS account, a.side, d.kind, d.state, d.attempt, d.not_before, d.external_id, d.error_text
		FROM deliveries AS d
		JOIN lanes AS l ON l.id = d.lane_id
		JOIN accounts AS a ON a.id = l.account_id
		WHERE d.message_id = $1
		ORDER BY d.created_at, d.lane_id, d.seq`
	rows, err := q.Query(ctx, read, message)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[journeySend])
}
