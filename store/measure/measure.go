// Package measure keeps the figures of the team: what each conversation contributes to them (its shares), and the
// sums of all shares by day, account and team. docs/measures.md says what is counted.
//
// What does not belong here: how shares follow from what happened (bridge/engine/measuring).
package measure

import "parley/store"

// Figures are counts, and times in whole seconds: First from the customer's first message to the answer, Next from a
// later message to its answer, Ended from the beginning to the end. Those called Open count only business hours, those
// called Worst are the longest single time. In sums of days a Worst is an upper bound, since corrections don't lower it.
type Figures struct {
	Opened         int64 `db:"opened" json:"opened"`
	Reopened       int64 `db:"reopened" json:"reopened"`
	Resolved       int64 `db:"resolved" json:"resolved"` // ends, by resolving or closing
	Abandoned      int64 `db:"abandoned" json:"abandoned"`
	MessagesIn     int64 `db:"messages_in" json:"messages_in"`
	MessagesOut    int64 `db:"messages_out" json:"messages_out"`
	FirstCount     int64 `db:"first_count" json:"first_count"`
	FirstSum       int64 `db:"first_sum" json:"first_sum"`
	FirstSumOpen   int64 `db:"first_sum_open" json:"first_sum_open"`
	FirstWorst     int64 `db:"first_worst" json:"first_worst"`
	FirstWorstOpen int64 `db:"first_worst_open" json:"first_worst_open"`
	NextCount      int64 `db:"next_count" json:"next_count"`
	NextSum        int64 `db:"next_sum" json:"next_sum"`
	NextSumOpen    int64 `db:"next_sum_open" json:"next_sum_open"`
	NextWorst      int64 `db:"next_worst" json:"next_worst"`
	NextWorstOpen  int64 `db:"next_worst_open" json:"next_worst_open"`
	EndedSum       int64 `db:"ended_sum" json:"ended_sum"` // there are Resolved of these times
	EndedSumOpen   int64 `db:"ended_sum_open" json:"ended_sum_open"`
	EndedWorst     int64 `db:"ended_worst" json:"ended_worst"`
	EndedWorstOpen int64 `db:"ended_worst_open" json:"ended_worst_open"`
}

// Share is what a conversation contributes to the figures of a day, for a team and an agent.
type Share struct {
	ConversationID store.ConversationID `db:"conversation_id" json:"conversation_id"`
	Day            string               `db:"day" json:"day"`           // yyyy-mm-dd, in the account's zone
	TeamID         store.TeamID         `db:"team_id" json:"team_id"`   // 0 if none
	AgentID        store.AgentID        `db:"agent_id" json:"agent_id"` // 0 if nobody
	AccountID      store.AccountID      `db:"account_id" json:"account_id"`
	Figures
}

// Labels are what a conversation's shares are also summed up by.
type Labels struct {
	ConversationID store.ConversationID `db:"conversation_id" json:"conversation_id"`
	Tags           []string             `db:"tags" json:"tags"`
	Intent         string               `db:"intent" json:"intent"` // empty if not known
	Mood           string               `db:"mood" json:"mood"`     // empty if neutral
}

// Kind says of which conversations sums are.
type Kind string

// Kinds of sums.
const (
	KindAll    Kind = "all"
	KindAgent  Kind = "agent"  // those of one agent: the value is the agent's number, "0" for nobody's
	KindTag    Kind = "tag"    // those that have a tag
	KindIntent Kind = "intent" // those that are about something
	KindMood   Kind = "mood"   // those whose customer feels so
)

// day is a row of measure_days. As a key of maps it has no Figures.
type day struct {
	Kind      Kind            `json:"kind"`
	Day       string          `json:"day"`
	Value     string          `json:"value"`
	AccountID store.AccountID `json:"account_id"`
	TeamID    store.TeamID    `json:"team_id"`
	Figures
}

// sumFields are the figures that are added up.
func (f *Figures) sumFields() []*int64 {
	return []*int64{
		&f.Opened, &f.Reopened, &f.Resolved, &f.Abandoned, &f.MessagesIn, &f.MessagesOut, &f.FirstCount, &f.FirstSum,
		&f.FirstSumOpen,
		&f.NextCount, &f.NextSum, &f.NextSumOpen, &f.EndedSum, &f.EndedSumOpen}
}

// worstFields are the figures of which the largest counts.
func (f *Figures) worstFields() []*int64 {
	return []*int64{&f.FirstWorst, &f.FirstWorstOpen, &f.NextWorst, &f.NextWorstOpen, &f.EndedWorst, &f.EndedWorstOpen}
}

// Add adds other figures. Of each Worst the larger one counts.
func (f *Figures) Add(other Figures) {
	f.add(other, 1)
	f.raiseWorsts(other)
}

// add adds the sums of other figures, multiplied by sign: 1 or -1.
func (f *Figures) add(other Figures, sign int64) {
	mine := f.sumFields()
	for i, n := range other.sumFields() {
		*mine[i] += sign * *n
	}
}

// raiseWorsts raises each Worst to that of other figures, if that is larger.
func (f *Figures) raiseWorsts(other Figures) {
	mine := f.worstFields()
	for i, n := range other.worstFields() {
		*mine[i] = max(*mine[i], *n)
	}
}
