package judge

import (
	"slices"
	"time"
)

// Ledger is what the driver had people say and do, in that order. The oracle compares it
// with what it sees: nobody's words may be missing, and nothing may be there that nobody
// said.
type Ledger []Record

// Record is one thing that somebody said or did.
type Record struct {
	At   time.Time
	Did  act
	Mark Mark   // of the words; zero for a command or a deletion
	Conv int    // whose conversation
	Root string // the thread in which a teammate acted; "" means a customer wrote
	ID   string // the teammate's message; "" means a customer wrote
	By   string // who typed that message; "" means an edit, a deletion or a customer
	Team string // of a hand-over: to which team; "" means back to where it was
	// Heard says that the platform is to tell Parley of it.
	Heard bool
}

// act is what somebody did.
type act string

// Acts. Where one is about an earlier message, that message's id is the record's.
const (
	ActWrite    act = "wrote"       // a customer's mail or text
	ActType     act = "typed"       // a teammate's words in a thread
	ActEdit     act = "edited"      // other words in the place of a reply's
	ActDelete   act = "deleted"     // of a reply, within its hold
	ActResolve  act = "resolved"    // the command that ends the conversation
	ActHandOver act = "handed over" // the command that gives it to another team
	ActUnassign act = "put back"    // the command that leaves it without an owner
)

// listMarks returns the marks of all words in a ledger.
func (l Ledger) listMarks() map[Mark]bool {
	all := map[Mark]bool{}
	for _, r := range l {
		if r.Mark != (Mark{}) {
			all[r.Mark] = true
		}
	}
	return all
}

// listDeleted returns the messages that were taken back, by id.
func (l Ledger) listDeleted() map[string]bool {
	deleted := map[string]bool{}
	for _, r := range l {
		if r.Did == ActDelete {
			deleted[r.ID] = true
		}
	}
	return deleted
}

// findOriginal returns what a message said when it was typed.
func (l Ledger) findOriginal(id string) Mark {
	for _, r := range l {
		if r.Did == ActType && r.ID == id {
			return r.Mark
		}
	}
	return Mark{}
}

// Heard returns the messages of teammates of which Parley must have a record.
func (l Ledger) Heard() []string {
	var ids []string
	for _, r := range l {
		isChange := r.Did == ActEdit || r.Did == ActDelete // of a message that was heard before
		if !r.Heard || isChange {
			continue
		}
		if r.ID != "" {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Together counts the messages that customers get when replies typed one after the other to the
// same customer leave as one message.
func (l Ledger) Together(replies map[Mark]bool) int {
	n, inRun := 0, map[int]bool{} // whether the conversation's last reply was one of them
	for _, r := range l {
		isReply := r.Mark.Kind == Out || r.Mark.Kind == Back
		if r.Did != ActType || !isReply {
			continue
		}
		if replies[r.Mark] && !inRun[r.Conv] {
			n++
		}
		inRun[r.Conv] = replies[r.Mark]
	}
	return n
}

// SupportTeam has the accounts of a run. Its agents hand some conversations over to
// OtherTeam, which has no channel of its own: their threads stay where they are.
const (
	SupportTeam = "Support"
	OtherTeam   = "Billing"
)

// TellInOrder is how far apart two messages of a thread must have been typed so that the platform
// tells Parley of them in that order. Closer ones may come in either order.
const TellInOrder = 500 * time.Millisecond

// Keepers are the owner and the teams of which a card must name one while its customer waits.
type Keepers struct {
	Teams []string
	// Owner: an agent may own the conversation, since a reply claims it.
	Owner bool
}

// KeepersOf reports who keeps the conversation of a thread after all that was typed in it.
// Where Parley was told of something late, or the conversation may have been over, it
// allows for both outcomes. late are the messages of which Parley was told late.
func (l Ledger) KeepersOf(root string, late map[string]bool) Keepers {
	k := Keepers{Teams: []string{SupportTeam}}
	over, unsure := false, false // somebody resolved the conversation; Parley was told of something late
	var last time.Time
	for _, r := range l {
		if r.Root != root {
			continue
		}

		unsure = unsure || late[r.ID]
		switch r.Did {
		case ActWrite, ActEdit, ActDelete: // change neither the owner nor the team
		case ActType:
			k.Owner, last = k.Owner || r.Mark.Kind != Inside, r.At
		case ActResolve:
			over = true // from now on commands may be refused
		case ActHandOver, ActUnassign:
			isInOrder := !unsure && r.At.Sub(last) > TellInOrder
			isSure := !over && isInOrder
			if isSure {
				k.Owner = false
			}
			if r.Team == "" {
				continue
			}
			if isSure {
				k.Teams = nil
			}

			k.Teams = append(k.Teams, r.Team)
		}
	}

	return k
}

// Asks returns the replies that Parley may keep until somebody clicks: those typed in a resolved
// conversation, and those typed after a colleague's remark. All other replies map to false.
func (l Ledger) Asks() map[Mark]bool {
	// Messages may arrive in another order than they were typed, so the last three remarks count.
	const disorder = 3
	asked := map[Mark]bool{}
	type conversation struct {
		untilOpen int // how many more messages the customer must write to reopen it; 0 means it is open
		remarks   []Record
	}

	at := map[int]*conversation{}
	for _, r := range l {
		p := at[r.Conv]
		if p == nil {
			p = &conversation{}
			at[r.Conv] = p
		}

		switch r.Did {
		case ActWrite:
			p.untilOpen = max(p.untilOpen-1, 0)
		case ActResolve:
			p.untilOpen = 2 // the customer's next message may have been written before the command
		case ActType:
			if r.Mark.Kind != Inside {
				remark := slices.ContainsFunc(p.remarks, func(before Record) bool { return before.By != r.By })
				asked[r.Mark] = p.untilOpen > 0 || remark
			}
			p.remarks = append(p.remarks, r)
		case ActEdit, ActDelete, ActHandOver, ActUnassign: // neither resolve nor say anything new
		}

		p.remarks = p.remarks[max(len(p.remarks)-disorder, 0):]
	}

	return asked
}
