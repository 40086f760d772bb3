package bridge

// Names of traits. A trait is a text that a verb or an analysis keeps on a conversation, in Facts.Traits:
// "priority": "high".
const (
	TraitName     = "name"     // what it is called on cards and in lists, in place of its customer's name
	TraitPriority = "priority" // one of Priorities; none means PriorityNormal

	TraitAnalysis = "analysis" // AnalysisOff: nothing of it is analysed or sent to a model; none means as its account says

	// What the last analysis found.
	TraitSentiment  = "sentiment"  // an analysis.Sentiment; none means neutral
	TraitWas        = "was"        // the unhappy sentiment before TraitSentiment; none means there was none
	TraitUrgent     = "urgent"     // one of Urgent…; none means it isn't
	TraitLanguage   = "language"   // in which the customer writes, as a code of ISO 639-1
	TraitIntent     = "intent"     // the name of the main intent
	TraitReferences = "references" // kinds and numbers that the customer named, a line each: "order 4711"
	TraitSuggested  = "suggested"  // what was suggested, a line each: tags, and "template …", "priority …"
	TraitUntagged   = "untagged"   // tags that people took away, a line each: an analysis doesn't put them back
	TraitNote       = "note"       // the note that the next analysis changes: see book.Conversation.KeepNote
	TraitSummedUp   = "summed_up"  // up to where the latest summary goes: see own.SummedUpTo
)

// Values of TraitUrgent.
const (
	UrgentNow  = "now"   // somebody has to look at once, and nobody was told by name
	UrgentTold = "again" // somebody has to look at once, and the owners were told, now or before
	UrgentOnce = "once"  // it was urgent, and the owners were told

	UrgentAnswered     = "answered"      // UrgentNow until it was answered; so it is again if the answer doesn't arrive
	UrgentAnsweredTold = "answered_told" // UrgentTold until it was answered
)

// AnalysisOff is the value of TraitAnalysis in a conversation that is not analysed.
const AnalysisOff = "off"

// IsUrgent reports whether somebody has to look at once at a conversation with these traits.
func IsUrgent(traits map[string]string) bool {
	return traits[TraitUrgent] == UrgentNow || traits[TraitUrgent] == UrgentTold
}

// LongestName is how many characters a name may have that somebody gives to a conversation.
const LongestName = 60

// PriorityNormal is the priority of a conversation for which nobody has set one.
const PriorityNormal = "normal"

// Priorities returns the priorities that a conversation can have, the least urgent first.
func Priorities() []string { return []string{"low", PriorityNormal, "high", "urgent"} }
