package engine_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Without a channel for its threads nothing is dropped: the message is kept, and replayed
// once there is one.
func TestNoChannelYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.exec(`DELETE FROM team_channels`)
	check(t, w.engines[0].Reload(t.Context()))
	w.writes("kim", "Hello")
	w.eventually("it is set aside", func() bool { return w.count(`SELECT count(*) FROM quarantine`) == 1 })
	check(t, store.SaveTeamChannel(t.Context(), w.pool, store.TeamChannel{TeamID: w.team, AccountID: w.surface, Channel: support, Home: true}))
	check(t, w.engines[0].Reload(t.Context()))
	must(store.Replay(t.Context(), w.pool, []store.EventID{store.EventID(w.count(`SELECT event_id FROM quarantine`))}))(t)
	w.thread("Hello")
}

// Facts of an account whose channel does not run yet wait for it.
func TestChannelStartsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	ch := w.live[chat].Load()
	w.engines[0].SetChannel(w.accounts[chat], nil)
	w.writes("kim", "Hello")
	w.customer(mail, channelstest.Event{From: "lee@x.test", Text: "from elsewhere"})
	w.thread("from elsewhere") // others go on
	w.engines[0].SetChannel(w.accounts[chat], ch)
	w.thread("Hello")
	w.settled()
}

// A channel that nobody can post to holds its posts back and loses none. Admins are told of it
// once, in the chat's own words, though it told of it before. That the chat itself can be reached doesn't end it.
func TestClosedChannelOpensAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	w.chat.Close(support)
	w.engines[0].Desk(w.surface).Report(channels.Condition{Status: channels.Broken, Text: "The channel is closed.", Hint: "Open it."})
	posts := w.chat.Calls("post")
	w.writes("kim", "Into the void")
	w.chat.Wait(t, "a post is refused", func() bool { return w.chat.Calls("post") > posts })
	waits := func() {
		t.Helper()
		w.eventually("it waits", func() bool {
			return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id WHERE d.state = 'queued' AND d.error_class <> '' AND l.leased_until IS NULL`) == 1
		})
	}
	waits()
	w.engines[0].Desk(w.surface).Report(channels.Condition{Status: channels.Active}) // it has connected anew
	w.eventually("what is known is not noted again", func() bool {
		const when = `SELECT until FROM leases WHERE name LIKE 'trouble:%'`
		noted, posts := w.text(when), w.chat.Calls("post")
		w.advance(2 * time.Minute)
		w.chat.Wait(t, "a post is refused again", func() bool { return w.chat.Calls("post") > posts })
		waits()
		return noted != "" && w.text(when) == noted
	})
	w.chat.Open(support)
	w.advance(2 * time.Minute)
	if same := w.thread("Into the void"); same != thread {
		t.Error("posted elsewhere")
	}
	w.settled()
	const told = `SELECT string_agg(concat_ws(' ', payload->'line'->>'Reason', payload->'line'->>'Hint'), '; ' ORDER BY lane_id, seq)
		FROM deliveries WHERE payload->'line'->>'Kind' = 'account'`
	if got := w.text(told); strings.TrimSpace(got) != "The channel is closed. Open it.;" { // it works again, without a reason
		t.Errorf("admins are told %q", got)
	}
}

// What can't be posted in a channel that is gone goes on in a new thread, once its team has another channel, or once it is handed
// to a team that has one. Admins are told that the chat works again when no team works in the closed channel any more, though that
// can't be written at once.
func TestChannelThatIsGone(t *testing.T) {
	t.Parallel()
	w, _ := besideBilling(t, options{})
	refused := func(text string) {
		t.Helper()
		w.writes("kim", text)
		w.eventually("it waits", func() bool {
			return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
				WHERE d.kind = 'said' AND d.state = 'queued' AND d.error_class <> '' AND l.leased_until IS NULL`) == 1
		})
	}
	w.chat.Close(support)
	refused("Into the void")
	w.exec(`CREATE SEQUENCE refusals`) // a rollback doesn't take its numbers back
	w.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('refusals'); RAISE 'refused'; END $$`)
	w.exec(`CREATE TRIGGER refuse BEFORE DELETE ON leases FOR EACH ROW WHEN (OLD.name LIKE 'trouble:%') EXECUTE FUNCTION refuse()`)
	w.moveTeam("Support", invoices)
	w.eventually("the end is refused", func() bool { return w.text(`SELECT is_called FROM refusals`) == "true" })
	w.exec(`DROP TRIGGER refuse ON leases`)
	w.eventually("the chat works, since no team works in the closed channel", func() bool {
		w.engines[0].EndTroublesAgain()
		return w.text(`SELECT status FROM accounts WHERE id = $1`, w.surface) == string(channels.Active)
	})
	w.advance(2 * time.Minute)
	thread := threadIn(t, w.chat, invoices, 1, "Into the void")
	w.chat.Say("ann", invoices, thread, "I see you")
	w.provider.WaitTexts(t, "I see you")
	w.settled()

	w.chat.Close(invoices)
	refused("Gone again")
	w.chat.Say("ann", invoices, thread, "!assign #billing we are lost")
	w.eventually("it is handed over", func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'assigned'`) > 0 })
	w.advance(2 * time.Minute)
	thread = threadIn(t, w.chat, billing, 1, "we are lost")
	says(t, w.chat, billing, thread, "Gone again")
	w.advance(2 * time.Minute)
	w.settled()
}

// A process that stops finishes what is under way; what waits is done by the next one.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.opened()
	reply := w.reply(thread, "After the restart")
	w.fate(reply, "waiting")
	w.stops[0]()
	if status := w.hook(chat, channelstest.Event{Type: "message", ID: "while-down", From: "kim", Text: "While you were out"}); status != http.StatusServiceUnavailable {
		t.Errorf("a process that stopped answered %d", status)
	}
	check(t, store.MoveClock(t.Context(), w.pool, time.Hour))
	w.addEngine()
	w.startLast()
	w.provider.WaitTexts(t, "After the restart")
	w.fate(reply, "out")
	w.customer(chat, channelstest.Event{ID: "while-down", From: "kim", Text: "While you were out"})
	if same := w.thread("While you were out"); same != thread {
		t.Error("shown in another thread")
	}
}

// The settings of one process reach the others within moments.
func TestSettingsReachReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	thread := w.opened()
	w.reply(thread, "!tag Brand new, Billing")
	w.card(thread, "Brand new,Billing")
	w.eventually("both know the tag", func() bool {
		for _, e := range w.engines {
			found := false
			tags, err := e.Desk(w.surface).TagNames(t.Context())
			check(t, err)
			for _, tag := range tags {
				found = found || tag.Name == "Brand new"
			}
			if !found {
				return false
			}
		}
		return true
	})
}

// The desk answers what surfaces ask for, to those who may know.
//
func TestDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	reply := w.reply(thread, "Hi")
	w.provider.WaitTexts(t, "Hi")
	w.card(thread, "| Ann |")
	d := w.engines[0].Desk(w.surface)
	for _, at := range []bridge.Place{{Channel: support, Thread: thread}, {Channel: support, Message: reply}} {
		if f, err := d.FactsAt(t.Context(), at, "ben"); err != nil || f.ID != 1 || f.Contact.Name != "Kim" || f.Thread.Root.Message != thread {
			t.Errorf("at %+v: %+v, %v", at, f, err)
		}
	}
	if _, err := d.FactsAt(t.Context(), bridge.Place{Channel: support, Thread: "nowhere"}, "ben"); err == nil {
		t.Error("a conversation was found nowhere")
	}
	if _, err := d.Facts(t.Context(), 1, "dan"); err == nil {
		t.Error("somebody who is no agent may read")
	}
	if _, err := d.List(t.Context(), bridge.ListQuery{List: "all"}, "dan"); err == nil {
		t.Error("somebody who is no agent may list")
	}
	if _, err := d.History(t.Context(), 1, 0, "dan"); err == nil {
		t.Error("somebody who is no agent may read the history")
	}
	seen := must(d.Seen(t.Context(), []string{"m:" + support + ":" + reply, "m:" + support + ":" + thread, "m:" + support + ":other"}))(t)
	if !seen["m:"+support+":"+reply] || !seen["m:"+support+":"+thread] || seen["m:"+support+":other"] {
		t.Errorf("seen %v", seen)
	}
	if list := must(d.List(t.Context(), bridge.ListQuery{}, "ann"))(t); len(list.Rows) != 1 {
		t.Errorf("mine: %d", len(list.Rows))
	}
	if rows := must(d.History(t.Context(), 1, 0, "ann"))(t).Rows; len(rows) < 3 {
		t.Errorf("history: %+v", rows)
	}
}
