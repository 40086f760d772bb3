package bridge

// Names under which verbs keep what they set on a conversation: keys of Facts.Traits.
const (
	TraitName     = "name"     // what it is called on cards and in lists, in place of its customer's name
	TraitPriority = "priority" // one of Priorities; none = PriorityNormal

	// What the last analysis found.
	TraitSentiment  = "sentiment"  // an analysis.Sentiment; none = neutral
	TraitUrgent     = "urgent"     // one of Urgent…; none = it never was
	TraitIntent     = "intent"     // the name of the main intent
	TraitReferences = "references" // kinds and numbers that the customer named, a line each: "order 4711"
	TraitSummedUp   = "summed_up"  // how many messages the latest summary was made of
	TraitSuggested  = "suggested"  // tags and templates that were suggested, a line each
)

// Values of TraitUrgent.
const (
	UrgentNow   = "now"   // somebody has to look at once
	UrgentAgain = "again" // so it is still, or once more: the owners were told before
	UrgentOnce  = "once"  // it was urgent
)

// IsUrgent says of a conversation with these traits that somebody has to look at once.
func IsUrgent(traits map[string]string) bool {
	return traits[TraitUrgent] == UrgentNow || traits[TraitUrgent] == UrgentAgain
}

// LongestName is how many characters a name may have that somebody gives to a conversation.
const LongestName = 60

// PriorityNormal is the priority of a conversation of which nobody said how urgent it is.
const PriorityNormal = "normal"

// Priorities are those that a conversation can have, the least urgent first.
func Priorities() []string { return []string{"low", PriorityNormal, "high", "urgent"} }
