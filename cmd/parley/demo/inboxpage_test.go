package demo

import (
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/bridge"
)

// pageCommand lets a teammate use the inbox page of the newest Parley, in the newest conversation.
//
//	page ann replies|notes 'text' [twice]    page ann takes|resolves
//	page ann sees 'text' [fate=out]
func pageCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := onStage(ts)
	if len(args) < 2 || cast()[args[0]] == "" {
		ts.Fatalf("usage: page NAME VERB …")
	}

	var agent bridge.AgentID
	var conversation bridge.ConversationID
	ts.Check(s.db.Pool.QueryRow(s.ctx, `SELECT id FROM agents WHERE email LIKE $1 || '@%'`, args[0]).Scan(&agent))
	ts.Check(s.db.Pool.QueryRow(s.ctx, `SELECT max(id) FROM conversations`).Scan(&conversation))
	inbox := s.running[len(s.running)-1].app.Engine().Inbox()
	spoken := func() []bridge.SpokenMessage {
		page, err := inbox.ReadSpoken(s.ctx, agent, conversation, bridge.SpokenBefore{})
		ts.Check(err)
		return page.List
	}

	if args[1] == "sees" {
		fate := ""
		if len(args) > 3 {
			fate = strings.TrimPrefix(args[3], "fate=")
		}
		expect(ts, neg, args[0]+"'s page shows "+args[2], func() bool {
			return slices.ContainsFunc(spoken(), func(m bridge.SpokenMessage) bool {
				return strings.Contains(m.Text, args[2]) && (fate == "" || string(m.Fate) == fate)
			})
		})
		return
	}

	all := spoken()
	act := bridge.Act{Form: strings.Join(args, " "), Args: bridge.Args{Conversation: conversation}}
	switch args[1] {
	case "replies":
		act.Verb, act.Text = bridge.VerbReply, words(ts, args[2])
	case "notes":
		act.Verb, act.Text = bridge.VerbNote, words(ts, args[2])
	case "takes":
		act.Verb = bridge.VerbTake
	case "resolves":
		act.Verb, act.Args.Seen = bridge.VerbResolve, all[len(all)-1].Event
	default:
		ts.Fatalf("unknown: page %s", args[1])
	}

	times := 1
	if args[len(args)-1] == "twice" {
		times = 2
	}
	for range times {
		_, err := inbox.Act(s.ctx, agent, act)
		ts.Check(err)
	}
}
