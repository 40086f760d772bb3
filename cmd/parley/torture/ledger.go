package torture

import (
	"slices"
	"time"
)

// ledger is what the driver had people say and do, in that order. The oracle compares it
// with what it sees: nobody's words may be missing, and nothing may be there that nobody
// said.
type ledger []record

// record is one thing that somebody said or did.
type record struct {
	At   time.Time
	Did  act
	Mark mark   // of the words; zero for a command or a deletion
	Conv int    // whose conversation
	Root string // the thread in which a teammate acted; "" = a customer wrote
	ID   string // the teammate's message; "" likewise
	By   string // who typed that message; "" = an edit, a deletion or a customer
	Team string // of a hand-over: to which team; "" = back to where it was
	// Heard says that the platform is to tell Parley of it.
	Heard bool
}

// act is what somebody did.
type act string

// Acts. Where one is about an earlier message, that message's id is the record's.
const (
	actWrite    act = "wrote"       // a customer's mail or text
	actType     act = "typed"       // a teammate's words in a thread
	actEdit     act = "edited"      // other words in the place of a reply's
	actDelete   act = "deleted"     // of a reply, within its hold
	actResolve  act = "resolved"    // the command that ends the conversation
	actHandOver act = "handed over" // the command that gives it to another team
	actUnassign act = "put back"    // the command that leaves it without an owner
)

// marks gives the marks of all words in a ledger.
func (l ledger) marks() map[mark]bool {
	all := map[mark]bool{}
	for _, r := range l {
		if r.Mark != (mark{}) {
			all[r.Mark] = true
		}
	}
	return all
}

// deleted gives the messages that were taken back, by id.
func (l ledger) deleted() map[string]bool {
	gone := map[string]bool{}
	for _, r := range l {
		if r.Did == actDelete {
			gone[r.ID] = true
		}
	}
	return gone
}

// original gives what a message said when it was typed.
func (l ledger) original(id string) mark {
	for _, r := range l {
		if r.Did == actType && r.ID == id {
			return r.Mark
		}
	}
	return mark{}
}

// heard gives the messages of teammates of which Parley must have a record.
func (l ledger) heard() []string {
	var ids []string
	for _, r := range l {
		if r.Heard && r.ID != "" && r.Did != actEdit && r.Did != actDelete {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// together counts the messages that customers get when replies typed one after the other to the
// same customer leave as one message.
func (l ledger) together(replies map[mark]bool) int {
	n, inRun := 0, map[int]bool{}
	for _, r := range l {
		if r.Did != actType || r.Mark.Kind != out && r.Mark.Kind != back {
			continue
		}
		if replies[r.Mark] && !inRun[r.Conv] {
			n++
		}
		inRun[r.Conv] = replies[r.Mark]
	}
	return n
}

// supportTeam has the accounts of a run. Its agents hand some conversations over to
// otherTeam, which has no channel of its own: their threads stay where they are.
const (
	supportTeam = "Support"
	otherTeam   = "Billing"
)

// tellInOrder is how far apart two messages of a thread must have been typed so that the platform
// tells Parley of them in that order. Closer ones may come in either order.
const tellInOrder = 500 * time.Millisecond

// keepers are the owner and the teams of which a card must name one while its customer waits.
type keepers struct {
	Teams []string
	// Owner: an agent may own the conversation, since a reply claims it.
	Owner bool
}

// keepersOf says who keeps the conversation of a thread after all that was typed in it.
// Where Parley was told of something late, or the conversation may have been over, it
// allows for both outcomes. late are the messages of which Parley was told late.
func (l ledger) keepersOf(root string, late map[string]bool) keepers {
	k := keepers{Teams: []string{supportTeam}}
	over, unsure := false, false
	var last time.Time
	for _, r := range l {
		if r.Root != root {
			continue
		}
		unsure = unsure || late[r.ID]
		switch r.Did {
		case actWrite, actEdit, actDelete: // change nobody's part
		case actType:
			k.Owner, last = k.Owner || r.Mark.Kind != inside, r.At
		case actResolve:
			over = true // from now on commands may be refused
		case actHandOver, actUnassign:
			sure := !over && !unsure && r.At.Sub(last) > tellInOrder
			if sure {
				k.Owner = false
			}
			switch {
			case r.Team == "":
			case sure:
				k.Teams = []string{r.Team}
			default:
				k.Teams = append(k.Teams, r.Team)
			}
		}
	}
	return k
}

// asks gives the replies that Parley may keep until somebody clicks: those typed in a resolved
// conversation, and those typed after a colleague's remark. All other replies map to false.
func (l ledger) asks() map[mark]bool {
	// Messages may arrive in another order than they were typed, so the last three remarks count.
	const disorder = 3
	asked := map[mark]bool{}
	type place struct {
		over    int // how many more messages the customer must write to reopen it; 0 = it is open
		remarks []record
	}
	at := map[int]*place{}
	for _, r := range l {
		p := at[r.Conv]
		if p == nil {
			p = &place{}
			at[r.Conv] = p
		}
		switch {
		case r.Did == actWrite:
			p.over = max(p.over-1, 0)
		case r.Did == actResolve:
			p.over = 2 // the customer's next message may have been written before the command
		case r.Did == actType && r.Mark.Kind == inside:
			p.remarks = append(p.remarks, r)
		case r.Did == actType:
			remark := slices.ContainsFunc(p.remarks, func(before record) bool { return before.By != r.By })
			asked[r.Mark] = p.over > 0 || remark
			p.remarks = append(p.remarks, r)
		}
		p.remarks = p.remarks[max(len(p.remarks)-disorder, 0):]
	}
	return asked
}
