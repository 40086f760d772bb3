package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
)

// If an agent's message can't be applied, that is told in its thread. If an event can't even be read, the admins are
// told, each time.
func TestQuarantineOfAnAgentsMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$`)
	w.exec(`CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.text = 'Yes') EXECUTE FUNCTION refuse()`)
	w.reply(thread, "Yes")

	// The database refuses the message each time, until Parley gives it up.
	const tries = 4 // after which an event is given up
	for i := range tries {
		w.eventually("a failed try", func() bool { return w.count(`SELECT count(*) FROM queues WHERE tries > $1 AND holder IS NULL`, i) > 0 })
		w.makeQueuesDue()
	}

	if line := w.waitLine(thread, bridge.LineQuarantine); !strings.Contains(line.Plain(), "parley replay") {
		t.Errorf("the line says %q", line.Plain())
	}

	// Two events can't be read.
	for i := range 2 {
		must(store.InsertEvents(t.Context(), w.pool, []store.NewEvent{{AccountID: w.surface, ExternalID: fmt.Sprint("bad-", i),
			OrderKey: store.OrderKey(w.surface, "bad"), Payload: []byte("garbage")}}))(t)
		w.eventually("it is given up", func() bool { return w.count(`SELECT count(*) FROM quarantine`) == 2+i })
		w.waitDrained()
	}
	if n := w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id WHERE l.key = 'ch:@ann'`); n != 2 {
		t.Errorf("the admin was told %d times, want 2", n)
	}
}

// An event that can't be decoded is put into quarantine and shown. Later events don't wait for it.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	if status := w.postEvents(chat, channelstest.Event{Type: "riddle", From: "kim", Text: "?"}); status != 200 {
		t.Fatalf("the webhook answered %d, want 200", status)
	}

	w.customerWrites("kim", "Hello")
	w.waitThread("Hello")
	w.waitShown("[quarantine]")
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 1 {
		t.Errorf("%d events in quarantine, want 1", n)
	}
}
