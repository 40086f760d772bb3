// Package routing decides who gets a conversation that nobody has. It is given facts and returns a decision that says why: it looks
// nothing up, knows no clock, and decides the same tomorrow.
//
// An account has rules in order. The first that finds a valid person wins; if none does, the account's fallback is asked, and if that
// finds nobody either, the conversation waits in its queue. A person to whom the customer is pinned comes before the preset of the
// contact, and that before all rules.
package routing

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
)

// By is the way in which a rule finds people.
type By string

// The ways. Those below ByField name one person, the others choose among several.
const (
	ByTeam       By = "team" // hands the conversation to another team, whose people get it by the further rules
	ByLastAgent  By = "last_agent"
	BySalesman   By = "salesman"
	ByField      By = "field" // a field of the customer's record that names a person
	ByBrand      By = "brand"
	BySkill      By = "skill"
	ByLeastLoad  By = "least_load"
	ByRandom     By = "random"
	ByRoundRobin By = "round_robin"

	// These are no rules, but decide before or after them.
	ByPin      By = "pin"
	ByPreset   By = "preset"
	ByFallback By = "fallback"
)

// Ways lists the ways that a rule can have.
func Ways() []string {
	var list []string
	for _, by := range []By{ByTeam, ByLastAgent, BySalesman, ByField, ByBrand, BySkill, ByLeastLoad, ByRandom, ByRoundRobin} {
		list = append(list, string(by))
	}
	return list
}

// Rule is one rule of an account. It is stored as JSON.
type Rule struct {
	By    By     `json:"by"`
	Field string `json:"field,omitempty"` // of ByField
	Skill string `json:"skill,omitempty"` // of BySkill
	Team  string `json:"team,omitempty"`  // of ByTeam
	When  When   `json:"when,omitzero"`
}

// When holds the conditions of a rule. All that are set must be met.
type When struct {
	Channel  string `json:"channel,omitempty"` // the kind of the account, such as "email"
	Language string `json:"language,omitempty"`
	Tag      string `json:"tag,omitempty"`
	Text     string `json:"text,omitempty"` // words of the customer's, in small or capital letters
	Mood     string `json:"mood,omitempty"`
	Intent   string `json:"intent,omitempty"`
	Hours    string `json:"hours,omitempty"` // HoursOpen or HoursClosed
}

// Condition is one condition of a rule, by the name of its key.
type Condition struct{ Name, Value string }

// List returns the conditions that are set.
func (w When) List() []Condition {
	all := []Condition{
		{"channel", w.Channel}, {"language", w.Language}, {"tag", w.Tag}, {"text", w.Text}, {"mood", w.Mood}, {"intent", w.Intent},
		{"hours", w.Hours},
	}
	return slices.DeleteFunc(all, func(c Condition) bool { return c.Value == "" })
}

// Values of When.Hours.
const (
	HoursOpen   = "open"
	HoursClosed = "closed"
)

// Plan is how an account's conversations are given to people, and what it answers by itself. The zero Plan leaves all to people.
type Plan struct {
	Rules    []Rule  `json:"rules,omitempty"`
	Fallback string  `json:"fallback,omitempty"` // an agent's e-mail address, the name of a team, or "" for the queue
	Replies  Replies `json:"replies,omitzero"`
}

// IsEmpty reports whether nothing is given to anybody.
func (p Plan) IsEmpty() bool { return len(p.Rules) == 0 && p.Fallback == "" }

// NeedsText reports whether a rule looks at the customer's words.
func (p Plan) NeedsText() bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.When.Text != "" })
}

// NeedsAnalysis reports whether a rule looks at what an analysis of the customer's words finds.
func (p Plan) NeedsAnalysis() bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.When.Language+r.When.Mood+r.When.Intent != "" })
}

// MovesTeams reports whether a rule or the fallback may hand conversations to another team.
func (p Plan) MovesTeams() bool {
	isTeam := p.Fallback != "" && !strings.Contains(p.Fallback, "@")
	return isTeam || slices.ContainsFunc(p.Rules, func(r Rule) bool { return r.By == ByTeam })
}

// PersonID is the id of an agent.
type PersonID int64

// Person is somebody who may get the conversation.
type Person struct {
	ID       PersonID
	Name     string
	Email    string
	Skills   []string
	Brands   []string
	Teams    []string
	Manual   bool // gets nothing without being named by a person, a pin, a preset or the fallback
	Away     bool // not available: away, on a break, or busy
	OffDuty  bool
	Load     int
	Capacity int   // 0 means no limit
	Turn     int64 // the higher, the later this person was given a conversation last
}

// Facts are what is known of a conversation.
type Facts struct {
	Channel  string
	Account  string
	Team     string // in which it waits
	Language string
	Mood     string
	Intent   string
	Tags     []string
	Text     string
	Open     bool // whether the account is open

	AnyTeam  bool       // people of all teams can get it
	Moved    bool       // somebody, or a rule, has chosen the team: no rule chooses another
	GaveBack []PersonID // who put it back into the queue, and doesn't get it again

	Pinned    PersonID
	Preset    []PersonID
	LastAgent PersonID // who had the contact's last conversation
	Salesman  string   // e-mail address
	Brands    []string
	Fields    map[string]string

	Seed uint64 // of what is random, such as the conversation's number
}

// Decision is who gets a conversation, and why. If neither Person nor Team is set, it waits.
type Decision struct {
	Person  PersonID
	Team    string // the conversation is handed to this team
	By      By
	Rule    int // the index of the rule that decided; -1 if none did
	Tried   []Step
	Invalid []Invalid // whom what decided means, too
}

// Step says why a rule, a pin, a preset or the fallback didn't decide.
type Step struct {
	By      By
	Rule    int    // -1 if it is no rule
	Unmet   string // the name of the condition that wasn't met
	Invalid []Invalid
}

// Invalid is a person who can't have a conversation.
type Invalid struct {
	Person PersonID
	Why    Why
}

// Why is the reason for which a person can't have a conversation.
type Why string

// The reasons, in the order in which they are looked at.
const (
	WhyOtherTeam Why = "other_team"
	WhyGaveBack  Why = "gave_back"
	WhyManual    Why = "manual"
	WhyAway      Why = "away"
	WhyOffDuty   Why = "off_duty"
	WhyFull      Why = "full"

	// Those of people who could have it, but aren't the best of their rule.
	WhyBusier   Why = "busier"
	WhyLater    Why = "later" // was given one after the person who gets it
	WhyNotDrawn Why = "not_drawn"
)

// Decide decides who gets a conversation.
func Decide(p Plan, f Facts, people []Person) Decision {
	d := &decision{facts: f, people: people, Decision: Decision{Rule: noRule}}
	isPinned := func(p *Person) bool { return p.ID == f.Pinned }
	isPreset := func(p *Person) bool { return slices.Contains(f.Preset, p.ID) }
	if d.choose(ByPin, noRule, isPinned, named) || d.choose(ByPreset, noRule, isPreset, named) {
		return d.Decision
	}

	mayMove := !f.Moved
	for i, r := range p.Rules {
		if unmet := r.When.unmet(f); unmet != "" {
			d.Tried = append(d.Tried, Step{By: r.By, Rule: i, Unmet: unmet})
			continue
		}
		if r.By == ByTeam {
			if mayMove && d.move(r.By, i, r.Team) {
				return d.Decision
			}
			mayMove = false // the first team that fits is the right one, or two rules would hand it to and fro
			continue
		}
		if d.choose(r.By, i, d.meant(r), byItself) {
			return d.Decision
		}
	}

	switch person := d.find(p.Fallback); {
	case p.Fallback == "":
	case person != nil:
		d.choose(ByFallback, noRule, func(p *Person) bool { return p == person }, fallback)
	case mayMove:
		d.move(ByFallback, noRule, p.Fallback)
	}
	return d.Decision
}

const noRule = -1

// decision is a decision that is being made.
type decision struct {
	Decision
	facts  Facts
	people []Person
}

// manner is how somebody comes to a conversation. It decides who is valid.
type manner int

const (
	byItself manner = iota // by a rule
	named                  // an admin or a colleague said that the customer is this person's
	fallback               // whatever the team, this person gets what nobody else can take
)

// move hands the conversation to a team. It returns false if the team has it already.
func (d *decision) move(by By, rule int, team string) bool {
	if strings.EqualFold(team, d.facts.Team) {
		d.Tried = append(d.Tried, Step{By: by, Rule: rule})
		return false
	}
	d.Team, d.By, d.Rule = team, by, rule
	return true
}

// choose gives the conversation to the best valid one of some people. It returns false if there is none.
func (d *decision) choose(by By, rule int, isMeant func(*Person) bool, m manner) bool {
	step := Step{By: by, Rule: rule}
	var valid []*Person
	for i := range d.people {
		p := &d.people[i]
		if !isMeant(p) {
			continue
		}
		if why := d.whyNot(p, m); why != "" {
			step.Invalid = append(step.Invalid, Invalid{p.ID, why})
		} else {
			valid = append(valid, p)
		}
	}

	if len(valid) == 0 {
		if rule != noRule || len(step.Invalid) > 0 {
			d.Tried = append(d.Tried, step)
		}
		return false
	}
	winner := best(by, valid, d.facts.Seed)
	d.Person, d.By, d.Rule, d.Invalid = winner.ID, by, rule, step.Invalid
	for _, p := range valid {
		why := WhyLater
		switch {
		case p == winner:
			continue
		case by == ByRandom:
			why = WhyNotDrawn
		case by != ByRoundRobin && p.Load > winner.Load:
			why = WhyBusier
		}
		d.Invalid = append(d.Invalid, Invalid{p.ID, why})
	}
	return true
}

// best chooses among valid people: by chance, whose turn it is, or who has the fewest conversations.
func best(by By, valid []*Person, seed uint64) *Person {
	if by == ByRandom {
		return valid[rand.New(rand.NewPCG(seed, 0)).IntN(len(valid))] //nolint:gosec // nobody gains by guessing it
	}
	return slices.MinFunc(valid, func(a, b *Person) int {
		if by != ByRoundRobin && a.Load != b.Load {
			return a.Load - b.Load
		}
		return cmp.Compare(a.Turn, b.Turn)
	})
}

// whyNot returns why a person can't have the conversation, or "".
func (d *decision) whyNot(p *Person, m manner) Why {
	isInTeam := d.facts.Team == "" || d.facts.AnyTeam ||
		slices.ContainsFunc(p.Teams, func(t string) bool { return strings.EqualFold(t, d.facts.Team) })
	switch {
	case !isInTeam && m != fallback:
		return WhyOtherTeam
	case slices.Contains(d.facts.GaveBack, p.ID):
		return WhyGaveBack
	case p.Manual && m == byItself:
		return WhyManual
	case p.Away:
		return WhyAway
	case p.OffDuty:
		return WhyOffDuty
	case !p.HasRoom():
		return WhyFull
	default:
		return ""
	}
}

// HasRoom reports whether a person is below the capacity.
func (p Person) HasRoom() bool { return p.Capacity == 0 || p.Load < p.Capacity }

// IsFree reports whether a person is there and has room.
func (p Person) IsFree() bool { return !p.Away && !p.OffDuty && p.HasRoom() }

// meant returns which people a rule means, valid or not.
func (d *decision) meant(r Rule) func(*Person) bool {
	isPerson := func(who string) func(*Person) bool {
		person := d.find(who)
		return func(p *Person) bool { return p == person }
	}
	switch r.By {
	case ByLastAgent:
		return func(p *Person) bool { return p.ID == d.facts.LastAgent }
	case BySalesman:
		return isPerson(d.facts.Salesman)
	case ByField:
		return isPerson(d.facts.Fields[r.Field])
	case ByBrand:
		return func(p *Person) bool {
			return slices.ContainsFunc(d.facts.Brands, func(brand string) bool { return contains(p.Brands, brand) })
		}
	case BySkill:
		return func(p *Person) bool { return contains(p.Skills, r.Skill) }
	default:
		return func(*Person) bool { return true }
	}
}

// find returns the person with an e-mail address or a name, or nil.
func (d *decision) find(who string) *Person {
	for i := range d.people {
		if p := &d.people[i]; who != "" && (strings.EqualFold(p.Email, who) || strings.EqualFold(p.Name, who)) {
			return p
		}
	}
	return nil
}

// unmet returns the name of a condition that isn't met, or "" if all are.
func (w When) unmet(f Facts) string {
	for _, c := range w.List() {
		isMet := false
		switch c.Name {
		case "channel":
			isMet = strings.EqualFold(c.Value, f.Channel)
		case "language":
			isMet = strings.EqualFold(c.Value, f.Language)
		case "tag":
			isMet = contains(f.Tags, c.Value)
		case "text":
			isMet = strings.Contains(strings.ToLower(f.Text), strings.ToLower(c.Value))
		case "mood":
			isMet = strings.EqualFold(c.Value, f.Mood)
		case "intent":
			isMet = strings.EqualFold(c.Value, f.Intent)
		case "hours":
			isMet = (c.Value == HoursOpen) == f.Open
		}
		if !isMet {
			return c.Name
		}
	}
	return ""
}

// contains reports whether a list has a word, in small or capital letters.
func contains(list []string, word string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, word) })
}
