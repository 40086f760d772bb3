package engine_test

import (
	"encoding/json"
	"fmt"
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

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// withOfficeHours gives the chat account the hours of an office in Berlin.
func withOfficeHours(t *testing.T) func(*store.Account) {
	return func(a *store.Account) {
		if a.Name == chat {
			a.Hours = officeHours(t)
		}
	}
}

// officeHours are Monday to Friday, 9 to 12 and 13 to 17, in Berlin.
func officeHours(t *testing.T) json.RawMessage {
	t.Helper()
	plan := hours.Plan{Zone: "Europe/Berlin", Week: []hours.Rule{{Days: "mon-fri", Open: "09:00-12:00, 13:00-17:00"}}}
	return must(json.Marshal(plan))(t)
}

// advanceTo moves Parley's clock to the next such time on that day of the week, in Berlin.
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

// eveningLists returns the evening lists in the team's channel. They show which reply windows close before the next
// opening.
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

// newWorldOfEvening makes a world whose chat account has windows of 24 hours and officeHours. Its evening list comes at
// 16:00 and shows the windows that close before 9:00 of the next day.
func newWorldOfEvening(t *testing.T, engines int) *world {
	t.Helper()
	return newWorld(t, options{caps: withWindow(0), account: withOfficeHours(t), engines: engines})
}

// writeAt lets a customer write at a time of a day of the week, in Berlin, and returns the thread.
func (w *world) writeAt(day time.Weekday, hour, minute int, customer, text string) string {
	w.t.Helper()
	w.advanceTo(day, hour, minute)
	w.customerWrites(customer, text)
	thread := w.waitThread(text)
	w.waitNextEvening()
	return thread
}

// waitNextEvening waits until only the timers of lists to come are set. They are set soon after the start, and the timer
// of a day that the clock jumped over sets that of the next day.
func (w *world) waitNextEvening() {
	w.t.Helper()
	w.eventually("the timers of the next lists are set", func() bool {
		return w.text(`SELECT bool_and(due_at > parley_now()) FROM timers WHERE kind LIKE 'evening:%'`) == "true"
	})
}

// waitEveningLists waits until the team's channel has n evening lists, and returns the newest one.
func (w *world) waitEveningLists(n int) bridgetest.Message {
	w.t.Helper()
	w.chat.Wait(w.t, fmt.Sprintf("%d evening lists", n), func() bool { return len(w.eveningLists()) == n })
	return w.eveningLists()[n-1]
}

// An hour before closing time one list shows the windows that close before the next opening. It leaves out customers who
// were answered, and conversations that an agent has left until tomorrow. Two replicas post it once.
// Requirement R-264: Windows that close tonight.
func TestEveningList(t *testing.T) {
	t.Parallel()
	w := newWorldOfEvening(t, 2)
	w.writeAt(time.Wednesday, 8, 30, "kim", "Closes at half past eight")

	answered := w.writeAt(time.Wednesday, 8, 40, "max", "Will be answered")
	w.reply(answered, "Here you are")
	w.provider.WaitTexts(t, "Here you are")
	w.waitDrained() // nobody waits for max any more

	left := w.writeAt(time.Wednesday, 8, 50, "ned", "May wait")
	w.chat.Submit("ann", support, left, bridgetest.Button{Verb: bridge.VerbLeave, Args: bridge.Args{Conversation: 3}}, "")
	w.waitWhisper("ann", "leave")

	w.writeAt(time.Wednesday, 12, 30, "lou", "Closes tomorrow at noon")
	w.waitDrained()
	wantEqual(t, "lists before the evening", len(w.eveningLists()), 0)

	w.advanceTo(time.Wednesday, 16, 0)
	list := w.waitEveningLists(1).Plain()
	wantWords(t, "the evening list", list, "#1")
	wantNoWords(t, "the evening list", list, "#2", "#3", "#4") // max was answered, ned left, lou's window closes after the next opening
}

// moveChatToVault gives the chat account a private channel of its own, and starts the engines that don't run yet.
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

// Conversations of an account with a private channel are listed in that channel only, and not in the team's.
// Requirement R-212: Only some people read an account.
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
	w.waitNextEvening()
	w.waitDrained()

	w.advanceTo(time.Wednesday, 16, 0)
	w.chat.Wait(t, "both lists", func() bool { return len(w.eveningLists()) == 1 && len(w.eveningListsIn(vault)) == 1 })
	private, team := w.eveningListsIn(vault)[0].Plain(), w.eveningLists()[0].Plain()
	wantWords(t, "the list in the account's own channel", private, "#1")
	wantNoWords(t, "the list in the account's own channel", private, "#2")
	wantWords(t, "the list in the team's channel", team, "#2")
	wantNoWords(t, "the list in the team's channel", team, "#1")
}
