package routing_test

import (
	"testing"
	"time"

	"parley/routing"
	"parley/routing/hours"
)

// Requirements: One text at most: on dates before outside hours before first contact before always, once a period, to
// people who wait for us, and never to and fro between machines.
func TestReplyTo(t *testing.T) {
	t.Parallel()
	h, err := hours.New(hours.Plan{Zone: "Europe/Berlin", Week: []hours.Rule{{Days: "mon-fri", Open: "09:00-12:00, 13:00-17:00"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := func(clock string) time.Time {
		moment, err := time.ParseInLocation("2006-01-02 15:04", clock, h.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	const tuesdayNoon, night, friday, saturday = "2026-12-01 10:00", "2026-12-01 22:00", "2026-12-04 18:00", "2026-12-05 10:00"
	all := routing.Replies{
		First:  routing.Text{Text: "Welcome"},
		Closed: routing.Text{Text: "We open {{opens}}", Languages: map[string]string{"de": "Wir öffnen {{opens}}", "fr": "Ouvert {{opens}}"}},
		Always: routing.Text{Text: "Thanks"},
		Dates:  []routing.DatedText{{From: "2026-12-24", To: "2027-01-01", Text: routing.Text{Text: "Back {{opens}}"}}},
	}
	last := func(on routing.Occasion, clock string) routing.SentReplies {
		return routing.SentReplies{Last: map[routing.Occasion]time.Time{on: at(clock)}, Day: 1}
	}

	tests := []struct {
		name    string
		at      string
		message routing.Message
		sent    routing.SentReplies
		want    string
		on      routing.Occasion
	}{
		{name: "first contact in hours", at: tuesdayNoon, message: routing.Message{FirstContact: true}, want: "Welcome", on: routing.OnFirst},
		{name: "first contact at night", at: night, message: routing.Message{FirstContact: true}, want: "We open Wednesday 09:00", on: routing.OnClosed},
		{name: "every message in hours", at: tuesdayNoon, want: "Thanks", on: routing.OnAlways},
		{name: "in the lunch break", at: "2026-12-01 12:30", want: "We open today 13:00", on: routing.OnClosed},
		{name: "in the customer's language", at: friday, message: routing.Message{Language: "de"}, want: "Wir öffnen Montag 09:00", on: routing.OnClosed},
		{name: "in one without names of days", at: friday, message: routing.Message{Language: "fr"}, want: "Ouvert 2026-12-07 09:00", on: routing.OnClosed},
		{name: "in one without a text", at: friday, message: routing.Message{Language: "pl"}, want: "We open Monday 09:00", on: routing.OnClosed},
		{name: "a holiday", at: "2026-12-28 10:00", message: routing.Message{FirstContact: true}, want: "Back Monday, 4 January, 09:00", on: routing.OnDates},
		{name: "the holiday ends by itself", at: "2027-01-04 10:00", want: "Thanks", on: routing.OnAlways},
		{name: "a holiday once", at: "2026-12-28 22:00", sent: last(routing.OnDates, "2026-12-24 10:00")},
		{name: "once a night", at: "2026-12-02 06:00", sent: last(routing.OnClosed, night)},
		{name: "once a weekend", at: saturday, sent: last(routing.OnClosed, friday)},
		{name: "again the next night", at: friday, sent: last(routing.OnClosed, night), want: "We open Monday 09:00", on: routing.OnClosed},
		{name: "first contact once", at: tuesdayNoon, message: routing.Message{FirstContact: true}, sent: last(routing.OnFirst, "2026-12-01 09:59")},
		{name: "always once an hour", at: tuesdayNoon, sent: last(routing.OnAlways, "2026-12-01 09:30")},
		{name: "always after an hour", at: tuesdayNoon, sent: last(routing.OnAlways, "2026-12-01 09:00"), want: "Thanks", on: routing.OnAlways},
		{name: "a fourth on a day", at: tuesdayNoon, sent: routing.SentReplies{Day: 3}},
		{name: "an account's hour is full", at: tuesdayNoon, sent: routing.SentReplies{Hour: 200}},
		{name: "the same words again", at: tuesdayNoon, sent: routing.SentReplies{Repeated: true}},
		{name: "the same words from many addresses", at: tuesdayNoon, sent: routing.SentReplies{SameWords: 30}},
		{name: "too old", at: tuesdayNoon, message: routing.Message{Age: 16 * time.Minute}},
		{name: "refuses messages", at: tuesdayNoon, message: routing.Message{Refuses: true}},
		{name: "we began", at: tuesdayNoon, message: routing.Message{BegunByUs: true}},
		{name: "an agent answers", at: tuesdayNoon, message: routing.Message{Answered: true}},
		{name: "thanks", at: tuesdayNoon, message: routing.Message{Ends: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := tt.message
			m.ByPerson, m.Default, m.Sent = true, "en", tt.sent
			got := all.ReplyTo(m, h, at(tt.at), h.Zone())
			if got.Text != tt.want || tt.want != "" && got.On != tt.on {
				t.Errorf("got %q (%s, %s), want %q (%s)", got.Text, got.On, got.Why, tt.want, tt.on)
			}
			m.ByPerson = false
			if got := all.ReplyTo(m, h, at(tt.at), h.Zone()); got.Text != "" {
				t.Errorf("a machine gets %q", got.Text)
			}
		})
	}
}
