package routing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Automation is something that happens by itself: when an event happens in a conversation that meets the conditions, all actions are
// carried out in order. It is stored as JSON.
type Automation struct {
	Name string `json:"name"`
	When Part   `json:"when"` // its Name is one of Triggers
	If   If     `json:"if,omitzero"`
	Then []Part `json:"then"` // the Name of each is one of Actions
}

// Part is a trigger or an action with its value: "tagged" and "Urgent", "snooze" and "2h".
type Part struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`

	Chat    string `json:"chat,omitempty"`    // of Notify, if Value is a channel such as "#leads": the kind of its chat
	Channel string `json:"channel,omitempty"` // its id there
}

// If holds the conditions of an automation. All that are set must be met.
type If struct {
	When

	Account string `json:"account,omitempty"`
	Team    string `json:"team,omitempty"`
}

// List returns the conditions that are set.
func (i If) List() []Condition {
	more := []Condition{{"account", i.Account}, {"team", i.Team}}
	return append(i.When.List(), slices.DeleteFunc(more, func(c Condition) bool { return c.Value == "" })...)
}

// Triggers: what happened in a conversation.
const (
	Received      = "received" // the customer wrote
	Sent          = "sent"     // an agent answered
	Tagged        = "tagged"   // it got a tag
	StatusSet     = "status"
	Waiting       = "waiting"        // the customer has waited for some time, in business hours
	WindowClosing = "window_closing" // the customer waits, and can be answered freely only for some time
	MoodFound     = "mood"
	IntentFound   = "intent"
	Cron          = "cron" // it is that time, in the zone of the account
)

// Actions.
const (
	Assign   = "assign" // to an agent, by the e-mail address
	GiveTeam = "team"
	AddTag   = "tag"
	TakeTag  = "untag"
	Notify   = "notify" // an agent, a team or a channel
	Send     = "send"   // a text, to the customer
	Note     = "note"   // a text, in the thread
	Priority = "priority"
	Snooze   = "snooze"
	Resolve  = "resolve"
)

// Triggers lists the names of all triggers.
func Triggers() []string {
	return []string{Received, Sent, Tagged, StatusSet, Waiting, WindowClosing, MoodFound, IntentFound, Cron}
}

// Actions lists the names of all actions.
func Actions() []string {
	return []string{Assign, GiveTeam, AddTag, TakeTag, Notify, Send, Note, Priority, Snooze, Resolve}
}

// Always is the value of a trigger or an action that needs none.
const Always = "true"

// Fits reports whether an event starts the automation in a conversation.
func (a Automation) Fits(event Part, f Facts) bool {
	isMeant := a.When.Value == Always || strings.EqualFold(a.When.Value, event.Value)
	return a.When.Name == event.Name && isMeant && a.Meets(f)
}

// Meets reports whether a conversation meets the conditions.
func (a Automation) Meets(f Facts) bool {
	isIn := func(want, is string) bool { return want == "" || strings.EqualFold(want, is) }
	return isIn(a.If.Account, f.Account) && isIn(a.If.Team, f.Team) && a.If.unmet(f) == ""
}

// MaxChain is how many automations may start each other.
const MaxChain = 3

// MayFollow reports whether an automation may be started by the effects of others, the latest first: each does so once.
func MayFollow(name string, chain []string) bool {
	return len(chain) < MaxChain && !slices.ContainsFunc(chain, func(n string) bool { return strings.EqualFold(n, name) })
}

// Delay returns the duration of a trigger or an action such as "30m".
func (p Part) Delay() time.Duration {
	d, _ := time.ParseDuration(p.Value)
	return d
}

const maxDelay = 30 * 24 * time.Hour

// Check returns what is wrong with a value, in words for people, or nil. It knows no names of people, teams and tags.
func (p Part) Check() error {
	switch p.Name {
	case Waiting, WindowClosing, Snooze:
		if d := p.Delay(); d < time.Minute || d > maxDelay {
			return fmt.Errorf("%q isn't a time from 1m to 720h", p.Value)
		}
	case Cron:
		if _, err := cron.ParseStandard(p.Value); err != nil {
			return fmt.Errorf("%q isn't a time of cron", p.Value)
		}
	case Received, Sent, Resolve:
		if p.Value != Always {
			return fmt.Errorf("%q is not possible: write true", p.Value)
		}
	default:
		if strings.TrimSpace(p.Value) == "" {
			return fmt.Errorf("it needs a value")
		}
	}
	return nil
}

// Next returns the next time of a Cron after t, in a zone. It returns the zero time if there is none.
func (p Part) Next(t time.Time, zone *time.Location) time.Time {
	schedule, err := cron.ParseStandard(p.Value)
	if err != nil {
		return time.Time{}
	}
	return schedule.Next(t.In(zone))
}
