package mailfake

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels/emulator"
)

// This file defines the faults that tests can inject into the fake mail server. For example, this fault loses the response
// to the second mail for Ann, although the mail is delivered, so that the client can't know whether it was sent:
//
//	Fault{Op: OpDATA, Action: ActionDropAfter, Recipient: "ann@customer.test", Nth: 2}

// Op is the command to which a Fault applies.
type Op string

// OpAny matches all commands.
const (
	OpAny         Op = ""
	OpSMTPConnect Op = "smtp.connect" // EHLO or HELO, which begins a session of go-smtp
	OpAUTH        Op = "smtp.auth"
	OpMAIL        Op = "smtp.mail"
	OpRCPT        Op = "smtp.rcpt"
	OpDATA        Op = "smtp.data"
	OpIMAPConnect Op = "imap.connect"
	OpLOGIN       Op = "imap.login" // LOGIN and AUTHENTICATE
	OpLIST        Op = "imap.list"
	OpSELECT      Op = "imap.select" // SELECT and EXAMINE
	OpSTATUS      Op = "imap.status"
	OpAPPEND      Op = "imap.append"
	OpSEARCH      Op = "imap.search"
	OpFETCH       Op = "imap.fetch"
	OpSTORE       Op = "imap.store"
	OpMOVE        Op = "imap.move" // MOVE and COPY
	OpEXPUNGE     Op = "imap.expunge"
	OpIDLE        Op = "imap.idle"
)

// Action is what a Fault does.
type Action string

// The actions. In parentheses are the protocol or the commands to which an action is limited.
const (
	// ActionReply refuses the command: in SMTP with Code and Enhanced (421 also disconnects), in IMAP with NO and
	// ResponseCode.
	ActionReply Action = "reply"
	// ActionDropBefore disconnects before the command has any effect. For OpDATA it disconnects after Bytes of the mail,
	// before the final dot.
	ActionDropBefore Action = "drop_before"
	// ActionDropAfter executes the command and disconnects in place of the response.
	ActionDropAfter Action = "drop_after"
	// ActionDelay waits for Delay before the command. If Delay is 0, it waits until the faults are cleared or the server
	// closes.
	ActionDelay Action = "delay"
	// ActionDelayAfter executes the command and then waits like ActionDelay before the response.
	ActionDelayAfter Action = "delay_after"
	// ActionBye sends BYE and disconnects (IMAP).
	ActionBye Action = "bye"
	// ActionCut disconnects after Bytes of a response, by default in the middle of the first literal (OpFETCH).
	ActionCut Action = "cut"
	// ActionFreeze stops where ActionCut would disconnect, waits like ActionDelay, and continues (OpFETCH).
	ActionFreeze Action = "freeze"
	// ActionFlagsOnly responds only with flags, without bodies (OpFETCH).
	ActionFlagsOnly Action = "flags_only"
	// ActionUnknownItem adds a FETCH item that isn't in any RFC (OpFETCH).
	ActionUnknownItem Action = "unknown_item"
	// ActionExpunge removes the last Count (default 1) of the requested mails immediately before they are sent (OpFETCH).
	ActionExpunge Action = "expunge"
	// ActionUIDValidity first gives the folder a new UIDVALIDITY and its mails new UIDs (OpSELECT).
	ActionUIDValidity Action = "uidvalidity"
	// ActionExists first sends Count (default 20) unsolicited EXISTS responses (OpFETCH, OpIDLE).
	ActionExists Action = "exists"
	// ActionSilent announces nothing during IDLE (OpIDLE).
	ActionSilent Action = "silent"
	// ActionHideIdle removes IDLE from the capabilities (OpIMAPConnect, OpLOGIN).
	ActionHideIdle Action = "hide_idle"
)

// Forever as Fault.Times keeps a fault until the faults are cleared.
const Forever = emulator.Forever

// Fault makes a command fail. It counts the commands that match Op, Mailbox and Recipient, and fires Times times, beginning
// with the Nth. With a Probability it fires at random, from Options.Seed.
type Fault struct {
	ID        string `json:"id,omitempty"` // default: assigned by AddFault
	Op        Op     `json:"op"`
	Action    Action `json:"action"`
	Mailbox   string `json:"mailbox,omitempty"`   // the address of the mailbox that logs in; empty means any
	Recipient string `json:"recipient,omitempty"` // an address or @domain, for OpRCPT and OpDATA; empty means any
	Nth       int    `json:"nth,omitempty"`       // starting at 1; 0 means 1
	Times     int    `json:"times,omitempty"`     // 0 means once; may be Forever
	// Probability is in (0,1); 0 means that the fault always fires.
	Probability float64 `json:"probability,omitempty"`

	// Parameters of the actions; see there.
	Code         int               `json:"code,omitempty"`          // SMTP, default 451
	Enhanced     string            `json:"enhanced,omitempty"`      // SMTP: "4.7.0"
	ResponseCode imap.ResponseCode `json:"response_code,omitempty"` // IMAP, for OpLOGIN by default AUTHENTICATIONFAILED
	Text         string            `json:"text,omitempty"`
	Delay        time.Duration     `json:"delay,omitempty"` // Units: nanoseconds in JSON
	Bytes        int               `json:"bytes,omitempty"`
	Count        int               `json:"count,omitempty"`
}

// FaultState is a Fault with the numbers of commands that it matched and at which it fired.
type FaultState struct {
	Fault
	Seen  int `json:"seen"`
	Fired int `json:"fired"`
}

// faults are the armed faults. They have their own lock.
type faults struct {
	*emulator.FaultSet[Fault]
	over <-chan struct{} // closed when the server closes
}

// AddFault arms a fault and returns its id. It returns an error for an unknown op or action.
func (p *faults) AddFault(f Fault) (string, error) {
	if err := emulator.CheckWord("op", f.Op, knownOps()); err != nil {
		return "", fmt.Errorf("mailfake: %w", err)
	}
	if err := emulator.CheckWord("action", f.Action, knownActions()); err != nil {
		return "", fmt.Errorf("mailfake: %w", err)
	}
	return p.FaultSet.Add(f, emulator.FaultRule{ID: f.ID, Nth: f.Nth, Times: f.Times, Probability: f.Probability}), nil
}

// Faults returns all faults with their counts, including those that have fired Times times.
func (p *faults) Faults() []FaultState {
	list := []FaultState{}
	for _, f := range p.FaultSet.List() {
		f.Fault.ID = f.Rule.ID
		list = append(list, FaultState{Fault: f.Fault, Seen: f.Seen, Fired: f.Fired})
	}
	return list
}

func knownOps() []Op {
	return []Op{OpAny, OpSMTPConnect, OpAUTH, OpMAIL, OpRCPT, OpDATA, OpIMAPConnect, OpLOGIN, OpLIST, OpSELECT,
		OpSTATUS, OpAPPEND, OpSEARCH, OpFETCH, OpSTORE, OpMOVE, OpEXPUNGE, OpIDLE}
}

func knownActions() []Action {
	return []Action{ActionReply, ActionDropBefore, ActionDropAfter, ActionDelay, ActionDelayAfter, ActionBye, ActionCut,
		ActionFreeze, ActionFlagsOnly, ActionUnknownItem, ActionExpunge, ActionUIDValidity, ActionExists, ActionSilent, ActionHideIdle}
}

// hits are the faults that fire for one command.
type hits struct{ emulator.FaultHits[Fault] }

func (h hits) find(a Action) (Fault, bool) {
	return h.Find(func(f Fault) bool { return f.Action == a })
}

// strike counts a command for all faults that match, and returns those that fire.
func (p *faults) strike(op Op, mailbox string, recipients ...string) hits {
	return hits{p.FaultSet.Strike(func(f Fault) bool { return f.matches(op, mailbox, recipients) })}
}

func (f Fault) matches(op Op, mailbox string, recipients []string) bool {
	if f.Op != OpAny && f.Op != op {
		return false
	}
	if f.Mailbox != "" && !strings.EqualFold(f.Mailbox, mailbox) {
		return false
	}
	isRecipient := func(address string) bool { return matchesAddress(f.Recipient, address) }
	return f.Recipient == "" || slices.ContainsFunc(recipients, isRecipient)
}

// matchesAddress reports whether an address matches a pattern, which is an address or @domain.
func matchesAddress(pattern, address string) bool {
	if strings.HasPrefix(pattern, "@") {
		return len(address) > len(pattern) && strings.EqualFold(address[len(address)-len(pattern):], pattern)
	}
	return strings.EqualFold(pattern, address)
}

// pause waits for the Delay of a fault with this action, if there is one. It returns early if the faults are cleared, or if
// the connection or the server closes.
func (p *faults) pause(c *faultConn, h hits, a Action) {
	if f, ok := h.find(a); ok {
		h.Hold(f.Delay, c.closed, p.over)
	}
}
