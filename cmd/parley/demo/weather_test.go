package demo

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/channels/email/mailfake"
)

// surfaceCommand lets something happen to the agents' surface.
//
//	surface slack (teams) …             first of all: the only surfaces on which this is played; see isTold
//	surface disconnects                 Parley never gets the events of this time
//	surface vanishes                    and can't call the surface
//	surface reconnects                  and Parley finds what was said in threads meanwhile
//	surface removes root                an administrator deletes the thread's first message
//	surface fails KIND TIMES            KIND: slow-down, slow-down-untold, slow-down-politely,
//	                                    broken, blank, broken-after, cut-after
//	surface repeats|reorders events
//	surface archives|unarchives         the channel
//	surface deletes|restores channel
//	surface withholds files             Parley may not read them
//	surface recovers
func surfaceCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: surface NAME|disconnects|reconnects|fails|…")
	}
	if slices.Contains(surfaces(), args[0]) { // play has chosen by it
		return
	}

	switch args[0] {
	case "recovers", "reconnects":
	case "fails":
		s.deeds.add(s.where, "trouble", args[0], args[1])
	default:
		s.deeds.add(s.where, "trouble", args[0])
	}

	switch args[0] {
	case "reconnects":
		s.board.calm()
		ts.Check(s.until("the surface is connected again", func() (bool, error) { return s.board.connected(len(s.running)), nil }))
		ts.Check(s.until("what was said meanwhile is found", s.threadsKnown))
	case "recovers":
		s.board.calm()
	case "removes":
		ts.Check(s.board.suffer(args[0], []string{s.root(ts)}))
	default:
		ts.Check(s.board.suffer(args[0], args[1:]))
	}
}

// threadsKnown reports whether Parley has stored everything that people said in threads.
func (s *stage) threadsKnown() (bool, error) {
	var said []string
	for _, m := range everything(s.board) {
		if !m.Ours && m.Thread != "" {
			said = append(said, "m:"+s.board.channel()+":"+m.ID)
		}
	}
	var known int
	err := s.db.Pool.QueryRow(s.ctx, `SELECT count(DISTINCT external_id) FROM events WHERE external_id = ANY($1)`, said).Scan(&known)
	return known == len(said), err
}

// mailCommand lets something happen to the customers' channel.
//
//	mail refuses|bounces ADDRESS     what happens to mail to a customer
//	mail locks|unlocks MAILBOX              its password changes
//	mail fails CODE TIMES                   the answer to the next mails
//	mail cuts-after TIMES                   they are accepted, and the answer is lost
//	mail answers 'text' [detail=…]          somebody answers the newest mail in the mailbox itself
//	mail accepted N                         so many mails were handed to the server
//	mail recovers
func mailCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: mail refuses|bounces|locks|unlocks|fails|…")
	}
	fake := s.company.Mail
	rule := mailfake.RecipientRule{Code: 550, Enhanced: "5.1.1", Text: "no such user"}
	switch args[0] {
	case "locks", "unlocks":
		ts.Check(fake.SetMailbox(args[1], func(c *mailfake.MailboxConfig) {
			c.Password = HelpPassword
			if args[0] == "locks" {
				c.Password = "changed by somebody"
			}
		}))
		fake.Disconnect(args[1])
		return
	case "fails":
		code, err := strconv.Atoi(args[1])
		ts.Check(err)
		times, err := strconv.Atoi(args[2])
		ts.Check(err)
		enhanced := map[int]string{4: "4.3.2", 5: "5.6.0"}[code/100]
		_, err = fake.AddFault(mailfake.Fault{
			Op:       mailfake.OpDATA,
			Action:   mailfake.ActionReply,
			Code:     code,
			Enhanced: enhanced,
			Times:    times,
			Text:     "not now",
		})
		ts.Check(err)
		return
	case "cuts-after":
		times, err := strconv.Atoi(args[1])
		ts.Check(err)
		_, err = fake.AddFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter, Times: times})
		ts.Check(err)
		return
	case "answers": // somebody of the team, in the mailbox itself
		m := mailfake.Mail{Text: args[1]}
		program := details(ts, &m, args[2:])
		inbox := fake.Inbox(HelpAddress)
		_, err := fake.Customer("Acme Support <"+HelpAddress+">").ReplyAs(program, inbox[len(inbox)-1], m)
		ts.Check(err)
		return
	case "accepted":
		ts.Check(s.untilSettled())
		if got := fmt.Sprint(len(fake.Submissions())); got != args[1] {
			ts.Fatalf("%s mails were handed over\n%s", got, s.describe())
		}
		return
	case "recovers":
		fake.ClearFaults()
		return
	case "refuses":
		rule.Policy = mailfake.PolicyRefuse
	case "bounces":
		rule.Policy = mailfake.PolicyBounce
	default:
		ts.Fatalf("unknown: mail %s", args[0])
	}
	rule.Address = args[1]
	ts.Check(fake.SetRecipient(rule))
}
