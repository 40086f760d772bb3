package engine_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/routing/hours"
	"parley/store"
)

// withOfficeHours gives the chat's account the hours of an office in Berlin.
func withOfficeHours(t *testing.T) func(*store.Account) {
	return func(a *store.Account) {
		if a.Name == chat {
			a.Hours = officeHours(t)
		}
	}
}

func officeHours(t *testing.T) json.RawMessage {
	return must(json.Marshal(hours.Plan{Zone: "Europe/Berlin", Week: []hours.Rule{{Days: "mon-fri", Open: "09:00-12:00, 13:00-17:00"}}}))(t)
}

// advanceTo moves Parley's clock to the next time at which the clock on Berlin's walls shows
// so, on a day of the week.
func (w *world) advanceTo(day time.Weekday, hour, minute int) {
	w.t.Helper()
	berlin := must(time.LoadLocation("Europe/Berlin"))(w.t)
	now := must(store.Now(w.t.Context(), w.pool))(w.t).In(berlin)
	at := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, berlin)
	for !at.After(now) || at.Weekday() != day {
		at = at.AddDate(0, 0, 1)
	}
	w.advance(at.Sub(now))
}

// eveningLists returns the evening lists in the team's channel.
func (w *world) eveningLists() []bridgetest.Message { return w.eveningListsIn(support) }

// eveningListsIn returns the evening lists in a channel.
func (w *world) eveningListsIn(channel string) []bridgetest.Message {
	var list []bridgetest.Message
	for _, m := range w.chat.Messages(channel, "") {
		if strings.HasPrefix(m.Plain(), "["+string(bridge.LineEvening)+"]") {
			list = append(list, m)
		}
	}
	return list
}

// Before the last business hour ends, one list tells of the windows that close before the
// next opening and of those alone that wait for us; two replicas post it once.
func TestEveningList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0), account: withOfficeHours(t), engines: 2})
	w.advanceTo(time.Wednesday, 8, 30)
	w.customerWrites("kim", "Closes at half past eight")
	w.waitThread("Closes at half past eight")
	w.customerWrites("max", "Will be answered")
	w.reply(w.waitThread("Will be answered"), "Here you are")
	w.provider.WaitTexts(t, "Here you are")
	w.waitDrained() // nobody waits for max any more
	w.advanceTo(time.Wednesday, 12, 30)
	w.customerWrites("lou", "Closes tomorrow at noon")
	w.waitThread("Closes tomorrow at noon")
	w.waitDrained()
	if n := len(w.eveningLists()); n != 0 {
		t.Fatalf("%d lists before the evening, want none", n)
	}
	w.advanceTo(time.Wednesday, 16, 0)
	w.chat.Wait(t, "the evening list", func() bool { return len(w.eveningLists()) == 1 })
	if text := w.eveningLists()[0].Plain(); !strings.Contains(text, "#1") || strings.Contains(text, "#2") || strings.Contains(text, "#3") {
		t.Errorf("the list is %s", text)
	}
	w.chat.Submit("ann", support, "", formOf(bridge.VerbLeave), "")
	w.waitWhisper("ann", "leave")
	if n := w.count(`SELECT count(*) FROM log_entries WHERE what = 'left until tomorrow' AND conversation_id = 1`); n != 1 {
		t.Errorf("%d entries say that Ann leaves it, want 1", n)
	}
	w.advanceTo(time.Thursday, 11, 0)
	w.waitCard(w.waitThread("Closes at half past eight"), "window closed")
	w.advanceTo(time.Thursday, 16, 0) // lou's is over, and nobody else waits
	w.eventually("the next day's timer", func() bool {
		return w.count(`SELECT count(*) FROM timers WHERE kind LIKE 'evening:%' AND due_at > parley_now() + interval '20 h'`) == 1
	})
	w.waitDrained()
	if n := len(w.eveningLists()); n != 1 {
		t.Errorf("%d lists, want 1", n)
	}
	w.advanceTo(time.Friday, 10, 0)
	w.customerWrites("kim", "Over the weekend")
	w.waitShown("Over the weekend")
	w.advanceTo(time.Friday, 16, 0)
	w.chat.Wait(t, "friday's list", func() bool { return len(w.eveningLists()) == 2 })
}

// Without hours there is no evening; hours that come later, and those that go, count at
// once.
func TestEveningNeedsHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	timers := func() int { return w.count(`SELECT count(*) FROM timers WHERE kind LIKE 'evening:%'`) }
	w.waitDrained()
	if timers() != 0 {
		t.Error("an evening without hours")
	}
	save := func(change func(*store.Account)) {
		w.saveAccount(chat, change)
		w.exec(`UPDATE settings SET version = version + 1`)
	}
	save(withOfficeHours(t))
	w.eventually("an evening", func() bool { return timers() == 1 })
	save(nil)
	w.eventually("no evening", func() bool { return timers() == 0 })
}

// A list whose time came while everybody was down is posted as soon as somebody is there again, if not too late.
func TestEveningWhileAllWereDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0), account: withOfficeHours(t)})
	w.advanceTo(time.Wednesday, 8, 30)
	w.customerWrites("kim", "Closes at half past eight")
	w.waitThread("Closes at half past eight")
	w.waitDrained()
	w.stopDuring(func() { w.advanceTo(time.Wednesday, 16, 30) })
	w.chat.Wait(t, "the evening list", func() bool { return len(w.eveningLists()) == 1 })
}

// What a replica missed by more than an hour is not posted at night; the next evening is.
func TestEveningThatWasMissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0), account: withOfficeHours(t)})
	w.advanceTo(time.Wednesday, 8, 30)
	w.customerWrites("kim", "Hello")
	w.waitThread("Hello")
	w.advanceTo(time.Wednesday, 22, 0)
	w.eventually("the next day's timer", func() bool {
		return w.count(`SELECT count(*) FROM timers WHERE kind LIKE 'evening:%' AND due_at > parley_now() + interval '10 h'`) == 1
	})
	w.waitDrained()
	if n := len(w.eveningLists()); n != 0 {
		t.Errorf("%d lists, want none", n)
	}
}

// moveChatToVault gives the account of chats a channel of its own, which not everybody can read.
func (w *world) moveChatToVault(change func(*store.Account)) {
	w.t.Helper()
	w.chat.Open(vault)
	w.chat.Private(vault, "ann", bridgetest.App)
	w.saveAccount(chat, func(a *store.Account) {
		change(a)
		a.SurfaceID, a.SurfaceChannel = &w.surface, vault
	})
	w.start()
}

// What not everybody in the team's channel may read is listed in the channel of its own account alone.
//
func TestEveningListOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	everywhere := func(caps *channels.Capabilities) { caps.Window.Free = 24 * time.Hour }
	w := newWorld(t, options{caps: everywhere, stopped: true, account: func(a *store.Account) { a.Hours = officeHours(t) }})
	w.moveChatToVault(withOfficeHours(t))
	w.advanceTo(time.Wednesday, 8, 30)
	w.customerWrites("kim", "Why is my salary so small?")
	w.chat.Wait(t, "the question is shown", func() bool { return len(w.chat.Messages(vault, "")) == 1 })
	w.customerSends(mail, channelstest.Event{From: "lou@customer.test", Name: "Lou", Subject: "Lamp", Text: "Where is my lamp?"})
	w.waitShown("Where is my lamp?")
	w.waitDrained()
	w.advanceTo(time.Wednesday, 16, 0)
	w.chat.Wait(t, "both lists", func() bool { return len(w.eveningLists()) == 1 && len(w.eveningListsIn(vault)) == 1 })
	if text := w.eveningListsIn(vault)[0].Plain(); !strings.Contains(text, "#1") || strings.Contains(text, "#2") {
		t.Errorf("the account's own channel lists %s", text)
	}
	if text := w.eveningLists()[0].Plain(); strings.Contains(text, "#1") || !strings.Contains(text, "#2") {
		t.Errorf("the team's channel lists %s", text)
	}
}
