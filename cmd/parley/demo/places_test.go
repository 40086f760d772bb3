package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"parley/bot/slack/slackfake"
)

// rootOf finds the thread whose card shows a subject; the newest one.
func (s *stage) rootOf(subject string) (string, error) {
	found := ""
	for _, m := range s.roots() {
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

// find waits for the newest message of the channel and its threads that contains a
// text; what a person wrote comes before what Parley says of it.
func (s *stage) find(ts *testscript.TestScript, text string) *slackfake.Message {
	var found *slackfake.Message
	err := s.until("a message with "+text, func() (bool, error) {
		for _, m := range s.everything() {
			if strings.Contains(plain(m.Text, m.Blocks), text) && (found == nil || found.BotID != "" || m.BotID == "") {
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

// roots gives the channel's own messages, in order.
func (s *stage) roots() []*slackfake.Message {
	if s.variant.text {
		return s.text.shown(s.support, "")
	}
	return s.world.Slack.Messages(s.support)
}

// thread gives a thread's messages, in order.
func (s *stage) thread(root string) []*slackfake.Message {
	if s.variant.text {
		return s.text.shown(s.support, root)
	}
	return s.world.Slack.Thread(s.support, root)
}

// everything gives all messages of the support channel, threads included, in order.
func (s *stage) everything() []*slackfake.Message {
	var list []*slackfake.Message
	for _, root := range s.roots() {
		thread := s.thread(root.TS)
		if len(thread) == 0 {
			thread = []*slackfake.Message{root}
		}
		list = append(list, thread...)
	}
	return list
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
//	thread shows 'text' [by='Maria (customer)']    thread shows-once 'text'
//	thread orders 'first' 'second' …               thread lines N (numbered ones, all, in order)
//	thread marks 'text' heavy_check_mark           thread files name
//	thread about 'Subject'                         (talk about that one from now on)
//	thread count N                                 (roots of ours in the channel)
//	thread posts N                                 thread pictures N
func threadCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if len(args) < 2 {
		ts.Fatalf("usage: thread shows|marks|about|files|count …")
	}
	if s.variant.text {
		args = onText(args)
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
	case "marks":
		expect(ts, neg, args[1]+" is marked "+args[2], func() bool {
			return slices.ContainsFunc(s.everything(), func(m *slackfake.Message) bool {
				return strings.Contains(m.Text, args[1]) && slices.ContainsFunc(m.Reactions, func(r slackfake.Reaction) bool { return r.Name == args[2] })
			})
		})
	case "count":
		ts.Check(s.settle())
		n := 0
		for _, m := range s.roots() {
			if m.BotID != "" && (s.variant.text || m.BotID == s.world.Slack.BotID()) && (m.ThreadTS == "" || m.ThreadTS == m.TS) && m.Subtype != "tombstone" {
				n++
			}
		}
		if (fmt.Sprint(n) == args[1]) == neg {
			ts.Fatalf("%d threads\n%s", n, s.picture())
		}
	default:
		threadLooks(ts, neg, s, args)
	}
}

// threadLooks does the words about what stands in the thread.
func threadLooks(ts *testscript.TestScript, neg bool, s *stage, args []string) {
	root := s.root(ts)
	count := func(fits func(*slackfake.Message) bool) int {
		n := 0
		for _, m := range s.thread(root) {
			if fits(m) {
				n++
			}
		}
		return n
	}
	has := func(text string) func(*slackfake.Message) bool {
		return func(m *slackfake.Message) bool { return strings.Contains(plain(m.Text, m.Blocks), text) }
	}
	switch args[0] {
	case "shows":
		by := ""
		if len(args) > 2 {
			by = strings.TrimPrefix(args[2], "by=")
		}
		expect(ts, neg, "the thread shows "+strings.Join(args[1:], " "), func() bool {
			return count(func(m *slackfake.Message) bool { return has(args[1])(m) && (by == "" || m.Username == by) }) > 0
		})
	case "shows-once":
		expect(ts, false, "the thread shows "+args[1], func() bool { return count(has(args[1])) > 0 })
		ts.Check(s.settle())
		if n := count(has(args[1])); n != 1 {
			ts.Fatalf("%d times: %s\n%s", n, args[1], s.picture())
		}
	case "orders":
		expect(ts, neg, "the thread shows in order "+strings.Join(args[1:], ", "), func() bool {
			return inOrder(s.said(root), args[1:])
		})
	case "posts": // at most so many of Parley's, the card left out
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		if got := count(func(m *slackfake.Message) bool { return m.BotID != "" && m.TS != root }); got > n {
			ts.Fatalf("%d posts\n%s", got, s.picture())
		}
	case "pictures":
		expect(ts, neg, "the thread has "+args[1]+" pictures", func() bool {
			n := 0
			count(func(m *slackfake.Message) bool { n += len(m.Files); return false })
			return strconv.Itoa(n) == args[1]
		})
	case "lines":
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		expect(ts, neg, "the thread shows all lines", func() bool { return linesInOrder(s.said(root), n) })
	case "files":
		expect(ts, neg, "the thread has the files "+strings.Join(args[1:], " "), func() bool {
			return !slices.ContainsFunc(args[1:], func(name string) bool {
				return count(func(m *slackfake.Message) bool {
					return slices.ContainsFunc(m.Files, func(f *slackfake.File) bool { return f.Name == name })
				}) == 0
			})
		})
	default:
		ts.Fatalf("unknown: thread %s", args[0])
	}
}

// said gives everything in a thread as one text.
func (s *stage) said(root string) string {
	var b strings.Builder
	for _, m := range s.thread(root) {
		if len(m.Blocks) > 0 {
			b.WriteString(plain("", m.Blocks))
		} else {
			b.WriteString(m.Text)
		}
		if !s.variant.text { // there, parts of a long text end anywhere
			b.WriteString("\n")
		}
	}
	return b.String()
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
	if s.variant.text {
		return b.String() + s.text.picture() + s.journal()
	}
	for _, user := range []string{Ann, Ben, Zoe} {
		for _, e := range s.world.Slack.Ephemerals(user) {
			fmt.Fprintf(&b, "(only %s) %s\n", user, plain(e.Text, e.Blocks))
		}
		for _, m := range s.world.Slack.Messages(s.world.Slack.DM(user)) {
			fmt.Fprintf(&b, "(directly to %s) %s\n", user, plain(m.Text, m.Blocks))
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
