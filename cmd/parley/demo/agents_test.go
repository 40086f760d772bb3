package demo

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/bot/slack/slackfake"
)

// agentCommand makes a teammate act in the thread of the conversation talked about.
//
//	agent ann says 'text' [detail=…]         agent ann posts 'text' (in the channel)
//	agent ann edits 'text' 'new text'        agent ann deletes 'text' | root
//	agent ann reacts 'text' emoji            agent ann unreacts 'text' emoji
//	agent ann clicks 'Label' [twice]         agent ann presses 'Label' under 'text'
//	agent ann opens 'Label'                  agent ann submits field=value …
//	agent ann chooses shortcut 'text'        agent ann commands '/parley …' [elsewhere|directly]
//	agent ann sees 'text' (only for her)     agent ann is notified|told 'text'
func agentCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	people := map[string]string{"ann": Ann, "ben": Ben, "zoe": Zoe, "gus": gus, "fay": fay}
	if len(args) < 3 && !slices.Equal(args[1:], []string{"submits"}) || people[args[0]] == "" {
		ts.Fatalf("usage: agent NAME VERB …")
	}
	if s.variant.text {
		s.text.agent(ts, neg, s, people[args[0]], args)
		return
	}
	p := s.world.Slack.As(people[args[0]])
	switch args[1] {
	case "says", "posts":
		in := slackfake.Post{Channel: s.support, Text: words(ts, args[2])}
		if args[1] == "says" {
			in.Thread = s.root(ts)
		}
		manner(ts, s, &in, args[3:])
		_, err := p.Post(in)
		ts.Check(err)
	case "edits":
		ts.Check(p.Edit(s.support, s.find(ts, args[2]).TS, args[3]))
	case "deletes":
		at := s.root(ts)
		if args[2] != "root" {
			at = s.find(ts, args[2]).TS
		}
		ts.Check(p.Delete(s.support, at))
	case "reacts":
		ts.Check(p.React(s.support, s.find(ts, args[2]).TS, args[3]))
	case "unreacts":
		ts.Check(p.Unreact(s.support, s.find(ts, args[2]).TS, args[3]))
	case "sees", "is":
		agentLearns(ts, neg, s, p, args)
	default:
		agentUses(ts, neg, s, p, args)
	}
}

// manner reads how something is said.
func manner(ts *testscript.TestScript, s *stage, in *slackfake.Post, args []string) {
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "attach":
			body, err := os.ReadFile(ts.MkAbs(value))
			ts.Check(err)
			in.Files = append(in.Files, slackfake.NewFile{Name: value, Data: body})
		case "lines":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			in.Text += "\n" + numbered(n)
		case "external":
			in.Files = append(in.Files, slackfake.NewFile{Name: value, Mode: "external", ExternalURL: "https://elsewhere.test/" + value})
		case "aloud": // also in the channel
			in.Broadcast = true
		case "me":
			in.Me = true
		case "as": // somebody else's machine
			in.As = value
		case "to-parley":
			in.Text = "<@" + s.world.Slack.BotUserID() + "> " + in.Text
		default:
			ts.Fatalf("unknown detail %q", name)
		}
	}
}

// agentLearns looks at what reaches a person alone.
func agentLearns(ts *testscript.TestScript, neg bool, s *stage, p *slackfake.Person, args []string) {
	switch {
	case args[1] == "sees":
		expect(ts, neg, args[0]+" sees "+args[2], func() bool {
			return slices.ContainsFunc(s.world.Slack.Ephemerals(p.ID()), func(e slackfake.Ephemeral) bool {
				return strings.Contains(plain(e.Text, e.Blocks), args[2])
			}) || s.inView(p, args[2])
		})
	case args[2] == "told":
		dm := s.world.Slack.DM(p.ID())
		told := func() int {
			n := 0
			for _, m := range s.world.Slack.Messages(dm) {
				if strings.Contains(plain(m.Text, m.Blocks), args[3]) {
					n++
				}
			}
			return n
		}
		if len(args) > 4 && args[4] == "once" {
			expect(ts, neg, args[0]+" is told by direct message: "+args[3], func() bool { return told() > 0 })
			ts.Check(s.settle())
			if told() != 1 {
				ts.Fatalf("%s is told %d times: %s", args[0], told(), args[3])
			}
			return
		}
		expect(ts, neg, args[0]+" is told by direct message: "+args[3], func() bool { return told() > 0 })
	default:
		expect(ts, neg, args[0]+" is notified: "+args[3], func() bool {
			return slices.ContainsFunc(s.world.Slack.Notifications(p.ID()), func(n slackfake.Notification) bool {
				m := s.world.Slack.Message(n.Channel, n.TS)
				return m != nil && strings.Contains(plain(m.Text, m.Blocks), args[3])
			})
		})
	}
}

// inView says that an open form shows a text.
func (s *stage) inView(p *slackfake.Person, text string) bool {
	return slices.ContainsFunc(s.world.Slack.Views(p.ID()), func(v *slackfake.View) bool {
		return strings.Contains(plain("", v.Blocks), text)
	})
}

// agentUses does what needs a button, a form, a menu or a command.
func agentUses(ts *testscript.TestScript, neg bool, s *stage, p *slackfake.Person, args []string) {
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	switch args[1] {
	case "clicks":
		at, action := s.button(ts, neg, p, args[2], "")
		if neg {
			return
		}
		s.press(ctx, ts, p, at, action)
		if len(args) > 3 && args[3] == "twice" {
			s.press(ctx, ts, p, at, action)
		}
	case "presses":
		at, action := s.button(ts, neg, p, args[2], args[4])
		s.press(ctx, ts, p, at, action)
	case "opens":
		at, action := s.button(ts, neg, p, args[2], "")
		before := len(s.world.Slack.Views(p.ID()))
		s.press(ctx, ts, p, at, action)
		ts.Check(s.until("a form opens", func() (bool, error) { return len(s.world.Slack.Views(p.ID())) > before, nil }))
	case "chooses":
		_, err := p.Shortcut(ctx, args[2], s.support, s.find(ts, args[3]).TS)
		ts.Check(err)
	case "submits":
		s.submit(ctx, ts, neg, p, args[2:])
	case "commands":
		command, text, _ := strings.Cut(args[2], " ")
		in := s.support
		switch {
		case len(args) > 3 && args[3] == "elsewhere":
			in = Random
		case len(args) > 3 && args[3] == "directly":
			in = s.world.Slack.DM(p.ID())
		}
		out, err := p.Command(ctx, in, command, text)
		ts.Check(err)
		if out.Error != "" {
			ts.Fatalf("%s: %s", args[2], out.Error)
		}
	default:
		ts.Fatalf("unknown: agent %s", args[1])
	}
}

// submit fills the form on top and sends it; "!" expects that it is refused.
func (s *stage) submit(ctx context.Context, ts *testscript.TestScript, neg bool, p *slackfake.Person, fields []string) {
	values := map[string][]string{}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		values["f:"+name+"/v"] = append(values["f:"+name+"/v"], value)
	}
	id := ""
	ts.Check(s.until("a form with these fields is open", func() (bool, error) { // it may still be under way
		views := s.world.Slack.Views(p.ID())
		if len(views) == 0 {
			return false, nil
		}
		top := views[len(views)-1]
		id = top.ID
		for block := range values {
			if !strings.Contains(string(top.Blocks), `"`+strings.TrimSuffix(block, "/v")+`"`) {
				return false, nil
			}
		}
		return true, nil
	}))
	out, err := p.Submit(ctx, id, values)
	ts.Check(err)
	if out.Error != "" || out.ViewError != "" {
		ts.Fatalf("form: %s%s", out.Error, out.ViewError)
	}
	if refused := len(out.Errors) > 0; refused != neg {
		ts.Fatalf("form: %v", out.Errors)
	}
}

func (s *stage) press(ctx context.Context, ts *testscript.TestScript, p *slackfake.Person, at slackfake.Target, action string) {
	out, err := p.Click(ctx, at, action)
	ts.Check(err)
	if out.Error != "" {
		ts.Fatalf("click: %s", out.Error)
	}
}

// button waits for the newest button with a label in the thread, or one that only the
// person sees; with words, for one under a message that shows them.
func (s *stage) button(ts *testscript.TestScript, neg bool, p *slackfake.Person, label, words string) (at slackfake.Target, action string) {
	look := func() (bool, error) {
		for _, m := range s.everything() {
			if a := buttonOf(m.Blocks, label); a != "" && strings.Contains(plain(m.Text, m.Blocks), words) {
				at, action = slackfake.Target{Channel: s.support, TS: m.TS}, a
			}
		}
		for _, e := range s.world.Slack.Ephemerals(p.ID()) {
			if a := buttonOf(e.Blocks, label); a != "" && !e.Deleted && strings.Contains(plain(e.Text, e.Blocks), words) {
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
		return at, action
	}
	if err := s.until("a button "+label, look); err != nil {
		ts.Fatalf("%v\n%s", err, s.picture())
	}
	return at, action
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
