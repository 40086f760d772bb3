// Package measure stores the figures that reports and the dashboard show, such as how many conversations were resolved
// and how long customers waited. It stores what each conversation contributed (its shares), and the sums of all shares by
// day, account (a mailbox or chat on which customers write) and team. docs/measures.md describes what is counted.
//
// The package doesn't compute shares; bridge/engine/measuring does that.
package measure

import "parley/store"

// Figures holds counts, and times in whole seconds. The names are made of these parts:
//   - First: from the customer's first message to the answer
//   - Next: from a later message to its answer
//   - Ended: from the beginning of the conversation to its end
//   - Open: counts only business hours
//   - Worst: the longest single time; in sums of days an upper bound, because corrections don't lower it
type Figures struct {
	Opened         int64 `db:"opened" json:"opened"`
	Reopened       int64 `db:"reopened" json:"reopened"`
	Resolved       int64 `db:"resolved" json:"resolved"` // how often conversations ended, by being resolved or closed
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
	EndedSum       int64 `db:"ended_sum" json:"ended_sum"` // Resolved is its count
	EndedSumOpen   int64 `db:"ended_sum_open" json:"ended_sum_open"`
	EndedWorst     int64 `db:"ended_worst" json:"ended_worst"`
	EndedWorstOpen int64 `db:"ended_worst_open" json:"ended_worst_open"`

	// Waits that ended while the account had a target, and those of them that ended in time.
	AckCount   int64 `db:"ack_count" json:"ack_count"` // until somebody had the conversation
	AckKept    int64 `db:"ack_kept" json:"ack_kept"`
	ReplyCount int64 `db:"reply_count" json:"reply_count"` // until the customer was answered
	ReplyKept  int64 `db:"reply_kept" json:"reply_kept"`
}

// Share is what one conversation contributes to the figures of one day, team and agent.
type Share struct {
	ConversationID store.ConversationID `db:"conversation_id" json:"conversation_id"`
	Day            string               `db:"day" json:"day"`           // yyyy-mm-dd, in the account's zone
	TeamID         store.TeamID         `db:"team_id" json:"team_id"`   // 0 if none
	AgentID        store.AgentID        `db:"agent_id" json:"agent_id"` // 0 if nobody
	AccountID      store.AccountID      `db:"account_id" json:"account_id"`
	Figures
}

// Labels are further attributes of a conversation by which its shares are summed.
type Labels struct {
	ConversationID store.ConversationID `db:"conversation_id" json:"conversation_id"`
	Tags           []string             `db:"tags" json:"tags"`
	Intent         string               `db:"intent" json:"intent"` // empty if not known
	Mood           string               `db:"mood" json:"mood"`     // empty if neutral
}

// Kind and a value select the conversations of a sum. For example, KindTag and "refund" select those tagged "refund".
type Kind string

// Kinds of sums.
const (
	KindAll    Kind = "all"    // the value is empty
	KindAgent  Kind = "agent"  // the value is an agent's ID, or "0" for conversations without an agent
	KindTag    Kind = "tag"    // the value is a tag
	KindIntent Kind = "intent" // the value is what the customer wants, empty if unknown
	KindMood   Kind = "mood"   // the value is the customer's mood, empty if neutral
)

// day is a row of measure_days. When it serves as a map key, its Figures are zero.
type day struct {
	Kind      Kind            `json:"kind"`
	Day       string          `json:"day"`
	Value     string          `json:"value"`
	AccountID store.AccountID `json:"account_id"`
	TeamID    store.TeamID    `json:"team_id"`
	Figures
}

// sumFields returns the figures that are added up.
func (f *Figures) sumFields() []*int64 {
	return []*int64{
		&f.Opened, &f.Reopened, &f.Resolved, &f.Abandoned, &f.MessagesIn, &f.MessagesOut, &f.FirstCount, &f.FirstSum,
		&f.FirstSumOpen,
		&f.NextCount, &f.NextSum, &f.NextSumOpen, &f.EndedSum, &f.EndedSumOpen,
		&f.AckCount, &f.AckKept, &f.ReplyCount, &f.ReplyKept}
}

// worstFields returns the figures of which the largest is kept.
func (f *Figures) worstFields() []*int64 {
	return []*int64{&f.FirstWorst, &f.FirstWorstOpen, &f.NextWorst, &f.NextWorstOpen, &f.EndedWorst, &f.EndedWorstOpen}
}

// Add adds other figures. For each Worst field it keeps the larger value.
func (f *Figures) Add(other Figures) {
	f.add(other, 1)
	f.raiseWorsts(other)
}

// add adds the sums of other figures if sign is 1, and subtracts them if it is -1.
func (f *Figures) add(other Figures, sign int64) {
	mine := f.sumFields()
	for i, n := range other.sumFields() {
		*mine[i] += sign * *n
	}
}

// raiseWorsts sets each Worst field to the larger of its own and the other value.
func (f *Figures) raiseWorsts(other Figures) {
	mine := f.worstFields()
	for i, n := range other.worstFields() {
		*mine[i] = max(*mine[i], *n)
	}
}
