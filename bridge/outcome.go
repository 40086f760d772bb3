package bridge

import "time"

// Outcome is what became of the message that a line is about. A line with an Outcome shows it in
// place of its question, and its Verbs are what can still be done.
type Outcome struct {
	State OutcomeState
	By    AgentRef  // who decided it; zero means not known
	At    time.Time // when it was decided or, of a reply that left, sent; zero means not known
}

// OutcomeState says what became of a message.
type OutcomeState string

// States of an Outcome.
const (
	OutcomeWaiting    OutcomeState = "waiting"    // it leaves when its hold ends
	OutcomeSent       OutcomeState = "sent"       // the provider took it
	OutcomeDelivered  OutcomeState = "delivered"  // the customer's device has it
	OutcomeRead       OutcomeState = "read"       // the customer read it
	OutcomeFailed     OutcomeState = "failed"     // the customer did not get it
	OutcomeUnclear    OutcomeState = "unclear"    // nobody can tell
	OutcomeInside     OutcomeState = "inside"     // it is kept inside
	OutcomeDropped    OutcomeState = "dropped"    // it is given up
	OutcomeUndone     OutcomeState = "undone"     // it was taken back in its hold
	OutcomeKept       OutcomeState = "kept"       // it waits for the customer's next message
	OutcomeTemplate   OutcomeState = "template"   // a template was chosen to go first; it waits for the customer's next message
	OutcomeAsked      OutcomeState = "asked"      // a later line asks about it
	OutcomePromoted   OutcomeState = "promoted"   // it is in the conversation Line.Other now
	OutcomeChosen     OutcomeState = "chosen"     // somebody chose the customer of Line.Other for it; its fate is shown there
	OutcomeSilenced   OutcomeState = "silenced"   // nothing more is posted about its sender
	OutcomeAllowed    OutcomeState = "allowed"    // who is new in a mail gets replies now
	OutcomeUnsilenced OutcomeState = "unsilenced" // its sender is no longer silenced
)
