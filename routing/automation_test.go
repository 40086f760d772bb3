package routing_test

import (
	"testing"
	"time"

	"parley/routing"
)

// An automation starts if its event happens and all of its conditions are met.
// Requirement R-149: Tags start automations.
func TestAutomationFits(t *testing.T) {
	t.Parallel()
	urgent := routing.Part{Name: routing.Tagged, Value: "Urgent"}
	facts := routing.Facts{Account: "mail", Channel: "email", Team: "Support", Language: "de", Tags: []string{"VIP"}, Text: "My invoice", Open: true}
	when := func(w routing.When) routing.If { return routing.If{When: w} }
	for name, tt := range map[string]struct {
		when, event routing.Part
		conditions  routing.If
		want        bool
	}{
		"the tag, in other letters":  {when: urgent, event: routing.Part{Name: routing.Tagged, Value: "urgent"}, want: true},
		"another tag":                {when: urgent, event: routing.Part{Name: routing.Tagged, Value: "VIP"}},
		"another event":              {when: urgent, event: routing.Part{Name: routing.IntentFound, Value: "Urgent"}},
		"whatever the customer says": {when: routing.Part{Name: routing.Received, Value: routing.Always}, event: routing.Part{Name: routing.Received}, want: true},
		"inside hours":               {when: urgent, event: urgent, conditions: when(routing.When{Hours: routing.HoursOpen}), want: true},
		"outside hours":              {when: urgent, event: urgent, conditions: when(routing.When{Hours: routing.HoursClosed})},
		"all conditions": {when: urgent, event: urgent, want: true, conditions: routing.If{
			When: routing.When{Channel: "email", Language: "de", Tag: "vip", Text: "INVOICE"}, Account: "Mail", Team: "support"}},
		"another account": {when: urgent, event: urgent, conditions: routing.If{Account: "sms"}},
		"another team":    {when: urgent, event: urgent, conditions: routing.If{Team: "Billing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := routing.Automation{When: tt.when, If: tt.conditions}
			if got := a.Fits(tt.event, facts); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// A chain of automations that start each other ends after three, and none is in it twice.
func TestMayFollow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		chain []string
		want  bool
	}{
		{"a", nil, true}, {"c", []string{"b", "a"}, true}, {"A", []string{"b", "a"}, false}, {"d", []string{"c", "b", "a"}, false},
	} {
		if got := routing.MayFollow(tt.name, tt.chain); got != tt.want {
			t.Errorf("%s after %v: got %v", tt.name, tt.chain, got)
		}
	}
}

// The times of cron are those of the zone, also where the clock changes.
func TestNextOfCron(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	p := routing.Part{Name: routing.Cron, Value: "0 9 * * mon-fri"}
	friday := time.Date(2026, 3, 27, 9, 0, 0, 0, berlin)
	if got, want := p.Next(friday, berlin), time.Date(2026, 3, 30, 7, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A sentence says what an automation does.
func TestAutomationSentence(t *testing.T) {
	t.Parallel()
	a := routing.Automation{
		Name: "Urgent", When: routing.Part{Name: routing.Tagged, Value: "Urgent"},
		If:   routing.If{When: routing.When{Hours: routing.HoursOpen}, Team: "Support"},
		Then: []routing.Part{{Name: routing.Assign, Value: "ann@acme.test"}, {Name: routing.Notify, Value: "#leads"}, {Name: routing.Resolve, Value: "true"}},
	}
	want := "When it is tagged Urgent, if it is open and the team is Support: assign it to ann@acme.test, tell #leads, resolve it"
	if got := a.Sentence(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
