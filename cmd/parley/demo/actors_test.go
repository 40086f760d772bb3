package demo

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
)

// customerCommand makes a customer act and looks into the customer's mailbox.
//
//	customer maria mails 'Subject' 'text' [cc=a@b] [header=Name:value] [attach=file]
//	customer maria replies 'text' [cc=…] [attach=…]
//	customer maria receives 'text'
//	customer maria has 2 mails
func customerCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if len(args) < 3 {
		ts.Fatalf("usage: customer NAME mails|replies|receives|has …")
	}
	name := strings.ToUpper(args[0][:1]) + args[0][1:]
	c := s.world.Mail.Customer(fmt.Sprintf("%s <%s@customer.test>", name, args[0]))
	switch args[1] {
	case "mails":
		m := mailfake.Mail{To: []string{HelpAddress}, Subject: args[2], Text: args[3]}
		details(ts, &m, args[4:])
		_, err := c.Send(m)
		ts.Check(err)
		s.last = args[2]
	case "replies":
		m := mailfake.Mail{Text: args[2]}
		details(ts, &m, args[3:])
		inbox := c.Inbox()
		if len(inbox) == 0 {
			ts.Fatalf("%s has no mail to reply to", name)
		}
		_, err := c.ReplyWith(inbox[len(inbox)-1], m)
		ts.Check(err)
	case "receives":
		expect(ts, neg, name+" receives "+args[2], func() bool {
			return slices.ContainsFunc(c.Inbox(), func(r mailfake.Received) bool {
				return strings.Contains(r.Text, args[2]) && attached(r, args[3:])
			})
		})
	case "has":
		if !neg {
			ts.Check(s.settle())
		}
		expect(ts, neg, fmt.Sprintf("%s has %s mails, not %d", name, args[2], len(c.Inbox())), func() bool {
			return fmt.Sprint(len(c.Inbox())) == args[2]
		})
	default:
		ts.Fatalf("unknown: customer %s", args[1])
	}
}

func attached(r mailfake.Received, want []string) bool {
	for _, w := range want {
		if !slices.ContainsFunc(r.Attachments, func(a mailfake.Attachment) bool { return a.Name == w }) {
			return false
		}
	}
	return true
}

// details reads name=value arguments of a mail.
func details(ts *testscript.TestScript, m *mailfake.Mail, args []string) {
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "cc":
			m.Cc = append(m.Cc, value)
		case "header":
			k, v, _ := strings.Cut(value, ":")
			if m.Headers == nil {
				m.Headers = map[string]string{}
			}
			m.Headers[k] = strings.TrimSpace(v)
		case "attach":
			body, err := os.ReadFile(ts.MkAbs(value))
			ts.Check(err)
			m.Attachments = append(m.Attachments, mailfake.Attachment{Name: value, Content: body})
		default:
			ts.Fatalf("unknown detail %q", name)
		}
	}
}

var people = map[string]string{"ann": Ann, "ben": Ben, "zoe": Zoe}

// agentCommand makes a teammate act in the thread of the conversation talked about.
//
//	agent ann says 'text' [attach=file]      agent ann posts 'text' (in the channel)
//	agent ann edits 'text' 'new text'        agent ann deletes 'text' | root
//	agent ann clicks 'Label'                 agent ann reacts 'text' emoji
//	agent ann sees 'text' (only for her)     agent ann is notified 'text'
//	agent ann commands '/parley …'
func agentCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if len(args) < 3 || people[args[0]] == "" {
		ts.Fatalf("usage: agent NAME VERB …")
	}
	p := s.world.Slack.As(people[args[0]])
	switch args[1] {
	case "says", "posts":
		in := slackfake.Post{Channel: Support, Text: args[2]}
		if args[1] == "says" {
			in.Thread = s.root(ts)
		}
		for _, f := range args[3:] {
			name := strings.TrimPrefix(f, "attach=")
			body, err := os.ReadFile(ts.MkAbs(name))
			ts.Check(err)
			in.Files = append(in.Files, slackfake.NewFile{Name: name, Data: body})
		}
		_, err := p.Post(in)
		ts.Check(err)
	case "edits":
		ts.Check(p.Edit(Support, s.find(ts, args[2]).TS, args[3]))
	case "deletes":
		at := s.root(ts)
		if args[2] != "root" {
			at = s.find(ts, args[2]).TS
		}
		ts.Check(p.Delete(Support, at))
	case "reacts":
		ts.Check(p.React(Support, s.find(ts, args[2]).TS, args[3]))
	case "clicks":
		s.click(ts, neg, p, args[2])
	case "commands":
		command, text, _ := strings.Cut(args[2], " ")
		ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
		defer cancel()
		_, err := p.Command(ctx, Support, command, text)
		ts.Check(err)
	case "sees":
		expect(ts, neg, args[0]+" sees "+args[2], func() bool {
			return slices.ContainsFunc(s.world.Slack.Ephemerals(p.ID()), func(e slackfake.Ephemeral) bool {
				return strings.Contains(plain(e.Text, e.Blocks), args[2])
			})
		})
	case "is":
		if args[2] == "told" {
			dm := s.world.Slack.DM(p.ID())
			expect(ts, neg, args[0]+" is told by direct message: "+args[3], func() bool {
				return slices.ContainsFunc(s.world.Slack.Messages(dm), func(m *slackfake.Message) bool {
					return strings.Contains(plain(m.Text, m.Blocks), args[3])
				})
			})
			return
		}
		expect(ts, neg, args[0]+" is notified: "+args[3], func() bool {
			return slices.ContainsFunc(s.world.Slack.Notifications(p.ID()), func(n slackfake.Notification) bool {
				m := s.world.Slack.Message(n.Channel, n.TS)
				return m != nil && strings.Contains(plain(m.Text, m.Blocks), args[3])
			})
		})
	default:
		ts.Fatalf("unknown: agent %s", args[1])
	}
}
