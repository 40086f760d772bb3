package torture

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/lab"
)

// newOrganisation returns the emulator of Teams. The app may read its channels unless o.Blind is set.
func newOrganisation(o EmulatorsOptions) *teamsfake.Server {
	f := teamsfake.Options{Seed: int64(o.Seed >> 1), Limits: o.Limits} //nolint:gosec // a seed
	if o.Blind {
		f.Permissions = []string{teamsfake.PermitTeamMembers}
	}
	return lab.NewOrganisation(f)
}

// teamsPlatform is the Platform of a test run whose agents work in Microsoft Teams. It lets the run act as people in the
// emulated support channel, and read what they see. The emulator is in another process, and is controlled over HTTP.
//
// In a blind run (Client.Blind) Parley has no permission to read channels. Then Teams notifies it only of messages that
// mention it, such as "@Parley reply: Hello".
type teamsPlatform struct{ Client }

// atBot mentions Parley's bot.
const atBot = "<@bot> "

// Traits implements Platform. In a blind run every reply and command mentions the bot.
func (s teamsPlatform) Traits() Traits {
	t := Traits{
		Kind:        "teams",
		Name:        "Teams",
		Ann:         lab.TeamsAnn,
		Ben:         lab.TeamsBen,
		Zoe:         lab.TeamsZoe,
		Channel:     lab.TeamsSupport,
		PostRequest: "POST /connector/",
		Reply:       teamsReply,
		Command:     func(verb string) string { return "!" + verb },
		Internal:    teamsRemarks,
		Announced:   func(string) bool { return true },
	}
	if s.Blind {
		t.Reply = func(words string, _ int) string { return atBot + "reply: " + words }
		t.Command = func(verb string) string { return atBot + verb }
		t.Internal = blindTeamsRemarks
		t.Announced = func(text string) bool { return strings.Contains(text, atBot) }
	}
	return t
}

// teamsReply mentions the bot in every fifth reply, since some agents always do.
func teamsReply(words string, n int) string {
	const addressEvery = 5
	if n%addressEvery == 0 {
		return atBot + "reply: " + words
	}
	return words
}

// teamsRemarks returns the internal forms of a message if Parley may read channels.
func teamsRemarks(agent, colleague, words string) []Remark {
	return append(remarksOfAgents(agent, colleague, words),
		Remark{agent, atBot + words},
		Remark{lab.TeamsZoe, words},
		Remark{lab.TeamsZoe, atBot + "reply: " + words})
}

// blindTeamsRemarks returns the internal forms of a message if Parley may not read channels.
func blindTeamsRemarks(agent, colleague, words string) []Remark {
	return []Remark{
		{agent, atBot + "note: " + words},
		{agent, words},
		{colleague, words},
		{agent, atBot + words},
		{agent, "<@" + colleague + "> " + words},
		{agent, atBot + "frobnicate " + words},
		{lab.TeamsZoe, atBot + "reply: " + words},
	}
}

// readChannel returns all messages of the support channel in the order of posting.
func (s teamsPlatform) readChannel(ctx context.Context) ([]*teamsfake.Message, error) {
	var list []*teamsfake.Message
	err := s.Call(ctx, http.MethodGet, s.Teams+"/_fake/messages?channel="+url.QueryEscape(lab.TeamsSupport), nil, &list)
	return list, err
}

func (s teamsPlatform) Export(ctx context.Context) (any, error) {
	list, err := s.readChannel(ctx)
	var lost []teamsfake.LostActivity
	var problems []teamsfake.Problem
	err = errors.Join(err,
		s.Call(ctx, http.MethodGet, s.Teams+"/_fake/lost", nil, &lost),
		s.Call(ctx, http.MethodGet, s.Teams+"/_fake/problems", nil, &problems))
	return map[string]any{"messages": list, "lost": lost, "problems": problems}, err
}

func (s teamsPlatform) ReadThreads(ctx context.Context) ([]Thread, error) {
	list, err := s.readChannel(ctx)
	if err != nil {
		return nil, err
	}
	lost := map[string]bool{}
	if s.Blind { // otherwise Parley finds messages whose notification was lost by reading the channel
		if lost, err = s.readLost(ctx, Written); err != nil {
			return nil, err
		}
	}
	return teamsReader{isBlind: s.Blind, lost: lost}.readThreads(list), nil
}

// teamsReader converts messages of Teams into the checker's types.
type teamsReader struct {
	isBlind bool            // Parley may not read channels
	lost    map[string]bool // ids of the messages that Parley can't know of
}

// readThreads groups the messages of a channel, which are in the order of posting, into threads.
func (r teamsReader) readThreads(list []*teamsfake.Message) []Thread {
	var roots []string
	threads := map[string]*Thread{}
	for _, m := range list {
		if threads[m.Root] == nil {
			threads[m.Root] = &Thread{Root: m.Root}
			roots = append(roots, m.Root)
		}

		t := threads[m.Root]
		if m.ID == m.Root && m.Bot {
			t.Card = shownWords(m)
		}

		if !m.Deleted() {
			t.Posts = append(t.Posts, r.readPost(m))
		}
	}
	out := make([]Thread, 0, len(roots))
	for _, id := range roots {
		slices.SortStableFunc(threads[id].Posts, func(a, b Post) int { return cmp.Compare(a.ID, b.ID) })
		out = append(out, *threads[id])
	}
	return out
}

// shownWords returns the visible text of a message and its cards. It removes word joiners (U+2060), which Parley inserts
// in cards to keep neighbouring characters apart.
func shownWords(m *teamsfake.Message) string {
	text := m.Text
	for _, c := range m.Cards {
		text += "\n" + ShownText("", c)
	}
	return strings.ReplaceAll(text, "\u2060", "")
}

// maybeTwice is the label of a post that Parley repeats although the first attempt may have succeeded.
const maybeTwice = "may be shown twice"

func (r teamsReader) readPost(m *teamsfake.Message) Post {
	text := shownWords(m)
	p := Post{
		ID:        m.ID,
		Markers:   MarkersIn(text),
		EndWords:  EndWordsIn(text),
		EventLost: r.lost[m.ID],
	}
	if !m.Bot {
		p.Author = m.User
		p.IsResolve = strings.HasSuffix(strings.TrimSpace(m.Text), "resolve") && len(p.Markers) == 0
		return p
	}
	p.CustomerName = customerNameIn(m.HTML)
	p.MaybeCopy = strings.Contains(text, maybeTwice)
	p.LineKind = LineKindIn(text)
	for _, c := range m.Cards {
		about := subjectIn(text)
		if m.ID != m.Root {
			p.Token = cmp.Or(p.Token, findNonce(c))
		} else if !r.isBlind && about != "" {
			p.Token = "the card of " + about // each conversation must have only one
		}
		p.Buttons = findActions(c)
	}
	return p
}

// customerNameIn returns the name of the customer in whose name Parley posted a message; "" if it used its own.
// "<strong>Ada</strong><br>Hello" is a message of Ada. "<strong>Ada</strong> is back" is a line of Parley.
func customerNameIn(html string) string {
	afterTag, hasTag := strings.CutPrefix(html, "<strong>")
	name, rest, isClosed := strings.Cut(afterTag, "</strong>")
	if !hasTag || !isClosed {
		return ""
	}
	if !strings.HasPrefix(rest, "<br") {
		return ""
	}
	return name
}

// findActions returns the verbs of the buttons of a card that act immediately.
func findActions(card json.RawMessage) map[string]string {
	found := map[string]string{}
	WalkJSON(card, func(o map[string]any) {
		verb, hasVerb := o["verb"].(string)
		if hasVerb && o["type"] == "Action.Execute" {
			found[verb] = verb
		}
	})
	return found
}

// findNonce returns the identifier that all buttons of a post share; "" if there is none. For a button with the n
// "3f2a90bc11d0-2" it is "3f2a90bc11d0".
func findNonce(card json.RawMessage) string {
	found := ""
	WalkJSON(card, func(o map[string]any) {
		n, hasNonce := o["n"].(string)
		if hasNonce && found == "" {
			found = strings.SplitN(n, "-", 2)[0]
		}
	})
	return found
}

// ReadRoots returns, for each subject, the first thread with a message of the customer. A blind Parley may also have
// posted a root that it doesn't know of, because the response was lost.
func (s teamsPlatform) ReadRoots(ctx context.Context) (map[string]Root, error) {
	threads, err := s.ReadThreads(ctx)
	if err != nil {
		return nil, err
	}
	roots := map[string]Root{}
	for _, t := range threads {
		about := subjectIn(t.Card)
		hasCustomer := slices.ContainsFunc(t.Posts, func(p Post) bool { return p.CustomerName != "" })
		isFirst := hasCustomer && roots[about] == (Root{})
		if about != "" && isFirst {
			roots[about] = Root{t.Root, t.Card}
		}
	}
	return roots, nil
}

func (s teamsPlatform) EventDelays(ctx context.Context, what Change) (map[string]time.Duration, error) {
	var list []teamsfake.SlowActivity
	if err := s.Call(ctx, http.MethodGet, s.Teams+"/_fake/slow?over=0", nil, &list); err != nil {
		return nil, err
	}
	delays := map[string]time.Duration{}
	for _, e := range list {
		if e.Name != activityNameOf(what) {
			continue
		}
		if !e.Told {
			e.Took = NotTold
		}
		delays[e.ID] = max(delays[e.ID], e.Took)
	}
	lost, err := s.readLost(ctx, what)
	if err != nil {
		return nil, err
	}
	for id := range lost {
		delays[id] = NotTold
	}
	return delays, nil
}

// readLost returns the ids of the messages whose notification Teams gave up.
func (s teamsPlatform) readLost(ctx context.Context, what Change) (map[string]bool, error) {
	var list []teamsfake.LostActivity
	if err := s.Call(ctx, http.MethodGet, s.Teams+"/_fake/lost", nil, &list); err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, a := range list {
		if a.Name == activityNameOf(what) {
			found[a.ID] = true
		}
	}
	return found, nil
}

func activityNameOf(what Change) string {
	return map[Change]string{Written: "message", EmulatorsEdited: "messageUpdate", EmulatorsDeleted: "messageDelete"}[what]
}

func (s teamsPlatform) Problems(ctx context.Context) ([]string, error) {
	var list []teamsfake.Problem
	if err := s.Call(ctx, http.MethodGet, s.Teams+"/_fake/problems", nil, &list); err != nil {
		return nil, err
	}
	var words []string
	for _, p := range list {
		words = append(words, fmt.Sprintf("Teams doesn't show %s %s as it was meant: %s", p.Where, p.ID, p.Text))
	}
	return words, nil
}

func (s teamsPlatform) CountPendingEvents(ctx context.Context) (int, error) {
	var i teamsfake.Info
	err := s.Call(ctx, http.MethodGet, s.Teams+"/_fake/info", nil, &i)
	return i.Pending, err
}

func (s teamsPlatform) Post(ctx context.Context, user, root, text string) (string, error) {
	var res struct {
		ID string `json:"id"`
	}
	err := s.Call(ctx, http.MethodPost, s.Teams+"/_fake/person/"+user+"/reply",
		teamsfake.Act{Channel: lab.TeamsSupport, Root: root, Text: text}, &res)
	return res.ID, err
}

func (s teamsPlatform) Edit(ctx context.Context, user, id, text string) error {
	return s.actAs(ctx, user, "edit", teamsfake.Act{Channel: lab.TeamsSupport, Message: id, Text: text})
}

func (s teamsPlatform) Delete(ctx context.Context, user, id string) error {
	return s.actAs(ctx, user, "delete", teamsfake.Act{Channel: lab.TeamsSupport, Message: id})
}

func (s teamsPlatform) Click(ctx context.Context, user, id, button string) error {
	var res struct {
		Outcome teamsfake.Outcome `json:"outcome"`
	}
	a := teamsfake.Act{Channel: lab.TeamsSupport, Message: id, Name: button}
	err := s.Call(ctx, http.MethodPost, s.Teams+"/_fake/person/"+user+"/click", a, &res)
	if err == nil && res.Outcome.Error != "" {
		err = fmt.Errorf("%w: %s", ErrClickIgnored, res.Outcome.Error)
	}
	return asIgnoredClick(err)
}

func (s teamsPlatform) actAs(ctx context.Context, user, verb string, a teamsfake.Act) error {
	return s.Call(ctx, http.MethodPost, s.Teams+"/_fake/person/"+user+"/"+verb, a, nil)
}

// ConnectTeams adds the app to the team: Teams sends its requests to endpoint, and Parley's requests to Teams go through
// proxy. Both are URLs.
func (c Client) ConnectTeams(ctx context.Context, proxy, endpoint string) error {
	s := teamsPlatform{c}
	return errors.Join(s.callAdmin(ctx, "set_url", teamsfake.Admin{Name: proxy}), s.callAdmin(ctx,
		"connect", teamsfake.Admin{Endpoint: endpoint}))
}
