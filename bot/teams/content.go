package teams

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// content is one message of a post: a text or a card, never both, since Teams would make two messages of that.
type content struct {
	text *card.Message
	page *card.Page
	more bool // another part follows
}

// posted is a post as it is shown.
type posted struct {
	content

	absent []bridge.AgentRef // agents named in it who aren't in the channel, so that Teams doesn't notify them
}

func badPost(text string) error { return &channels.SendError{Class: channels.BadContent, Text: text} }

// seed begins the nonces of a post's buttons; Reconcile also knows the post by it. Each update of a
// message has another seed, so that a click on its buttons is a new click.
func seed(p bridge.Post) string {
	if changes(p) {
		return fact.Digest(p.Token, p.FirstAttemptAt.UTC().String())[:12]
	}
	return fact.Digest(p.Token)[:12]
}

// ways are how verbs are given in a channel, or in a person's chat with us. Teams tells us of messages
// that mention the app everywhere, and of others only in channels that we may read.
func (s *poster) ways(channel string) view.Ways {
	if !isChannel(channel) {
		return view.Ways{Private: true}
	}
	const mention = "@Parley "
	w := view.Ways{Signs: []string{"!", mention}, Elsewhere: []string{mention}, Commands: verb.OfferedInThread(), Deaf: !s.CanLook(channel)}
	if w.Deaf {
		w.Signs = w.Signs[1:]
	}
	return w
}

// compose makes the part of p that is to be shown: a card where there are buttons, else a text.
// Errors: what keeps Teams from telling who is in the channel, before anything was posted.
func (s *poster) compose(ctx context.Context, p bridge.Post) (posted, error) {
	c, ok := view.Post(p, s.ways(p.Place.Channel))
	if !ok {
		return posted{}, badPost("post without content")
	}
	var out posted
	var err error
	if c, out.absent, err = s.present(ctx, c, p.Place.Channel); err != nil {
		return posted{}, s.access.certain(err, p)
	}
	settled := p.Line != nil && p.Line.Outcome != nil // it replaces a card, because it had buttons before
	asCard := p.Kind == bridge.PostRoot || p.Kind == bridge.PostCard || p.Kind == bridge.PostErased || card.HasButtons(c) || settled
	unsure := p.Unsure && (p.Kind == bridge.PostCard || !changes(p))
	if unsure && asCard {
		c.Blocks = append(c.Blocks, view.Small(mayBeTwice))
	}
	var all []content
	if asCard {
		home := s.Home()
		home.Private = p.Kind == bridge.PostEphemeral
		pages := card.Render(c, home, seed(p))
		for i := range pages {
			all = append(all, content{page: &pages[i]})
		}
	} else {
		texts := card.Messages(c, p.Facts.Account.ChannelIcon, s.Home())
		for i := range texts {
			all = append(all, content{text: &texts[i]})
		}
	}
	switch {
	case p.Kind == bridge.PostRoot || p.Kind == bridge.PostCard:
		all = all[:1] // an update has one message
	case p.Kind == bridge.PostLine && p.Place.Message != "":
		all = all[len(all)-1:] // a long line has several messages; the last one, with the buttons, is the one that changes
	}
	if p.Part < 0 || p.Part >= len(all) {
		return posted{}, badPost("there is no such part")
	}
	out.content = all[p.Part]
	out.more = p.Part+1 < len(all)
	if unsure && !asCard { // the remark belongs to this part, which isn't always the last
		out.text.Text += "<br>" + mayBeTwice
	}
	return out, nil
}

// mayBeTwice marks a post that was made again because nobody could tell whether it was made.
const mayBeTwice = "(This may be shown twice: Teams didn't answer the first time.)"

// present turns mentions of agents who aren't in the channel into plain names, since Teams refuses such
// mentions, and lists these agents. In a person's chat with us all mentions become names, and it lists nobody.
func (s *poster) present(ctx context.Context, c view.Card, channel string) (view.Card, []bridge.AgentRef, error) {
	var absent []bridge.AgentRef
	c.Blocks = slices.Clone(c.Blocks)
	for i := range c.Blocks {
		b := &c.Blocks[i]
		b.Pieces = slices.Clone(b.Pieces)
		for j := range b.Pieces {
			agent := &b.Pieces[j].Agent
			if b.Pieces[j].Kind != view.PieceMention || agent.User == "" {
				continue
			}
			if !isChannel(channel) {
				agent.User = ""
				continue
			}
			ok, err := s.People.IsMember(ctx, channel, agent.User)
			if err != nil {
				return c, nil, err
			}
			if !ok {
				absent = append(absent, *agent)
				agent.User = ""
			}
		}
	}
	return c, absent, nil
}

// isChannel tells a channel's id from that of a chat, and from none.
func isChannel(id string) bool { return strings.HasPrefix(id, "19:") }

// activity is what is sent.
// Errors: what keeps Teams from telling how a mentioned person is called.
func (s *poster) activity(ctx context.Context, c content, channel string) (connector.Activity, error) {
	a := connector.Activity{Type: connector.TypeMessage}
	if c.page != nil {
		a.Summary = c.page.Summary
		a.Attachments = []connector.Attachment{{ContentType: card.ContentType, Content: json.RawMessage(c.page.Card)}}
		return a, nil
	}
	a.TextFormat, a.Text, a.Summary = "xml", c.text.Text, c.text.Summary
	for _, m := range c.text.Mentions {
		one, ok, err := s.People.Find(ctx, channel, m.User)
		if err != nil {
			return a, err
		}
		id := m.User
		if ok {
			id = one.Teams
		}
		a.Entities = append(a.Entities, connector.Entity{Type: connector.EntityMention, Text: m.Text, Mentioned: &connector.ChannelAccount{ID: id, Name: m.Name}})
	}
	return a, nil
}
