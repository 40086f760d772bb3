package bridge

// Names under which verbs keep what they set on a conversation: keys of Facts.Traits.
const (
	TraitName     = "name"     // what it is called on cards and in lists, in place of its customer's name
	TraitPriority = "priority" // one of Priorities; none = PriorityNormal
)

// LongestName is how many characters a name may have that somebody gives to a conversation.
const LongestName = 60

// PriorityNormal is the priority of a conversation of which nobody said how urgent it is.
const PriorityNormal = "normal"

// Priorities are those that a conversation can have, the least urgent first.
func Priorities() []string { return []string{"low", PriorityNormal, "high", "urgent"} }
