package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"parley/bridge/engine"
	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// world is a database with accounts in three zones.
type measuringWorld struct {
	t       *testing.T
	pool    *pgxpool.Pool
	stories []*story
	ids     store.MessageID
	rand    *rand.Rand // decides what happens
}

// plans returns the business hours of the accounts 100 to 102. The clocks change in Berlin on 25 October, and in New
// York on 1 November.
func measuringPlans() map[int64]string {
	return map[int64]string{
		100: `{"zone": "Europe/Berlin", "week": [{"days": "mon-fri", "open": "09:00-12:30, 13:30-17:00"}, {"days": "sun", "open": "00:00-06:00"}]}`,
		101: `{"zone": "America/New_York", "week": [{"days": "mon-sun", "open": "00:00-24:00"}], "holidays": ["2026-10-28"]}`,
		102: `{}`,
	}
}

// newWorld makes a world with the teams Support and Billing, and with a new seed each time.
func newWorldMeasuring(t *testing.T) *measuringWorld {
	seed := uint64(time.Now().UnixNano()) //nolint:forbidigo // another one each time
	t.Logf("seed %d", seed)
	w := &measuringWorld{t: t, pool: storetest.DB(t), rand: rand.New(rand.NewPCG(seed, 0))}
	w.exec(`INSERT INTO teams (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'Support'), (2, 'Billing')`)
	for id, plan := range measuringPlans() {
		w.exec(`INSERT INTO accounts (id, name, kind, side, team_id, hours)
			VALUES ($1, $2, 'email', 'channel', 1, $3)`, id, fmt.Sprint("mail", id), plan)
	}
	return w
}

func (w *measuringWorld) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// directory reads the accounts as they are now.
func (w *measuringWorld) directory() *engine.Directory {
	w.t.Helper()
	accounts := storetest.Must(store.ListAccounts(w.t.Context(), w.pool))(w.t)
	return engine.NewDirectory(store.Directory{Accounts: accounts})
}

// open adds a conversation in which nothing has happened yet.
func (w *measuringWorld) open(account store.AccountID) *story {
	w.t.Helper()
	s := newStory(store.ConversationID(len(w.stories)+1), &w.ids)
	s.subject.AccountID = account
	s.now = time.Date(2026, 10, 20, 8, 0, 0, 0, time.UTC)
	w.stories = append(w.stories, s)
	w.exec(`INSERT INTO conversations (id, account_id, team_id, status, last_at, created_at)
		VALUES ($1, $2, 1, 'open', now(), now())`, s.subject.ConversationID, account)
	return s
}

// step lets something happen in a conversation some time after the last event, and stores it as the engine does: new
// rows, and changed ones.
func (w *measuringWorld) step(q pgx.Tx, s *story, who store.AgentID, what string, later time.Duration) error {
	s.now = s.now.Add(later)
	before, logged := slices.Clone(s.said), len(s.log)
	if what == "changes labels" {
		w.label(s)
	} else if !s.step(w.t, who, what) {
		return nil
	}

	ctx := w.t.Context()
	var fresh, changed []store.Message
	for i := range s.said {
		switch {
		case i >= len(before):
			fresh = append(fresh, messageOf(s, &s.said[i]))
		case before[i] != s.said[i]:
			changed = append(changed, messageOf(s, &s.said[i]))
		}
	}

	_, err := q.Exec(ctx, `UPDATE conversations
		SET team_id = $2, tags = $3, traits = jsonb_build_object('intent', $4::text, 'sentiment', $5::text) WHERE id = $1`,
		s.subject.ConversationID, s.subject.TeamID, s.subject.Tags, s.subject.Intent, s.subject.Mood)
	if err == nil && len(fresh) > 0 {
		err = store.InsertMessages(ctx, q, fresh)
	}
	if err == nil && len(changed) > 0 {
		err = store.UpdateMessages(ctx, q, changed)
	}
	if err == nil && len(s.log) > logged {
		err = store.InsertLog(ctx, q, s.log[logged:])
	}
	if err == nil {
		err = measure.Due(ctx, q, []store.ConversationID{s.subject.ConversationID})
	}
	return err
}

// label gives a conversation random labels.
func (w *measuringWorld) label(s *story) {
	s.subject.Tags = [][]string{{}, {"Billing"}, {"Billing", "Urgent"}}[w.rand.IntN(3)]
	s.subject.Intent, s.subject.Mood = []string{"", "refund"}[w.rand.IntN(2)], []string{"", "negative"}[w.rand.IntN(2)]
	s.addLog(store.DeedTagged, store.ByAgent, ann, engine.Detail{})
}

// readLate is how long after it was written an answer outside Parley is read.
const readLate = 21 * time.Minute

// messageOf returns a message of a story as the engine stores it.
func messageOf(s *story, m *measure.Message) store.Message {
	row := store.Message{
		ID:             m.ID,
		ConversationID: s.subject.ConversationID,
		Direction:      m.Direction,
		Fate:           m.Fate,
		Reason:         m.Reason,
		SaidAt:         m.At,
		CreatedAt:      m.At,
	}
	if m.Reason == store.ReasonElsewhere {
		row.CreatedAt = m.At.Add(readLate)
	}
	if m.AgentID != 0 {
		row.AgentID = &m.AgentID
	}
	if m.Automatic {
		row.Automatic = "auto-submitted"
	}
	return row
}

// measureAll measures until the figures include everything that was committed before.
func (w *measuringWorld) measureAll(dir *engine.Directory) {
	w.t.Helper()
	for done := false; !done; {
		more, err := engine.Round(w.t.Context(), w.pool, dir, 7)
		if err == nil && !more { // more may also be false because a process that died still holds the progress
			err = w.pool.QueryRow(w.t.Context(), `SELECT below = 0 AND NOT EXISTS (SELECT FROM measure_due) FROM measured`).Scan(&done)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// wantRecounted compares what is stored with a slow recount, and returns the recount's single times.
func (w *measuringWorld) wantRecounted(dir *engine.Directory) []timed {
	w.t.Helper()
	var want, wantDays []string
	days := map[string]*measure.Figures{}
	var times []timed
	for _, s := range w.stories {
		again := newRecount(s, dir.Hours[s.subject.AccountID])
		for _, single := range again.times {
			times = append(times, timed{single, s.subject.Labels})
		}
		for _, share := range again.shares {
			want = append(want, fmt.Sprintf("%+v", *share))
			values := []string{
				"all/", "agent/" + strconv.FormatInt(int64(share.AgentID), 10), "intent/" + s.subject.Intent,
				"mood/" + s.subject.Mood,
			}
			for _, tag := range s.subject.Tags {
				values = append(values, "tag/"+tag)
			}
			for _, v := range values {
				key := fmt.Sprintf("%s %s %d %d", v, share.Day, share.AccountID, share.TeamID)
				if days[key] == nil {
					days[key] = &measure.Figures{}
				}
				days[key].Add(share.Figures)
			}
		}
	}

	for key, f := range days {
		wantDays = append(wantDays, key+" "+sums(*f))
	}
	w.wantSame("shares", w.keptShares(), want)
	w.wantSame("days", w.keptDays(days), wantDays)
	w.wantSpans()
	w.wantMedians(times)
	return times
}

// wantSpans compares the sums of weeks, and of four weeks, with the sums of their days.
func (w *measuringWorld) wantSpans() {
	w.t.Helper()
	var wrong []string
	err := w.pool.QueryRow(w.t.Context(), `
		WITH days AS (
			SELECT kind, n, day - (day - DATE '2001-01-01') % n AS day, value, account_id, team_id, sum(opened) AS a, sum(messages_out) AS b,
				sum(next_sum_open) AS c, sum(ended_sum) AS d, max(first_worst) AS worst
			FROM measure_days, unnest(ARRAY[7, 28]) AS n
			GROUP BY 1, 2, 3, 4, 5, 6)
		SELECT coalesce(array_agg(concat(d.*, s.*)), '{}')
		FROM days AS d
		FULL JOIN measure_spans AS s ON (s.kind, s.days, s.day, s.value, s.account_id, s.team_id) = (d.kind, d.n, d.day,
			d.value, d.account_id, d.team_id)
		WHERE (s.opened, s.messages_out, s.next_sum_open, s.ended_sum, s.first_worst)
			IS DISTINCT FROM (d.a, d.b, d.c, d.d, d.worst)`).Scan(&wrong)
	if err != nil || len(wrong) > 0 {
		w.t.Fatalf("weeks that are not the sums of their days: %v %v", wrong, err)
	}
}

// sums writes figures without the worst times, which are only upper bounds.
func sums(f measure.Figures) string {
	f.FirstWorst, f.FirstWorstOpen, f.NextWorst, f.NextWorstOpen, f.EndedWorst, f.EndedWorstOpen = 0, 0, 0, 0, 0, 0
	return fmt.Sprintf("%+v", f)
}

// wantSame compares lists in any order, and shows the first difference.
func (w *measuringWorld) wantSame(what string, got, want []string) {
	w.t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if len(want) == 0 {
		w.t.Fatal("nothing happened")
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			w.t.Fatalf("%s: %d are kept, want %d by recount; the first that differs:\ngot  %s\nwant %s",
				what, len(got), len(want), append(got, "")[min(i, len(got))], append(want, "")[min(i, len(want))])
		}
	}
}

// keptShares returns the shares in the database.
func (w *measuringWorld) keptShares() (list []string) {
	w.t.Helper()
	shares := storetest.Rows(w.t, w.pool, pgx.RowTo[measure.Share],
		`SELECT (jsonb_strip_nulls(to_jsonb(s)) || jsonb_build_object('day', s.day::text)) FROM measure_shares AS s`)
	for _, s := range shares {
		list = append(list, fmt.Sprintf("%+v", s))
	}
	return list
}

// keptDays returns the sums of days in the database. It checks that no worst time of want is above the stored bound.
func (w *measuringWorld) keptDays(want map[string]*measure.Figures) (list []string) {
	w.t.Helper()
	type row struct {
		Key     string
		Figures measure.Figures
	}
	days := storetest.Rows(w.t, w.pool, pgx.RowToStructByName[row],
		`SELECT format('%s/%s %s %s %s', kind, value, day, account_id, team_id) AS key, to_jsonb(d) AS figures FROM measure_days AS d`)
	for _, d := range days {
		if sums(d.Figures) != sums(measure.Figures{}) {
			list = append(list, d.Key+" "+sums(d.Figures))
		}
		f := want[d.Key]
		if f == nil {
			continue
		}
		for name, worst := range map[string][2]int64{ // by recount, and as it is kept
			"first answer": {f.FirstWorst, d.Figures.FirstWorst},
			"next answer":  {f.NextWorst, d.Figures.NextWorst},
			"end":          {f.EndedWorst, d.Figures.EndedWorst},
		} {
			if worst[0] > worst[1] {
				w.t.Errorf("%s: the worst time to the %s is %d s, want at most the %d s that are kept", d.Key, name, worst[0], worst[1])
			}
		}
	}
	return list
}

// Whatever happens in conversations, in three zones while clocks change, the figures are those of a slow recount. That
// holds although the measuring processes are killed now and then.
// Requirement R-230: Time to answer.
// Requirement R-231: Share resolved.
// Requirement R-232: Messages counted.
// Requirement R-233: By agent and team.
// Requirement R-237: By opening hours.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	w := newWorldMeasuring(t)
	dir := w.directory()
	for i := range 24 { // they existed before there were figures
		s := w.open(100 + store.AccountID(i%3))
		w.happen(s, []string{"opens", "starts", "promotes"}[min(i%8, 2)])
	}
	for range 80 {
		w.happenAnything()
	}
	w.exec(`DELETE FROM measure_due`)
	w.exec(`UPDATE measured SET below = (SELECT max(id) + 1 FROM conversations)`)

	ctx, stop := context.WithCancel(t.Context())
	var group errgroup.Group
	for range 2 { // two processes measure, and die now and then
		group.Go(func() error { return w.measureUntilKilled(ctx, dir) })
	}
	for i := range 160 {
		if i%20 == 0 {
			w.happen(w.open(100+store.AccountID(i/20%3)), "opens")
		}
		w.happenAnything()
	}
	stop()
	storetest.Check(t, group.Wait())
	w.measureAll(dir)
	w.wantRecounted(dir)

	// When an account gets other hours, everything is measured by them.
	w.exec(`UPDATE accounts SET hours = '{"zone": "Asia/Kathmandu", "week": [{"days": "mon-sat", "open": "10:00-18:00"}]}' WHERE id = 102`)
	dir = w.directory()
	w.measureAll(dir)
	times := w.wantRecounted(dir)

	// Closed days keep their sums, whatever is measured again.
	sums := w.keptDays(nil)
	for more := true; more; {
		since := time.Since(time.Date(2026, 10, 27, 0, 0, 0, 0, time.UTC)) //nolint:forbidigo // the database's clock
		var err error
		if more, err = measure.CloseDay(t.Context(), w.pool, since); err != nil {
			t.Fatal(err)
		}
	}
	w.exec(`UPDATE measured SET below = (SELECT max(id) + 1 FROM conversations)`)
	w.measureAll(dir)
	w.wantSame("sums after days were closed", w.keptDays(nil), sums)
	w.wantMedians(times)

	for what, days := range map[string]string{
		"shares": `SELECT day::text AS day FROM measure_shares`,
		"times":  `SELECT (SELECT max(x) FROM unnest(times) AS x) AS day FROM measure_times`,
	} {
		var ofClosed, all int
		storetest.Check(t, w.pool.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE day < '2026-10-27'), count(*)
			FROM (`+days+`) AS k`).Scan(&ofClosed, &all))
		if ofClosed > 0 {
			t.Errorf("%d of %d %s are of closed days, want none", ofClosed, all, what)
		}
	}
}

// measureUntilKilled measures until ctx ends. Now and then it cuts a transaction off, as if the process died.
func (w *measuringWorld) measureUntilKilled(ctx context.Context, dir *engine.Directory) error {
	for ctx.Err() == nil {
		limited, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(100)+5)*time.Millisecond)
		_, err := engine.Round(limited, w.pool, dir, 1+rand.IntN(20))
		killed := limited.Err() != nil
		cancel()
		if err != nil && !killed && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	return nil
}

// happen lets something happen in a conversation some hours later, by a random agent if an agent does it.
func (w *measuringWorld) happen(s *story, what string) {
	w.t.Helper()
	later := time.Duration(w.rand.IntN(3)*w.rand.IntN(400)) * time.Minute
	storetest.Check(w.t, store.InTx(w.t.Context(), w.pool, func(tx pgx.Tx) error {
		return w.step(tx, s, []store.AgentID{ann, ben}[w.rand.IntN(2)], what, later)
	}))
}

// happenAnything lets something random happen in a random conversation.
func (w *measuringWorld) happenAnything() {
	w.t.Helper()
	steps := []string{
		"writes", "writes", "writes", "answers", "answers", "answers", "writes automatically", "sends again", "fails",
		"is unclear", "reopens", "answers elsewhere", "answers elsewhere, read late", "answers by a copy to the mailbox",
		"a machine answers", "undoes", "notes", "takes", "joins", "puts back", "hands to billing", "hands to support",
		"snoozes", "waits for the customer", "is set pending", "resolves", "resolves", "closes", "changes labels",
	}
	w.happen(w.stories[w.rand.IntN(len(w.stories))], steps[w.rand.IntN(len(steps))])
}
