package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
)

// rootOf finds the thread whose card shows a subject; the newest one.
func (s *stage) rootOf(subject string) (string, error) {
	found := ""
	for _, m := range s.world.Slack.Messages(Support) {
		if m.ThreadTS != "" && m.ThreadTS != m.TS || m.BotID == "" {
			continue
		}
		if strings.Contains(plain(m.Text, m.Blocks), subject) {
			found = m.TS
		}
	}
	if found == "" {
		return "", fmt.Errorf("%w: %s", errNoThread, subject)
	}
	return found, nil
}

// root waits for the thread of the conversation talked about.
func (s *stage) root(ts *testscript.TestScript) string {
	root := ""
	err := s.until("a thread about "+s.last, func() (bool, error) {
		var err error
		root, err = s.rootOf(s.last)
		return err == nil, nil
	})
	if err != nil {
		ts.Fatalf("%v\n%s", err, s.picture())
	}
	return root
}

// find waits for the newest message of the channel and its threads that contains a text.
func (s *stage) find(ts *testscript.TestScript, text string) *slackfake.Message {
	var found *slackfake.Message
	err := s.until("a message with "+text, func() (bool, error) {
		for _, m := range s.everything() {
			if strings.Contains(plain(m.Text, m.Blocks), text) {
				found = m
			}
		}
		return found != nil, nil
	})
	if err != nil {
		ts.Fatalf("%v\n%s", err, s.picture())
	}
	return found
}

// everything gives all messages of the support channel, threads included, in order.
func (s *stage) everything() []*slackfake.Message {
	var list []*slackfake.Message
	for _, root := range s.world.Slack.Messages(Support) {
		thread := s.world.Slack.Thread(Support, root.TS)
		if len(thread) == 0 {
			thread = []*slackfake.Message{root}
		}
		list = append(list, thread...)
	}
	return list
}

// click presses the newest button with a label in the thread, or one that only the
// person sees.
func (s *stage) click(ts *testscript.TestScript, neg bool, p *slackfake.Person, label string) {
	var at slackfake.Target
	action := ""
	look := func() (bool, error) {
		for _, m := range s.everything() {
			if a := buttonOf(m.Blocks, label); a != "" {
				at, action = slackfake.Target{Channel: Support, TS: m.TS}, a
			}
		}
		for _, e := range s.world.Slack.Ephemerals(p.ID()) {
			if a := buttonOf(e.Blocks, label); a != "" && !e.Deleted {
				at, action = slackfake.Target{Channel: e.Channel, TS: e.TS}, a
			}
		}
		return action != "", nil
	}
	if neg {
		ts.Check(s.settle())
		if found, _ := look(); found {
			ts.Fatalf("must not be: a button %s\n%s", label, s.picture())
		}
		return
	}
	if err := s.until("a button "+label, look); err != nil {
		ts.Fatalf("%v\n%s", err, s.picture())
	}
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	out, err := p.Click(ctx, at, action)
	ts.Check(err)
	if out.Error != "" {
		ts.Fatalf("click on %s: %s", label, out.Error)
	}
}

// buttonOf gives the action id of a button with a label.
func buttonOf(blocks json.RawMessage, label string) string {
	var tree any
	if len(blocks) == 0 || json.Unmarshal(blocks, &tree) != nil {
		return ""
	}
	found := ""
	walk(tree, func(o map[string]any) {
		text, _ := o["text"].(map[string]any)
		if o["type"] == "button" && text != nil && text["text"] == label {
			found, _ = o["action_id"].(string)
		}
	})
	return found
}

// plain gives the words that a message shows.
func plain(text string, blocks json.RawMessage) string {
	var tree any
	if len(blocks) == 0 || json.Unmarshal(blocks, &tree) != nil {
		return text
	}
	words := []string{text}
	walk(tree, func(o map[string]any) {
		if t, ok := o["text"].(string); ok {
			words = append(words, t)
		}
	})
	return strings.Join(words, " ")
}

func walk(node any, visit func(map[string]any)) {
	switch n := node.(type) {
	case map[string]any:
		visit(n)
		for _, v := range n {
			walk(v, visit)
		}
	case []any:
		for _, v := range n {
			walk(v, visit)
		}
	}
}

// threadCommand looks at the thread of the conversation talked about.
//
//	thread shows 'text'          thread marks 'text' heavy_check_mark
//	thread about 'Subject'       (talk about that one from now on)
//	thread files name            thread count N (roots of ours in the channel)
func threadCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if len(args) < 2 {
		ts.Fatalf("usage: thread shows|marks|about|files|count …")
	}
	switch args[0] {
	case "about":
		s.last = args[1]
		if neg {
			ts.Check(s.settle())
			if _, err := s.rootOf(args[1]); err == nil {
				ts.Fatalf("must not be: a thread about %s\n%s", args[1], s.picture())
			}
			return
		}
		s.root(ts)
	case "shows":
		root := s.root(ts)
		expect(ts, neg, "the thread shows "+args[1], func() bool {
			return slices.ContainsFunc(s.world.Slack.Thread(Support, root), func(m *slackfake.Message) bool {
				return strings.Contains(plain(m.Text, m.Blocks), args[1])
			})
		})
	case "marks":
		expect(ts, neg, args[1]+" is marked "+args[2], func() bool {
			return slices.ContainsFunc(s.everything(), func(m *slackfake.Message) bool {
				return strings.Contains(m.Text, args[1]) && slices.ContainsFunc(m.Reactions, func(r slackfake.Reaction) bool { return r.Name == args[2] })
			})
		})
	case "files":
		root := s.root(ts)
		expect(ts, neg, "the thread has the file "+args[1], func() bool {
			return slices.ContainsFunc(s.world.Slack.Thread(Support, root), func(m *slackfake.Message) bool {
				return slices.ContainsFunc(m.Files, func(f *slackfake.File) bool { return f.Name == args[1] })
			})
		})
	case "count":
		ts.Check(s.settle())
		n := 0
		for _, m := range s.world.Slack.Messages(Support) {
			if m.BotID != "" && (m.ThreadTS == "" || m.ThreadTS == m.TS) && m.Subtype != "tombstone" {
				n++
			}
		}
		if (fmt.Sprint(n) == args[1]) == neg {
			ts.Fatalf("%d threads\n%s", n, s.picture())
		}
	default:
		ts.Fatalf("unknown: thread %s", args[0])
	}
}

// slackCommand is `slack disconnects` (and what happens meanwhile is never told) and
// `slack reconnects`.
func slackCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	switch {
	case neg || len(args) == 0:
		ts.Fatalf("usage: slack disconnects|reconnects")
	case args[0] == "disconnects":
		s.world.Slack.Inject(slackfake.Fault{Method: "apps.connections.open", Kind: slackfake.FaultHTTP})
		s.world.Slack.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
		s.world.Slack.DropSockets()
	case args[0] == "removes":
		ts.Check(s.world.Slack.As(Owner).Delete(Support, s.root(ts)))
	case args[0] == "reconnects":
		s.world.Slack.ClearFaults()
		ts.Check(s.until("Slack is connected again", func() (bool, error) { return s.world.Slack.Sockets() > 0, nil }))
	default:
		ts.Fatalf("unknown: slack %s", args[0])
	}
}

// mailCommand is `mail refuses|bounces ADDRESS`, `mail locks|unlocks MAILBOX`.
func mailCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mail refuses|bounces|locks|unlocks ADDRESS")
	}
	rule := mailfake.RecipientRule{Address: args[1], Code: 550, Enhanced: "5.1.1", Text: "no such user"}
	switch args[0] {
	case "locks", "unlocks":
		ts.Check(s.world.Mail.SetMailbox(args[1], func(c *mailfake.MailboxConfig) {
			c.Password = HelpPassword
			if args[0] == "locks" {
				c.Password = "changed by somebody"
			}
		}))
		s.world.Mail.Disconnect(args[1])
		return
	case "refuses":
		rule.Policy = mailfake.PolicyRefuse
	case "bounces":
		rule.Policy = mailfake.PolicyBounce
	default:
		ts.Fatalf("unknown: mail %s", args[0])
	}
	ts.Check(s.world.Mail.SetRecipient(rule))
}

// picture is what a failing scenario shows of the channel.
func (s *stage) picture() string {
	var b strings.Builder
	for _, m := range s.everything() {
		who := m.Username
		if who == "" {
			who = m.User
		}
		indent := ""
		if m.ThreadTS != "" && m.ThreadTS != m.TS {
			indent = "    "
		}
		fmt.Fprintf(&b, "%s%s: %s", indent, who, plain(m.Text, m.Blocks))
		for _, r := range m.Reactions {
			fmt.Fprintf(&b, " :%s:", r.Name)
		}
		b.WriteString("\n")
	}
	for _, user := range []string{Ann, Ben, Zoe} {
		for _, e := range s.world.Slack.Ephemerals(user) {
			fmt.Fprintf(&b, "(only %s) %s\n", user, plain(e.Text, e.Blocks))
		}
	}
	return b.String() + s.journal()
}

// journal is what a failing scenario shows of the database.
func (s *stage) journal() string {
	const ask = `
		SELECT 'event ' || id || ' ' || external_id FROM events
		UNION ALL SELECT 'quarantined ' || event_id || ' ' || reason FROM quarantine
		UNION ALL SELECT 'message ' || id || ' ' || direction || ' ' || fate || ' ' || reason || ' ' || left(text, 30) FROM messages
		UNION ALL SELECT 'delivery ' || id || ' ' || kind || ' ' || state || ' ' || coalesce(not_before::text, '') || ' ' || error_text FROM deliveries
		UNION ALL SELECT 'lane ' || key || ' ' || head || '/' || tail || ' due ' || coalesce(due_at::text, '') FROM lanes
		UNION ALL SELECT 'now ' || parley_now()`
	rows, err := s.db.Pool.Query(context.Background(), ask)
	if err != nil {
		return err.Error()
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err.Error()
	}
	return strings.Join(lines, "\n") + "\n"
}
