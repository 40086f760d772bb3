package demo

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// phoneVerb reports whether a verb of scripts is about a customer's phone.
func phoneVerb(verb string) bool {
	return slices.Contains([]string{
		"texts", "sends", "taps", "reads", "sees", "sees-in-order", "counts", "ticks", "reacts", "quotes", "window",
		"is-answered",
	}, verb)
}

// phoneCommand makes a customer use his phone. It uses the chat that was named last.
//
//	customer maria texts by whatsapp|sms|messenger 'text'    customer maria sends photo ['caption']
//	customer maria taps 'Yes'                  customer maria reacts 'text' 👍
//	customer maria quotes 'text' 'answer'      customer maria reads
//	customer maria sees 'text' …               customer maria sees-in-order 'a' 'b'
//	customer maria counts 2                    messages from the company
//	customer maria ticks 'text' read           what her own message shows
//	customer maria window open|closed          customer maria is-answered elsewhere 'text'
func (s *stage) phoneCommand(ts *testscript.TestScript, neg bool, name, address string, args []string) {
	phones := s.company.Phones()
	if phones == nil {
		ts.Fatalf("there are no phones; begin with: world phones")
	}
	if args[0] == "texts" && len(args) > 3 && args[1] == "by" {
		s.chat, args = args[2], append(args[:1], args[3:]...)
	}

	h := phones.Handset(address, name)
	c, err := h.Chat(s.chat)
	ts.Check(err)

	switch args[0] {
	case "texts":
		_, err = c.Say(args[1], nil, "")
		ts.Check(err)
		_, number := h.Who()
		s.last = map[string]string{SMS: number, Messenger: " · #"}[s.chat] // no name, or one that comes later
		s.last = cmp.Or(s.last, name)
	case "sends":
		_, err = c.Say(strings.Join(args[2:], " "), &File{Name: "photo.png", Type: "image/png", Content: MugPicture()}, "")
		ts.Check(err)
		s.last = name
	case "taps":
		ts.Check(c.Tap(s.choice(ts, c, args[1])))
	case "reacts":
		ts.Check(c.React(s.chatLine(ts, c, args[1]).ID, args[2]))
	case "quotes":
		_, err = c.Say(args[2], nil, s.chatLine(ts, c, args[1]).ID)
		ts.Check(err)
	case "reads":
		c.Read()
	case "is-answered":
		phones.AnswerElsewhere(h, args[2])
	default:
		s.phoneShows(ts, neg, c, args)
	}
}

// phoneShows runs the verbs that look at a phone.
func (s *stage) phoneShows(ts *testscript.TestScript, neg bool, c Chat, args []string) {
	theirs := func() string {
		var b strings.Builder
		for _, l := range c.Lines() {
			if !l.Mine {
				b.WriteString(l.Text + "\n")
			}
		}
		return b.String()
	}

	what := "the phone: " + strings.Join(args, " ")
	switch args[0] {
	case "sees":
		expect(ts, neg, what, func() bool {
			return slices.ContainsFunc(c.Lines(), func(l Line) bool {
				return !l.Mine && !slices.ContainsFunc(args[1:], func(part string) bool { return !strings.Contains(l.Text, part) })
			})
		})
	case "sees-in-order":
		expect(ts, neg, what, func() bool { return inOrder(theirs(), args[1:]) })
	case "counts":
		ts.Check(s.untilSettled())
		expect(ts, neg, what, func() bool {
			n := 0
			for _, l := range c.Lines() {
				if !l.Mine && !l.Automatic {
					n++
				}
			}
			return strconv.Itoa(n) == args[1]
		})
	case "ticks":
		expect(ts, neg, what, func() bool {
			return slices.ContainsFunc(c.Lines(), func(l Line) bool {
				return l.Mine && strings.Contains(l.Text, args[1]) && l.State == args[2]
			})
		})
	case "window":
		if open := c.Window(s.clock.Now()).Open; open != (args[1] == "open") {
			ts.Fatalf("the window is open: %t", open)
		}
	default:
		ts.Fatalf("unknown: customer %s", args[0])
	}
}

// chatLine waits for a message of a chat with a text, and returns the newest one.
func (s *stage) chatLine(ts *testscript.TestScript, c Chat, text string) (found Line) {
	err := s.until("on the phone: "+text, func() (bool, error) {
		for _, l := range c.Lines() {
			if strings.Contains(l.Text, text) {
				found = l
			}
		}
		return found.ID != "", nil
	})
	ts.Check(err)
	return found
}

// choice waits for a button or another choice with a title.
func (s *stage) choice(ts *testscript.TestScript, c Chat, title string) (line, id string) {
	err := s.until("something to tap: "+title, func() (bool, error) {
		for _, l := range c.Lines() {
			for _, o := range l.Choices {
				if o.Title == title {
					line, id = l.ID, o.ID
				}
			}
		}
		return line != "", nil
	})
	if err != nil {
		ts.Fatalf("%v\n%s", err, fmt.Sprint(c.Lines()))
	}
	return line, id
}
