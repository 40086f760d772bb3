package store

// Deed is what was done to a conversation: the verb of an entry of its log (LogEntry), in the past. The log keeps
// these texts for good, so none of them may ever be changed.
type Deed string

// Deeds.
const (
	DeedOpened            Deed = "opened"                 // the customer's first message began it
	DeedStarted           Deed = "started"                // an agent wrote first
	DeedReplied           Deed = "replied"                // an agent's text was taken for the customer
	DeedNoted             Deed = "wrote an internal note" // its words are read from the message; Assign keeps a note to its owners here
	DeedTook              Deed = "took"                   // an agent became its owner by replying
	DeedJoined            Deed = "joined"                 // an agent became one of its owners by sending a kept reply
	DeedAssigned          Deed = "assigned"               // to agents, or handed to a team (its detail has the team)
	DeedUnassigned        Deed = "unassigned"             // it has no owner any more
	DeedTagged            Deed = "tagged"
	DeedUntagged          Deed = "untagged"
	DeedNamed             Deed = "named" // it got a topic
	DeedPrioritised       Deed = "set priority"
	DeedRenamed           Deed = "renamed"    // the customer got another name for it
	DeedReaddressed       Deed = "recipients" // who is copied changed
	DeedSnoozed           Deed = "snoozed"
	DeedWoke              Deed = "woke"        // its snooze ended
	DeedSetPending        Deed = "set pending" // it waits for the customer
	DeedSetOpen           Deed = "set open"    // it waited for the customer, and doesn't any more
	DeedResolved          Deed = "resolved"
	DeedClosed            Deed = "closed" // for good
	DeedReopened          Deed = "reopened"
	DeedLeftUntilTomorrow Deed = "left until tomorrow" // in the evening's list
	DeedSilenced          Deed = "silenced"            // the sender's mail goes to the daily thread
	DeedBlocked           Deed = "blocked"             // nothing of the sender is shown
	DeedUnblocked         Deed = "unblocked"
	DeedPromoted          Deed = "promoted"       // an automatic message got a conversation of its own
	DeedRefused           Deed = "refused"        // a command that could not be done
	DeedUndone            Deed = "undone"         // a reply was taken back before it left
	DeedKeptInside        Deed = "kept inside"    // a text was not sent
	DeedParked            Deed = "parked"         // a reply waits until the customer's window opens
	DeedKeptForLater      Deed = "kept for later" // an agent parked a reply
	DeedChoseTemplate     Deed = "chose a template"
	DeedNotDelivered      Deed = "not delivered"
	DeedUnclear           Deed = "unclear"        // nobody knows whether a reply arrived
	DeedMarkedSent        Deed = "marked as sent" // an agent found that it arrived
	DeedSentAgain         Deed = "sent again"
	DeedSentAsItStood     Deed = "sent as it stood"   // a reply left though its chat could not say whether it was changed
	DeedAnsweredElsewhere Deed = "answered elsewhere" // from the mailbox itself
	DeedNotPosted         Deed = "not posted"         // the chat refused a post
	DeedRerooted          Deed = "rerooted"           // its thread was made anew
	DeedSameCustomer      Deed = "same customer"      // another open conversation turned out to be the same customer's
	DeedChangedAddress    Deed = "changed address"    // the customer wrote from another one
	DeedChangedMessage    Deed = "changed a message"  // the customer edited what was sent
	DeedDeletedMessage    Deed = "deleted a message"  // the customer took back what was sent
	DeedOptedOut          Deed = "opted out"          // the customer wants no messages
	DeedOptedIn           Deed = "opted in"           // the customer wants messages again
	DeedAskedForText      Deed = "asked for a text"   // a summary, a translation or the like, for colleagues
	DeedAnalysed          Deed = "analysed"           // how the customer feels and what the customer wants, as far as a machine can tell
	DeedAnalysisOff       Deed = "switched the analysis off"
	DeedAnalysisOn        Deed = "switched the analysis on"
)

// Deeds lists all deeds.
func Deeds() []Deed {
	return []Deed{
		DeedOpened, DeedStarted, DeedReplied, DeedNoted, DeedTook, DeedJoined, DeedAssigned, DeedUnassigned,
		DeedTagged, DeedUntagged, DeedNamed, DeedPrioritised, DeedRenamed, DeedReaddressed, DeedSnoozed, DeedWoke,
		DeedSetPending, DeedSetOpen, DeedResolved, DeedClosed, DeedReopened, DeedLeftUntilTomorrow, DeedSilenced, DeedBlocked,
		DeedUnblocked, DeedPromoted, DeedRefused, DeedUndone, DeedKeptInside, DeedParked, DeedKeptForLater,
		DeedChoseTemplate, DeedNotDelivered, DeedUnclear, DeedMarkedSent, DeedSentAgain, DeedAnsweredElsewhere,
		DeedNotPosted, DeedRerooted, DeedSameCustomer, DeedChangedAddress, DeedChangedMessage, DeedDeletedMessage,
		DeedOptedOut, DeedOptedIn, DeedAskedForText, DeedAnalysed, DeedAnalysisOff, DeedAnalysisOn, DeedSentAsItStood,
	}
}

// Doer is who did what an entry of the log says.
type Doer string

// Doers.
const (
	ByAgent    Doer = "agent" // LogEntry.AgentID names the person
	ByCustomer Doer = "customer"
	ByParley   Doer = "parley" // by itself
)
