package demo

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/app"
)

// slackBoard is the board of Slack, as agents see it.
type slackBoard struct {
	fake     *slackfake.Server
	requests bool // signed requests in place of a socket
	twice    bool // every event comes twice
	clock    func() time.Time
	support  string // the team's channel
	letIn    bool   // the strangers are in the channel
}

var _ board = (*slackBoard)(nil)

// slackPlace is where a button of Slack's is pressed.
type slackPlace struct {
	at     slackfake.Target
	action string
}

func newSlackBoard(w *Company, v variant) *slackBoard {
	w.Slack.Admin.AddUser(slackfake.User{ID: gus, Name: "gus", RealName: "Gus Guest", Email: "gus@other.test", Restricted: true})
	w.Slack.Admin.AddUser(slackfake.User{
		ID:       fay,
		TeamID:   "T0OTHERCO01",
		Name:     "fay",
		RealName: "Fay Foreign",
		Email:    "fay@foreign.test",
		Stranger: true,
	})
	return &slackBoard{fake: w.Slack, requests: v.requests, twice: v.twice, clock: w.Clock(), support: Support}
}

// The next methods connect Parley with Slack, see boardWires.

func (b *slackBoard) wire(e *app.Env, o *app.Options) {
	e.SlackBotToken, e.SlackAPIURL = b.fake.BotToken(), b.fake.APIURL()
	if b.requests {
		e.SlackSigningSecret = b.fake.SigningSecret()
	} else {
		e.SlackAppToken = b.fake.AppToken()
	}
	o.Now = b.clock
}

func (b *slackBoard) started(ctx context.Context, address string) error {
	if b.requests {
		base := "http://" + address + "/slack/"
		to := slackfake.Targets{Events: base + "events", Commands: base + "commands", Interactions: base + "interactions"}
		if err := b.fake.Webhooks.Use(ctx, to); err != nil {
			return err
		}
	}
	if b.letIn {
		return nil
	}
	b.letIn = true
	for _, user := range []string{gus, fay} {
		if err := b.fake.Admin.Invite(b.support, user, Ann); err != nil {
			return err
		}
	}
	return nil
}

func (b *slackBoard) stopped()      {}
func (b *slackBoard) close()        {}
func (b *slackBoard) calls() string { return "" }

func (b *slackBoard) connected(parleys int) bool {
	return b.requests || b.fake.Sockets.Count() >= parleys
}

func (b *slackBoard) pending() bool { return b.fake.Events.Pending() > 0 }

// The next methods tell what people see, see boardView.

func (b *slackBoard) channel() string { return b.support }

func (b *slackBoard) roots() []shown {
	var list []shown
	for _, m := range b.fake.Messages(b.support) {
		if m.ThreadTS == "" || m.ThreadTS == m.TS { // not a reply that was also sent to the channel
			list = append(list, b.shown(m))
		}
	}
	return list
}

func (b *slackBoard) thread(root string) []shown { return b.list(b.fake.Thread(b.support, root)) }

func (b *slackBoard) direct(who string) []shown {
	return b.list(b.fake.Messages(b.fake.DM(cast()[who])))
}

func (b *slackBoard) notices(who string) []shown {
	var list []shown
	for _, n := range b.fake.Inboxes.Notifications(cast()[who]) {
		if m := b.fake.Message(n.Channel, n.TS); m != nil {
			list = append(list, b.shown(m))
		}
	}
	return list
}

func (b *slackBoard) whispers(who string) []shown {
	var list []shown
	for _, e := range b.fake.Ephemerals(cast()[who]) {
		m := shown{ID: e.TS, Thread: e.ThreadTS, Text: plain(e.Text, e.Blocks), Name: e.Username, Ours: true, Gone: e.Deleted}
		if !e.Deleted {
			m.Buttons = slackButtons(slackfake.Target{Channel: e.Channel, TS: e.TS}, e.Blocks)
		}
		list = append(list, m)
	}
	return list
}

func (b *slackBoard) forms(who string) []form {
	var list []form
	for _, v := range b.fake.Views(cast()[who]) {
		f := form{ID: v.ID, Title: plain("", v.Title), Text: plain("", v.Blocks)}
		walk(tree(v.Blocks), func(o map[string]any) {
			id, _ := o["block_id"].(string)
			if name, ok := strings.CutPrefix(id, "f:"); ok {
				f.Fields = append(f.Fields, name)
			}
		})
		list = append(list, f)
	}
	return list
}

func (b *slackBoard) list(messages []*slackfake.Message) []shown {
	var list []shown
	for _, m := range messages {
		list = append(list, b.shown(m))
	}
	return list
}

// shown describes a message of Slack as people see it.
func (b *slackBoard) shown(m *slackfake.Message) shown {
	out := shown{
		ID:      m.TS,
		Text:    plain(m.Text, m.Blocks),
		Body:    m.Text,
		Name:    m.Username,
		Who:     castName(cast(), m.User),
		Ours:    m.BotID == b.fake.BotID(),
		Gone:    m.Subtype == "tombstone",
		Buttons: slackButtons(slackfake.Target{Channel: b.support, TS: m.TS}, m.Blocks),
	}
	if m.ThreadTS != m.TS {
		out.Thread = m.ThreadTS
	}
	if len(m.Blocks) > 0 {
		out.Body = plain("", m.Blocks)
	}

	for _, r := range m.Reactions {
		mark := map[string]string{
			"hourglass_flowing_sand": "waiting",
			"lock":                   "inside",
			"heavy_check_mark":       "sent",
			"ballot_box_with_check":  "delivered",
			"eyeglasses":             "read",
		}[r.Name]
		if mark == "" {
			mark = r.Name
		}
		out.Marks = append(out.Marks, mark)
	}
	for _, f := range m.Files {
		out.Files = append(out.Files, f.Name)
	}
	return out
}

// slackButtons lists the buttons of a message's blocks.
func slackButtons(at slackfake.Target, blocks json.RawMessage) []button {
	var list []button
	walk(tree(blocks), func(o map[string]any) {
		label, _ := o["text"].(map[string]any)
		words, named := label["text"].(string)
		action, _ := o["action_id"].(string)
		if o["type"] == "button" && named {
			list = append(list, button{Label: words, at: slackPlace{at, action}})
		}
	})
	return list
}

// plain returns the words that a message of Slack shows.
func plain(text string, blocks json.RawMessage) string {
	var words []string
	if text != "" {
		words = append(words, text)
	}
	walk(tree(blocks), func(o map[string]any) {
		if t, ok := o["text"].(string); ok {
			words = append(words, t)
		}
	})
	return strings.Join(words, " ")
}

// trees keeps the results of tree. Tests read the same cards again and again while they wait for something.
var trees sync.Map //nolint:gochecknoglobals // a cache: what it holds depends on its keys alone

// tree decodes JSON. It returns nil if the JSON is empty or malformed. Callers must not change the result, which is kept.
func tree(raw json.RawMessage) (tree any) {
	if len(raw) == 0 {
		return nil
	}
	if known, ok := trees.Load(string(raw)); ok {
		return known
	}
	if json.Unmarshal(raw, &tree) != nil {
		return nil
	}
	trees.Store(string(raw), tree)
	return tree
}

// walk visits each object of a JSON tree. It follows the order of lists, and goes through an object by the order of its
// names.
func walk(node any, visit func(map[string]any)) {
	switch n := node.(type) {
	case map[string]any:
		visit(n)
		for _, name := range slices.Sorted(maps.Keys(n)) {
			walk(n[name], visit)
		}
	case []any:
		for _, v := range n {
			walk(v, visit)
		}
	}
}

// containsAll reports whether a list has all of these names.
func containsAll(list, names []string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(list, n) })
}
