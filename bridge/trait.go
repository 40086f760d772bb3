package bridge

import (
	"encoding/json"
	"time"
)

// Names of traits. A trait is a text that a verb or an analysis keeps on a conversation, in Facts.Traits:
// "priority": "high".
const (
	TraitName      = "name"      // the conversation's title on cards and in lists, in place of the customer's name
	TraitMerged    = "merged"    // the number of the conversation that it was merged into
	TraitForwarder = "forwarder" // the address of the agent who passed on the customer's mail
	TraitRecord    = "record"    // the name of the customer's record, as it was when it began or somebody changed it here
	TraitSentFrom  = "sent_from" // the number of the conversation that was sent to this one's recipient by mail
	TraitAsked     = "asked"     // who was asked aside about it until it ends: a JSON list of Aside
	TraitAskedFor  = "asked_for" // the number of the conversation about which this one's recipient was asked
	TraitPriority  = "priority"  // one of Priorities; none means PriorityNormal

	TraitAnalysis = "analysis" // AnalysisOff: no message is analysed or sent to a model; none means the account's setting

	// Results of analyses, and what the next analysis has to know.
	TraitSentiment  = "sentiment"  // an analysis.Sentiment; none means neutral
	TraitWas        = "was"        // the sentiment before TraitSentiment, if it was an unhappy one
	TraitUrgent     = "urgent"     // one of Urgent…; none means it isn't
	TraitLanguage   = "language"   // in which the customer writes, as a code of ISO 639-1
	TraitIntent     = "intent"     // the name of the main intent
	TraitReferences = "references" // kinds and numbers that the customer named, one per line: "order 4711"
	TraitSuggested  = "suggested"  // what was suggested, one per line: tags, and "template …", "priority …"
	TraitUntagged   = "untagged"   // tags that people removed, one per line; an analysis doesn't add them again
	TraitNote       = "note"       // the note in the thread that the next analysis changes; see book.Conversation.KeepNote
	TraitLate       = "late"       // which target has passed, and since when the customer waited; see workflow.TargetPassed
	TraitLateAck    = "late_ack"   // the same of the target for taking it
	TraitSummedUp   = "summed_up"  // the last event that the latest summary covers, as from own.SummedUpTo: "event:4711"
)

// Values of TraitUrgent. The owners are the agents who hold the conversation.
const (
	UrgentNow  = "now"   // urgent; the owners haven't been notified
	UrgentTold = "again" // urgent; the owners have been notified, now or before
	UrgentOnce = "once"  // no longer urgent; the owners have been notified once

	UrgentAnswered     = "answered"      // UrgentNow until an agent answered; UrgentNow again if the answer doesn't arrive
	UrgentAnsweredTold = "answered_told" // UrgentTold until an agent answered; UrgentTold again if the answer doesn't arrive
)

// AnalysisOff is the value of TraitAnalysis in a conversation that is not analysed.
const AnalysisOff = "off"

// IsUrgent reports whether an agent should look immediately at a conversation with these traits.
func IsUrgent(traits map[string]string) bool {
	return traits[TraitUrgent] == UrgentNow || traits[TraitUrgent] == UrgentTold
}

// LongestName is the maximum number of characters of TraitName.
const LongestName = 60

// PriorityNormal is the priority of a conversation for which nobody has set one.
const PriorityNormal = "normal"

// Priorities returns the priorities that a conversation can have, the least urgent first.
func Priorities() []string { return []string{"low", PriorityNormal, "high", "urgent"} }

// Aside is a question about a conversation to somebody other than the customer.
type Aside struct {
	Whom         string         `json:"whom"`
	By           AgentID        `json:"by"`
	At           time.Time      `json:"at"`
	Message      MessageID      `json:"message"`                // the question, which is a note of the conversation
	Surface      AccountID      `json:"surface,omitempty"`      // where its thread is
	Delivery     DeliveryID     `json:"delivery,omitempty"`     // the first post of that thread
	Conversation ConversationID `json:"conversation,omitempty"` // with whoever was asked by mail
	Answered     bool           `json:"answered,omitempty"`
}

// AsidesOf returns the questions of TraitAsked.
func AsidesOf(traits map[string]string) (list []Aside) {
	_ = json.Unmarshal([]byte(traits[TraitAsked]), &list) // written by us
	return list
}
