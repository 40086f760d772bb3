package operate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup"
	"parley/channels"
	"parley/channels/golden"
	"parley/cmd/parley/operate"
	"parley/store"
)

const checkPeople = `
agents:
  - {email: ann@acme.test, name: Ann Lee, slack: U0ANN, roles: [admin]}
  - {email: ben@acme.test, name: Ben, slack: U0BEN}
teams: [{name: Support, members: [ann@acme.test, ben@acme.test], slack_channel: C0SUPPORT}]
accounts: [{name: rookery, kind: raven, team: Support}]
`

func ravens() setup.Options {
	return setup.Options{Specs: []channels.Spec{{Kind: "raven", Name: "Raven"}}}
}

// story is a conversation with a question, a note, a late reply, a failed one, an unclear one, one that waits behind it,
// and log entries.
type story struct {
	pool                                   *pgxpool.Pool
	question, reply, broken, waiting, lone store.EventID // events
}

func tell(t *testing.T) story {
	t.Helper()
	ctx, s := t.Context(), story{pool: configured(t, checkPeople, ravens())}
	d := must(store.LoadDirectory(ctx, s.pool))(t)
	ids := map[string]store.AccountID{}
	for _, a := range d.Accounts {
		ids[a.Name] = a.ID
	}
	rookery, slack := ids["rookery"], ids["slack"]

	event := func(account store.AccountID, external string, key string) store.EventID {
		return journal(t, s.pool, store.NewEvent{AccountID: account, ExternalID: external, OrderKey: key, Payload: []byte("secret body")})
	}
	s.question = event(rookery, "q1", "x")
	s.reply = event(slack, "m:C0SUPPORT:1.2", "x")
	s.broken = event(store.SystemAccount, "timer:12:snooze:1", store.ConversationKey(12))
	s.waiting = event(store.SystemAccount, "delivery:9:failed:1", store.ConversationKey(12))
	s.lone = event(rookery, strings.Repeat("long ", 30), "y")

	for _, sql := range []string{`DELETE FROM queues`, `DELETE FROM queue_events`} {
		must(s.pool.Exec(ctx, sql))(t)
	}
	must(s.pool.Exec(ctx, `INSERT INTO quarantine (event_id, reason) VALUES ($1, 'bridge: own fact: unexpected end')`, s.broken))(t)
	must(s.pool.Exec(ctx, `INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at, tries)
		VALUES ($1, 1, 1, $2, $2, $2, clock_timestamp() + interval '1 hour', 1)`, store.ConversationKey(12), s.waiting))(t)
	must(s.pool.Exec(ctx, `INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
		SELECT order_key, account_id, 1, id, id, id, clock_timestamp() FROM events WHERE id = $1`, s.lone))(t)

	ann, ben := d.Agents[0].ID, d.Agents[1].ID
	inspectCheck(t,
		store.InsertConversations(ctx, s.pool,
			[]store.Conversation{{ID: 12, AccountID: rookery, TeamID: &d.Teams[0].ID, Kind: "customer", Status: "open",
				Assignees: []store.AgentID{ann, ben}, PreviousID: new(store.ConversationID(7)),
				LastMessage: store.LastMessage{LastAt: after(0)}, ConversationTimes: store.ConversationTimes{CreatedAt: after(0)}}}),
		store.InsertMessages(ctx, s.pool, []store.Message{
			{ID: 101, ConversationID: 12, Direction: store.DirectionIn, Fate: "in", Text: "secret body",
				MessageExtras: store.MessageExtras{Files: []store.FileRef{{Name: "secret.pdf"}}}, EventID: s.question, SaidAt: after(0), CreatedAt: after(1)},
			{ID: 102, ConversationID: 12, Direction: store.DirectionNote, Fate: "inside", Reason: "not_assignee", Text: "é",
				MessageAuthor: store.MessageAuthor{AgentID: &ben}, CreatedAt: after(2)},
			{ID: 103, ConversationID: 12, Direction: store.DirectionOut, Fate: "waiting", Reason: "assignee", Text: "secret body",
				MessageAuthor: store.MessageAuthor{AgentID: &ann}, EventID: s.reply, CreatedAt: after(3)},
			{ID: 104, ConversationID: 12, Direction: store.DirectionOut, Fate: "failed", Reason: "bad_recipient",
				MessageAuthor: store.MessageAuthor{AgentID: &ann}, CreatedAt: after(4), MessageExtras: store.MessageExtras{Files: []store.FileRef{{}, {}}}},
			{ID: 105, ConversationID: 12, Direction: store.DirectionOut, Fate: "ask", Reason: "unknown_verb", CreatedAt: after(5)},
			{ID: 106, ConversationID: 12, Direction: store.DirectionIn, Fate: "in", Automatic: "auto_submitted", CreatedAt: after(6)},
			{ID: 107, ConversationID: 12, Direction: store.DirectionNote, Fate: "parked", Reason: "window",
				MessageAuthor: store.MessageAuthor{AgentID: &ann}, CreatedAt: after(7)},
		}),
		store.InsertLog(ctx, s.pool, []store.LogEntry{
			{ID: 201, ConversationID: 12, At: after(1), Actor: "customer", What: "opened", Detail: detail(t, nil), EventID: s.question},
			{ID: 202, ConversationID: 12, At: after(2), Actor: "agent", AgentID: &ann, What: "assigned",
				Detail: detail(t, map[string]any{"agents": []store.AgentID{ann, ben}})},
			{ID: 203, ConversationID: 12, At: after(3), Actor: "agent", AgentID: &ann, What: "named", Detail: detail(t, map[string]any{"text": "secret body"})},
			{ID: 204, ConversationID: 12, At: after(3), Actor: "agent", AgentID: &ann, What: "tagged", Detail: detail(t, map[string]any{"text": "Billing"})},
			{ID: 205, ConversationID: 12, At: after(4), Actor: "parley", What: "not delivered",
				Detail: detail(t, map[string]any{"message": 104, "reason": "The bird is ill."})},
		}))
	s.deliveries(t, rookery, slack)
	return s
}

func (s story) deliveries(t *testing.T, rookery, slack store.AccountID) {
	t.Helper()
	ctx := t.Context()
	gates := must(store.UpsertGates(ctx, s.pool, []store.Gate{{AccountID: rookery, Key: "g"}, {AccountID: slack, Key: "g"}}))(t)
	var p store.Pipeline
	inspectCheck(t, p.InsertLanes([]store.Lane{
		{ID: 301, AccountID: rookery, Key: "c12", ConversationID: 12, GateID: gates[0].ID, Tail: 4, DueAt: at(60), LeaseSeconds: 45},
		{ID: 302, AccountID: slack, Key: "c12", ConversationID: 12, GateID: gates[1].ID, Tail: 2, LeaseSeconds: 45}}))
	inspectCheck(t, p.Run(ctx, s.pool),
		store.InsertDeliveries(ctx, s.pool, []store.Delivery{
			{ID: 401, LaneID: 301, Seq: 1, MessageID: 103, Kind: "reply", State: "queued", Attempt: 3,
				DeliveryTimes: store.DeliveryTimes{FirstAt: at(4), SentAt: at(40)}, ErrorClass: "retry", ErrorText: "The loft is closed.", CreatedAt: after(3)},
			{ID: 402, LaneID: 301, Seq: 2, MessageID: 104, Kind: "reply", State: "failed", Attempt: 1,
				DeliveryTimes: store.DeliveryTimes{FirstAt: at(5), SentAt: at(5)}, ErrorClass: "bad_recipient", ErrorText: "The bird is ill.", CreatedAt: after(4)},
			{ID: 403, LaneID: 301, Seq: 3, MessageID: 104, Kind: "reply", State: "needs_decision", Attempt: 2, CreatedAt: after(4)},
			{ID: 404, LaneID: 301, Seq: 4, MessageID: 105, Kind: "reply", State: "queued",
				DeliveryTimes: store.DeliveryTimes{NotBefore: at(9e8)}, CreatedAt: after(5)},
			{ID: 405, LaneID: 302, Seq: 1, Kind: "root", State: "accepted", Attempt: 1,
				DeliveryTimes: store.DeliveryTimes{FirstAt: at(1), SentAt: at(1)}, CreatedAt: after(1)},
			{ID: 406, LaneID: 302, Seq: 2, MessageID: 101, Kind: "said", State: "accepted", Attempt: 1,
				DeliveryTimes: store.DeliveryTimes{FirstAt: at(1.5), SentAt: at(1.5)}, CreatedAt: after(1)},
		}))
}

func TestExplain(t *testing.T) {
	t.Parallel()
	s := tell(t)
	stopClocks(t, s.pool)
	var all strings.Builder
	for _, what := range []string{"#12", fmt.Sprint(s.question), fmt.Sprint(s.reply), fmt.Sprint(s.broken), fmt.Sprint(s.lone)} {
		out := must(operate.Explain(t.Context(), s.pool, what, time.FixedZone("CET", 3600)))(t)
		all.WriteString("== parley explain " + what + "\n" + out)
	}
	if strings.Contains(all.String(), "secret") {
		t.Error("a body or a file's name is shown")
	}
	golden.Text(t, "testdata/explain.txt", all.String())
}

// Conversation returns the steps in order, and each step names its event, message or delivery.
func TestConversation(t *testing.T) {
	t.Parallel()
	s := tell(t)
	j := must(operate.Conversation(t.Context(), s.pool, 12))(t)
	const messages, logEntries, deliveries, ownEvents = 7, 5, 6, 4
	if want := messages + logEntries + deliveries + ownEvents; len(j.Steps) != want {
		t.Errorf("got %d steps, want %d", len(j.Steps), want)
	}
	if j.Conversation != 12 || j.Cut {
		t.Errorf("got conversation #%d, cut %t; want the whole of #12", j.Conversation, j.Cut)
	}

	for i, step := range j.Steps {
		if i > 0 && step.At.Before(j.Steps[i-1].At) {
			t.Errorf("step %d is out of order", i)
		}
		if step.Event == 0 && step.Message == 0 && step.Delivery == 0 && step.Kind != operate.StepDone {
			t.Errorf("step %q is about nothing", step.Text)
		}
	}

	if first := j.Steps[0]; first.Kind != operate.StepArrived || first.Event != s.question {
		t.Errorf("the cause does not come first: %+v", first)
	}
}

func TestExplainUnknown(t *testing.T) {
	t.Parallel()
	pool := configured(t, checkPeople, ravens())
	for what, isNumber := range map[string]bool{
		"#99": true,
		"99":  true,
		"":    false,
		"#":   false,
		"abc": false,
		"-1":  false,
		"#0":  false,
		"12x": false,
	} {
		_, err := operate.Explain(t.Context(), pool, what, time.UTC)
		if err == nil || errors.Is(err, operate.ErrUnknown) != isNumber {
			t.Errorf("explain %q: got %v, want an error, and that it is ErrUnknown: %t", what, err, isNumber)
		}
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	s := tell(t)
	stopClocks(t, s.pool)
	list := must(operate.Quarantined(t.Context(), s.pool, time.UTC))(t)
	var shown strings.Builder
	shown.WriteString(list)

	for range 2 {
		answers := must(operate.Replay(t.Context(), s.pool, nil, nil, []store.EventID{s.broken, s.question, 999999, s.broken}))(t)
		for _, a := range answers {
			shown.WriteString(a.Text() + "\n")
		}
	}
	golden.Text(t, "testdata/replay.txt", shown.String())

	if list := must(operate.Quarantined(t.Context(), s.pool, time.UTC))(t); list != "nothing is in quarantine\n" {
		t.Errorf("after the replay: %s", list)
	}

	j := must(operate.Event(t.Context(), s.pool, s.broken))(t)
	if got := strings.Join(j.Steps[0].Detail, " "); !strings.Contains(got, "not applied yet") {
		t.Errorf("the event is not queued: %s", got)
	}
}
