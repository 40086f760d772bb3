package checker

import (
	"slices"
	"time"
)

// History is what people said and did in a run, in that order. The driver of the workload records it.
type History []Operation

// Operation is one thing that a customer or an agent did, such as writing a mail or editing a reply.
type Operation struct {
	At           time.Time // when it was done; it may have been done a moment before
	BeganAt      time.Time // OpPost: the message isn't older than that
	Kind         OperationKind
	Marker       Marker // of the message; zero for a command or a deletion
	Conversation int
	Root         string // the thread in which a teammate acted; "" means a customer wrote
	ID           string // the teammate's message; "" means a customer wrote
	Author       string // who typed that message; "" means an edit, a deletion or a customer
	Team         string // OpHandOver: to which team
	// Announced says that the platform is to tell Parley of it.
	Announced bool
	// HasFile says that a customer's mail has the file that FileOf returns.
	HasFile bool
	// Arrived says of an edit or a deletion that the customer had the reply before.
	Arrived bool
	// WhileSnoozed says that a customer wrote when the card showed that the conversation is snoozed.
	WhileSnoozed bool
}

// OperationKind is what somebody did.
type OperationKind string

// Kinds of operations. The ID of an edit or a deletion is that of the message that was edited or deleted.
const (
	OpWrite    OperationKind = "wrote"       // a customer sent a message
	OpPost     OperationKind = "typed"       // a teammate posted a message in a thread
	OpEdit     OperationKind = "edited"      // an agent replaced the text of a reply or a note
	OpDelete   OperationKind = "deleted"     // an agent deleted a reply, during its hold or when it had arrived, or a note
	OpResolve  OperationKind = "resolved"    // an agent ended the conversation by a command
	OpHandOver OperationKind = "handed over" // an agent gave the conversation to another team by a command
	OpUnassign OperationKind = "put back"    // an agent left the conversation without an owner by a command
	OpSnooze   OperationKind = "snoozed"     // an agent hid the conversation for long by a command, once in a run
)

// listMarkers returns the markers of all messages of a history.
func (h History) listMarkers() map[Marker]bool {
	all := map[Marker]bool{}
	for _, op := range h {
		if op.Marker != (Marker{}) {
			all[op.Marker] = true
		}
	}
	return all
}

// listDeleted returns the messages that were deleted, by id.
func (h History) listDeleted() map[string]bool {
	deleted := map[string]bool{}
	for _, op := range h {
		if op.Kind == OpDelete {
			deleted[op.ID] = true
		}
	}
	return deleted
}

// findOriginal returns the marker that a message had when it was posted.
func (h History) findOriginal(id string) Marker {
	for _, op := range h {
		if op.Kind == OpPost && op.ID == id {
			return op.Marker
		}
	}
	return Marker{}
}

// MessagesToRecord returns the ids of the teammates' messages of which Parley must have a record. What it wasn't told
// it finds, unless it may not look (isBlind), or the message was deleted since. delays are those of messages, as in
// Telling.
func (h History) MessagesToRecord(delays map[string]time.Duration, isBlind bool) []string {
	var ids []string
	deleted := h.listDeleted()
	for _, op := range h {
		isChange := op.Kind == OpEdit || op.Kind == OpDelete // of a message that was announced before
		if !op.Announced || isChange || op.ID == "" {
			continue
		}
		isHidden := isBlind || deleted[op.ID]
		isLost := isHidden && delays[op.ID] == NotTold
		if !isLost {
			ids = append(ids, op.ID)
		}
	}
	return ids
}

// ResolveCommands returns the ids of the messages by which somebody resolved a conversation.
func (h History) ResolveCommands() []string {
	var ids []string
	for _, op := range h {
		if op.Kind == OpResolve {
			ids = append(ids, op.ID)
		}
	}
	return ids
}

// CountJoined counts the messages that customers receive when some replies leave, and those that were typed
// one after the other for the same customer leave as one message.
func (h History) CountJoined(replies map[Marker]bool) int {
	n := 0
	isJoining := map[int]bool{} // by conversation: whether its last reply is one of replies
	for _, op := range h {
		isReply := op.Marker.Kind == Outbound || op.Marker.Kind == Bounced
		if op.Kind != OpPost || !isReply {
			continue
		}
		if replies[op.Marker] && !isJoining[op.Conversation] {
			n++
		}
		isJoining[op.Conversation] = replies[op.Marker]
	}
	return n
}

// The teams of a run. SupportTeam has the accounts. Its agents hand some conversations over to OtherTeam, which
// has no channel of its own: their threads stay where they are.
const (
	SupportTeam = "Support"
	OtherTeam   = "Billing"
)

// OrderedEventGap is how far apart two messages of a thread must have been typed so that the platform tells
// Parley of them in that order. Of closer ones either may come first.
const OrderedEventGap = 500 * time.Millisecond

// Responsible are those of whom the card of an open conversation must name one while its customer waits.
type Responsible struct {
	Teams []string `json:"teams"`
	// OwnerAllowed says that an agent may own the conversation, since a reply claims it.
	OwnerAllowed bool `json:"owner_allowed"`
}

// ResponsibleFor returns who is responsible for the conversation of a thread after all that was typed there.
// Where Parley was told of something late, or the conversation may have been resolved, both outcomes are
// allowed. late are the messages of which Parley was told late, by their ids.
func (h History) ResponsibleFor(root string, late map[string]bool) Responsible {
	responsible := Responsible{Teams: []string{SupportTeam}}
	isResolved := false // from then on commands may be refused
	isLate := false     // Parley was told of something late
	var lastPostAt time.Time
	for _, op := range h {
		if op.Root != root {
			continue
		}

		isLate = isLate || late[op.ID]
		isInOrder := !isLate && op.At.Sub(lastPostAt) > OrderedEventGap
		isSureToWork := isInOrder && !isResolved
		switch op.Kind {
		case OpWrite, OpEdit, OpDelete, OpSnooze: // change neither the owner nor the team
		case OpPost:
			lastPostAt = op.At
			if op.Marker.Kind != Internal {
				responsible.OwnerAllowed = true
			}
		case OpResolve:
			isResolved = true
		case OpHandOver:
			if isSureToWork {
				responsible = Responsible{}
			}
			responsible.Teams = append(responsible.Teams, op.Team)
		case OpUnassign:
			if isSureToWork {
				responsible.OwnerAllowed = false
			}
		}
	}

	return responsible
}

// maxReordering is how many messages may come between two that were typed one after the other: messages may
// arrive at Parley in another order than they were typed.
const maxReordering = 3

// ExpectedQuestions returns all replies, and for each whether Parley may keep it until somebody clicks. It may
// keep a reply that was typed in a resolved conversation, and one that was typed after a colleague's message.
func (h History) ExpectedQuestions() map[Marker]bool {
	type conversation struct {
		untilOpen int         // how many more messages the customer must write to reopen it; 0 means it is open
		recent    []Operation // the last messages of teammates
	}

	expected := map[Marker]bool{}
	conversations := map[int]*conversation{}
	for _, op := range h {
		c := conversations[op.Conversation]
		if c == nil {
			c = &conversation{}
			conversations[op.Conversation] = c
		}

		switch op.Kind {
		case OpWrite:
			c.untilOpen = max(c.untilOpen-1, 0)
		case OpResolve:
			c.untilOpen = 2 // the customer's next message may have been written before the command
		case OpPost:
			if op.Marker.Kind != Internal {
				followsColleague := slices.ContainsFunc(c.recent, func(before Operation) bool { return before.Author != op.Author })
				expected[op.Marker] = c.untilOpen > 0 || followsColleague
			}
			c.recent = append(c.recent, op)
		case OpEdit, OpDelete, OpHandOver, OpUnassign, OpSnooze: // neither resolve nor say anything new
		}

		c.recent = c.recent[max(len(c.recent)-maxReordering, 0):]
	}

	return expected
}
