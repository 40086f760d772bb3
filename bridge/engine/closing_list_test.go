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

// An agent without a time zone snoozes by the zone of the account's business hours, or else by that of another account's.
func TestSnoozeByTheZoneOfBusinessHours(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		zones map[string]string // of the business hours, by the account's name; Kathmandu's is the one that counts
	}{
		{name: "the account has hours", zones: map[string]string{chat: "Asia/Kathmandu", mail: "Europe/Berlin"}},
		{name: "another account has hours", zones: map[string]string{mail: "Asia/Kathmandu"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{account: func(a *store.Account) {
				zone, hasHours := tt.zones[a.Name]
				if hasHours {
					a.Hours = must(json.Marshal(hours.Plan{Zone: zone, Week: []hours.Rule{{Days: "mon-fri", Open: "09:00-17:00"}}}))(t)
				}
			}})
			w.exec(`UPDATE agents SET zone = ''`)
			w.reloadEngines()
			thread := w.openThread()
			w.reply(thread, "!snooze friday 14:00")
			w.waitCard(thread, "snoozed")
			until := w.text(`SELECT to_char(snoozed_until AT TIME ZONE 'Asia/Kathmandu', 'FMDay HH24:MI') FROM conversations`)
			wantEqual(t, "the snooze's end, in Kathmandu", until, "Friday 14:00")
		})
	}
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

// waitEveningIsOver waits until the evening's list was posted or was empty. The timer is then that of the next day, later
// than soon.
func (w *world) waitEveningIsOver(soon time.Duration) {
	w.t.Helper()
	w.eventually("the next day's timer is set", func() bool {
		return w.count(`SELECT count(*) FROM timers WHERE kind LIKE 'evening:%' AND due_at > parley_now() + $1::interval`, soon) == 1
	})
	w.waitDrained()
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

// A mail conversation has no reply window. The verb that leaves it until tomorrow is refused.
func TestLeaveWithoutAWindow(t *testing.T) {
	t.Parallel()
	w := newWorldOfEvening(t, 1)
	w.customerSends(mail, channelstest.Event{From: "kim", Subject: "Lamp", Text: "It is dark"})
	w.chat.Submit("ann", support, w.waitThread("It is dark"), formOf(bridge.VerbLeave), "")
	w.waitWhisper("ann", "no reply window")
}

// An agent leaves a conversation of the evening list until tomorrow, which is logged. On the next evening its window has
// closed and nobody waits: there is no list. After the customer has written again there is one.
// Requirement R-264: Windows that close tonight.
func TestEveningListOfTheNextDays(t *testing.T) {
	t.Parallel()
	w := newWorldOfEvening(t, 1)
	thread := w.writeAt(time.Wednesday, 8, 30, "kim", "Closes at half past eight")
	w.advanceTo(time.Wednesday, 16, 0)
	w.waitEveningLists(1)
	w.chat.Submit("ann", support, "", formOf(bridge.VerbLeave), "")
	w.waitWhisper("ann", "leave")
	left := w.count(`SELECT count(*) FROM log_entries WHERE what = 'left until tomorrow' AND conversation_id = 1`)
	wantEqual(t, "entries of the log that Ann leaves it", left, 1)

	w.advanceTo(time.Thursday, 11, 0)
	w.waitCard(thread, "window closed")
	w.advanceTo(time.Thursday, 16, 0)
	w.waitEveningIsOver(20 * time.Hour)
	wantEqual(t, "lists until Thursday's evening", len(w.eveningLists()), 1)

	w.writeAt(time.Friday, 10, 0, "kim", "Over the weekend")
	w.advanceTo(time.Friday, 16, 0)
	w.waitEveningLists(2)
}

// Without business hours there is no evening list. Hours that are set or removed count at once.
func TestEveningNeedsHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	countTimers := func() int { return w.count(`SELECT count(*) FROM timers WHERE kind LIKE 'evening:%'`) }
	saveChat := func(change func(*store.Account)) {
		w.saveAccount(chat, change)
		w.exec(`UPDATE settings SET version = version + 1`) // by which engines know that something has changed
	}
	w.waitDrained()
	wantEqual(t, "timers without hours", countTimers(), 0)
	saveChat(withOfficeHours(t))
	w.eventually("there is a timer with hours", func() bool { return countTimers() == 1 })
	saveChat(nil)
	w.eventually("there is none any more", func() bool { return countTimers() == 0 })
}

// All processes were down when a list was due. It is posted once one is up again, if that isn't too late.
func TestEveningWhileAllWereDown(t *testing.T) {
	t.Parallel()
	w := newWorldOfEvening(t, 1)
	w.writeAt(time.Wednesday, 8, 30, "kim", "Closes at half past eight")
	w.waitDrained()
	w.stopDuring(func() { w.advanceTo(time.Wednesday, 16, 30) })
	w.waitEveningLists(1)
}

// A list that is more than an hour late isn't posted, and the timer is set for the next evening.
func TestEveningThatWasMissed(t *testing.T) {
	t.Parallel()
	w := newWorldOfEvening(t, 1)
	w.writeAt(time.Wednesday, 8, 30, "kim", "Hello")
	w.advanceTo(time.Wednesday, 22, 0)
	w.waitEveningIsOver(10 * time.Hour)
	wantEqual(t, "lists", len(w.eveningLists()), 0)
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

// The evening list of an account without a team is posted in the account's own channel.
// Requirement R-264: Windows that close tonight.
func TestEveningListWithoutATeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0), stopped: true})
	w.moveChatToVault(func(a *store.Account) {
		withOfficeHours(t)(a)
		a.TeamID = nil
	})
	w.advanceTo(time.Wednesday, 8, 30)
	w.customerWrites("kim", "Closes at half past eight")
	w.chat.Wait(t, "the question is shown", func() bool { return len(w.chat.Messages(vault, "")) == 1 })
	w.waitNextEvening()
	w.waitDrained()
	w.advanceTo(time.Wednesday, 16, 0)
	w.chat.Wait(t, "the list", func() bool { return len(w.eveningListsIn(vault)) == 1 })
	wantWords(t, "the list in the account's own channel", w.eveningListsIn(vault)[0].Plain(), "#1")
	wantEqual(t, "lists of the team", len(w.eveningLists()), 0)
}
