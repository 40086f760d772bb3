package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// eventually waits until a condition holds, mostly one of the database. The condition must only look. If it has to do
// something, use repeatUntil.
func (w *world) eventually(what string, done func() bool) {
	w.t.Helper()
	began := time.Now()
	for !done() {
		if time.Since(began) > patience {
			w.t.Fatalf("waited in vain: %s\n%s", what, w.dump())
		}
		pause(began)
	}
}

// repeatUntil does a step before each look at a condition. The step may end a wait that begins anew meanwhile.
func (w *world) repeatUntil(what string, step func(), done func() bool) {
	w.t.Helper()
	w.eventually(what, func() bool {
		step()
		return done()
	})
}

// pause waits before the next look at a condition. It grows from 5 ms to 20 ms, since each look is a query and takes CPU
// time from the code under test.
func pause(began time.Time) {
	timer := time.NewTimer(min(5*time.Millisecond+time.Since(began)/10, 20*time.Millisecond))
	<-timer.C
}

// waitShown waits until a message with this text is in the channel or in a thread. Cards don't count, since they also
// show the first words of a conversation.
func (w *world) waitShown(text string) bridgetest.Message {
	w.t.Helper()
	return w.waitShownAs(text, func(m bridgetest.Message) bool { return m.Kind != string(bridge.PostRoot) })
}

// waitShownAs is waitShown with a function that says which messages count.
func (w *world) waitShownAs(text string, counts func(bridgetest.Message) bool) bridgetest.Message {
	w.t.Helper()
	var found bridgetest.Message
	w.chat.Wait(w.t, fmt.Sprintf("%q is shown", text), func() bool {
		list := w.allMessages()
		i := slices.IndexFunc(list, func(m bridgetest.Message) bool { return counts(m) && strings.Contains(m.Plain(), text) })
		if i >= 0 {
			found = list[i]
		}
		return i >= 0
	})
	return found
}

// allMessages returns all messages in the channel and its threads.
func (w *world) allMessages() []bridgetest.Message { return w.chat.Threads(support) }

// waitCard waits until the root of a thread contains a text.
func (w *world) waitCard(thread, text string) {
	w.t.Helper()
	w.chat.Wait(w.t, fmt.Sprintf("the card shows %q", text), func() bool {
		return strings.Contains(w.chat.Get(support, thread).Plain(), text)
	})
}

// waitMarked waits until an agent's message has a mark, an emoji that says what became of it.
func (w *world) waitMarked(message, mark string) {
	w.t.Helper()
	w.chat.Wait(w.t, fmt.Sprintf("%s is marked %s", message, mark), func() bool {
		return slices.Contains(w.chat.Get(support, message).Marks, mark)
	})
}

// customerTexts returns the customer's texts in a thread, in their order. A post may have several texts, each with its
// time.
func (w *world) customerTexts(thread string) []string {
	list := []string{}
	for _, m := range w.chat.Messages(support, thread) {
		if m.Kind != string(bridge.PostSaid) {
			continue
		}
		for text := range strings.SplitSeq(m.Text, "\n") {
			list = append(list, saidTime.ReplaceAllString(text, ""))
		}
	}
	return list
}

var saidTime = regexp.MustCompile(`^\d\d:\d\d:\d\d `)

// waitLine waits until a thread holds a line of a kind.
func (w *world) waitLine(thread string, kind bridge.LineKind) bridgetest.Message {
	w.t.Helper()
	var found bridgetest.Message
	w.chat.Wait(w.t, fmt.Sprintf("a line %q", kind), func() bool {
		for _, m := range w.chat.Messages(support, thread) {
			if strings.HasPrefix(m.Plain(), "["+string(kind)+"]") {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// countLines counts the lines of a kind in a thread.
func (w *world) countLines(thread string, kind bridge.LineKind) int {
	n := 0
	for _, m := range w.chat.Messages(support, thread) {
		if strings.HasPrefix(m.Plain(), "["+string(kind)+"]") {
			n++
		}
	}
	return n
}

// waitWhisper waits until a user was told something privately.
func (w *world) waitWhisper(user, text string) bridgetest.Message {
	w.t.Helper()
	var found bridgetest.Message
	w.chat.Wait(w.t, fmt.Sprintf("%s is told %q", user, text), func() bool {
		for _, m := range w.chat.Whispers(user) {
			if strings.Contains(m.Plain(), text) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// waitThread waits until a customer's text is shown and Parley has recorded that, and returns its thread. Before that is
// recorded, nobody may resolve the conversation. The text may be shown in the root.
func (w *world) waitThread(text string) string {
	w.t.Helper()
	m := w.waitShown(text)
	w.eventually(fmt.Sprintf("it is known that %q is shown", text), func() bool {
		return w.count(`SELECT count(*) FROM posts WHERE message = $1`, m.ID) > 0
	})
	return cmp.Or(m.Thread, m.ID)
}

// waitDrained waits until all that was said in the chat is stored, every event is applied, and every lane is empty.
func (w *world) waitDrained() {
	w.t.Helper()
	w.eventually("every event is applied and every lane is empty", func() bool {
		return w.chat.Taken() && w.count(`SELECT (SELECT count(*) FROM queued) + (SELECT count(*) FROM lanes WHERE head < tail)`) == 0
	})
}

// waitQueued waits until n events are stored and not applied yet.
func (w *world) waitQueued(n int) {
	w.t.Helper()
	w.eventually(fmt.Sprint("events that wait to be applied: ", n), func() bool { return w.count(`SELECT count(*) FROM queued`) == n })
}

// makeQueuesDue ends the waits of all events that were put off.
func (w *world) makeQueuesDue() {
	w.t.Helper()
	w.exec(`UPDATE queues SET due_at = clock_timestamp() WHERE due_at > clock_timestamp()`)
}

// holdQueues lets no events that an account brings from now on be applied until release is called.
func (w *world) holdQueues(account store.AccountID) (release func()) {
	w.t.Helper()
	return w.holdQueuesWhere(fmt.Sprintf(`NEW.account_id = %d`, account))
}

// holdQueuesWhere lets no events be applied in new queues for which a condition of SQL holds, until release is called. It
// marks these queues as put off once (waits = 1). Parley makes others that are due so late due again once a minute, as
// the clock must have been ahead.
func (w *world) holdQueuesWhere(condition string) (release func()) {
	w.t.Helper()
	w.exec(`CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN NEW.due_at = clock_timestamp() + interval '1 hour'; NEW.waits = 1; RETURN NEW; END $$`)
	w.exec(`CREATE TRIGGER hold BEFORE INSERT ON queues FOR EACH ROW WHEN (` + condition + `) EXECUTE FUNCTION hold()`)
	return func() {
		w.t.Helper()
		w.exec(`DROP TRIGGER hold ON queues`)
		w.makeQueuesDue()
	}
}

// waitDrainedBut waits until every event is applied, nothing is being sent, and n deliveries wait in the lanes.
func (w *world) waitDrainedBut(n int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("nothing is on its way but %d deliveries that wait", n), func() bool {
		return w.chat.Taken() &&
			w.count(`SELECT (SELECT count(*) FROM queued) + (SELECT count(*) FROM lanes WHERE leased_until IS NOT NULL)`) == 0 &&
			w.count(`SELECT coalesce(sum(tail - head), 0) FROM lanes`) == n
	})
}

// count runs a query that returns one number.
func (w *world) count(sql string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.pool.QueryRow(w.t.Context(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// text runs a query that returns one text. It returns "" if there is no row.
func (w *world) text(sql string, args ...any) string {
	w.t.Helper()
	var s string
	if err := w.pool.QueryRow(w.t.Context(), `SELECT coalesce((`+sql+`)::text, '')`, args...).Scan(&s); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return s
}

// exec changes rows without Parley. A test doesn't know in which order Parley locks rows, so exec repeats a statement
// that PostgreSQL has ended as a deadlock.
func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	w.eventually(sql, func() bool {
		_, err := w.pool.Exec(w.t.Context(), sql, args...)
		if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && pg.Code == "40P01" {
			return false
		}
		if err != nil {
			w.t.Fatalf("%s: %v", sql, err)
		}
		return true
	})
}

// waitFate waits until a text that was typed in the chat has a fate, such as "out" or "parked".
func (w *world) waitFate(message string, want store.Fate) {
	w.t.Helper()
	var got string
	for began := time.Now(); time.Since(began) < patience; pause(began) {
		if got = w.text(`SELECT fate FROM messages WHERE place = $1`, message); got == string(want) {
			return
		}
	}
	w.t.Fatalf("fate of %s is %q, want %q\n%s", message, got, want, w.dump())
}

// advance moves Parley's clock.
func (w *world) advance(by time.Duration) {
	w.t.Helper()
	check(w.t, store.MoveClock(w.t.Context(), w.pool, by))
	for _, e := range w.engines {
		e.Relay().Wake()
	}
}

// advanceToMorning moves Parley's clock to 9:01 UTC of the next day. A test of something that happens once a day or once
// an hour begins there, since it would fail if it ran over midnight.
func (w *world) advanceToMorning() {
	w.t.Helper()
	const morning = 9*time.Hour + time.Minute
	now := must(store.Now(w.t.Context(), w.pool))(w.t).UTC()
	w.advance(now.Truncate(24 * time.Hour).Add(24*time.Hour + morning).Sub(now))
}

// Parley looks for a lost answer when its request is surely over. ageUnclear makes the attempt older than a request may
// take, but not so old that a person is asked. lookNow ends the wait for the look. So these tests needn't wait.
const (
	ageUnclear = `
		WITH old AS (
			SELECT id FROM deliveries
			WHERE state = 'unknown' AND (sent_at > clock_timestamp() - interval '1 min' OR absent_at > clock_timestamp() - interval '1 min')
			FOR UPDATE SKIP LOCKED)
		UPDATE deliveries AS d
		SET sent_at = sent_at - interval '1 min', absent_at = absent_at - interval '1 min'
		FROM old WHERE d.id = old.id`
	lookNow = `
		WITH unclear AS (
			SELECT l.id FROM lanes AS l
			JOIN deliveries AS d ON d.lane_id = l.id AND d.seq = l.head + 1
			WHERE d.state = 'unknown' AND l.due_at > parley_now() AND l.leased_until IS NULL
			FOR UPDATE OF l SKIP LOCKED)
		UPDATE lanes AS l SET due_at = parley_now()
		FROM unclear WHERE l.id = unclear.id`
)

// ageLostAttempts makes attempts with lost answers older until the test ends, so that Parley looks for them at once.
func (w *world) ageLostAttempts() {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			for _, sql := range []string{ageUnclear, lookNow} {
				if _, err := w.pool.Exec(ctx, sql); err != nil && ctx.Err() == nil {
					w.t.Errorf("%s: %v", sql, err)
				}
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
	w.t.Cleanup(func() { cancel(); group.Wait() })
}

// dump returns the rows of the database for the message of a failing test.
func (w *world) dump() string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var b strings.Builder
	for _, sql := range []string{
		`SELECT 'event ' || e.id || ' ' || e.account_id || ' ' || e.external_id ||
				coalesce(' QUEUED tries ' || p.tries || ' due ' || p.due_at, '') || coalesce(' QUARANTINED ' || q.reason, '')
			FROM events e LEFT JOIN queued w ON w.event_id = e.id LEFT JOIN queues p ON p.id = w.queue_id
			LEFT JOIN quarantine q ON q.event_id = e.id ORDER BY e.id`,
		`SELECT 'conversation ' || id || ' ' || status || ' ' || subject || ' ' || assignees::text FROM conversations ORDER BY id`,
		`SELECT 'message ' || id || ' c' || conversation_id || ' ' || direction || ' ' || fate || ' ' || reason || ' ' || text
			FROM messages ORDER BY event_id, id`,
		`SELECT 'lane ' || id || ' ' || key || ' gate ' || gate_id || ' head ' || head || ' tail ' || tail || ' epoch ' || epoch ||
				' due ' || coalesce((due_at - parley_now())::text, '-') ||
				' lease ' || coalesce((leased_until - clock_timestamp())::text, '-')
			FROM lanes ORDER BY id`,
		`SELECT 'delivery ' || id || ' lane ' || lane_id || ' seq ' || seq || ' ' || kind || ' ' || state ||
				' attempt ' || attempt || ' ' || error_class || ' ' || error_text
			FROM deliveries ORDER BY lane_id, seq`,
	} {
		rows, err := w.pool.Query(ctx, sql)
		if err != nil {
			return err.Error()
		}
		for rows.Next() {
			var s string
			_ = rows.Scan(&s)
			b.WriteString(s + "\n")
		}
		rows.Close()
		if rows.Err() != nil {
			return rows.Err().Error()
		}
	}
	return b.String()
}

// waitDeliveryState waits until the delivery of a typed text is in a state.
func (w *world) waitDeliveryState(message string, want store.DeliveryState) {
	w.t.Helper()
	w.eventually(message+" is "+string(want), func() bool {
		return w.text(`SELECT d.state FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id WHERE m.place = $1 AND d.kind = 'reply'
			ORDER BY d.seq DESC LIMIT 1`, message) == string(want)
	})
}
