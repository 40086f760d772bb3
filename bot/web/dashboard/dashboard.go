// Package dashboard serves the pages with statistics about a helpdesk team: figures for a period, which can be filtered
// by team, account, agent or tag, and the conversations that took longest. Figures are counts, such as the number of
// new conversations, and durations, such as the time to the first answer.
//
// This package only presents figures. docs/measures.md defines how they are counted.
package dashboard

import (
	"context"
	"embed"
	"html/template"
	"time"

	"parley/bot/web"
	"parley/bridge"
)

// Desk is the backend of the pages. A Question selects what is counted; a Group splits the result. For example, Sums
// with ByAgent returns one Sum for each agent.
type Desk interface {
	// Names returns what a person can filter figures by.
	Names(ctx context.Context, p web.Person) (Names, error)

	// Sums returns the figures of each member of a group. It omits members whose figures are all zero. With ByAgent,
	// ByTag, ByIntent and ByMood, a non-empty values restricts the result to these members.
	Sums(ctx context.Context, q Question, by Group, values []string) ([]Sum, error)

	// Work returns the workload of each member of ByAgent, ByTag, ByIntent or ByMood: the number of new conversations,
	// messages and ended conversations, added up. The keys are those of Sum.Value.
	Work(ctx context.Context, q Question, by Group) (map[string]int64, error)

	// Medians returns the medians of each member of a group, by Sum.Value. A non-empty values restricts the result to
	// these members. If by is "", the result has one entry, "", with the medians of all figures of the question.
	Medians(ctx context.Context, q Question, by Group, values []string) (map[string]Medians, error)

	// Longest returns at most ten conversations, the longest first. If the viewer may not read a conversation, only its
	// number, agent, day and duration are set.
	Longest(ctx context.Context, viewer bridge.AgentID, q Question, of Measure) ([]Long, error)

	// Tagged returns how many messages were tagged, by tag, and those that were tagged last.
	Tagged(ctx context.Context, viewer bridge.AgentID, q Question) ([]TagCount, []TaggedMessage, error)

	// Now returns what is open at this moment. It ignores the days of the question.
	Now(ctx context.Context, q Question) (Now, error)

	// Backlog reports what has not been counted yet.
	Backlog(ctx context.Context) (Backlog, error)
}

// Names are the accounts, teams, agents and tags by which figures can be filtered.
type Names struct {
	Accounts []Named
	Closed   map[int64]bool // ids of accounts that the person has no access to; the form doesn't offer them
	Teams    []Team
	Agents   []Named
	Tags     []string
	Renamed  []Renamed

	// Zones are the time zones in which the accounts' days are counted. Accounts without an entry use UTC.
	Zones map[bridge.AccountID]*time.Location
}

// Renamed is a tag that was renamed. Some figures may still be stored under its old name.
type Renamed struct {
	Was, Now string
}

// Named is an account or an agent.
type Named struct {
	ID   int64
	Name string
}

// Team is a team of agents.
type Team struct {
	Named

	Members []bridge.AgentID
}

// Question selects figures.
type Question struct {
	From, To string           // the first and the last day, yyyy-mm-dd, both included
	Open     bool             // durations include only business hours
	Account  bridge.AccountID // 0 means all
	Teams    []bridge.TeamID  // nil means all
	Of       Group            // ByAgent, ByTag, ByIntent or ByMood: only figures of its member Value; "" means all
	Value    string           // the member, as in Sum.Value
	Renamed  []Renamed        // figures of old names are added to those of the new names
}

// Group is a dimension by which figures are split, such as agents. Sum.Value identifies a member of the group, such as
// one agent.
type Group string

// Groups, with what Sum.Value is for each.
const (
	ByDay     Group = "day"     // yyyy-mm-dd
	ByWeek    Group = "week"    // the week's Monday; the days of incomplete weeks have sums of their own
	ByAccount Group = "account" // the account's id; "0" means none
	ByTeam    Group = "team"    // the team's id; "0" means none
	ByAgent   Group = "agent"   // the agent's id; "0" means nobody
	ByTag     Group = "tag"     // the tag's name
	ByIntent  Group = "intent"  // the intent's name; "" means unknown
	ByMood    Group = "mood"    // the mood's name
)

// Measure is one of the durations that are measured.
type Measure string

// Measures.
const (
	FirstAnswer Measure = "first"
	NextAnswer  Measure = "next"
	Resolving   Measure = "ended"
)

// Figures are the counts and durations of some conversations. In and Out count messages from and to customers. First,
// Next and Ended are the durations of the three Measures.
type Figures struct {
	New, Reopened, Resolved, Abandoned, In, Out int64

	First, Next, Ended Times

	Acked, Answered Target
}

// Target counts waits that ended while their account had a target for them, and those that ended in time.
type Target struct{ Of, Kept int64 }

// Words returns the share of what was in time: "87 %".
func (t Target) Words() string { return percentWords(t.Kept, t.Of) }

func (t *Target) add(o Target) {
	t.Of += o.Of
	t.Kept += o.Kept
}

// Add adds o to f.
func (f *Figures) Add(o Figures) {
	f.New += o.New
	f.Reopened += o.Reopened
	f.Resolved += o.Resolved
	f.Abandoned += o.Abandoned
	f.In += o.In
	f.Out += o.Out
	f.First.add(o.First)
	f.Next.add(o.Next)
	f.Ended.add(o.Ended)
	f.Acked.add(o.Acked)
	f.Answered.add(o.Answered)
}

// Times is the sum of several durations.
type Times struct {
	Count   int64
	Seconds int64
}

func (t *Times) add(o Times) {
	t.Count += o.Count
	t.Seconds += o.Seconds
}

// Mean returns the average in whole seconds, or a negative value if Count is 0.
func (t Times) Mean() time.Duration {
	if t.Count == 0 {
		return -1
	}
	return time.Duration(t.Seconds/t.Count) * time.Second
}

// Medians has the medians of the three durations of Figures.
type Medians struct {
	First, Next, Ended Median
}

// Median is an approximate median (see docs/measures.md). It is computed from the single durations, which are stored
// for fewer days than their sums, so it may be based on fewer durations than a Times.
type Median struct {
	About time.Duration
	Of    int64 // the number of durations that it is based on
}

// notKnown is the text for a median that is based on too few of the durations.
const notKnown = "not known"

// valueOf returns the median of the durations that t sums up. known is false if m is based on too few of them. The
// median of one or two durations is their average, which is known exactly.
func (m Median) valueOf(t Times) (d time.Duration, known bool) {
	if t.Count == 1 || t.Count == 2 {
		return t.Mean(), true
	}
	return m.About, bridge.MedianKnown(m.Of, t.Count)
}

// Words returns the median of the durations that t sums up as text, for templates.
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

// Long is one of the conversations that took longest.
type Long struct {
	Conversation bridge.ConversationID
	Subject      string
	Customer     string
	Agent        string // its owner at that time; "" if it had none
	Day          string // yyyy-mm-dd
	Seconds      int64
	Link         string // to its thread; "" if it has none
}

// TagCount is how many messages were tagged with a tag.
type TagCount struct {
	Tag      string
	Messages int
}

// TaggedMessage is a tag of a single message.
type TaggedMessage struct {
	Tag          string
	At           time.Time
	Conversation bridge.ConversationID
	Text         string // "" if the viewer may not read the conversation
}

// Now is what is open at this moment.
type Now struct {
	Waiting    int           // customers who wait for an answer
	Unassigned int           // those of them whose conversation has no owner
	Longest    time.Duration // the longest wait
	Open       int
	Snoozed    int
	AtLeast    bool // the numbers are lower limits: not all conversations were counted
}

// Backlog is what has not been counted yet.
type Backlog struct {
	Delay      time.Duration // how long the oldest uncounted change has waited
	Recounting bool          // all conversations are being counted again
}

//go:embed *.html
var templates embed.FS

type pages struct {
	desk   Desk
	charts *Charts
}

const (
	path        = "/settings/dashboard"
	longestPath = path + "/longest"
	filePath    = path + "/figures.csv"
)

// Area returns the area of the dashboard. It fails only if an embedded template is invalid.
func Area(desk Desk) (web.Area, error) {
	charts, err := New()
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
	}, nil
}
