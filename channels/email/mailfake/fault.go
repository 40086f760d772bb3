package mailfake

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels/emulator"
)

// Op names the command at which a Fault strikes.
type Op string

// The commands a Fault can strike. OpAny matches every one of them.
const (
	OpAny         Op = ""
	OpSMTPConnect Op = "smtp.connect" // EHLO or HELO: go-smtp makes its session there
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

// Action says what a Fault does to its command.
type Action string

// The actions. Those of one protocol or command name it.
const (
	// ActionReply refuses: SMTP with Code and Enhanced (421 also hangs up), IMAP with NO and ResponseCode.
	ActionReply Action = "reply"
	// ActionDropBefore cuts the connection before the command has any effect. At
	// OpDATA the cut comes after Bytes of the mail, before its final dot.
	ActionDropBefore Action = "drop_before"
	// ActionDropAfter cuts it when all is done and only the answer is missing.
	ActionDropAfter Action = "drop_after"
	// ActionDelay waits Delay before the command; Delay 0 waits until the faults are cleared or the server closes.
	ActionDelay Action = "delay"
	// ActionDelayAfter does the work, then waits like ActionDelay before answering.
	ActionDelayAfter Action = "delay_after"
	// ActionBye says BYE and hangs up (IMAP).
	ActionBye Action = "bye"
	// ActionCut ends the connection after Bytes of a FETCH answer, by default in the
	// middle of the first literal (OpFETCH).
	ActionCut Action = "cut"
	// ActionFreeze stops at the same byte as ActionCut, but keeps the connection open
	// until Delay is over (0: until the faults are cleared), then goes on (OpFETCH).
	ActionFreeze Action = "freeze"
	// ActionFlagsOnly answers a FETCH with bare flag updates, no body (OpFETCH).
	ActionFlagsOnly Action = "flags_only"
	// ActionUnknownItem slips a FETCH item in that no RFC names (OpFETCH).
	ActionUnknownItem Action = "unknown_item"
	// ActionExpunge removes the last Count (default 1) of the fetched mails for good just before their turn (OpFETCH).
	ActionExpunge Action = "expunge"
	// ActionUIDValidity gives the folder a new UIDVALIDITY and new UIDs first (OpSELECT).
	ActionUIDValidity Action = "uidvalidity"
	// ActionExists sends Count (default 20) unasked EXISTS lines first (OpFETCH, OpIDLE).
	ActionExists Action = "exists"
	// ActionSilent lets IDLE announce nothing (OpIDLE).
	ActionSilent Action = "silent"
	// ActionHideIdle removes IDLE from the capabilities (OpIMAPConnect, OpLOGIN).
	ActionHideIdle Action = "hide_idle"
)

// Forever in Fault.Times keeps a fault until the faults are cleared.
const Forever = emulator.Forever

// Fault is one thing that goes wrong. A fault counts the commands that match Op, Mailbox and Recipient; it strikes from
// the Nth on, Times times. With a Probability it strikes each of those by chance, drawn from Options.Seed.
type Fault struct {
	ID        string `json:"id,omitempty"` // given by AddFault when empty
	Op        Op     `json:"op"`
	Action    Action `json:"action"`
	Mailbox   string `json:"mailbox,omitempty"`   // address of who is or logs in; empty means any
	Recipient string `json:"recipient,omitempty"` // address or @domain, for OpRCPT and OpDATA; empty means any
	Nth       int    `json:"nth,omitempty"`       // counted from 1; 0 means 1
	Times     int    `json:"times,omitempty"`     // 0 means once; Forever
	// Probability is in (0,1); 0 means that it strikes always.
	Probability float64 `json:"probability,omitempty"`

	// What the actions say of them.
	Code         int               `json:"code,omitempty"`          // SMTP, default 451
	Enhanced     string            `json:"enhanced,omitempty"`      // SMTP: "4.7.0"
	ResponseCode imap.ResponseCode `json:"response_code,omitempty"` // IMAP; of OpLOGIN by default AUTHENTICATIONFAILED
	Text         string            `json:"text,omitempty"`
	Delay        time.Duration     `json:"delay,omitempty"` // Units: nanoseconds in JSON
	Bytes        int               `json:"bytes,omitempty"`
	Count        int               `json:"count,omitempty"`
}

// FaultState is a Fault and how often it matched and struck.
type FaultState struct {
	Fault
	Seen  int `json:"seen"`
	Fired int `json:"fired"`
}

// faults are the armed faults. They have a lock of their own.
type faults struct {
	*emulator.FaultSet[Fault]
	over <-chan struct{} // closed when the server is
}

// AddFault arms a fault and returns its id. Errors: unknown op or action.
func (p *faults) AddFault(f Fault) (string, error) {
	if err := emulator.CheckWord("op", f.Op, knownOps()); err != nil {
		return "", fmt.Errorf("mailfake: %w", err)
	}
	if err := emulator.CheckWord("action", f.Action, knownActions()); err != nil {
		return "", fmt.Errorf("mailfake: %w", err)
	}
	return p.FaultSet.Add(f, emulator.FaultRule{ID: f.ID, Nth: f.Nth, Times: f.Times, Probability: f.Probability}), nil
}

// Faults lists the armed faults, spent ones too, with their counts.
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

// hits are the faults that strike one command.
type hits struct{ emulator.FaultHits[Fault] }

func (h hits) find(a Action) (Fault, bool) {
	return h.Find(func(f Fault) bool { return f.Action == a })
}

// strike counts the command against every armed fault and returns those that fire.
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
	isMeant := func(address string) bool { return matchesAddress(f.Recipient, address) }
	return f.Recipient == "" || slices.ContainsFunc(recipients, isMeant)
}

// matchesAddress reports whether an address fits a pattern: an address or @domain.
func matchesAddress(pattern, address string) bool {
	if strings.HasPrefix(pattern, "@") {
		return len(address) > len(pattern) && strings.EqualFold(address[len(address)-len(pattern):], pattern)
	}
	return strings.EqualFold(pattern, address)
}

// pause waits as long as the action's fault says, if there is one, but never longer
// than the faults stay armed, the connection is open and the server runs.
func (p *faults) pause(c *faultConn, h hits, a Action) {
	if f, ok := h.find(a); ok {
		h.Hold(f.Delay, c.closed, p.over)
	}
}
