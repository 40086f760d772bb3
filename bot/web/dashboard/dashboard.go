// Package dashboard has the pages that show how the team does: figures for a time, a team, an account, an agent or a
// tag, and the conversations that took longest.
//
// What does not belong here: how figures are counted (docs/measures.md says what they mean).
package dashboard

import (
	"context"
	"embed"
	"html/template"
	"time"

	"parley/bot/web"
	"parley/bot/web/chart"
	"parley/bridge"
)

// Desk is what the pages ask of Parley.
type Desk interface {
	// Names returns what can be chosen by a person.
	Names(ctx context.Context, p web.Person) (Names, error)

	// Sums returns figures by a group, without those that are only zeros. Of ByAgent, ByTag, ByIntent and ByMood it returns
	// those with the given values, or all if none are given.
	Sums(ctx context.Context, q Question, by Group, values []string) ([]Sum, error)

	// Work returns how much each of ByAgent, ByTag, ByIntent or ByMood had to do, by the same values as Sums: new
	// conversations, messages and ends together.
	Work(ctx context.Context, q Question, by Group) (map[string]int64, error)

	// Medians returns medians by a group, by the same values as Sums: of the given values, or of all if none are given. If by
	// is "", it returns those of the whole, under "": they can't be computed from those of its parts.
	Medians(ctx context.Context, q Question, by Group, values []string) (map[string]Medians, error)

	// Longest returns the conversations that took longest, the longest first, at most ten. Of those that the viewer may not read
	// it tells only the number, the agent, the day and the time.
	Longest(ctx context.Context, viewer bridge.AgentID, q Question, of Measure) ([]Long, error)

	// Now returns what is open at this moment. The days of the question don't matter.
	Now(ctx context.Context, q Question) (Now, error)

	// Behind reports what isn't counted yet.
	Behind(ctx context.Context) (Behind, error)
}

// Names are what figures can be asked for.
type Names struct {
	Accounts []Named
	Closed   map[int64]bool // the accounts that aren't offered to the person, who is no admin and may read nothing of them, nor their names
	Teams    []Team
	Agents   []Named
	Tags     []string
	Renamed  []Renamed // tags

	// Zones are the time zones of the accounts' days. Accounts that are left out have days of UTC.
	Zones map[bridge.AccountID]*time.Location
}

// Renamed is a tag that had another name before, under which something may still be counted.
type Renamed struct {
	Was, Now string
}

// Named is an account or an agent.
type Named struct {
	ID   int64
	Name string
}

// Team of agents.
type Team struct {
	Named

	Members []bridge.AgentID // agents
}

// Question says which figures are asked for.
type Question struct {
	From, To string           // days, yyyy-mm-dd; the last one counts
	Open     bool             // times in business hours alone
	Account  bridge.AccountID // 0 means all
	Teams    []bridge.TeamID  // nil means all
	Of       Group            // one of ByAgent, ByTag, ByIntent, ByMood, with its Value: only these conversations; "" means all
	Value    string           // of ByAgent: the agent's number
	Renamed  []Renamed        // tags: each counts by the name that it has now
}

// Group says what each of several sums is of.
type Group string

// Groups.
const (
	ByDay     Group = "day"     // Value: yyyy-mm-dd
	ByWeek    Group = "week"    // Value: its Monday; days of weeks that are not whole have sums of their own
	ByAccount Group = "account" // Value: the account's number; "0" means none
	ByTeam    Group = "team"    // Value: the team's number; "0" means none
	ByAgent   Group = "agent"   // Value: the agent's number; "0" means nobody
	ByTag     Group = "tag"     // Value: the tag's name
	ByIntent  Group = "intent"  // Value: the intent's name; "" means unknown
	ByMood    Group = "mood"    // Value: the mood's name
)

// Measure names one of the times.
type Measure string

// Times that are measured.
const (
	FirstAnswer Measure = "first"
	NextAnswer  Measure = "next"
	Resolving   Measure = "ended"
)

// Figures of some conversations.
type Figures struct {
	New, Reopened, Resolved, Abandoned, In, Out int64

	First, Next, Ended Times
}

// Times are several times together.
type Times struct {
	Count   int64
	Seconds int64
}

// Mean is their average; negative if there are none.
func (t Times) Mean() time.Duration {
	if t.Count == 0 {
		return -1
	}
	return time.Duration(t.Seconds/t.Count) * time.Second
}

// Medians are those of the three times.
type Medians struct {
	First, Next, Ended Median
}

// Median is the median of some single times, computed approximately (docs/measures.md says how).
type Median struct {
	About time.Duration
	Of    int64 // how many single times are known
}

// notKnown is the text for a median of times of which only the sum is known, and not the single times.
const notKnown = "not known"

// valueOf returns the median of times that were summed up. known is false if too many of them are not known singly. For one or
// two times the median is their average, which is known exactly.
func (m Median) valueOf(t Times) (d time.Duration, known bool) {
	if t.Count == 1 || t.Count == 2 {
		return t.Mean(), true
	}
	return m.About, bridge.MedianKnown(m.Of, t.Count)
}

// Words writes the median of times that were summed up.
func (m Median) Words(t Times) string {
	if d, known := m.valueOf(t); known {
		return durationWords(d)
	}
	return notKnown
}

// Sum is the figures of one of a group.
type Sum struct {
	Value string
	Figures
}

// Long is a conversation that took long.
type Long struct {
	Conversation bridge.ConversationID
	Subject      string
	Customer     string
	Agent        string // who held it; "" if nobody did
	Day          string // yyyy-mm-dd
	Seconds      int64
	Link         string // to its thread; "" if it has none
}

// Now is what is open at this moment.
type Now struct {
	Waiting    int // customers who wait for an answer
	Unassigned int // of them, those whose conversation nobody has
	Longest    time.Duration
	Open       int
	Snoozed    int
	AtLeast    bool // there are more than were counted
}

// Behind is what isn't counted yet.
type Behind struct {
	By    time.Duration // how long something has waited to be counted
	Again bool          // everything is being counted again
	Old   bool          // the medians of old days are being counted, which Parley had not kept at that time
}

//go:embed *.html
var templates embed.FS

type pages struct {
	desk   Desk
	charts *chart.Charts
}

const (
	path        = "/settings/dashboard"
	longestPath = path + "/longest"
	filePath    = path + "/figures.csv"
)

// Area returns the pages.
// Errors: a template that can't be read.
func Area(desk Desk) (web.Area, error) {
	charts, err := chart.New()
	if err != nil {
		return web.Area{}, err
	}

	p := pages{desk: desk, charts: charts}
	return web.Area{
		Name: "dashboard", Templates: templates, Funcs: template.FuncMap{"long": durationWords, "count": numberWords},
		Routes: []web.Route{
			{Pattern: "GET " + path, For: web.Agents, Do: p.show},
			{Pattern: "GET " + longestPath, For: web.Agents, Do: p.showLongest},
			{Pattern: "GET " + filePath, For: web.Agents, Do: p.sendFile},
			{Pattern: "GET /api/v1/figures.csv", Token: &web.ByToken{Scopes: []web.Scope{web.ScopeFigures}}, Do: p.sendFile},
		},
		Menu: []web.Link{{Path: path, Text: "Dashboard", For: web.Agents, Rank: 5}},
	}, nil
}
