package demo

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
)

// textStories are those whose words apply to a surface without forms, emoji and commands
// outside text. What is about Slack's own manners, as its formatting, its errors or how it
// answers a verb that it can't read, is left out.
func textStories() []string {
	return []string{"reply", "threading", "burst", "queue", "inside", "hold", "turncoat", "late_edit", "colleague", "unmapped", "bounce",
		"refused", "restart", "files", "newcomer", "watch", "trial", "toplevel", "resolve", "snooze", "addressed", "any_agent",
		"autoreply", "bounced_again", "confirm", "delayed", "equal_ids", "explicit", "long", "long_answer", "lost_dot_saving",
		"sender_only", "signature", "html_mail", "wake", "overdue", "newsletter", "sorting", "remark", "resolved_late"}
}

// onText turns Slack's words for facts into the plain-text surface's.
func onText(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		if words, ok := textWords()[a]; ok {
			out[i] = words
		}
	}
	return out
}

func textWords() map[string]string {
	return map[string]string{
		"know you as an agent":                          "[not_mapped]",
		"after it was sent":                             "[edit_late]",
		"Taken back in time":                            "[undone]",
		"The snooze is over":                            "[woke]",
		"snoozed this":                                  "[snoozed]",
		"keeps trying":                                  "[delayed]",
		"Not delivered":                                 "[failed]",
		"Nobody can tell":                               "[unclear]",
		"assigned this to you":                          "[assigned]",
		"The customer wrote":                            "[woke]",
		"This is conversation":                          "[done] promote",
		"wrote again":                                   "[reopened]",
		"It was inside before you changed it":           "[ask]",
		"Every reply of this account waits for a click": "[ask]",
		"right after a colleague":                       "[ask]",
		"Continues":                                     "continues #",
	}
}

// labels are the buttons' names in the scripts.
func labels() map[bridge.Verb]string {
	return map[bridge.Verb]string{bridge.VerbSend: "Send to customer", bridge.VerbKeep: "Keep inside", bridge.VerbAllow: "Allow",
		bridge.VerbSendAgain: "Send again", bridge.VerbWake: "Wake", bridge.VerbDrop: "Drop", bridge.VerbPromote: "Make a conversation",
		bridge.VerbSilence: "Silence sender"}
}

// textBoard is the plain-text surface of a scenario, and what Parley has heard of it.
type textBoard struct {
	*bridgetest.Chat

	t       testing.TB
	mu      sync.Mutex
	begun   int             // surfaces made
	filled  int             // and connected, with nothing missed
	heard   map[string]bool // facts that were accepted
	done    []string        // facts of what agents wrote
	pressed int
}

func newTextBoard(t testing.TB) *textBoard {
	c := bridgetest.NewChat(t, bridgetest.User{ID: Ann, Email: "ann@acme.test"}, bridgetest.User{ID: Ben, Email: "ben@acme.test"},
		bridgetest.User{ID: Zoe, Email: "zoe@acme.test"})
	c.Open(Support)
	return &textBoard{Chat: c, t: t, heard: map[string]bool{}}
}

// surface connects a Parley.
func (b *textBoard) surface(d bridge.Desk) bridge.Surface {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun++
	return bridgetest.NewSurface(b.Chat, &watchedDesk{Desk: d, board: b}, 0)
}

// watchedDesk notes what reaches Parley, so that a scenario can wait for it.
type watchedDesk struct {
	bridge.Desk
	board *textBoard
}

// Accept implements bridge.Desk.
func (d *watchedDesk) Accept(ctx context.Context, facts ...channels.Fact) error {
	if err := d.Desk.Accept(ctx, facts...); err != nil {
		return err
	}
	d.board.mu.Lock()
	defer d.board.mu.Unlock()
	for _, f := range facts {
		d.board.heard[f.ExternalID] = true
	}
	return nil
}

// Filled implements bridge.Desk.
func (d *watchedDesk) Filled() {
	d.Desk.Filled()
	d.board.mu.Lock()
	defer d.board.mu.Unlock()
	d.board.filled++
}

func (b *textBoard) caughtUp() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.filled >= b.begun
}

func (b *textBoard) undelivered() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	presses := 0
	for id := range b.heard {
		if strings.HasPrefix(id, "i:") {
			presses++
		}
	}
	return presses < b.pressed || slices.ContainsFunc(b.done, func(id string) bool { return !b.heard[id] })
}

// did notes what agents wrote.
func (b *textBoard) did(kind, channel, id string) {
	fact := kind + ":" + channel + ":" + id
	if kind == "e" {
		fact += fmt.Sprintf(":%06d", b.Get(channel, id).Version)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, fact)
}

// shown gives messages as the scripts' words look at them.
func (b *textBoard) shown(channel, thread string) []*slackfake.Message {
	var list []*slackfake.Message
	for _, m := range b.Messages(channel, thread) {
		out := &slackfake.Message{TS: m.ID, ThreadTS: m.Thread, User: m.User, Text: m.Plain()}
		if m.User == bridgetest.App {
			out.BotID, out.Username = m.User, m.Name
		}
		if m.Kind == string(bridge.PostSaid) {
			out.Username = m.Name + " (customer)"
		}
		for _, button := range m.Buttons {
			out.Text += " " + labels()[button.Verb]
		}
		for _, mark := range m.Marks {
			name := map[string]string{"sent": "heavy_check_mark"}[mark]
			if name == "" {
				name = mark
			}
			out.Reactions = append(out.Reactions, slackfake.Reaction{Name: name})
		}
		for _, f := range m.Files {
			out.Files = append(out.Files, &slackfake.File{Name: f.Name})
		}
		list = append(list, out)
	}
	return list
}

// agent does the words of agentCommand that apply here.
func (b *textBoard) agent(ts *testscript.TestScript, neg bool, s *stage, user string, args []string) {
	at := s.support
	switch args[1] {
	case "says", "posts":
		thread := ""
		if args[1] == "says" {
			thread = s.root(ts)
		}
		text, files := textManner(ts, words(ts, args[2]), args[3:])
		b.did("m", at, b.Say(user, at, thread, text, files...))
	case "edits":
		id := s.find(ts, args[2]).TS
		b.Edit(at, id, args[3])
		b.did("e", at, id)
	case "deletes":
		id := s.find(ts, args[2]).TS
		b.Delete(at, id)
		b.did("d", at, id)
	case "clicks", "presses":
		under := ""
		if args[1] == "presses" {
			under = onText(args)[4]
		}
		b.click(ts, s, user, args[2], under)
		if args[len(args)-1] == "twice" {
			b.click(ts, s, user, args[2], under)
		}
	case "sees":
		text := onText(args)[2]
		expect(ts, neg, args[0]+" sees "+text, func() bool { return contain(b.Whispers(user), text) })
	case "is":
		text := onText(args)[3]
		expect(ts, neg, args[0]+" is "+args[2]+" "+text, func() bool {
			if args[2] == "told" {
				return contain(b.Messages("@"+user, ""), text)
			}
			return slices.ContainsFunc(s.everything(), func(m *slackfake.Message) bool {
				return m.BotID != "" && strings.Contains(m.Text, "<@"+user+">") && strings.Contains(m.Text, text)
			})
		})
	default:
		ts.Fatalf("not on the text surface: agent %s", args[1])
	}
}

// textManner reads how something is said.
func textManner(ts *testscript.TestScript, text string, args []string) (said string, files []bridgetest.File) {
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "attach":
			body, err := os.ReadFile(ts.MkAbs(value))
			ts.Check(err)
			files = append(files, bridgetest.File{Name: value, Content: body})
		case "lines":
			n := 0
			_, err := fmt.Sscan(value, &n)
			ts.Check(err)
			text += "\n" + numbered(n)
		case "to-parley":
			text = "<@" + bridgetest.App + "> " + text
		default:
			ts.Fatalf("not on the text surface: %s", name)
		}
	}
	return text, files
}

// click waits for the newest button with a label and presses it.
func (b *textBoard) click(ts *testscript.TestScript, s *stage, user, label, under string) {
	var found bridgetest.Message
	var verb bridge.Verb
	err := s.until("a button "+label, func() (bool, error) {
		for _, root := range append(b.Messages(s.support, ""), b.Whispers(user)...) {
			thread := []bridgetest.Message{root}
			if root.Whisper == "" {
				thread = b.Messages(s.support, root.ID)
			}
			for _, m := range thread {
				for _, button := range m.Buttons {
					if labels()[button.Verb] == label && strings.Contains(m.Plain(), under) {
						found, verb = m, button.Verb
					}
				}
			}
		}
		return verb != "", nil
	})
	if err != nil {
		ts.Fatalf("%v\n%s", err, s.picture())
	}
	b.mu.Lock()
	b.pressed++
	b.mu.Unlock()
	b.Press(b.t, user, found, verb)
}

func contain(list []bridgetest.Message, text string) bool {
	return slices.ContainsFunc(list, func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), text) })
}

// picture is what only some see.
func (b *textBoard) picture() string {
	var out strings.Builder
	for _, user := range []string{Ann, Ben, Zoe} {
		for _, m := range b.Whispers(user) {
			fmt.Fprintf(&out, "(only %s) %s\n", user, m.Plain())
		}
		for _, m := range b.Messages("@"+user, "") {
			fmt.Fprintf(&out, "(directly to %s) %s\n", user, m.Plain())
		}
	}
	return out.String()
}
