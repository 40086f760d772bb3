package demo

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// agentCommand makes a teammate act in the thread of the conversation talked about.
//
//	agent ann says 'text' [detail=…]         agent ann posts 'text' (in the channel)
//	agent ann edits 'text' 'new text'        agent ann deletes 'text' | root
//	agent ann restores deleted (last)        agent ann searches 'words' 'result'
//	agent ann reacts 'text' 👀               agent ann unreacts 'text' 👀
//	agent ann clicks 'Label' [twice]         agent ann presses 'Label' under 'text'
//	agent ann opens 'Label'                  agent ann submits field=value …
//	agent ann closes 'Title' (of the form on top)
//	agent ann attaches 'text' attach=file … (from a reply's form)
//	agent ann chooses action 'text'          agent ann commands 'verb …' [elsewhere|directly|thread]
//	agent ann sees 'text' (only for her)     agent ann is notified|told 'text'
//	agent ann learns 'text' (seen or told)
//
// The format of texts is described at utterance.Text.
func agentCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if len(args) < 3 && !slices.Equal(args[1:], []string{"submits"}) || cast()[args[0]] == "" {
		ts.Fatalf("usage: agent NAME VERB …")
	}

	who := args[0]
	switch args[1] {
	case "says", "posts":
		u := utterance{Text: words(ts, args[2])}
		if args[1] == "says" {
			u.Thread = s.root(ts)
		}
		manner(ts, &u, args[3:])
		ts.Check(s.board.post(who, u))
	case "edits":
		ts.Check(s.board.edit(who, s.find(ts, args[2]).ID, args[3]))
	case "deletes":
		at := s.root(ts)
		if args[2] != "root" {
			at = s.find(ts, args[2]).ID
		}
		ts.Check(s.board.remove(who, at))
		s.deleted = at
	case "restores":
		ts.Check(s.board.restore(who, s.deleted))
	case "reacts", "unreacts":
		ts.Check(s.board.react(who, s.find(ts, args[2]).ID, args[3], args[1] == "reacts"))
	case "sees":
		expect(ts, neg, who+" sees "+args[2], func() bool {
			return anyShows(s.board.whispers(who), args[2]) ||
				slices.ContainsFunc(s.board.forms(who), func(f form) bool { return strings.Contains(f.Text, args[2]) })
		})
	case "learns": // in the thread, for her alone, or by direct message
		expect(ts, neg, who+" learns "+args[2], func() bool {
			return anyShows(s.board.whispers(who), args[2]) || anyShows(s.board.direct(who), args[2])
		})
	case "is":
		agentLearns(ts, neg, s, who, args[2:])
	default:
		agentUses(ts, neg, s, who, args[1:])
	}
}

// manner reads the details of an utterance.
func manner(ts *testscript.TestScript, u *utterance, args []string) {
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "attach":
			body, err := os.ReadFile(ts.MkAbs(value))
			ts.Check(err)
			u.Files = append(u.Files, attached{Name: value, Body: body})
		case "external":
			u.Files = append(u.Files, attached{Name: value, Elsewhere: true})
		case "lines":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			u.Text += "\n" + numbered(n)
		case "aloud": // also in the channel
			u.Aloud = true
		case "me":
			u.Me = true
		case "as": // in the name of a bot or workflow
			u.As = value
		case "to-parley":
			u.ToParley = true
		default:
			ts.Fatalf("unknown detail %q", name)
		}
	}
}

// agentLearns checks what reaches a person: `told 'text' [once]`, `notified 'text'`.
func agentLearns(ts *testscript.TestScript, neg bool, s *stage, who string, args []string) {
	if args[0] != "told" {
		expect(ts, neg, who+" is notified: "+args[1], func() bool { return anyShows(s.board.notices(who), args[1]) })
		return
	}
	told := func() int {
		return len(slices.DeleteFunc(s.board.direct(who), func(m shown) bool { return !m.shows(args[1]) }))
	}
	expect(ts, neg, who+" is told by direct message: "+args[1], func() bool { return told() > 0 })
	if len(args) > 2 && args[2] == "once" {
		ts.Check(s.untilSettled())
		if told() != 1 {
			ts.Fatalf("%s is told %d times: %s", who, told(), args[1])
		}
	}
}

// agentUses runs the verbs that use a button, a form, a menu or a command.
func agentUses(ts *testscript.TestScript, neg bool, s *stage, who string, args []string) {
	ctx, cancel := context.WithTimeout(s.ctx, 2*time.Minute)
	defer cancel()
	switch args[0] {
	case "clicks", "presses":
		under := ""
		if args[0] == "presses" {
			under = args[3]
		}
		at := s.button(ts, neg, who, args[1], under)
		if neg {
			return
		}
		ts.Check(s.board.press(ctx, who, at))
		if args[len(args)-1] == "twice" {
			if err := s.board.press(ctx, who, at); !errors.Is(err, errNoButton) { // gone: then nothing can happen
				ts.Check(err)
			}
		}
	case "opens":
		at := s.button(ts, neg, who, args[1], "")
		if neg {
			return
		}
		before := len(s.board.forms(who))
		ts.Check(s.board.press(ctx, who, at))
		err := s.until("a form opens", func() (bool, error) {
			open := s.board.forms(who)
			if len(open) > before {
				s.deeds.add(s.where, "dialog", open[len(open)-1].Title)
			}
			return len(open) > before, nil
		})
		if err != nil {
			ts.Fatalf("%v\n%s", err, s.describe())
		}
	case "chooses":
		ts.Check(s.board.choose(ctx, who, args[1], s.find(ts, args[2]).ID))
	case "searches":
		found, err := s.board.search(ctx, who, args[1])
		ts.Check(err)
		if anyShows(found, args[2]) == neg {
			ts.Fatalf("found: %v", found)
		}
	case "submits":
		s.submit(ctx, ts, neg, who, args[1:])
	case "closes":
		open := s.board.forms(who)
		if len(open) == 0 || open[len(open)-1].Title != args[1] {
			ts.Fatalf("the form %q is not on top: %+v", args[1], open)
		}
		ts.Check(s.board.dismiss(ctx, who, open[len(open)-1]))
	case "attaches":
		u := utterance{Text: args[1]}
		manner(ts, &u, args[2:])
		refused, err := s.board.attach(ctx, who, u.Text, u.Files)
		ts.Check(err)
		s.deeds.add(s.where, "dialog", "Send files")
		if (refused != "") != neg {
			ts.Fatalf("files: refused: %q", refused)
		}
	case "commands":
		where := here
		if len(args) > 2 {
			where = args[2]
		}
		if where == "thread" {
			where = s.root(ts)
		}
		ts.Check(s.board.command(ctx, who, where, args[1]))
	default:
		ts.Fatalf("unknown: agent %s", args[0])
	}
}

// submit fills in the topmost form and sends it. After "!" it expects that the form is refused.
func (s *stage) submit(ctx context.Context, ts *testscript.TestScript, neg bool, who string, fields []string) {
	values := map[string][]string{}
	var names []string
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		values[name] = append(values[name], value)
		names = append(names, name)
	}

	var top form
	err := s.until("a form with these fields is open", func() (bool, error) { // it may still be under way
		open := s.board.forms(who)
		if len(open) > 0 {
			top = open[len(open)-1]
		}
		return len(open) > 0 && containsAll(top.Fields, names), nil
	})
	if err != nil {
		ts.Fatalf("%v\n%s", err, s.describe())
	}

	s.deeds.add(s.where, "dialog", top.Title)
	refused, err := s.board.submit(ctx, who, top, values)
	ts.Check(err)
	if (refused != "") != neg {
		ts.Fatalf("form: refused: %q", refused)
	}
}

// button waits for the newest button with a label, in the thread or in a message that only the person sees. With words, the
// button must be under a message that shows them.
func (s *stage) button(ts *testscript.TestScript, neg bool, who, label, words string) (found button) {
	look := func() (bool, error) {
		for _, m := range append(everything(s.board), s.board.whispers(who)...) {
			for _, b := range m.Buttons {
				if b.Label == label && m.shows(words) {
					found = b
				}
			}
		}
		return found.at != nil, nil
	}

	if neg {
		ts.Check(s.untilSettled())
		if there, _ := look(); there {
			ts.Fatalf("must not be: a button %s\n%s", label, s.describe())
		}
		return found
	}
	if err := s.until("a button "+label, look); err != nil {
		ts.Fatalf("%v\n%s", err, s.describe())
	}
	return found
}
