// Package dashboard has the pages that show how the team does: figures for a time, a team, an account, an agent or a
// tag, and the conversations that took longest. Figures are counts, such as new conversations, and times, such as
// that to the first answer.
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

// Desk is what the pages ask of the rest of Parley.
type Desk interface {
	// Names returns the names of what a person can filter figures by.
	Names(ctx context.Context, p web.Person) (Names, error)

	// Sums returns the figures of each member of a group, such as each agent. It leaves out members whose figures are
	// all zero. By ByAgent, ByTag, ByIntent and ByMood, it returns those members that values names, or all if it
	// names none.
	Sums(ctx context.Context, q Question, by Group, values []string) ([]Sum, error)

	// Work returns how much each member of the group ByAgent, ByTag, ByIntent or ByMood had to do: the number of new
	// conversations, messages and ends together. The keys are the values of Sum.
	Work(ctx context.Context, q Question, by Group) (map[string]int64, error)

	// Medians returns the medians of the members of a group that values names, or of all members if it names none.
	// The keys are the values of Sum. If by is "", it returns the medians of everything, under the key "": these
	// can't be computed from those of the members.
	Medians(ctx context.Context, q Question, by Group, values []string) (map[string]Medians, error)

	// Longest returns the conversations that took longest, at most ten, the longest first. If the viewer may not read
	// a conversation, only its number, agent, day and time are set.
	Longest(ctx context.Context, viewer bridge.AgentID, q Question, of Measure) ([]Long, error)

	// Now returns what is open at this moment. The days of the question don't matter.
	Now(ctx context.Context, q Question) (Now, error)

	// Behind reports what isn't counted yet.
	Behind(ctx context.Context) (Behind, error)
}

// Names are the accounts, teams, agents and tags by which figures can be filtered.
type Names struct {
	Accounts []Named
	Closed   map[int64]bool // ids of accounts that aren't offered to the person, who may not even know their names
	Teams    []Team
	Agents   []Named
	Tags     []string
	Renamed  []Renamed // tags

	// Zones are the time zones of the accounts' days. Accounts that are left out have days of UTC.
	Zones map[bridge.AccountID]*time.Location
}

// Renamed is a tag that was renamed. Something may still be counted under its old name.
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
	Open     bool             // times count only business hours
	Account  bridge.AccountID // 0 means all
	Teams    []bridge.TeamID  // nil means all
	Of       Group            // ByAgent, ByTag, ByIntent or ByMood: only figures of its member Value count; "" means all
	Value    string           // of ByAgent: the agent's number
	Renamed  []Renamed        // tags: each counts by the name that it has now
}

// Group is a way to split figures up. Each sum is then that of one member of the group, which its Value names.
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

// Figures are what is counted of some conversations. In and Out are messages from and to customers. First, Next and
// Ended are the times to the first answer, to each further answer, and until a conversation was resolved (see
// Measure).
type Figures struct {
	New, Reopened, Resolved, Abandoned, In, Out int64

	First, Next, Ended Times
}

// Times are several durations, added up.
type Times struct {
	Count   int64
	Seconds int64
}

// Mean returns the average. It is negative if there are no times.
func (t Times) Mean() time.Duration {
	if t.Count == 0 {
		return -1
	}
	return time.Duration(t.Seconds/t.Count) * time.Second
}

// Medians has the median of each of the three times of Figures.
type Medians struct {
	First, Next, Ended Median
}

// Median is the median of some single times, computed approximately (docs/measures.md says how).
type Median struct {
	About time.Duration
	Of    int64 // how many single times are known
}

// notKnown is the text for a median that can't be computed, because too many of the single times aren't known.
const notKnown = "not known"

// valueOf returns the median of the times of which t is the sum. known is false if too many of the single times
// aren't known. For one or two times the median is their average, which is known exactly.
func (m Median) valueOf(t Times) (d time.Duration, known bool) {
	if t.Count == 1 || t.Count == 2 {
		return t.Mean(), true
	}
	return m.About, bridge.MedianKnown(m.Of, t.Count)
}

// Words writes the median of the times of which t is the sum.
func (m Median) Words(t Times) string {
	if d, known := m.valueOf(t); known {
		return durationWords(d)
	}
	return notKnown
}

// Sum has the figures of one member of a group.
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
	Unassigned int // how many of them have a conversation without an owner
	Longest    time.Duration
	Open       int
	Snoozed    int
	AtLeast    bool // there are more than were counted
}

// Behind is what isn't counted yet.
type Behind struct {
	By    time.Duration // how long something has waited to be counted
	Again bool          // everything is being counted again
	Old   bool          // the medians of old days are being counted, from before Parley kept medians
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
