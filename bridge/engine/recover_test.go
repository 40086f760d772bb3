package engine_test

import (
	"net/http"
	"strings"
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

// An event that was applied isn't applied again when it is replayed, since that would show or send a message twice.
func TestAppliedEventIsNotReplayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.waitFate(w.reply(thread, "Hi Kim"), "out")
	w.waitDrained()
	w.exec(`INSERT INTO quarantine (event_id, reason) SELECT event_id, 'it took too long' FROM messages`)

	for _, text := range []string{"Hello", "Hi Kim"} {
		event := store.EventID(w.count(`SELECT event_id FROM messages WHERE text = $1`, text))
		if back := must(store.Replay(t.Context(), w.pool, []store.EventID{event}))(t); len(back) != 0 {
			t.Errorf("the event of %q is applied again", text)
		}
	}
	w.waitDrained()
	wantEqual(t, "messages", w.count(`SELECT count(*) FROM messages`), 2)
	wantEqual(t, "messages to the customer", len(w.provider.Sent()), 1)
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

// If nobody can post to a channel of the chat, its posts are kept until somebody can. Admins get one line when the
// channel closes, with the reason that the chat gave, and one when it works again. A new connection of the chat doesn't
// count as that.
func TestClosedChannelOpensAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.chat.Close(support)
	w.engines[0].Desk(w.surface).Report(channels.Condition{Status: channels.Broken, Text: "The channel is closed.", Hint: "Open it."})

	posts := w.chat.Calls("post")
	w.customerWrites("kim", "Into the void")
	w.chat.Wait(t, "a post is refused", func() bool { return w.chat.Calls("post") > posts })
	waitRefused := func() { t.Helper(); w.eventually("it waits", func() bool { return w.countRefusedPosts() == 1 }) }
	waitRefused()
	w.engines[0].Desk(w.surface).Report(channels.Condition{Status: channels.Active}) // it has connected anew

	noted := func() string { return w.text(`SELECT until FROM leases WHERE name LIKE 'trouble:%'`) }
	before := ""
	w.repeatUntil("what is known is not noted again", func() {
		before = noted()
		posts := w.chat.Calls("post")
		w.advance(2 * time.Minute)
		w.chat.Wait(t, "a post is refused again", func() bool { return w.chat.Calls("post") > posts })
		waitRefused()
	}, func() bool { return before != "" && noted() == before })

	// The channel opens again, and the post appears in its thread.
	w.chat.Open(support)
	w.advance(2 * time.Minute)
	if same := w.waitThread("Into the void"); same != thread {
		t.Error("posted elsewhere")
	}
	w.waitDrained()
	const told = `SELECT string_agg(concat_ws(' ', payload->'line'->>'Reason', payload->'line'->>'Hint'), '; ' ORDER BY lane_id, seq)
		FROM deliveries WHERE payload->'line'->>'Kind' = 'account'`
	got := w.text(told)
	if strings.TrimSpace(got) != "The channel is closed. Open it.;" { // the second line says only that it works again
		t.Errorf("admins are told %q", got)
	}
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

// Posts for a channel that is gone go on in a new thread when the conversation is handed to a team that has a channel.
func TestHandOverFromClosedChannel(t *testing.T) {
	t.Parallel()
	w, thread := newBillingWorld(t, options{})
	w.chat.Close(support)
	w.customerWrites("kim", "Into the void")
	w.eventually("it waits", func() bool { return w.countRefusedPosts() == 1 })

	w.chat.Say("ann", support, thread, "!assign #billing we are lost")
	w.eventually("it is handed over", func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'assigned'`) > 0 })
	w.advance(2 * time.Minute)
	thread = waitNewestRoot(t, w.chat, billing, 1, "we are lost")
	waitMessage(t, w.chat, billing, thread, "Into the void")
	w.advance(2 * time.Minute)
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
