package torture

import (
	"slices"
	"time"
)

// History lists what customers and agents did in a test run, in order. The driver, which plays these people, records
// it; the checker derives from it what people must see in the end.
//
// Example: Ann typed a reply in the thread of conversation 17 and then deleted it. That is an OpPost with the marker
// deleted-c017-5 (a marker is the unique word in a message), then an OpDelete with the same ID.
type History []Operation

// Operation is one thing that a customer or an agent did, such as writing a mail or editing a reply.
type Operation struct {
	At           time.Time // when the operation had returned
	BeganAt      time.Time // OpPost: when the operation began; the message isn't older
	Kind         OperationKind
	Marker       Marker // of the message; zero for a command or a deletion
	Conversation int
	Root         string // the thread in which a teammate acted; "" means a customer wrote
	ID           string // the teammate's message; "" means a customer wrote
	Author       string // who typed that message; "" for an edit, a deletion or a customer
	Team         string // OpHandOver: the new team
	// Announced is true if the chat platform notifies Parley of the operation.
	Announced bool
	// HasFile is true if a customer's mail has the attachment that FileOf returns.
	HasFile bool
	// Arrived is true for an edit or a deletion of a reply that the customer had already received.
	Arrived bool
	// WhileSnoozed is true if a customer wrote while the card showed the conversation as snoozed.
	WhileSnoozed bool
	How          string // OpEnd: the command, such as "archive"
}

// OperationKind is what somebody did.
type OperationKind string

// Kinds of operations. The ID of an edit or a deletion is that of the message that was edited or deleted.
const (
	OpWrite    OperationKind = "wrote"       // a customer sent a message
	OpPost     OperationKind = "typed"       // a teammate posted a message in a thread
	OpEdit     OperationKind = "edited"      // an agent replaced the text of a reply or a note
	OpDelete   OperationKind = "deleted"     // an agent deleted a note, or a reply, before it was sent or after it arrived
	OpResolve  OperationKind = "resolved"    // an agent ended the conversation by a command
	OpHandOver OperationKind = "handed over" // an agent gave the conversation to another team by a command
	OpUnassign OperationKind = "put back"    // an agent left the conversation without an owner by a command
	OpSnooze   OperationKind = "snoozed"     // an agent hid the conversation for a long time, at most once in a run
	OpOrder    OperationKind = "ordered"     // an agent typed a command that ends the conversation for good
	OpEnd      OperationKind = "ended"       // the thread tells that it was done; Marker is the latest message before
)

// listMarkers returns the set of markers of all messages.
func (h History) listMarkers() map[Marker]bool {
	all := map[Marker]bool{}
	for _, op := range h {
		if op.Marker != (Marker{}) {
			all[op.Marker] = true
		}
	}
	return all
}

// listDeleted returns the set of ids of deleted messages.
func (h History) listDeleted() map[string]bool {
	deleted := map[string]bool{}
	for _, op := range h {
		if op.Kind == OpDelete {
			deleted[op.ID] = true
		}
	}
	return deleted
}

// findOriginal returns the marker that a message had when it was posted; zero if nobody posted it.
func (h History) findOriginal(id string) Marker {
	for _, op := range h {
		if op.Kind == OpPost && op.ID == id {
			return op.Marker
		}
	}
	return Marker{}
}

// MessagesToRecord returns the ids of the teammates' messages of which Parley must have a record. If the notification of
// a message got lost, Parley finds the message by reading the thread, unless it has been deleted or Parley may not read
// threads (isBlind). delays are the notification delays by message id; NotTold stands for a lost one.
func (h History) MessagesToRecord(delays map[string]time.Duration, isBlind bool) []string {
	var ids []string
	deleted, ended := h.listDeleted(), h.endings()
	for _, op := range h {
		isErased := ended[op.Conversation].How == "delete"
		isChange := op.Kind == OpEdit || op.Kind == OpDelete // of a message that was announced before
		if !op.Announced || isChange || isErased || op.ID == "" {
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

// CountJoined returns how many messages customers receive if the given replies are sent, and consecutive ones of the
// same conversation are joined into one message.
func (h History) CountJoined(replies map[Marker]bool) int {
	n := 0
	isJoining := map[int]bool{} // by conversation: whether its latest reply is one of replies
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

// The teams of a run. All customers write to SupportTeam. Its agents hand some conversations over to OtherTeam, which
// has no chat channel of its own, so that the threads stay where they are.
const (
	SupportTeam = "Support"
	OtherTeam   = "Billing"
)

// OrderedEventGap is the minimum time between two messages of a thread for which the platform notifies Parley in the
// order of typing. Notifications of closer messages may arrive in either order.
const OrderedEventGap = 500 * time.Millisecond

// Responsible lists who may be responsible for an open conversation. While the customer waits for a reply, the card
// (the first post of the thread, which shows the state of the conversation) must name one of them.
type Responsible struct {
	Teams []string `json:"teams"`
	// OwnerAllowed is true if an agent may own the conversation, because an agent who replies becomes its owner.
	OwnerAllowed bool `json:"owner_allowed"`
}

// ResponsibleFor returns who may be responsible for the conversation of a thread after everything that was typed in it.
// late has the ids of the messages of which Parley was notified late. After one of these, or once the conversation may
// have been resolved, a command may have been applied or refused, and both outcomes are allowed.
func (h History) ResponsibleFor(root string, late map[string]bool) Responsible {
	responsible := Responsible{Teams: []string{SupportTeam}}
	isResolved := false // from then on commands may be refused
	isLate := false     // Parley was notified of something late
	var lastPostAt time.Time
	for _, op := range h {
		if op.Root != root {
			continue
		}

		isLate = isLate || late[op.ID]
		isInOrder := !isLate && op.At.Sub(lastPostAt) > OrderedEventGap
		isSureToWork := isInOrder && !isResolved
		switch op.Kind {
		case OpWrite, OpEdit, OpDelete, OpSnooze, OpOrder, OpEnd: // change neither the owner nor the team
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

// maxReordering bounds how far notifications overtake each other: at most this many other messages may arrive at Parley
// between two that were typed one after the other.
const maxReordering = 3

// ExpectedQuestions returns all replies. The value reports whether Parley may hold the reply back and ask the agent to
// confirm it with a click. It may do so in a resolved conversation, and if a colleague wrote shortly before.
func (h History) ExpectedQuestions() map[Marker]bool {
	type conversation struct {
		untilOpen int         // how many more messages the customer must write to reopen it; 0 means open
		recent    []Operation // the latest messages of teammates, at most maxReordering
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
		case OpResolve, OpEnd:
			c.untilOpen = 2 // the customer's next message may have been written before the command
		case OpPost:
			if op.Marker.Kind != Internal {
				followsColleague := slices.ContainsFunc(c.recent, func(before Operation) bool { return before.Author != op.Author })
				expected[op.Marker] = c.untilOpen > 0 || followsColleague
			}
			c.recent = append(c.recent, op)
		case OpEdit, OpDelete, OpHandOver, OpUnassign, OpSnooze, OpOrder: // neither resolve nor say anything new
		}

		c.recent = c.recent[max(len(c.recent)-maxReordering, 0):]
	}

	return expected
}
