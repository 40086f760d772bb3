package demo

import (
	"fmt"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
)

// surfaceCommand is what happens to the agents' surface.
//
//	surface disconnects                 what happens meanwhile is never told
//	surface reconnects                  and what was said in threads meanwhile is heard of
//	surface removes root                an administrator deletes the thread's first message
//	surface fails KIND TIMES            KIND: slow-down, slow-down-untold, slow-down-politely,
//	                                    broken, blank, broken-after, cut-after
//	surface repeats|reorders|forgets events
//	surface archives|unarchives|expels|invites|renames|moves (another id)
//	surface uninstalls|reinstalls
//	surface mumbles                     events that nobody understands
//	surface unfurls 'text'              a link preview appears
//	surface retires ben                 his account is switched off
//	surface recovers
func surfaceCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	fake := s.world.Slack
	if neg || len(args) == 0 {
		ts.Fatalf("usage: surface disconnects|reconnects|fails|…")
	}
	switch args[0] {
	case "disconnects":
		fake.Inject(slackfake.Fault{Method: "apps.connections.open", Kind: slackfake.FaultHTTP})
		fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
		fake.DropSockets()
	case "reconnects":
		s.calm()
		ts.Check(s.until("the surface is connected again", func() (bool, error) { return fake.Sockets() >= len(s.running), nil }))
		ts.Check(s.until("what was said meanwhile is found", s.heard))
	case "removes":
		ts.Check(fake.As(Owner).Delete(s.support, s.root(ts)))
	case "fails":
		s.spoilCalls(ts, args[1], args[2])
	case "repeats":
		fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	case "reorders":
		fake.Inject(slackfake.Fault{Method: "event:message.*", Kind: slackfake.FaultReorder, Times: 1})
	case "forgets":
		fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
	case "recovers":
		s.calm()
	case "retires":
		ts.Check(fake.UpdateUser(map[string]string{"ann": Ann, "ben": Ben}[args[1]], func(u *slackfake.User) { u.Deleted = true }))
	case "unfurls":
		ts.Check(fake.Unfurl(s.support, s.find(ts, args[1]).TS))
	default:
		s.manageChannel(ts, args[0])
	}
}

// heard says that Parley knows of everything that people have said in threads.
func (s *stage) heard() (bool, error) {
	var said []string
	for _, m := range s.everything() {
		if m.BotID == "" && m.ThreadTS != "" && m.ThreadTS != m.TS {
			said = append(said, "m:"+s.support+":"+m.TS)
		}
	}
	var known int
	err := s.db.Pool.QueryRow(s.ctx, `SELECT count(DISTINCT external_id) FROM events WHERE external_id = ANY($1)`, said).Scan(&known)
	return known == len(said), err
}

// spoilCalls makes the next posts fail.
func (s *stage) spoilCalls(ts *testscript.TestScript, kind, times string) {
	n, err := strconv.Atoi(times)
	ts.Check(err)
	f := slackfake.Fault{Method: "chat.postMessage", Times: n}
	switch kind {
	case "slow-down":
		f.Kind, f.Retry = slackfake.FaultRateLimit, 1
	case "slow-down-untold":
		f.Kind = slackfake.FaultBareLimit
	case "slow-down-politely":
		f.Kind, f.Error = slackfake.FaultLimitBody, "rate_limited"
	case "broken":
		f.Kind = slackfake.FaultHTTP
	case "broken-after":
		f.Kind, f.After = slackfake.FaultHTTP, true
	case "cut-after":
		f.Kind, f.After = slackfake.FaultDrop, true
	case "blank":
		f.Kind = slackfake.FaultBlank
	default:
		ts.Fatalf("unknown: surface fails %s", kind)
	}
	s.world.Slack.Inject(f)
}

func (s *stage) manageChannel(ts *testscript.TestScript, what string) {
	fake := s.world.Slack
	var err error
	switch what {
	case "archives":
		err = fake.ArchiveChannel(s.support, true)
	case "unarchives":
		err = fake.ArchiveChannel(s.support, false)
	case "expels":
		err = fake.Kick(s.support, fake.BotUserID())
	case "invites":
		err = fake.Invite(s.support, fake.BotUserID(), Ann)
	case "moves":
		s.support, err = fake.ChangeChannelID(s.support)
	case "uninstalls":
		fake.Uninstall()
	case "reinstalls":
		fake.Reinstall()
	case "mumbles":
		fake.SendEvent("channel_created", "", map[string]any{"type": "something_new", "channel": map[string]any{"id": 1}})
		fake.SendEvent("message.channels", s.support, map[string]any{"type": "message", "channel": s.support, "ts": 17, "user": []string{"x"}})
		fake.SendEvent("message.channels", s.support, map[string]any{"type": "message", "subtype": "message_changed", "channel": s.support})
		fake.SendEvent("reaction_added", s.support, map[string]any{"type": "reaction_added", "item": "none"})
	case "renames":
		err = fake.RenameChannel(s.support, "customer-care")
	default:
		ts.Fatalf("unknown: surface %s", what)
	}
	ts.Check(err)
}

// mailCommand is what happens to the customers' channel.
//
//	mail accepts|refuses|bounces|delays ADDRESS     what becomes of mail to a customer
//	mail locks|unlocks MAILBOX              its password changes
//	mail fails CODE TIMES                   the answer to the next mails
//	mail cuts-after TIMES                   they are taken, the answer is lost
//	mail renumbers MAILBOX                  as servers do after a restore
//	mail accepted N                         so many mails were handed to the server
//	mail recovers
func mailCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: mail refuses|bounces|delays|locks|unlocks|fails|…")
	}
	fake := s.world.Mail
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
		_, err = fake.AddFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Code: code, Enhanced: enhanced, Times: times, Text: "not now"})
		ts.Check(err)
		return
	case "cuts-after":
		times, err := strconv.Atoi(args[1])
		ts.Check(err)
		_, err = fake.AddFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter, Times: times})
		ts.Check(err)
		return
	case "renumbers":
		ts.Check(fake.ChangeUIDValidity(args[1], "INBOX"))
		return
	case "accepted":
		ts.Check(s.settle())
		if got := fmt.Sprint(len(fake.Submissions())); got != args[1] {
			ts.Fatalf("%s mails were handed over\n%s", got, s.picture())
		}
		return
	case "recovers":
		fake.ClearFaults()
		return
	case "accepts":
		rule.Policy = mailfake.PolicyAccept
	case "refuses":
		rule.Policy = mailfake.PolicyRefuse
	case "bounces":
		rule.Policy = mailfake.PolicyBounce
	case "delays":
		rule = mailfake.RecipientRule{Policy: mailfake.PolicyDelayed}
	default:
		ts.Fatalf("unknown: mail %s", args[0])
	}
	rule.Address = args[1]
	ts.Check(fake.SetRecipient(rule))
}
