package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/app"
)

// teamsBoard is the board of Microsoft Teams, as agents see it.
type teamsBoard struct {
	t     testing.TB
	fake  *teamsfake.Server
	blind bool // Parley hears only what mentions it: no RSC, no Graph
	twice bool // every event comes twice
	clock func() time.Time
	door  *balancer

	support string // the channel that is looked at

	mu        sync.Mutex
	installed bool
	passing   map[string][]shown // texts that the client showed for a moment, by person
}

var _ board = (*teamsBoard)(nil)

// teamsPlace is where a button of Teams' is pressed.
type teamsPlace struct{ channel, message, name string }

// teamsCast maps the people of the scripts to their Entra ids.
func teamsCast() map[string]string {
	return map[string]string{"ann": TeamsAnn, "ben": TeamsBen, "zoe": TeamsZoe, "gus": teamsGus, "fay": teamsFay}
}

// teamsGus and teamsFay are in the team and don't belong to the company.
const (
	teamsGus = "90000000-0000-4000-8000-000000000009"
	teamsFay = "f0000000-0000-4000-8000-00000000000f"
)

func newTeamsBoard(ctx context.Context, t testing.TB, w *Company, v variant) (*teamsBoard, error) {
	w.Teams.Admin.AddUser(teamsfake.User{ID: teamsGus, Name: "Gus Guest", Email: "gus@other.test", Guest: true})
	w.Teams.Admin.AddUser(teamsfake.User{
		ID:       teamsFay,
		Name:     "Fay Foreign",
		Email:    "fay@foreign.test",
		TenantID: "f0000000-0000-4000-8000-0000000000ff",
	})
	if v.blind {
		w.Teams.Entra.Permit()
	}
	door, err := newBalancer(ctx)
	return &teamsBoard{
		t:       t,
		fake:    w.Teams,
		blind:   v.blind,
		twice:   v.twice,
		clock:   w.Clock(),
		door:    door,
		support: TeamsSupport,
		passing: map[string][]shown{},
	}, err
}

// The next methods connect Parley with Teams, see boardWires.

func (b *teamsBoard) wire(e *app.Env, o *app.Options) {
	e.Teams = app.TeamsEnv{AppID: b.fake.AppID(), AppPassword: b.fake.AppPassword(), TenantID: b.fake.TenantID(),
		LoginURL: b.fake.LoginURL(), OpenIDURL: b.fake.OpenIDURL(), GraphURL: b.fake.GraphURL(), ServiceURLs: []string{b.fake.ServiceURL()}}
	if e.PublicURL == "" {
		e.PublicURL = b.door.url // Teams calls us, so we have one, and files are links
	}
	o.Now = b.clock
}

func (b *teamsBoard) started(ctx context.Context, address string) error {
	b.door.add(address)
	b.mu.Lock()
	first := !b.installed
	b.installed = true
	b.mu.Unlock()
	if !first {
		return nil
	}
	return b.fake.Admin.Connect(ctx, b.door.url+"/teams/messages")
}

func (b *teamsBoard) stopped() { b.door.clear() }

// close ends the board. It fails the test if Teams' clients would show something differently than it was meant.
func (b *teamsBoard) close() {
	b.door.close()
	for _, p := range b.fake.Problems() {
		b.t.Errorf("teams: %s %s: %s", p.Where, p.ID, p.Text)
	}
}

func (b *teamsBoard) calls() string {
	var out strings.Builder
	for _, c := range b.fake.Calls("") {
		fmt.Fprintf(&out, "teams %s %s %d", c.Method, c.Path, c.Status)
		if c.Status < 200 || c.Status > 299 {
			out.WriteString(" " + c.Body + " → " + c.Answer)
		}
		out.WriteString("\n")
	}
	for _, l := range b.fake.Activities.Lost() {
		fmt.Fprintf(&out, "teams lost %s %s: %s\n", l.Name, l.ID, l.Reason)
	}
	return out.String()
}

func (b *teamsBoard) connected(int) bool { return b.fake.Activities.Pending() == 0 }

func (b *teamsBoard) pending() bool { return b.fake.Activities.Pending() > 0 }

// The next methods tell what people see, see boardView.

func (b *teamsBoard) channel() string { return b.support }

func (b *teamsBoard) roots() []shown { return b.list(b.fake.Roots(b.support), "") }

func (b *teamsBoard) thread(root string) []shown { return b.list(b.fake.Thread(b.support, root), "") }

func (b *teamsBoard) whispers(who string) []shown {
	list := b.list(b.fake.Targeted(teamsCast()[who]), who)
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(list, b.passing[who]...)
}

func (b *teamsBoard) direct(who string) []shown {
	return slices.DeleteFunc(b.list(b.fake.Personal(teamsCast()[who]), who), func(m shown) bool { return !m.Ours })
}

// notices lists messages that mention a person, those in the personal chat, and the entries that Parley adds to the activity
// feed.
func (b *teamsBoard) notices(who string) []shown {
	var list []shown
	me := teamsCast()[who]
	user, _ := b.fake.User(me)
	for _, channel := range b.fake.Channels() {
		for _, m := range b.fake.Messages(channel.ID) {
			mentioned := slices.ContainsFunc(m.Mentions, func(x teamsfake.Mention) bool { return x.ID == me })
			for _, card := range m.Cards {
				mentioned = mentioned || strings.Contains(string(card), `"`+me+`"`) || strings.Contains(string(card), `"`+user.TeamsID+`"`)
			}
			if mentioned {
				list = append(list, b.shown(m, who))
			}
		}
	}
	return append(append(list, b.direct(who)...), b.whispers(who)...)
}

func (b *teamsBoard) forms(who string) []form {
	d := b.fake.Dialog(teamsCast()[who])
	if d == nil {
		return nil
	}
	f := form{ID: d.Title, Title: d.Title, Text: cardWords(d.Card)}
	visitCard(d.Card, func(_ string, o map[string]any) {
		kind, _ := o["type"].(string)
		id, _ := o["id"].(string)
		if _, name, ok := strings.Cut(id, ":"); ok && strings.HasPrefix(kind, "Input.") {
			f.Fields = append(f.Fields, name)
		}
	})
	return []form{f}
}

func (b *teamsBoard) list(messages []*teamsfake.Message, who string) []shown {
	var list []shown
	for _, m := range messages {
		list = append(list, b.shown(m, who))
	}
	return list
}

var (
	teamsTag   = regexp.MustCompile(`<[^>]*>`)
	teamsLink  = regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a>`)
	teamsBreak = regexp.MustCompile(`<br ?/?>|</p>|</div>|</li>|</blockquote>`)
	teamsName  = regexp.MustCompile(`^(?:<p>)?<(?:b|strong)>([^<]*)</(?:b|strong)>`)
)

// htmlWords returns the words that an HTML message of Teams shows.
func htmlWords(text string) string {
	text = teamsTag.ReplaceAllString(teamsBreak.ReplaceAllString(text, "\n"), "")
	return seen(html.UnescapeString(text))
}

// seen returns a text as it looks.
func seen(text string) string { return strings.NewReplacer("\u00a0", " ", "\u2060", "").Replace(text) }

// shown describes a message of Teams as a person sees it.
func (b *teamsBoard) shown(m *teamsfake.Message, who string) shown {
	out := shown{ID: m.ID, Body: htmlWords(m.HTML), Who: castName(teamsCast(), m.User), Ours: m.Bot, Gone: m.Deleted()}
	if m.Root != m.ID {
		out.Thread = m.Root
	}
	if name := teamsName.FindStringSubmatch(m.HTML); m.Bot && name != nil {
		out.Name = strings.TrimLeftFunc(html.UnescapeString(name[1]), func(r rune) bool { return r > 0x2000 || r == ' ' })
	}

	cards := m.Cards
	if own := m.View[teamsCast()[who]]; own != nil {
		cards = []json.RawMessage{own}
	}
	for _, card := range cards {
		out.Body = strings.TrimSpace(out.Body + "\n" + cardWords(card))
		if out.Name == "" {
			out.Name = cardName(card)
		}
		visitCard(card, func(way string, o map[string]any) {
			kind, _ := o["type"].(string)
			title, _ := o["title"].(string)
			if strings.HasPrefix(kind, "Action.") && kind != "Action.ShowCard" && kind != "Action.OpenUrl" && title != "" {
				name := title // which stays when the card changes
				if strings.Contains(way, "/card/") || slices.ContainsFunc(out.Buttons, func(other button) bool { return other.Label == title }) {
					name = way
				}
				out.Buttons = append(out.Buttons, button{Label: title, at: teamsPlace{m.Channel, m.ID, name}})
			}
		})
	}

	out.Text = strings.TrimSpace(m.Summary + "\n" + out.Body)
	for _, r := range m.Reactions {
		if r.Bot {
			code, _, _ := strings.Cut(r.Type, "_")
			mark := map[string]string{
				"231b":  "waiting",
				"1f512": "inside",
				"2714":  "sent",
				"2611":  "delivered",
				"1f453": "read",
				"26a0":  "warning",
			}[strings.TrimSuffix(code, "-fe0f")]
			out.Marks = append(out.Marks, mark)
		}
	}

	for _, f := range m.Files {
		out.Files = append(out.Files, f.Name)
	}
	out.Files = append(out.Files, pictures(m.Raw)...)
	for _, link := range teamsLink.FindAllStringSubmatch(m.HTML, -1) {
		if m.Bot && strings.HasPrefix(link[1], b.door.url+"/files/") {
			out.Files = append(out.Files, strings.TrimPrefix(html.UnescapeString(link[2]), "Download "))
		}
	}
	return out
}

// pictures returns the names of the pictures that the bot posted.
func pictures(raw json.RawMessage) (names []string) {
	var a struct {
		Attachments []struct{ ContentType, Name string }
	}
	if json.Unmarshal(raw, &a) == nil {
		for _, at := range a.Attachments {
			if strings.HasPrefix(at.ContentType, "image/") {
				names = append(names, at.Name)
			}
		}
	}
	return names
}

// visitCard visits each shown object of a card, in order. way is the path to the object.
func visitCard(card json.RawMessage, visit func(way string, o map[string]any)) {
	var each func(way string, node any)
	each = func(way string, node any) {
		switch n := node.(type) {
		case map[string]any:
			visit(way, n)
			for _, key := range []string{"body", "items", "columns", "rows", "cells", "facts", "inlines", "actions", "card", "selectAction"} {
				each(way+"/"+key, n[key])
			}
		case []any:
			for i, v := range n {
				each(way+"/"+strconv.Itoa(i), v)
			}
		}
	}
	each("", tree(card))
}

// cardWords returns the words that a card shows, with a line for each of its blocks.
func cardWords(card json.RawMessage) string {
	var words strings.Builder
	visitCard(card, func(_ string, o map[string]any) {
		text := func(key string) string { s, _ := o[key].(string); return s }
		switch kind := text("type"); {
		case kind == "TextBlock":
			words.WriteString("\n" + unmarked(text("text")))
		case kind == "RichTextBlock":
			words.WriteString("\n")
		case kind == "TextRun":
			words.WriteString(text("text"))
		case strings.HasPrefix(kind, "Input."):
			words.WriteString("\n" + text("label") + " " + text("placeholder") + " " + text("value"))
		case strings.HasPrefix(kind, "Action."):
			words.WriteString("\n" + text("title"))
		case kind == "": // a fact
			words.WriteString("\n" + unmarked(text("title")+" "+text("value")))
		}
	})
	return seen(strings.TrimSpace(words.String()))
}

// cardName returns the name of the speaker at the top of a card, which is its first run in bold.
func cardName(card json.RawMessage) (name string) {
	first := true
	visitCard(card, func(_ string, o map[string]any) {
		kind, _ := o["type"].(string)
		if kind != "TextBlock" && kind != "TextRun" || !first {
			return
		}
		text, _ := o["text"].(string)
		if first = strings.TrimFunc(text, func(r rune) bool {
			return r > 0x2000 || r == ' '
		}) == ""; !first && (o["weight"] == "Bolder" || o["weight"] == "bolder") {
			name = strings.TrimLeftFunc(text, func(r rune) bool { return r > 0x2000 || r == ' ' })
		}
	})
	return name
}

var markdownEscape = regexp.MustCompile("\\\\([\\\\`*_{}\\[\\]()#+\\-.!~>|])")

// unmarked returns the text of a TextBlock as it is shown.
func unmarked(text string) string {
	text = html.UnescapeString(teamsTag.ReplaceAllString(text, ""))
	return markdownEscape.ReplaceAllString(strings.ReplaceAll(text, "**", ""), "$1")
}
