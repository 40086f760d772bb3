package store

// Deed is the kind of an entry in a conversation's audit log (LogEntry): what was done to the conversation, such as
// "assigned" or "resolved". The texts are stored in the database, so they must never change.
type Deed string

// A reply is parked if it can't be sent yet: it waits until an agent or the provider allows it.
const (
	DeedOpened            Deed = "opened"                 // by the customer's first message
	DeedStarted           Deed = "started"                // by an agent who wrote first
	DeedReplied           Deed = "replied"                // an agent wrote a text for the customer
	DeedNoted             Deed = "wrote an internal note" // the log shows the message's text, or a note given with an assignment
	DeedTook              Deed = "took"                   // an agent became its owner by replying
	DeedJoined            Deed = "joined"                 // an agent became one of its owners by sending a kept reply
	DeedAssigned          Deed = "assigned"               // to agents, or to a team that the entry's detail names
	DeedUnassigned        Deed = "unassigned"             // all owners were removed
	DeedMadeVisible       Deed = "visible"                // to the agents of the detail only, or to all again
	DeedTagged            Deed = "tagged"
	DeedTaggedMessages    Deed = "tagged messages"
	DeedUntaggedMessages  Deed = "untagged messages"
	DeedEmailed           Deed = "sent by e-mail" // to somebody else than the customer
	DeedUntagged          Deed = "untagged"
	DeedNamed             Deed = "named"  // given a topic
	DeedPinned            Deed = "pinned" // the customer, to an agent
	DeedUnpinned          Deed = "unpinned"
	DeedLinked            Deed = "linked" // the customer, to a record
	DeedUnlinked          Deed = "unlinked"
	DeedProfiled          Deed = "changed the profile" // of the customer
	DeedPrioritised       Deed = "set priority"
	DeedRenamed           Deed = "renamed"    // the customer's name was changed
	DeedReaddressed       Deed = "recipients" // the list of people in copy was changed
	DeedSnoozed           Deed = "snoozed"
	DeedWoke              Deed = "woke"        // its snooze ended
	DeedSetPending        Deed = "set pending" // waits for the customer
	DeedSetOpen           Deed = "set open"    // no longer waits for the customer
	DeedResolved          Deed = "resolved"
	DeedClosed            Deed = "closed" // for good
	DeedReopened          Deed = "reopened"
	DeedLeftUntilTomorrow Deed = "left until tomorrow" // postponed from the evening's list of open conversations
	DeedSilenced          Deed = "silenced"            // the sender's automatic mail is stored without a post
	DeedBlocked           Deed = "blocked"             // the sender's automatic mail is ignored
	DeedUnblocked         Deed = "unblocked"
	DeedPromoted          Deed = "promoted"       // an automatic mail became a conversation of its own
	DeedRefused           Deed = "refused"        // an agent's command was refused
	DeedUndone            Deed = "undone"         // a reply was taken back before it was sent
	DeedKeptInside        Deed = "kept inside"    // a text was kept as a note instead of being sent
	DeedParked            Deed = "parked"         // a reply waits until the provider lets us write to the customer
	DeedKeptForLater      Deed = "kept for later" // an agent parked a reply
	DeedChoseTemplate     Deed = "chose a template"
	DeedNotDelivered      Deed = "not delivered"
	DeedUnclear           Deed = "unclear"        // it is unknown whether a reply was delivered
	DeedMarkedSent        Deed = "marked as sent" // an agent confirmed that a reply was delivered
	DeedSentAgain         Deed = "sent again"
	DeedAutoReplied       Deed = "replied automatically"
	DeedSentAsItStood     Deed = "sent as it stood"   // a reply was sent although the chat could not tell whether its text was edited
	DeedAnsweredElsewhere Deed = "answered elsewhere" // without Parley, in the mailbox itself, for example
	DeedNotPosted         Deed = "not posted"         // the agents' chat refused a post
	DeedRerooted          Deed = "rerooted"           // its thread was created again
	DeedSameCustomer      Deed = "same customer"      // another open conversation turned out to be with the same customer
	DeedChangedAddress    Deed = "changed address"    // the customer wrote from a new address
	DeedChangedMessage    Deed = "changed a message"  // the customer edited one
	DeedDeletedMessage    Deed = "deleted a message"  // the customer deleted one
	DeedOptedOut          Deed = "opted out"          // the customer wants no messages
	DeedOptedIn           Deed = "opted in"           // the customer wants messages again
	DeedAskedForText      Deed = "asked for a text"   // a generated text for colleagues, such as a summary or a translation
	DeedAnalysed          Deed = "analysed"           // a language model assessed the customer's mood and intent
	DeedAnalysisOff       Deed = "switched the analysis off"
	DeedAnalysisOn        Deed = "switched the analysis on"
	DeedRecalled          Deed = "recalled"  // said of a reply that it should not have been sent
	DeedDeleted           Deed = "deleted"   // the conversation, with what was said in it
	DeedMerged            Deed = "merged"    // with another conversation
	DeedUnmerged          Deed = "unmerged"  // from it
	DeedSplit             Deed = "split off" // a message, which began a conversation of its own
	DeedAutomated         Deed = "automated" // an automation, which the detail names, did something
	DeedSeveral           Deed = "several"   // one thing with several conversations, on a page of Parley's own; the entry is of none
)

// Deeds returns all deeds.
func Deeds() []Deed {
	return []Deed{
		DeedOpened, DeedStarted, DeedReplied, DeedNoted, DeedTook, DeedJoined, DeedAssigned, DeedUnassigned,
		DeedTagged, DeedUntagged, DeedNamed, DeedPinned, DeedUnpinned, DeedLinked, DeedUnlinked,
		DeedProfiled, DeedPrioritised, DeedRenamed, DeedReaddressed, DeedSnoozed, DeedWoke,
		DeedSetPending, DeedSetOpen, DeedResolved, DeedClosed, DeedReopened, DeedLeftUntilTomorrow, DeedSilenced, DeedBlocked,
		DeedUnblocked, DeedPromoted, DeedRefused, DeedUndone, DeedKeptInside, DeedParked, DeedKeptForLater,
		DeedChoseTemplate, DeedNotDelivered, DeedUnclear, DeedMarkedSent, DeedSentAgain, DeedAnsweredElsewhere,
		DeedNotPosted, DeedRerooted, DeedSameCustomer, DeedChangedAddress, DeedChangedMessage, DeedDeletedMessage,
		DeedOptedOut, DeedOptedIn, DeedAskedForText, DeedAnalysed, DeedAnalysisOff, DeedAnalysisOn, DeedSentAsItStood, DeedAutoReplied,
		DeedAutomated, DeedTaggedMessages, DeedUntaggedMessages, DeedEmailed,
		DeedRecalled, DeedDeleted, DeedMerged, DeedUnmerged, DeedSplit, DeedSeveral,
	}
}

// Doer is who performed a deed.
type Doer string

// Doers.
const (
	ByAgent    Doer = "agent" // LogEntry.AgentID is set
	ByCustomer Doer = "customer"
	ByParley   Doer = "parley" // automatically
)
