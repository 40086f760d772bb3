package engine_test

import (
	"net/http"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// A message for a team without a channel is put into quarantine. Replayed when the team has a channel, it is shown.
func TestNoChannelYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.exec(`DELETE FROM team_channels`)
	w.reloadEngines()
	w.customerWrites("kim", "Hello")
	w.eventually("it is quarantined", func() bool { return w.count(`SELECT count(*) FROM quarantine`) == 1 })

	check(t, store.SaveTeamChannel(t.Context(), w.pool, store.TeamChannel{TeamID: w.team, AccountID: w.surface, Channel: support, Home: true}))
	w.reloadEngines()
	must(store.Replay(t.Context(), w.pool, []store.EventID{store.EventID(w.count(`SELECT event_id FROM quarantine`))}))(t)
	w.waitThread("Hello")
}

// Facts of an account wait until its channel runs, while those of other accounts are applied.
func TestChannelStartsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	ch := w.live[chat].Load()
	w.engines[0].SetChannel(w.accounts[chat], nil)

	w.customerWrites("kim", "Hello")
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Text: "from elsewhere"})
	w.waitThread("from elsewhere") // facts of other accounts are applied

	w.engines[0].SetChannel(w.accounts[chat], ch)
	w.waitThread("Hello")
	w.waitDrained()
}

// countRefusedPosts counts the posts that were refused and wait for another attempt.
func (w *world) countRefusedPosts() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
		WHERE d.kind = 'said' AND d.state = 'queued' AND d.error_class <> '' AND l.leased_until IS NULL`)
}

// Posts for a channel that is gone go on in a new thread when the team gets another channel. The chat counts as working
// as soon as no team works in the closed channel, even if that can't be written at once.
func TestTeamMovesFromClosedChannel(t *testing.T) {
	t.Parallel()
	w, _ := newBillingWorld(t, options{})
	w.chat.Close(support)
	w.customerWrites("kim", "Into the void")
	w.eventually("it waits", func() bool { return w.countRefusedPosts() == 1 })

	// The database refuses to write that the trouble has ended.
	w.exec(`CREATE SEQUENCE refusals`) // a rollback doesn't take its numbers back
	w.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('refusals'); RAISE 'refused'; END $$`)
	w.exec(`CREATE TRIGGER refuse BEFORE DELETE ON leases FOR EACH ROW WHEN (OLD.name LIKE 'trouble:%') EXECUTE FUNCTION refuse()`)
	w.moveTeam("Support", invoices)
	w.eventually("the end is refused", func() bool { return w.text(`SELECT is_called FROM refusals`) == "true" })
	w.exec(`DROP TRIGGER refuse ON leases`)
	w.repeatUntil("the chat works, since no team works in the closed channel", w.engines[0].EndTroublesAgain, func() bool {
		return w.text(`SELECT status FROM accounts WHERE id = $1`, w.surface) == string(channels.Active)
	})

	w.advance(2 * time.Minute)
	thread := waitNewestRoot(t, w.chat, invoices, 1, "Into the void")
	w.chat.Say("ann", invoices, thread, "I see you")
	w.provider.WaitTexts(t, "I see you")
	w.waitDrained()
}

// A process that has stopped accepts nothing. The next process sends the reply that waited, and shows the message when
// the provider delivers it again.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour}) // longer than the restart takes
	thread := w.openThread()
	reply := w.reply(thread, "After the restart")
	w.waitFate(reply, "waiting")

	w.stops[0]()
	status := w.postEvents(chat, channelstest.Event{Type: "message", ID: "while-down", From: "kim", Text: "While you were out"})
	if status != http.StatusServiceUnavailable {
		t.Errorf("a process that stopped answered %d, want %d", status, http.StatusServiceUnavailable)
	}

	check(t, store.MoveClock(t.Context(), w.pool, time.Hour))
	w.startReplica()
	w.provider.WaitTexts(t, "After the restart")
	w.waitFate(reply, "out")

	w.customerSends(chat, channelstest.Event{ID: "while-down", From: "kim", Text: "While you were out"})
	if same := w.waitThread("While you were out"); same != thread {
		t.Error("shown in another thread")
	}
}
