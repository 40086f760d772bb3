package torture

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/lab"
)

// Ids of the support channel and of people in the emulated workspace. Ann and Ben are agents, Zoe is not.
const (
	support = lab.Support
	ann     = lab.Ann
	ben     = lab.Ben
	zoe     = lab.Zoe
)

// newWorkspace returns the emulator of Slack, with the support channel and its members.
func newWorkspace(o EmulatorsOptions) *slackfake.Server {
	f := slackfake.Options{
		Seed:    int64(o.Seed >> 1), //nolint:gosec // a seed
		Limits:  o.Limits,
		AppName: "parley",
		Users:   lab.SlackPeople(),
	}
	if o.ShortWaits {
		f.RetryDelays = []time.Duration{0, 3 * time.Second, 12 * time.Second}
	}
	s := slackfake.New(f)
	s.Admin.AddChannel(slackfake.Channel{ID: support, Name: "support", Members: []string{ann, ben, zoe, s.BotUserID()}})
	return s
}

func slackTraits() Traits {
	return Traits{
		Kind:        "slack",
		Name:        "Slack",
		Ann:         ann,
		Ben:         ben,
		Zoe:         zoe,
		Channel:     support,
		ShowsFiles:  true,
		PostRequest: "POST /api/chat.postMessage",
		Reply:       func(words string, _ int) string { return words },
		Command:     func(verb string) string { return "!" + verb },
		Announced:   func(string) bool { return true },
		Internal: func(agent, colleague, words string) []Remark {
			return append(remarksOfAgents(agent, colleague, words), Remark{zoe, words})
		},
	}
}

// slackPlatform is the Platform of a test run whose agents work in Slack. It lets the run act as people in the emulated
// workspace, and read what they see. The emulator is in another process, and is controlled over HTTP: for example,
// Post calls POST /_fake/person/{user}/post.
type slackPlatform struct{ Client }

func (slackPlatform) Traits() Traits { return slackTraits() }

func (s slackPlatform) ReadThreads(ctx context.Context) ([]Thread, error) {
	channel, err := s.readChannel(ctx)
	if err != nil {
		return nil, err
	}

	threads := slackThreads(channel)
	for _, t := range threads {
		for i := range t.Posts {
			if err := s.readFiles(ctx, &t.Posts[i]); err != nil {
				return nil, err
			}
		}
	}
	return threads, nil
}

// readFiles replaces the Content of a post's files, which is the file's id so far, by the real content.
func (s slackPlatform) readFiles(ctx context.Context, p *Post) error {
	for i := range p.Files {
		f := &p.Files[i]
		content, err := s.readBody(ctx, s.Slack+"/_fake/file?raw=1&id="+f.Content)
		if err != nil {
			return err
		}
		f.Content = content
	}
	return nil
}

func (s slackPlatform) Export(ctx context.Context) (any, error) { return s.readChannel(ctx) }

// readChannel returns the support channel with all its threads.
func (s slackPlatform) readChannel(ctx context.Context) (slackfake.ChannelState, error) {
	var all slackfake.Snapshot
	err := s.Call(ctx, http.MethodGet, s.Slack+"/_fake/state?channel="+support, nil, &all)
	if err == nil && len(all.Channels) != 1 {
		err = fmt.Errorf("torture: the workspace has no channel %s", support)
	}
	if err != nil {
		return slackfake.ChannelState{}, err
	}
	return all.Channels[0], nil
}

// slackThreads converts a channel into threads. Deleted messages are left out.
func slackThreads(channel slackfake.ChannelState) []Thread {
	var list []Thread
	for _, root := range channel.Messages {
		t := Thread{Root: root.TS}
		if root.BotID != "" {
			t.Card = ShownText(root.Text, root.Blocks)
		}

		for _, m := range append([]*slackfake.Message{root}, channel.Threads[root.TS]...) {
			if m.Subtype == "tombstone" {
				continue
			}
			t.Posts = append(t.Posts, slackPost(m))
		}

		slices.SortStableFunc(t.Posts, func(a, b Post) int { return cmp.Compare(a.ID, b.ID) })
		list = append(list, t)
	}

	return list
}

func slackPost(m *slackfake.Message) Post {
	text := ShownText(m.Text, m.Blocks)
	p := Post{ID: m.TS, CustomerName: m.Username, Markers: MarkersIn(text), EndWords: EndWordsIn(text)}
	if m.BotID == "" {
		p.Author = m.User
		p.IsResolve = strings.TrimSpace(m.Text) == "!resolve"
		return p
	}
	p.LineKind = LineKindIn(text)
	for _, f := range m.Files {
		p.Files = append(p.Files, File{Name: f.Name, Content: f.ID}) // readFiles replaces the id by the content
	}
	p.Buttons = ButtonsIn(m.Blocks)
	p.MaybeCopy = strings.Contains(text, maybeTwice)
	if m.Metadata != nil {
		p.Token = string(m.Metadata.EventPayload)
	}
	return p
}

func (s slackPlatform) ReadRoots(ctx context.Context) (map[string]Root, error) {
	var list []*slackfake.Message
	if err := s.Call(ctx, http.MethodGet, s.Slack+"/_fake/messages?channel="+support, nil, &list); err != nil {
		return nil, err
	}
	roots := map[string]Root{}
	for _, m := range list {
		card := ShownText(m.Text, m.Blocks)
		about := subjectIn(card)
		if m.BotID != "" && about != "" {
			roots[about] = Root{m.TS, card}
		}
	}
	return roots, nil
}

func (s slackPlatform) EventDelays(ctx context.Context, what Change) (map[string]time.Duration, error) {
	var list []slackfake.SlowEvent
	err := s.Call(ctx, http.MethodGet, s.Slack+"/_fake/slow?over=0", nil, &list)
	if err != nil {
		return nil, err
	}
	delays := map[string]time.Duration{}
	for _, e := range list {
		if e.Subtype != subtypeOf(what) {
			continue
		}
		if !e.Told {
			e.Took = NotTold
		}
		delays[e.TS] = max(delays[e.TS], e.Took)
	}
	return delays, nil
}

// subtypeOf returns the subtype of Slack's event about a change.
func subtypeOf(what Change) string {
	return map[Change]string{Written: "", EmulatorsEdited: "message_changed", EmulatorsDeleted: "message_deleted"}[what]
}

// Problems returns none, since this emulator rejects posts that clients could not display.
func (slackPlatform) Problems(context.Context) ([]string, error) { return nil, nil }

// slackInfo is the state of the connection between the workspace and the app.
type slackInfo struct {
	Pending int `json:"pending_events"`
	Waiting int `json:"waiting_events"` // failed, and waiting for the next attempt
	Sockets int `json:"sockets"`        // open Socket Mode connections
}

func (s slackPlatform) readInfo(ctx context.Context) (slackInfo, error) {
	var i slackInfo
	err := s.Call(ctx, http.MethodGet, s.Slack+"/_fake/info", nil, &i)
	return i, err
}

// CountSockets returns the number of the app's open Socket Mode connections to Slack.
func (c Client) CountSockets(ctx context.Context) (int, error) {
	i, err := slackPlatform{c}.readInfo(ctx)
	return i.Sockets, err
}

func (s slackPlatform) CountPendingEvents(ctx context.Context) (int, error) {
	i, err := s.readInfo(ctx)
	return i.Pending + i.Waiting, err
}

func (s slackPlatform) Post(ctx context.Context, user, root, text string) (string, error) {
	var res struct {
		TS string `json:"ts"`
	}
	in := slackfake.Post{Channel: support, Thread: root, Text: text}
	err := s.Call(ctx, http.MethodPost, s.Slack+"/_fake/person/"+user+"/post", slackfake.Act{Post: in}, &res)
	return res.TS, err
}

func (s slackPlatform) Edit(ctx context.Context, user, id, text string) error {
	return s.actAs(ctx, user, "edit", slackfake.Act{Channel: support, TS: id, Text: text})
}

func (s slackPlatform) Delete(ctx context.Context, user, id string) error {
	return s.actAs(ctx, user, "delete", slackfake.Act{Channel: support, TS: id})
}

func (s slackPlatform) Click(ctx context.Context, user, id, button string) error {
	return asIgnoredClick(s.actAs(ctx, user, "click", slackfake.Act{Channel: support, TS: id, Action: button}))
}

func (s slackPlatform) actAs(ctx context.Context, user, verb string, a slackfake.Act) error {
	return s.Call(ctx, http.MethodPost, s.Slack+"/_fake/person/"+user+"/"+verb, a, nil)
}

// slackFaults returns the faults of the Web API and of events, each with its probability. A fault with After set occurs
// when the call has taken effect, so that Parley can't know whether it did.
func slackFaults() []slackfake.Fault {
	const often, seldom = 0.04, 0.02
	return []slackfake.Fault{
		{Method: "chat.*", Kind: slackfake.FaultHTTP, Status: http.StatusServiceUnavailable, Chance: often},
		{Method: "chat.*", Kind: slackfake.FaultHTTP, Status: http.StatusBadGateway, After: true, Chance: seldom},
		{Method: "chat.*", Kind: slackfake.FaultDrop, Chance: seldom},
		{Method: "chat.*", Kind: slackfake.FaultDrop, After: true, Chance: seldom},
		{Method: "chat.*", Kind: slackfake.FaultRateLimit, Retry: 1, Chance: seldom},
		{Method: "conversations.*", Kind: slackfake.FaultHTTP, Chance: often},
		{Method: "reactions.*", Kind: slackfake.FaultDrop, After: true, Chance: often},
		{Method: "files.getUploadURLExternal", Kind: slackfake.FaultHTTP, Status: http.StatusServiceUnavailable, Chance: often},
		{Method: "files.completeUploadExternal", Kind: slackfake.FaultDrop, After: true, Chance: often},
		{Method: "event:*", Kind: slackfake.FaultDuplicate, Chance: often},
		{Method: "event:*", Kind: slackfake.FaultReorder, Chance: seldom},
		{Method: "event:*", Kind: slackfake.FaultDrop, Chance: 0.005},
		{Method: "event:message.*", Kind: slackfake.FaultLose, Chance: seldom},
	}
}

func (s slackPlatform) armFaults(ctx context.Context) error {
	for _, f := range slackFaults() {
		if err := s.armFault(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (s slackPlatform) armFault(ctx context.Context, f slackfake.Fault) error {
	return s.Call(ctx, http.MethodPost, s.Slack+"/_fake/faults", f, nil)
}

func (s slackPlatform) RateLimit(ctx context.Context, lasting time.Duration) error {
	return s.armFault(ctx, slackfake.Fault{Method: "chat.*", Kind: slackfake.FaultRateLimit, For: lasting})
}

// EndSessions cuts all Socket Mode connections.
func (s slackPlatform) EndSessions(ctx context.Context) error {
	return s.Call(ctx, http.MethodPost, s.Slack+"/_fake/admin/drop_sockets", slackfake.Admin{}, nil)
}

func (s slackPlatform) countFaults(ctx context.Context, counts map[string]int) error {
	var list []slackfake.Fault
	err := s.Call(ctx, http.MethodGet, s.Slack+"/_fake/faults", nil, &list)
	for _, f := range list {
		counts["slack "+string(f.Kind)] += f.Fired
	}
	return err
}

func (s slackPlatform) clearFaults(ctx context.Context) error {
	return s.Call(ctx, http.MethodDelete, s.Slack+"/_fake/faults", nil, nil)
}
