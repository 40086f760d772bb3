package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"
)

// rootOf finds the newest thread whose card shows a subject.
func (s *stage) rootOf(subject string) (string, error) {
	found := ""
	for _, m := range s.board.roots() {
		if m.Ours && m.shows(subject) {
			found = m.ID
		}
	}
	if found == "" {
		return "", fmt.Errorf("%w: %s", errNoThread, subject)
	}
	return found, nil
}

// root waits for the thread of the conversation that is talked about.
func (s *stage) root(ts *testscript.TestScript) string {
	root := ""
	err := s.until("a thread about "+s.last, func() (bool, error) {
		var err error
		root, err = s.rootOf(s.last)
		return err == nil, nil
	})
	if err != nil {
		ts.Fatalf("%v\n%s", err, s.describe())
	}
	return root
}

// find waits for the newest message of the channel and its threads that contains a text. It prefers people's messages to
// Parley's.
func (s *stage) find(ts *testscript.TestScript, text string) shown {
	var found shown
	err := s.until("a message with "+text, func() (bool, error) {
		for _, m := range everything(s.board) {
			if m.shows(text) && (found.ID == "" || found.Ours || !m.Ours) {
				found = m
			}
		}
		return found.ID != "", nil
	})
	if err != nil {
		ts.Fatalf("%v\n%s", err, s.describe())
	}
	return found
}

// threadCommand checks the thread of the conversation that is talked about.
//
//	thread shows 'text' [or='other text'] [by='Maria (customer)']    thread shows-once 'text'
//	thread orders 'first' 'second' …               thread lines N (numbered ones, all, in order)
//	thread marks 'text' sent           thread files name
//	thread about 'Subject'                         (talk about that one from now on)
//	thread count N                                 (roots of ours in the channel)
//	thread posts N                                 thread pictures N
func threadCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if len(args) < 2 {
		ts.Fatalf("usage: thread shows|marks|about|files|count …")
	}
	switch args[0] {
	case "about":
		s.last = args[1]
		if neg {
			ts.Check(s.untilSettled())
			if _, err := s.rootOf(args[1]); err == nil {
				ts.Fatalf("must not be: a thread about %s\n%s", args[1], s.describe())
			}
			return
		}
		s.root(ts)
	case "marks":
		expect(ts, neg, args[1]+" is marked "+args[2], func() bool {
			return slices.ContainsFunc(everything(s.board), func(m shown) bool { return m.shows(args[1]) && slices.Contains(m.Marks, args[2]) })
		})
	case "count":
		ts.Check(s.untilSettled())
		n := 0
		for _, m := range s.board.roots() {
			if m.Ours && !m.Gone {
				n++
			}
		}
		if (fmt.Sprint(n) == args[1]) == neg {
			ts.Fatalf("%d threads\n%s", n, s.describe())
		}
	default:
		threadLooks(ts, neg, s, args)
	}
}

// threadLooks runs the verbs that check the content of the thread.
func threadLooks(ts *testscript.TestScript, neg bool, s *stage, args []string) {
	root := s.root(ts)
	count := func(fits func(shown) bool) int {
		n := 0
		for _, m := range s.board.thread(root) {
			if fits(m) {
				n++
			}
		}
		return n
	}
	has := func(text string) func(shown) bool { return func(m shown) bool { return m.shows(text) } }

	switch args[0] {
	case "shows":
		by, or := "", args[1]
		for _, more := range args[2:] {
			switch name, value, _ := strings.Cut(more, "="); name {
			case "by":
				by = value
			case "or":
				or = value
			default:
				ts.Fatalf("unknown: thread shows … %s", more)
			}
		}
		expect(ts, neg, "the thread shows "+strings.Join(args[1:], " "), func() bool {
			return count(func(m shown) bool { return (m.shows(args[1]) || m.shows(or)) && (by == "" || m.Name == by) }) > 0
		})
	case "shows-once":
		expect(ts, false, "the thread shows "+args[1], func() bool { return count(has(args[1])) > 0 })
		ts.Check(s.untilSettled())
		if n := count(has(args[1])); n != 1 {
			ts.Fatalf("%d times: %s\n%s", n, args[1], s.describe())
		}
	case "orders":
		expect(ts, neg, "the thread shows in order "+strings.Join(args[1:], ", "), func() bool {
			return inOrder(s.threadText(root), args[1:])
		})
	case "posts": // at most so many posts by Parley, without the card
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		if got := count(func(m shown) bool { return m.Ours && m.ID != root }); got > n {
			ts.Fatalf("%d posts\n%s", got, s.describe())
		}
	case "pictures":
		expect(ts, neg, "the thread has "+args[1]+" pictures", func() bool { return strconv.Itoa(len(s.threadFiles(root))) == args[1] })
	case "lines":
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		expect(ts, neg, "the thread shows all lines", func() bool { return linesInOrder(s.threadText(root), n) })
	case "files":
		expect(ts, neg, "the thread has the files "+strings.Join(args[1:], " "), func() bool {
			return containsAll(s.threadFiles(root), args[1:])
		})
	default:
		ts.Fatalf("unknown: thread %s", args[0])
	}
}

// threadFiles returns the names of all files in a thread.
func (s *stage) threadFiles(root string) (names []string) {
	for _, m := range s.board.thread(root) {
		names = append(names, m.Files...)
	}
	return names
}

// threadText returns everything in a thread as one text.
func (s *stage) threadText(root string) string {
	var b strings.Builder
	for _, m := range s.board.thread(root) {
		b.WriteString(m.Body)
		if s.where != onText { // there, parts of a long text end anywhere
			b.WriteString("\n")
		}
	}
	return b.String()
}

// describe returns the content of the channel, which a failing scenario shows.
func (s *stage) describe() string {
	var b strings.Builder
	for _, m := range everything(s.board) {
		indent := ""
		if m.Thread != "" {
			indent = "    "
		}
		fmt.Fprintf(&b, "%s%s: %s", indent, cmp.Or(m.Name, m.Who, "?"), m.Text)
		for _, mark := range m.Marks {
			fmt.Fprintf(&b, " :%s:", mark)
		}
		b.WriteString("\n")
	}
	for _, who := range []string{"ann", "ben", "zoe"} {
		for _, m := range s.board.whispers(who) {
			fmt.Fprintf(&b, "(only %s) %s\n", who, m.Text)
		}
		for _, m := range s.board.direct(who) {
			fmt.Fprintf(&b, "(directly to %s) %s\n", who, m.Text)
		}
		for _, f := range s.board.forms(who) {
			fmt.Fprintf(&b, "(form of %s) %s\n", who, f.Text)
		}
	}
	return b.String() + s.describeDatabase() + s.board.calls()
}

// describeDatabase returns the content of the database, which a failing scenario shows.
func (s *stage) describeDatabase() string {
	const ask = `
		SELECT 'event ' || id || ' ' || external_id FROM events
		UNION ALL SELECT 'quarantined ' || event_id || ' ' || reason FROM quarantine
		UNION ALL SELECT 'message ' || id || ' ' || direction || ' ' || fate || ' ' || reason || ' ' || left(text, 30) FROM messages
		UNION ALL
		SELECT 'delivery ' || id || ' ' || kind || ' ' || state || ' ' || coalesce(not_before::text, '') || ' ' || error_text FROM deliveries
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
